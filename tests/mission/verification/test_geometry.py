"""The verifier's geometry against an independent one: shapely in a plane, and geodesics."""

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod, Transformer

from mission.model.airspace import CircleFootprint, Footprint, PolygonFootprint
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand
from mission.verification import PreparedZones
from mission.verification.ellipsoid import Pieces
from mission.verification.shapes import Everywhere, Ring, shape_of

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town

GEOD = Geod(ellps="WGS84")
coordinate = st.floats(-3000.0, 3000.0)
place = st.tuples(coordinate, coordinate)


def plane(latitude_deg: float, longitude_deg: float) -> Transformer:
    """Return a transverse Mercator plane: another projection than any that the project uses."""
    crs = f"+proj=tmerc +lat_0={latitude_deg} +lon_0={longitude_deg} +k=1 +datum=WGS84 +units=m +no_defs"
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def outline(footprint: Footprint, to_plane: Transformer) -> shapely.Polygon:
    """Return a footprint in that plane, its edges straight in longitude and latitude, or a true circle."""
    if isinstance(footprint, CircleFootprint):
        center = footprint.center
        azimuth = np.linspace(0.0, 360.0, 721)[:-1]
        lon, lat, _ = GEOD.fwd(
            np.full(720, center.longitude_deg),
            np.full(720, center.latitude_deg),
            azimuth,
            np.full(720, footprint.radius_m),
        )
    else:
        corners = np.array([(p.longitude_deg, p.latitude_deg) for p in footprint.ring])
        share = np.linspace(0.0, 1.0, 50, endpoint=False)[:, None]
        sides = [a + (b - a) * share for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
        lon, lat = np.vstack(sides).T
    x, y = to_plane.transform(lon, lat)
    return shapely.Polygon(np.column_stack([x, y]))


def way(points: list[GeoPoint], to_plane: Transformer) -> NDArray[np.float64]:
    """Return geodesic legs between points in that plane, a vertex every 50 m or so."""
    vertices = []
    for a, b in itertools.pairwise(points):
        length = GEOD.inv(a.longitude_deg, a.latitude_deg, b.longitude_deg, b.latitude_deg)[2]
        between = GEOD.npts(a.longitude_deg, a.latitude_deg, b.longitude_deg, b.latitude_deg, int(length // 50) + 1)
        vertices += [(a.longitude_deg, a.latitude_deg), *between, (b.longitude_deg, b.latitude_deg)]
    x, y = to_plane.transform(*np.array(vertices).T)
    return np.column_stack([x, y])


@dataclass(frozen=True)
class Drawn:
    """A footprint that hypothesis draws: a circle, or a star of so many corners, turned."""

    east_m: float
    north_m: float
    radius_m: float
    corners: int
    turn: float

    def build(self, town: "Town") -> Footprint:
        """Return it on the Earth."""
        if self.corners < 3:
            return town.circle(self.east_m, self.north_m, self.radius_m)
        angles = [self.turn + math.tau * k / self.corners for k in range(self.corners)]
        radii = [self.radius_m * (1.0 if k % 2 else 0.45) for k in range(self.corners)]
        return town.ring(
            *(
                (self.east_m + r * math.cos(a), self.north_m + r * math.sin(a))
                for r, a in zip(radii, angles, strict=True)
            )
        )


footprints = st.builds(Drawn, coordinate, coordinate, st.floats(20.0, 800.0), st.integers(2, 9), st.floats(0.0, 6.0))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(footprints, min_size=1, max_size=4), stops=st.lists(place, min_size=1, max_size=4))
def test_clearances_agree_with_an_independent_geometry(
    scene: "Scene", town: "Town", drawn: list[Drawn], stops: list[tuple[float, float]]
) -> None:
    """Clear paths pass with the clearance that shapely measures; paths that enter a zone fail."""
    zones = tuple(town.zone(f"zone-{k}", one.build(town)) for k, one in enumerate(drawn))
    points = [town.at(*stop) for stop in stops]
    items = (
        scene.items[0],
        *(town.item(MavCommand.NAV_WAYPOINT, point, 60.0) for point in points),
        town.item(MavCommand.NAV_LAND, points[-1], 0.0),
    )
    verdict = scene.but(zones=zones, items=items, fence=(), rally=(), drops={}, landing_sites=(points[-1],)).verdict()
    to_plane = plane(town.HOME.latitude_deg, town.HOME.longitude_deg)
    line = shapely.LineString(way([town.HOME, *points], to_plane))
    outlines = [outline(one.volumes[0].footprint, to_plane) for one in zones]
    distance = min(line.distance(one) for one in outlines)
    zone_codes = {finding.code for finding in verdict.findings if finding.zone_id}
    if distance > 0.0:
        assert verdict.smallest_clearance_m == pytest.approx(distance, abs=0.03)
        assume(abs(distance - scene.policy.verified_clearance_m) > 0.03)
        assert zone_codes == ({"ZONE_CLEARANCE"} if distance < scene.policy.verified_clearance_m else set())
    elif max(one.intersection(line).length for one in outlines) > 0.1:
        assert verdict.smallest_clearance_m <= 0.0
        assert "ZONE_ENTERED" in zone_codes


@settings(deadline=None, max_examples=40)
@given(
    latitude=st.floats(-75.0, 75.0),
    longitude=st.floats(-180.0, 180.0),
    radius=st.floats(50.0, 40_000.0),
    azimuth=st.floats(0.0, 360.0),
    away=st.floats(1.0, 3_000.0),
)
def test_a_circle_is_measured_anywhere_on_earth(
    latitude: float, longitude: float, radius: float, azimuth: float, away: float
) -> None:
    """A point so far outside a circle is so far from it, to the millimetre, across the antimeridian too."""
    lon, lat, _ = GEOD.fwd(longitude, latitude, azimuth, radius + away)
    at = np.array([[lat, lon]])
    clearance, _ = shape_of(CircleFootprint(GeoPoint(latitude, longitude), radius)).clearance(
        Pieces(at, at), np.array([0])
    )
    assert clearance[0] == pytest.approx(away, abs=0.001)


@settings(deadline=None, max_examples=40)
@given(
    latitude=st.floats(-75.0, 75.0),
    longitude=st.floats(-180.0, 180.0),
    half=st.floats(100.0, 20_000.0),
    east=st.floats(-1.0, 1.0),
    away=st.floats(-0.9, 0.9),
)
def test_a_polygon_is_measured_anywhere_on_earth(
    latitude: float, longitude: float, half: float, east: float, away: float
) -> None:
    """North of a square's northern edge, a parallel of latitude, the clearance is the meridian's arc."""
    tall = half / 111_000.0
    wide = tall / math.cos(math.radians(abs(latitude) + tall))
    corners = [(-1, -1), (-1, 1), (1, 1), (1, -1)]
    footprint = PolygonFootprint(
        tuple(GeoPoint(latitude + tall * y, (longitude + wide * x + 540.0) % 360.0 - 180.0) for y, x in corners)
    )
    lat, lon = latitude + tall * (1.0 + away * 0.01), longitude + wide * east * 0.9
    at = np.array([[lat, (lon + 540.0) % 360.0 - 180.0]])
    clearance, _ = shape_of(footprint).clearance(Pieces(at, at), np.array([0]))
    arc = GEOD.inv(lon, latitude + tall, lon, lat)[2] * (1.0 if away > 0 else -1.0)
    assert clearance[0] == pytest.approx(arc, abs=0.02 + 1e-4 * abs(arc))


@pytest.mark.parametrize(
    "corners",
    [
        [(80.0, 0.0), (80.0, 120.0), (80.0, -120.0)],
        [(86.0, 0.0), (86.0, 1.0), (84.0, 1.0)],
        [(10.0, -90.0), (10.0, 0.0), (10.0, 85.0), (-10.0, 85.0), (-10.0, 0.0), (-10.0, -90.0)],
    ],
)
def test_a_ring_that_is_not_understood_covers_the_earth(corners: list[tuple[float, float]]) -> None:
    """Around a pole, near a pole, or half around the Earth: everywhere (F-A11)."""
    shape = shape_of(PolygonFootprint(tuple(GeoPoint(*corner) for corner in corners)))
    assert isinstance(shape, Everywhere)


def test_a_zone_that_is_not_understood_grounds_everybody(scene: "Scene", town: "Town") -> None:
    """And is named."""
    polar = town.zone("polar", PolygonFootprint((GeoPoint(80, 0), GeoPoint(80, 120), GeoPoint(80, -120))))
    verdict = scene.but(zones=(polar,), rally=(), fenced=False).verdict()
    assert [(f.code, f.zone_id) for f in verdict.findings] == [("ZONE_ENTERED", "polar")]
    assert verdict.smallest_clearance_m == -math.inf


def test_a_ring_across_the_antimeridian_is_one_place() -> None:
    """From 179.9° to −179.9° is 0.2° wide, not 359.8° (F-A11)."""
    shape = shape_of(
        PolygonFootprint((GeoPoint(0, 179.9), GeoPoint(0, -179.9), GeoPoint(0.2, -179.9), GeoPoint(0.2, 179.9)))
    )
    assert isinstance(shape, Ring)
    inside = shape.contains(np.array([[0.1, 180.0], [0.1, -179.95], [0.1, 179.95], [0.1, 0.0], [0.1, 179.0]]))
    assert inside.tolist() == [True, True, True, False, False]


def test_a_ring_wound_twice_is_inside_all_the_same() -> None:
    """Where a ring overlaps itself nothing is cut out."""
    once = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
    shape = shape_of(PolygonFootprint(tuple(GeoPoint(*corner) for corner in once + once)))
    assert isinstance(shape, Ring)
    assert shape.contains(np.array([[0.5, 0.5]])).all()


def test_a_zone_that_swallows_the_whole_flight_is_entered(scene: "Scene", town: "Town") -> None:
    """No edge is near, and yet the path is inside, 40.6 km deep.

    And 219 m: so far does a 100 km piece of a parallel bend away from a straight line, L² tan(48°) / 8R.
    """
    country = town.zone("country", town.box(-50_000.0, -40_000.0, 50_000.0, 60_000.0))
    verdict = scene.but(zones=(country,), rally=()).verdict()
    assert [f.code for f in verdict.findings] == ["ZONE_ENTERED"]
    assert verdict.smallest_clearance_m == pytest.approx(-40_819.0, abs=5.0)


def test_preparing_zones_once_gives_the_same_verdict(scene: "Scene") -> None:
    """`PreparedZones` is only faster."""
    assert not isinstance(scene.zones, PreparedZones)
    assert scene.but(zones=PreparedZones(scene.zones)).verdict() == scene.verdict()


def test_no_zone_at_all_is_infinitely_clear(scene: "Scene") -> None:
    """inf, as the verdict says where no zone binds."""
    assert scene.but(zones=()).verdict().smallest_clearance_m == math.inf
