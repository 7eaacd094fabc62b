"""The telemetry frame: fixed bytes, round trips, and refusals."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.telemetry import FlightMode, LandedState, VehicleState
from vehicles.telemetry.topics import TELEMETRY, TOPICS
from vehicles.telemetry.wire import (
    HEADER,
    MAGIC,
    RECORD,
    SCHEMA,
    FrameHeader,
    Sample,
    WireError,
    decode_frame,
    encode_frame,
)

STATE = VehicleState(
    vehicle_id="drone-1",
    system_id=7,
    boot_time_ms=123_456,
    received_s=99.5,
    latitude_deg=48.41,
    longitude_deg=15.6,
    altitude_amsl_m=215.5,
    height_home_m=15.5,
    velocity_north_m_s=1.0,
    velocity_east_m_s=-2.0,
    velocity_down_m_s=0.5,
    heading_deg=90.0,
    payload_kg=1.25,
    wind_m_s=4.5,
    estimator_flags=895,
    mission_plan_id=11,
    fence_plan_id=12,
    rally_plan_id=13,
    battery_remaining=0.75,
    battery_voltage_v=15.75,
    mode=FlightMode.MISSION,
    landed_state=LandedState.IN_AIR,
    armed=True,
    armable=False,
    mission_current=3,
    mission_total=9,
    home_latitude_deg=48.41,
    home_longitude_deg=15.6,
    home_altitude_amsl_m=200.0,
)
HEAD = FrameHeader(epoch=5, sequence=6, monotonic_s=100.0, unix_s=1_795_000_000.0)
GOLDEN = (
    "547c6e7c"  # topic T|n|
    "5354524b"  # magic STRK
    "0300"  # version 3
    "a800"  # 168 bytes a record
    "2e381a68"  # schema
    "01000000"  # n 1
    "0500000000000000"  # epoch 5
    "0600000000000000"  # sequence 6
    "0000000000005940"  # monotonic 100 s
    "000000b061bfda41"  # unix
    "64726f6e652d310000000000000000000000000000000000"  # vehicle_id
    "40e2010000000000"  # boot_time_ms 123456
    "000000000000e03f"  # age_s 0.5
    "14ae47e17a344840"  # latitude_deg
    "3333333333332f40"  # longitude_deg
    "14ae47e17a344840"  # home_latitude_deg
    "3333333333332f40"  # home_longitude_deg
    "00805743"  # altitude_amsl_m 215.5
    "00007841"  # height_home_m 15.5
    "0000803f"  # north 1
    "000000c0"  # east -2
    "0000003f"  # down 0.5
    "0000b442"  # heading 90
    "0000403f"  # battery_remaining 0.75
    "00007c41"  # battery_voltage_v 15.75
    "00004843"  # home_altitude_amsl_m 200
    "0000a03f"  # payload_kg
    "00009040"  # wind_m_s
    "0000c07f"  # roll_deg not heard
    "0000c07f"  # pitch_deg
    "0000c07f"  # airspeed_m_s
    "7f030000"  # estimator_flags
    "0b000000"  # mission_plan_id
    "0c000000"  # fence_plan_id
    "0d000000"  # rally_plan_id
    "03000000"  # mission_current 3
    "09000000"  # mission_total 9
    "ffffffff"  # item_reached -1
    "0100"  # boots 1
    "0000"  # slot 0
    "07"  # system_id 7
    "02"  # mode MISSION
    "02"  # landed_state IN_AIR
    "01"  # flags ARMED
    "ff"  # gps_fix not heard
    "ff"  # satellites
    "0000"  # pad
)
FLOAT32 = st.floats(width=32, allow_nan=False)


def same(left: VehicleState, right: VehicleState) -> bool:
    """Equality in which NaN equals NaN."""
    return all(
        a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))
        for a, b in ((getattr(left, f.name), getattr(right, f.name)) for f in fields(VehicleState))
    )


def test_a_frame_is_these_bytes() -> None:
    """The layout on the wire is a contract: a change of it is a change of VERSION."""
    frame = encode_frame(b"T|n|", HEAD, [Sample(STATE, 1)])
    assert frame.hex() == GOLDEN


def test_a_frame_is_read_with_numpy_in_five_lines() -> None:
    """As the module's docstring promises, with nothing of ours but the two dtypes."""
    frame = encode_frame(TELEMETRY.of("north"), HEAD, [Sample(STATE, 0), Sample(replace(STATE, vehicle_id="b"), 0)])
    start = frame.index(b"|", 2) + 1
    header = np.frombuffer(frame, HEADER, 1, start)[0]
    assert header["magic"] == MAGIC
    assert header["schema"] == SCHEMA
    records = np.frombuffer(frame, RECORD, header["n"], start + HEADER.itemsize)
    assert records["vehicle_id"].tolist() == [b"drone-1", b"b"]
    assert records["latitude_deg"].tolist() == [48.41, 48.41]


@given(
    north=FLOAT32,
    battery=FLOAT32,
    latitude=st.floats(-90, 90),
    mode=st.sampled_from(FlightMode),
    landed=st.sampled_from(LandedState),
    armed=st.booleans(),
    armable=st.booleans(),
    current=st.integers(-1, 10_000),
    boot=st.integers(-1, 2**32 - 1),
)
def test_a_state_survives_the_wire(
    north: float,
    battery: float,
    latitude: float,
    mode: FlightMode,
    landed: LandedState,
    armed: bool,
    armable: bool,
    current: int,
    boot: int,
) -> None:
    """Everything comes out as it went in; `received_s` moves into the receiver's clock."""
    state = replace(
        STATE,
        velocity_north_m_s=north,
        battery_remaining=battery,
        latitude_deg=latitude,
        mode=mode,
        landed_state=landed,
        armed=armed,
        armable=armable,
        mission_current=current,
        boot_time_ms=boot,
    )
    header, (sample,) = decode_frame(encode_frame(b"T|n|", HEAD, [Sample(state, 3)]), arrived_s=500.0)
    assert header == HEAD
    assert sample.boots == 3
    assert same(sample.state, replace(state, received_s=499.5))


def test_a_vehicle_never_heard_stays_unheard() -> None:
    """Nothing known comes out as nothing known, not as zeros."""
    blank = VehicleState("v", 1)
    _, (sample,) = decode_frame(encode_frame(b"T|n|", HEAD, [Sample(blank, 0)]), arrived_s=500.0)
    assert same(sample.state, blank)


@given(st.integers(0, 400), st.binary(max_size=64))
def test_a_torn_or_foreign_frame_is_refused(cut: int, tail: bytes) -> None:
    """Cut short, prolonged or garbage: WireError, never a wrong state."""
    frame = encode_frame(b"T|n|", HEAD, [Sample(STATE, 0)])
    mangled = frame[:cut] + tail
    if mangled == frame:
        return
    try:
        _, samples = decode_frame(mangled, 0.0)
    except WireError:
        return
    assert len(mangled) == len(frame)  # same length, other values: indistinguishable without a signature
    assert len(samples) == 1


def test_another_schema_is_refused() -> None:
    """A build with another layout is told apart by its fingerprint."""
    frame = bytearray(encode_frame(b"T|n|", HEAD, [Sample(STATE, 0)]))
    frame[4 + 8] ^= 0xFF
    with pytest.raises(WireError, match="another build"):
        decode_frame(bytes(frame), 0.0)


def test_the_table_of_topics_has_no_prefix_of_a_prefix() -> None:
    """A subscription by prefix must not bring another kind of frame."""
    prefixes = [topic.prefix for topic in TOPICS]
    assert not [a for a in prefixes for b in prefixes if a is not b and b.startswith(a)]
