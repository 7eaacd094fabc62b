"""Flights on a plane, drawn at random, and a ruler that only knows where each flight is at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from mission.deconfliction import Movement, Separation, Trajectory, pieces_between

Point = tuple[float, float, float, float]
"""Time, east, north, height."""


@dataclass(frozen=True)
class Sampler:
    """Looks at flights every `step_s` seconds, and nowhere between. It knows nothing of pieces and velocities."""

    separation: Separation
    step_s: float = 0.25

    def where(self, points: Sequence[Point], moments_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, 3) east, north, height; NaN where the flight is not in the air."""
        table = np.array(points)
        columns = [np.interp(moments_s, table[:, 0], table[:, k], left=np.nan, right=np.nan) for k in (1, 2, 3)]
        return np.column_stack(columns)

    def too_close(self, one: Sequence[Point], other: Sequence[Point], *, slack_m: float = 0.0) -> bool:
        """Whether two flights are, at some moment looked at, nearer than both minima less `slack_m`."""
        begin_s, end_s = max(one[0][0], other[0][0]), min(one[-1][0], other[-1][0])
        if end_s <= begin_s:
            return False
        moments_s = np.arange(begin_s, end_s, self.step_s)
        apart = self.where(one, moments_s) - self.where(other, moments_s)
        near = np.hypot(apart[:, 0], apart[:, 1]) < self.separation.horizontal_m - slack_m
        return bool((near & (np.abs(apart[:, 2]) < self.separation.vertical_m - slack_m)).any())

    def pairs(self, flights: Sequence[Sequence[Point]], *, slack_m: float = 0.0) -> set[tuple[int, int]]:
        """Return all pairs that are too close."""
        numbered = list(enumerate(flights))
        return {
            (i, j) for (i, one), (j, other) in combinations(numbered, 2) if self.too_close(one, other, slack_m=slack_m)
        }


def trajectory(name: str, points: Sequence[Point], pad_id: str = "") -> Trajectory:
    """Return the trajectory through points; with a pad, it takes off from it and lands on it."""
    movements = tuple(Movement(pad_id, points[k][0]) for k in (0, -1)) if pad_id else ()
    return Trajectory(name, pieces_between(np.array(points)), movements)


def points_of(flight: Trajectory) -> list[Point]:
    """Return the corners of a trajectory."""
    rows: list[Point] = [(row[0], row[2], row[3], row[4]) for row in flight.pieces.tolist()]
    begin_s, end_s, *rest = flight.pieces[-1].tolist()
    last = [rest[k] + rest[k + 3] * (end_s - begin_s) for k in range(3)]
    return [*rows, (end_s, last[0], last[1], last[2])]


def shifted(points: Sequence[Point], delay_s: float) -> list[Point]:
    """Return the same points later."""
    return [(moment_s + delay_s, east_m, north_m, height_m) for moment_s, east_m, north_m, height_m in points]


@st.composite
def flown(draw: st.DrawFn, side_m: float = 500.0, hours_s: float = 120.0) -> list[Point]:
    """Draw the corners of a flight: two to five, on the move, hovering, climbing, in a small and busy place."""
    moment_s = draw(st.floats(0.0, hours_s))
    place = st.tuples(st.floats(0.0, side_m), st.floats(0.0, side_m), st.floats(0.0, 60.0))
    points = [(moment_s, *draw(place))]
    for _ in range(draw(st.integers(1, 4))):
        moment_s += draw(st.floats(1.0, 60.0))
        kind = draw(st.sampled_from(["anywhere", "level", "climb", "hover"]))
        east, north, height = draw(place)
        _, last_east, last_north, last_height = points[-1]
        if kind in {"climb", "hover"}:
            east, north = last_east, last_north
        if kind in {"level", "hover"}:
            height = last_height
        points.append((moment_s, east, north, height))
    return points


@dataclass(frozen=True)
class Flights:
    """What tests make flights with."""

    trajectory = staticmethod(trajectory)
    points_of = staticmethod(points_of)
    shifted = staticmethod(shifted)
    flown = staticmethod(flown)
    Sampler = Sampler


@pytest.fixture(scope="session")
def flights() -> Flights:
    """Makers of flights, and the ruler."""
    return Flights()
