"""The flights that hold a slot, and which delays they leave open to another one."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mission.deconfliction.delays import Interval, forbidden_delays
from mission.deconfliction.separation import (
    BEGIN_S,
    COLUMNS,
    END_S,
    MOMENT_S,
    POSITION,
    VELOCITY,
    FloatArray,
    IntArray,
    Separation,
)
from mission.deconfliction.trajectories import Trajectory

CELL_M = 2_000.0
"""Cells of the index: a flight of some kilometres lies in a handful, and a cell holds few flights at a time."""
CELL_S = 600.0
"""The same in time."""
_KEY_BITS = 20
_KEY_OFFSET = 1 << (_KEY_BITS - 1)
_BOX = 6
_FIRST_ROWS = 256


@dataclass(frozen=True, slots=True)
class Block:
    """What another flight forbids: delays within an open interval.

    Attributes:
        interval: in seconds.
        holder: place of the flight that forbids it, as returned by `Traffic.hold`.
    """

    interval: Interval
    holder: int


class Traffic:
    """Flights that hold their slots in one frame.

    Whoever asks for a delay and holds it at once is first come, first served.
    """

    def __init__(self, separation: Separation) -> None:
        self.separation = separation
        self._flights: dict[int, Trajectory] = {}
        self._next = 0
        self._pieces = np.zeros((_FIRST_ROWS, COLUMNS))
        self._boxes = np.zeros((_FIRST_ROWS, _BOX))
        self._owner = np.zeros(_FIRST_ROWS, dtype=np.int64)
        self._rows = 0
        self._rows_of: dict[int, tuple[int, int]] = {}
        self._cells: dict[int, list[int]] = {}
        self._pads: dict[str, list[tuple[float, int]]] = {}

    def __len__(self) -> int:
        """Return how many flights hold a slot."""
        return len(self._flights)

    def flight(self, holder: int) -> Trajectory:
        """Return the flight that was given this place; KeyError when it holds none any more."""
        return self._flights[holder]

    def hold(self, flight: Trajectory) -> int:
        """Give a flight its slot, whether or not it is clear, and return its place."""
        return self.hold_all([flight])[0]

    def hold_all(self, flights: Sequence[Trajectory]) -> range:
        """Give many flights their slots at once; return their places, in order."""
        places = range(self._next, self._next + len(flights))
        if not flights:
            return places
        self._next = places.stop
        counts = [len(flight.pieces) for flight in flights]
        pieces = np.concatenate([flight.pieces for flight in flights])
        first = self._append(pieces, np.repeat(np.array(places, dtype=np.int64), counts))
        boxes = self._boxes[first : first + len(pieces)]
        row, key = _keys(pieces[:, BEGIN_S], pieces[:, END_S], boxes)
        cells = self._cells
        for cell, piece in zip(key.tolist(), (row + first).tolist(), strict=True):
            if cell in cells:
                cells[cell].append(piece)
            else:
                cells[cell] = [piece]
        begin = first
        for place, flight, count in zip(places, flights, counts, strict=True):
            self._flights[place] = flight
            self._rows_of[place] = (begin, begin + count)
            begin += count
            for movement in flight.movements:
                insort(self._pads.setdefault(movement.pad_id, []), (movement.moment_s, place))
        return places

    def free(self, holder: int) -> Trajectory:
        """Take a flight's slot and pads from it (it has landed, or is planned anew) and return it."""
        flight = self._flights.pop(holder)
        begin, end = self._rows_of.pop(holder)
        row, key = _keys(flight.pieces[:, BEGIN_S], flight.pieces[:, END_S], self._boxes[begin:end])
        for cell, piece in zip(key.tolist(), (row + begin).tolist(), strict=True):
            held = self._cells[cell]
            held.remove(piece)
            if not held:
                del self._cells[cell]
        for movement in flight.movements:
            self._pads[movement.pad_id].remove((movement.moment_s, holder))
        return flight

    def blocks(self, flight: Trajectory, latest_s: float) -> list[Block]:
        """Return what the held flights forbid of delays 0 … `latest_s`; intervals may reach beyond on both sides."""
        return [*self._in_the_air(flight, latest_s), *self._on_pads(flight, latest_s)]

    def _in_the_air(self, flight: Trajectory, latest_s: float) -> Iterable[Block]:
        pieces, boxes = flight.pieces, _boxes(flight.pieces)
        grown = boxes + np.array([-1.0, 1.0, -1.0, 1.0, 0.0, 0.0]) * self.separation.horizontal_m
        _, key = _keys(pieces[:, BEGIN_S], pieces[:, END_S] + latest_s, grown)
        near: list[int] = []
        for cell in np.unique(key).tolist():
            near += self._cells.get(cell, ())
        if not near:
            return []
        rows: IntArray = np.array(near, dtype=np.int64)
        mine, theirs = self._close(pieces, grown, rows, latest_s)
        if not len(mine):
            return []
        pair = np.unique(mine * np.int64(self._rows) + theirs)
        mine, theirs = pair // self._rows, pair % self._rows
        low, high = forbidden_delays(self._pieces[theirs], pieces[mine], self.separation)
        some = (high > low) & (high > 0.0) & (low < latest_s)
        ends = zip(low[some].tolist(), high[some].tolist(), self._owner[theirs[some]].tolist(), strict=True)
        return [Block((begin, end), holder) for begin, end, holder in ends]

    def _close(
        self, pieces: FloatArray, grown: FloatArray, rows: IntArray, latest_s: float
    ) -> tuple[IntArray, IntArray]:
        """Return pairs of own and held pieces whose boxes meet for some delay."""
        theirs, boxes = self._pieces[rows], self._boxes[rows]
        meet = pieces[:, BEGIN_S, None] < theirs[None, :, END_S]
        meet &= theirs[None, :, BEGIN_S] < pieces[:, END_S, None] + latest_s
        for low, reach_m in ((0, 0.0), (2, 0.0), (4, self.separation.vertical_m)):
            meet &= grown[:, low, None] - reach_m < boxes[None, :, low + 1]
            meet &= boxes[None, :, low] - reach_m < grown[:, low + 1, None]
        mine, column = np.nonzero(meet)
        return mine, rows[column]

    def _on_pads(self, flight: Trajectory, latest_s: float) -> Iterable[Block]:
        interval_s = self.separation.pad_interval_s
        found = []
        for movement in flight.movements:
            held = self._pads.get(movement.pad_id, [])
            begin = bisect_right(held, (movement.moment_s - interval_s, self._next))
            end = bisect_left(held, (movement.moment_s + latest_s + interval_s, -1))
            for moment_s, holder in held[begin:end]:
                wait_s = moment_s - movement.moment_s
                if interval_s > MOMENT_S:
                    found.append(Block((wait_s - interval_s, wait_s + interval_s), holder))
        return found

    def _append(self, pieces: FloatArray, owner: IntArray) -> int:
        """Store pieces; return the row of the first."""
        first, last = self._rows, self._rows + len(pieces)
        if last > len(self._pieces):
            room = max(last, 2 * len(self._pieces)) - len(self._pieces)
            self._pieces = np.concatenate([self._pieces, np.zeros((room, COLUMNS))])
            self._boxes = np.concatenate([self._boxes, np.zeros((room, _BOX))])
            self._owner = np.concatenate([self._owner, np.zeros(room, dtype=np.int64)])
        self._pieces[first:last] = pieces
        self._boxes[first:last] = _boxes(pieces)
        self._owner[first:last] = owner
        self._rows = last
        return first


def _boxes(pieces: FloatArray) -> FloatArray:
    """Return (n, 6) least and greatest east, north, height of pieces."""
    start = pieces[:, POSITION]
    end = start + pieces[:, VELOCITY] * (pieces[:, END_S] - pieces[:, BEGIN_S])[:, None]
    boxes = np.empty((len(pieces), _BOX))
    boxes[:, 0::2], boxes[:, 1::2] = np.minimum(start, end), np.maximum(start, end)
    return boxes


def _keys(begin_s: FloatArray, end_s: FloatArray, boxes: FloatArray) -> tuple[IntArray, IntArray]:
    """Return every (row, cell) such that a row's box and time meet the cell; cells as integer keys."""
    low = np.floor(np.column_stack([begin_s / CELL_S, boxes[:, 0] / CELL_M, boxes[:, 2] / CELL_M])).astype(np.int64)
    high = np.floor(np.column_stack([end_s / CELL_S, boxes[:, 1] / CELL_M, boxes[:, 3] / CELL_M])).astype(np.int64)
    sides = high - low + 1
    counts = sides.prod(axis=1)
    row = np.repeat(np.arange(len(boxes)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    deep, wide = sides[row, 2], sides[row, 1]
    slot, column, line = within // (deep * wide), within // deep % wide, within % deep
    parts = low[row] + np.column_stack([slot, column, line]) + _KEY_OFFSET
    key = (parts[:, 0] << (2 * _KEY_BITS)) | (parts[:, 1] << _KEY_BITS) | parts[:, 2]
    return row, key
