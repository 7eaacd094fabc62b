"""What people ask about orders in flight: heard by the control of the sortie that carries the order."""

from collections import defaultdict
from collections.abc import Iterable

from mission.supervision.events import Cancel, RecipientPresent

Request = Cancel | RecipientPresent


class Requests:
    """Requests by order, in the order in which they came; each is taken once."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, list[Request]] = defaultdict(list)

    def cancel(self, order_id: str) -> None:
        """Call an order off. Whether it was in time is told by the RELEASE report that follows."""
        self._waiting[order_id].append(Cancel(order_id))

    def recipient_present(self, order_id: str) -> None:
        """Somebody is at the drop to take the parcel."""
        self._waiting[order_id].append(RecipientPresent(order_id))

    def take(self, order_ids: Iterable[str]) -> list[Request]:
        """Hand out what waits for these orders."""
        return [request for order_id in order_ids for request in self._waiting.pop(order_id, [])]
