"""Writes one list to an autopilot over a link that loses, repeats, delays and reorders. Sans-IO, see `plan_exchange`.

The autopilot asks for one item after the other, repeats a question every 250 ms, and passes over an item that is not
the next. So any request is answered, and a few items behind it follow unasked, on a long link spaced over the round
trip: when one is lost, the question for it comes again, or nothing does, and the sending goes back there.
"""

import math
from collections.abc import Sequence

from mission.model.mission import MavMissionType, MissionItem
from vehicles.link import WriteClaim, WriteStatus
from vehicles.message_wire import Outgoing
from vehicles.plan_exchange import (
    SILENCES_OF_A_LEFTOVER,
    Incoming,
    MissionAck,
    acknowledgement,
    cancel_leftovers,
    item_message,
    quiet_s,
)
from vehicles.round_trip import IN_FLIGHT, RESEND_MIN_S, Patience, RoundTrip

END_RESENDS = 8
"""How often the end is sent again for want of an acknowledgement, before reading back has to tell (F-L6)."""
OWN_LEFTOVERS = 6
"""Answers "busy" to an announcement that are put down to a transaction of our own, and answered by cancelling it;
after that it is another station's, and is left alone until the autopilot must be quiet."""
STALL_S = 0.8
"""An autopilot that says "error" amid a transfer and then asks for nothing this long has ended it."""
SAME_FLIGHT = 0.9
"""A question repeated within this fraction of a round trip after its answer was sent has crossed that answer."""

_BUSY = frozenset({MissionAck.ERROR, MissionAck.INVALID_SEQUENCE, MissionAck.OPERATION_CANCELLED})
"""Answers about the transaction, not about the content."""
_REFUSE_A_COUNT = frozenset({MissionAck.NO_SPACE, MissionAck.INVALID, MissionAck.DENIED})
"""Noes that an autopilot can say before it has seen an item; any other is late, of a transfer before (F-L11)."""


class PlanWriter:
    """Writes one list; an empty one clears it. `claim` is the protocol's word, which a read-back must settle.

    Args:
        round_trip: of the link, shared by its exchanges.
        speed_factor: how many times faster than ours the autopilot's clock runs.
    """

    def __init__(
        self, kind: MavMissionType, items: Sequence[MissionItem], round_trip: RoundTrip, speed_factor: float = 1.0
    ) -> None:
        self._kind = kind
        self._items = tuple(items)
        self._round_trip = round_trip
        self._quiet_s = quiet_s(speed_factor)
        self._busy = 0
        self._end_missed = 0
        self._one_by_one = False
        self.claim: WriteClaim | None = None

    @property
    def ended(self) -> bool:
        """Whether there is a claim."""
        return self.claim is not None

    def start(self, now_s: float) -> list[Outgoing]:
        """Announce the list, or clear."""
        self._patience = Patience(self._round_trip, now_s)
        self._opened_s = self._heard_s = now_s
        self._begin_again_s = math.inf
        self._opening_repeated = False
        self._asked = -1
        self._front = 0
        self._next_paced_s = 0.0
        self._sent_s = [-math.inf] * len(self._items)
        self._sendings = [0] * len(self._items)
        return [self._opening()]

    def _opening(self) -> Outgoing:
        if not self._items:
            return Outgoing("MISSION_CLEAR_ALL", {"mission_type": int(self._kind)})
        return Outgoing("MISSION_COUNT", {"count": len(self._items), "mission_type": int(self._kind), "opaque_id": 0})

    @property
    def _end_was_sent(self) -> bool:
        return not self._items or self._sendings[-1] > 0

    def receive(self, name: str, message: Incoming, now_s: float) -> list[Outgoing]:
        """Answer a request, or take the acknowledgement. Messages of another list are not ours (F-L11).

        Only a busy autopilot answers an announcement with the list that it is busy with.
        """
        is_busy = name == "MISSION_ACK" and message.type in _BUSY
        if self.ended or (message.mission_type != self._kind and not (is_busy and self._asked < 0)):
            return []
        if name in ("MISSION_REQUEST", "MISSION_REQUEST_INT") and message.seq < len(self._items):
            return self._requested(message.seq, now_s)
        if name == "MISSION_ACK":
            return self._acknowledged(message.type, now_s)
        return []

    def _requested(self, sequence: int, now_s: float) -> list[Outgoing]:
        self._patience.heard(now_s)
        self._heard_s, self._begin_again_s = now_s, math.inf
        is_new, is_sent = sequence > self._asked, self._sendings[sequence] > 0
        if is_new:
            self._measure(sequence, now_s)
            self._asked = sequence
        crossing_s = SAME_FLIGHT * (self._round_trip.estimate_s or 0.0)
        if is_sent and (is_new or now_s - self._sent_s[sequence] < crossing_s):
            return self._ahead(now_s)
        if sequence < self._asked:
            return [self._item(sequence, now_s)]
        self._front, self._next_paced_s = sequence, now_s  # what was sent behind a lost item was passed over
        return self._ahead(now_s)

    def _measure(self, sequence: int, now_s: float) -> None:
        """What was asked for first shows how long the item before it, or the announcement, took."""
        if sequence == 0:
            sample = self._round_trip.guessed if self._opening_repeated else self._round_trip.measured
            sample(now_s - self._opened_s)
        elif self._sendings[sequence - 1] == 1:
            self._round_trip.measured(now_s - self._sent_s[sequence - 1])

    def _item(self, sequence: int, now_s: float) -> Outgoing:
        self._sent_s[sequence] = now_s
        self._sendings[sequence] += 1
        return item_message(self._kind, sequence, self._items[sequence])

    def _acknowledged(self, result: int, now_s: float) -> list[Outgoing]:
        known = MissionAck(result) if result in set(MissionAck) else MissionAck.ERROR
        if known is MissionAck.ACCEPTED:
            if self._end_was_sent:
                self.claim = WriteClaim(WriteStatus.ACKNOWLEDGED)
            return []
        if known in _BUSY:
            return self._told_busy(now_s)
        if self._asked < 0:
            return self._refused(f"{len(self._items)} items: {known.name}") if known in _REFUSE_A_COUNT else []
        if self._one_by_one:
            return self._refused(f"item {self._asked}: {known.name}")
        self._one_by_one = True  # said again when each item waits for its request, it names the item (F-V11)
        return self.start(now_s)

    def _refused(self, what: str) -> list[Outgoing]:
        self.claim = WriteClaim(WriteStatus.REJECTED, f"{self._kind.name.lower()} {what}")
        return []

    def _told_busy(self, now_s: float) -> list[Outgoing]:
        if self._asked >= 0:
            # Also the answer to an announcement that came twice: what counts is whether it goes on asking.
            wait_s = max(STALL_S, 3.0 * (self._round_trip.estimate_s or 0.0))
            self._begin_again_s = min(self._begin_again_s, now_s + wait_s)
            return []
        self._busy += 1
        if self._busy > OWN_LEFTOVERS:
            self._begin_again_s = now_s + self._quiet_s
            return []
        self._begin_again_s = now_s + max(RESEND_MIN_S, 0.25 * (self._round_trip.estimate_s or 0.0))
        return cancel_leftovers()

    def tick(self, now_s: float) -> list[Outgoing]:
        """Send ahead; repeat what is not answered; begin again after a long silence."""
        if self.ended:
            return []
        halfway = self._asked >= 0 and not self._end_was_sent
        if now_s >= self._begin_again_s or (halfway and now_s - self._heard_s > self._quiet_s):
            return self.start(now_s)
        if not math.isinf(self._begin_again_s):
            return []
        if ahead := self._ahead(now_s):
            return ahead
        return self._again(now_s) if self._patience.out(now_s) else []

    def _ahead(self, now_s: float) -> list[Outgoing]:
        """The items whose turn has come, from the one asked for on: at once on a short link, else one by one."""
        said = []
        in_flight = 1 if self._one_by_one else IN_FLIGHT
        reach = min(self._asked + in_flight, len(self._items)) if self._asked >= 0 else 0
        while self._front < reach and now_s >= self._next_paced_s:
            self._next_paced_s = now_s + self._round_trip.spacing_s
            said.append(self._item(self._front, now_s))
            self._front += 1
        return said

    def _again(self, now_s: float) -> list[Outgoing]:
        """The opening, or from the item asked for last: it was lost, or the next question or the end was."""
        if self._asked < 0:
            self._opening_repeated = True
            if self._patience.silences == SILENCES_OF_A_LEFTOVER:
                return [*cancel_leftovers(), self._opening()]
            return [self._opening()]
        if self._end_was_sent:
            self._end_missed += 1
            if self._end_missed > END_RESENDS:
                self.claim = WriteClaim(WriteStatus.FAILED, f"{self._kind.name.lower()}: no acknowledgement")
                return self.abandon()
        self._front, self._next_paced_s = self._asked, now_s
        return self._ahead(now_s)

    def abandon(self) -> list[Outgoing]:
        """Let the autopilot end what is half done, so that the next exchange need not wait for it to give up."""
        return [acknowledgement(self._kind, MissionAck.OPERATION_CANCELLED)]
