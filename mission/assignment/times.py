"""How long the legs of a trip take when they are straight and flown at planned speeds."""

from collections.abc import Sequence

from mission.assignment.problem import TripTimes
from mission.model.fleet import VehicleType
from mission.policy import Policy


def straight_trip_times(policy: Policy) -> TripTimes:
    """Return times for legs that climb to cruise height, cruise, and descend, without corners or wind.

    A hand-over happens at `policy.release_height_home_m` and lasts `policy.handover_s`.
    """

    def trip_times(vehicle_type: VehicleType, distances_m: Sequence[float]) -> Sequence[float]:
        clock_s = 0.0
        height_m = 0.0
        ends_s: list[float] = []
        for leg, distance_m in enumerate(distances_m):
            lands = leg == len(distances_m) - 1
            end_height_m = 0.0 if lands else policy.release_height_home_m
            clock_s += (policy.cruise_height_home_m - height_m) / vehicle_type.climb_speed_m_s
            clock_s += distance_m / vehicle_type.cruise_speed_m_s
            clock_s += (policy.cruise_height_home_m - end_height_m) / vehicle_type.descent_speed_m_s
            ends_s.append(clock_s)
            clock_s += policy.handover_s
            height_m = end_height_m
        return ends_s

    return trip_times
