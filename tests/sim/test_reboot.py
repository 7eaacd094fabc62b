"""PREFLIGHT_REBOOT_SHUTDOWN: what restarts an autopilot, what is refused, and what a restart forgets."""

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mission.model.mission import MavMissionType

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation

REBOOT = 246
ACCEPTED, DENIED = (0, 0), (2, 0)
HOLD = 0x03040000
PREARM = 0x10000000


def test_on_the_ground_it_answers_and_then_restarts(station: "GroundStation") -> None:
    """ACCEPTED; 0.4 s later silence, then a clock that began anew, in Hold."""
    assert station.command(REBOOT, 1.0) == [ACCEPTED]
    station.run(0.5)
    station.heard.clear()
    station.run(2.5)
    assert station.heard == []
    station.run(2.0)
    assert 0 < station.named("GLOBAL_POSITION_INT")[-1].time_boot_ms < 5500
    assert station.named("HEARTBEAT")[-1].custom_mode == HOLD
    assert station.named("SYS_STATUS")[-1].onboard_control_sensors_health & PREARM


def test_commands_between_the_answer_and_the_restart_are_not_carried_out(station: "GroundStation") -> None:
    """PX4's commander does nothing more: an arming in between gets no answer, then or later."""
    station.command(REBOOT, 1.0)
    assert station.command(400, 1.0) == []
    station.run(6.0)
    assert not station.autopilot.onboard.armed
    assert [m.command for m in station.named("COMMAND_ACK")] == [REBOOT]


def test_armed_it_is_denied_on_the_ground_and_in_the_air(station: "GroundStation", plans: SimpleNamespace) -> None:
    """DENIED, and nothing restarts."""
    station.command(400, 1.0)
    assert station.command(REBOOT, 1.0) == [DENIED]
    station.command(400, 0.0)
    station.launch(plans.hover_delivery())
    station.run(15.0)
    assert station.command(REBOOT, 1.0) == [DENIED]
    station.run(1.0)
    assert station.named("GLOBAL_POSITION_INT")[-1].time_boot_ms > 15_000
    assert station.autopilot.onboard.armed


@pytest.mark.parametrize(("asked", "answer"), [(0.0, ACCEPTED), (2.0, DENIED), (3.0, DENIED), (float("nan"), DENIED)])
def test_only_a_plain_restart_is_carried_out(station: "GroundStation", asked: float, answer: tuple[int, int]) -> None:
    """Nothing (0) is accepted; switching off (2), the bootloader (3) and what is no number are DENIED."""
    assert station.command(REBOOT, asked) == [answer]
    station.run(1.0)
    assert not station.autopilot.silent


def test_plans_and_parameters_outlast_a_restart_and_message_intervals_do_not(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """The mission is held under its id, a parameter keeps its value, ATTITUDE comes at PX4's rate again."""
    station = make_station(parameters={"GF_ACTION": 3})
    station.upload(plans.hover_delivery())
    held = station.autopilot.onboard.plans.ids[MavMissionType.MISSION]
    station.command(511, 30.0, -1.0)
    station.command(REBOOT, 1.0)
    station.run(4.0)
    station.heard.clear()
    station.run(2.0)
    assert station.autopilot.onboard.plans.ids[MavMissionType.MISSION] == held
    assert station.autopilot.onboard.parameters.integer("GF_ACTION") == 3
    assert station.named("ATTITUDE")


def test_the_first_request_after_a_restart_is_float_again(station: "GroundStation", plans: SimpleNamespace) -> None:
    """MISSION_REQUEST, although the client sent MISSION_ITEM_INT before."""
    station.upload(plans.hover_delivery())
    station.command(REBOOT, 1.0)
    station.run(4.0)
    station.heard.clear()
    station.count(2)
    assert [m.get_type() for m in station.named("MISSION_REQUEST", "MISSION_REQUEST_INT")] == ["MISSION_REQUEST"]
