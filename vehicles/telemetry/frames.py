"""MAVLink 2 frames as the data plane needs them: what vehicles send most of, and the little that it sends itself.

Source of the layouts: MAVLink's common.xml, fields in wire order. Only messages that are in `HOT` are looked into.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from fastcrc.crc16 import mcrf4xx

MAGIC: Final = 0xFD
HEADER_BYTES: Final = 10
CHECKSUM_BYTES: Final = 2
SIGNATURE_BYTES: Final = 13
SIGNED: Final = 0x01
OVERHEAD_BYTES: Final = HEADER_BYTES + CHECKSUM_BYTES
HEADER: Final = struct.Struct("<BBBBBBBHB")
"""Magic, payload length, incompatible and compatible flags, sequence, system, component, id (16 + 8 bit)."""
CHECKSUM: Final = struct.Struct("<H")
CHECKSUM_START: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Layout:
    """One message: its id, its checksum seed, and its payload in wire order."""

    name: str
    message_id: int
    crc_extra: bytes
    dtype: np.dtype[Any]


def _layout(name: str, message_id: int, crc_extra: int, *fields: tuple[str, str] | tuple[str, str, int]) -> Layout:
    return Layout(name, message_id, bytes([crc_extra]), np.dtype(list(fields)))


HEARTBEAT = _layout(
    "HEARTBEAT",
    0,
    50,
    ("custom_mode", "<u4"),
    ("type", "u1"),
    ("autopilot", "u1"),
    ("base_mode", "u1"),
    ("system_status", "u1"),
    ("mavlink_version", "u1"),
)
SYS_STATUS = _layout(
    "SYS_STATUS",
    1,
    124,
    ("present", "<u4"),
    ("enabled", "<u4"),
    ("onboard_control_sensors_health", "<u4"),
    ("load", "<u2"),
    ("voltage_battery", "<u2"),
    ("current_battery", "<i2"),
    ("errors", "<u2", 6),
    ("battery_remaining", "i1"),
)
SYSTEM_TIME = _layout("SYSTEM_TIME", 2, 137, ("time_unix_usec", "<u8"), ("time_boot_ms", "<u4"))
PING = _layout(
    "PING", 4, 237, ("time_usec", "<u8"), ("seq", "<u4"), ("target_system", "u1"), ("target_component", "u1")
)
GPS_RAW_INT = _layout(
    "GPS_RAW_INT",
    24,
    24,
    ("time_usec", "<u8"),
    ("place", "<i4", 3),
    ("accuracy", "<u2", 4),
    ("fix_type", "u1"),
    ("satellites_visible", "u1"),
)
ATTITUDE = _layout("ATTITUDE", 30, 39, ("time_boot_ms", "<u4"), ("roll", "<f4"), ("pitch", "<f4"), ("rest", "<f4", 4))
ATTITUDE_QUATERNION = _layout(
    "ATTITUDE_QUATERNION", 31, 246, ("time_boot_ms", "<u4"), ("q", "<f4", 4), ("rates", "<f4", 3)
)
GLOBAL_POSITION_INT = _layout(
    "GLOBAL_POSITION_INT",
    33,
    104,
    ("time_boot_ms", "<u4"),
    ("lat", "<i4"),
    ("lon", "<i4"),
    ("alt", "<i4"),
    ("relative_alt", "<i4"),
    ("vx", "<i2"),
    ("vy", "<i2"),
    ("vz", "<i2"),
    ("hdg", "<u2"),
)
MISSION_CURRENT = _layout(
    "MISSION_CURRENT",
    42,
    28,
    ("seq", "<u2"),
    ("total", "<u2"),
    ("mission_state", "u1"),
    ("mission_mode", "u1"),
    ("mission_id", "<u4"),
    ("fence_id", "<u4"),
    ("rally_points_id", "<u4"),
)
MISSION_ITEM_REACHED = _layout("MISSION_ITEM_REACHED", 46, 11, ("seq", "<u2"))
VFR_HUD = _layout("VFR_HUD", 74, 20, ("airspeed", "<f4"), ("rest", "<f4", 3), ("heading", "<i2"), ("throttle", "<u2"))
COMMAND_LONG = _layout(
    "COMMAND_LONG",
    76,
    152,
    ("params", "<f4", 7),
    ("command", "<u2"),
    ("target_system", "u1"),
    ("target_component", "u1"),
    ("confirmation", "u1"),
)
COMMAND_ACK = _layout("COMMAND_ACK", 77, 143, ("command", "<u2"), ("result", "u1"))
BATTERY_STATUS = _layout(
    "BATTERY_STATUS",
    147,
    154,
    ("current_consumed", "<i4"),
    ("energy_consumed", "<i4"),
    ("temperature", "<i2"),
    ("voltages", "<u2", 10),
    ("current_battery", "<i2"),
    ("id", "u1"),
    ("battery_function", "u1"),
    ("type", "u1"),
    ("battery_remaining", "i1"),
)
ESTIMATOR_STATUS = _layout("ESTIMATOR_STATUS", 230, 163, ("time_usec", "<u8"), ("ratios", "<f4", 8), ("flags", "<u2"))
WIND_COV = _layout("WIND_COV", 231, 105, ("time_usec", "<u8"), ("wind_x", "<f4"), ("wind_y", "<f4"), ("rest", "<f4", 6))
HOME_POSITION = _layout(
    "HOME_POSITION",
    242,
    104,
    ("latitude", "<i4"),
    ("longitude", "<i4"),
    ("altitude", "<i4"),
    ("rest", "<f4", 10),
)
EXTENDED_SYS_STATE = _layout("EXTENDED_SYS_STATE", 245, 130, ("vtol_state", "u1"), ("landed_state", "u1"))
NAMED_VALUE_FLOAT = _layout("NAMED_VALUE_FLOAT", 251, 170, ("time_boot_ms", "<u4"), ("value", "<f4"), ("name", "S10"))

LAYOUTS = (
    HEARTBEAT,
    SYS_STATUS,
    SYSTEM_TIME,
    PING,
    GPS_RAW_INT,
    ATTITUDE,
    ATTITUDE_QUATERNION,
    GLOBAL_POSITION_INT,
    MISSION_CURRENT,
    MISSION_ITEM_REACHED,
    VFR_HUD,
    COMMAND_LONG,
    COMMAND_ACK,
    BATTERY_STATUS,
    ESTIMATOR_STATUS,
    WIND_COV,
    HOME_POSITION,
    EXTENDED_SYS_STATE,
    NAMED_VALUE_FLOAT,
)
HOT: Final[Mapping[int, Layout]] = MappingProxyType({layout.message_id: layout for layout in LAYOUTS})


class FrameSender:
    """Frames of one component of ours, numbered as MAVLink demands."""

    def __init__(self, system_id: int, component_id: int) -> None:
        self._system_id = system_id
        self._component_id = component_id
        self._sequence = 0

    def frame(self, layout: Layout, *fields: object) -> bytes:
        """A message; fields in wire order."""
        payload = np.array(fields, layout.dtype).tobytes().rstrip(b"\0") or b"\0"
        number = layout.message_id
        source = self._sequence, self._system_id, self._component_id
        body = HEADER.pack(MAGIC, len(payload), 0, 0, *source, number & 0xFFFF, number >> 16) + payload
        self._sequence = (self._sequence + 1) & 0xFF
        return body + CHECKSUM.pack(mcrf4xx(body[1:] + layout.crc_extra, CHECKSUM_START))
