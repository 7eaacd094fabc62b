"""What the router answers: a route, or why there is none."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""An (n, 2) array of east, north in metres in a local frame."""


class BlockedReason(StrEnum):
    """Why no route exists."""

    START_INSIDE = "START_INSIDE"
    GOAL_INSIDE = "GOAL_INSIDE"
    NO_PATH = "NO_PATH"


@dataclass(frozen=True, slots=True)
class ZoneProximity:
    """How near a point is to a zone's own polygon, before any buffer.

    Attributes:
        zone_id: the zone.
        distance_m: 0 inside or on the edge of the zone, otherwise the distance to it.
    """

    zone_id: str
    distance_m: float

    @property
    def inside(self) -> bool:
        """Whether the point lies in the zone itself, not only within the clearance of it."""
        return self.distance_m == 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The shortest route.

    Attributes:
        points: (n, 2) east, north in metres; first the start, last the goal, each bend between. n ≥ 1, and
            n = 1 only where start and goal are the same point.
        length_m: the sum of the legs.
    """

    points: Points
    length_m: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """No route exists.

    Attributes:
        reason: what is wrong.
        zone_ids: the zones responsible, sorted: those that hold the point, or those that close the way.
        proximities: for START_INSIDE and GOAL_INSIDE the measured distance from the point to each zone of
            `zone_ids`, nearest first; empty for NO_PATH.
    """

    reason: BlockedReason
    zone_ids: tuple[str, ...]
    proximities: tuple[ZoneProximity, ...] = field(default=())

    @property
    def inside_zone(self) -> bool:
        """Whether the point lies in a zone itself, not only within the clearance of one."""
        return any(proximity.inside for proximity in self.proximities)

    def __str__(self) -> str:
        if self.reason is BlockedReason.NO_PATH:
            return f"no way past {', '.join(self.zone_ids)}"
        point = "start" if self.reason is BlockedReason.START_INSIDE else "goal"
        places = ", ".join(
            f"inside {near.zone_id}" if near.inside else f"{near.distance_m:.2f} m from {near.zone_id}"
            for near in self.proximities
        )
        return f"{point} is {places}"
