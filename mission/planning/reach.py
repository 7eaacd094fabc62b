"""What each hub reaches in each epoch of a day, and in words why it does not."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from mission.assignment import HubDistances
from mission.flightplan import FlightConditions, height_toll_m, trip_times
from mission.model.day import Day
from mission.model.fleet import Hub, VehicleType
from mission.model.orders import Order
from mission.model.refusal import Refusal, RefusalCode
from mission.model.time import TimeWindow
from mission.planning.approval import DELAY_ALLOWANCE
from mission.planning.sorties import SLOW_SHARE, called, refused
from mission.routing import Blocked
from mission.sky import GROUND, Epoch, Sky, blocked_reason, blocked_remedy


class Reach:
    """Distances and objections among the hubs and drops of one day.

    Attributes:
        day: hubs, orders, vehicles.
        conditions: by hub, what flights are planned under.
    """

    def __init__(self, day: Day, conditions: Mapping[str, FlightConditions]) -> None:
        self.day = day
        self.conditions = conditions
        self._row_of = {order.order_id: row for row, order in enumerate(day.orders, start=1)}
        self._matrices: dict[tuple[str, frozenset[str]], NDArray[np.float64]] = {}
        self._forbidden_drops: dict[tuple[str, frozenset[str]], NDArray[np.bool_]] = {}

    def open_hubs(self, epoch: Epoch) -> tuple[Hub, ...]:
        """Return the hubs where no zone forbids to take off and land."""
        return tuple(h for h in self.day.site.hubs if not epoch.skies[h.hub_id].forbids([h.position])[0])

    def distances(self, hub: Hub, orders: Sequence[Order], epoch: Epoch) -> HubDistances:
        """Return flown distances from a hub and among drops, each leg at its best height; inf where none leads."""
        rows = [0, *(self._row_of[order.order_id] for order in orders)]
        return HubDistances(hub.hub_id, self._matrix(hub, epoch.skies[hub.hub_id])[np.ix_(rows, rows)])

    def objection(self, order: Order, epoch: Epoch) -> Refusal | None:
        """Return why no hub can serve a drop, or no hub is open: hubs at other heights may see other zones bind."""
        hubs = self.open_hubs(epoch)
        if not hubs:
            hub = self.day.site.hubs[0]
            found = epoch.skies[hub.hub_id].objection_to(hub.position, f"hub {hub.name!r}")
            return None if found is None else refused(order, RefusalCode.HUB_IN_ZONE, found)
        place = order.drop.position
        row = self._row_of[order.order_id]
        if not all(self._forbidden(epoch.skies[hub.hub_id])[row - 1] for hub in hubs):
            return None
        found = epoch.skies[hubs[0].hub_id].objection_to(place, called(order))
        return None if found is None else refused(order, RefusalCode.DROP_IN_ZONE, found)

    def explained(self, refusal: Refusal, order: Order, epoch: Epoch) -> Refusal:
        """Return the refusal with the zones named that cut the order off from its hubs, and what would help."""
        if refusal.code is not RefusalCode.NO_ROUTE:
            return refusal
        for hub in self.day.site.hubs:
            sky = epoch.skies[hub.hub_id]
            blocked = sky.ways(hub.position, order.drop.position)
            if isinstance(blocked, Blocked):
                reason = f"{refusal.reason.rstrip('.')}: closed off by {blocked_reason(sky, blocked)}"
                remedy = blocked_remedy(sky, hub.position, order.drop.position, blocked) or refusal.remedy
                zone_ids = tuple(name for name in blocked.zone_ids if name != GROUND)
                return replace(refusal, reason=reason, remedy=remedy, zone_ids=zone_ids)
        return refusal

    def before_closing(self, order: Order, epoch: Epoch, later: Sequence[Epoch]) -> Order | Refusal:
        """Return the order, its window cut to what can be flown before a later epoch closes its drop.

        Or why it cannot be served any more.
        """
        closing = next((other for other in later if self._closes(order, other, other is later[0])), None)
        if closing is None:
            return order
        back = max(self._return_time(order, hub, epoch) for hub in self.day.site.hubs)
        latest = min(order.window.latest, closing.start - back - DELAY_ALLOWANCE)
        if latest >= max(order.window.earliest, epoch.start):
            return replace(order, window=TimeWindow(order.window.earliest, latest))
        cut_off = Refusal(order.order_id, RefusalCode.NO_ROUTE, "No way leads to the drop and back in time")
        return self.objection(order, closing) or self.explained(cut_off, order, closing)

    def _closes(self, order: Order, epoch: Epoch, is_next: bool) -> bool:
        """Whether an epoch within an order's window closes its drop.

        Of the next epoch the ways are asked as well; of those after it only the drops, which costs no environment.
        """
        if order.window.latest < epoch.start:
            return False
        row = self._row_of[order.order_id]
        if is_next:
            return not any(math.isfinite(self._matrix(h, epoch.skies[h.hub_id])[0, row]) for h in self.day.site.hubs)
        return all(self._forbidden(epoch.skies[hub.hub_id])[row - 1] for hub in self.day.site.hubs)

    def _forbidden(self, sky: Sky) -> NDArray[np.bool_]:
        """(n,) whether zones forbid each drop of the day."""
        key = (sky.airspace.hub.hub_id, sky.binding_ids)
        if key not in self._forbidden_drops:
            self._forbidden_drops[key] = sky.forbids([order.drop.position for order in self.day.orders])
        return self._forbidden_drops[key]

    def _matrix(self, hub: Hub, sky: Sky) -> NDArray[np.float64]:
        """(n + 1, n + 1) flown distances among the hub and the drops of all the day's orders."""
        key = (hub.hub_id, sky.binding_ids)
        if key not in self._matrices:
            toll_m = {
                height_m: max(
                    (height_toll_m(height_m, k, self.conditions[hub.hub_id]) for k in self._kinds(hub)), default=0.0
                )
                for height_m in sky.airspace.heights_home_m
            }
            self._matrices[key] = sky.matrix([hub.position, *(o.drop.position for o in self.day.orders)], toll_m)
        return self._matrices[key]

    def _return_time(self, order: Order, hub: Hub, epoch: Epoch) -> timedelta:
        """Return a bound on the time from the beginning of a hand-over to the landing, for any vehicle of a hub."""
        distance_m = float(self._matrix(hub, epoch.skies[hub.hub_id])[0, self._row_of[order.order_id]])
        kinds = self._kinds(hub)
        if not (math.isfinite(distance_m) and kinds):
            return timedelta(0)
        times = trip_times(self.conditions[hub.hub_id])
        trips = [times(kind, [distance_m, distance_m]) for kind in kinds]
        slowest_s = max(landed - begun + SLOW_SHARE * landed for begun, landed in trips)
        return timedelta(seconds=slowest_s + self.day.policy.release_wait_s)

    def _kinds(self, hub: Hub) -> list[VehicleType]:
        return list(dict.fromkeys(vehicle.type for vehicle in self.day.vehicles if vehicle.hub_id == hub.hub_id))
