"""Which zones stand in the way."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.routing.freespace import GRID_M, Regions
from mission.routing.obstacle import Obstacle
from mission.routing.result import Blocked, BlockedReason, ZoneProximity

_REACH_M = 2.0 * GRID_M
"""A grown zone this near to a merged boundary takes part in it: rounding moves boundaries by less."""


def explain_inside(
    reason: BlockedReason, point: NDArray[np.float64], obstacles: Sequence[Obstacle], regions: Regions
) -> Blocked:
    """Return the zones whose grown polygon holds the point, with the distance to the zones themselves."""
    where = shapely.Point(point)
    holding = np.flatnonzero(shapely.dwithin(regions.grown, where, _REACH_M))
    if not len(holding):
        # Covered by a plug over a touching point: the zones that touch there are the nearest.
        away = shapely.distance(regions.grown, where)
        holding = np.flatnonzero(away <= away.min() + _REACH_M)
    nearest: dict[str, float] = {}
    for index in holding.tolist():
        obstacle = obstacles[index]
        distance_m = float(shapely.distance(obstacle.polygon, where))
        nearest[obstacle.zone_id] = min(distance_m, nearest.get(obstacle.zone_id, np.inf))
    proximities = sorted(
        (ZoneProximity(zone_id, distance_m) for zone_id, distance_m in nearest.items()),
        key=lambda proximity: (proximity.distance_m, proximity.zone_id),
    )
    return Blocked(reason, tuple(sorted(nearest)), tuple(proximities))


def explain_enclosure(ends: NDArray[np.float64], obstacles: Sequence[Obstacle], regions: Regions) -> Blocked:
    """Return the zones along the boundary that parts two points of free space."""
    holes = [shapely.Polygon(hole) for region in shapely.get_parts(regions.merged) for hole in region.interiors]
    start, goal = shapely.points(ends)
    parting = [hole for hole in holes if hole.covers(start) != hole.covers(goal)]
    blockers: set[str] = set()
    for hole in parting:
        along = np.flatnonzero(shapely.dwithin(regions.grown, hole.exterior, _REACH_M))
        blockers.update(obstacles[index].zone_id for index in along.tolist())
    return Blocked(BlockedReason.NO_PATH, tuple(sorted(blockers)))
