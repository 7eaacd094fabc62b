"""Sorties, their timed flight plans, and what was approved to fly."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mission.model.fleet import Hub, LandingSite, Vehicle
from mission.model.geo import GeoPoint
from mission.model.mission import Mission
from mission.model.orders import Order
from mission.model.verdict import Verdict


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
        wait_wh: what is used on top when every hand-over takes all of `policy.release_wait_s`.
    """

    sortie: Sortie
    legs: tuple[Leg, ...]
    energy_wh: float
    reserve_wh: float
    alternates: tuple[LandingSite, ...]
    length_m: float
    wait_wh: float = 0.0

    @property
    def departure(self) -> datetime:
        """Time of take-off."""
        return self.legs[0].depart

    @property
    def arrival(self) -> datetime:
        """Time of landing."""
        return self.legs[-1].arrive


@dataclass(frozen=True, slots=True)
class ReleasePoint:
    """Where in the mission and on the ground one order's parcel is handed over.

    Attributes:
        gate_item: index of the item at which the vehicle waits for the hand-over; the way on begins with the next.
        drop: its drop point.
        height_home_m: height above home at which it is released.
        gripper: number of the gripper that holds it, counted from 1 in visiting order.
        lands: whether the vehicle stands on the ground for it; else it hovers.
    """

    order_id: str
    gate_item: int
    drop: GeoPoint
    height_home_m: float
    gripper: int = 1
    lands: bool = False


@dataclass(frozen=True, slots=True)
class ApprovedFlight:
    """A flight plan with the mission that flies it and the verdict that allows it.

    Attributes:
        releases: one for each order, in visiting order.
        leg_of_item: for each mission item the index of the leg that is under way while it is current.
        zones_as_of: the last moment at which the zones it was checked against were known to be those in force.
    """

    plan: FlightPlan
    mission: Mission
    verdict: Verdict
    releases: tuple[ReleasePoint, ...]
    leg_of_item: tuple[int, ...]
    zones_as_of: datetime | None = None

    @property
    def vehicle_id(self) -> str:
        """The vehicle that flies it."""
        return self.plan.sortie.vehicle.vehicle_id

    @property
    def sortie_id(self) -> str:
        """The sortie that it is."""
        return self.plan.sortie.sortie_id
