"""Slots: no approved flight comes too close to another, by the plan; who is planned later leaves later."""

from datetime import timedelta

from mission.deconfliction import FlightFrame, NoSlot, Request, Separation, Traffic, Way, find_slot
from mission.model.flight import FlightPlan, LegKind
from mission.model.refusal import Refusal, RefusalCode
from mission.policy import Policy


class Slots:
    """The slots of one day's approved flights, of all hubs together."""

    def __init__(self, policy: Policy, frame: FlightFrame) -> None:
        self.frame = frame
        separation = Separation(policy.separation_horizontal_m, policy.separation_vertical_m, policy.pad_interval_s)
        self._traffic = Traffic(separation)

    def wait_for(self, plan: FlightPlan) -> timedelta | tuple[Refusal, ...]:
        """Return by how much a plan has to be delayed to be clear, or one refusal for each order of its sortie.

        It may be delayed for as long as every hand-over still ends within its order's window.

        Raises:
            InputError: the hub's elevation is not known, or the plan lies in another region than the frame.
        """
        windows = {order.order_id: order.window for order in plan.sortie.orders}
        slack = min(windows[leg.order_id].latest - leg.arrive for leg in plan.legs if leg.kind is LegKind.HANDOVER)
        request = Request(plan.sortie.sortie_id, (Way(self.frame.trajectory_of(plan)),), slack.total_seconds())
        found = find_slot(self._traffic, request)
        if not isinstance(found, NoSlot):
            return timedelta(seconds=found.delay_s)
        reason = f"its flight would come too close to {', '.join(found.blocked_by)}: {found.reason}"
        remedy = "widen its window, or plan it for a quieter hour"
        return tuple(Refusal(order.order_id, RefusalCode.NO_SLOT, reason, remedy) for order in plan.sortie.orders)

    def hold(self, plan: FlightPlan) -> None:
        """Keep others out of an approved flight's way."""
        self._traffic.hold(self.frame.trajectory_of(plan))
