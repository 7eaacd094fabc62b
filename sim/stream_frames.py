"""Frames of a message that is sent again and again: what stays is packed once, its time and its number each time.

Most of PX4's messages begin, on the wire, with the time since boot; what follows changes only when the vehicle
does. Header, time and what follows are packed by one precompiled layout for each length that a payload is cut to.
"""

import struct
from enum import IntEnum
from functools import cache

from fastcrc.crc16 import mcrf4xx
from pymavlink.dialects.v20 import common as dialect

from sim.wire import CHECKSUMS, MAGIC, FrameWriter, Layout

SEQUENCE_SHIFT, SYSTEM_SHIFT, COMPONENT_SHIFT, ID_SHIFT = 24, 32, 40, 48
"""Where they begin, in bits, in the eight bytes of a header that follow the magic."""


class Stamp(IntEnum):
    """What a payload begins with: an index into `times_of`."""

    NONE = 0
    MILLISECONDS = 1
    MICROSECONDS = 2
    SHORT_MICROSECONDS = 3


FORMATS = "", "I", "Q", "I"
"""Of the times, by `Stamp`."""


def times_of(since_boot_us: int) -> tuple[int, int, int, int]:
    """Return the time since boot as each `Stamp` writes it; 32 bits begin anew when they are full."""
    return 0, since_boot_us // 1000 & 0xFFFFFFFF, since_boot_us, since_boot_us & 0xFFFFFFFF


def stamp_of(layout: Layout) -> Stamp:
    """Return which time a message begins with on the wire, going by its definition."""
    known = getattr(dialect, f"MAVLink_{layout.name.lower()}_message", None)
    first = known.ordered_fieldnames[0] if known is not None else ""
    if first == "time_boot_ms":
        return Stamp.MILLISECONDS
    if first == "time_usec":
        return Stamp.MICROSECONDS if layout.payload.format[1] == "Q" else Stamp.SHORT_MICROSECONDS
    return Stamp.NONE


@cache
def _whole(stamp: str, kept_bytes: int) -> struct.Struct:
    """Header without its magic, time, what stays, and the byte by which the checksum knows the message."""
    return struct.Struct(f"<QB{stamp}{kept_bytes}sB")


class StreamFrames:
    """Makes the frames of one message of one vehicle.

    Args:
        writer: numbers the frames of this vehicle.
        layout: the message.

    Attributes:
        stamp: the time that the message begins with; it is no part of `keep`.
    """

    __slots__ = ("_extra", "_head", "_high", "_kept", "_layout", "_pack", "_tail", "_time", "_writer", "stamp")

    def __init__(self, writer: FrameWriter, layout: Layout) -> None:
        self.stamp = stamp_of(layout)
        self._writer = writer
        self._layout = layout
        self._time = struct.Struct("<" + FORMATS[self.stamp])
        self._tail = struct.Struct("<" + layout.payload.format.lstrip("<").removeprefix(FORMATS[self.stamp]))
        self._extra, self._high = layout.crc_extra[0], layout.message_id >> 16
        self._kept = b""
        self._head = 0
        self._pack = self._tail.pack

    def keep(self, fields: tuple[float | bytes, ...]) -> None:
        """Take the fields after the time, in wire order, for all frames until the next call."""
        packed = self._tail.pack(*fields)
        kept = self._kept = packed if packed[-1] else packed.rstrip(b"\0")  # as the protocol demands
        self._pack = _whole(FORMATS[self.stamp], len(kept)).pack
        message_id = (self._layout.message_id & 0xFFFF) << ID_SHIFT
        self._head = self._time.size + len(kept) | self._writer.component_id << COMPONENT_SHIFT | message_id

    def frame(self, time: int) -> bytes:
        """Return the next frame.

        Args:
            time: since boot, as `times_of` gives it for `stamp`.
        """
        writer, timed = self._writer, self._time.size
        if not self._kept:  # nothing but zeros: the time may end in some as well
            return writer.frame(self._layout, self._time.pack(time) if timed else b"\0")
        sequence = writer.sequence
        writer.sequence = (sequence + 1) & 0xFF
        head = self._head | sequence << SEQUENCE_SHIFT | writer.system_id << SYSTEM_SHIFT
        if timed:
            body = self._pack(head, self._high, time, self._kept, self._extra)
        else:
            body = self._pack(head, self._high, self._kept, self._extra)
        return MAGIC + body[:-1] + CHECKSUMS[mcrf4xx(body, 0xFFFF)]
