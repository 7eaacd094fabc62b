"""Footprints in the plane are never smaller than published; the index misses nothing."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from mission.airspace.bounds import GeoBounds
from mission.airspace.footprint import footprint_bounds, footprint_polygon
from mission.airspace.index import ZoneIndex
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import (
    CircleFootprint,
    Footprint,
    GeoZone,
    PolygonFootprint,
    Restriction,
    ZoneSource,
    ZoneVolume,
)
from mission.model.geo import GeoPoint, Height, VerticalDatum

GEOD = Geod(ellps="WGS84")


def zone(name: str, *footprints: Footprint) -> GeoZone:
    """Return a zone over footprints."""
    ground, top = Height(0.0, VerticalDatum.AGL), Height(120.0, VerticalDatum.AGL)
    volumes = tuple(ZoneVolume(footprint, ground, top) for footprint in footprints)
    return GeoZone(name, name, Restriction.PROHIBITED, volumes, ZoneSource("t", "test"))


def polygon(*corners: tuple[float, float]) -> PolygonFootprint:
    """Return a polygon from longitude, latitude corners."""
    return PolygonFootprint(tuple(GeoPoint(lat, lon) for lon, lat in corners))


@settings(max_examples=50, deadline=None)
@given(
    latitude=st.floats(-75.0, 75.0),
    longitude=st.floats(-180.0, 180.0),
    radius_m=st.floats(1.0, 50_000.0),
    away_m=st.floats(0.0, 100_000.0),
    direction=st.floats(0.0, 360.0),
)
def test_a_circle_lies_inside_its_polygon(
    latitude: float, longitude: float, radius_m: float, away_m: float, direction: float
) -> None:
    """Every point of a geodesic circle is inside, up to 100 km from the frame's origin and over any meridian."""
    center = GeoPoint(latitude, longitude)
    lon, lat, _ = GEOD.fwd(longitude, latitude, direction, away_m)
    frame = LocalFrame(GeoPoint(lat, lon))
    shape = footprint_polygon(CircleFootprint(center, radius_m), frame)
    azimuths = np.linspace(0.0, 360.0, 181)
    many = np.ones(181)
    lons, lats, _ = GEOD.fwd(longitude * many, latitude * many, azimuths, radius_m * many)
    circle = frame.to_local([GeoPoint(a, b) for a, b in zip(lats, lons, strict=True)])
    assert bool(shapely.contains_xy(shape, circle[:, 0], circle[:, 1]).all())
    assert shape.area < math.pi * radius_m**2 * 1.01


def test_a_square_keeps_its_size() -> None:
    """A hundredth of a degree at 48° north has the area that the ellipsoid gives it."""
    corners = ((15.0, 48.0), (15.01, 48.0), (15.01, 48.01), (15.0, 48.01))
    shape = footprint_polygon(polygon(*corners), LocalFrame(GeoPoint(48.0, 15.0)))
    area, _ = GEOD.polygon_area_perimeter([c[0] for c in corners], [c[1] for c in corners])
    assert shape.area == pytest.approx(abs(area), rel=1e-4)


def test_long_edges_stay_on_their_parallel() -> None:
    """A border along a parallel does not cut the corner: points on it stay within a centimetre (RFC 7946)."""
    shape = footprint_polygon(
        polygon((14.0, 48.0), (16.0, 48.0), (16.0, 49.0), (14.0, 49.0)), LocalFrame(GeoPoint(48.0, 15.0))
    )
    on_border = LocalFrame(GeoPoint(48.0, 15.0)).to_local(
        [GeoPoint(48.0, lon) for lon in np.linspace(14.0, 16.0, 37).tolist()]
    )
    distances = shapely.distance(shape.exterior, shapely.points(on_border))
    assert distances.max() < 0.01


def test_a_needle_thinner_than_rounding_still_has_an_area() -> None:
    """A degenerate ring becomes a polygon with some width instead of nothing."""
    needle = polygon((15.0, 48.0), (15.001, 48.0), (15.0005, 48.0))
    assert footprint_polygon(needle, LocalFrame(GeoPoint(48.0, 15.0))).area > 0.0


@given(
    latitude=st.floats(-90.0, 90.0),
    longitude=st.floats(-180.0, 180.0),
    radius_m=st.floats(1.0, 500_000.0),
    azimuth=st.floats(0.0, 360.0),
)
def test_bounds_hold_their_circle(latitude: float, longitude: float, radius_m: float, azimuth: float) -> None:
    """Every point of a circle is in its box, at the poles and the antimeridian too (F-A11)."""
    bounds = footprint_bounds(CircleFootprint(GeoPoint(latitude, longitude), radius_m))
    lon, lat, _ = GEOD.fwd(longitude, latitude, azimuth, radius_m)
    assert bounds.overlaps(GeoBounds(lat, lon, lat, lon))


@given(latitude=st.floats(-60.0, 60.0), west=st.floats(0.001, 0.05), east=st.floats(0.001, 0.05), above=st.booleans())
def test_a_ring_across_the_antimeridian_is_where_it_was_published(
    latitude: float, west: float, east: float, above: bool
) -> None:
    """Its polygon has the ellipsoid's area around a hub on either side, and its box holds both sides (F-A11)."""
    sides = (180.0 - west, -180.0 + east)
    corners = ((sides[0], latitude), (sides[1], latitude), (sides[1], latitude + 0.02), (sides[0], latitude + 0.02))
    ring = polygon(*corners)
    hub = GeoPoint(latitude, 179.98 if above else -179.98)
    area, _ = GEOD.polygon_area_perimeter([c[0] for c in corners], [c[1] for c in corners])
    assert footprint_polygon(ring, LocalFrame(hub)).area == pytest.approx(abs(area), rel=1e-3)
    bounds = footprint_bounds(ring)
    assert all(bounds.overlaps(GeoBounds(latitude, lon, latitude, lon)) for lon in (*sides, 180.0, -180.0))


def test_the_index_finds_across_the_antimeridian() -> None:
    """A circle at 179.99° east is found from the west side, and the other way round (F-A11)."""
    index = ZoneIndex(
        [
            zone("east", CircleFootprint(GeoPoint(0.0, 179.99), 5_000.0)),
            zone("far", CircleFootprint(GeoPoint(0.0, 0.0), 5_000.0)),
        ]
    )
    assert [found.identifier for found in index.near(GeoBounds(-1.0, -180.0, 1.0, -179.9))] == ["east"]
    assert [found.identifier for found in index.near(GeoBounds(-1.0, 179.5, 1.0, -179.5))] == ["east"]
    assert [found.identifier for found in index.near(GeoBounds(-1.0, -1.0, 1.0, 1.0))] == ["far"]


def test_an_empty_index_finds_nothing() -> None:
    """No zones, no hits."""
    assert ZoneIndex([]).near(GeoBounds(-90.0, -180.0, 90.0, 180.0)) == ()


def test_a_zone_of_many_volumes_is_found_once_and_in_order() -> None:
    """Hits come in the order of the zones, each once."""
    here = CircleFootprint(GeoPoint(48.0, 15.0), 1_000.0)
    index = ZoneIndex([zone("a", here, here), zone("b", here)])
    assert [found.identifier for found in index.near(GeoBounds(47.0, 14.0, 49.0, 16.0))] == ["a", "b"]
