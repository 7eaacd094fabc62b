"""How far apart two flights stay, and the exact moment at which two straight timed pieces come closer than that.

A piece flies straight at constant velocity, so the difference of two is linear in time: the time in which it is within
a circle is where a quadratic is negative, the time within a slab is where a line is between two values. Their
intersection is the loss of separation, without sampling.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

BEGIN_S, END_S = 0, 1
"""Columns of a piece: its first and last moment, seconds from the frame's epoch."""
POSITION = slice(2, 5)
"""Columns of a piece: east, north in metres and height AMSL in metres at its first moment."""
VELOCITY = slice(5, 8)
"""Columns of a piece: east, north and up in m/s."""
EAST, NORTH, UP = 0, 1, 2
COLUMNS = 8

TOUCH_M = 1e-4
"""Nearer than a minimum by less than this is rounding: flights in levels one minimum apart are apart."""
STILL_M2_S2 = 1e-12
"""Two pieces whose squared relative speed is below this keep their distance: less than 1 mm in a quarter of an hour."""
MOMENT_S = 1e-9
"""A shared time or a loss shorter than this is none."""


@dataclass(frozen=True, slots=True)
class Separation:
    """What counts as too close: nearer than both distances at one time, or two movements on a pad too soon.

    Attributes:
        horizontal_m: less than this apart on the map, and
        vertical_m: less than this apart in height, at the same time, is a conflict.
        pad_interval_s: least time between two movements (take-off or landing) on one pad.
    """

    horizontal_m: float = 50.0
    vertical_m: float = 12.0
    pad_interval_s: float = 20.0

    def __post_init__(self) -> None:
        for name in ("horizontal_m", "vertical_m", "pad_interval_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"{name} {value} must be finite and 0 or more")


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Losses of separation of n pairs of pieces; entries are meaningful where `lost`.

    Attributes:
        lost: (n,) whether separation is lost.
        begin_s, end_s: (n,) between these moments.
        horizontal_m, vertical_m: (n,) distances where the pair is horizontally nearest within that time.
        nearest_s: (n,) when that is.
    """

    lost: BoolArray
    begin_s: FloatArray
    end_s: FloatArray
    horizontal_m: FloatArray
    vertical_m: FloatArray
    nearest_s: FloatArray


def losses(first: FloatArray, second: FloatArray, separation: Separation) -> Losses:
    """Return when each of n pairs of pieces is too close.

    Args:
        first: (n, 8) pieces: begin, end, position at begin, velocity.
        second: (n, 8) pieces, one for each.
        separation: what is too close.
    """
    begin_s = np.maximum(first[:, BEGIN_S], second[:, BEGIN_S])
    span_s = np.minimum(first[:, END_S], second[:, END_S]) - begin_s
    apart = _at(first, begin_s) - _at(second, begin_s)
    drift = first[:, VELOCITY] - second[:, VELOCITY]
    radius_m = max(separation.horizontal_m - TOUCH_M, 0.0)
    quadratic = (
        drift[:, EAST] ** 2 + drift[:, NORTH] ** 2,
        apart[:, EAST] * drift[:, EAST] + apart[:, NORTH] * drift[:, NORTH],
        apart[:, EAST] ** 2 + apart[:, NORTH] ** 2 - radius_m**2,
    )
    near_from, near_to = within_circle(*quadratic)
    half_m = max(separation.vertical_m - TOUCH_M, 0.0)
    level_from, level_to = within_slab(apart[:, UP], drift[:, UP], half_m)
    loss_from = np.maximum(np.maximum(near_from, level_from), 0.0)
    loss_to = np.minimum(np.minimum(near_to, level_to), span_s)
    lost = (loss_to - loss_from > MOMENT_S) & (span_s > MOMENT_S)
    turning_s = np.divide(-quadratic[1], quadratic[0], out=np.zeros_like(span_s), where=quadratic[0] > STILL_M2_S2)
    nearest_s = np.where(lost, np.minimum(np.maximum(turning_s, loss_from), loss_to), 0.0)
    there = apart + drift * nearest_s[:, None]
    return Losses(
        lost,
        begin_s + loss_from,
        begin_s + loss_to,
        np.hypot(there[:, EAST], there[:, NORTH]),
        np.abs(there[:, UP]),
        begin_s + nearest_s,
    )


def within_circle(square: FloatArray, half_linear: FloatArray, constant: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where square·s² + 2·half_linear·s + constant ≤ 0, as (from, to); from = inf, to = −inf where nowhere."""
    moving = square > STILL_M2_S2
    discriminant = half_linear**2 - square * constant
    root = np.sqrt(np.maximum(discriminant, 0.0))
    divisor = np.where(moving, square, 1.0)
    never = np.where(moving, discriminant <= 0.0, constant >= 0.0)
    begin = np.where(moving, (-half_linear - root) / divisor, -np.inf)
    end = np.where(moving, (-half_linear + root) / divisor, np.inf)
    return np.where(never, np.inf, begin), np.where(never, -np.inf, end)


def within_slab(offset: FloatArray, rate: FloatArray, half: float) -> tuple[FloatArray, FloatArray]:
    """Return where |offset + rate·s| ≤ half, as (from, to); from = inf, to = −inf where nowhere."""
    moving = np.abs(rate) > MOMENT_S
    divisor = np.where(moving, rate, 1.0)
    one, other = (-half - offset) / divisor, (half - offset) / divisor
    never = ~moving & (np.abs(offset) >= half)
    begin = np.where(moving, np.minimum(one, other), -np.inf)
    end = np.where(moving, np.maximum(one, other), np.inf)
    return np.where(never, np.inf, begin), np.where(never, -np.inf, end)


def _at(pieces: FloatArray, moments_s: FloatArray) -> FloatArray:
    result: FloatArray = pieces[:, POSITION] + pieces[:, VELOCITY] * (moments_s - pieces[:, BEGIN_S])[:, None]
    return result
