"""From a flight plan to the volumes that it is told to others by, and held to."""

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from mission.deconfliction.f3548 import IntentState
from mission.deconfliction.intents import OperationalIntent, Volume4D
from mission.deconfliction.separation import BEGIN_S, EAST, END_S, NORTH, POSITION, UP, VELOCITY, FloatArray
from mission.deconfliction.trajectories import FlightFrame, Trajectory
from mission.geodesy.geoid import GeoidGrid, GeoidMissing
from mission.model.airspace import CircleFootprint, Footprint, PolygonFootprint
from mission.model.flight import FlightPlan
from mission.model.time import TimeWindow

PIECE_S = 60.0
"""A volume holds no longer a piece of a flight: one for a long leg would close all of it for all of its time."""
_ROUNDING_M = 0.05
"""A corner is rounded to a double of degrees, and its edges are straight on the plane, not on the ellipsoid."""


@dataclass(frozen=True, slots=True)
class Conformance:
    """How far from its plan a flight may be and still conform: what its volumes hold around its path.

    Attributes:
        horizontal_m, vertical_m: half of a separation each, so that flights in volumes that do not overlap are apart.
        early_s, late_s: how much before and after its plan.
    """

    horizontal_m: float = 25.0
    vertical_m: float = 6.0
    early_s: float = 5.0
    late_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("horizontal_m", "vertical_m", "early_s", "late_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"{name} {value} must be finite and 0 or more")


def intent_of(
    plan: FlightPlan,
    frame: FlightFrame,
    geoid: GeoidGrid | None,
    *,
    manager: str,
    priority: int = 0,
    conformance: Conformance | None = None,
) -> OperationalIntent | GeoidMissing:
    """Return a plan's operational intent, Accepted; refused without a geoid: AMSL is not W84.

    Raises:
        InputError: the hub's elevation is not known, or the plan lies outside the frame.
    """
    if geoid is None:
        return GeoidMissing()
    trajectory = frame.trajectory_of(plan)
    volumes = volumes_of(trajectory, frame, geoid, conformance or Conformance())
    return OperationalIntent(plan.sortie.sortie_id, manager, IntentState.ACCEPTED, priority, volumes)


def volumes_of(
    trajectory: Trajectory, frame: FlightFrame, geoid: GeoidGrid, conformance: Conformance
) -> tuple[Volume4D, ...]:
    """Return volumes that hold a trajectory and its margins at every moment, one for each piece of at most a minute."""
    found = []
    for piece in _shortened(trajectory.pieces):
        span_s = piece[END_S] - piece[BEGIN_S]
        ends = np.stack([piece[POSITION], piece[POSITION] + piece[VELOCITY] * span_s])
        outline = _outline(ends[:, :UP], conformance.horizontal_m + _ROUNDING_M, frame)
        geoid_m = [geoid.undulation_m(place) for place in frame.plane.to_geo(ends[:, :UP])]
        window = TimeWindow(frame.moment(piece[BEGIN_S]), frame.moment(piece[END_S]))
        found.append(
            Volume4D(
                outline,
                float(ends[:, UP].min()) + min(geoid_m) - conformance.vertical_m - _ROUNDING_M,
                float(ends[:, UP].max()) + max(geoid_m) + conformance.vertical_m + _ROUNDING_M,
                TimeWindow(
                    window.earliest - timedelta(seconds=conformance.early_s),
                    window.latest + timedelta(seconds=conformance.late_s),
                ),
            )
        )
    return tuple(found)


def _shortened(pieces: FloatArray) -> FloatArray:
    """Return pieces cut into equal parts of at most `PIECE_S`."""
    spans_s = pieces[:, END_S] - pieces[:, BEGIN_S]
    counts = np.maximum(np.ceil(spans_s / PIECE_S).astype(np.int64), 1)
    row = np.repeat(np.arange(len(pieces)), counts)
    part = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    step_s = (spans_s / counts)[row]
    cut = pieces[row]
    cut[:, POSITION] += cut[:, VELOCITY] * (part * step_s)[:, None]
    cut[:, BEGIN_S] += part * step_s
    cut[:, END_S] = cut[:, BEGIN_S] + step_s
    return cut


def _outline(ends: FloatArray, margin_m: float, frame: FlightFrame) -> Footprint:
    """Return a circle around what stands, and around what moves the rectangle that reaches as far beyond its ends."""
    along = ends[1] - ends[0]
    length_m = float(np.hypot(along[EAST], along[NORTH]))
    if length_m < _ROUNDING_M:
        (center,) = frame.plane.to_geo(ends[:1])
        return CircleFootprint(center, margin_m + length_m)
    ahead = along / length_m * margin_m
    aside = np.array([-ahead[NORTH], ahead[EAST]])
    corners = [ends[0] - ahead - aside, ends[1] + ahead - aside, ends[1] + ahead + aside, ends[0] - ahead + aside]
    return PolygonFootprint(tuple(frame.plane.to_geo(np.array(corners))))
