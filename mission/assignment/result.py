"""What assignment answers."""

from dataclasses import dataclass
from datetime import datetime

from mission.model.refusal import Refusal


@dataclass(frozen=True, slots=True)
class PlannedSortie:
    """One take-off to landing of one vehicle, as assignment sees it.

    Attributes:
        ordinal: 0 for the vehicle's first sortie of this assignment, 1 for its next …
        order_ids: in visiting order.
        departure, arrival: take-off and landing.
        handovers: when the hand-over of each order begins, in the same order.
        length_m: flown distance; `energy_wh` what it costs, without reserve.
    """

    vehicle_id: str
    hub_id: str
    ordinal: int
    order_ids: tuple[str, ...]
    departure: datetime
    arrival: datetime
    handovers: tuple[datetime, ...]
    length_m: float
    energy_wh: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Every order of the problem, exactly once: in a sortie, or refused with a reason.

    Attributes:
        sorties: by departure, then vehicle id.
        refusals: in the problem's order of orders.
    """

    sorties: tuple[PlannedSortie, ...]
    refusals: tuple[Refusal, ...]

    @property
    def length_m(self) -> float:
        """Flown distance of all sorties."""
        return sum(sortie.length_m for sortie in self.sorties)
