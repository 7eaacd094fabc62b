"""Slots for many flights without a conflict left: by delay, height band or route; by priority, then first come.

Running flights are fixed. The others are taken in order, and each gets the cheapest of its ways and delays that is
clear of all before it. What is clear of everything at its first choice from the start, and is not met by one that was
moved, costs no more than one look at all flights together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mission.deconfliction.delays import Interval, first_clear_s
from mission.deconfliction.detection import conflicts
from mission.deconfliction.separation import Separation
from mission.deconfliction.traffic import Block, Traffic
from mission.deconfliction.trajectories import Trajectory


@dataclass(frozen=True, slots=True)
class Way:
    """One way to fly a flight: a height band or a route.

    Attributes:
        trajectory: flown so, without delay.
        cost_s: what it costs more than the first choice, as seconds of delay that would be as bad.
        closed: open intervals of delays that something else forbids it, such as operational intents of others.
    """

    trajectory: Trajectory
    cost_s: float = 0.0
    closed: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A flight that asks for a slot.

    Attributes:
        ways: at least one; the first is the one wanted.
        latest_s: longest delay that it can bear.
        priority: higher is served first; equals in the order asked.
    """

    flight_id: str
    ways: tuple[Way, ...]
    latest_s: float
    priority: int = 0

    def __post_init__(self) -> None:
        if not self.ways:
            raise ValueError(f"flight {self.flight_id} has no way")
        if not self.latest_s >= 0.0:
            raise ValueError(f"flight {self.flight_id}: latest_s {self.latest_s} must be 0 or more")


@dataclass(frozen=True, slots=True)
class Slot:
    """What a flight was given.

    Attributes:
        way: which of its ways.
        delay_s: how much later than asked.
        trajectory: what it holds.
    """

    flight_id: str
    way: int
    delay_s: float
    trajectory: Trajectory


@dataclass(frozen=True, slots=True)
class NoSlot:
    """A flight for which there is no clear way within its longest delay.

    Attributes:
        reason: one sentence for people.
        blocked_by: flights that are in its way, those that hold it up at its first way first.
    """

    flight_id: str
    reason: str
    blocked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Slots, and what has none, each in the order asked; every request is in exactly one."""

    slots: tuple[Slot, ...] = field(default=())
    refused: tuple[NoSlot, ...] = field(default=())


def find_slot(traffic: Traffic, request: Request, step_s: float = 1.0) -> Slot | NoSlot:
    """Return the cheapest clear slot among what `traffic` holds; it is not held yet."""
    return _cheapest(request, step_s, lambda way: traffic.blocks(way.trajectory, request.latest_s), traffic)


def resolve(
    requests: Sequence[Request], separation: Separation, fixed: Iterable[Trajectory] = (), step_s: float = 1.0
) -> Resolution:
    """Give every request a slot that is clear of the fixed flights and of all the other slots, or say why not.

    Args:
        requests: who asks.
        separation: what is too close.
        fixed: running flights, and whatever else does not move. Conflicts among these are left as they are.
        step_s: delays are multiples of this.
    """
    ranked = sorted(range(len(requests)), key=lambda index: -requests[index].priority)
    running = list(fixed)
    wanted = [requests[index].ways[0].trajectory for index in ranked]
    traffic = Traffic(separation)
    traffic.hold_all([*running, *wanted])
    return _InTurn(requests, ranked, traffic, len(running), step_s).resolve([*running, *wanted])


class _InTurn:
    """One resolution under way. A flight's turn is its place in the traffic as first held: running ones lie before."""

    def __init__(
        self, requests: Sequence[Request], ranked: Sequence[int], traffic: Traffic, running: int, step_s: float
    ) -> None:
        self.requests = requests
        self.ranked = ranked
        self.traffic = traffic
        self.running = running
        self.step_s = step_s
        self.turn_of: dict[int, int] = {}  # by place in the traffic, of those that were moved

    def resolve(self, flights: Sequence[Trajectory]) -> Resolution:
        separation = self.traffic.separation
        unsettled = {max(each.first, each.second) for each in conflicts(flights, separation)}
        unsettled |= {
            self.running + rank
            for rank, index in enumerate(self.ranked)
            if any(low < 0.0 < high for low, high in self.requests[index].ways[0].closed)
        }
        given: dict[int, Slot | NoSlot] = {}
        for rank, index in enumerate(self.ranked):
            request, turn = self.requests[index], self.running + rank
            given[index] = Slot(request.flight_id, 0, 0.0, request.ways[0].trajectory)
            if turn in unsettled:
                given[index] = self._settle(request, turn, unsettled)
        found = [given[index] for index in range(len(self.requests))]
        return Resolution(
            tuple(each for each in found if isinstance(each, Slot)),
            tuple(each for each in found if isinstance(each, NoSlot)),
        )

    def _settle(self, request: Request, turn: int, unsettled: set[int]) -> Slot | NoSlot:
        """Move one flight clear of all before it, and note which of those after it have to move in turn."""
        self.traffic.free(turn)
        seen: list[tuple[Way, list[Block]]] = []

        def before(way: Way) -> list[Block]:
            blocks = self.traffic.blocks(way.trajectory, request.latest_s)
            seen.append((way, blocks))
            return [block for block in blocks if self._turn(block) < turn]

        found = _cheapest(request, self.step_s, before, self.traffic)
        if isinstance(found, NoSlot):
            return found
        taken = request.ways[found.way]
        for way, blocks in seen:
            if way is taken:
                inside = (block for block in blocks if block.interval[0] < found.delay_s < block.interval[1])
                unsettled.update(later for block in inside if (later := self._turn(block)) > turn)
        self.turn_of[self.traffic.hold(found.trajectory)] = turn
        return found

    def _turn(self, block: Block) -> int:
        return self.turn_of.get(block.holder, block.holder)


def _cheapest(
    request: Request, step_s: float, blocks_of: Callable[[Way], list[Block]], traffic: Traffic
) -> Slot | NoSlot:
    """Return the way and delay of least cost, of equals the first way; what cannot be cheaper is not looked at."""
    best: tuple[float, int, float] | None = None
    in_the_way: dict[str, None] = {}
    for index in sorted(range(len(request.ways)), key=lambda index: (request.ways[index].cost_s, index)):
        way = request.ways[index]
        if best is not None and way.cost_s >= best[0]:
            break
        blocks = blocks_of(way)
        delay_s = first_clear_s([*(block.interval for block in blocks), *way.closed], request.latest_s, step_s)
        if delay_s is None:
            in_the_way.update((traffic.flight(block.holder).flight_id, None) for block in blocks)
        elif best is None or way.cost_s + delay_s < best[0]:
            best = (way.cost_s + delay_s, index, delay_s)
    if best is None:
        ways = "way" if len(request.ways) == 1 else f"{len(request.ways)} ways"
        reason = f"no clear slot within {request.latest_s:.0f} s on its {ways}"
        return NoSlot(request.flight_id, reason, tuple(in_the_way))
    _, index, delay_s = best
    trajectory = request.ways[index].trajectory
    return Slot(request.flight_id, index, delay_s, trajectory.delayed(delay_s) if delay_s else trajectory)
