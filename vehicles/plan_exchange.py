"""MAVLink's mission protocol from the ground's side: its messages, and what a writer and a reader of lists share.

`plan_writer` and `plan_reader` are without sockets, clock or tasks: each takes `receive` for messages and `tick` for
the passing of time, and gives messages to send. `plan_lists` drives them over a link.
"""

import math
from enum import IntEnum
from typing import Protocol

import msgspec

from mission.model.mission import MavMissionType, MissionItem
from vehicles.message_wire import Outgoing

QUIET_S = 5.5
"""PX4 gives up a transaction after 5 s of its own clock; a new COUNT before that may be taken for the old one's."""
QUIET_MIN_S = 0.8
"""The same on a link to an autopilot whose clock is faster than ours: the link itself is not."""

SILENCES_OF_A_LEFTOVER = 3
"""Unanswered openings that are put down to a transaction of ours in which the autopilot still waits."""

ITEM_MESSAGES = ("MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK", "MISSION_COUNT", "MISSION_ITEM_INT")
"""What an autopilot says in these exchanges."""


class MissionAck(IntEnum):
    """MAV_MISSION_RESULT."""

    ACCEPTED = 0
    ERROR = 1
    UNSUPPORTED_FRAME = 2
    UNSUPPORTED = 3
    NO_SPACE = 4
    INVALID = 5
    INVALID_PARAM1 = 6
    INVALID_PARAM2 = 7
    INVALID_PARAM3 = 8
    INVALID_PARAM4 = 9
    INVALID_PARAM5_X = 10
    INVALID_PARAM6_Y = 11
    INVALID_PARAM7 = 12
    INVALID_SEQUENCE = 13
    DENIED = 14
    OPERATION_CANCELLED = 15


class Incoming(msgspec.Struct, gc=False):
    """The fields of any of `ITEM_MESSAGES`; a float that is null is NaN."""

    target_system: int = 0
    mission_type: int = 0
    seq: int = 0
    count: int = 0
    type: int = 0
    command: int = 0
    frame: int = 0
    autocontinue: int = 1
    param1: float | None = None
    param2: float | None = None
    param3: float | None = None
    param4: float | None = None
    x: int = 0
    y: int = 0
    z: float | None = None


class Exchange(Protocol):
    """What a driver needs of a reader or writer."""

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to do."""
        ...

    def start(self, now_s: float) -> list[Outgoing]:
        """The first messages."""
        ...

    def receive(self, name: str, message: Incoming, now_s: float) -> list[Outgoing]:
        """Answer a message."""
        ...

    def tick(self, now_s: float) -> list[Outgoing]:
        """What silence demands."""
        ...

    def abandon(self) -> list[Outgoing]:
        """What to say when the exchange is given up before it has ended."""
        ...


def quiet_s(speed_factor: float) -> float:
    """How long an autopilot must have heard nothing before it has given up for certain, by our clock."""
    return max(QUIET_MIN_S, QUIET_S / speed_factor)


def acknowledgement(kind: MavMissionType, result: MissionAck) -> Outgoing:
    """MISSION_ACK. OPERATION_CANCELLED ends a transaction of ours; PX4 passes over one that is another station's."""
    return Outgoing("MISSION_ACK", {"type": int(result), "mission_type": int(kind), "opaque_id": 0})


def cancel_leftovers() -> list[Outgoing]:
    """End whatever transaction of ours the autopilot is still in: it says which only to some questions."""
    return [acknowledgement(kind, MissionAck.OPERATION_CANCELLED) for kind in MavMissionType]


def item_message(kind: MavMissionType, sequence: int, item: MissionItem) -> Outgoing:
    """MISSION_ITEM_INT; the first item of a mission is the current one (F-V17)."""
    return Outgoing(
        "MISSION_ITEM_INT",
        {
            "seq": sequence,
            "frame": int(item.frame),
            "command": int(item.command),
            "current": int(sequence == 0 and kind is MavMissionType.MISSION),
            "autocontinue": item.autocontinue,
            "param1": _nullable(item.param1),
            "param2": _nullable(item.param2),
            "param3": _nullable(item.param3),
            "param4": _nullable(item.param4),
            "x": item.x,
            "y": item.y,
            "z": _nullable(item.z),
            "mission_type": int(kind),
        },
    )


def item_of(message: Incoming) -> MissionItem:
    """The item in a MISSION_ITEM_INT."""
    return MissionItem(
        command=message.command,
        frame=message.frame,
        param1=_number(message.param1),
        param2=_number(message.param2),
        param3=_number(message.param3),
        param4=_number(message.param4),
        x=message.x,
        y=message.y,
        z=_number(message.z),
        autocontinue=message.autocontinue,
    )


def _nullable(value: float) -> float | None:
    """JSON has no NaN; MAVSDK writes and reads it as null."""
    return None if math.isnan(value) else value


def _number(value: float | None) -> float:
    return math.nan if value is None else value
