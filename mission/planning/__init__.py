"""The parts of planning a day: what each hub reaches, heights of legs, a sortie in its own time, slots, approval."""

from mission.planning.approval import DELAY_ALLOWANCE, Approver, performance_of
from mission.planning.heights import ChosenWays, choose_ways
from mission.planning.reach import Reach
from mission.planning.slots import Slots
from mission.planning.sorties import SortiePlanner

__all__ = [
    "DELAY_ALLOWANCE",
    "Approver",
    "ChosenWays",
    "Reach",
    "Slots",
    "SortiePlanner",
    "choose_ways",
    "performance_of",
]
