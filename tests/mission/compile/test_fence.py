"""The geofence: what it holds, what it keeps off, and when there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from mission.compile import Fence, FenceNeeds, NoFence, build_fence
from mission.compile.items import FENCE_VERTEX_LIMIT
from mission.geodesy.local_frame import LocalFrame
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MissionItem
from mission.model.refusal import RefusalCode

HOME = GeoPoint(47.397742, 8.545594)
FRAME = LocalFrame(HOME)
CLEARANCE_M = 15.0
ROUTED_M = 20.0


@dataclass(frozen=True)
class Zone:
    """A binding zone in local metres."""

    zone_id: str
    polygon: shapely.Polygon


def needs(path: Sequence[tuple[float, float]], zones: Sequence[Zone], *, leave_out: bool = False) -> FenceNeeds:
    """A flight from home along `path`, local metres."""
    points = tuple(FRAME.to_geo(np.array([(0.0, 0.0), *path])))
    return FenceNeeds(HOME, (points,), (), zones, FRAME, CLEARANCE_M, leave_out)


def rings(items: Sequence[MissionItem], command: MavCommand) -> list[shapely.Polygon]:
    """The polygons of one kind as PX4 sees them: degrees, from the integers that are uploaded."""
    found: list[shapely.Polygon] = []
    index = 0
    while index < len(items):
        count = int(items[index].param1)
        vertices = [(item.y * 1e-7, item.x * 1e-7) for item in items[index : index + count]]
        if items[index].command == command:
            found.append(shapely.Polygon(vertices))
        index += count
    return found


def in_degrees(local: shapely.Geometry, step_m: float = 50.0) -> shapely.Geometry:
    """A local geometry in degrees, finely densified."""

    def convert(east_north: np.ndarray) -> np.ndarray:
        return np.array([(p.longitude_deg, p.latitude_deg) for p in FRAME.to_geo(east_north)])

    return shapely.transform(shapely.segmentize(local, step_m), convert)


def check(wanted: FenceNeeds, fence: Fence) -> None:
    """Everything that a fence promises, judged on what is uploaded."""
    items = fence.items
    (inclusion,) = rings(items, MavCommand.FENCE_POLYGON_INCLUSION)
    exclusions = rings(items, MavCommand.FENCE_POLYGON_EXCLUSION)
    assert len(items) <= FENCE_VERTEX_LIMIT
    assert inclusion.is_valid
    assert all(exclusion.is_valid for exclusion in exclusions)
    assert inclusion.contains(shapely.Point(HOME.longitude_deg, HOME.latitude_deg))
    lines = [shapely.LineString(FRAME.to_local(path)) for path in wanted.paths]
    flown = in_degrees(shapely.union_all([line for line in lines if line.length > 0.0] or [shapely.Point(0, 0)]))
    assert inclusion.contains(flown)
    geod = Geod(ellps="WGS84")
    for exclusion in exclusions:
        near, far = (geometry.coords[0] for geometry in map(shapely.Point, _nearest(exclusion, flown)))
        assert geod.inv(*near, *far)[2] >= CLEARANCE_M
    held = shapely.union_all(exclusions)
    left_out = {note.split()[1] for note in fence.notes}
    for zone in wanted.zones:
        if zone.zone_id not in left_out:
            open_ground = in_degrees(zone.polygon).intersection(inclusion).difference(held)
            assert open_ground.area == 0.0, zone.zone_id


def _nearest(first: shapely.Geometry, second: shapely.Geometry) -> list[tuple[float, float]]:
    return list(shapely.shortest_line(first, second).coords)


@st.composite
def shapes(draw: st.DrawFn) -> shapely.Polygon:
    """Circles, boxes and stars within 2 km."""
    east, north = draw(st.floats(-1500.0, 1500.0)), draw(st.floats(-1500.0, 1500.0))
    size = draw(st.floats(20.0, 500.0))
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return shapely.Point(east, north).buffer(size, quad_segs=16)
    if kind == 1:
        return shapely.box(east - size, north - 0.3 * size, east + size, north + 0.3 * size)
    radii = np.array(draw(st.lists(st.floats(0.2, 1.0), min_size=5, max_size=30))) * size
    angles = np.arange(len(radii)) * 2.0 * np.pi / len(radii)
    return shapely.Polygon(np.column_stack([east + radii * np.cos(angles), north + radii * np.sin(angles)]))


@st.composite
def flights(draw: st.DrawFn) -> FenceNeeds:
    """Bent flights among zones, each zone cut back to what a route would have kept clear of."""
    corners = st.tuples(st.floats(-1500.0, 1500.0), st.floats(-1500.0, 1500.0))
    path = [(0.0, 0.0), *draw(st.lists(corners, min_size=1, max_size=5))]
    corridor = shapely.LineString(path).buffer(ROUTED_M, quad_segs=32)
    zones: list[Zone] = []
    for shape in draw(st.lists(shapes(), max_size=14)):
        for part in shapely.get_parts(shape.difference(corridor)):
            if part.area > 1.0:
                zones.append(Zone(f"Z{len(zones)}", part))
    return needs(path[1:], zones)


@settings(max_examples=40, deadline=None)
@given(wanted=flights())
def test_a_fence_holds_its_mission_and_every_zone_within_reach(wanted: FenceNeeds) -> None:
    """Or there is none, and the reason names the zones; on the ground nothing is ever left out."""
    fence = build_fence(wanted)
    if isinstance(fence, NoFence):
        assert fence.code is RefusalCode.FENCE_TOO_COMPLEX
        assert fence.zone_ids
    else:
        assert fence.notes == ()
        check(wanted, fence)


@settings(max_examples=20, deadline=None)
@given(wanted=flights(), over=shapes())
def test_a_vehicle_in_the_air_always_gets_a_fence(wanted: FenceNeeds, over: shapely.Polygon) -> None:
    """F-A2, F-A4: whatever zone appears, be it over the vehicle or over home; what is left out is named."""
    surprised = replace(wanted, zones=[*wanted.zones, Zone("POPUP", over)], leave_out=True)
    fence = build_fence(surprised)
    assert isinstance(fence, Fence)
    check(surprised, fence)


def test_a_flight_without_zones_has_an_inclusion_polygon_alone() -> None:
    """With room around it: 150 m beyond home and drop."""
    fence = build_fence(needs([(1000.0, 0.0)], []))
    assert isinstance(fence, Fence)
    assert fence.exclusions == ()
    ring = shapely.Polygon(FRAME.to_local(fence.inclusion))
    assert ring.exterior.distance(shapely.LineString([(0, 0), (1000, 0)])) == pytest.approx(150.0, abs=5.0)


def test_a_zone_out_of_reach_costs_no_vertices() -> None:
    """The inclusion polygon ends before it."""
    fence = build_fence(needs([(500.0, 0.0)], [Zone("FAR", shapely.box(2000, 2000, 3000, 3000))]))
    assert isinstance(fence, Fence)
    assert fence.exclusions == ()


def test_a_circle_is_held_in_few_vertices_and_named() -> None:
    """128 vertices of a circle become an outer polygon within the budget."""
    circle = shapely.Point(500.0, 200.0).buffer(120.0, quad_segs=32)
    fence = build_fence(needs([(1000.0, 0.0)], [Zone("CTR", circle)]))
    assert isinstance(fence, Fence)
    ((zone_ids, ring),) = fence.exclusions
    assert zone_ids == ("CTR",)
    assert len(ring) <= FENCE_VERTEX_LIMIT - 8


@pytest.mark.parametrize("box", [(-90e3, 40.0, 90e3, 90e3), (-90e3, -90e3, 90e3, -40.0)])
def test_a_zone_as_wide_as_the_country_is_cut_to_what_is_within_reach(box: tuple[float, ...]) -> None:
    """Its far corners are nobody's business; its near edge bows in degrees, to the one side or the other."""
    wanted = needs([(-4000.0, 0.0), (4000.0, 0.0)], [Zone("TMA", shapely.box(*box))])
    fence = build_fence(wanted)
    assert isinstance(fence, Fence)
    check(wanted, fence)


def test_zones_that_surround_the_flight_are_held_without_closing_it_in() -> None:
    """A ring of restricted ground around the mission keeps its hole."""
    ring = shapely.Point(200.0, 0.0).buffer(400.0).difference(shapely.Point(200.0, 0.0).buffer(330.0))
    quarters = [
        Zone(f"Q{i}", ring.intersection(shapely.box(*box)))
        for i, box in enumerate([(-300, 0, 200, 500), (200, 0, 700, 500), (-300, -500, 200, 0), (200, -500, 700, 0)])
    ]
    wanted = needs([(400.0, 0.0)], quarters)
    fence = build_fence(wanted)
    assert isinstance(fence, Fence)
    check(wanted, fence)
    assert len(fence.exclusions) >= 2


def test_a_path_nearer_than_the_clearance_has_no_fence() -> None:
    """The reason gives the distance measured and the one needed."""
    result = build_fence(needs([(1000.0, 0.0)], [Zone("R1", shapely.box(400, 9, 600, 200))]))
    assert isinstance(result, NoFence)
    assert result.zone_ids == ("R1",)
    assert "at 8.9 m" in result.reason or "at 9.0 m" in result.reason
    assert "15.0 m" in result.reason


def test_home_in_a_zone_has_no_fence_because_px4_would_drop_it() -> None:
    """F-A4: said as HUB_IN_ZONE, for that is what must change."""
    result = build_fence(needs([(1000.0, 0.0)], [Zone("POPUP", shapely.box(-50, -50, 50, 50))]))
    assert isinstance(result, NoFence)
    assert result.code is RefusalCode.HUB_IN_ZONE


def gauntlet(count: int) -> tuple[list[tuple[float, float]], list[Zone]]:
    """A flight that winds among `count` blocks so closely that no two can share a polygon."""
    path: list[tuple[float, float]] = []
    zones: list[Zone] = []
    for i in range(count):
        east = 100.0 * i
        zones.append(Zone(f"B{i}", shapely.box(east + 22.0, -28.0, east + 78.0, 28.0)))
        path += [(east, 50.0), (east + 100.0, 50.0), (east + 100.0, -50.0), (east, -50.0), (east, 0.0)]
        path += [(east, -50.0), (east + 100.0, -50.0), (east + 100.0, 0.0)]
    return path, zones


def test_more_separate_zones_than_vertices_have_no_fence() -> None:
    """22 islands need 66 vertices at least: FENCE_TOO_COMPLEX, and a remedy."""
    path, zones = gauntlet(22)
    result = build_fence(needs(path, zones))
    assert isinstance(result, NoFence)
    assert result.code is RefusalCode.FENCE_TOO_COMPLEX
    assert "22 zones" in result.reason
    assert result.remedy


def test_in_the_air_the_nearest_zones_are_fenced_and_the_others_named() -> None:
    """As many as fit."""
    path, zones = gauntlet(22)
    wanted = needs(path, zones, leave_out=True)
    fence = build_fence(wanted)
    assert isinstance(fence, Fence)
    check(wanted, fence)
    assert 10 <= len(fence.exclusions) < 22
    assert len(fence.exclusions) + len(fence.notes) == 22


def test_islands_that_fit_are_fenced_one_by_one() -> None:
    """12 blocks between the legs, 4 vertices each."""
    path, zones = gauntlet(12)
    wanted = needs(path, zones)
    fence = build_fence(wanted)
    assert isinstance(fence, Fence)
    check(wanted, fence)
    assert len(fence.exclusions) == 12


@pytest.mark.parametrize("leave_out", [False, True])
def test_a_flight_beside_the_antimeridian_has_no_fence(leave_out: bool) -> None:
    """F-A11: PX4 compares longitudes as numbers. On the ground that is a refusal, in the air a note."""
    frame = LocalFrame(GeoPoint(-18.0, 179.999))
    path = tuple(frame.to_geo(np.array([[0.0, 0.0], [600.0, 0.0]])))  # 100 m of it are west of 180°
    needs = FenceNeeds(path[0], (path,), (), [], frame, 15.0, leave_out)
    fence = build_fence(needs)
    if leave_out:
        assert isinstance(fence, Fence)
        assert fence.items == ()
        assert "180th meridian" in fence.notes[0]
    else:
        assert isinstance(fence, NoFence)
        assert fence.remedy


def test_a_flight_a_kilometre_from_the_antimeridian_has_a_fence() -> None:
    """F-A11: what lies wholly on one side is fenced as anywhere else."""
    frame = LocalFrame(GeoPoint(-18.0, 179.98))
    path = tuple(frame.to_geo(np.array([[0.0, 0.0], [600.0, 0.0]])))
    assert isinstance(build_fence(FenceNeeds(path[0], (path,), (), [], frame, 15.0)), Fence)
