"""The height of every leg of a sortie: each where it costs least, climb included, and where the fence allows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import shapely

from mission.flightplan import FlightConditions, level_leg_wh
from mission.model.flight import Sortie
from mission.model.refusal import Refusal, RefusalCode
from mission.routing import Blocked, Obstacle
from mission.sky import GROUND, Sky, Way, blocked_reason, blocked_remedy

_ROUNDING_M = 0.5
"""Ways touch the clearance that they keep; this much less is not an intrusion."""


@dataclass(frozen=True, slots=True)
class ChosenWays:
    """A way for each leg of a sortie, hub to first drop, …, last drop to hub."""

    ways: tuple[Way, ...]

    @property
    def fenced(self) -> list[Obstacle]:
        """Every zone that binds at a height of any of these ways: what the geofence must exclude."""
        layers = {way.height_home_m: way.layer for way in self.ways}
        found = {(o.zone_id, o.polygon.wkb): o for _, layer in sorted(layers.items()) for o in layer.obstacles}
        return list(found.values())


def choose_ways(sortie: Sortie, sky: Sky, conditions: FlightConditions) -> ChosenWays | tuple[Refusal, ...]:
    """Return the ways of a sortie, or why there are none: one refusal for each of its orders.

    Each leg takes the height at which it costs least energy, the lower of equals. A geofence knows no heights:
    where a zone that one leg passes over or under would bind another leg, all legs are flown at one height.
    """
    places = [sortie.hub.position, *(order.drop.position for order in sortie.orders), sortie.hub.position]
    options: list[tuple[Way, ...]] = []
    for start, goal in pairwise(places):
        ways = sky.ways(start, goal)
        if isinstance(ways, Blocked):
            return _refuse(sortie, ways, blocked_reason(sky, ways), blocked_remedy(sky, start, goal, ways))
        options.append(ways)
    costs = _costs_wh(sortie, options, conditions)
    best = ChosenWays(tuple(_cheapest(ways, cost) for ways, cost in zip(options, costs, strict=True)))
    shared = set.intersection(*({way.height_home_m for way in ways} for ways in options))
    if not shared or not _fence_conflict(best, sky):
        return best
    height_m = min(sorted(shared), key=lambda height: sum(cost[height] for cost in costs))
    return ChosenWays(tuple(way for ways in options for way in ways if way.height_home_m == height_m))


def _cheapest(ways: Sequence[Way], costs_wh: Mapping[float, float]) -> Way:
    return min(ways, key=lambda way: (costs_wh[way.height_home_m], way.height_home_m))


def _costs_wh(
    sortie: Sortie, options: Sequence[Sequence[Way]], conditions: FlightConditions
) -> list[dict[float, float]]:
    """For each leg, by height, its energy."""
    stops = [0.0, *(conditions.handover_height_home_m(order) for order in sortie.orders), 0.0]
    payload_kg = sum(order.parcel.mass_kg for order in sortie.orders)
    costs = []
    for ways, ends_home_m, leaves_kg in zip(
        options, pairwise(stops), [*(order.parcel.mass_kg for order in sortie.orders), 0.0], strict=True
    ):
        costs.append(
            {
                way.height_home_m: level_leg_wh(
                    way.points,
                    way.height_home_m,
                    ends_home_m=ends_home_m,
                    payload_kg=max(payload_kg, 0.0),
                    vehicle_type=sortie.vehicle.type,
                    conditions=conditions,
                )
                for way in ways
            }
        )
        payload_kg -= leaves_kg
    return costs


def _fence_conflict(chosen: ChosenWays, sky: Sky) -> bool:
    """Whether a zone that binds one leg is passed over or under by another."""
    if len({way.height_home_m for way in chosen.ways}) == 1:
        return False
    keep_m = sky.airspace.policy.zone_clearance_m - _ROUNDING_M
    shapes = [obstacle.polygon for obstacle in chosen.fenced]
    lines = [shapely.LineString(sky.local(way.points)) for way in chosen.ways]
    return any(bool((shapely.distance(shapes, line) < keep_m).any()) for line in lines)


def _refuse(sortie: Sortie, blocked: Blocked, what: str, remedy: str) -> tuple[Refusal, ...]:
    zone_ids = tuple(name for name in blocked.zone_ids if name != GROUND)
    return tuple(
        Refusal(order.order_id, RefusalCode.NO_ROUTE, f"no way clears {what}", remedy, zone_ids)
        for order in sortie.orders
    )
