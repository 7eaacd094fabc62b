"""From a flight plan to what a vehicle is given: mission items, fence, rally points; and plan files."""

from mission.compile.compiled import Compiled
from mission.compile.diversion import AirborneHome, compile_diversion
from mission.compile.fence import Fence, FenceNeeds, FenceZone, NoFence, build_fence
from mission.compile.qgc_plan import from_plan_json, to_plan_json
from mission.compile.sortie import compile_sortie

__all__ = [
    "AirborneHome",
    "Compiled",
    "Fence",
    "FenceNeeds",
    "FenceZone",
    "NoFence",
    "build_fence",
    "compile_diversion",
    "compile_sortie",
    "from_plan_json",
    "to_plan_json",
]
