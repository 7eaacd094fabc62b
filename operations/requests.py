"""What people ask of orders and vehicles while a day is flown: heard by the control of the sortie, once."""

from collections import defaultdict
from collections.abc import Iterable

from mission.supervision.events import Cancel, CloseIncident, RecipientPresent, ResumeLead

Request = Cancel | RecipientPresent | ResumeLead
"""What the control of a sortie hears."""


class Requests:
    """Requests by order and by vehicle, in the order in which they came; each is taken once."""

    def __init__(self) -> None:
        self._of_order: defaultdict[str, list[Request]] = defaultdict(list)
        self._of_vehicle: defaultdict[str, list[Request]] = defaultdict(list)
        self._closing: defaultdict[str, list[CloseIncident]] = defaultdict(list)

    def cancel(self, order_id: str) -> None:
        """Call an order off. Whether it was in time is told by the RELEASE report that follows."""
        self._of_order[order_id].append(Cancel(order_id))

    def recipient_present(self, order_id: str) -> None:
        """Somebody is at the drop to take the parcel."""
        self._of_order[order_id].append(RecipientPresent(order_id))

    def resume_lead(self, vehicle_id: str, actor: str) -> None:
        """`actor`, a person, hands a vehicle back that a pilot or another station took over, or that restarted.

        Mission control goes on where it flies its verified mission, and brings it down by a verified way elsewhere.
        """
        self._of_vehicle[vehicle_id].append(ResumeLead(vehicle_id, actor))

    def close_incident(self, vehicle_id: str, actor: str) -> None:
        """`actor`, a person, takes over a vehicle that was lost: it is not watched for any more."""
        self._closing[vehicle_id].append(CloseIncident(vehicle_id, actor))

    def take(self, order_ids: Iterable[str], vehicle_id: str) -> list[Request]:
        """Hand out what waits for the sortie of these orders and this vehicle."""
        of_orders = [request for order_id in order_ids for request in self._of_order.pop(order_id, [])]
        return [*of_orders, *self._of_vehicle.pop(vehicle_id, [])]

    def take_closings(self, vehicle_id: str) -> list[CloseIncident]:
        """Hand out what waits for the watch over a lost vehicle."""
        return self._closing.pop(vehicle_id, [])
