"""The fence and the rally points that the vehicle holds."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mission.model.mission import MavCommand, MavFrame, MissionItem
from mission.model.verdict import Severity

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town

INCLUSION = MavCommand.FENCE_POLYGON_INCLUSION
EXCLUSION = MavCommand.FENCE_POLYGON_EXCLUSION


def fenced(scene: "Scene", town: "Town", *corners: tuple[float, float]) -> "Scene":
    """Return the scene with one inclusion polygon."""
    return scene.but(fence=town.fence_polygon(INCLUSION, [town.at(*corner) for corner in corners]))


def excluding(scene: "Scene", town: "Town", *corners: tuple[float, float]) -> "Scene":
    """Return the scene with an exclusion polygon more."""
    more = town.fence_polygon(EXCLUSION, [town.at(*corner) for corner in corners])
    return scene.but(fence=scene.fence + more)


def test_a_missing_fence_is_found(scene: "Scene") -> None:
    """Nothing would stop the autopilot."""
    assert scene.but(fence=()).codes() == ["FENCE_MISSING"]


def test_exclusions_alone_are_no_fence(scene: "Scene", town: "Town") -> None:
    """Without an inclusion the vehicle may fly anywhere else."""
    assert excluding(scene.but(fence=()), town, (0.0, 500.0), (50.0, 500.0), (0.0, 550.0)).codes() == ["FENCE_MISSING"]


def test_a_missing_fence_in_the_air_is_a_warning(scene: "Scene", town: "Town") -> None:
    """A diversion must not wait for a fence."""
    verdict = scene.but(
        fence=(), rally=(), items=scene.items[7:], drops={}, start=town.at(1500.0, 600.0), start_height_home_m=60.0
    ).verdict()
    assert [(f.code, f.severity) for f in verdict.findings] == [("FENCE_MISSING", Severity.WARNING)]
    assert verdict.ok


def test_a_fence_without_home_is_found(scene: "Scene", town: "Town") -> None:
    """PX4 would drop it without a word; items at home are outside too."""
    verdict = fenced(scene, town, (50.0, -300.0), (2000.0, -300.0), (2000.0, 1200.0), (50.0, 1200.0)).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [
        ("FENCE_HOME_OUTSIDE", None),
        ("FENCE_WAYPOINT_OUTSIDE", 0),
        ("FENCE_WAYPOINT_OUTSIDE", 8),
        ("FENCE_WAYPOINT_OUTSIDE", 9),
    ]


def test_a_waypoint_outside_the_inclusion_is_found(scene: "Scene", town: "Town") -> None:
    """The drop lies beyond the fence: four items are there."""
    verdict = fenced(scene, town, (-300.0, -300.0), (1400.0, -300.0), (1400.0, 1200.0), (-300.0, 1200.0)).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [("FENCE_WAYPOINT_OUTSIDE", index) for index in (3, 4, 5, 6)]


def test_a_waypoint_inside_an_exclusion_is_found(scene: "Scene", town: "Town") -> None:
    """Both items at the corner."""
    verdict = excluding(scene, town, (780.0, 80.0), (820.0, 80.0), (820.0, 120.0), (780.0, 120.0)).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [
        ("FENCE_WAYPOINT_OUTSIDE", 2),
        ("FENCE_WAYPOINT_OUTSIDE", 7),
    ]


def test_a_leg_through_an_exclusion_is_found(scene: "Scene", town: "Town") -> None:
    """PX4 accepts it: it looks at waypoints only."""
    verdict = excluding(scene, town, (400.0, -20.0), (402.0, -20.0), (402.0, 120.0), (400.0, 120.0)).verdict()
    assert [(f.code, f.item) for f in verdict.findings] == [
        ("FENCE_LEG_OUTSIDE", 2),
        ("FENCE_LEG_OUTSIDE", 8),
    ]


def test_a_leg_out_of_the_inclusion_and_back_is_found(scene: "Scene", town: "Town") -> None:
    """A notch in the fence, narrower than any sampling, cuts the way to the corner."""
    notched = fenced(
        scene,
        town,
        (-300.0, -300.0),
        (400.0, -300.0),
        (400.0, 200.0),
        (400.3, -300.0),
        (2000.0, -300.0),
        (2000.0, 1200.0),
        (-300.0, 1200.0),
    )
    assert [(f.code, f.item) for f in notched.verdict().findings] == [
        ("FENCE_LEG_OUTSIDE", 2),
        ("FENCE_LEG_OUTSIDE", 8),
    ]


def two_inclusions(town: "Town", west_to_m: float, east_from_m: float) -> tuple[MissionItem, ...]:
    """Two rooms: one from the west up to so far east of home, one from there on."""
    west = [(-300, -300), (west_to_m, -300), (west_to_m, 1200), (-300, 1200)]
    east = [(east_from_m, -300), (2000, -300), (2000, 1200), (east_from_m, 1200)]
    rooms = (town.fence_polygon(INCLUSION, [town.at(*corner) for corner in room]) for room in (west, east))
    return tuple(item for room in rooms for item in room)


def test_two_inclusions_around_home_are_one_room(scene: "Scene", town: "Town") -> None:
    """PX4 asks for one inclusion around each place, not for one around all."""
    assert scene.but(fence=two_inclusions(town, 900.0, -200.0)).codes() == []


def test_an_inclusion_without_home_is_dropped_though_another_holds_home(scene: "Scene", town: "Town") -> None:
    """PX4 looks at each inclusion by itself: the eastern room, which holds the drop, would be gone (F-V14)."""
    (finding,) = scene.but(fence=two_inclusions(town, 900.0, 700.0)).verdict().findings
    assert (finding.code, finding.measured) == ("FENCE_HOME_OUTSIDE", 1)


def test_a_gap_between_two_inclusions_is_found(scene: "Scene", town: "Town") -> None:
    """Ten metres of nowhere between two rooms."""
    codes = scene.but(fence=two_inclusions(town, 600.0, 610.0)).codes()
    assert codes == ["FENCE_HOME_OUTSIDE", "FENCE_LEG_OUTSIDE", "FENCE_LEG_OUTSIDE"]


def test_an_exclusion_around_home_is_found(scene: "Scene", town: "Town") -> None:
    """PX4 would drop it, and the zone that it stands for would be open (F-V14)."""
    codes = excluding(scene, town, (-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)).codes()
    assert codes[0] == "FENCE_HOME_OUTSIDE"


def test_in_the_air_a_fence_without_the_vehicle_is_found(scene: "Scene", town: "Town") -> None:
    """PX4 drops it as it drops one without home; a way down does not wait for a fence, so it is a warning."""
    flying = scene.but(
        rally=(), items=scene.items[7:], drops={}, start=town.at(2500.0, 600.0), start_height_home_m=60.0
    )
    found = {finding.code: finding.severity for finding in flying.verdict().findings}
    assert found["FENCE_START_OUTSIDE"] is Severity.WARNING
    assert "FENCE_HOME_OUTSIDE" not in found


def test_a_polygon_after_a_circle_is_found(scene: "Scene", town: "Town") -> None:
    """PX4 v1.16 goes on reading circles once it has read one: polygons must come first."""
    stone = town.item(MavCommand.FENCE_CIRCLE_EXCLUSION, town.at(0.0, 900.0), param1=9.0, frame=MavFrame.GLOBAL_AMSL)
    open_land = scene.but(zones=(), fenced=False)
    assert open_land.but(fence=(*scene.fence, stone)).codes() == []
    assert open_land.but(fence=(stone, *scene.fence)).codes() == ["FENCE_MALFORMED"]


def test_circles_fence_too(scene: "Scene", town: "Town") -> None:
    """One inclusion circle around everything is clean; an exclusion circle on a leg is found."""
    around = town.item(
        MavCommand.FENCE_CIRCLE_INCLUSION, town.at(750.0, 300.0), param1=1500.0, frame=MavFrame.GLOBAL_AMSL
    )
    stone = town.item(MavCommand.FENCE_CIRCLE_EXCLUSION, town.at(400.0, 60.0), param1=11.0, frame=MavFrame.GLOBAL_AMSL)
    assert scene.but(fence=(around,)).codes() == []
    assert scene.but(fence=(around, stone)).codes() == ["FENCE_LEG_OUTSIDE", "FENCE_LEG_OUTSIDE"]


@pytest.mark.parametrize("vertices", [64, 65])
def test_more_fence_vertices_than_px4_holds_are_found(scene: "Scene", town: "Town", vertices: int) -> None:
    """64 are held; the 65th is NO_SPACE at upload."""
    corners = [(-300.0 + 2300.0 * k / (vertices - 3), -300.0 - 0.01 * (k % 2)) for k in range(vertices - 2)]
    many = fenced(scene.but(zones=()), town, *corners, (2000.0, 1200.0), (-300.0, 1200.0))
    assert len(many.fence) == vertices
    assert many.codes() == ([] if vertices == 64 else ["FENCE_TOO_MANY_VERTICES"])


@pytest.mark.parametrize(
    ("index", "changes"),
    [
        (0, {"param1": 5.0}),
        (0, {"param1": 2.0}),
        (0, {"param1": float("nan")}),
        (1, {"param1": 3.0}),
        (2, {"command": int(EXCLUSION)}),
        (2, {"command": 16}),
        (3, {"x": 910_000_000}),
        (3, {"frame": 2}),
    ],
)
def test_a_broken_fence_polygon_is_found(scene: "Scene", index: int, changes: dict[str, float]) -> None:
    """A count that does not fit, a foreign item in between, a vertex that is no place."""
    fence = list(scene.fence)
    fence[index] = replace(fence[index], **changes)  # type: ignore[arg-type]  # parametrised fields
    assert set(scene.but(fence=tuple(fence)).codes()) == {"FENCE_MALFORMED"}


def test_a_fence_that_crosses_itself_is_found(scene: "Scene", town: "Town") -> None:
    """A bow tie has no inside worth the name."""
    tie = fenced(scene, town, (-300.0, -300.0), (2000.0, 1200.0), (2000.0, -300.0), (-300.0, 1200.0))
    assert tie.codes() == ["FENCE_MALFORMED"]


def test_a_fence_circle_without_radius_is_found(scene: "Scene", town: "Town") -> None:
    """A radius must be positive."""
    flat = town.item(MavCommand.FENCE_CIRCLE_EXCLUSION, town.at(0.0, 900.0), param1=0.0, frame=MavFrame.GLOBAL_AMSL)
    assert scene.but(fence=(*scene.fence, flat)).codes() == ["FENCE_MALFORMED"]


def test_a_rally_point_in_a_zone_is_found(scene: "Scene", town: "Town") -> None:
    """PX4 would land in the school."""
    inside = town.item(MavCommand.RALLY_POINT, town.at(400.0, 180.0), 40.0)
    verdict = scene.but(rally=(*scene.rally, inside)).verdict()
    assert [(f.code, f.zone_id) for f in verdict.findings] == [("RALLY_IN_ZONE", "school"), ("RALLY_OUTSIDE_FENCE", "")]
    assert verdict.findings[0].measured == pytest.approx(-70.0, abs=0.01)


def test_a_rally_point_outside_the_fence_is_found(scene: "Scene", town: "Town") -> None:
    """A diversion to it would breach the fence."""
    outside = town.item(MavCommand.RALLY_POINT, town.at(400.0, 1300.0), 40.0)
    assert scene.but(rally=(outside,)).codes() == ["RALLY_OUTSIDE_FENCE"]


def test_more_rally_points_than_px4_holds_are_found(scene: "Scene") -> None:
    """32 are held."""
    assert scene.but(rally=scene.rally * 32).codes() == []
    assert scene.but(rally=scene.rally * 33).codes() == ["RALLY_TOO_MANY"]


@pytest.mark.parametrize("changes", [{"command": 16}, {"frame": 2}, {"z": float("nan")}, {"x": 0, "y": 0}])
def test_a_broken_rally_point_is_found(scene: "Scene", changes: dict[str, float]) -> None:
    """A foreign command, no frame, no height, no place."""
    broken = replace(scene.rally[0], **changes)  # type: ignore[arg-type]  # parametrised fields
    assert scene.but(rally=(broken,)).codes() == ["RALLY_MALFORMED"]
