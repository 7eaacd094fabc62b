"""MAVLink 2 frames: cheap encoding of what a simulated vehicle sends, tolerant decoding of what it hears.

Message layouts come from pymavlink's `common` dialect. Four messages are laid out here by hand, because that
dialect lacks fields or messages which PX4 v1.16 sends: the plan ids (`opaque_id`, `mission_id`, `fence_id`,
`rally_points_id`) and CURRENT_MODE. Source: MAVLink message definitions, common.xml.
"""

import struct
from collections.abc import Iterator
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
    MISSION_CURRENT = _extended("MISSION_CURRENT", "<HHBBIII")
    MISSION_COUNT = _extended("MISSION_COUNT", "<HBBBI")
    MISSION_ACK = _extended("MISSION_ACK", "<BBBBI")
    CURRENT_MODE = Layout("CURRENT_MODE", 436, bytes([193]), struct.Struct("<IIB"))


class FrameWriter:
    """Frames messages of one component, numbering them as MAVLink demands."""

    __slots__ = ("component_id", "sequence", "system_id")

    def __init__(self, system_id: int, component_id: int) -> None:
        self.system_id = system_id
        self.component_id = component_id
        self.sequence = 0

    def frame(self, layout: Layout, payload: bytes) -> bytes:
        """Return `payload` as a MAVLink 2 frame; trailing zeros are cut, as the protocol demands."""
        trimmed = payload.rstrip(b"\0") or payload[:1]
        message_id = layout.message_id
        header = HEADER_V2.pack(
            MAGIC_V2,
            len(trimmed),
            0,
            0,
            self.sequence,
            self.system_id,
            self.component_id,
            message_id & 0xFFFF,
            message_id >> 16,
        )
        self.sequence = (self.sequence + 1) & 0xFF
        body = header + trimmed
        return body + CHECKSUM.pack(mcrf4xx(body[1:] + layout.crc_extra, 0xFFFF))


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
