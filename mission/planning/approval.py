"""From a flight plan to an approved flight: compiled, and accepted by the verifier, which shares no planning code."""

from collections.abc import Sequence
from datetime import timedelta

from mission.compile import Compiled, compile_sortie
from mission.flightplan import FlightConditions
from mission.geodesy.ground import Ground
from mission.geodesy.local_frame import LocalFrame
from mission.model.day import Day
from mission.model.fleet import Vehicle
from mission.model.flight import ApprovedFlight, FlightPlan, ReleasePoint
from mission.model.orders import DeliveryMethod
from mission.model.refusal import Refusal, RefusalCode
from mission.model.verdict import Verdict
from mission.routing import Obstacle
from mission.verification import CruisePerformance, PreparedZones, verify

DELAY_ALLOWANCE = timedelta(minutes=10)
"""Verdicts hold for departures up to this much later than planned."""


class Approver:
    """Approves flights of one day.

    Attributes:
        day: policy, and how old its zones are.
        ground: what missions are verified over.
        zones: what they are verified against.
    """

    def __init__(self, day: Day, ground: Ground, zones: PreparedZones) -> None:
        self.day = day
        self.ground = ground
        self.zones = zones

    def approve(
        self, plan: FlightPlan, fenced: Sequence[Obstacle], frame: LocalFrame, conditions: FlightConditions
    ) -> ApprovedFlight | tuple[Refusal, ...]:
        """Return the approved flight, or one refusal for each of its orders.

        Args:
            plan: what is to be flown.
            fenced: zones that the geofence must exclude, in `frame`.
            frame: local frame of the zones.
            conditions: what the plan was made under.
        """
        compiled = compile_sortie(plan, fenced, frame, self.day.policy)
        if isinstance(compiled, tuple):
            return compiled
        verdict = verify(
            compiled.mission,
            zones=self.zones,
            policy=self.day.policy,
            departure=plan.departure,
            terrain=self.ground.terrain,
            geoid=self.ground.geoid,
            performance=performance_of(plan.sortie.vehicle),
            drops={order.order_id: order.drop.position for order in plan.sortie.orders},
            landing_sites=[plan.sortie.hub.position],
            delay_allowance=DELAY_ALLOWANCE,
        )
        if not verdict.ok:
            return _refused_by(verdict, plan)
        legs = tuple(compiled.leg_of_item(item) for item in range(len(compiled.mission.items)))
        releases = _releases(plan, compiled, conditions)
        return ApprovedFlight(plan, compiled.mission, verdict, releases, legs, self.day.zones_as_of)


def performance_of(vehicle: Vehicle) -> CruisePerformance:
    """The speeds that the verifier times a mission with."""
    kind = vehicle.type
    return CruisePerformance(kind.cruise_speed_m_s, kind.climb_speed_m_s, kind.descent_speed_m_s)


def _releases(plan: FlightPlan, compiled: Compiled, conditions: FlightConditions) -> tuple[ReleasePoint, ...]:
    return tuple(
        ReleasePoint(
            order.order_id,
            compiled.gate_item[order.order_id],
            order.drop.position,
            conditions.handover_height_home_m(order),
            gripper,
            lands=order.drop.method is DeliveryMethod.LAND,
        )
        for gripper, order in enumerate(plan.sortie.orders, start=1)
    )


def _refused_by(verdict: Verdict, plan: FlightPlan) -> tuple[Refusal, ...]:
    first = next(finding for finding in verdict.findings if finding.severity == "ERROR")
    zone_ids = (first.zone_id,) if first.zone_id else ()
    reason = f"the verifier does not accept the mission: {first.code}: {first.message}"
    return tuple(
        Refusal(order.order_id, RefusalCode.VERDICT_FAILED, reason, zone_ids=zone_ids) for order in plan.sortie.orders
    )
