"""Everything that planning needs to know about one day of deliveries at one site."""

from dataclasses import dataclass
from datetime import datetime

from mission.model.airspace import GeoZone
from mission.model.fleet import Site, Vehicle
from mission.model.orders import Order
from mission.model.time import require_aware
from mission.policy import Policy


@dataclass(frozen=True, slots=True)
class Day:
    """One day's work.

    Attributes:
        start: the moment at which the day begins; nothing departs earlier.
    """

    name: str
    site: Site
    vehicles: tuple[Vehicle, ...]
    orders: tuple[Order, ...]
    zones: tuple[GeoZone, ...]
    policy: Policy
    start: datetime

    def __post_init__(self) -> None:
        require_aware(self.start, "start")
