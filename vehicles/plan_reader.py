"""Reads one list from an autopilot over a link that loses, repeats, delays and reorders. Sans-IO, see `plan_exchange`.

PX4 answers the question for the next item or for the one before, and ends the transaction at any other. So questions
go one at a time; only on a link that is clean so far do several follow each other, and when one of those is lost, all
is read again one at a time.
"""

import math

from mission.model.mission import MavMissionType, MissionItem
from vehicles.message_wire import Outgoing
from vehicles.plan_exchange import (
    SILENCES_OF_A_LEFTOVER,
    Incoming,
    MissionAck,
    acknowledgement,
    cancel_leftovers,
    item_of,
    quiet_s,
)
from vehicles.round_trip import IN_FLIGHT, Patience, RoundTrip


class PlanReader:
    """Reads one list; `items` when it is complete.

    Args:
        round_trip: of the link, shared by its exchanges.
        speed_factor: how many times faster than ours the autopilot's clock runs.
    """

    def __init__(self, kind: MavMissionType, round_trip: RoundTrip, speed_factor: float = 1.0) -> None:
        self._kind = kind
        self._round_trip = round_trip
        self._quiet_s = quiet_s(speed_factor)
        self._one_by_one = False
        self.items: tuple[MissionItem, ...] | None = None

    @property
    def ended(self) -> bool:
        """Whether the list is complete."""
        return self.items is not None

    def start(self, now_s: float) -> list[Outgoing]:
        """Ask for the list."""
        self._patience = Patience(self._round_trip, now_s)
        self._heard_s = now_s
        self._count = -1
        self._front = 0
        self._said_to_be_over = False
        self._next_paced_s = -math.inf
        self._read: dict[int, MissionItem] = {}
        self._asked_s: dict[int, float] = {}
        self._repeated: set[int] = set()
        return [self._list_question(now_s)]

    def _list_question(self, now_s: float) -> Outgoing:
        self._note_asked(-1, now_s)
        return Outgoing("MISSION_REQUEST_LIST", {"mission_type": int(self._kind)})

    def _question(self, sequence: int, now_s: float) -> Outgoing:
        self._note_asked(sequence, now_s)
        self._front = max(self._front, sequence + 1)
        self._next_paced_s = now_s + self._round_trip.spacing_s
        return Outgoing("MISSION_REQUEST_INT", {"seq": sequence, "mission_type": int(self._kind)})

    def _note_asked(self, sequence: int, now_s: float) -> None:
        """-1 stands for the list itself."""
        if sequence in self._asked_s:
            self._repeated.add(sequence)
        else:
            self._asked_s[sequence] = now_s

    def _answered(self, sequence: int, now_s: float) -> None:
        self._patience.heard(now_s)
        self._heard_s = now_s
        sample = self._round_trip.guessed if sequence in self._repeated else self._round_trip.measured
        sample(now_s - self._asked_s[sequence])

    def receive(self, name: str, message: Incoming, now_s: float) -> list[Outgoing]:
        """Take the count or an item that was asked for, and ask for the next. Another list's are not ours (F-L11)."""
        if message.mission_type != self._kind or self.ended:
            return []
        if name == "MISSION_COUNT" and self._count < 0:
            self._answered(-1, now_s)
            self._count = message.count
            return self._next(now_s)
        if name == "MISSION_ITEM_INT" and message.seq in self._asked_s and message.seq not in self._read:
            self._answered(message.seq, now_s)
            self._read[message.seq] = item_of(message)
            self._said_to_be_over = False
            return self._next(now_s)
        if name == "MISSION_ACK" and message.type != MissionAck.ACCEPTED:
            self._said_to_be_over = self._count >= 0  # or a late word on an upload before: silence will tell
        return []

    def _one_at_a_time_from_now_on(self, now_s: float) -> list[Outgoing]:
        self._one_by_one = True
        self._round_trip.disturbed()
        return self.start(now_s)

    def _next(self, now_s: float) -> list[Outgoing]:
        if len(self._read) == self._count:
            self.items = tuple(self._read[sequence] for sequence in range(self._count))
            return [acknowledgement(self._kind, MissionAck.ACCEPTED)] * 2  # unheard, it would hold up the next exchange
        return self._ahead(now_s)

    def _missing(self) -> int:
        """The first item that has not come yet."""
        return next(sequence for sequence in range(self._count + 1) if sequence not in self._read)

    def _ahead(self, now_s: float) -> list[Outgoing]:
        """The questions whose turn has come: the next, and on a clean link some more."""
        in_flight = IN_FLIGHT if self._round_trip.is_clean and not self._one_by_one else 1
        missing = self._missing()
        reach = min(missing + in_flight, self._count)
        said = []
        while self._front < reach and (self._front == missing or now_s >= self._next_paced_s):
            said.append(self._question(self._front, now_s))
        return said

    def tick(self, now_s: float) -> list[Outgoing]:
        """Ask ahead on a long link; ask again after a silence; begin again when the autopilot must have given up."""
        if self.ended:
            return []
        if self._count >= 0 and now_s - self._heard_s > self._quiet_s:
            return self.start(now_s)
        if self._count >= 0 and (ahead := self._ahead(now_s)):
            return ahead
        return self._again(now_s) if self._patience.out(now_s) else []

    def _again(self, now_s: float) -> list[Outgoing]:
        if self._count < 0:
            again = [self._list_question(now_s)]
            if self._patience.silences == SILENCES_OF_A_LEFTOVER:
                again = cancel_leftovers() + again
            return again
        missing = self._missing()
        if self._said_to_be_over or missing < self._front - 1:  # PX4 does not go back behind what it was asked for
            return self._one_at_a_time_from_now_on(now_s)
        return [self._question(missing, now_s)]

    def abandon(self) -> list[Outgoing]:
        """Let the autopilot end what is half done, so that the next exchange need not wait for it to give up."""
        return [acknowledgement(self._kind, MissionAck.OPERATION_CANCELLED)]
