"""What a bad link does to packets: lost, in bursts too, doubled, late, out of order, squeezed, cut. Sans-IO.

A `Direction` takes packets with the time and gives them back when they arrive. Two of them are a `FaultyLink`, up to
the vehicle and down from it, with a schedule of what changes when. Everything random comes from one seed, so a run is
repeated by its seed. `sim.lossy_wire` carries it in virtual time, `sim.lossy_proxy` on UDP in front of any vehicle.
"""

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import msgspec

MAX_QUEUE_S = 0.5
"""What a radio holds back, by the time it takes to send: what comes on top is lost, as from a full buffer."""


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the packets of one direction. The defaults are a perfect link.

    Attributes:
        loss: fraction of packets lost, 0 to 1.
        burst_packets: length of a burst of losses; 1 loses packets one by one. `loss` stays the fraction.
        gilbert: bursts of random length, `burst_packets` on average (Gilbert's model), instead of exactly so long.
        duplicated: fraction of packets that arrive a second time, with a delay of their own.
        delay_s: how long each packet takes.
        jitter_s: up to so much more, uniformly distributed.
        reordered: whether a packet may overtake another one; otherwise jitter keeps the order.
        bandwidth_bit_s: packets go one behind the other at this rate, and at most `MAX_QUEUE_S` of them wait.
        cut: nothing arrives.
    """

    loss: float = 0.0
    burst_packets: float = 1.0
    gilbert: bool = False
    duplicated: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    reordered: bool = False
    bandwidth_bit_s: float = math.inf
    cut: bool = False

    def __post_init__(self) -> None:
        for name in ("loss", "duplicated"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}, not a fraction from 0 to 1")
        if not (
            self.burst_packets >= 1.0 and self.delay_s >= 0.0 and self.jitter_s >= 0.0 and self.bandwidth_bit_s > 0
        ):
            raise ValueError(f"burst_packets under 1, a negative time or no bandwidth in {self}")


PERFECT = Faults()
CUT = Faults(cut=True)


class Way(Enum):
    """UP is towards the vehicle, DOWN from it."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Change:
    """From `at_s` on, a direction has these faults. `rebind` changes the vehicle's address as well (UDP only)."""

    at_s: float
    way: Way
    faults: Faults
    rebind: bool = False


def outage(at_s: float, for_s: float, *, between: Faults = PERFECT, ways: Sequence[Way] = tuple(Way)) -> list[Change]:
    """Nothing passes for a while; one way only makes a one-way link. `between` is what holds afterwards."""
    return [
        Change(moment_s, way, faults) for moment_s, faults in ((at_s, CUT), (at_s + for_s, between)) for way in ways
    ]


@dataclass
class Direction:
    """One way of a link.

    Attributes:
        faults: in force now; may be replaced at any time.
        offered, lost, doubled: packets so far.
    """

    rng: random.Random
    faults: Faults = PERFECT
    offered: int = 0
    lost: int = 0
    doubled: int = 0
    _burst_left: int = 0
    _busy_until_s: float = -math.inf
    _latest_s: float = -math.inf
    _under_way: list[tuple[float, int, bytes]] = field(default_factory=list)
    _number: int = 0

    def offer(self, packet: bytes, now_s: float) -> None:
        """Take a packet."""
        self.offered += 1
        faults = self.faults
        if faults.cut or self._is_lost():
            self.lost += 1
            return
        sent_s = max(now_s, self._busy_until_s)
        if not math.isinf(faults.bandwidth_bit_s):
            if sent_s - now_s > MAX_QUEUE_S:
                self.lost += 1
                return
            sent_s += 8.0 * len(packet) / faults.bandwidth_bit_s
            self._busy_until_s = sent_s
        self._put(packet, sent_s)
        if faults.duplicated > 0.0 and self.rng.random() < faults.duplicated:
            self.doubled += 1
            self._put(packet, sent_s)

    def _is_lost(self) -> bool:
        faults = self.faults
        if self._burst_left > 0:
            self._burst_left -= 1
            return True
        length = faults.burst_packets
        begins = faults.loss / (faults.loss + length * (1.0 - faults.loss)) if faults.loss > 0.0 else 0.0
        if begins <= 0.0 or self.rng.random() >= begins:
            return False
        self._burst_left = self._burst_length() - 1
        return True

    def _burst_length(self) -> int:
        if not self.faults.gilbert:
            return round(self.faults.burst_packets)
        ends, length = 1.0 / self.faults.burst_packets, 1
        while self.rng.random() >= ends:
            length += 1
        return length

    def _put(self, packet: bytes, sent_s: float) -> None:
        faults = self.faults
        arrives_s = sent_s + faults.delay_s + (self.rng.uniform(0.0, faults.jitter_s) if faults.jitter_s else 0.0)
        if not faults.reordered:
            arrives_s = self._latest_s = max(arrives_s, self._latest_s)
        self._number += 1
        heapq.heappush(self._under_way, (arrives_s, self._number, packet))

    @property
    def next_s(self) -> float:
        """When the next packet arrives; infinite when none is under way."""
        return self._under_way[0][0] if self._under_way else math.inf

    def take(self, now_s: float) -> list[bytes]:
        """The packets that have arrived."""
        arrived = []
        while self._under_way and self._under_way[0][0] <= now_s:
            arrived.append(heapq.heappop(self._under_way)[2])
        return arrived


class FaultyLink:
    """Both ways of one vehicle's link.

    Args:
        seed: of all that is random.
        up, down: faults in force until the schedule changes them.
        schedule: changes, by the time of the packets' clock; in any order.
    """

    def __init__(
        self, seed: int | str, up: Faults = PERFECT, down: Faults = PERFECT, schedule: Sequence[Change] = ()
    ) -> None:
        self.ways = {
            way: Direction(random.Random(f"{seed}/{way.value}"), faults)
            for way, faults in zip(Way, (up, down), strict=True)
        }
        self.rebinds_due = 0
        self._schedule = sorted(schedule, key=lambda change: change.at_s)

    def set(self, up: Faults | None = None, down: Faults | None = None) -> None:
        """Put other faults in force now; packets under way are not touched."""
        for way, faults in ((Way.UP, up), (Way.DOWN, down)):
            if faults is not None:
                self.ways[way].faults = faults

    def schedule(self, *changes: Change) -> None:
        """Add changes to come."""
        self._schedule = sorted([*self._schedule, *changes], key=lambda change: change.at_s)

    def advance(self, now_s: float) -> None:
        """Make the scheduled changes that are due. `rebinds_due` counts changes of address for a carrier to make."""
        while self._schedule and self._schedule[0].at_s <= now_s:
            change = self._schedule.pop(0)
            self.ways[change.way].faults = change.faults
            self.rebinds_due += change.rebind

    def offer(self, way: Way, packet: bytes, now_s: float) -> None:
        """Take a packet that goes one way."""
        self.advance(now_s)
        self.ways[way].offer(packet, now_s)

    @property
    def next_s(self) -> float:
        """When something happens next: a packet arrives, or the schedule has a change."""
        change_s = self._schedule[0].at_s if self._schedule else math.inf
        return min(change_s, *(direction.next_s for direction in self.ways.values()))
