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
        zones_as_of: the last moment at which `zones` were known to be those in force; None: not known, and then
            nothing is launched (fault F-A14, invariant I-8).
    """

    name: str
    site: Site
    vehicles: tuple[Vehicle, ...]
    orders: tuple[Order, ...]
    zones: tuple[GeoZone, ...]
    policy: Policy
    start: datetime
    zones_as_of: datetime | None = None

    def __post_init__(self) -> None:
        require_aware(self.start, "start")
        if self.zones_as_of is not None:
            require_aware(self.zones_as_of, "zones_as_of")
