"""One telemetry frame: topic, header, n fixed-size little-endian records. Readable with numpy in five lines::

    start = frame.index(b"|", 2) + 1
    header = np.frombuffer(frame, HEADER, 1, start)[0]
    assert header["magic"] == MAGIC and header["schema"] == SCHEMA
    records = np.frombuffer(frame, RECORD, header["n"], start + HEADER.itemsize)
    print(records["vehicle_id"], records["latitude_deg"])

Records are absolute in both kinds of frame, so one that is lost costs news, never truth. See `topics` for the kinds.
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
VERSION = 3
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
        ("roll_deg", "<f4"),
        ("pitch_deg", "<f4"),
        ("airspeed_m_s", "<f4"),
        ("estimator_flags", "<i4"),
        ("mission_plan_id", "<u4"),
        ("fence_plan_id", "<u4"),
        ("rally_plan_id", "<u4"),
        ("mission_current", "<i4"),
        ("mission_total", "<i4"),
        ("item_reached", "<i4"),
        ("boots", "<u2"),
        ("slot", "<u2"),
        ("system_id", "u1"),
        ("mode", "u1"),
        ("landed_state", "u1"),
        ("flags", "u1"),
        ("gps_fix", "u1"),
        ("satellites", "u1"),
        ("pad", "V2"),
    ]
)
"""One vehicle, its fields as in `VehicleState`, and these:

- `age_s`: age of its newest sample when the frame was made; +inf = never heard.
- `boots`: how often its autopilot was seen to restart.
- `slot`: its place in the publisher's table; it never changes hands within an epoch.
- `flags`: `ARMED`, `ARMABLE`.
- `roll_deg`, `pitch_deg`, `airspeed_m_s`, `item_reached`, `gps_fix` (GPS_FIX_TYPE), `satellites`: for screens, where
  the publisher hears them; NaN, -1 and 255 where it does not.
"""

MAX_SLOTS = 65_536

RECORD_WORDS = RECORD.itemsize // 8
assert RECORD.itemsize % 8 == 0

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
"""Before the records. `epoch` names the publisher's incarnation; `sequence` counts its ticks from 1, and a full frame
has that of the delta before it; `monotonic_s` is the publisher's clock when the frame was made.
"""

MODES = tuple(FlightMode)
"""`mode` is the index in this table, part of the schema."""
_MODE_INDEX = {mode: index for index, mode in enumerate(MODES)}

_LANDED = tuple(LandedState)
UNHEARD_U8 = 255
"""`gps_fix` and `satellites` of a vehicle that has not told."""

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


def pack_frame(topic: bytes, header: FrameHeader, records: npt.NDArray[np.void]) -> bytes:
    """A whole frame around `records` (of `RECORD`), whose ages are right already."""
    head = np.array(
        (
            MAGIC,
            VERSION,
            RECORD.itemsize,
            SCHEMA,
            len(records),
            header.epoch,
            header.sequence,
            header.monotonic_s,
            header.unix_s,
        ),
        HEADER,
    )
    return topic + head.tobytes() + records.tobytes()


def words_of(records: npt.NDArray[np.void]) -> npt.NDArray[np.uint64]:
    """Contiguous records as rows of words, the same memory: to move and compare ten times faster than as records."""
    return records.view(np.uint64).reshape(-1, RECORD_WORDS)


def encode_frame(topic: bytes, header: FrameHeader, samples: Iterable[Sample]) -> bytes:
    """A whole frame; slots are given in order. `state.received_s` must be of the clock of `header.monotonic_s`."""
    rows = [record_of(sample, slot, header.monotonic_s) for slot, sample in enumerate(samples)]
    return pack_frame(topic, header, np.array(rows, RECORD))


def record_of(sample: Sample, slot: int, now_s: float) -> tuple[object, ...]:
    """One `RECORD` as numpy takes it, its age at `now_s`."""
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
        math.nan,
        math.nan,
        math.nan,
        state.estimator_flags,
        state.mission_plan_id,
        state.fence_plan_id,
        state.rally_plan_id,
        state.mission_current,
        state.mission_total,
        -1,
        sample.boots & 0xFFFF,
        slot,
        state.system_id,
        _MODE_INDEX[state.mode],
        int(state.landed_state),
        flags,
        UNHEARD_U8,
        UNHEARD_U8,
        b"",
    )


def decode_frame(frame: bytes, arrived_s: float) -> tuple[FrameHeader, tuple[Sample, ...]]:
    """The opposite of `encode_frame`; `received_s` comes out in the receiver's clock `arrived_s`.

    Raises:
        WireError: the frame is torn, of another schema, or not a telemetry frame at all.
    """
    header, records = decode_records(frame)
    return header, tuple(sample_of(record, arrived_s - float(record["age_s"])) for record in records)


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
    if count and (records["mode"].max() >= len(MODES) or records["landed_state"].max() >= len(_LANDED)):
        raise WireError("telemetry record with an impossible mode or landed state")
    header = FrameHeader(int(head["epoch"]), int(head["sequence"]), float(head["monotonic_s"]), float(head["unix_s"]))
    return header, records


def sample_of(record: np.void, received_s: float) -> Sample:
    """One record of a frame that `decode_records` has let through, as a state received at `received_s`."""
    flags = int(record["flags"])
    state = VehicleState(
        vehicle_id=record["vehicle_id"].decode("ascii"),
        system_id=int(record["system_id"]),
        boot_time_ms=int(record["boot_time_ms"]),
        received_s=received_s,
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
        mode=MODES[int(record["mode"])],
        landed_state=_LANDED[int(record["landed_state"])],
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
