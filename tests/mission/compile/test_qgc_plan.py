"""QGroundControl plan files: exact on the way out, strict on the way in."""

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.compile import Compiled, FenceZone, compile_sortie
from mission.compile.items import fence_circle, fence_polygon, rally_point
from mission.compile.qgc_plan import UNSET_INT, from_plan_json, to_plan_json
from mission.errors import InputError
from mission.geodesy.local_frame import LocalFrame
from mission.model.fleet import LandingSite
from mission.model.flight import FlightPlan
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, Mission, MissionItem
from mission.model.orders import DeliveryMethod
from mission.policy import Policy

points = st.builds(GeoPoint, st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))
numbers = st.floats(-1e6, 1e6)
params = numbers | st.just(math.nan)


@st.composite
def items(draw: st.DrawFn) -> MissionItem:
    """Items of any command in the frames that Stork writes."""
    frame = draw(st.sampled_from([MavFrame.MISSION, MavFrame.GLOBAL_AMSL_INT, MavFrame.GLOBAL_RELATIVE_HOME_INT]))
    if frame == MavFrame.MISSION:
        x, y = draw(st.integers(-(2**31), UNSET_INT)), draw(st.integers(-(2**31), UNSET_INT))
    else:
        x = draw(st.integers(-900_000_000, 900_000_000) | st.just(UNSET_INT))
        y = draw(st.integers(-1_800_000_000, 1_800_000_000) | st.just(UNSET_INT))
    return MissionItem(
        command=draw(st.sampled_from([int(command) for command in MavCommand]) | st.integers(0, 65_535)),
        frame=frame,
        param1=draw(params),
        param2=draw(params),
        param3=draw(params),
        param4=draw(params),
        x=x,
        y=y,
        z=draw(params),
        autocontinue=draw(st.integers(0, 1)),
    )


@st.composite
def missions(draw: st.DrawFn) -> Mission:
    """Missions with fences and rally points."""
    rings = draw(st.lists(st.tuples(st.lists(points, min_size=3, max_size=8), st.booleans()), max_size=3))
    circles = draw(st.lists(st.tuples(points, st.floats(0.1, 1e5), st.booleans()), max_size=2))
    fence = [item for ring, inside in rings for item in fence_polygon(ring, inclusion=inside)]
    fence += [fence_circle(center, radius, inclusion=inside) for center, radius, inside in circles]
    rally = [rally_point(point, height) for point, height in draw(st.lists(st.tuples(points, numbers), max_size=3))]
    listed = tuple(draw(st.lists(items(), max_size=8)))
    return Mission(listed, tuple(fence), tuple(rally), draw(points), draw(numbers))


def written(mission: Mission) -> str:
    """The plan file of a mission."""
    return to_plan_json(mission, cruise_speed_m_s=12.0, hover_speed_m_s=5.0)


@settings(max_examples=40)
@given(mission=missions())
def test_a_mission_comes_back_from_its_file_as_it_was(mission: Mission) -> None:
    """Every parameter, integer, height, fence vertex, rally point and the home, bit for bit."""
    back = from_plan_json(written(mission), "x.plan")
    for group in ("items", "fence", "rally"):
        given_items, got = getattr(mission, group), getattr(back, group)
        assert len(given_items) == len(got)
        for before, after in zip(given_items, got, strict=True):
            assert before.wire_bytes() == after.wire_bytes()
            values = [(getattr(before, f"param{n}"), getattr(after, f"param{n}")) for n in (1, 2, 3, 4)]
            assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in [*values, (before.z, after.z)])
    assert (back.home, back.home_amsl_m) == (mission.home, mission.home_amsl_m)
    assert back.digest() == mission.digest()


@settings(max_examples=40)
@given(mission=missions())
def test_a_file_comes_back_from_its_mission_as_it_was(mission: Mission) -> None:
    """Writing what was read gives the same text."""
    text = written(mission)
    assert written(from_plan_json(text, "x.plan")) == text


@pytest.fixture
def mission(
    make_plan: Callable[..., FlightPlan],
    at: Callable[[float, float], GeoPoint],
    policy: Policy,
    frame: LocalFrame,
    zone: Callable[[str, shapely.Polygon], FenceZone],
) -> Mission:
    """A delivery of both methods with a fence and a rally point."""
    plan = make_plan(
        [at(500.0, 0.0), at(500.0, 400.0)],
        methods=[DeliveryMethod.GRIPPER, DeliveryMethod.LAND],
        alternates=[LandingSite("a", "A", at(200.0, -80.0), 490.0)],
    )
    zones = [zone("R1", shapely.box(100.0, 40.0, 200.0, 60.0))]
    compiled = compile_sortie(plan, zones, frame, policy)
    assert isinstance(compiled, Compiled)
    return compiled.mission


def test_what_compile_makes_can_be_written(mission: Mission) -> None:
    """Every compiled mission is in the form that a file can say exactly."""
    assert from_plan_json(written(mission), "x.plan").digest() == mission.digest()


def test_the_file_has_everything_that_qgroundcontrol_asks_for(mission: Mission) -> None:
    """Root, sections, versions, latitude first, job ids from 1, altitudes where a position is."""
    document = json.loads(written(mission))
    assert (document["fileType"], document["version"], document["groundStation"]) == ("Plan", 1, "QGroundControl")
    assert [document[name]["version"] for name in ("mission", "geoFence", "rallyPoints")] == [2, 2, 2]
    assert (document["mission"]["firmwareType"], document["mission"]["vehicleType"]) == (12, 2)
    assert document["mission"]["plannedHomePosition"][0] == pytest.approx(47.397742)
    first, second = document["mission"]["items"][:2]
    assert (first["doJumpId"], first["frame"], first["Altitude"], first["AltitudeMode"]) == (1, 3, 60.0, 1)
    assert first["params"][3] is None
    assert first["params"][4] == pytest.approx(47.397742)
    assert second["frame"] == 2
    assert "Altitude" not in second
    assert document["geoFence"]["polygons"][0]["inclusion"] is True
    assert len(document["rallyPoints"]["points"][0]) == 3


def test_what_the_format_cannot_say_exactly_is_not_written(mission: Mission) -> None:
    """Infinite parameters, fence items in another frame, a fence out of order, positions off the Earth."""
    item = mission.items[0]
    ring, circle = mission.fence[:8], fence_circle(mission.home, 9.0, inclusion=False)
    odd: list[dict[str, Any]] = [
        {"items": (MissionItem(item.command, param1=math.inf),)},
        {"items": (MissionItem(item.command, x=910_000_000),)},
        {"items": (MissionItem(item.command, frame=MavFrame.GLOBAL_RELATIVE_HOME),)},
        {"items": (MissionItem(item.command, frame=77),)},
        {"fence": (circle, *ring)},
        {"fence": ring[:-1]},
        {"fence": (MissionItem(MavCommand.NAV_WAYPOINT),)},
        {"rally": (MissionItem(MavCommand.RALLY_POINT, frame=MavFrame.GLOBAL_AMSL),)},
    ]
    for change in odd:
        parts: dict[str, Any] = {"items": (item,), "fence": ring, "rally": (), **change}
        with pytest.raises(ValueError, match=r".plan cannot say|JSON compliant|not a valid MavFrame|no fence"):
            written(Mission(home=mission.home, home_amsl_m=0.0, **parts))


def broken(mission: Mission, path: list[str | int], value: object) -> str:
    """The mission's file with one value replaced; a key ending in - is removed."""
    document = json.loads(written(mission))
    place = document
    for step in path[:-1]:
        place = place[step]
    last = path[-1]
    if isinstance(last, str) and last.endswith("-"):
        del place[last[:-1]]
    else:
        place[last] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "place", "what"),
    [
        (["fileType"], "Params", "fileType", "is not 'Plan'"),
        (["version"], 42, "version", "version 42 is not known"),
        (["mission", "version"], 7, "mission.version", "version 7 is not known"),
        (["rallyPoints-"], None, "document", "'rallyPoints' is missing"),
        (["mission", "items", 1, "frame"], 10, "mission.items[1].frame", "frame 10 is not accepted"),
        (["mission", "items", 1, "command"], 1.5, "mission.items[1].command", "1.5 found"),
        (["mission", "items", 2, "params", 4], 91, "mission.items[2].params[4]", "off the Earth"),
        (["mission", "items", 2, "params"], [0, 0], "mission.items[2].params", "2 elements found"),
        (["mission", "items", 1, "params", 4], 0.5, "mission.items[1].params[4]", "0.5 found"),
        (["mission", "items", 0, "autoContinue"], 1, "mission.items[0].autoContinue", "true or false"),
        (["mission", "plannedHomePosition", 2], None, "mission.plannedHomePosition[2]", "null found"),
        (["geoFence", "polygons", 0, "polygon"], [[1, 2]], "geoFence.polygons[0].polygon", "1 vertices"),
        (["geoFence", "polygons", 0, "version"], 3, "geoFence.polygons[0].version", "version 3"),
        (["rallyPoints", "points", 0, 0], "north", "rallyPoints.points[0][0]", "a string found"),
        (["mission"], [], "mission", "an array found, an object expected"),
    ],
)
def test_a_broken_plan_is_refused_with_its_place(
    mission: Mission, path: list[str | int], value: object, place: str, what: str
) -> None:
    """File, place, what was found and how to mend it."""
    with pytest.raises(InputError) as caught:
        from_plan_json(broken(mission, path, value), "week.plan")
    (problem,) = caught.value.problems
    assert (problem.file, problem.place) == ("week.plan", place)
    assert what in problem.what
    assert problem.mend


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", '{"fileType": NaN}', "[" * 100_000])
def test_what_is_no_plan_at_all_is_refused(text: str) -> None:
    """Never another exception than InputError."""
    with pytest.raises(InputError):
        from_plan_json(text, "x.plan")


@given(text=st.text(max_size=200), position=st.integers(0, 4000), deletion=st.integers(0, 40))
def test_no_text_does_anything_but_read_or_raise_input_error(text: str, position: int, deletion: int) -> None:
    """Also a real plan with a piece torn out and another put in."""
    item = MissionItem(MavCommand.NAV_TAKEOFF, x=473977507, y=85456075, z=15.0)
    ring = fence_polygon([GeoPoint(1.0, 2.0), GeoPoint(1.5, 2.0), GeoPoint(1.0, 2.5)], inclusion=True)
    good = written(Mission((item,), ring, (), GeoPoint(47.4, 8.5), 488.0))
    for candidate in (text, good[:position] + text + good[position + deletion :]):
        with contextlib.suppress(InputError):
            assert isinstance(from_plan_json(candidate, "x.plan"), Mission)


BAD = {
    "mavsdk_qgroundcontrol_sample_with_survey.plan": "survey",
    "mavsdk_qgroundcontrol_sample_with_structured_scan.plan": "StructureScan",
    "mavsdk_qgroundcontrol_sample_without_mission.plan": "'mission' is missing",
    "mavsdk_qgroundcontrol_sample_wrong_mission_version.plan": "version 7",
    "mavsdk_qgroundcontrol_sample_wrong_overall_version.plan": "version 42",
}


@pytest.mark.real_data
def test_a_plan_of_qgroundcontrol_is_read(sample_plans: Path) -> None:
    """Take-off with unset yaw, waypoints, a camera command without a position, return."""
    path = sample_plans / "mavsdk_qgroundcontrol_sample.plan"
    mission = from_plan_json(path.read_text(encoding="utf-8"), path.name)
    assert [item.command for item in mission.items] == [22, 16, 2000, 16, 16, 20]
    assert (mission.items[0].x, mission.items[0].y, mission.items[0].z) == (473977507, 85456075, 50.0)
    assert math.isnan(mission.items[0].param4)
    assert mission.items[2].frame == MavFrame.MISSION
    assert mission.home_amsl_m == 488.93101752001763
    assert from_plan_json(written(mission), "again.plan").digest() == mission.digest()


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "what"), BAD.items())
def test_plans_that_are_not_flown_are_refused_by_name(sample_plans: Path, name: str, what: str) -> None:
    """Surveys, scans, and versions from the future."""
    with pytest.raises(InputError, match=what):
        from_plan_json((sample_plans / name).read_text(encoding="utf-8"), name)
