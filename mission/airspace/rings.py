"""Positions of zone documents → `PolygonFootprint`: every repair encloses what was published.

Coordinates inside this module are (longitude, latitude) pairs in degrees, in the order of the documents.
"""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from mission.airspace.bounds import GeoBounds
from mission.airspace.fields import number, shown
from mission.airspace.reading import Feature
from mission.model.airspace import CircleFootprint, PolygonFootprint
from mission.model.geo import GeoPoint

Position = tuple[float, float]

_SWAPPED = "latitude and longitude are swapped"
_SWAP_BACK = "Write longitude before latitude."


def read_position(value: object) -> Position | None:
    """Return (longitude, latitude) of a ``[longitude, latitude, …]`` array, None if it is not one."""
    if not isinstance(value, list) or not 2 <= len(value) <= 4:
        return None
    longitude, latitude = number(value[0]), number(value[1])
    return None if longitude is None or latitude is None else (longitude, latitude)


def read_polygon(value: object, feature: Feature) -> tuple[PolygonFootprint, ...]:
    """Return the footprints of a polygon's ``coordinates`` (rings of positions); holes are filled.

    More than one where a ring crosses the antimeridian, or where a later ring is no hole of the first. Empty
    where nothing of the polygon can be placed; the feature's notes then say so.
    """
    if not isinstance(value, list) or not value:
        feature.reject("a polygon has no coordinates", "Give it a ring of at least 3 positions.", covered=False)
        return ()
    rings = [value] if read_position(value[0]) is not None else value
    footprints = list(footprints_of_ring(_positions(rings[0], feature), feature))
    outers = [_shape(footprint) for footprint in footprints]
    shapely.prepare(outers)  # a country outline may have thousands of holes
    for ring in rings[1:]:
        inner = footprints_of_ring(_positions(ring, feature), feature)
        loose = [part for part in inner if not any(outer.covers(_shape(part)) for outer in outers)]
        if loose:
            feature.repair("a ring outside the first is taken as an area of its own")
        else:
            feature.repair("a hole is filled: it counts as part of the zone")
        footprints.extend(loose)
    return tuple(footprints)


def read_circle(center: object, radius_m: float | None, feature: Feature) -> tuple[CircleFootprint, ...]:
    """Return the circle around a position, or both circles where the order of its coordinates is in doubt."""
    position = read_position(center)
    if position is None:
        feature.reject(f"the centre of a circle is {shown(center)}", "Give it as [longitude, latitude].", covered=False)
        return ()
    if radius_m is None or not 0.0 < radius_m < 2_000_000.0:
        feature.reject(f"the radius of a circle is {radius_m} m", "Give a radius in metres above 0.", covered=False)
        return ()
    feature.scope.count_vertices(1, feature.place)
    circles: list[CircleFootprint] = []
    for candidate in _placements([position], feature):
        points = _points(candidate, feature)
        circles.extend(CircleFootprint(point, radius_m) for point in points)
    return tuple(circles)


def footprints_of_ring(positions: Sequence[Position], feature: Feature) -> tuple[PolygonFootprint, ...]:
    """Return the footprints that enclose a ring of positions; see `read_polygon`."""
    feature.scope.count_vertices(len(positions), feature.place)
    if not positions:
        feature.reject("a ring has no positions", "Give it at least 3 corners.", covered=False)
        return ()
    found: list[PolygonFootprint] = []
    for candidate in _placements(positions, feature):
        found.extend(_enclose(_tidy(_in_range(candidate, feature), feature), feature))
    return tuple(found)


def _positions(ring: object, feature: Feature) -> list[Position]:
    if not isinstance(ring, list):
        feature.reject(f"a ring is {shown(ring)}", "Give an array of [longitude, latitude].", covered=False)
        return []
    positions = [read_position(entry) for entry in ring]
    if None in positions:
        index = positions.index(None)
        feature.reject(
            f"position {index} of a ring is {shown(ring[index])}",
            "Give it as [longitude, latitude] in degrees.",
            covered=False,
        )
    elif any(isinstance(axis, str) for entry in ring for axis in entry[:2]):
        feature.repair("coordinates are text: read as numbers")
    return [position for position in positions if position is not None]


def _placements(positions: Sequence[Position], feature: Feature) -> list[list[Position]]:
    """Return where a ring may lie: as published, with its axes swapped back, or both (fault F-A10)."""
    as_published = list(positions)
    swapped = [(latitude, longitude) for longitude, latitude in as_published]
    if not _plausible(as_published) and _plausible(swapped):
        feature.swapped = True
        feature.reject(_SWAPPED, _SWAP_BACK, covered=True)
        return [swapped]
    region = feature.region
    if region is None or _reaches(as_published, region):
        return [as_published, *_corners_swapped_back(as_published, feature)]
    longitude, latitude = as_published[0]
    if _reaches(swapped, region):
        feature.swapped = True
        what = f"{_SWAPPED}: it lies at {latitude:g}°N {longitude:g}°E, outside its region"
        feature.reject(what, _SWAP_BACK, covered=True)
        return [as_published, swapped]
    feature.repair(f"it lies at {latitude:g}°N {longitude:g}°E, outside its region: kept where it is")
    return [as_published]


def _corners_swapped_back(positions: Sequence[Position], feature: Feature) -> list[list[Position]]:
    """Return the ring as it was meant where single corners are swapped: far outside, and inside when swapped."""
    region = feature.region
    if region is None or _within(positions, region):
        return []
    meant = []
    for longitude, latitude in positions:
        stray = not _reaches([(longitude, latitude)], region)
        swapped = stray and _reaches([(latitude, longitude)], region)
        meant.append((latitude, longitude) if swapped else (longitude, latitude))
    if meant == list(positions):
        return []
    feature.reject("latitude and longitude are swapped in some of its corners", _SWAP_BACK, covered=True)
    return [meant]


def _plausible(positions: Sequence[Position]) -> bool:
    return all(-360.0 <= lon <= 360.0 and -90.0 <= lat <= 90.0 for lon, lat in positions)


def _reaches(positions: Sequence[Position], region: GeoBounds) -> bool:
    """Whether the box around positions overlaps the region; false where they are not positions on Earth."""
    longitudes = [lon for lon, _ in positions]
    latitudes = [lat for _, lat in positions]
    limits = (min(latitudes), min(longitudes), max(latitudes), max(longitudes))
    if limits[0] < -90.0 or limits[2] > 90.0 or limits[1] < -180.0 or limits[3] > 180.0:
        return False
    return region.overlaps(GeoBounds(*limits))


def _within(positions: Sequence[Position], region: GeoBounds) -> bool:
    """Whether all positions lie in a region that does not cross the antimeridian."""
    return all(
        region.west_deg <= lon <= region.east_deg and region.south_deg <= lat <= region.north_deg
        for lon, lat in positions
    )


def _in_range(positions: Sequence[Position], feature: Feature) -> list[Position]:
    """Leave out positions that are not on Earth, and say so: what they enclosed cannot be told."""
    kept = [(lon, lat) for lon, lat in positions if _plausible([(lon, lat)])]
    if len(kept) < len(positions):
        stray = next((lon, lat) for lon, lat in positions if not _plausible([(lon, lat)]))
        what = f"position {stray[0]:g}, {stray[1]:g} is not on Earth"
        feature.reject(what, "Give [longitude, latitude] in degrees.", covered=False)
    return kept


def _points(positions: Sequence[Position], feature: Feature) -> list[GeoPoint]:
    return [GeoPoint(lat, _wrapped(lon)) for lon, lat in _in_range(positions, feature)]


def _wrapped(longitude: float) -> float:
    return longitude if -180.0 <= longitude <= 180.0 else (longitude + 180.0) % 360.0 - 180.0


def _tidy(positions: Sequence[Position], feature: Feature) -> list[Position]:
    """Return an open ring without repeated vertices, its longitudes running on across the antimeridian."""
    if len(positions) > 1 and positions[0] != positions[-1]:
        feature.repair("a ring is not closed: closed")
    ring: list[Position] = []
    repeated = 0
    for longitude, latitude in positions:
        if ring:
            turns = round((ring[-1][0] - longitude) / 360.0)
            longitude += 360.0 * turns  # noqa: PLW2901 - the unwrapped longitude replaces the published one
        if ring and ring[-1] == (longitude, latitude):
            repeated += 1
        else:
            ring.append((longitude, latitude))
    if repeated:
        feature.repair("repeated vertices are left out")
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    return ring


def _enclose(ring: Sequence[Position], feature: Feature) -> list[PolygonFootprint]:
    """Return simple polygons that enclose an open ring: itself if it is simple, else its convex hull."""
    distinct = set(ring)
    if len(distinct) < 3:
        feature.reject(f"a ring has {len(distinct)} distinct positions", "Give it at least 3 corners.", covered=False)
        return []
    longitudes = [lon for lon, _ in ring]
    if max(longitudes) - min(longitudes) >= 180.0:
        feature.reject(
            "a ring spans half the Earth or a pole", "Split it into parts less than 180° wide.", covered=False
        )
        return []
    shape: BaseGeometry = shapely.Polygon(ring)
    if not shape.is_valid:
        fault = shapely.is_valid_reason(shape)
        shape = shapely.MultiPoint(ring).convex_hull
        covered = shape.geom_type == "Polygon"
        feature.reject(
            f"a ring is not a simple polygon ({fault})",
            "Redraw it so that its outline does not cross or touch itself.",
            covered=covered,
        )
        if not covered:
            return []
    return _split(shape, feature)


def _split(shape: BaseGeometry, feature: Feature) -> list[PolygonFootprint]:
    """Return a polygon's parts on either side of the antimeridian, longitudes within ±180 (fault F-A11)."""
    west, _, east, _ = shape.bounds
    if west >= -180.0 and east <= 180.0:
        return [_footprint(shape, 0.0)]
    parts: list[PolygonFootprint] = []
    for shift in (-720.0, -360.0, 0.0, 360.0, 720.0):
        piece = shape.intersection(shapely.box(-180.0 - shift, -90.0, 180.0 - shift, 90.0))
        polygons = [part for part in shapely.get_parts(piece) if part.geom_type == "Polygon" and part.area > 0.0]
        parts.extend(_footprint(part, shift) for part in polygons)
    feature.repair("it crosses the antimeridian: split there" if len(parts) > 1 else "longitudes brought within ±180")
    return parts


def _footprint(shape: BaseGeometry, shift: float) -> PolygonFootprint:
    corners = shapely.get_coordinates(shape.exterior)[:-1]
    return PolygonFootprint(
        tuple(GeoPoint(float(lat), min(180.0, max(-180.0, float(lon) + shift))) for lon, lat in corners)
    )


def _shape(footprint: PolygonFootprint) -> shapely.Polygon:
    return shapely.Polygon([(point.longitude_deg, point.latitude_deg) for point in footprint.ring])
