"""Deconfliction of a city's day: detection beside three other ways to do it, and resolution, checked by brute force.

Flights of 1 to 6 km anywhere in 20 × 20 km within eight hours, at 15 m/s and 60 m: 4.5 pieces each. All methods judge
the same pieces and must find the same pairs; they are measured in turn, and each counts with its least time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.harness import Figure
from mission.deconfliction import (
    Movement,
    Request,
    Separation,
    Trajectory,
    Way,
    conflicts,
    losses,
    pieces_between,
    resolve,
)

Pairs = set[tuple[int, int]]
SIDE_M, HOURS_S, LEVEL_M, SPEED_M_S = 20_000.0, 8 * 3600.0, 60.0, 15.0
KD_STEP_S = 10.0
TURNS = 3
SEPARATION = Separation(pad_interval_s=10.0)


def city(flights: int, seed: int = 1) -> list[Trajectory]:
    """Return so many flights from anywhere to anywhere; straight but for a bend or a few."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(flights):
        start, angle, length = rng.uniform(0, SIDE_M, 2), rng.uniform(0, 2 * np.pi), rng.uniform(1000.0, 6000.0)
        goal = np.clip(start + length * np.array([np.cos(angle), np.sin(angle)]), 0, SIDE_M)
        share = np.linspace(0.0, 1.0, rng.integers(1, 5) + 1)[:, None]
        track = start + (goal - start) * share
        track[1:-1] += rng.normal(0.0, 100.0, track[1:-1].shape)
        made.append(_timed(f"F{number}", track, rng.uniform(0, HOURS_S)))
    return made


def hubs(flights: int, places: int, seed: int = 2) -> list[Trajectory]:
    """Return round trips from so many hubs, all of which share their hub's one pad."""
    rng = np.random.default_rng(seed)
    sites = rng.uniform(0, SIDE_M, (places, 2))
    made = []
    for number in range(flights):
        hub, angle, length = rng.integers(places), rng.uniform(0, 2 * np.pi), rng.uniform(500.0, 4000.0)
        drop = sites[hub] + length * np.array([np.cos(angle), np.sin(angle)])
        made.append(_timed(f"F{number}", np.stack([sites[hub], drop, sites[hub]]), rng.uniform(0, HOURS_S), f"H{hub}"))
    return made


def _timed(name: str, track: NDArray[np.float64], begin_s: float, pad_id: str = "") -> Trajectory:
    legs_s = np.hypot(*np.diff(track, axis=0).T) / SPEED_M_S
    moments_s = begin_s + np.cumsum([0.0, LEVEL_M / 3.0, *legs_s, LEVEL_M / 2.0])
    heights_m = [0.0, *[LEVEL_M] * len(track), 0.0]
    points = np.column_stack([moments_s, np.vstack([track[:1], track, track[-1:]]), heights_m])
    movements = tuple(Movement(pad_id, float(moments_s[end])) for end in (0, -1)) if pad_id else ()
    return Trajectory(name, pieces_between(points), movements)


def detection(quick: bool) -> Iterator[Figure]:
    """The time to find all conflicts, beside cKDTree, STRtree and brute force."""
    count = 1_000 if quick else 10_000
    flights = city(count)
    methods: dict[str, Callable[[Sequence[Trajectory]], Pairs]] = {
        "cell list": by_cell_list,
        "cKDTree slices of 10 s": by_kd_tree,
        "STRtree of boxes": by_str_tree,
    }
    brute = compiled_brute_force()
    best, found = dict.fromkeys(methods, float("inf")), {}
    for _ in range(TURNS):
        for name, method in methods.items():
            begun_s = time.process_time()
            found[name] = method(flights)
            best[name] = min(best[name], time.process_time() - begun_s)
    if brute is not None:
        brute(city(10))  # compiles
        begun_s = time.process_time()
        found["brute force, numba"] = brute(flights)
        best["brute force, numba"] = time.process_time() - begun_s
    pieces = sum(len(flight.pieces) for flight in flights)
    remark = f"{pieces:,} pieces, {len(found['cell list'])} conflicts"
    yield Figure(f"detected, {count:,} flights", best["cell list"], "s", 0.3, peer=remark)
    for name, taken_s in best.items():
        if name != "cell list":
            yield Figure(f"the same by {name}", taken_s, "s", peer=f"{taken_s / best['cell list']:.1f} times as long")
    if brute is None:
        yield Figure("the same by brute force, numba", None, "s", peer="numba is not installed")
    differing = sum(len(found["cell list"] ^ pairs) for pairs in found.values())
    yield Figure("pairs on which any two of them differ", differing, "", 0)
    if not quick:
        many = city(100_000)
        begun_s = time.process_time()
        pairs = by_cell_list(many)
        yield Figure(
            "detected, 100,000 flights", time.process_time() - begun_s, "s", 5.0, peer=f"{len(pairs)} conflicts"
        )


def resolution(quick: bool) -> Iterator[Figure]:
    """The time to give every flight a slot, and what an independent check finds afterwards."""
    count = 1_000 if quick else 10_000
    by_delay = [Request(f.flight_id, (Way(f),), 900.0) for f in city(count)]
    levels = [
        Request(f.flight_id, (Way(f), Way(f.raised(12.0), 10.0), Way(f.raised(24.0), 20.0)), 900.0) for f in city(count)
    ]
    from_hubs = [Request(f.flight_id, (Way(f),), 900.0) for f in hubs(count, 40)]
    for name, requests, goal in (
        ("by delay", by_delay, 100.0),
        ("by delay or one of three levels", levels, 100.0),
        ("by delay, round trips of 40 hubs with one pad each", from_hubs, None),
    ):
        best = float("inf")
        for _ in range(1 if goal is None else TURNS):
            begun_s = time.process_time()
            found = resolve(requests, SEPARATION)
            best = min(best, time.process_time() - begun_s)
        moved = [slot for slot in found.slots if slot.delay_s or slot.way]
        delay_s = np.mean([slot.delay_s for slot in moved]) if moved else 0.0
        remark = f"{len(moved)} moved, by {delay_s:.0f} s on average; {len(found.refused)} refused"
        yield Figure(f"resolved {name}, a flight", best / count * 1e6, "µs", goal, peer=remark)
        held = [slot.trajectory for slot in found.slots]
        check = compiled_brute_force()
        left, by = (len(check(held)), "brute force") if check else (len(by_kd_tree(held)), "cKDTree; numba is absent")
        yield Figure("conflicts left, by an independent check", left, "", 0, peer=by)


def by_cell_list(flights: Sequence[Trajectory]) -> Pairs:
    """Ours."""
    return {(found.first, found.second) for found in conflicts(flights, SEPARATION)}


def by_kd_tree(flights: Sequence[Trajectory]) -> Pairs:
    """Where everything is every ten seconds, a tree of each moment, and what could meet before the next."""
    pieces, owner = _flat(flights)
    first = np.floor(pieces[:, 0] / KD_STEP_S).astype(np.int64)
    counts = np.ceil(pieces[:, 1] / KD_STEP_S).astype(np.int64) - first
    row = np.repeat(np.arange(len(pieces)), counts)
    slot = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin_s = np.maximum(slot * KD_STEP_S, pieces[row, 0])
    place = pieces[row, 2:4] + pieces[row, 5:7] * (begin_s - pieces[row, 0])[:, None]
    reach_m = SEPARATION.horizontal_m + 2.0 * KD_STEP_S * float(np.hypot(pieces[:, 5], pieces[:, 6]).max())
    order = np.argsort(slot, kind="stable")
    borders = np.flatnonzero(np.diff(slot[order])) + 1
    found: list[NDArray[np.int64]] = []
    for members in np.split(order, borders):
        pairs = cKDTree(place[members]).query_pairs(reach_m, output_type="ndarray")
        found.append(row[members[pairs]])
    return _judged(np.concatenate(found), pieces, owner)


def by_str_tree(flights: Sequence[Trajectory]) -> Pairs:
    """A packed tree of all pieces' boxes on the map; time is looked at afterwards."""
    pieces, owner = _flat(flights)
    ends = pieces[:, 2:4] + pieces[:, 5:7] * (pieces[:, 1] - pieces[:, 0])[:, None]
    low, high = np.minimum(pieces[:, 2:4], ends), np.maximum(pieces[:, 2:4], ends)
    reach_m = SEPARATION.horizontal_m
    tree = shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    found = []
    for begin in range(0, len(pieces), 2_000):  # all at once would take gigabytes
        some = slice(begin, begin + 2_000)
        grown = shapely.box(*(low[some] - reach_m).T, *(high[some] + reach_m).T)
        one, other = tree.query(grown)
        one = one + begin
        meet = (one < other) & (pieces[one, 0] < pieces[other, 1]) & (pieces[other, 0] < pieces[one, 1])
        found.append(np.column_stack([one[meet], other[meet]]))
    return _judged(np.concatenate(found), pieces, owner)


def compiled_brute_force() -> "Callable[[Sequence[Trajectory]], Pairs] | None":
    """Return every piece against every other that is in the air at the same time, by a formula of its own.

    Piece by piece: the middle of the time within the slab and the box, and there the least distance of a parabola. None
    where numba is absent.
    """
    try:
        import numba  # noqa: PLC0415 - belongs to an extra
    except ImportError:
        return None
    scan = numba.njit(cache=False)(_scan)

    def brute(flights: Sequence[Trajectory]) -> Pairs:
        pieces, owner = _flat(flights)
        hits = scan(pieces, owner, SEPARATION.horizontal_m - 1e-3, SEPARATION.vertical_m - 1e-3)
        return {(min(i, j), max(i, j)) for i, j in hits}

    return brute


def _scan(pieces: Any, owner: Any, horizontal_m: float, vertical_m: float) -> Any:
    found = []
    for i in range(len(pieces)):
        for j in range(i + 1, len(pieces)):
            begin = max(pieces[i, 0], pieces[j, 0])
            end = min(pieces[i, 1], pieces[j, 1])
            if begin >= end or owner[i] == owner[j]:
                continue
            a, b = pieces[i], pieces[j]
            x = a[2] + a[5] * (begin - a[0]) - b[2] - b[5] * (begin - b[0])
            y = a[3] + a[6] * (begin - a[0]) - b[3] - b[6] * (begin - b[0])
            z = a[4] + a[7] * (begin - a[0]) - b[4] - b[7] * (begin - b[0])
            u, v, w = a[5] - b[5], a[6] - b[6], a[7] - b[7]
            low, high = 0.0, end - begin
            if abs(w) < 1e-9:
                if abs(z) >= vertical_m:
                    continue
            else:
                one, other = (-vertical_m - z) / w, (vertical_m - z) / w
                low, high = max(low, min(one, other)), min(high, max(one, other))
                if low >= high:
                    continue
            speed2 = u * u + v * v
            nearest = low if speed2 < 1e-12 else min(max(-(x * u + y * v) / speed2, low), high)
            if (x + u * nearest) ** 2 + (y + v * nearest) ** 2 < horizontal_m**2:
                found.append((owner[i], owner[j]))
    return found


def _flat(flights: Sequence[Trajectory]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    pieces = np.concatenate([flight.pieces for flight in flights])
    return pieces, np.repeat(np.arange(len(flights)), [len(flight.pieces) for flight in flights])


def _judged(candidates: NDArray[np.int64], pieces: NDArray[np.float64], owner: NDArray[np.int64]) -> Pairs:
    one, other = owner[candidates[:, 0]], owner[candidates[:, 1]]
    candidates = np.unique(candidates[one != other], axis=0)
    hit = losses(pieces[candidates[:, 0]], pieces[candidates[:, 1]], SEPARATION).lost
    pairs = np.sort(owner[candidates[hit]], axis=1)
    return set(map(tuple, pairs.tolist()))
