"""What a vehicle sends by itself, at the rates measured on PX4."""

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sim.conftest import MakeStation

MEASURED_HZ = {
    100.0: ("ATTITUDE",),
    50.0: ("GLOBAL_POSITION_INT", "ATTITUDE_QUATERNION", "HIGHRES_IMU"),
    30.0: ("LOCAL_POSITION_NED", "ODOMETRY"),
    10.0: ("ALTITUDE", "VFR_HUD", "POSITION_TARGET_LOCAL_NED", "SERVO_OUTPUT_RAW", "TIMESYNC"),
    8.0: ("GPS_RAW_INT",),
    5.0: ("SYS_STATUS", "EXTENDED_SYS_STATE"),
    1.0: ("HEARTBEAT", "MISSION_CURRENT", "ESTIMATOR_STATUS", "SYSTEM_TIME"),
    0.5: ("BATTERY_STATUS", "HOME_POSITION"),
}


def test_streams_come_from_boot_at_the_rates_of_px4(make_station: "MakeStation") -> None:
    """Ten seconds of a booted vehicle, unasked, to a client that sends heartbeats alone."""
    station = make_station(max_stream_hz=100.0)
    station.heard.clear()
    station.run(10.0)
    heard = Counter(message.get_type() for _, message in station.heard)
    for rate_hz, names in MEASURED_HZ.items():
        for name in names:
            assert heard[name] == pytest.approx(10.0 * rate_hz, abs=1.0), name


def test_all_streams_together_are_as_many_messages_as_those_of_px4(make_station: "MakeStation") -> None:
    """About 406 a second; within a tenth."""
    station = make_station(max_stream_hz=100.0)
    autopilot = station.autopilot
    autopilot.take()
    autopilot.advance(autopilot.now_s + 10.0)
    assert len(autopilot.take()) / 10.0 == pytest.approx(406.0, rel=0.1)
