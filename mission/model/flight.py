"""Sorties and their timed flight plans."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mission.model.fleet import Hub, LandingSite, Vehicle
from mission.model.geo import GeoPoint
from mission.model.orders import Order


@dataclass(frozen=True, slots=True)
class Sortie:
    """One take-off to landing of one vehicle: which orders it serves, in which order, and when it leaves.

    Attributes:
        sortie_id: unique in a plan, e.g. ``drone-1/2``.
        ordinal: 0 for the vehicle's first sortie of the plan, 1 for its next …
        departure: planned time of take-off.
    """

    sortie_id: str
    vehicle: Vehicle
    hub: Hub
    orders: tuple[Order, ...]
    ordinal: int
    departure: datetime


class LegKind(StrEnum):
    """What the vehicle does on a leg."""

    CLIMB = "CLIMB"
    CRUISE = "CRUISE"
    DESCEND = "DESCEND"
    HANDOVER = "HANDOVER"
    LAND = "LAND"


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight piece of a flight, from one point and height to another, in a span of time.

    Heights are above home. `order_id` is set on the HANDOVER leg of that order.
    """

    kind: LegKind
    start: GeoPoint
    end: GeoPoint
    start_height_home_m: float
    end_height_home_m: float
    depart: datetime
    arrive: datetime
    payload_kg: float
    energy_wh: float
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class FlightPlan:
    """A sortie's timed legs, what they cost, and where it may divert to.

    Attributes:
        legs: gapless in space and time.
        energy_wh: expected use from take-off to landing.
        reserve_wh: what the policy demands be left at landing.
        alternates: permitted landing sites, uploaded as rally points.
        length_m: horizontal length of the path.
    """

    sortie: Sortie
    legs: tuple[Leg, ...]
    energy_wh: float
    reserve_wh: float
    alternates: tuple[LandingSite, ...]
    length_m: float

    @property
    def departure(self) -> datetime:
        """Time of take-off."""
        return self.legs[0].depart

    @property
    def arrival(self) -> datetime:
        """Time of landing."""
        return self.legs[-1].arrive
