"""The mission protocol from the ground's side, against an autopilot behind a lossy, reordering link."""

import math
import random
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.model.mission import MavMissionType, MissionItem
from vehicles.link import WriteStatus
from vehicles.message_wire import Outgoing
from vehicles.plan_exchange import QUIET_S, Exchange, Incoming
from vehicles.plan_reader import PlanReader
from vehicles.plan_writer import OWN_LEFTOVERS, PlanWriter
from vehicles.round_trip import RoundTrip

KIND = MavMissionType.MISSION
REREQUEST_S = 0.25
GIVE_UP_S = 5.0


def items(count: int) -> tuple[MissionItem, ...]:
    """Waypoints that differ, with unset yaws."""
    return tuple(MissionItem(16, x=n, y=-n, z=10.5 + n) for n in range(count))


def message(outgoing: Outgoing) -> Incoming:
    """What arrives of what was sent."""
    return msgspec.convert(outgoing.fields, Incoming)


@dataclass
class Autopilot:
    """PX4's side, as it was measured: asks again every 250 ms, gives up after 5 s, ignores what is out of turn."""

    held: list[Incoming] = field(default_factory=list)
    count: int = 0
    asking: int = -1
    asked_s: float = 0.0
    heard_s: float = 0.0
    incoming: list[Incoming] = field(default_factory=list)
    refuse: int = -1

    def receive(self, outgoing: Outgoing, now_s: float) -> list[Outgoing]:
        """Answer one message."""
        fields = message(outgoing)
        if outgoing.name == "MISSION_COUNT":
            if self.asking < 0:
                self.count, self.incoming = fields.count, []
                self.asking = 0
            self.heard_s = now_s
            return self._ask(now_s)
        if outgoing.name == "MISSION_ITEM_INT":
            return self._take(fields, now_s)
        if outgoing.name == "MISSION_CLEAR_ALL" and self.asking < 0:
            self.held = []
            return [Outgoing("MISSION_ACK", {"type": 0})]
        if outgoing.name == "MISSION_REQUEST_LIST" and self.asking < 0:
            return [Outgoing("MISSION_COUNT", {"count": len(self.held)})]
        if outgoing.name == "MISSION_REQUEST_INT" and fields.seq < len(self.held):
            return [Outgoing("MISSION_ITEM_INT", {**msgspec.structs.asdict(self.held[fields.seq]), "seq": fields.seq})]
        return []

    def _take(self, item: Incoming, now_s: float) -> list[Outgoing]:
        if self.asking < 0:
            last = self.held and item.seq == len(self.held) - 1
            return [Outgoing("MISSION_ACK", {"type": 0})] if last else []
        if item.seq == self.refuse:
            self.asking = -1
            return [Outgoing("MISSION_ACK", {"type": 3})]
        if item.seq != self.asking:
            return []
        self.heard_s = now_s
        self.incoming.append(item)
        self.asking += 1
        if self.asking < self.count:
            return self._ask(now_s)
        self.held, self.asking = self.incoming, -1
        return [Outgoing("MISSION_ACK", {"type": 0})]

    def _ask(self, now_s: float) -> list[Outgoing]:
        self.asked_s = now_s
        return [Outgoing("MISSION_REQUEST_INT", {"seq": self.asking})]

    def tick(self, now_s: float) -> list[Outgoing]:
        """Ask again, or give up."""
        if self.asking < 0 or now_s - self.asked_s < REREQUEST_S:
            return []
        if now_s - self.heard_s > GIVE_UP_S:
            self.asking = -1
            return [Outgoing("MISSION_ACK", {"type": 15})]
        return self._ask(now_s)


def run(exchange: Exchange, autopilot: Autopilot, seed: int, loss: float, delay_s: float, limit_s: float) -> float:
    """Both ends over a link that loses, delays and reorders, in virtual time; returns when it ended, or inf."""
    rng = random.Random(seed)
    under_way: list[tuple[float, int, Outgoing, bool]] = []
    sent = 0

    def put(messages: list[Outgoing], now_s: float, up: bool) -> None:
        nonlocal sent
        for outgoing in messages:
            sent += 1
            copies = 0 if rng.random() < loss else 1 + (rng.random() < loss / 4)
            for _ in range(copies):
                under_way.append((now_s + delay_s * rng.uniform(0.5, 1.5), sent, outgoing, up))

    now_s = 1.0
    put(exchange.start(now_s), now_s, up=True)
    while now_s < limit_s:
        now_s += 0.02
        due = sorted(entry for entry in under_way if entry[0] <= now_s)
        under_way = [entry for entry in under_way if entry[0] > now_s]
        for _, _, outgoing, up in due:
            if up:
                put(autopilot.receive(outgoing, now_s), now_s, up=False)
            else:
                put(exchange.receive(outgoing.name, message(outgoing), now_s), now_s, up=True)
        put(exchange.tick(now_s), now_s, up=True)
        put(autopilot.tick(now_s), now_s, up=False)
        if exchange.ended:
            assert sent < 200 + 200 * now_s, "a storm of retries"
            return now_s
    return math.inf


@pytest.mark.parametrize(("loss", "delay_s"), [(0.0, 0.001), (0.1, 0.02), (0.3, 0.02), (0.4, 0.05), (0.0, 0.6)])
def test_a_list_arrives_over_a_bad_link(loss: float, delay_s: float) -> None:
    """40 % loss or more than a second there and back: written, and held exactly (F-L1, F-L5)."""
    for seed in range(10):
        autopilot, writer = Autopilot(), PlanWriter(KIND, items(20), RoundTrip())
        assert run(writer, autopilot, seed, loss, delay_s, limit_s=120.0) < 120.0
        assert writer.claim is not None
        reader = PlanReader(KIND, RoundTrip())
        assert run(reader, autopilot, seed, loss, delay_s, limit_s=120.0) < 120.0
        assert reader.items is not None
        if writer.claim.status is WriteStatus.ACKNOWLEDGED:
            assert [item.wire_bytes() for item in reader.items] == [item.wire_bytes() for item in items(20)]


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), loss=st.floats(0.0, 0.5), count=st.integers(0, 12))
def test_acknowledged_means_held(seed: int, loss: float, count: int) -> None:
    """Whatever is lost, doubled or late: an acknowledged list is on board, whole and in order (I-25)."""
    autopilot = Autopilot(held=[Incoming(command=22, x=999)])
    writer = PlanWriter(KIND, items(count), RoundTrip())
    run(writer, autopilot, seed, loss, 0.05, limit_s=60.0)
    if writer.claim is not None and writer.claim.status is WriteStatus.ACKNOWLEDGED:
        assert [(item.x, item.z) for item in autopilot.held] == [(item.x, item.z) for item in items(count)]


def test_a_refused_item_is_named() -> None:
    """A NACK at item 3 says item 3 (F-V11)."""
    writer = PlanWriter(KIND, items(6), RoundTrip())
    run(writer, Autopilot(refuse=3), 0, 0.0, 0.001, limit_s=10.0)
    assert writer.claim is not None
    assert writer.claim.status is WriteStatus.REJECTED
    assert "item 3: UNSUPPORTED" in writer.claim.reason


def test_the_acknowledgement_of_another_list_is_not_ours() -> None:
    """A late answer about the fence does not end the mission's transfer (F-L11)."""
    writer = PlanWriter(KIND, items(2), RoundTrip())
    writer.start(0.0)
    for sequence in (0, 1):
        writer.receive("MISSION_REQUEST_INT", Incoming(seq=sequence), 0.1)
    writer.receive("MISSION_ACK", Incoming(mission_type=1, type=0), 0.2)
    assert not writer.ended


def test_an_acknowledgement_before_the_last_item_is_not_believed() -> None:
    """The late ACK of an old transfer of the same list proves nothing about this one (F-L11)."""
    writer = PlanWriter(KIND, items(3), RoundTrip())
    writer.start(0.0)
    writer.receive("MISSION_REQUEST_INT", Incoming(seq=0), 0.1)
    writer.receive("MISSION_ACK", Incoming(type=0), 0.2)
    assert not writer.ended


def test_a_leftover_of_ours_is_cancelled_before_the_next_transfer() -> None:
    """The autopilot is busy with a transfer whose end it did not hear: cancelled, then announced again at once."""
    writer = PlanWriter(KIND, items(2), RoundTrip())
    writer.start(0.0)
    said = writer.receive("MISSION_ACK", Incoming(type=1), 0.1)
    assert {(outgoing.name, outgoing.fields["type"]) for outgoing in said} == {("MISSION_ACK", 15)}
    assert [outgoing.name for outgoing in writer.tick(0.6)] == ["MISSION_COUNT"]


def test_another_stations_transfer_is_left_alone_until_it_is_quiet() -> None:
    """Busy in spite of being told to cancel: it is not ours, and nothing is sent before it must have ended (F-L10)."""
    writer = PlanWriter(KIND, items(2), RoundTrip())
    writer.start(0.0)
    now_s = 0.1
    for _ in range(OWN_LEFTOVERS):
        writer.receive("MISSION_ACK", Incoming(type=1), now_s)
        now_s += 0.5
        assert writer.tick(now_s)
    assert writer.receive("MISSION_ACK", Incoming(type=1), now_s) == []
    assert writer.tick(now_s + QUIET_S - 0.1) == []
    assert [outgoing.name for outgoing in writer.tick(now_s + QUIET_S + 0.1)] == ["MISSION_COUNT"]


def test_an_error_amid_a_transfer_that_goes_on_is_no_end() -> None:
    """An announcement that came twice is answered "busy"; the autopilot asks on, and so does the transfer (F-L3)."""
    writer = PlanWriter(KIND, items(3), RoundTrip())
    writer.start(0.0)
    writer.receive("MISSION_REQUEST_INT", Incoming(seq=0), 0.1)
    writer.receive("MISSION_ACK", Incoming(type=1), 0.2)
    asked = writer.receive("MISSION_REQUEST_INT", Incoming(seq=1), 0.3)
    assert [outgoing.fields["seq"] for outgoing in asked] == [1]
    assert [outgoing.name for outgoing in writer.tick(2.0)] == ["MISSION_ITEM_INT"]


def test_a_late_refusal_of_an_item_is_not_taken_before_an_item_was_sent() -> None:
    """What an autopilot says of an item belongs to a transfer in which it has seen one (F-L11)."""
    writer = PlanWriter(KIND, items(3), RoundTrip())
    writer.start(0.0)
    writer.receive("MISSION_ACK", Incoming(type=3), 0.1)
    assert not writer.ended
    writer.receive("MISSION_ACK", Incoming(type=4), 0.2)
    assert writer.claim is not None
    assert "3 items: NO_SPACE" in writer.claim.reason


def test_a_lost_last_acknowledgement_ends_as_failed() -> None:
    """No blind upload again: the claim is open, and reading back decides (F-L6)."""
    writer = PlanWriter(KIND, items(1), RoundTrip())
    writer.start(0.0)
    writer.receive("MISSION_REQUEST_INT", Incoming(seq=0), 0.1)
    now_s = 0.1
    while not writer.ended and now_s < 60.0:
        now_s += 0.1
        writer.tick(now_s)
    assert writer.claim is not None
    assert writer.claim.status is WriteStatus.FAILED
    assert now_s < 2.0 * QUIET_S


def test_silence_does_not_become_a_storm() -> None:
    """A minute without an answer: a few dozen messages, not hundreds (F-L5)."""
    reader = PlanReader(KIND, RoundTrip())
    sent = len(reader.start(0.0))
    sent += sum(len(reader.tick(step * 0.02)) for step in range(3000))
    assert 10 < sent < 40
