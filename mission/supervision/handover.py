"""The hand-over of one parcel at its gate: when the release is commanded, and what counts as done.

The vehicle waits at the gate for a bounded time, by its own clock. The release goes out when it was seen steady at
the drop and early enough that the command has ended well before the gate does; a vehicle that nobody reaches any
more flies its verified way home by itself, with the parcel.
"""

import math
from datetime import datetime, timedelta
from typing import Final

from mission.dispatch.custody import CustodyEvent
from mission.dispatch.order_state import OrderEvent
from mission.dispatch.release_state import ABOARD, RELEASE_TABLE, UNDECIDED, ReleaseEvent, ReleaseState
from mission.dispatch.transition import next_state
from mission.model.flight import ReleasePoint
from mission.model.gripper import GripperAnswer
from mission.model.orders import Order
from mission.model.telemetry import VehicleState
from mission.policy import Policy
from mission.supervision.events import PassGate, Release, ReleaseEnded, Report, ReportKind
from mission.supervision.evidence import EvidenceGrade, PlaceWatch, ReleaseProof, is_gone
from mission.supervision.ledger import Ledger

GATE_MARGIN_S: Final = 10.0
"""A release has ended so long before its gate does: telemetry is late, and PX4 tells its item once a second."""
LEAST_COMMAND_S: Final = 5.0
"""With less time than this left for it, a release is not commanded any more."""
WEIGHING_S: Final = 5.0
"""So long after the answer, by the vehicle's clock, its scale must show what happened."""
ANSWER_GRACE_S: Final = 30.0
"""A command's answer that is later than this after its deadline does not come."""
MAX_RELEASES: Final = 2
"""One retry, and only when the gripper is known not to have let go (fault F-V21)."""
CONFIRMED_BY: Final = {
    EvidenceGrade.PAYLOAD: "confirmed by position and weight",
    EvidenceGrade.ACKNOWLEDGED: "confirmed by position and acknowledgement",
}
MAX_PASSES: Final = 3
"""How often a vehicle is told to go on from a gate; then the gate's time ends by itself."""


class Handover:
    """One order's hand-over.

    Attributes:
        state: where it stands.
        recipient_present: whether somebody was reported at the drop; needed where the order says so.
    """

    def __init__(self, point: ReleasePoint, order: Order, ledger: Ledger, policy: Policy) -> None:
        self.state = ReleaseState.WAITING
        self.recipient_present = False
        self.point = point
        self._order = order
        self._ledger = ledger
        self._policy = policy
        self._weighs = ledger.flight.plan.sortie.vehicle.type.payload_sensor
        self._place = PlaceWatch(point, policy)
        self._vehicle = VehicleState(ledger.flight.vehicle_id)
        self._jumped_m = 0.0
        self._before_gate_ms: int | None = None  # the last sample before the gate: it begins no earlier
        self._releases = 0
        self._passes = 0
        self._passing = False
        self._command_id = ""
        self._deadline: datetime | None = None
        self._before_kg = math.nan
        self._answer = GripperAnswer.NOT_SENT
        self._answered_ms: int | None = None

    @property
    def aboard(self) -> bool:
        """Whether the parcel hangs in its gripper, as far as is known."""
        return self.state in ABOARD

    @property
    def commanded(self) -> bool:
        """Whether a release is out."""
        return self.state is ReleaseState.COMMANDED

    @property
    def mass_kg(self) -> float:
        """Of the parcel."""
        return self._order.parcel.mass_kg

    # ---- what is heard -----------------------------------------------------------------------------

    def observed(self, vehicle: VehicleState, now: datetime, *, in_charge: bool, jumped_m: float) -> None:
        """Take in a newer state.

        Args:
            vehicle: the state.
            now: mission time.
            in_charge: the vehicle flies our mission, and may be told what to do.
            jumped_m: how far its position lies off its track (`PositionTrust`); then it proves no place.
        """
        self._vehicle = vehicle
        self._jumped_m = jumped_m
        self._place.observe(vehicle, believed=jumped_m == 0.0)
        if self.state is ReleaseState.COMMANDED and self._answered_ms is not None:
            self._judge(self._answered_ms)
        if not in_charge:
            return
        if vehicle.mission_current < self.point.gate_item:
            self._before_gate_ms = vehicle.boot_time_ms
        elif vehicle.mission_current > self.point.gate_item:
            if self.state in UNDECIDED - {ReleaseState.COMMANDED}:
                self._keep("the vehicle went on before its release was commanded")
        else:
            self._at_gate(now)

    def answered(self, event: ReleaseEnded) -> None:
        """Take in the vehicle's answer to the release that is out; that to an older one changes nothing."""
        if self.state is not ReleaseState.COMMANDED or event.command_id != self._command_id:
            return
        self._answer = event.answer
        match event.answer:
            case GripperAnswer.OPENED:
                self._answered_ms = self._vehicle.boot_time_ms  # judged with the next state: it must still be there
            case GripperAnswer.REFUSED | GripperAnswer.NOT_SENT:
                self._again_or_fail(event.reason or "the vehicle refused it")
            case GripperAnswer.WAS_OPEN if self._weighs:
                self._answered_ms = self._vehicle.boot_time_ms  # the scale knows better what the gripper holds
            case GripperAnswer.WAS_OPEN:
                self._doubt("the gripper was open before: what it held is not known")
            case GripperAnswer.NO_ANSWER:
                self._doubt(f"the vehicle did not answer: {event.reason}")

    def passed(self, *, ok: bool) -> None:
        """Take in how going on from the gate ended; what failed is tried again."""
        self._passing = ok

    def cancel(self) -> None:
        """Call the hand-over off; too late once the release is commanded (fault F-O2: one wins)."""
        if (self.state, ReleaseEvent.CANCEL) in RELEASE_TABLE:
            self._move(ReleaseEvent.CANCEL, "called off before its release")
            self._ledger.reasons[self._order.order_id] = "the order was cancelled"
            return
        told = f"too late to cancel: {self.state}"
        self._ledger.ask(Report(ReportKind.RELEASE, self._order.order_id, self.state, told))

    def waited(self, now: datetime) -> None:
        """Notice an answer, or a state after it, that does not come."""
        if self.state is ReleaseState.COMMANDED and self._deadline is not None:
            late = now - self._deadline > timedelta(seconds=ANSWER_GRACE_S)
            if late:
                self._doubt("nothing was heard of the vehicle after it was told to release")

    def fell(self, missing_kg: float) -> None:
        """Take in that the parcel is gone without a command (fault F-V22)."""
        vehicle = self._vehicle
        where = f"{vehicle.latitude_deg:.6f}, {vehicle.longitude_deg:.6f}, {vehicle.height_home_m:.0f} m above home"
        why = f"{missing_kg:.2f} kg are missing uncommanded, noticed at {where}: a person must look for the parcel"
        place = {name: getattr(vehicle, name) for name in ("latitude_deg", "longitude_deg", "height_home_m")}
        self._move(ReleaseEvent.FALL, why)
        self._ledger.alarm("EARLY_RELEASE", self._order.order_id, why, place)
        self._lose(why)

    def ended(self) -> None:
        """The flight is over."""
        if self.state is ReleaseState.COMMANDED:
            self._doubt("the flight ended before its release was proved")
        elif self.state in UNDECIDED:
            self._keep("the flight ended before its release")

    # ---- at the gate -------------------------------------------------------------------------------

    def _at_gate(self, now: datetime) -> None:
        left_s = self._left_s()
        if self.state is ReleaseState.WAITING and self._place.proved:
            self._move(ReleaseEvent.ARRIVE, f"{self._place.distance_m:.1f} m from the drop")
        elif self.state is ReleaseState.AT_DROP and not self._place.holds:
            self._move(ReleaseEvent.LEAVE, "not seen at the drop any more")
        if self.state in {ReleaseState.WAITING, ReleaseState.AT_DROP}:
            self._decide(left_s, now)
        if self.state not in UNDECIDED:
            self._pass_on()

    def _left_s(self) -> float:
        """How long the gate still holds the vehicle, at the least."""
        since_ms = self._vehicle.boot_time_ms if self._before_gate_ms is None else self._before_gate_ms
        self._before_gate_ms = since_ms
        return self._policy.release_wait_s - (self._vehicle.boot_time_ms - since_ms) / 1000.0

    def _decide(self, left_s: float, now: datetime) -> None:
        attended = self.recipient_present or not self._order.attended
        for_command_s = left_s - GATE_MARGIN_S
        if self._place.landed_off:
            off_m = self._place.distance_m
            self._ledger.alarm("OFF_TARGET_LANDING", self._order.order_id, f"landed {off_m:.1f} m from the drop")
            self._keep(f"the vehicle landed {off_m:.1f} m from the drop")
        elif for_command_s < LEAST_COMMAND_S:
            self._keep(self._why_not_released(attended=attended))
        elif self.state is ReleaseState.AT_DROP and attended:
            self._command(now + timedelta(seconds=for_command_s))

    def _why_not_released(self, *, attended: bool) -> str:
        if self._jumped_m > 0.0:
            return f"the vehicle's position had jumped by {self._jumped_m:.0f} m: where it was is not known"
        return "the vehicle was not seen at the drop in time" if attended else "nobody came to take it"

    def _command(self, deadline: datetime) -> None:
        self._releases += 1
        departure = self._ledger.flight.plan.departure
        self._command_id = f"{self._ledger.sortie_id}/{self._order.order_id}/{departure:%Y%m%dT%H%M%S}/{self._releases}"
        self._deadline = deadline
        self._before_kg = self._vehicle.payload_kg
        self._answer, self._answered_ms = GripperAnswer.NO_ANSWER, None
        self._move(ReleaseEvent.COMMAND, f"{self._place.distance_m:.1f} m from the drop")
        self._ledger.ask(
            Release(self._order.order_id, self.point.gripper, self.point.gate_item, self._command_id, deadline)
        )

    def _judge(self, answered_ms: int) -> None:
        """Judge an answered release by the first state after it, or the first that shows the weight."""
        vehicle = self._vehicle
        if vehicle.boot_time_ms <= answered_ms:
            return
        if not self._place.holds:
            self._doubt(f"answered {self._answer}, but the vehicle was not seen at the drop then")
        elif not self._weighs:
            self._confirm(EvidenceGrade.ACKNOWLEDGED)
        elif is_gone(self._before_kg, vehicle.payload_kg, self.mass_kg):
            self._confirm(EvidenceGrade.PAYLOAD)
        elif vehicle.boot_time_ms - answered_ms > WEIGHING_S * 1000:
            if math.isnan(self._before_kg) or math.isnan(vehicle.payload_kg):
                self._doubt(f"answered {self._answer}, but the vehicle does not tell the weight it carries")
            else:
                why = f"answered {self._answer}, but {vehicle.payload_kg:.2f} kg still hang on the vehicle"
                self._again_or_fail(why)

    def _pass_on(self) -> None:
        if not self._passing and self._passes < MAX_PASSES:
            self._passing, self._passes = True, self._passes + 1
            self._ledger.ask(PassGate(self.point.gate_item))

    # ---- how it ends -------------------------------------------------------------------------------

    def _again_or_fail(self, why: str) -> None:
        if self._releases < MAX_RELEASES:
            self._move(ReleaseEvent.REPEAT, f"once more: {why}")
            return
        self._move(ReleaseEvent.FAIL, why, proof=True)
        self._ledger.alarm("GRIPPER_FAILED", self._order.order_id, why)
        self._ledger.reasons[self._order.order_id] = f"its gripper did not let go: {why}"

    def _confirm(self, grade: EvidenceGrade) -> None:
        """A release with its proof makes a delivery: the parcel is the recipient's (invariant I-10)."""
        order_id, off_m = self._order.order_id, self._place.distance_m
        self._move(ReleaseEvent.CONFIRM, CONFIRMED_BY[grade], proof=True, grade=grade)
        self._ledger.move_order(order_id, OrderEvent.RELEASE)
        self._ledger.move_parcel(order_id, CustodyEvent.HAND_OVER)
        self._ledger.move_order(order_id, OrderEvent.HAND_OVER, f"released {off_m:.1f} m from the drop")

    def _doubt(self, why: str) -> None:
        self._move(ReleaseEvent.DOUBT, why, proof=True)
        self._ledger.alarm("RELEASE_NOT_CONFIRMED", self._order.order_id, why)
        self._lose(f"its release is not confirmed, a person must look: {why}")

    def _lose(self, why: str) -> None:
        self._ledger.move_parcel(self._order.order_id, CustodyEvent.LOSE, why)
        self._ledger.fail_order(self._order.order_id, why)

    def _keep(self, why: str) -> None:
        self._move(ReleaseEvent.GO_BY, why)
        self._ledger.reasons.setdefault(self._order.order_id, why)

    def _move(
        self, event: ReleaseEvent, why: str, *, proof: bool = False, grade: EvidenceGrade = EvidenceGrade.NONE
    ) -> None:
        self.state = next_state(RELEASE_TABLE, self.state, event, f"release of order {self._order.order_id}")
        details = self._proof(grade).details() if proof else {}
        self._ledger.ask(Report(ReportKind.RELEASE, self._order.order_id, self.state, why, details))

    def _proof(self, grade: EvidenceGrade) -> ReleaseProof:
        vehicle = self._vehicle
        return ReleaseProof(
            grade=grade,
            command_id=self._command_id,
            gripper=self.point.gripper,
            attempts=self._releases,
            acknowledgement=self._answer,
            distance_m=self._place.distance_m,
            height_home_m=vehicle.height_home_m,
            latitude_deg=vehicle.latitude_deg,
            longitude_deg=vehicle.longitude_deg,
            vehicle_time_ms=vehicle.boot_time_ms,
            payload_before_kg=self._before_kg,
            payload_after_kg=vehicle.payload_kg,
        )
