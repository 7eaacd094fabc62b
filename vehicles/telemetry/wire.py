"""One telemetry frame: topic, header, n fixed-size little-endian records. Readable with numpy in five lines::

start = frame.index(b"|", 2) + 1
header = np.frombuffer(frame, HEADER, 1, start)[0]
assert header["magic"] == MAGIC and header["schema"] == SCHEMA
records = np.frombuffer(frame, RECORD, header["n"], start + HEADER.itemsize)
print(records["vehicle_id"], records["latitude_deg"])
"""

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mission.errors import LinkError
from mission.model.telemetry import FlightMode, LandedState, VehicleState

MAGIC = b"STRK"
VERSION = 2
MAX_VEHICLE_ID_BYTES = 24

RECORD = np.dtype(
    [
        ("vehicle_id", "S24"),
        ("boot_time_ms", "<i8"),
        ("age_s", "<f8"),
        ("latitude_deg", "<f8"),
        ("longitude_deg", "<f8"),
        ("home_latitude_deg", "<f8"),
        ("home_longitude_deg", "<f8"),
        ("altitude_amsl_m", "<f4"),
        ("height_home_m", "<f4"),
        ("velocity_north_m_s", "<f4"),
        ("velocity_east_m_s", "<f4"),
        ("velocity_down_m_s", "<f4"),
        ("heading_deg", "<f4"),
        ("battery_remaining", "<f4"),
        ("battery_voltage_v", "<f4"),
        ("home_altitude_amsl_m", "<f4"),
        ("payload_kg", "<f4"),
        ("wind_m_s", "<f4"),
        ("estimator_flags", "<i4"),
        ("mission_plan_id", "<u4"),
        ("fence_plan_id", "<u4"),
        ("rally_plan_id", "<u4"),
        ("mission_current", "<i4"),
        ("mission_total", "<i4"),
        ("boots", "<u2"),
        ("system_id", "u1"),
        ("mode", "u1"),
        ("landed_state", "u1"),
        ("flags", "u1"),
        ("pad", "V2"),
    ]
)
"""One vehicle. `age_s` is the age of its newest sample when the frame was made; +inf = never heard."""

HEADER = np.dtype(
    [
        ("magic", "S4"),
        ("version", "<u2"),
        ("record_bytes", "<u2"),
        ("schema", "<u4"),
        ("n", "<u4"),
        ("epoch", "<u8"),
        ("sequence", "<u8"),
        ("monotonic_s", "<f8"),
        ("unix_s", "<f8"),
    ]
)
"""Before the records. `epoch` names the publisher's incarnation; `sequence` counts its frames from 1."""

MODES = tuple(FlightMode)
"""`mode` is the index in this table, part of the schema."""
_MODE_INDEX = {mode: index for index, mode in enumerate(MODES)}

ARMED = 0x01
ARMABLE = 0x02

SCHEMA = zlib.crc32(repr((VERSION, HEADER.descr, RECORD.descr, [mode.value for mode in MODES])).encode())
"""Fingerprint of layout and mode table: two builds that differ refuse each other."""


class WireError(LinkError):
    """A frame is not one of this build's."""


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """The header in Python's types."""

    epoch: int
    sequence: int
    monotonic_s: float
    unix_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One vehicle in a frame: its state, how old it was when sent, and how often its autopilot had restarted."""

    state: VehicleState
    boots: int


def encode_frame(topic: bytes, header: FrameHeader, samples: Iterable[Sample]) -> bytes:
    """A whole frame. `state.received_s` must be of the same clock as `header.monotonic_s`."""
    rows = [_row(sample, header.monotonic_s) for sample in samples]
    head = np.array(
        (
            MAGIC,
            VERSION,
            RECORD.itemsize,
            SCHEMA,
            len(rows),
            header.epoch,
            header.sequence,
            header.monotonic_s,
            header.unix_s,
        ),
        HEADER,
    )
    return topic + head.tobytes() + np.array(rows, RECORD).tobytes()


def _row(sample: Sample, now_s: float) -> tuple[object, ...]:
    state = sample.state
    flags = (ARMED if state.armed else 0) | (ARMABLE if state.armable else 0)
    return (
        state.vehicle_id.encode("ascii"),
        state.boot_time_ms,
        max(0.0, now_s - state.received_s),
        state.latitude_deg,
        state.longitude_deg,
        state.home_latitude_deg,
        state.home_longitude_deg,
        state.altitude_amsl_m,
        state.height_home_m,
        state.velocity_north_m_s,
        state.velocity_east_m_s,
        state.velocity_down_m_s,
        state.heading_deg,
        state.battery_remaining,
        state.battery_voltage_v,
        state.home_altitude_amsl_m,
        state.payload_kg,
        state.wind_m_s,
        state.estimator_flags,
        state.mission_plan_id,
        state.fence_plan_id,
        state.rally_plan_id,
        state.mission_current,
        state.mission_total,
        sample.boots & 0xFFFF,
        state.system_id,
        _MODE_INDEX[state.mode],
        int(state.landed_state),
        flags,
        b"",
    )


def decode_frame(frame: bytes, arrived_s: float) -> tuple[FrameHeader, tuple[Sample, ...]]:
    """The opposite of `encode_frame`; `received_s` comes out in the receiver's clock `arrived_s`.

    Raises:
        WireError: the frame is torn, of another schema, or not a telemetry frame at all.
    """
    header, records = decode_records(frame)
    return header, tuple(_sample(record, arrived_s) for record in records)


def decode_records(frame: bytes) -> tuple[FrameHeader, npt.NDArray[np.void]]:
    """The header, and the records as a read-only numpy array over the frame's own bytes.

    Raises:
        WireError: as `decode_frame`.
    """
    try:
        start = frame.index(b"|", 2) + 1
        head = np.frombuffer(frame, HEADER, 1, start)[0]
    except ValueError as problem:
        raise WireError(f"not a telemetry frame: {problem}") from problem
    if head["magic"] != MAGIC or int(head["version"]) != VERSION or int(head["schema"]) != SCHEMA:
        raise WireError(
            f"telemetry frame of another build: {head['magic']!r} version {head['version']}, "
            f"schema {int(head['schema']):08x}, expected {SCHEMA:08x}"
        )
    count = int(head["n"])
    if len(frame) != start + HEADER.itemsize + count * RECORD.itemsize:
        raise WireError(f"torn telemetry frame: {len(frame)} bytes for {count} vehicles")
    records = np.frombuffer(frame, RECORD, count, start + HEADER.itemsize)
    header = FrameHeader(int(head["epoch"]), int(head["sequence"]), float(head["monotonic_s"]), float(head["unix_s"]))
    return header, records


def _sample(record: np.void, arrived_s: float) -> Sample:
    flags = int(record["flags"])
    age_s = float(record["age_s"])
    try:
        mode, landed = MODES[int(record["mode"])], LandedState(int(record["landed_state"]))
    except (IndexError, ValueError) as problem:
        raise WireError(f"telemetry record with an impossible value: {problem}") from problem
    state = VehicleState(
        vehicle_id=record["vehicle_id"].decode("ascii"),
        system_id=int(record["system_id"]),
        boot_time_ms=int(record["boot_time_ms"]),
        received_s=arrived_s - age_s if math.isfinite(age_s) else -math.inf,
        latitude_deg=_number(record["latitude_deg"]),
        longitude_deg=_number(record["longitude_deg"]),
        altitude_amsl_m=_number(record["altitude_amsl_m"]),
        height_home_m=_number(record["height_home_m"]),
        velocity_north_m_s=_number(record["velocity_north_m_s"]),
        velocity_east_m_s=_number(record["velocity_east_m_s"]),
        velocity_down_m_s=_number(record["velocity_down_m_s"]),
        heading_deg=_number(record["heading_deg"]),
        battery_remaining=_number(record["battery_remaining"]),
        battery_voltage_v=_number(record["battery_voltage_v"]),
        mode=mode,
        landed_state=landed,
        armed=bool(flags & ARMED),
        armable=bool(flags & ARMABLE),
        payload_kg=_number(record["payload_kg"]),
        wind_m_s=_number(record["wind_m_s"]),
        estimator_flags=int(record["estimator_flags"]),
        mission_plan_id=int(record["mission_plan_id"]),
        fence_plan_id=int(record["fence_plan_id"]),
        rally_plan_id=int(record["rally_plan_id"]),
        mission_current=int(record["mission_current"]),
        mission_total=int(record["mission_total"]),
        home_latitude_deg=_number(record["home_latitude_deg"]),
        home_longitude_deg=_number(record["home_longitude_deg"]),
        home_altitude_amsl_m=_number(record["home_altitude_amsl_m"]),
    )
    return Sample(state, int(record["boots"]))


def _number(value: np.floating) -> float:
    """A float in which NaN is always the same object, so that two states that know as little are equal."""
    number = float(value)
    return math.nan if math.isnan(number) else number
