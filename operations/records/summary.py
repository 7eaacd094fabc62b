"""What became of a day: every order once, with its reason, and the figures of the whole."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mission.dispatch.order_state import OrderState
from mission.model.refusal import Refusal
from operations.control import SortieOutcome


class OrderOutcome(StrEnum):
    """How an order ended, for people and programs."""

    DELIVERED = "delivered"
    DIVERTED = "diverted"
    RETURNED = "returned"
    FAILED = "failed"
    REFUSED = "refused"


ENDS = {
    OrderState.DELIVERED: OrderOutcome.DELIVERED,
    OrderState.DIVERTED: OrderOutcome.DIVERTED,
    OrderState.RETURNED: OrderOutcome.RETURNED,
    OrderState.FAILED: OrderOutcome.FAILED,
    OrderState.REFUSED: OrderOutcome.REFUSED,
}


@dataclass(frozen=True)
class OrderResult:
    """One order's end.

    Attributes:
        code: refusal code, or "".
        reason: one sentence; empty for a delivery that went as planned.
        handed_over: time of the hand-over, for a delivery.
    """

    order: str
    outcome: OrderOutcome
    vehicle: str = ""
    sortie: str = ""
    code: str = ""
    reason: str = ""
    remedy: str = ""
    handed_over: datetime | None = None


@dataclass(frozen=True)
class DaySummary:
    """The whole day.

    Attributes:
        smallest_clearance_m: least distance of any flown position from any zone that bound it; inf without zones.
        energy_wh: drawn by all flights.
        energy_source: where that figure comes from.
    """

    name: str
    orders: tuple[OrderResult, ...]
    smallest_clearance_m: float
    energy_wh: float
    energy_source: str
    planned_energy_wh: float
    missions: tuple[str, ...]
    report: str
    journal: str
    wall_s: float
    alarms: tuple[str, ...] = field(default=())

    def ending(self, outcome: OrderOutcome) -> list[OrderResult]:
        """Orders that ended so."""
        return [result for result in self.orders if result.outcome is outcome]

    def as_json(self) -> dict[str, Any]:
        """The object that ``--json`` ends with: a list of orders for every outcome, then the figures."""
        groups = {outcome.value: [_order_json(r) for r in self.ending(outcome)] for outcome in OrderOutcome}
        finite = math.isfinite(self.smallest_clearance_m)
        return groups | {
            "smallest_clearance_m": round(self.smallest_clearance_m, 2) if finite else None,
            "energy_wh": round(self.energy_wh, 1),
            "energy_source": self.energy_source,
            "planned_energy_wh": round(self.planned_energy_wh, 1),
            "missions": list(self.missions),
            "report": self.report,
            "journal": self.journal,
            "alarms": list(self.alarms),
            "wall_s": round(self.wall_s, 1),
        }


def order_results(
    refusals: Iterable[Refusal],
    outcomes: Sequence[SortieOutcome],
    handed_over: Mapping[str, datetime],
) -> tuple[OrderResult, ...]:
    """Gather every order's end from plan and flights, refused ones last."""
    flown = [
        OrderResult(
            order=order_id,
            outcome=ENDS[state],
            vehicle=outcome.flight.vehicle_id,
            sortie=outcome.flight.sortie_id,
            reason=outcome.reasons.get(order_id, ""),
            handed_over=handed_over.get(order_id),
        )
        for outcome in outcomes
        for order_id, state in outcome.orders.items()
    ]
    refused = [
        OrderResult(r.order_id, OrderOutcome.REFUSED, code=r.code, reason=r.reason, remedy=r.remedy) for r in refusals
    ]
    return (*sorted(flown, key=lambda result: result.order), *refused)


def _order_json(result: OrderResult) -> dict[str, Any]:
    content = {key: value for key, value in asdict(result).items() if value not in {"", None}}
    content.pop("outcome")
    if result.handed_over:
        content["handed_over"] = result.handed_over.isoformat()
    return content
