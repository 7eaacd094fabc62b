"""All hand-overs of one sortie, and the weight of what is still aboard between them."""

from datetime import datetime
from typing import Final

from mission.model.telemetry import VehicleState
from mission.policy import Policy
from mission.supervision.events import Cancel, GatePassed, RecipientPresent, ReleaseEnded
from mission.supervision.evidence import LEFT_SHARE
from mission.supervision.handover import Handover
from mission.supervision.ledger import Ledger
from mission.supervision.position_trust import PositionTrust

WEIGHINGS_TO_BELIEVE: Final = 3
"""States in a row that show a weight missing before a parcel counts as fallen: a gust shakes a scale."""

HandoverEvent = ReleaseEnded | GatePassed | Cancel | RecipientPresent


class Handovers:
    """The hand-overs of a sortie, by order."""

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        orders = {order.order_id: order for order in ledger.flight.plan.sortie.orders}
        self._by_order = {
            point.order_id: Handover(point, orders[point.order_id], ledger, policy) for point in ledger.flight.releases
        }
        kind = ledger.flight.plan.sortie.vehicle.type
        self._ledger = ledger
        self._position = PositionTrust(kind.cruise_speed_m_s + policy.max_wind_m_s)
        self._weighs = kind.payload_sensor
        self._missing = 0

    @property
    def jumped_m(self) -> float:
        """How far the vehicle's position lies off its track, 0.0 while it follows from it."""
        return self._position.jumped_m

    def observed(self, vehicle: VehicleState, now: datetime, *, in_charge: bool) -> None:
        """Take in a newer state of a vehicle in the air (see `Handover.observed`)."""
        self._weigh(vehicle)
        self._follow(vehicle)
        for handover in self._by_order.values():
            handover.observed(vehicle, now, in_charge=in_charge, jumped_m=self.jumped_m)

    def hear(self, event: HandoverEvent) -> None:
        """Take in what is about one of them."""
        match event:
            case ReleaseEnded(order_id=order_id):
                self._by_order[order_id].answered(event)
            case Cancel(order_id=order_id):
                self._by_order[order_id].cancel()
            case RecipientPresent(order_id=order_id):
                self._by_order[order_id].recipient_present = True
            case GatePassed(gate_item=item, ok=ok):
                for handover in self._by_order.values():
                    if handover.point.gate_item == item:
                        handover.passed(ok=ok)

    def waited(self, now: datetime) -> None:
        """Time passed."""
        for handover in self._by_order.values():
            handover.waited(now)

    def ended(self) -> None:
        """The flight is over."""
        for handover in self._by_order.values():
            handover.ended()

    def _follow(self, vehicle: VehicleState) -> None:
        """Notice a position that cannot be the vehicle's own, and one that can be again (fault F-V4)."""
        self._position.observe(vehicle)
        sortie_id = self._ledger.sortie_id
        if self._position.believed:
            self._ledger.lower("POSITION_JUMPED", sortie_id)
        else:
            why = f"its position jumped by {self.jumped_m:.0f} m: nothing is released until it follows from its track"
            self._ledger.alarm("POSITION_JUMPED", sortie_id, why)

    def _weigh(self, vehicle: VehicleState) -> None:
        """Notice a parcel that left the vehicle uncommanded, the one whose mass fits best."""
        if not self._weighs or any(handover.commanded for handover in self._by_order.values()):
            self._missing = 0
            return
        aboard = [handover for handover in self._by_order.values() if handover.aboard]
        missing_kg = sum(handover.mass_kg for handover in aboard) - vehicle.payload_kg
        fallen = [handover for handover in aboard if missing_kg > LEFT_SHARE * handover.mass_kg]
        self._missing = self._missing + 1 if fallen else 0
        if self._missing >= WEIGHINGS_TO_BELIEVE:
            self._missing = 0
            min(fallen, key=lambda handover: abs(handover.mass_kg - missing_kg)).fell(missing_kg)
