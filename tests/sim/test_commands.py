"""How commands are answered."""

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pymavlink.dialects.v20 import common as dialect

from sim.modes import LandedState, Mode

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation

ACCEPTED, TEMPORARILY_REJECTED, DENIED = (0, 0), (1, 0), (2, 0)
UNSUPPORTED, FAILED, IN_PROGRESS = (3, 0), (4, 0), (5, 255)
AUTO = 4.0


def test_set_mode_gets_two_acks(station: "GroundStation") -> None:
    """The first ACK is the link's and means nothing; the second is the commander's."""
    assert station.command(176, 1.0, AUTO, 4.0) == [ACCEPTED, ACCEPTED]
    assert station.command(176, 1.0, AUTO, 99.0) == [ACCEPTED, TEMPORARILY_REJECTED]
    station.run(1.0)
    assert station.named("HEARTBEAT")[-1].custom_mode == 0x04040000


def test_mode_that_needs_a_pilot_is_taken_on_the_ground_and_cannot_be_armed(station: "GroundStation") -> None:
    """PX4 lets OFFBOARD be chosen while disarmed, and then refuses to arm, forced or not."""
    assert station.command(176, 1.0, 6.0, 0.0) == [ACCEPTED, ACCEPTED]
    station.run(1.0)
    assert station.named("HEARTBEAT")[-1].custom_mode == 0x00060000
    assert station.command(400, 1.0) == [TEMPORARILY_REJECTED]
    assert station.command(400, 1.0, 21196.0) == [TEMPORARILY_REJECTED]


def test_mode_that_cannot_run_is_refused_in_flight(station: "GroundStation", plans: SimpleNamespace) -> None:
    """In the air OFFBOARD is not taken: the second ACK says so, and the mission goes on (F-V10)."""
    station.launch(plans.hover_delivery())
    station.run(12.0)
    assert station.command(176, 1.0, 6.0, 0.0) == [ACCEPTED, TEMPORARILY_REJECTED]
    station.run(1.0)
    assert station.named("HEARTBEAT")[-1].custom_mode == 0x04040000


def test_commanded_gripper_is_in_progress_and_accepted_a_second_later(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """DO_GRIPPER answers IN_PROGRESS at once and ACCEPTED after PD_GRIPPER_TO."""
    station = make_station()
    assert station.command(211, 1.0, 0.0) == [IN_PROGRESS]
    station.run(0.8)
    assert [m.result for m in station.named("COMMAND_ACK")] == [5]
    station.run(0.2)
    assert [m.result for m in station.named("COMMAND_ACK")] == [5, 0]


def test_a_gripper_asked_for_what_it_does_or_has_done_moves_once(make_station: "MakeStation") -> None:
    """As recorded: closed at boot; asked while it opens TEMPORARILY_REJECTED; when it is open ACCEPTED at once."""
    station = make_station()
    assert station.command(211, 1.0, 1.0) == [ACCEPTED]
    assert station.command(211, 1.0, 0.0) == [IN_PROGRESS]
    assert station.command(211, 1.0, 0.0) == [TEMPORARILY_REJECTED]
    station.run(1.2)
    assert station.command(211, 1.0, 0.0) == [ACCEPTED]


def test_a_gripper_told_otherwise_while_it_moves_cancels_what_it_did(make_station: "MakeStation") -> None:
    """PX4's payload deliverer answers the first command CANCELLED, then the second IN_PROGRESS."""
    station = make_station()
    station.command(211, 1.0, 0.0)
    assert [answer[0] for answer in station.command(211, 1.0, 1.0)] == [6, 5]


@pytest.mark.parametrize("number", [224, 183, 31000, 94])
def test_unknown_commands_are_unsupported(station: "GroundStation", number: int) -> None:
    """DO_SET_MISSION_CURRENT (224) is one of them: PX4 v1.16 has only the message MISSION_SET_CURRENT."""
    assert station.command(number) == [UNSUPPORTED]


def test_request_message_sends_it_before_the_ack(station: "GroundStation") -> None:
    """AUTOPILOT_VERSION tells the capabilities of a PX4, MISSION_INT (4) among them."""
    assert station.command(512, 148.0) == [ACCEPTED]
    names = [m.get_type() for m in station.named("AUTOPILOT_VERSION", "COMMAND_ACK")]
    assert names == ["AUTOPILOT_VERSION", "COMMAND_ACK"]
    assert station.named("AUTOPILOT_VERSION")[0].capabilities & 4
    assert station.command(512, 9999.0) == [DENIED]


def test_message_interval_is_honoured_and_restored(make_station: "MakeStation") -> None:
    """SET_MESSAGE_INTERVAL sets, stops (-1) and restores (0) the rate of a stream; an unknown one fails."""
    station = make_station(max_stream_hz=100.0)

    def rate() -> int:
        station.heard.clear()
        station.run(2.0)
        return len(station.named("ATTITUDE")) // 2

    assert rate() in (99, 100)
    assert station.command(511, 30.0, 100_000.0) == [ACCEPTED]
    assert rate() in (9, 10)
    assert station.command(511, 30.0, -1.0) == [ACCEPTED]
    assert rate() == 0
    assert station.command(511, 30.0, 0.0) == [ACCEPTED]
    assert rate() in (99, 100)
    assert station.command(511, 9999.0, 100.0) == [FAILED]


def test_not_a_number_in_a_command_is_refused_without_harm(station: "GroundStation") -> None:
    """NaN in any parameter never raises."""
    nan = float("nan")
    for number in (176, 192, 211, 300, 400, 511, 512, 22, 179):
        station.command(number, nan, nan, nan, nan, nan, nan, nan)
    assert not station.autopilot.onboard.armed


def test_arming_is_denied_until_the_estimator_is_ready(make_station: "MakeStation") -> None:
    """In the first 3 s the PREARM bit is clear, arming is TEMPORARILY_REJECTED with a text; later it works."""
    station = make_station(boot_s=2.0)
    prearm = 0x10000000
    assert not station.named("SYS_STATUS")[-1].onboard_control_sensors_health & prearm
    assert station.command(400, 1.0) == [TEMPORARILY_REJECTED]
    station.run(2.0)
    assert station.texts() == ["Arming denied: Resolve system health failures first"]
    assert station.named("SYS_STATUS")[-1].onboard_control_sensors_health & prearm
    assert station.command(400, 1.0) == [ACCEPTED]


def test_texts_are_sent_only_while_a_ground_station_is_heard(make_station: "MakeStation") -> None:
    """Without heartbeats of type GCS the reason of a refusal is never spoken."""
    station = make_station(boot_s=0.1)
    station.heartbeats = False
    station.run(5.0)
    station.command(300)
    station.run(1.0)
    assert station.texts() == []


def test_armed_vehicle_that_does_not_take_off_disarms_itself(station: "GroundStation") -> None:
    """COM_DISARM_PRFLT: 10 s on the ground, then disarmed."""
    station.command(400, 1.0)
    station.run(9.5)
    assert station.autopilot.onboard.armed
    station.run(1.0)
    assert not station.autopilot.onboard.armed


def test_disarming_in_the_air_is_refused_unless_forced(station: "GroundStation", plans: SimpleNamespace) -> None:
    """TEMPORARILY_REJECTED with a text; the magic number 21196 disarms all the same."""
    station.launch(plans.hover_delivery())
    station.run(15.0)
    assert station.command(400, 0.0) == [TEMPORARILY_REJECTED]
    station.run(0.2)
    assert station.texts()[-1] == "Disarming denied: not landed"
    assert station.command(400, 0.0, 21196.0) == [ACCEPTED]
    assert not station.autopilot.onboard.armed


def test_hold_land_and_return_from_a_mission(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Hold by DO_SET_MODE, reposition at an AMSL height, and return: the modes are seen in HEARTBEAT."""
    station.launch(plans.hover_delivery(100.0))
    station.run(25.0)
    assert station.command(176, 1.0, AUTO, 3.0)[-1] == ACCEPTED
    latitude, longitude = plans.place(20.0, 30.0)
    target = dialect.MAVLink_command_int_message(1, 1, 6, 192, 0, 0, -1, 1, 0, 0, latitude, longitude, 230.0)
    station.send(target)
    station.run(30.0)
    position = station.named("GLOBAL_POSITION_INT")[-1]
    assert position.lat == pytest.approx(latitude, abs=100)
    assert position.alt == pytest.approx(230_000, abs=500)
    assert station.command(20) == [ACCEPTED]
    station.until(lambda: not station.autopilot.onboard.armed, 120.0)
    station.run(1.5)
    modes = station.changes_of("HEARTBEAT", "custom_mode")
    assert modes[-4:] == [0x04040000, 0x03040000, 0x05040000, 0x03040000]
    assert "RTL: land at destination" in station.texts()


def test_reposition_without_its_flag_is_refused(station: "GroundStation", plans: SimpleNamespace) -> None:
    """DO_REPOSITION needs flag 1 (change the mode); without it nothing happens."""
    station.launch(plans.hover_delivery(100.0))
    station.run(20.0)
    assert station.command(192, -1.0, 0.0) == [UNSUPPORTED]
    station.run(1.0)
    assert station.named("HEARTBEAT")[-1].custom_mode == 0x04040000


def test_take_off_mode_climbs_and_goes_on_to_hold(station: "GroundStation") -> None:
    """NAV_TAKEOFF to an AMSL height, then mode Hold there."""
    station.command(400, 1.0)
    nan = float("nan")
    assert station.command(22, 0.0, 0.0, 0.0, nan, nan, nan, 215.0) == [ACCEPTED]
    station.until(lambda: station.autopilot.onboard.mode is Mode.LOITER, 30.0)
    station.run(5.0)
    assert station.autopilot.onboard.airframe.up_m == pytest.approx(15.0, abs=0.5)
    states = station.changes_of("EXTENDED_SYS_STATE", "landed_state")
    assert states == [LandedState.ON_GROUND, LandedState.TAKEOFF, LandedState.IN_AIR]


def test_ping_and_timesync_are_answered(station: "GroundStation") -> None:
    """A PING to everybody comes back to its sender with its own numbers; so does TIMESYNC."""
    station.heard.clear()
    station.send(dialect.MAVLink_ping_message(123456, 7, 0, 0))
    station.send(dialect.MAVLink_timesync_message(0, 987654321))
    ping = next(m for m in station.named("PING") if m.target_system == 245)
    assert (ping.time_usec, ping.seq, ping.target_component) == (123456, 7, 190)
    assert any(m.ts1 == 987654321 and m.tc1 > 0 for m in station.named("TIMESYNC"))


def test_events_are_sent_also_while_no_ground_station_is_heard(make_station: "MakeStation") -> None:
    """As recorded: EVENT 9489139 of the autopilot with "Armed by", heartbeat or not; texts only with one."""
    station = make_station()
    station.heartbeats = False
    station.run(5.0)
    autopilot = station.autopilot
    autopilot.take()
    message = dialect.MAVLink_command_long_message(1, 1, 400, 0, 1.0, 0, 0, 0, 0, 0, 0)
    autopilot.receive(message.pack(dialect.MAVLink(None, 245, 190)))
    autopilot.advance(autopilot.now_s + 0.2)
    frames = {int.from_bytes(frame[7:10], "little"): frame for frame in autopilot.take()}
    assert int.from_bytes(frames[410][10:14], "little") == 1 << 24 | 9489139
    assert 253 not in frames
