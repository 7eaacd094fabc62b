"""One sortie, from the orders that it serves to an approved flight, among the zones that bind in its own time."""

from dataclasses import replace
from datetime import timedelta

from mission.flightplan import FlightConditions, plan_flight
from mission.model.fleet import LandingSite
from mission.model.flight import ApprovedFlight, FlightPlan, Sortie
from mission.model.orders import Order
from mission.model.refusal import Refusal, RefusalCode
from mission.model.time import TimeWindow
from mission.planning.approval import DELAY_ALLOWANCE, Approver
from mission.planning.heights import ChosenWays, choose_ways
from mission.planning.slots import Slots
from mission.policy import Policy
from mission.sky import Airspace, Objection, Sky

SLOW_SHARE = 0.20
"""A flight may take this much longer than planned and still be among the zones that it was planned with."""


class SortiePlanner:
    """Plans sorties of one hub.

    Attributes:
        airspace: the hub's.
        conditions: what its flights are planned under.
        alternates: landing sites; those that a zone forbids are left out of a plan.
        slots: of all flights approved so far.
        approver: who has the last word.
    """

    def __init__(
        self,
        airspace: Airspace,
        conditions: FlightConditions,
        alternates: tuple[LandingSite, ...],
        slots: Slots,
        approver: Approver,
    ) -> None:
        self.airspace = airspace
        self.conditions = conditions
        self.alternates = alternates
        self.slots = slots
        self.approver = approver

    def fly(self, sortie: Sortie) -> ApprovedFlight | tuple[Refusal, ...]:
        """Return the approved flight, or one refusal for each order concerned.

        Its times depend on its route, and its route on the zones that bind in its time: zones are added until
        those it is routed among are all that bind from its departure to its landing. Where it would then come too
        close to a flight approved before, it leaves later, and is planned anew in that time.
        """
        window = TimeWindow(sortie.departure, sortie.departure)
        while True:
            sky = self.airspace.sky(window)
            chosen = self._objections(sortie, sky) or choose_ways(sortie, sky, self.conditions)
            if not isinstance(chosen, ChosenWays):
                return chosen
            plan = self._timed(sortie, chosen, sky)
            if not isinstance(plan, FlightPlan):
                return plan
            needed = occupied(plan, self.airspace.policy)
            if not self.airspace.sky(needed).binding_ids <= sky.binding_ids:
                # More zones bind in the wider window, or the loop would go on: it does when all do.
                window = TimeWindow(min(window.earliest, needed.earliest), max(window.latest, needed.latest))
                continue
            wait = self.slots.wait_for(plan)
            if not isinstance(wait, timedelta):
                return wait
            if not wait:
                return self.approver.approve(plan, chosen.fenced, self.airspace.frame, self.conditions)
            # Each turn leaves a second later or more: the orders' windows end the loop if no slot does.
            sortie = replace(sortie, departure=plan.departure + wait)
            window = TimeWindow(sortie.departure, sortie.departure)

    def _objections(self, sortie: Sortie, sky: Sky) -> tuple[Refusal, ...]:
        """Refuse all orders where a zone forbids a place of the sortie in its time."""
        hub = sky.objection_to(sortie.hub.position, f"hub {sortie.hub.name!r}")
        if hub is not None:
            return tuple(refused(order, RefusalCode.HUB_IN_ZONE, hub) for order in sortie.orders)
        for order in sortie.orders:
            drop = sky.objection_to(order.drop.position, called(order))
            if drop is not None:
                return tuple(refused(each, RefusalCode.DROP_IN_ZONE, drop) for each in sortie.orders)
        return ()

    def _timed(self, sortie: Sortie, chosen: ChosenWays, sky: Sky) -> FlightPlan | tuple[Refusal, ...]:
        permitted = [
            site
            for site, forbidden in zip(self.alternates, sky.forbids([s.position for s in self.alternates]), strict=True)
            if not forbidden
        ]
        return plan_flight(
            sortie,
            [way.points for way in chosen.ways],
            self.conditions,
            permitted,
            [way.height_home_m for way in chosen.ways],
        )


def occupied(plan: FlightPlan, policy: Policy) -> TimeWindow:
    """Return the span in which a flight may be in the air: late, slow, waiting as long as it may at every drop."""
    waits = timedelta(seconds=policy.release_wait_s * len(plan.sortie.orders))
    slow = SLOW_SHARE * (plan.arrival - plan.departure)
    return TimeWindow(plan.departure, plan.arrival + slow + waits + DELAY_ALLOWANCE)


def called(order: Order) -> str:
    """Return what a sentence about a drop begins with."""
    return f"its drop {order.drop.name!r}" if order.drop.name else "its drop"


def refused(order: Order, code: RefusalCode, objection: Objection) -> Refusal:
    """Return the refusal of an order for a place that cannot be used."""
    return Refusal(order.order_id, code, objection.reason, objection.remedy, objection.zone_ids)
