"""One sortie's books: where it, its orders and their parcels stand, and what is to be reported and done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from mission.dispatch.custody import CUSTODY_TABLE, Custodian, CustodyEvent
from mission.dispatch.order_state import ORDER_TABLE, OrderEvent, OrderState
from mission.dispatch.sortie_state import SORTIE_TABLE, SortieEvent, SortieState
from mission.dispatch.transition import next_state
from mission.model.flight import ApprovedFlight
from mission.supervision.events import Command, Report, ReportKind

ABOARD: Final = frozenset({OrderState.PLANNED, OrderState.IN_FLIGHT})
WITH: Final = {
    Custodian.HUB: "the parcel is at its hub",
    Custodian.VEHICLE: "the vehicle has the parcel",
    Custodian.RECIPIENT: "the parcel is handed over",
    Custodian.LANDING_SITE: "the parcel is at a landing site",
    Custodian.NOBODY: "nobody is known to have the parcel",
}


class Ledger:
    """Moves states along their tables, reports every move, and keeps reasons.

    Attributes:
        state: of the sortie; `since` when it was entered.
        order_states, custodians: of every order and its parcel.
        reasons: why, by order id, or by sortie id for a sortie that diverted or was given up.
    """

    def __init__(self, flight: ApprovedFlight) -> None:
        orders = [order.order_id for order in flight.plan.sortie.orders]
        self.flight = flight
        self.state = SortieState.PLANNED
        self.since: datetime | None = None
        self.order_states = dict.fromkeys(orders, OrderState.PLANNED)
        self.custodians = dict.fromkeys(orders, Custodian.HUB)
        self.reasons: dict[str, str] = {}
        self._raised: set[str] = set()
        self._out: list[Command] = []

    @property
    def sortie_id(self) -> str:
        """The sortie that it is about."""
        return self.flight.sortie_id

    @property
    def payload_kg(self) -> float:
        """What is aboard, by what is known of the orders."""
        orders = self.flight.plan.sortie.orders
        return sum(o.parcel.mass_kg for o in orders if self.order_states[o.order_id] in ABOARD)

    def take(self) -> list[Command]:
        """Hand out what was asked for since the last time."""
        out, self._out = self._out, []
        return out

    def ask(self, *commands: Command) -> None:
        """Ask for something to be done or shown."""
        self._out.extend(commands)

    def longer_than(self, seconds: float, now: datetime) -> bool:
        """Whether the sortie's present state lasts longer than this."""
        return self.since is not None and (now - self.since).total_seconds() > seconds

    def move(self, event: SortieEvent, now: datetime, why: str = "") -> None:
        """Move the sortie."""
        self.state = next_state(SORTIE_TABLE, self.state, event, f"sortie {self.sortie_id}")
        self.since = now
        if event in {SortieEvent.DIVERT, SortieEvent.GIVE_UP}:
            self.reasons[self.sortie_id] = why
        self.ask(Report(ReportKind.SORTIE, self.sortie_id, self.state, why))

    def move_order(
        self, order_id: str, event: OrderEvent, why: str = "", details: Mapping[str, float | str] | None = None
    ) -> None:
        """Move an order."""
        state = next_state(ORDER_TABLE, self.order_states[order_id], event, f"order {order_id}")
        self.order_states[order_id] = state
        self.ask(Report(ReportKind.ORDER, order_id, state, why, details or {}))

    def move_parcel(self, order_id: str, event: CustodyEvent, why: str = "") -> None:
        """Move an order's parcel to its next custodian."""
        custodian = next_state(CUSTODY_TABLE, self.custodians[order_id], event, f"parcel of order {order_id}")
        self.custodians[order_id] = custodian
        self.ask(Report(ReportKind.CUSTODY, order_id, custodian, why or WITH[custodian]))

    def fail_order(self, order_id: str, why: str) -> None:
        """End an order as failed."""
        self.reasons[order_id] = why
        self.move_order(order_id, OrderEvent.FAIL, why)

    def fail_orders(self, why: str) -> None:
        """End every order as failed that has no end yet."""
        for order_id, state in self.order_states.items():
            if state in ABOARD:
                self.fail_order(order_id, why)

    def give_up(self, now: datetime, why: str) -> None:
        """End the sortie and its orders."""
        self.move(SortieEvent.GIVE_UP, now, why)
        self.fail_orders(why)

    def alarm(self, code: str, subject: str, message: str, details: Mapping[str, float | str] | None = None) -> bool:
        """Raise an alarm once; return whether it is new."""
        key = f"{code}:{subject}"
        if key in self._raised:
            return False
        self._raised.add(key)
        self.ask(Report(ReportKind.ALARM, subject, code, message, details or {}))
        return True

    def lower(self, code: str, subject: str) -> None:
        """End an alarm: the next of its kind is new."""
        self._raised.discard(f"{code}:{subject}")
