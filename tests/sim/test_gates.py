"""Gates of a delivery mission: what a real PX4 v1.16.1 does at them, recorded, and the simulated one alike.

Both kinds hold the vehicle for their time; MISSION_SET_CURRENT ends them at once, in the air and on the ground; a
commanded DO_GRIPPER works in Mission mode and changes neither mode nor item.
"""

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pymavlink.dialects.v20 import common as dialect

from mission.model.mission import MavCommand, MissionItem

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation

WAIT_S = 60.0
GATE = 4
RELEASE = (211, 1.0, 0.0)


def gated(plans: SimpleNamespace, *, lands: bool) -> list[MissionItem]:
    """A delivery 30 m north, with a gate in the air or on the ground."""
    drop = (30.0, 0.0)
    stop = plans.item(MavCommand.NAV_LAND, *drop, 0.0) if lands else plans.item(MavCommand.NAV_WAYPOINT, *drop, 6.0)
    gate = (
        plans.action(MavCommand.NAV_DELAY, WAIT_S)
        if lands
        else plans.item(MavCommand.NAV_LOITER_TIME, *drop, 6.0, WAIT_S)
    )
    return [
        plans.item(MavCommand.NAV_TAKEOFF, 0.0, 0.0, 15.0),
        plans.action(MavCommand.DO_CHANGE_SPEED, 1.0, 8.0),
        plans.item(MavCommand.NAV_WAYPOINT, *drop, 15.0),
        stop,
        gate,
        plans.item(MavCommand.NAV_WAYPOINT, *drop, 15.0),
        plans.item(MavCommand.NAV_WAYPOINT, 0.0, 0.0, 15.0),
        plans.item(MavCommand.NAV_LAND, 0.0, 0.0, 0.0),
    ]


def at_gate(station: "GroundStation", plans: SimpleNamespace, *, lands: bool) -> None:
    """Fly until the gate is the current item."""
    station.autopilot.onboard.payload.load([0.7])
    station.launch(gated(plans, lands=lands))
    station.until(lambda: station.autopilot.navigator.mission.current == GATE, 120.0)


both = pytest.mark.parametrize("lands", [False, True], ids=["in the air", "on the ground"])


@both
def test_a_gate_holds_the_vehicle_for_its_time_and_no_longer(
    station: "GroundStation", plans: SimpleNamespace, lands: bool
) -> None:
    """Nobody tells it to go on: it waits a minute, then flies home by itself."""
    at_gate(station, plans, lands=lands)
    station.run(WAIT_S - 3.0)
    assert station.autopilot.navigator.mission.current == GATE
    assert station.autopilot.onboard.armed
    assert station.autopilot.onboard.landed is lands
    station.run(8.0)
    assert station.autopilot.navigator.mission.current == GATE + 1
    station.until(lambda: not station.autopilot.onboard.armed, 200.0)


@both
def test_a_vehicle_told_to_go_on_leaves_its_gate_at_once(
    station: "GroundStation", plans: SimpleNamespace, lands: bool
) -> None:
    """Within a second it climbs straight up: PX4 took 0.3 s in the air and 0.5 s on the ground."""
    at_gate(station, plans, lands=lands)
    station.run(5.0)
    onboard = station.autopilot.onboard
    below = onboard.airframe.up_m
    station.send(dialect.MAVLink_mission_set_current_message(onboard.config.system_id, 1, GATE + 1))
    station.run(1.0)
    assert station.named("MISSION_CURRENT")[-1].seq == GATE + 1
    station.until(lambda: onboard.airframe.up_m > below + 3.0, 10.0)
    assert abs(onboard.airframe.north_m - 30.0) < 1.0
    assert onboard.mode.name == "MISSION"


@both
def test_a_commanded_release_at_a_gate_changes_neither_mode_nor_item(
    station: "GroundStation", plans: SimpleNamespace, lands: bool
) -> None:
    """IN_PROGRESS, ACCEPTED a second later, and the parcel lies at the drop."""
    at_gate(station, plans, lands=lands)
    station.run(3.0)
    assert station.command(*RELEASE) == [(5, 255)]
    station.run(1.5)
    onboard = station.autopilot.onboard
    assert (onboard.mode.name, station.autopilot.navigator.mission.current) == ("MISSION", GATE)
    (release,) = onboard.payload.releases
    assert release.height_home_m == pytest.approx(0.0 if lands else 6.0, abs=1.0)


def test_a_vehicle_with_a_scale_tells_what_hangs_in_its_grippers(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """NAMED_VALUE_FLOAT payload_kg, from boot on; a vehicle without one says nothing."""
    station = make_station(payload_sensor=True)
    station.autopilot.onboard.payload.load([0.7])
    station.run(1.0)
    told = station.named("NAMED_VALUE_FLOAT")[-1]
    assert (told.name, told.value) == ("payload_kg", pytest.approx(0.7))
    plain = make_station()
    plain.run(1.0)
    assert plain.named("NAMED_VALUE_FLOAT") == []
