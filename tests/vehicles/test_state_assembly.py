"""Messages → state: newer wins, restarts forget, two clocks are two vehicles."""

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mission.model.telemetry import FlightMode, LandedState, VehicleState
from vehicles import px4
from vehicles.state_assembly import REBOOT_STEP_MS, StateAssembler


def apply(assembler: StateAssembler, name: str, now_s: float = 0.0, **fields: Any) -> bool:
    """One message in the JSON form in which MAVSDK gives it, with fields that nobody reads."""
    return assembler.apply(name, json.dumps({"message_name": name, "message_id": 0, **fields}), now_s)


def position(assembler: StateAssembler, boot_time_ms: int, now_s: float = 0.0, lat: int = 484_100_000) -> bool:
    """One GLOBAL_POSITION_INT."""
    return apply(
        assembler,
        px4.GLOBAL_POSITION_INT,
        now_s,
        time_boot_ms=boot_time_ms,
        lat=lat,
        lon=156_000_000,
        alt=215_000,
        relative_alt=15_000,
        vx=100,
        vy=-200,
        vz=50,
        hdg=9_000,
    )


def test_units_are_converted_once_and_right() -> None:
    """1e-7 degrees, millimetres, cm/s and centidegrees become degrees, metres, m/s and degrees."""
    assembler = StateAssembler("v", 7)
    position(assembler, 1000, now_s=42.0)
    state = assembler.state
    assert math.isclose(state.latitude_deg, 48.41)
    assert (state.altitude_amsl_m, state.height_home_m) == (215.0, 15.0)
    assert (state.velocity_north_m_s, state.velocity_east_m_s, state.velocity_down_m_s) == (1.0, -2.0, 0.5)
    assert (state.heading_deg, state.boot_time_ms, state.received_s) == (90.0, 1000, 42.0)


def test_estimator_wind_and_checksums_are_taken_from_their_messages() -> None:
    """ESTIMATOR_STATUS, WIND_COV and MISSION_CURRENT; a wind that is not a number is not known."""
    assembler = StateAssembler("v", 7)
    apply(assembler, px4.ESTIMATOR_STATUS, flags=831)
    apply(assembler, px4.WIND_COV, wind_x=3.0, wind_y=-4.0)
    apply(assembler, px4.MISSION_CURRENT, seq=0, total=5, mission_id=11, fence_id=12, rally_points_id=13)
    state = assembler.state
    assert (state.estimator_flags, state.wind_m_s) == (831, 5.0)
    assert (state.mission_plan_id, state.fence_plan_id, state.rally_plan_id) == (11, 12, 13)
    assert not apply(assembler, px4.WIND_COV, wind_x=None, wind_y=1.0)


def test_what_was_never_heard_stays_unknown() -> None:
    """A heartbeat alone gives mode and arming, and no position."""
    assembler = StateAssembler("v", 7)
    apply(assembler, px4.HEARTBEAT, base_mode=157, custom_mode=0x04040000, autopilot=12)
    assert assembler.state == VehicleState("v", 7, armed=True, mode=FlightMode.MISSION)


def test_modes_landed_state_and_prearm_are_taken_from_their_messages() -> None:
    """HEARTBEAT, EXTENDED_SYS_STATE, SYS_STATUS and MISSION_CURRENT each fill their own fields."""
    assembler = StateAssembler("v", 7)
    apply(assembler, px4.HEARTBEAT, base_mode=29, custom_mode=0x05040000, autopilot=12)
    apply(assembler, px4.EXTENDED_SYS_STATE, landed_state=2)
    apply(
        assembler,
        px4.SYS_STATUS,
        onboard_control_sensors_health=0x10000000,
        battery_remaining=55,
        voltage_battery=15_800,
    )
    apply(assembler, px4.MISSION_CURRENT, seq=3, total=9, mission_id=1, fence_id=2, rally_points_id=3)
    state = assembler.state
    assert (state.mode, state.armed) == (FlightMode.RETURN, False)
    assert state.landed_state is LandedState.IN_AIR
    assert (state.armable, state.battery_remaining, state.battery_voltage_v) == (True, 0.55, 15.8)
    assert (state.mission_current, state.mission_total, assembler.plan_ids.fence) == (3, 9, 2)


def test_an_unknown_battery_is_not_zero() -> None:
    """MAVLink's -1 and 65535 mean unknown: the last known value stays."""
    assembler = StateAssembler("v", 7)
    apply(
        assembler,
        px4.SYS_STATUS,
        onboard_control_sensors_health=0,
        battery_remaining=-1,
        voltage_battery=65_535,
    )
    assert math.isnan(assembler.state.battery_remaining)
    assert math.isnan(assembler.state.battery_voltage_v)


@given(st.lists(st.integers(0, REBOOT_STEP_MS), min_size=1, max_size=40))
def test_an_older_sample_never_overwrites_a_newer_one(times_ms: list[int]) -> None:
    """However packets are reordered, the boot time held only grows (F-L4, I-17)."""
    assembler = StateAssembler("v", 7)
    newest_ms = -1
    for time_ms in times_ms:
        position(assembler, time_ms, lat=time_ms)
        newest_ms = max(newest_ms, time_ms)
        assert assembler.state.boot_time_ms == newest_ms
        assert round(assembler.state.latitude_deg * 1e7) == newest_ms


def test_frozen_telemetry_does_not_look_fresh() -> None:
    """A position sent again with the same clock does not renew `received_s` (F-V30)."""
    assembler = StateAssembler("v", 7)
    position(assembler, 1000, now_s=1.0)
    position(assembler, 1000, now_s=9.0)
    assert assembler.state.received_s == 1.0


def test_a_restart_forgets_everything() -> None:
    """After a restart mode, position and plan are unknown until heard again (F-V18, I-18)."""
    assembler = StateAssembler("v", 7)
    apply(assembler, px4.HEARTBEAT, base_mode=157, custom_mode=0x04040000, autopilot=12)
    apply(assembler, px4.MISSION_CURRENT, seq=3, total=9, mission_id=1)
    position(assembler, 600_000)
    for boot_time_ms in (1000, 1100, 1200):
        apply(assembler, px4.SYSTEM_TIME, time_boot_ms=boot_time_ms)
    assert assembler.boots == 1
    assert assembler.state == VehicleState("v", 7)
    assert assembler.plan_ids.mission == 0
    assert position(assembler, 1300)


def test_one_late_packet_is_no_restart() -> None:
    """A single packet from long ago changes nothing."""
    assembler = StateAssembler("v", 7)
    position(assembler, 600_000)
    position(assembler, 1000)
    position(assembler, 600_100)
    assert (assembler.boots, assembler.clock_conflict) == (0, False)
    assert assembler.state.boot_time_ms == 600_100


def test_two_clocks_on_one_system_id_are_a_conflict() -> None:
    """Samples of two boots in turn: neither a restart nor a late packet, but two vehicles (F-L9)."""
    assembler = StateAssembler("v", 7)
    for step in range(20):
        position(assembler, 600_000 + step * 100)
        position(assembler, 1000 + step * 100)
    assert assembler.clock_conflict
    assert assembler.boots == 0


def test_a_simulation_that_runs_fast_is_not_restarting() -> None:
    """At twenty times real time a packet late by one second of ours is late by twenty of the vehicle's."""
    assembler = StateAssembler("v", 7, speed_factor=20.0)
    position(assembler, 600_000)
    for time_ms in (580_000, 580_100, 580_200, 580_300):
        position(assembler, time_ms)
    assert assembler.boots == 0
    assert assembler.late_samples == 4


def test_an_implausible_jump_is_counted() -> None:
    """A position 1 km away a tenth of a second later is no motion (F-V4)."""
    assembler = StateAssembler("v", 7)
    position(assembler, 1000)
    position(assembler, 1100, lat=484_100_000 + 90_000)
    assert assembler.implausible_jumps == 1


def test_chunks_of_a_text_are_joined() -> None:
    """PX4 cuts its reasons at 50 characters; people read whole sentences."""
    assembler = StateAssembler("v", 7)
    first = "Arming denied: Resolve system health failures firs"
    apply(assembler, px4.STATUSTEXT, 1.0, severity=2, text=first, id=0, chunk_seq=0)
    assert assembler.texts(0.0) == ()
    apply(assembler, px4.STATUSTEXT, 1.1, severity=2, text="t\t", id=0, chunk_seq=1)
    assert [text.text for text in assembler.take_new_texts()] == [first + "t"]
    assert assembler.take_new_texts() == ()


def test_a_text_whose_end_is_lost_is_told_anyway() -> None:
    """Half a reason is better than none."""
    assembler = StateAssembler("v", 7)
    apply(assembler, px4.STATUSTEXT, 1.0, severity=2, text="x" * 50, id=4, chunk_seq=0)
    assembler.flush_texts(before_s=1.5)
    assert [text.text for text in assembler.texts(0.0)] == ["x" * 50]


@given(
    name=st.sampled_from([*px4.STATE_MESSAGES, px4.STATUSTEXT, "ATTITUDE"]),
    fields=st.text(max_size=80) | st.dictionaries(st.text(max_size=12), st.integers()).map(json.dumps),
)
def test_mangled_messages_change_nothing(name: str, fields: str) -> None:
    """Whatever arrives, nothing raises and nothing is believed."""
    assembler = StateAssembler("v", 7)
    assert not assembler.apply(name, fields, 0.0)
    assert assembler.state == VehicleState("v", 7)
