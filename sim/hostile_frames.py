"""What a vehicle may meet on a link and must survive: frames that are cut, broken, foreign, or absurd.

    for datagram in hostile_datagrams(random.Random(7), system_id=1):
        autopilot.receive(datagram)

Some are no frames at all; others are intact, are for the vehicle, and ask for nonsense. Each kind is one function of
`KINDS`, drawn alike often.
"""

import math
import random
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

from fastcrc.crc16 import mcrf4xx
from pymavlink.dialects.v20 import common as dialect

from sim.parameters import DEFAULTS
from sim.wire import CHECKSUM, HEADER_V2, MAGIC_V2

MAGIC_V1 = 0xFE
MAX_PAYLOAD_BYTES = 255
STATION = (245, 190)
ABSURD_NUMBERS = (math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-30, 3e38, -3e38, 65536.0, 4.2e9)
ABSURD_PLACES = (910_000_000, -910_000_000, 2_147_483_647, -2_147_483_648, 0, 475_777_420)
"""Latitudes and longitudes in 1e-7 degrees: beyond the poles, at the ends of the type, and 200 km away."""
PARAMETERS = tuple(DEFAULTS)
MESSAGES = tuple(message for message in dialect.mavlink_map.values() if hasattr(message, "unpacker"))
ASKED_OF_VEHICLES = (
    "COMMAND_LONG",
    "COMMAND_INT",
    "MISSION_COUNT",
    "MISSION_ITEM_INT",
    "MISSION_ITEM",
    "MISSION_REQUEST_INT",
    "MISSION_REQUEST",
    "MISSION_REQUEST_LIST",
    "MISSION_ACK",
    "MISSION_CLEAR_ALL",
    "MISSION_SET_CURRENT",
    "PARAM_SET",
    "PARAM_REQUEST_READ",
    "PARAM_REQUEST_LIST",
    "SET_MODE",
    "PING",
    "HEARTBEAT",
)


def frame_of(message_id: int, crc_extra: int, payload: bytes, sequence: int = 0) -> bytes:
    """An intact MAVLink 2 frame, whatever its payload."""
    length = len(payload)
    head = HEADER_V2.pack(MAGIC_V2, length, 0, 0, sequence, *STATION, message_id & 0xFFFF, message_id >> 16)
    return head + payload + CHECKSUM.pack(mcrf4xx(head[1:] + payload + bytes([crc_extra]), 0xFFFF))


def hostile_datagrams(rng: random.Random, system_id: int) -> Iterator[bytes]:
    """Yield datagrams without end; what is meant for a vehicle is meant for `system_id`."""
    kinds = tuple(KINDS.values())
    while True:
        yield rng.choice(kinds)(rng, system_id)


def truncated(rng: random.Random, system_id: int) -> bytes:
    """A frame that was cut short, sometimes with another right behind."""
    frame = plausible(rng, system_id)
    cut = frame[: rng.randrange(len(frame))]
    return cut + plausible(rng, system_id) if rng.random() < 0.3 else cut


def corrupted(rng: random.Random, system_id: int) -> bytes:
    """A frame with up to four bits the other way round."""
    frame = bytearray(plausible(rng, system_id))
    for _ in range(rng.randint(1, 4)):
        frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
    return bytes(frame)


def oversized(rng: random.Random, _system_id: int) -> bytes:
    """An intact frame with a payload longer than its message has."""
    message = rng.choice(MESSAGES)
    size = rng.randint(min(message.unpacker.size + 1, MAX_PAYLOAD_BYTES), MAX_PAYLOAD_BYTES)
    return frame_of(message.id, message.crc_extra, rng.randbytes(size))


def undersized(rng: random.Random, _system_id: int) -> bytes:
    """An intact frame with a payload that lacks fields which zeros may not stand for, or has none at all."""
    message = rng.choice(MESSAGES)
    return frame_of(message.id, message.crc_extra, rng.randbytes(rng.randrange(min(message.unpacker.size, 8))))


def wrong_version(rng: random.Random, system_id: int) -> bytes:
    """MAVLink 1, a version that does not exist, or flags that nobody knows."""
    frame = bytearray(plausible(rng, system_id))
    choice = rng.randrange(3)
    if choice == 0:
        frame[0] = MAGIC_V1
    elif choice == 1:
        frame[0] = rng.randrange(256)
    else:
        frame[2] = rng.randrange(256)
    return bytes(frame)


def unknown_message(rng: random.Random, _system_id: int) -> bytes:
    """An intact frame of a message that no dialect has."""
    number = rng.choice((rng.randrange(60_000, 1 << 24), 0xFFFFFF, 227))
    return frame_of(number, rng.randrange(256), rng.randbytes(rng.randint(1, MAX_PAYLOAD_BYTES)))


def noise(rng: random.Random, _system_id: int) -> bytes:
    """Bytes that mean nothing, with frame starts among them."""
    return bytes(rng.choice((MAGIC_V2, MAGIC_V1, rng.randrange(256))) for _ in range(rng.randint(0, 280)))


def any_fields(rng: random.Random, system_id: int) -> bytes:
    """An intact message that is asked of vehicles, every field of it at random, the target right."""
    message = getattr(dialect, f"MAVLink_{rng.choice(ASKED_OF_VEHICLES).lower()}_message")
    payload = bytearray(rng.randbytes(message.unpacker.size))
    _aim(message, payload, system_id)
    return frame_of(message.id, message.crc_extra, bytes(payload))


def absurd_command(rng: random.Random, system_id: int) -> bytes:
    """A command that exists or not, with numbers that are none, without end, or far too large."""
    number = rng.choice((rng.randrange(65_536), rng.choice(list(dialect.enums["MAV_CMD"]))))
    values = [rng.choice(ABSURD_NUMBERS) for _ in range(7)]
    if rng.random() < 0.5:
        return _packed(dialect.MAVLink_command_long_message(system_id, 1, number & 0xFFFF, rng.randrange(256), *values))
    place = rng.choice(ABSURD_PLACES), rng.choice(ABSURD_PLACES)
    head = (system_id, 1, rng.randrange(256), number & 0xFFFF, 0, 0)
    return _packed(dialect.MAVLink_command_int_message(*head, *values[:4], *place, values[6]))


def absurd_item(rng: random.Random, system_id: int) -> bytes:
    """A plan's item or count: latitude 91, heights that are no number, 200 km legs, sequences out of turn."""
    plan = rng.choice((0, 0, 0, 1, 2, rng.randrange(256)))
    if rng.random() < 0.3:
        count = rng.choice((0, 1, 2, 3, 65, 500, 65_535))
        return _packed(dialect.MAVLink_mission_count_message(system_id, 1, count, plan))
    sequence = rng.choice((0, 0, 0, 1, 1, 2, rng.randrange(65_536)))
    command = rng.choice((16, 21, 22, 20, 93, 177, 178, 211, 5001, 5002, 5003, 5004, 5100, rng.randrange(65_536)))
    head = (system_id, 1, sequence, rng.choice((0, 2, 3, 5, 6, rng.randrange(256))), command, rng.randrange(2), 1)
    values = [rng.choice(ABSURD_NUMBERS) for _ in range(5)]
    place = rng.choice(ABSURD_PLACES), rng.choice(ABSURD_PLACES)
    return _packed(dialect.MAVLink_mission_item_int_message(*head, *values[:4], *place, values[4], plan))


def absurd_parameter(rng: random.Random, system_id: int) -> bytes:
    """A parameter that the vehicle has, set to what no vehicle can fly with; PX4 takes any value of the right type."""
    name = rng.choice(PARAMETERS)
    kind = rng.choice((dialect.MAV_PARAM_TYPE_REAL32, dialect.MAV_PARAM_TYPE_INT32))
    return _packed(dialect.MAVLink_param_set_message(system_id, 1, name.encode(), rng.choice(ABSURD_NUMBERS), kind))


def plausible(rng: random.Random, system_id: int) -> bytes:
    """An intact frame to be broken."""
    return rng.choice((any_fields, absurd_command, absurd_item))(rng, system_id)


def _packed(message: Any) -> bytes:
    packed: bytes = message.pack(dialect.MAVLink(None, *STATION))
    return packed


def _aim(message: Any, payload: bytearray, system_id: int) -> None:
    """Write the target into a payload, where the message has one."""
    names = message.ordered_fieldnames
    for name, value in (("target_system", system_id), ("target_component", 1)):
        if name in names:
            fields_before = re.findall(r"\d*[a-zA-Z]", message.unpacker.format)[: names.index(name)]
            payload[struct.calcsize("<" + "".join(fields_before))] = value


Kind = Callable[[random.Random, int], bytes]
KINDS: dict[str, Kind] = {
    "truncated": truncated,
    "corrupted": corrupted,
    "oversized": oversized,
    "undersized": undersized,
    "wrong version": wrong_version,
    "unknown message": unknown_message,
    "noise": noise,
    "any fields": any_fields,
    "absurd command": absurd_command,
    "absurd item": absurd_item,
    "absurd parameter": absurd_parameter,
}
"""Every kind by its name."""
