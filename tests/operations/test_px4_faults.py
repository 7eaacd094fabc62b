"""When a day's fault is planted into PX4 SITL: recognised in telemetry, by the vehicle's own clock."""

from dataclasses import replace

import pytest

from mission.errors import InputError
from mission.model.telemetry import LandedState, VehicleState
from operations.px4_faults import DropMoment, battery_drops
from sim.fault_kinds import BatteryDrop, GripperStuck

WAITING = VehicleState("drone-1", boot_time_ms=1000, landed_state=LandedState.ON_GROUND, mission_current=0)
ARMED = replace(WAITING, armed=True, boot_time_ms=2000)
FLYING = replace(ARMED, landed_state=LandedState.IN_AIR, boot_time_ms=5000)


def later(state: VehicleState, ms: int, item: int = 0) -> VehicleState:
    """The same state after some of the vehicle's time."""
    return replace(state, boot_time_ms=state.boot_time_ms + ms, mission_current=item)


def test_time_counts_from_leaving_the_ground_not_from_arming() -> None:
    """A vehicle that waits armed on its pad has not taken off."""
    moment = DropMoment(BatteryDrop("drone-1", 0.2, sortie=1, after_takeoff_s=10.0))
    seen = [WAITING, ARMED, later(ARMED, 60_000), FLYING, later(FLYING, 9_999), later(FLYING, 10_000)]
    assert [moment.reached(state) for state in seen] == [False] * 5 + [True]


def test_the_second_sortie_is_the_second_time_it_arms() -> None:
    """A fault of sortie 2 leaves sortie 1 alone, however long that takes."""
    moment = DropMoment(BatteryDrop("drone-1", 0.2, sortie=2, after_takeoff_s=10.0))
    first = [WAITING, ARMED, FLYING, later(FLYING, 60_000), replace(WAITING, boot_time_ms=70_000)]
    assert not any(moment.reached(state) for state in first)
    second = [later(ARMED, 80_000), later(FLYING, 80_000), later(FLYING, 90_000)]
    assert [moment.reached(state) for state in second] == [False, False, True]


def test_an_item_is_a_moment_too() -> None:
    """As soon as the item is current in the air."""
    moment = DropMoment(BatteryDrop("drone-1", 0.2, sortie=1, at_item=3))
    assert [moment.reached(s) for s in (ARMED, FLYING, later(FLYING, 1, 2), later(FLYING, 2, 3))] == [False] * 3 + [
        True
    ]


def test_what_px4_sitl_cannot_have_is_refused_before_anything_starts() -> None:
    """Under SIH only the battery can be made to fail; each other fault is named with the way to fly it."""
    with pytest.raises(InputError, match=r"simulation\.faults\[1\].*GripperStuck.*--sim"):
        battery_drops((BatteryDrop("drone-1", 0.2, after_takeoff_s=1.0), GripperStuck("drone-1")))
