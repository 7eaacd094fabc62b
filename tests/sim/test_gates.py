"""A mission that waits: in the air and on the ground, until time is over or somebody says go on."""

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pymavlink.dialects.v20 import common as dialect

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation

GATE_S = 60.0


def go_to(station: "GroundStation", item: int) -> None:
    """MISSION_SET_CURRENT."""
    station.send(dialect.MAVLink_mission_set_current_message(1, 1, item))


def air_gate(plans: SimpleNamespace) -> list[object]:
    """Out, wait 60 s at 10 m, up, back."""
    return [
        plans.item(22, 0.0, 0.0, 20.0),
        plans.item(16, 40.0, 0.0, 10.0),
        plans.item(19, 40.0, 0.0, 10.0, GATE_S),
        plans.item(16, 40.0, 0.0, 20.0),
        plans.item(21, 0.0, 0.0, 0.0),
    ]


def ground_gate(plans: SimpleNamespace) -> list[object]:
    """Out, land, wait 60 s armed on the ground, straight up, back."""
    return [
        plans.item(22, 0.0, 0.0, 20.0),
        plans.item(21, 40.0, 0.0, 0.0),
        plans.action(93, GATE_S, -1.0, -1.0, -1.0),
        plans.item(16, 40.0, 0.0, 20.0),
        plans.item(21, 0.0, 0.0, 0.0),
    ]


@pytest.mark.parametrize("gate", [air_gate, ground_gate])
def test_a_gate_that_nobody_opens_ends_by_itself_and_the_flight_goes_on(
    station: "GroundStation", plans: SimpleNamespace, gate: object
) -> None:
    """60 s after it began – not a step earlier, half a second later at most – the next item is current."""
    assert callable(gate)
    mission = station.autopilot.navigator.mission
    station.launch(gate(plans))
    station.until(lambda: mission.current == 2, 120.0)
    arrived = station.autopilot.now_s
    if gate is air_gate:
        station.until(lambda: bool(mission.steady_s() < GATE_S), 60.0)
        arrived = station.autopilot.now_s
    station.until(lambda: mission.current == 3, GATE_S + 5.0)
    assert GATE_S - 0.1 <= station.autopilot.now_s - arrived <= GATE_S + 0.5
    station.until(lambda: not station.autopilot.onboard.armed, 120.0)


@pytest.mark.parametrize("gate", [air_gate, ground_gate])
def test_set_current_past_a_gate_opens_it_at_once(
    station: "GroundStation", plans: SimpleNamespace, gate: object
) -> None:
    """MISSION_SET_CURRENT is answered by MISSION_CURRENT within 0.1 s; the vehicle rises, from the ground as well."""
    assert callable(gate)
    onboard, mission = station.autopilot.onboard, station.autopilot.navigator.mission
    station.launch(gate(plans))
    station.until(lambda: mission.current == 2, 120.0)
    station.run(10.0)
    assert mission.current == 2
    assert onboard.landed == (gate is ground_gate)
    station.heard.clear()
    go_to(station, 3)
    station.run(0.1)
    assert [m.seq for m in station.named("MISSION_CURRENT")] == [3]
    station.until(lambda: onboard.airframe.up_m > 19.0, 60.0)
    station.until(lambda: not onboard.armed, 120.0)


def test_a_gate_can_be_entered_again(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Set current back to the gate, and its time begins anew."""
    mission = station.autopilot.navigator.mission
    station.launch(air_gate(plans))
    station.until(lambda: mission.current == 3, 200.0)
    go_to(station, 2)
    station.run(30.0)
    assert mission.current == 2
    station.until(lambda: mission.current == 3, 60.0)
