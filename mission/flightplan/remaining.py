"""What it still takes to get down: along the plan, or along another path."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mission.energy import EnergyModel
from mission.flightplan.timing import PX4_TIMING, FlightTiming
from mission.flightplan.track import measure
from mission.flightplan.writer import LegWriter
from mission.geodesy.distance import distance_m
from mission.model.fleet import VehicleType
from mission.model.flight import FlightPlan, Leg, LegKind
from mission.model.geo import GeoPoint
from mission.policy import Policy


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a flight plan is flown: within leg `leg_index`, `fraction` of it done (0 … 1).

    `leg_index` equal to the number of legs means that it is finished.
    """

    leg_index: int
    fraction: float = 0.0

    def __post_init__(self) -> None:
        if self.leg_index < 0 or not 0.0 <= self.fraction <= 1.0:
            raise ValueError(f"leg {self.leg_index} + {self.fraction} is not a progress")


@dataclass(frozen=True, slots=True)
class FlightCost:
    """What a flight takes: energy, time, horizontal length."""

    energy_wh: float
    duration_s: float
    length_m: float


def progress_on_leg(plan: FlightPlan, leg_index: int, position: GeoPoint, height_home_m: float) -> Progress:
    """Return the progress of a vehicle seen at a place while it flies leg `leg_index`.

    Measured by what is left to the leg's end, so that a vehicle off its leg or behind it counts as having
    done less, never more. A hand-over counts as just begun.
    """
    leg = plan.legs[leg_index]
    whole_m = _separation_m(leg, leg.start, leg.start_height_home_m)
    if leg.kind is LegKind.HANDOVER or whole_m == 0.0:
        return Progress(leg_index)
    left_m = _separation_m(leg, position, height_home_m)
    return Progress(leg_index, min(max(1.0 - left_m / whole_m, 0.0), 1.0))


def remaining_energy_wh(plan: FlightPlan, progress: Progress) -> float:
    """Return the energy from `progress` to the landing, by the plan; all of it when nothing is flown."""
    return math.fsum(share * leg.energy_wh for share, leg in _shares(plan, progress))


def remaining_s(plan: FlightPlan, progress: Progress) -> float:
    """Return the time from `progress` to the landing, by the plan."""
    return math.fsum(share * (leg.arrive - leg.depart).total_seconds() for share, leg in _shares(plan, progress))


def cost_to_fly(
    path: Sequence[GeoPoint],
    *,
    height_home_m: float,
    payload_kg: float,
    vehicle_type: VehicleType,
    policy: Policy,
    model: EnergyModel,
    start_height_home_m: float | None = None,
    ground_home_m: float = 0.0,
    timing: FlightTiming = PX4_TIMING,
    headwind_m_s: float = 0.0,
) -> FlightCost:
    """Return what it takes to fly `path` level and land at its end, from hover.

    Args:
        path: present position … landing site.
        height_home_m: height of the level flight.
        payload_kg: parcels still on board.
        vehicle_type: the kind of vehicle.
        policy: for the acceptance radius.
        model: what the vehicle draws.
        start_height_home_m: present height; a lower start climbs first, a higher one descends. None = level.
        ground_home_m: ground of the landing site above (+) or below (−) home.
        timing: how long things take.
        headwind_m_s: against the whole way.
    """
    track = measure(path)
    begin = datetime(2000, 1, 1, tzinfo=UTC)  # only differences are used
    writer = LegWriter(
        vehicle_type=vehicle_type,
        model=model,
        timing=timing,
        acceptance_m=policy.waypoint_acceptance_m,
        headwind_m_s=headwind_m_s,
        point=track.points[0],
        height_home_m=height_home_m if start_height_home_m is None else start_height_home_m,
        clock=begin,
        payload_kg=payload_kg,
    )
    if writer.height_home_m < height_home_m:
        writer.climb(height_home_m)
    elif writer.height_home_m > height_home_m:
        writer.descend(height_home_m)
    writer.cruise(track)
    writer.set_down(ground_home_m, LegKind.LAND)
    return FlightCost(
        energy_wh=math.fsum(leg.energy_wh for leg in writer.legs),
        duration_s=(writer.clock - begin) / timedelta(seconds=1),
        length_m=track.length_m,
    )


def _separation_m(leg: Leg, point: GeoPoint, height_home_m: float) -> float:
    return math.hypot(distance_m(point, leg.end), height_home_m - leg.end_height_home_m)


def _shares(plan: FlightPlan, progress: Progress) -> list[tuple[float, Leg]]:
    if progress.leg_index >= len(plan.legs):
        return []
    current, later = plan.legs[progress.leg_index], plan.legs[progress.leg_index + 1 :]
    return [(1.0 - progress.fraction, current), *((1.0, leg) for leg in later)]
