"""Orders (the request), parcels (the thing) and drop points (the place)."""

import math
from dataclasses import dataclass
from enum import StrEnum

from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow


class DeliveryMethod(StrEnum):
    """How a parcel leaves the vehicle. GRIPPER releases from a low hover; LAND sets it down on the ground."""

    GRIPPER = "GRIPPER"
    LAND = "LAND"
    WINCH = "WINCH"
    LOCKER = "LOCKER"


class ServiceClass(StrEnum):
    """How urgent an order is."""

    STANDARD = "STANDARD"
    SAME_DAY = "SAME_DAY"
    ON_DEMAND = "ON_DEMAND"


@dataclass(frozen=True, slots=True)
class Parcel:
    """The thing carried. `mass_kg` > 0 and finite."""

    parcel_id: str
    mass_kg: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mass_kg) and self.mass_kg > 0.0):
            raise ValueError(f"parcel {self.parcel_id}: mass_kg {self.mass_kg} is not a positive mass")


@dataclass(frozen=True, slots=True)
class DropPoint:
    """Where and how a parcel is handed over."""

    position: GeoPoint
    method: DeliveryMethod = DeliveryMethod.GRIPPER
    name: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A request to bring one parcel to one drop point within a window of time.

    Attributes:
        attended: the parcel is handed over only when somebody was reported at the drop to take it.
    """

    order_id: str
    parcel: Parcel
    drop: DropPoint
    window: TimeWindow
    service_class: ServiceClass = ServiceClass.STANDARD
    recipient: str = ""
    attended: bool = False
