"""Return along the mission, as PX4 flies RTL_TYPE 2 and 4 (rtl_mission_fast.cpp, rtl_mission_fast_reverse.cpp)."""

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mission.model.mission import MissionItem

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation

RETURN_COMMAND, RALLY = 20, 2
NORTH_M, EAST_M = 60.0, 60.0
OFF_PATH_M = 4.0
LANDING_EAST_M = 80.0


def around_a_corner(plans: SimpleNamespace, *, lands: bool = True) -> list[MissionItem]:
    """Up, north, a release and a wait, east, south, and down: the straight way home cuts the corners."""
    items = [
        plans.item(22, 0.0, 0.0, 20.0),
        plans.item(16, NORTH_M, 0.0, 20.0),
        plans.action(211, 1.0, 0.0),
        plans.action(93, 30.0, -1.0, -1.0, -1.0),
        plans.item(16, NORTH_M, EAST_M, 20.0, 5.0),
        plans.item(16, 0.0, EAST_M, 20.0),
    ]
    return [*items, plans.item(21, 0.0, LANDING_EAST_M, 0.0)] if lands else items


def fly_until(station: "GroundStation", index: int) -> None:
    """Fly on until an item is the current one."""
    station.until(lambda: station.autopilot.navigator.mission.current == index, 120.0)


def come_down(station: "GroundStation") -> list[tuple[float, float]]:
    """Follow the vehicle until it is disarmed; return where it was, north and east in metres."""
    airframe = station.autopilot.onboard.airframe
    track: list[tuple[float, float]] = []

    def is_down() -> bool:
        track.append((airframe.north_m, airframe.east_m))
        return not station.autopilot.onboard.armed

    station.until(is_down, 300.0)
    return track


def off_the_corners_m(track: list[tuple[float, float]]) -> float:
    """How far a track leaves the legs of `around_a_corner` at most."""
    return max(
        min(
            abs(east) + max(-north, north - NORTH_M, 0.0),
            abs(north - NORTH_M) + max(-east, east - EAST_M, 0.0),
            abs(east - EAST_M) + max(-north, north - NORTH_M, 0.0),
            abs(north) + max(EAST_M - east, east - LANDING_EAST_M, 0.0),
        )
        for north, east in track
    )


def test_a_return_goes_on_along_the_mission_to_its_landing(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """RTL_TYPE 2: the legs that are left, then down at the mission's landing and disarmed."""
    station = make_station(parameters={"RTL_TYPE": 2})
    station.launch(around_a_corner(plans))
    fly_until(station, 1)
    station.run(6.0)
    assert station.command(RETURN_COMMAND)[-1] == (0, 0)
    track = come_down(station)
    assert off_the_corners_m(track) < OFF_PATH_M
    assert track[-1] == pytest.approx((0.0, LANDING_EAST_M), abs=1.0)
    assert station.changes_of("MISSION_CURRENT", "seq")[-4:] == [1, 4, 5, 6]


def test_a_return_along_the_mission_releases_nothing_and_waits_for_nothing(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """Items without a place are passed over, and waypoints are flown through."""
    station = make_station(parameters={"RTL_TYPE": 2})
    station.autopilot.onboard.payload.load([1.0])
    station.launch(around_a_corner(plans))
    fly_until(station, 1)
    station.command(RETURN_COMMAND)
    began_s = station.autopilot.now_s
    come_down(station)
    assert station.autopilot.onboard.payload.releases == []
    assert station.autopilot.now_s - began_s < 90.0


def test_rally_points_do_not_count_for_a_return_along_the_mission(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """A rally point that is nearest by far changes nothing."""
    station = make_station(parameters={"RTL_TYPE": 2})
    station.upload([plans.item(5100, NORTH_M, 20.0, 0.0, frame=3)], RALLY)
    station.launch(around_a_corner(plans))
    fly_until(station, 4)
    station.command(RETURN_COMMAND)
    assert come_down(station)[-1] == pytest.approx((0.0, LANDING_EAST_M), abs=1.0)


def test_a_return_from_hold_sets_out_for_the_nearest_item(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """After a failsafe's Hold PX4 no longer knows the item that was flown: it may go back to one behind it."""
    station = make_station(parameters={"RTL_TYPE": 2})
    station.launch(around_a_corner(plans))
    fly_until(station, 1)
    station.run(3.0)
    assert station.command(176, 1.0, 4.0, 3.0)[-1] == (0, 0)
    station.run(8.0)
    north_m = station.autopilot.onboard.airframe.north_m
    assert 5.0 < north_m < NORTH_M / 2
    station.command(RETURN_COMMAND)
    assert station.autopilot.navigator.mission.current == 0
    track = come_down(station)
    assert min(north for north, _ in track) < 3.0
    assert track[-1] == pytest.approx((0.0, LANDING_EAST_M), abs=1.0)


def test_without_a_landing_the_way_back_is_flown_and_home_is_landed_at(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """RTL_TYPE 2 with a mission that does not land: its legs backwards to the take-off, then down at home."""
    station = make_station(parameters={"RTL_TYPE": 2})
    station.launch(around_a_corner(plans, lands=False))
    fly_until(station, 5)
    station.run(5.0)
    station.command(RETURN_COMMAND)
    track = come_down(station)
    assert off_the_corners_m(track) < OFF_PATH_M
    assert track[-1] == pytest.approx((0.0, 0.0), abs=1.0)
    assert station.changes_of("MISSION_CURRENT", "seq")[-3:] == [4, 1, 0]


def test_a_landing_in_the_middle_is_flown_as_such_and_then_the_rest(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """It comes down where the delivery would be, rises by itself, and goes on home with its parcel."""
    station = make_station(parameters={"RTL_TYPE": 2})
    station.autopilot.onboard.payload.load([1.0])
    drop = [plans.item(22, 0.0, 0.0, 20.0), plans.item(16, NORTH_M, 0.0, 20.0), plans.item(21, NORTH_M, 0.0, 0.0)]
    home = [plans.action(211, 1.0, 0.0), plans.item(16, NORTH_M, 0.0, 20.0), plans.item(21, 0.0, 0.0, 0.0)]
    station.launch([*drop, *home])
    fly_until(station, 1)
    station.command(RETURN_COMMAND)
    track = come_down(station)
    assert station.texts().count("Landing detected") == 2
    assert station.texts()[-2:] == ["Mission finished, landed", "Disarmed by landing"]
    assert track[-1] == pytest.approx((0.0, 0.0), abs=1.0)
    assert station.autopilot.onboard.payload.mass_kg == 1.0


def test_without_a_mission_a_return_along_it_stays_where_it_is(make_station: "MakeStation") -> None:
    """PX4 has no item to set out for, and holds."""
    station = make_station(parameters={"RTL_TYPE": 2, "MIS_TAKEOFF_ALT": 10.0})
    station.command(400, 1.0)
    station.command(22, 0.0, 0.0, 0.0, 0.0, float("nan"), float("nan"), float("nan"))
    station.until(lambda: station.autopilot.onboard.airframe.up_m > 9.0, 30.0)
    station.command(RETURN_COMMAND)
    station.run(60.0)
    assert station.autopilot.onboard.airframe.up_m > 8.0
    assert station.texts()[-1] == "No valid mission available, loitering"


@pytest.mark.parametrize(("index", "lands_at"), [(1, (0.0, 0.0)), (5, (0.0, LANDING_EAST_M))])
def test_type_4_turns_round_where_less_items_lie_behind(
    make_station: "MakeStation", plans: SimpleNamespace, index: int, lands_at: tuple[float, float]
) -> None:
    """By the number of items: back from the first half, forward from the second."""
    station = make_station(parameters={"RTL_TYPE": 4})
    station.launch(around_a_corner(plans))
    fly_until(station, index)
    station.command(RETURN_COMMAND)
    track = come_down(station)
    assert off_the_corners_m(track) < OFF_PATH_M
    assert track[-1] == pytest.approx(lands_at, abs=1.0)
