"""MAVLink's mission protocol from the ground's side, without sockets, clock or tasks.

Written for a lossy link: any request is answered, whatever was asked before; what is not answered is sent again,
ever more slowly; a list whose last acknowledgement is lost is not sent blindly again, since reading it back tells.
Each exchange takes `receive` for messages and `tick` for the passing of time, and gives messages to send.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import msgspec

from mission.model.mission import MavMissionType, MissionItem
from vehicles.link import WriteClaim, WriteStatus

RESEND_S = 0.4
"""First wait for an answer; afterwards three measured round trips, between the next two."""
RESEND_MIN_S = 0.1
RESEND_MAX_S = 3.0
PATIENT_SILENCES = 4
"""Silences in a row that are put down to loss; more mean an outage, and the waits grow (no retry storm)."""
QUIET_S = 5.5
"""PX4 gives up a transaction after 5 s of its own clock; a new COUNT before that may be taken for the old one's."""
LAST_ITEM_RESENDS = 8
"""How often the last item is sent again for want of an acknowledgement."""

ITEM_MESSAGES = ("MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK", "MISSION_COUNT", "MISSION_ITEM_INT")


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


_BUSY = frozenset({MissionAck.ERROR, MissionAck.INVALID_SEQUENCE, MissionAck.OPERATION_CANCELLED})
"""Answers about the transaction, not about the content: wait until the autopilot is quiet, then begin again."""


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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send, without its target."""

    name: str
    fields: dict[str, int | float | None]


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


class _Patience:
    """When to send again: after three round trips of silence, as measured, and slower when silence goes on."""

    def __init__(self) -> None:
        self._wait_s = RESEND_S
        self._since_s = 0.0
        self._silences = 0

    def heard(self, now_s: float) -> None:
        """An answer; the one to a question asked once measures the round trip (Karn's rule)."""
        if self._silences == 0 and self._since_s > 0.0:
            measured_s = min(max(3.0 * (now_s - self._since_s), RESEND_MIN_S), RESEND_MAX_S)
            self._wait_s = max(measured_s, 0.8 * self._wait_s)
        self._since_s, self._silences = now_s, 0

    def out(self, now_s: float) -> bool:
        """Whether the wait is over; after some silences in a row the next ones are longer."""
        if now_s - self._since_s < self._wait_s:
            return False
        self._silences += 1
        if self._silences > PATIENT_SILENCES:
            self._wait_s = min(1.5 * self._wait_s, RESEND_MAX_S)
        self._since_s = now_s
        return True


class PlanWriter:
    """Writes one list; an empty one clears it. `claim` is the protocol's word, which a read-back must settle.

    Args:
        speed_factor: how many times faster than ours the autopilot's clock runs.
    """

    def __init__(self, kind: MavMissionType, items: Sequence[MissionItem], speed_factor: float = 1.0) -> None:
        self._kind = kind
        self._items = tuple(items)
        self._quiet_s = max(2.0 * RESEND_S, QUIET_S / speed_factor)
        self._patience = _Patience()
        self._asked = -1
        self._last_item_sent = 0
        self._heard_s = 0.0
        self._begin_again_s = math.inf
        self.claim: WriteClaim | None = None

    @property
    def ended(self) -> bool:
        """Whether there is a claim."""
        return self.claim is not None

    def start(self, now_s: float) -> list[Outgoing]:
        """Announce the list, or clear."""
        self._patience.heard(now_s)
        self._heard_s, self._begin_again_s = now_s, math.inf
        self._asked = -1
        return [self._opening()]

    def _opening(self) -> Outgoing:
        if not self._items:
            return Outgoing("MISSION_CLEAR_ALL", {"mission_type": int(self._kind)})
        fields = {"count": len(self._items), "mission_type": int(self._kind), "opaque_id": 0}
        return Outgoing("MISSION_COUNT", dict(fields))

    def receive(self, name: str, message: Incoming, now_s: float) -> list[Outgoing]:
        """Answer a request, or take the acknowledgement. Messages of another list are not ours (F-L11)."""
        if message.mission_type != self._kind or self.ended:
            return []
        if name in ("MISSION_REQUEST", "MISSION_REQUEST_INT") and message.seq < len(self._items):
            self._patience.heard(now_s)
            self._heard_s = now_s
            self._asked = max(self._asked, message.seq)
            return [item_message(self._kind, message.seq, self._items[message.seq])]
        if name == "MISSION_ACK":
            self._acknowledged(message.type, now_s)
        return []

    def _acknowledged(self, result: int, now_s: float) -> None:
        name = self._kind.name.lower()
        known = MissionAck(result) if result in set(MissionAck) else MissionAck.ERROR
        if known is MissionAck.ACCEPTED:
            if self._asked == len(self._items) - 1:
                self.claim = WriteClaim(WriteStatus.ACKNOWLEDGED)
        elif known in _BUSY:
            self._begin_again_s = now_s + self._quiet_s
        else:
            where = f"item {self._asked}" if self._asked >= 0 else f"{len(self._items)} items"
            self.claim = WriteClaim(WriteStatus.REJECTED, f"{name} {where}: {known.name}")

    def tick(self, now_s: float) -> list[Outgoing]:
        """Send the opening or the last item again; begin again after a long silence in between."""
        halfway = 0 <= self._asked < len(self._items) - 1
        silent = halfway and now_s - self._heard_s > self._quiet_s
        if not self.ended and (silent or now_s >= self._begin_again_s):
            return self.start(now_s)
        waiting = not math.isinf(self._begin_again_s)
        if self.ended or waiting or not self._patience.out(now_s):
            return []
        if self._asked < 0:
            return [self._opening()]
        return self._last_item_again() if self._asked == len(self._items) - 1 else []

    def _last_item_again(self) -> list[Outgoing]:
        """Any other item the autopilot asks for again by itself."""
        self._last_item_sent += 1
        if self._last_item_sent > LAST_ITEM_RESENDS:
            self.claim = WriteClaim(WriteStatus.FAILED, f"{self._kind.name.lower()}: no acknowledgement")
            return []
        return [item_message(self._kind, self._asked, self._items[self._asked])]


class PlanReader:
    """Reads one list, item by item; `items` when it is complete."""

    def __init__(self, kind: MavMissionType) -> None:
        self._kind = kind
        self._patience = _Patience()
        self._count = -1
        self._read: list[MissionItem] = []
        self.items: tuple[MissionItem, ...] | None = None

    @property
    def ended(self) -> bool:
        """Whether the list is complete."""
        return self.items is not None

    def start(self, now_s: float) -> list[Outgoing]:
        """Ask for the list."""
        self._patience.heard(now_s)
        return [self._question()]

    def _question(self) -> Outgoing:
        if self._count < 0:
            return Outgoing("MISSION_REQUEST_LIST", {"mission_type": int(self._kind)})
        return Outgoing("MISSION_REQUEST_INT", {"seq": len(self._read), "mission_type": int(self._kind)})

    def receive(self, name: str, message: Incoming, now_s: float) -> list[Outgoing]:
        """Take the count or the next item; ask for the one after. Items out of turn are not taken."""
        if message.mission_type != self._kind or self.ended:
            return []
        if name == "MISSION_COUNT" and self._count < 0:
            self._count = message.count
        elif name == "MISSION_ITEM_INT" and self._count >= 0 and message.seq == len(self._read):
            self._read.append(_item(message))
        else:
            return []
        self._patience.heard(now_s)
        if len(self._read) < self._count:
            return [self._question()]
        self.items = tuple(self._read)
        return [Outgoing("MISSION_ACK", {"type": 0, "mission_type": int(self._kind), "opaque_id": 0})]

    def tick(self, now_s: float) -> list[Outgoing]:
        """Ask again after a silence."""
        return [self._question()] if not self.ended and self._patience.out(now_s) else []


def item_message(kind: MavMissionType, sequence: int, item: MissionItem) -> Outgoing:
    """MISSION_ITEM_INT; the first item of a mission is the current one."""
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


def _nullable(value: float) -> float | None:
    """JSON has no NaN; MAVSDK writes and reads it as null."""
    return None if math.isnan(value) else value


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _item(message: Incoming) -> MissionItem:
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
