"""MAVLink 2 frames: cheap encoding of what a simulated vehicle sends, tolerant decoding of what it hears.

Message layouts come from pymavlink's `common` dialect. Some messages are laid out here by hand, because that
dialect lacks fields or messages which PX4 v1.16 sends: the plan ids (`opaque_id`, `mission_id`, `fence_id`,
`rally_points_id`), CURRENT_MODE, the events and a few of the development dialect. Source: MAVLink message
definitions, common.xml and development.xml.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastcrc.crc16 import mcrf4xx
from pymavlink.dialects.v20 import common as dialect

MAGIC_V2 = 0xFD
HEADER_V2 = struct.Struct("<BBBBBBBHB")
"""Magic, payload length, incompatible flags, compatible flags, sequence, system, component, id (16 + 8 bit)."""
CHECKSUM = struct.Struct("<H")
SIGNED_FLAG = 0x01
SIGNATURE_BYTES = 13
FRAME_OVERHEAD_BYTES = 12
HEADER_BYTES = 10
MAGIC = bytes((MAGIC_V2,))
CHECKSUMS = tuple(CHECKSUM.pack(value) for value in range(0x10000))
"""Every checksum as it travels."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one message travels: its name, id, checksum seed, and its payload in wire order."""

    name: str
    message_id: int
    crc_extra: bytes
    payload: struct.Struct


def _from_dialect(name: str) -> Layout:
    message = getattr(dialect, f"MAVLink_{name.lower()}_message")
    return Layout(name, message.id, bytes([message.crc_extra]), message.unpacker)


def _extended(name: str, payload_format: str) -> Layout:
    known = _from_dialect(name)
    return Layout(name, known.message_id, known.crc_extra, struct.Struct(payload_format))


class Message:
    """Layouts of every message that a simulated vehicle sends. Fields are given in wire order."""

    HEARTBEAT = _from_dialect("HEARTBEAT")
    SYS_STATUS = _from_dialect("SYS_STATUS")
    SYSTEM_TIME = _from_dialect("SYSTEM_TIME")
    PING = _from_dialect("PING")
    PARAM_VALUE = _from_dialect("PARAM_VALUE")
    GPS_RAW_INT = _from_dialect("GPS_RAW_INT")
    ATTITUDE = _from_dialect("ATTITUDE")
    ATTITUDE_QUATERNION = _from_dialect("ATTITUDE_QUATERNION")
    LOCAL_POSITION_NED = _from_dialect("LOCAL_POSITION_NED")
    GLOBAL_POSITION_INT = _from_dialect("GLOBAL_POSITION_INT")
    MISSION_REQUEST = _from_dialect("MISSION_REQUEST")
    MISSION_REQUEST_INT = _from_dialect("MISSION_REQUEST_INT")
    MISSION_ITEM = _from_dialect("MISSION_ITEM")
    MISSION_ITEM_INT = _from_dialect("MISSION_ITEM_INT")
    MISSION_ITEM_REACHED = _from_dialect("MISSION_ITEM_REACHED")
    VFR_HUD = _from_dialect("VFR_HUD")
    COMMAND_LONG = _from_dialect("COMMAND_LONG")
    COMMAND_ACK = _from_dialect("COMMAND_ACK")
    TIMESYNC = _from_dialect("TIMESYNC")
    ALTITUDE = _from_dialect("ALTITUDE")
    BATTERY_STATUS = _from_dialect("BATTERY_STATUS")
    AUTOPILOT_VERSION = _from_dialect("AUTOPILOT_VERSION")
    ESTIMATOR_STATUS = _from_dialect("ESTIMATOR_STATUS")
    HOME_POSITION = _from_dialect("HOME_POSITION")
    MESSAGE_INTERVAL = _from_dialect("MESSAGE_INTERVAL")
    EXTENDED_SYS_STATE = _from_dialect("EXTENDED_SYS_STATE")
    STATUSTEXT = _from_dialect("STATUSTEXT")
    NAMED_VALUE_FLOAT = _from_dialect("NAMED_VALUE_FLOAT")
    HIGHRES_IMU = _from_dialect("HIGHRES_IMU")
    ODOMETRY = _extended("ODOMETRY", "<Q13f168sBBBBb")  # its covariances stay as they are: packed once
    ATTITUDE_TARGET = _from_dialect("ATTITUDE_TARGET")
    POSITION_TARGET_LOCAL_NED = _from_dialect("POSITION_TARGET_LOCAL_NED")
    POSITION_TARGET_GLOBAL_INT = _from_dialect("POSITION_TARGET_GLOBAL_INT")
    SERVO_OUTPUT_RAW = _from_dialect("SERVO_OUTPUT_RAW")
    DISTANCE_SENSOR = _from_dialect("DISTANCE_SENSOR")
    SCALED_PRESSURE = _from_dialect("SCALED_PRESSURE")
    VIBRATION = _from_dialect("VIBRATION")
    WIND_COV = _from_dialect("WIND_COV")
    OPEN_DRONE_ID_LOCATION = _from_dialect("OPEN_DRONE_ID_LOCATION")
    OPEN_DRONE_ID_SYSTEM = _from_dialect("OPEN_DRONE_ID_SYSTEM")
    MISSION_CURRENT = _extended("MISSION_CURRENT", "<HHBBIII")
    MISSION_COUNT = _extended("MISSION_COUNT", "<HBBBI")
    MISSION_ACK = _extended("MISSION_ACK", "<BBBBI")
    CURRENT_MODE = Layout("CURRENT_MODE", 436, bytes([193]), struct.Struct("<IIB"))
    EVENT = Layout("EVENT", 410, bytes([160]), struct.Struct("<IIHBBB40s"))
    CURRENT_EVENT_SEQUENCE = Layout("CURRENT_EVENT_SEQUENCE", 411, bytes([106]), struct.Struct("<HB"))
    TIME_ESTIMATE_TO_TARGET = Layout("TIME_ESTIMATE_TO_TARGET", 380, bytes([232]), struct.Struct("<iiiii"))


class FrameWriter:
    """Frames messages of one component, numbering them as MAVLink demands."""

    __slots__ = ("_encoders", "component_id", "sequence", "system_id")

    def __init__(self, system_id: int, component_id: int) -> None:
        self.system_id = system_id
        self.component_id = component_id
        self.sequence = 0
        self._encoders: dict[int, Callable[..., bytes]] = {}

    def frame(self, layout: Layout, payload: bytes) -> bytes:
        """Return a payload of any length as a MAVLink 2 frame; trailing zeros are cut, as the protocol demands."""
        kept = payload.rstrip(b"\0") or payload[:1]
        message_id, sequence = layout.message_id, self.sequence
        self.sequence = (sequence + 1) & 0xFF
        sender = sequence, self.system_id, self.component_id
        header = HEADER_V2.pack(MAGIC_V2, len(kept), 0, 0, *sender, message_id & 0xFFFF, message_id >> 16)
        frame = header + kept
        return frame + CHECKSUMS[mcrf4xx(frame[1:] + layout.crc_extra, 0xFFFF)]

    def encoder(self, layout: Layout) -> Callable[..., bytes]:
        """Return what turns the fields of one message, in wire order, into the next frame; made once per message.

        Header and payload are packed by one precompiled layout: a vehicle sends hundreds of messages a second.
        """
        known = self._encoders.get(layout.message_id)
        if known is None:
            known = self._encoders[layout.message_id] = self._make_encoder(layout)
        return known

    def _make_encoder(self, layout: Layout) -> Callable[..., bytes]:
        whole = struct.Struct("<IBIB" + layout.payload.format.lstrip("<")).pack
        first = MAGIC_V2 | layout.payload.size << 8
        second = self.component_id << 8 | (layout.message_id & 0xFFFF) << 16
        third, seed = layout.message_id >> 16, layout.crc_extra

        def encode(*fields: float | bytes) -> bytes:
            sequence = self.sequence
            self.sequence = (sequence + 1) & 0xFF
            frame = whole(first, sequence, self.system_id | second, third, *fields)
            if not frame[-1]:
                kept = frame[HEADER_BYTES:].rstrip(b"\0") or frame[HEADER_BYTES : HEADER_BYTES + 1]
                frame = frame[:1] + bytes((len(kept),)) + frame[2:HEADER_BYTES] + kept
            return frame + CHECKSUMS[mcrf4xx(frame[1:] + seed, 0xFFFF)]

        return encode


class FrameReader:
    """Decodes the frames of a datagram; whatever is not a whole, known, intact MAVLink 2 frame is skipped."""

    def __init__(self) -> None:
        self._decoder = dialect.MAVLink(None)
        self.rejected_count = 0

    def messages(self, datagram: bytes) -> Iterator[Any]:
        """Yield pymavlink messages in order. Never raises, whatever the bytes are."""
        for frame in self._frames(datagram):
            try:
                yield self._decoder.decode(bytearray(frame))
            except (dialect.MAVError, struct.error, UnicodeError, ValueError):
                self.rejected_count += 1

    def _frames(self, datagram: bytes) -> Iterator[bytes]:
        position = 0
        while (position := datagram.find(MAGIC_V2, position)) >= 0:
            if len(datagram) - position < FRAME_OVERHEAD_BYTES:
                return
            length = datagram[position + 1] + FRAME_OVERHEAD_BYTES
            if datagram[position + 2] & SIGNED_FLAG:
                length += SIGNATURE_BYTES
            frame = datagram[position : position + length]
            if len(frame) == length and self._is_intact(frame):
                yield frame
                position += length
            else:
                self.rejected_count += 1
                position += 1

    def _is_intact(self, frame: bytes) -> bool:
        message_id = int.from_bytes(frame[7:10], "little")
        message = dialect.mavlink_map.get(message_id)
        if message is None:
            return False
        end = frame[1] + FRAME_OVERHEAD_BYTES - CHECKSUM.size
        expected = mcrf4xx(frame[1:end] + bytes([message.crc_extra]), 0xFFFF)
        return bool(CHECKSUM.unpack_from(frame, end)[0] == expected)
