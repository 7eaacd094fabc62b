"""Recordings of a MAVLink link: ``.tlog`` files as QGroundControl and mavutil write them, plain or gzipped.

Each record is a time (microseconds since 1970, 8 bytes, big-endian) and one MAVLink 2 frame as it was on the link.
Both directions are in one file, told apart by the sender's system id.
"""

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mission.errors import InputError, InputProblem
from sim.wire import FRAME_OVERHEAD_BYTES, MAGIC_V2, SIGNATURE_BYTES, SIGNED_FLAG

STAMP = struct.Struct(">Q")
HEADER_BYTES = 10


@dataclass(frozen=True, slots=True)
class Packet:
    """One frame, and when it was on the link: seconds from the first packet of the recording."""

    time_s: float
    frame: bytes

    @property
    def system_id(self) -> int:
        """Who sent it."""
        return self.frame[5]

    @property
    def message_id(self) -> int:
        """What it is."""
        return int.from_bytes(self.frame[7:10], "little")

    @property
    def payload(self) -> bytes:
        """Its payload as it travelled: zeros at the end are cut."""
        return self.frame[HEADER_BYTES : HEADER_BYTES + self.frame[1]]


def read_recording(path: Path) -> Iterator[Packet]:
    """Yield the packets of a recording in order.

    Raises:
        InputError: the file cannot be read, or holds something that is not a MAVLink 2 frame.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise InputError(InputProblem(str(path), "file", str(error), "Give a readable .tlog or .tlog.gz.")) from error
    position, first = 0, None
    while position < len(data):
        begin = position + STAMP.size
        if len(data) < begin + FRAME_OVERHEAD_BYTES or data[begin] != MAGIC_V2:
            problem = InputProblem(str(path), f"byte {begin}", "no MAVLink 2 frame", "Give a whole recording.")
            raise InputError(problem)
        (microseconds,) = STAMP.unpack_from(data, position)
        first = microseconds if first is None else first
        signature = SIGNATURE_BYTES if data[begin + 2] & SIGNED_FLAG else 0
        end = begin + data[begin + 1] + FRAME_OVERHEAD_BYTES + signature
        if end > len(data):
            raise InputError(InputProblem(str(path), f"byte {begin}", "half a frame", "Give a whole recording."))
        yield Packet((microseconds - first) * 1e-6, data[begin:end])
        position = end
