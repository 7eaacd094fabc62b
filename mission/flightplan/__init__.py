"""Timed legs, what they cost, and what is still to fly."""

from mission.flightplan.level import height_toll_m, level_leg_wh
from mission.flightplan.plan import FlightConditions, plan_flight
from mission.flightplan.remaining import (
    FlightCost,
    Progress,
    cost_to_fly,
    progress_on_leg,
    remaining_energy_wh,
    remaining_s,
)
from mission.flightplan.timing import PX4_TIMING, FlightTiming
from mission.flightplan.trips import trip_energy, trip_times

__all__ = [
    "PX4_TIMING",
    "FlightConditions",
    "FlightCost",
    "FlightTiming",
    "Progress",
    "cost_to_fly",
    "height_toll_m",
    "level_leg_wh",
    "plan_flight",
    "progress_on_leg",
    "remaining_energy_wh",
    "remaining_s",
    "trip_energy",
    "trip_times",
]
