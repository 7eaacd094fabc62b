"""Writes flight logs in PX4's own format (ULog), as short as a test needs them."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

MAGIC: Final = b"ULog\x01\x12\x35\x01"
FORMATS: Final[dict[str, tuple[str, ...]]] = {
    "vehicle_global_position_groundtruth": ("double lat", "double lon", "float alt"),
    "vehicle_local_position_groundtruth": ("float vx", "float vy", "float vz"),
    "vehicle_status": ("uint8_t arming_state", "uint8_t nav_state"),
    "vehicle_land_detected": ("uint8_t landed",),
    "battery_status": ("float remaining",),
    "gripper": ("int8_t command",),
    "vehicle_command": (
        *("float param1", "float param2", "float param3", "uint32_t command"),
        *("uint8_t source_system", "uint8_t from_external"),
    ),
    "mission_result": ("uint16_t seq_current",),
}
PACKED: Final = {"double": "d", "float": "f", "uint8_t": "B", "int8_t": "b", "uint16_t": "H", "uint32_t": "I"}
HOME: Final = (48.41, 15.60, 200.0)


@dataclass
class LogWriter:
    """A log that grows message by message; times in seconds."""

    topics: tuple[str, ...] = tuple(FORMATS)
    _data: list[bytes] = field(default_factory=list)

    def add(self, time_s: float, topic: str, *values: Any) -> None:
        """One message of a topic."""
        codes = "".join(PACKED[entry.split()[0]] for entry in FORMATS[topic])
        payload = struct.pack(f"<HQ{codes}", self.topics.index(topic), round(time_s * 1e6), *values)
        self._data.append(_message(b"D", payload))

    def at(
        self, time_s: float, height_m: float, *, climb_m_s: float = 0.0, armed: bool = True, nav_state: int = 3
    ) -> None:
        """What a vehicle over its home does: its height, its climb, and how it flies."""
        self.add(time_s, "vehicle_status", 2 if armed else 1, nav_state)
        self.add(time_s, "vehicle_land_detected", height_m <= 0.0)
        self.add(time_s, "battery_status", 0.8)
        self.add(time_s, "vehicle_local_position_groundtruth", 0.0, 0.0, -climb_m_s)
        self.add(time_s, "vehicle_global_position_groundtruth", HOME[0], HOME[1], HOME[2] + height_m)

    def write(self, path: Path) -> Path:
        """The file, as PX4 leaves it."""
        formats = (
            _message(b"F", f"{topic}:{';'.join(('uint64_t timestamp', *FORMATS[topic]))};".encode())
            for topic in self.topics
        )
        subscriptions = (
            _message(b"A", struct.pack("<BH", 0, number) + topic.encode()) for number, topic in enumerate(self.topics)
        )
        path.write_bytes(b"".join((MAGIC, struct.pack("<Q", 0), *formats, *subscriptions, *self._data)))
        return path


def _message(kind: bytes, payload: bytes) -> bytes:
    return struct.pack("<H", len(payload)) + kind + payload


@pytest.fixture
def log_writer() -> Callable[..., LogWriter]:
    """Makes a new log; `topics` are those that it can hold."""
    return LogWriter
