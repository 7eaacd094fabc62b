"""One height of level flight over one hub, with the zones that bind there.

Two sets of zones bind. *En route*: those that reach the height. *Column*: those that reach anything between the
ground and the height; they bind where a vehicle climbs, descends, hands over or lands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.airspace import BindingZone
from mission.model.airspace import ZoneVolume
from mission.policy import Policy
from mission.routing import Blocked, Environment, EnvironmentCache, Obstacle, Route

GROUND = "the ground"
"""Stands among the ids of zones that block a way, where the ground does."""

Place = NDArray[np.float64]
"""East, north in metres in the hub's frame."""


@dataclass(eq=False)
class Layer:
    """Zones and routes at one height above home.

    Attributes:
        height_home_m: of level flight.
        en_route, column: the zones that bind.
        barred: where the ground forbids this height, local metres.
        shape: a volume's footprint in local metres.
        policy: clearances.
        environments: built before, by content.
    """

    height_home_m: float
    en_route: tuple[BindingZone, ...]
    column: tuple[BindingZone, ...]
    barred: Sequence[shapely.Polygon]
    shape: Callable[[ZoneVolume], shapely.Polygon]
    policy: Policy
    environments: EnvironmentCache

    def __post_init__(self) -> None:
        self._environments: dict[float, Environment] = {}

    @cached_property
    def obstacles(self) -> list[Obstacle]:
        """Every volume that binds at this height: its zone and its footprint in local metres."""
        return [
            Obstacle(found.zone.identifier, self.shape(volume)) for found in self.en_route for volume in found.volumes
        ]

    def environment(self, clearance_m: float) -> Environment:
        """The routing environment that keeps `clearance_m` from every en-route zone and from ground that is barred."""
        if clearance_m not in self._environments:
            blocks = [*self.obstacles, *(Obstacle(GROUND, part) for part in self.barred)]
            self._environments[clearance_m] = self.environments.get(blocks, clearance_m)
        return self._environments[clearance_m]

    def route(self, start: Place, goal: Place, clearance_m: float) -> Route | Blocked:
        """The shortest level way in local metres, or what blocks it; columns are not looked at."""
        return self.environment(clearance_m).shortest(start, goal)

    def objectors(self, place: Place) -> list[tuple[float, BindingZone]]:
        """Zones nearer to a place than the policy's clearance that forbid to climb or descend there, nearest first."""
        found, shapes = self._column_shapes
        if not len(shapes):
            return []
        away_m = shapely.distance(shapes, shapely.Point(place))
        near = np.flatnonzero(away_m < self.policy.zone_clearance_m)
        return [(float(away_m[index]), found[index]) for index in near[np.argsort(away_m[near], kind="stable")]]

    def objects(self, places: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(n,) whether any zone forbids to climb or descend at each of (n, 2) places."""
        _, shapes = self._column_shapes
        if not len(shapes):
            return np.zeros(len(places), dtype=np.bool_)
        points = shapely.points(places)
        # The tree's `dwithin` includes the clearance itself, which is not too near.
        which, near = shapely.STRtree(shapes).query(points, predicate="dwithin", distance=self.policy.zone_clearance_m)
        forbidden = np.zeros(len(places), dtype=np.bool_)
        forbidden[which[shapely.distance(points[which], shapes[near]) < self.policy.zone_clearance_m]] = True
        return forbidden

    def matrix(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, n) lengths of level ways between (n, 2) places; inf where there is none, or no climbing at an end."""
        length_m = self.environment(self.policy.zone_clearance_m).matrix(places)
        forbidden = self.objects(places)
        length_m[forbidden, :] = np.inf
        length_m[:, forbidden] = np.inf
        return length_m

    @cached_property
    def _column_shapes(self) -> tuple[list[BindingZone], NDArray[np.object_]]:
        pairs = [(found, self.shape(volume)) for found in self.column for volume in found.volumes]
        shapes = np.empty(len(pairs), dtype=object)
        shapes[:] = [shape for _, shape in pairs]
        return [found for found, _ in pairs], shapes
