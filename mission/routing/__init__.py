"""The shortest route in the plane that clears every binding zone: exact, by a visibility graph."""

from mission.routing.cache import EnvironmentCache
from mission.routing.environment import Environment, shortest_without_graph
from mission.routing.obstacle import OBSTACLE_HALF_SIZE_M, WORLD_HALF_SIZE_M, Obstacle
from mission.routing.result import Blocked, BlockedReason, Route, ZoneProximity
from mission.routing.tree import Tree

__all__ = [
    "OBSTACLE_HALF_SIZE_M",
    "WORLD_HALF_SIZE_M",
    "Blocked",
    "BlockedReason",
    "Environment",
    "EnvironmentCache",
    "Obstacle",
    "Route",
    "Tree",
    "ZoneProximity",
    "shortest_without_graph",
]
