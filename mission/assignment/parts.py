"""Large problems in parts: each order with its nearest hub, and around each hub in sectors alike in size."""

import math
from collections.abc import Sequence

from mission.assignment.trips import TripJudge
from mission.model.geo import GeoPoint

LARGEST_PART = 250
"""Orders that PyVRP gets at once. Beyond, the same time is better spent on several smaller searches."""


def parts_by_hub_and_angle(judge: TripJudge, orders: Sequence[int]) -> list[list[int]]:
    """Divide orders, each of which some base can serve alone, into parts of at most `LARGEST_PART`."""
    if len(orders) <= LARGEST_PART:
        return [list(orders)]
    of_hub: dict[int, list[int]] = {}
    for order in orders:
        nearest = min(judge.trips((order,)), key=lambda trip: trip.length_m)
        of_hub.setdefault(judge.bases[nearest.base].hub, []).append(order)
    parts: list[list[int]] = []
    for hub, members in sorted(of_hub.items()):
        here = judge.problem.hubs[hub].position
        around = sorted(
            members, key=lambda order: (_bearing_rad(here, judge.problem.orders[order].drop.position), order)
        )
        count = math.ceil(len(around) / LARGEST_PART)
        parts.extend(around[len(around) * part // count : len(around) * (part + 1) // count] for part in range(count))
    return parts


def _bearing_rad(origin: GeoPoint, place: GeoPoint) -> float:
    """Direction on a local plane; near enough to put drops in an order around their hub."""
    east = (place.longitude_deg - origin.longitude_deg + 180.0) % 360.0 - 180.0
    east *= math.cos(math.radians(origin.latitude_deg))
    return math.atan2(place.latitude_deg - origin.latitude_deg, east)
