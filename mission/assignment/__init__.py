"""Assignment: which vehicle serves which orders, in which sorties, and when. Takes distances as data.

Front door: `assign(problem, seed=…, max_iterations=…)` → `Assignment`.
"""

from mission.assignment.assign import assign
from mission.assignment.problem import AssignmentProblem, HubDistances, TripEnergy, TripTimes
from mission.assignment.result import Assignment, PlannedSortie
from mission.assignment.times import straight_trip_times

__all__ = [
    "Assignment",
    "AssignmentProblem",
    "HubDistances",
    "PlannedSortie",
    "TripEnergy",
    "TripTimes",
    "assign",
    "straight_trip_times",
]
