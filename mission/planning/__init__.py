"""The parts of planning a day: what each hub reaches, the height of every leg, a sortie in its own time, approval."""

from mission.planning.approval import DELAY_ALLOWANCE, Approver, performance_of
from mission.planning.heights import ChosenWays, choose_ways
from mission.planning.reach import Reach
from mission.planning.sorties import SortiePlanner

__all__ = ["DELAY_ALLOWANCE", "Approver", "ChosenWays", "Reach", "SortiePlanner", "choose_ways", "performance_of"]
