"""Missions that PX4 acknowledges and then refuses to fly."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mission.model.mission import MissionItem
from sim.modes import Mode

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation

ACCEPTED, TEMPORARILY_REJECTED, DENIED = (0, 0), (1, 0), (2, 0)
FENCE = 1
AUTO = 4
MISSION_SUB_MODE = 4


def infeasible_missions(plans: SimpleNamespace) -> dict[str, list[MissionItem]]:
    """One mission for each check that PX4 makes after the ACK."""
    fly, land = plans.item(16, 40.0, 0.0, 20.0), plans.item(21, 0.0, 0.0, 0.0)
    takeoff = plans.item(22, 0.0, 0.0, 20.0)
    return {
        "second take-off": [takeoff, fly, land, plans.item(22, 0.0, 0.0, 20.0), land],
        "gripper before take-off": [plans.action(211, 1.0, 0.0), takeoff, fly, land],
        "winch before take-off": [plans.action(42600, 1.0, 1.0), takeoff, fly, land],
        "actuator before take-off": [plans.action(187, 1.0), takeoff, fly, land],
        "waypoint before take-off": [fly, takeoff, land],
        "take-off to home's height": [plans.item(22, 0.0, 0.0, 0.0), fly, land],
        "take-off below ground": [plans.item(22, 0.0, 0.0, -5.0), fly, land],
        "starts with a landing": [land, fly],
    }


@pytest.mark.parametrize(
    "name",
    [
        "second take-off",
        "gripper before take-off",
        "winch before take-off",
        "actuator before take-off",
        "waypoint before take-off",
        "take-off to home's height",
        "take-off below ground",
        "starts with a landing",
    ],
)
def test_infeasible_mission_is_acked_and_then_neither_arms_nor_starts(
    station: "GroundStation", plans: SimpleNamespace, name: str
) -> None:
    """ACK 0 comes first; then arming in mission mode is TEMPORARILY_REJECTED and MISSION_START DENIED (F-V15)."""
    assert station.upload(infeasible_missions(plans)[name]) == 0
    station.run(1.0)
    assert station.command(176, 1.0, AUTO, MISSION_SUB_MODE) == [ACCEPTED, ACCEPTED]
    assert station.command(400, 1.0) == [TEMPORARILY_REJECTED]
    assert station.command(300) == [DENIED]
    station.run(1.0)
    assert station.texts() == [
        "Arming denied: Resolve system health failures first",
        "Mission start denied! No valid mission",
    ]
    assert not station.autopilot.onboard.armed


@pytest.mark.parametrize("name", ["a leg of 200 km", "50 m below home", "no height", "beyond the pole"])
def test_what_px4_does_not_check_is_accepted_and_may_be_armed(
    station: "GroundStation", plans: SimpleNamespace, name: str
) -> None:
    """Legs of 200 km, a height of -50 m or NaN, latitude 91: found feasible, and armed in mission mode."""
    waypoint = {
        "a leg of 200 km": plans.item(16, 200_000.0, 0.0, 20.0),
        "50 m below home": plans.item(16, 40.0, 0.0, -50.0),
        "no height": plans.item(16, 40.0, 0.0, math.nan),
        "beyond the pole": replace(plans.item(16, 40.0, 0.0, 20.0), x=910_000_000),
    }[name]
    assert station.upload([plans.item(22, 0.0, 0.0, 20.0), waypoint, plans.item(21, 0.0, 0.0, 0.0)]) == 0
    station.run(1.0)
    assert station.command(300) == [ACCEPTED]
    station.run(30.0)
    assert station.autopilot.onboard.armed


def test_arming_within_half_a_second_of_an_infeasible_upload_slips_through(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """Health is checked at 2 Hz: a valid mission is replaced by a bad one, and arming at once still works."""
    station.upload(plans.hover_delivery())
    station.run(1.0)
    station.command(176, 1.0, AUTO, MISSION_SUB_MODE)
    station.until(lambda: round(station.autopilot.now_s % 0.5, 2) == 0.04, 1.0)
    station.upload(infeasible_missions(plans)["second take-off"])
    station.run(0.2)
    assert not station.autopilot.navigator.mission.verdict.valid
    assert station.command(400, 1.0) == [ACCEPTED]


def test_waypoint_outside_the_fence_is_named_and_the_mission_not_flown(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """The fence check speaks a text with the number of the waypoint, counted from 1."""
    station.upload(plans.square_fence(30.0), FENCE)
    station.run(1.0)
    station.upload(plans.hover_delivery(60.0))
    station.run(1.0)
    assert station.texts() == ["Geofence violation for waypoint 3"]
    assert station.command(300) == [DENIED]


def test_leg_through_an_exclusion_is_accepted(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Only waypoints are checked against the fence, never what lies between them."""
    station.upload(plans.square_fence(8.0, command=5002, north_m=30.0), FENCE)
    station.upload(plans.hover_delivery(60.0))
    station.run(1.0)
    assert station.autopilot.navigator.mission.verdict.valid
    assert station.texts() == []


def test_fence_that_excludes_home_is_acked_and_silently_dropped(
    station: "GroundStation", plans: SimpleNamespace
) -> None:
    """The upload is accepted, a text follows, and nothing is left of the fence (F-V14)."""
    assert station.upload(plans.square_fence(30.0, north_m=100.0), FENCE) == 0
    station.run(1.0)
    assert station.texts() == ["Geofence invalid, doesn't contain Home position"]
    assert station.autopilot.onboard.fence.areas == []
    station.upload(plans.hover_delivery())
    station.run(1.0)
    assert station.command(300) == [ACCEPTED]


def test_feasible_again_after_a_good_upload(station: "GroundStation", plans: SimpleNamespace) -> None:
    """A good mission after a bad one makes the vehicle armable in mission mode again."""
    station.upload(infeasible_missions(plans)["second take-off"])
    station.run(1.0)
    station.command(176, 1.0, AUTO, MISSION_SUB_MODE)
    unarmable = not station.autopilot.commander.armable
    station.upload(plans.hover_delivery())
    station.run(1.0)
    assert unarmable
    assert station.autopilot.commander.armable
    assert station.autopilot.onboard.mode is Mode.MISSION
