"""Which of many flights come too close: a cell list in space and time, then exact geometry.

Time is cut into slices, and each piece of a flight at their borders. What remains of a piece in one slice is short: it
lies in the cell of its middle, and can only be too close to what lies in that cell or one of the eight around it.
Sorted by slice, east and north, those are two runs of the list for each entry (M. P. Allen, D. J. Tildesley, Computer
Simulation of Liquids, 1987, §5.3.2: half of the neighbours, so that each pair is seen once).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mission.deconfliction.separation import (
    BEGIN_S,
    END_S,
    POSITION,
    VELOCITY,
    FloatArray,
    IntArray,
    Losses,
    Separation,
    losses,
)
from mission.deconfliction.trajectories import Trajectory

SLICE_S = 30.0
"""Length of a slice of time: long ones hold more pairs to look at, short ones more pieces to sort."""
_CELLS = 1 << 20
"""Cells a side that a key has room for; beyond that cells are made larger."""
_ROUNDING_M = 0.01
_BATCH = 1 << 20
"""Pairs judged at once: bounds the memory where very many flights are in one place."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two flights that come too close.

    Attributes:
        first, second: places of the two in what was given, first < second.
        first_id, second_id: their names.
        begin_s: when separation is first lost, seconds from the frame's epoch.
        horizontal_m, vertical_m: distances at the moment `nearest_s` at which they are horizontally nearest while
            separation is lost.
        pad_id: the pad that both would use too soon after one another; "" where they meet in the air.
    """

    first: int
    second: int
    first_id: str
    second_id: str
    begin_s: float
    nearest_s: float
    horizontal_m: float
    vertical_m: float
    pad_id: str = ""


def conflicts(flights: Sequence[Trajectory], separation: Separation) -> list[Conflict]:
    """Return all pairs of flights that come too close, in the air or on a pad, each once, by first and second."""
    return sorted(
        [*conflicts_in_the_air(flights, separation), *conflicts_on_pads(flights, separation)],
        key=lambda found: (found.first, found.second, found.pad_id),
    )


def conflicts_in_the_air(flights: Sequence[Trajectory], separation: Separation) -> list[Conflict]:
    """Return all pairs of flights that lose separation, each once."""
    if len(flights) < 2:
        return []
    pieces = np.concatenate([flight.pieces for flight in flights])
    owner = np.repeat(np.arange(len(flights)), [len(flight.pieces) for flight in flights])
    row, cut = _cut(pieces)
    key, order, reach = _cells(cut, separation.horizontal_m)
    found: list[tuple[IntArray, IntArray, Losses]] = []
    for one, other in _neighbours(key, reach):
        left, right = order[one], order[other]
        apart = owner[row[left]] != owner[row[right]]
        left, right = left[apart], right[apart]
        judged = losses(cut[left], cut[right], separation)
        hit = judged.lost
        found.append((owner[row[left[hit]]], owner[row[right[hit]]], _only(judged, hit)))
    return _by_pair(flights, found)


def conflicts_on_pads(flights: Sequence[Trajectory], separation: Separation) -> list[Conflict]:
    """Return all pairs of flights with movements on one pad nearer in time than the pad's interval."""
    by_pad: dict[str, list[tuple[float, int]]] = {}
    for index, flight in enumerate(flights):
        for movement in flight.movements:
            by_pad.setdefault(movement.pad_id, []).append((movement.moment_s, index))
    found: dict[tuple[int, int, str], Conflict] = {}
    for pad_id, movements in by_pad.items():
        movements.sort()
        for position, (moment_s, index) in enumerate(movements):
            for later_s, other in movements[position + 1 :]:
                if later_s - moment_s >= separation.pad_interval_s:
                    break
                first, second = sorted((index, other))
                if first != second and (first, second, pad_id) not in found:
                    names = flights[first].flight_id, flights[second].flight_id
                    found[first, second, pad_id] = Conflict(first, second, *names, moment_s, later_s, 0.0, 0.0, pad_id)
    return list(found.values())


def _cut(pieces: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return pieces cut at the slices' borders, and for each cut the row that it is of."""
    first = np.floor(pieces[:, BEGIN_S] / SLICE_S).astype(np.int64)
    last = np.maximum(np.ceil(pieces[:, END_S] / SLICE_S).astype(np.int64) - 1, first)
    counts = last - first + 1
    row = np.repeat(np.arange(len(pieces)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    borders_s = (first[row] + within) * SLICE_S
    cut = pieces[row]
    begin_s = np.maximum(cut[:, BEGIN_S], borders_s)
    cut[:, POSITION] += cut[:, VELOCITY] * (begin_s - cut[:, BEGIN_S])[:, None]
    cut[:, BEGIN_S] = begin_s
    cut[:, END_S] = np.minimum(cut[:, END_S], borders_s + SLICE_S)
    return row, cut


def _cells(cut: FloatArray, horizontal_m: float) -> tuple[IntArray, IntArray, int]:
    """Return the cuts' keys in ascending order, the order, and how far in keys the next column of cells is.

    Two cuts that come within `horizontal_m` of one another have middles no farther apart than that and the longest
    cut: so wide is a cell.
    """
    spans_s = cut[:, END_S] - cut[:, BEGIN_S]
    moved_m = cut[:, VELOCITY][:, :2] * spans_s[:, None]
    middle_m = cut[:, POSITION][:, :2] + moved_m / 2.0
    low_m = middle_m.min(axis=0)
    extent_m = float((middle_m.max(axis=0) - low_m).max())
    longest_m = float(np.hypot(moved_m[:, 0], moved_m[:, 1]).max())
    cell_m = max(horizontal_m + longest_m + _ROUNDING_M, extent_m / (_CELLS - 4))
    east_north = np.floor((middle_m - low_m) / cell_m).astype(np.int64) + 1
    slices = np.floor((cut[:, BEGIN_S] + spans_s / 2.0) / SLICE_S).astype(np.int64)
    slices -= slices.min()
    rows = int(east_north[:, 1].max()) + 2  # an empty row of cells on either side keeps columns from touching
    columns = int(east_north[:, 0].max()) + 2
    key = (slices * columns + east_north[:, 0]) * rows + east_north[:, 1]
    order = np.argsort(key, kind="stable")
    return key[order], order, rows


def _neighbours(key: IntArray, reach: int) -> "list[tuple[IntArray, IntArray]]":
    """Return pairs of places in the sorted keys that lie in one cell or in neighbouring ones, each pair once."""
    places = np.arange(len(key))
    runs = (
        (places + 1, np.searchsorted(key, key + 1, side="right")),
        (np.searchsorted(key, key + reach - 1, side="left"), np.searchsorted(key, key + reach + 1, side="right")),
    )
    batches = []
    for begin, end in runs:
        counts = end - begin
        filled = np.cumsum(counts)
        start = 0
        while start < len(key):
            done = int(filled[start - 1]) if start else 0
            stop = max(int(np.searchsorted(filled, done + _BATCH, side="right")), start + 1)
            some = counts[start:stop]
            one = np.repeat(places[start:stop], some)
            within = np.arange(len(one)) - np.repeat(np.cumsum(some) - some, some)
            batches.append((one, begin[one] + within))
            start = stop
    return batches


def _only(judged: Losses, hit: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Losses:
    return Losses(*(getattr(judged, name)[hit] for name in Losses.__slots__))


def _by_pair(flights: Sequence[Trajectory], found: "list[tuple[IntArray, IntArray, Losses]]") -> list[Conflict]:
    """Join what was found of each pair of flights: its first loss, and its nearest approach."""
    if not found:
        return []
    one = np.concatenate([left for left, _, _ in found])
    other = np.concatenate([right for _, right, _ in found])
    first, second = np.minimum(one, other), np.maximum(one, other)
    begin_s, nearest_s, horizontal_m, vertical_m = (
        np.concatenate([getattr(judged, name) for _, _, judged in found])
        for name in ("begin_s", "nearest_s", "horizontal_m", "vertical_m")
    )
    nearest: dict[tuple[int, int], Conflict] = {}
    for i, j, began, at, across, above in zip(
        *(column.tolist() for column in (first, second, begin_s, nearest_s, horizontal_m, vertical_m)), strict=True
    ):
        known = nearest.get((i, j))
        names = flights[i].flight_id, flights[j].flight_id
        if known is None:
            nearest[i, j] = Conflict(i, j, *names, began, at, across, above)
        else:
            figures = min((known.horizontal_m, known.nearest_s, known.vertical_m), (across, at, above))
            begun = min(began, known.begin_s)
            nearest[i, j] = Conflict(i, j, *names, begun, figures[1], figures[0], figures[2])
    return list(nearest.values())
