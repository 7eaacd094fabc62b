"""By which delays a flight would come too close to another: exact intervals, not trials.

Let one piece be p seconds after its begin and the other, delayed one u seconds after its own. Their difference is
affine in (p, u); so the (p, u) at which they are too close form a convex set: a box (both exist), a slab (heights) and
an ellipse or strip (the map). The delay is p − u and a constant: over a convex set it fills one interval, whose ends
lie where the box's or the slab's edges are cut, or where the ellipse itself has its extremes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mission.deconfliction.separation import (
    BEGIN_S,
    EAST,
    END_S,
    MOMENT_S,
    NORTH,
    POSITION,
    TOUCH_M,
    UP,
    VELOCITY,
    BoolArray,
    FloatArray,
    Separation,
    within_circle,
)

_EPSILON = 1e-9
_OWN_BOUND = 1e-6
Interval = tuple[float, float]
"""An open interval of delays, seconds."""
_Span = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """n pairs of pieces, each from its own begin: where apart at p = u = 0, how fast, how long, and the minima."""

    apart_m: FloatArray
    velocity: FloatArray
    other_velocity: FloatArray
    last_p_s: FloatArray
    last_u_s: FloatArray
    radius_m: float
    half_m: float

    def apart(self, axis: int, at_p: FloatArray, at_u: FloatArray) -> FloatArray:
        """Return how far apart they are along one axis, for (n,) or (k, n) p and u."""
        result: FloatArray = self.apart_m[:, axis] + self.change(axis, at_p, at_u)
        return result

    def change(self, axis: int, by_p: FloatArray, by_u: FloatArray) -> FloatArray:
        """Return how much that changes."""
        result: FloatArray = self.velocity[:, axis] * by_p - self.other_velocity[:, axis] * by_u
        return result


def forbidden_delays(fixed: FloatArray, delayed: FloatArray, separation: Separation) -> tuple[FloatArray, FloatArray]:
    """Return the open interval of delays by which each `delayed` piece is too close to its `fixed` one.

    Args:
        fixed: (n, 8) pieces.
        delayed: (n, 8) pieces, one for each.
        separation: what is too close; here by a hair more than where losses are found, so that what is kept holds.

    Returns:
        (n,) lower and (n,) upper ends; lower ≥ upper where no delay is forbidden.
    """
    pairs = _Pairs(
        fixed[:, POSITION] - delayed[:, POSITION],
        fixed[:, VELOCITY],
        delayed[:, VELOCITY],
        fixed[:, END_S] - fixed[:, BEGIN_S],
        delayed[:, END_S] - delayed[:, BEGIN_S],
        separation.horizontal_m,
        max(separation.vertical_m - TOUCH_M / 2.0, 0.0),
    )
    low, high = _along_edges(pairs)
    delay, inside = _ellipse_extremes(pairs)
    low = np.minimum(low, np.where(inside, delay, np.inf).min(axis=0))
    high = np.maximum(high, np.where(inside, delay, -np.inf).max(axis=0))
    never = ~(high - low > MOMENT_S) | _levels_apart(pairs)
    offset = fixed[:, BEGIN_S] - delayed[:, BEGIN_S]
    return np.where(never, np.inf, low + offset), np.where(never, -np.inf, high + offset)


def first_clear_s(forbidden: Iterable[Interval], latest_s: float, step_s: float = 1.0) -> float | None:
    """Return the least delay ≥ 0 that lies in no forbidden interval: 0, or a multiple of `step_s` ≤ `latest_s`."""
    delay_s = 0.0
    for low, high in sorted(forbidden):
        if low >= delay_s:
            break  # so do all that follow
        if high > max(delay_s, latest_s):
            return None
        if high > delay_s:
            delay_s = math.ceil(high / step_s - _EPSILON) * step_s
    return delay_s if delay_s <= latest_s else None


def _edges(pairs: _Pairs) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return six lines in (p, u) for each pair, as (6, n) points p, u and directions along p, u.

    The four sides of the box and the two of the slab. Where neither piece rises there are no sides of the slab, and
    a side of the box is repeated.
    """
    above, rise, other_rise = pairs.apart_m[:, UP], pairs.velocity[:, UP], pairs.other_velocity[:, UP]
    zero, one = np.zeros_like(above), np.ones_like(above)
    steepness = np.hypot(rise, other_rise)
    sloped = steepness > MOMENT_S
    divisor = np.where(sloped, steepness, 1.0)
    along_p, along_u = np.where(sloped, other_rise / divisor, 1.0), np.where(sloped, rise / divisor, 0.0)
    upper, lower = (np.where(sloped, (bound - above) / divisor**2, 0.0) for bound in (pairs.half_m, -pairs.half_m))
    return (
        np.stack([zero, pairs.last_p_s, zero, zero, rise * upper, rise * lower]),
        np.stack([zero, zero, zero, pairs.last_u_s, -other_rise * upper, -other_rise * lower]),
        np.stack([zero, zero, one, one, along_p, along_p]),
        np.stack([one, one, zero, zero, along_u, along_u]),
    )


def _along_edges(pairs: _Pairs) -> tuple[FloatArray, FloatArray]:
    """Return the least and greatest p − u at which an edge is inside box, slab and ellipse; (n,) each."""
    at_p, at_u, along_p, along_u = _edges(pairs)
    east, north = (pairs.apart(axis, at_p, at_u) for axis in (EAST, NORTH))
    east_rate, north_rate = (pairs.change(axis, along_p, along_u) for axis in (EAST, NORTH))
    inside = within_circle(
        east_rate**2 + north_rate**2, east * east_rate + north * north_rate, east**2 + north**2 - pairs.radius_m**2
    )
    half_m = np.full_like(pairs.last_p_s, pairs.half_m)
    rate = pairs.change(UP, along_p, along_u)
    inside = _clipped(inside, (at_p, along_p), (np.zeros_like(half_m), pairs.last_p_s))
    inside = _clipped(inside, (at_u, along_u), (np.zeros_like(half_m), pairs.last_u_s))
    begin, end = _clipped(inside, (pairs.apart(UP, at_p, at_u), rate), (-half_m, half_m))
    feasible = begin <= end
    begin, end = np.where(feasible, begin, 0.0), np.where(feasible, end, 0.0)
    one, other = (at_p - at_u + (along_p - along_u) * way for way in (begin, end))
    low = np.where(feasible, np.minimum(one, other), np.inf).min(axis=0)
    high = np.where(feasible, np.maximum(one, other), -np.inf).max(axis=0)
    return low, high


def _clipped(span: _Span, line: _Span, bounds: _Span) -> _Span:
    """Narrow a span of s to where a line, value + slope·s, is within bounds; an edge is always within its own."""
    begin, end = span
    value, slope = line
    low, high = bounds
    sloped = np.abs(slope) > _EPSILON
    divisor = np.where(sloped, slope, 1.0)
    one, other = (low - value) / divisor, (high - value) / divisor
    out = ~sloped & ((value < low - _OWN_BOUND) | (value > high + _OWN_BOUND))
    begin = np.where(sloped, np.maximum(begin, np.minimum(one, other)), begin)
    end = np.where(sloped, np.minimum(end, np.maximum(one, other)), end)
    return np.where(out, np.inf, begin), np.where(out, -np.inf, end)


def _ellipse_extremes(pairs: _Pairs) -> tuple[FloatArray, BoolArray]:
    """Return (2, n) the least and greatest p − u of the ellipse itself, and whether they lie in box and slab."""
    velocity, other = pairs.velocity, pairs.other_velocity
    determinant = velocity[:, NORTH] * other[:, EAST] - velocity[:, EAST] * other[:, NORTH]
    # p − u grows fastest in this direction of the map; the extremes are where the circle is farthest that way.
    east, north = velocity[:, NORTH] - other[:, NORTH], other[:, EAST] - velocity[:, EAST]
    length = np.hypot(east, north)
    exists = (np.abs(determinant) > _EPSILON) & (length > _EPSILON)
    scale = pairs.radius_m / np.where(exists, length, 1.0) * np.array([[1.0], [-1.0]])
    east, north = east * scale - pairs.apart_m[:, EAST], north * scale - pairs.apart_m[:, NORTH]
    divisor = np.where(exists, determinant, 1.0)
    at_p = (-other[:, NORTH] * east + other[:, EAST] * north) / divisor
    at_u = (-velocity[:, NORTH] * east + velocity[:, EAST] * north) / divisor
    inside = exists & (at_p >= 0.0) & (at_p <= pairs.last_p_s) & (at_u >= 0.0) & (at_u <= pairs.last_u_s)
    return at_p - at_u, inside & (np.abs(pairs.apart(UP, at_p, at_u)) <= pairs.half_m)


def _levels_apart(pairs: _Pairs) -> BoolArray:
    """Whether both fly level, a minimum or more apart: touching is not too close."""
    level = (np.abs(pairs.velocity[:, UP]) <= MOMENT_S) & (np.abs(pairs.other_velocity[:, UP]) <= MOMENT_S)
    result: BoolArray = level & (np.abs(pairs.apart_m[:, UP]) >= pairs.half_m)
    return result
