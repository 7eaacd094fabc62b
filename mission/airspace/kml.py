"""KML 2.2 documents of an operator: every Placemark that encloses an area is a zone.

``ExtendedData`` (``Data`` or ``SimpleData``) may hold the properties of Stork's GeoJSON convention, see
`mission.airspace.geojson`; a Placemark without ``restriction`` is PROHIBITED. Limits not given there are taken
from an extruded polygon's altitudes: ``absolute`` is above mean sea level (EGM96), ``relativeToGround`` above
ground, from the ground to the highest. All other altitudes are pictures, and the zone applies at all heights.
Times are not read: every zone applies always.
"""

from collections.abc import Iterator
from itertools import pairwise

from mission.airspace.assembly import Draft, Read, volumes_of
from mission.airspace.fields import (
    UNLIMITED_DOWN,
    UNLIMITED_UP,
    identify,
    number,
    ordered_limits,
    plain_text,
    read_ceiling,
    read_floor,
    read_restriction,
    shown,
)
from mission.airspace.geojson import report_misspelt
from mission.airspace.reading import DocumentScope, Feature
from mission.airspace.rings import Position, footprints_of_ring, read_circle
from mission.airspace.xml_tree import Element
from mission.model.airspace import Footprint, Restriction, ZoneVolume
from mission.model.geo import Height, VerticalDatum

_GEOMETRIES = ("Polygon", "MultiGeometry", "LinearRing", "LineString", "Point", "Track", "MultiTrack", "Model")
_DATUMS = {"absolute": VerticalDatum.AMSL, "relativeToGround": VerticalDatum.AGL}


def read_kml(root: Element, scope: DocumentScope) -> list[Read]:
    """Read the Placemarks of a document.

    Raises:
        InputError: the root is not KML, or it links to another document, whose zones would be missing.
    """
    if root.name not in ("kml", "Document", "Folder", "Placemark"):
        raise scope.broken(f"line {root.line}", f"its root is {shown(root.name)}", "Give a KML document.")
    elements = list(root.walk())
    for element in elements:
        if element.name == "NetworkLink":
            what = "it links to another document (NetworkLink), which is not followed"
            raise scope.broken(f"line {element.line}", what, "Save the linked document and give that.")
    placemarks = [element for element in elements if element.name == "Placemark"]
    if not placemarks:
        raise scope.broken("document", "it has no Placemark", "Draw the zones as polygons.")
    scope.check_features(len(placemarks))
    return [_read_placemark(placemark, Feature(scope, f"line {placemark.line}")) for placemark in placemarks]


def _read_placemark(placemark: Element, feature: Feature) -> Read:
    properties = dict(_extended_data(placemark))
    name = placemark.text_of("name")
    given_id = properties.get("id") or placemark.attributes.get("id") or name
    country = identify(feature, given_id, properties.get("country"))
    report_misspelt(properties, feature)
    volumes: list[ZoneVolume] = []
    geometries = [child for child in placemark.children if child.name in _GEOMETRIES]
    for geometry in geometries:
        volumes.extend(_read_geometry(geometry, properties, feature))
    if not volumes and not feature.rejected:
        feature.skipped = "it encloses no area"
        return feature, None
    restriction = Restriction.PROHIBITED
    if "restriction" in properties:
        restriction = read_restriction(properties["restriction"], feature)
    draft = Draft(
        restriction=restriction,
        volumes=tuple(volumes),
        name=plain_text(properties.get("name") or name, 300),
        message=plain_text(properties.get("message")),
        country=country,
    )
    return feature, draft


def _extended_data(placemark: Element) -> Iterator[tuple[str, str]]:
    data = placemark.first("ExtendedData")
    if data is None:
        return
    for element in data.walk():
        if element.name == "Data":
            yield element.attributes.get("name", ""), element.text_of("value")
        elif element.name == "SimpleData":
            yield element.attributes.get("name", ""), element.text.strip()


def _read_geometry(geometry: Element, properties: dict[str, str], feature: Feature) -> list[ZoneVolume]:
    """Return the volumes of one geometry. Points and open lines are marks, and enclose nothing."""
    footprints: list[Footprint] = []
    altitudes: list[float | None] = []
    if geometry.name == "MultiGeometry":
        return [
            volume
            for child in geometry.children
            if child.name in _GEOMETRIES
            for volume in _read_geometry(child, properties, feature)
        ]
    if geometry.name == "Polygon":
        for ring in _rings(geometry, feature):
            positions, altitudes = _positions(ring, feature)
            footprints.extend(footprints_of_ring(positions, feature))
    elif geometry.name in ("LinearRing", "LineString"):
        positions, altitudes = _positions(geometry, feature)
        if len(positions) > 3 and positions[0] == positions[-1]:
            feature.repair("a closed line is taken as the area inside it")
            footprints.extend(footprints_of_ring(positions, feature))
    elif geometry.name == "Point" and "radius_m" in properties:
        positions, _ = _positions(geometry, feature)
        center: object = list(positions[0]) if positions else None
        footprints.extend(read_circle(center, number(properties["radius_m"]), feature))
    if not footprints:
        return []
    return list(volumes_of(footprints, *_limits(geometry, altitudes, properties, feature)))


def _rings(polygon: Element, feature: Feature) -> Iterator[Element]:
    """Yield the outer ring of a polygon; inner rings are holes, and filled."""
    if polygon.all("innerBoundaryIs"):
        feature.repair("a hole is filled: it counts as part of the zone")
    found = False
    for boundary in polygon.all("outerBoundaryIs"):
        for ring in boundary.all("LinearRing"):
            found = True
            yield ring
    if not found:
        feature.reject("a polygon has no outer ring", "Draw it again.", covered=False)


def _positions(element: Element, feature: Feature) -> tuple[list[Position], list[float | None]]:
    """Return longitude-latitude positions and altitudes of a ``coordinates`` element."""
    positions: list[Position] = []
    altitudes: list[float | None] = []
    for word in _joined(element.text_of("coordinates")).split():
        parts = [number(part) for part in word.split(",")]
        longitude, latitude = (parts[0], parts[1]) if len(parts) in (2, 3) else (None, None)
        if longitude is None or latitude is None:
            feature.reject(
                f"line {element.line}: position {shown(word)} cannot be read",
                "Write longitude,latitude,altitude.",
                covered=False,
            )
            continue
        positions.append((longitude, latitude))
        altitudes.append(parts[2] if len(parts) == 3 else None)
    return positions, altitudes


def _joined(text: str) -> str:
    """Return coordinates without blanks around their commas, which some programs write."""
    pieces = text.replace(",", " , ").split()
    joined = pieces[:1]
    for before, piece in pairwise(pieces):
        joined.append(piece if "," in (before, piece) else f" {piece}")
    return "".join(joined)


def _limits(
    geometry: Element, altitudes: list[float | None], properties: dict[str, str], feature: Feature
) -> tuple[Height, Height]:
    floor, ceiling = UNLIMITED_DOWN, UNLIMITED_UP
    datum = _DATUMS.get(geometry.text_of("altitudeMode"))
    known = [altitude for altitude in altitudes if altitude is not None]
    if datum is not None and geometry.text_of("extrude") == "1" and known and len(known) == len(altitudes):
        ceiling = Height(max(known), datum)
    if properties.get("floor_m"):
        floor = read_floor(_unquoted(properties["floor_m"]), 1.0, properties.get("floor_datum"), feature)
    if properties.get("ceiling_m"):
        ceiling = read_ceiling(_unquoted(properties["ceiling_m"]), 1.0, properties.get("ceiling_datum"), feature)
    return ordered_limits(floor, ceiling, feature)


def _unquoted(text: str) -> float | str:
    """Return the number in a text: in XML every value is text, so that this is no dirt worth a report."""
    value = number(text)
    return text if value is None else value
