"""Deconfliction: no two flights too close in space and time, by the plan; and what others are told of it.

Front doors: `conflicts(flights, separation)`, `resolve(requests, separation, fixed)`, and for one flight at a time
`Traffic` with `find_slot`. For others: `intent_of(plan, …)`, `check`, `closed_delays`.
"""

from mission.deconfliction.delays import Interval, first_clear_s, forbidden_delays
from mission.deconfliction.detection import Conflict, conflicts
from mission.deconfliction.f3548 import IntentEvent, IntentState, next_state
from mission.deconfliction.intents import (
    IntentFinding,
    OperationalIntent,
    Volume4D,
    check,
    closed_delays,
    conforms,
    gives_way,
    overlap,
)
from mission.deconfliction.resolution import NoSlot, Request, Resolution, Slot, Way, find_slot, resolve
from mission.deconfliction.separation import Losses, Separation, losses
from mission.deconfliction.traffic import Block, Traffic
from mission.deconfliction.trajectories import FlightFrame, Movement, Trajectory, pieces_between
from mission.deconfliction.volumes import Conformance, intent_of, volumes_of

__all__ = [
    "Block",
    "Conflict",
    "Conformance",
    "FlightFrame",
    "IntentEvent",
    "IntentFinding",
    "IntentState",
    "Interval",
    "Losses",
    "Movement",
    "NoSlot",
    "OperationalIntent",
    "Request",
    "Resolution",
    "Separation",
    "Slot",
    "Traffic",
    "Trajectory",
    "Volume4D",
    "Way",
    "check",
    "closed_delays",
    "conflicts",
    "conforms",
    "find_slot",
    "first_clear_s",
    "forbidden_delays",
    "gives_way",
    "intent_of",
    "losses",
    "next_state",
    "overlap",
    "pieces_between",
    "resolve",
    "volumes_of",
]
