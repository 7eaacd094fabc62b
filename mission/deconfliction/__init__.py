"""Deconfliction: no two flights too close in space and time, by the plan; and what others are told of it.

Front doors: `conflicts(flights, separation)`, `resolve(requests, separation, fixed)`, and for one flight at a time
`Traffic` with `find_slot`.
"""

from mission.deconfliction.delays import Interval, first_clear_s, forbidden_delays
from mission.deconfliction.detection import Conflict, conflicts
from mission.deconfliction.resolution import NoSlot, Request, Resolution, Slot, Way, find_slot, resolve
from mission.deconfliction.separation import Losses, Separation, losses
from mission.deconfliction.traffic import Block, Traffic
from mission.deconfliction.trajectories import FlightFrame, Movement, Trajectory, pieces_between

__all__ = [
    "Block",
    "Conflict",
    "FlightFrame",
    "Interval",
    "Losses",
    "Movement",
    "NoSlot",
    "Request",
    "Resolution",
    "Separation",
    "Slot",
    "Traffic",
    "Trajectory",
    "Way",
    "conflicts",
    "find_slot",
    "first_clear_s",
    "forbidden_delays",
    "losses",
    "pieces_between",
    "resolve",
]
