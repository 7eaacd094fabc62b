"""GeoJSON (RFC 7946) documents of an operator, by Stork's convention for properties.

A feature is a Polygon, a MultiPolygon, a GeometryCollection of these, or a Point with ``radius_m``. All
properties but ``restriction`` are optional::

    id, name        what the zone is called; a GeoJSON ``id`` of the feature serves as well
    restriction     PROHIBITED, REQ_AUTHORISATION, CONDITIONAL, NO_RESTRICTION or USPACE
    floor_m, floor_datum, ceiling_m, ceiling_datum
                    limits in metres above AMSL, AGL or WGS84; a limit or datum left out means no limit
    radius_m        of the circle around a Point
    applicability   as in ED-269; left out means always
    reasons, authority, message, country
                    as ED-269's reason, zoneAuthority, message and country

Third coordinates of positions are ignored: limits stand in properties. Any other property is kept out and
harmless, unless it looks like a misspelt one of these: that is reported.
"""

import difflib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice

from mission.airspace.assembly import Draft, Read, volumes_of
from mission.airspace.fields import (
    UNLIMITED_DOWN,
    UNLIMITED_UP,
    code_list,
    identify,
    number,
    ordered_limits,
    plain_text,
    read_authorities,
    read_ceiling,
    read_floor,
    read_restriction,
    shown,
)
from mission.airspace.json_text import kind_of
from mission.airspace.periods import read_applicability
from mission.airspace.reading import DocumentScope, Feature
from mission.airspace.rings import read_circle, read_polygon
from mission.model.airspace import Footprint
from mission.model.geo import Height

PROPERTIES = (
    "id",
    "name",
    "restriction",
    "floor_m",
    "floor_datum",
    "ceiling_m",
    "ceiling_datum",
    "radius_m",
    "applicability",
    "reasons",
    "authority",
    "message",
    "country",
)
"""Names of the properties that are read."""

_LONGEST_KEY = 40
_MOST_KEYS = 200


def read_geojson_features(entries: Sequence[object], scope: DocumentScope) -> list[Read]:
    """Read the features of a GeoJSON document."""
    return [_read_feature(entry, Feature(scope, f"features[{index}]")) for index, entry in enumerate(entries)]


def geometry_footprints(geometry: object, feature: Feature, radius_m: float | None) -> list[Footprint]:
    """Return the footprints of a GeoJSON geometry; a Point is a circle of `radius_m`."""
    if not isinstance(geometry, Mapping):
        what = f"its geometry is {kind_of(geometry)}"
        feature.reject(what, "Give it a Polygon, or a Point with a radius.", covered=False)
        return []
    kind = plain_text(geometry.get("type"), 30)
    coordinates = geometry.get("coordinates")
    if kind == "Polygon":
        return list(read_polygon(coordinates, feature))
    if kind == "MultiPolygon" and isinstance(coordinates, list):
        return [footprint for part in coordinates for footprint in read_polygon(part, feature)]
    if kind == "Point":
        return list(read_circle(coordinates, radius_m, feature))
    members = geometry.get("geometries")
    if kind == "GeometryCollection" and isinstance(members, list):
        return [found for member in members for found in geometry_footprints(member, feature, radius_m)]
    what = f"its geometry is of type {shown(geometry.get('type'))}, which encloses nothing"
    feature.reject(what, "Draw it as a Polygon, or as a Point with a radius.", covered=False)
    return []


def _read_feature(entry: object, feature: Feature) -> Read:
    if not isinstance(entry, Mapping) or entry.get("type") != "Feature":
        what = (
            f"it is {kind_of(entry)}" if not isinstance(entry, Mapping) else f"its type is {shown(entry.get('type'))}"
        )
        feature.reject(what, 'Write an object with "type": "Feature".', covered=False)
        return feature, None
    properties = entry.get("properties")
    if not isinstance(properties, Mapping):
        properties = {}
    raw_id = properties.get("id") or entry.get("id") or properties.get("name")
    country = identify(feature, raw_id, properties.get("country"))
    report_misspelt(properties, feature)
    floor, ceiling = _read_limits(properties, feature)
    restriction = read_restriction(properties.get("restriction"), feature)
    footprints = geometry_footprints(entry.get("geometry"), feature, number(properties.get("radius_m")))
    draft = Draft(
        restriction=restriction,
        volumes=volumes_of(footprints, floor, ceiling),
        name=plain_text(properties.get("name"), 300),
        applicability=read_applicability(properties.get("applicability"), feature),
        reasons=code_list(properties.get("reasons")),
        authority=read_authorities(properties.get("authority")),
        message=plain_text(properties.get("message")),
        country=country,
    )
    return feature, draft


def _read_limits(properties: Mapping[object, object], feature: Feature) -> tuple[Height, Height]:
    """Return the limits; one left out altogether is no limit, by the convention, and not worth a report."""
    floor, ceiling = UNLIMITED_DOWN, UNLIMITED_UP
    if properties.get("floor_m") is not None:
        floor = read_floor(properties["floor_m"], 1.0, properties.get("floor_datum"), feature)
    if properties.get("ceiling_m") is not None:
        ceiling = read_ceiling(properties["ceiling_m"], 1.0, properties.get("ceiling_datum"), feature)
    return ordered_limits(floor, ceiling, feature)


def report_misspelt(properties: Mapping[str, object], feature: Feature) -> None:
    """Note each property that is not read but looks like one that is."""
    for key in islice(properties, _MOST_KEYS):
        meant = _meant_by(key) if len(key) <= _LONGEST_KEY else None
        if meant is not None:
            feature.repair(f"property {shown(key)} is not read: {meant!r} is meant?")


@lru_cache(maxsize=1_024)  # all features of a document have the same few keys
def _meant_by(key: str) -> str | None:
    """Return the property that an unknown key may be a misspelling of."""
    if key in PROPERTIES:
        return None
    close = difflib.get_close_matches(key.strip().lower().replace("-", "_"), PROPERTIES, n=1, cutoff=0.8)
    return close[0] if close else None
