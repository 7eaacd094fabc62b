"""From a flight plan to the mission that a vehicle on its pad is given."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC

from mission.compile.compiled import Compiled
from mission.compile.fence import FenceNeeds, FenceZone, NoFence, build_fence
from mission.compile.items import change_speed, ground_gate, hover_gate, land, takeoff, waypoint
from mission.compile.rally import rally_items, usable_alternates
from mission.geodesy.local_frame import LocalFrame
from mission.model.flight import FlightPlan, Leg, LegKind
from mission.model.geo import GeoPoint
from mission.model.mission import SORTIE_TAGS, Mission, MissionItem
from mission.model.orders import DeliveryMethod, Order
from mission.model.refusal import Refusal
from mission.policy import Policy


def compile_sortie(
    plan: FlightPlan,
    zones_near: Sequence[FenceZone],
    frame: LocalFrame,
    policy: Policy,
    *,
    home_amsl_m: float | None = None,
    diversion_paths: Sequence[Sequence[GeoPoint]] = (),
) -> Compiled | tuple[Refusal, ...]:
    """Return the mission of `plan` with its fence and rally points, or one refusal for each of its orders.

    A gripper delivery is: above the drop, down to the release height, a gate, straight up. A landing delivery
    is: land, a gate, straight up (PX4 takes off by itself and drifts while it climbs, so the waypoint straight
    above comes before any other). At a gate the vehicle waits, `policy.release_wait_s` at most, while the release
    is commanded and proved; no item of the mission opens a gripper. The last item lands at the hub.

    Args:
        plan: from `mission.flightplan.plan_flight`.
        zones_near: zones that bind the flight, in `frame`; those out of reach do no harm.
        frame: local frame of the zones.
        policy: radii and clearances.
        home_amsl_m: elevation of the vehicle's home where it is known better than the hub's ground.
        diversion_paths: paths that may be flown instead; the fence leaves them open too.
    """
    hub = plan.sortie.hub
    path = [hub.position, *(leg.end for leg in plan.legs)]
    sites, site_notes = usable_alternates(plan.alternates, path, zones_near, frame, policy.verified_clearance_m)
    fence = build_fence(
        FenceNeeds(
            home=hub.position,
            paths=(tuple(path), *(tuple(diversion) for diversion in diversion_paths)),
            sites=tuple(site.position for site in sites),
            zones=zones_near,
            frame=frame,
            clearance_m=policy.verified_clearance_m,
        )
    )
    if isinstance(fence, NoFence):
        return tuple(
            Refusal(order.order_id, fence.code, fence.reason, fence.remedy, fence.zone_ids)
            for order in plan.sortie.orders
        )
    home_m = hub.ground_amsl_m if home_amsl_m is None else home_amsl_m
    listing = _list_items(plan, policy)
    mission = Mission(
        items=tuple(listing.items),
        fence=fence.items,
        rally=rally_items(sites, home_m),
        home=hub.position,
        home_amsl_m=home_m,
    )
    return Compiled(mission, tuple(listing.item_of_leg), dict(listing.gate_item), (*site_notes, *fence.notes))


def sortie_tag(plan: FlightPlan) -> int:
    """Return the tag that makes this sortie's mission another one than that of any other on the same route.

    A hash of the sortie's id and its departure, 1 … `SORTIE_TAGS` - 1. Two tags that differ always give two of PX4's
    checksums: a CRC-32 tells any two lists apart that differ within 32 bits in a row. Two sorties have one tag once
    in 17 million times.
    """
    identity = f"{plan.sortie.sortie_id} {plan.departure.astimezone(UTC).isoformat()}"
    return 1 + int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) % (SORTIE_TAGS - 1)


@dataclass(slots=True)
class _Listing:
    items: list[MissionItem] = field(default_factory=list)
    item_of_leg: list[int] = field(default_factory=list)
    gate_item: dict[str, int] = field(default_factory=dict)

    def ends_leg(self, *items: MissionItem) -> None:
        self.items.extend(items)
        self.item_of_leg.append(len(self.items) - 1)


def _list_items(plan: FlightPlan, policy: Policy) -> _Listing:
    orders = {order.order_id: order for order in plan.sortie.orders}
    listing = _Listing()
    for index, leg in enumerate(plan.legs):
        following = plan.legs[index + 1] if index + 1 < len(plan.legs) else None
        if index == 0:
            # The climb ends with the take-off item; the speed is set for what follows.
            listing.ends_leg(takeoff(leg.start, leg.end_height_home_m))
            speed_m_s = plan.sortie.vehicle.type.cruise_speed_m_s
            listing.items.append(change_speed(speed_m_s, sortie_tag=sortie_tag(plan)))
        elif leg.kind is LegKind.HANDOVER:
            listing.gate_item[leg.order_id] = len(listing.items)
            listing.ends_leg(_gate(leg, orders[leg.order_id], policy))
        elif leg.kind is LegKind.LAND:
            listing.ends_leg(land(leg.end, leg.end_height_home_m))
        elif leg.kind is LegKind.DESCEND:
            listing.ends_leg(_down_to_handover(leg, _order_of(following, orders), policy))
        else:
            before_descent = following is not None and following.kind in {LegKind.DESCEND, LegKind.LAND}
            acceptance_m = _over_drop_m(policy) if before_descent else policy.waypoint_acceptance_m
            listing.ends_leg(waypoint(leg.end, leg.end_height_home_m, acceptance_m=acceptance_m))
    return listing


def _over_drop_m(policy: Policy) -> float:
    """Acceptance radius over a place of descent: half the release radius is left for the descent itself."""
    return min(policy.waypoint_acceptance_m, 0.5 * policy.release_radius_m)


def _order_of(handover: Leg | None, orders: dict[str, Order]) -> Order:
    if handover is None or handover.kind is not LegKind.HANDOVER:
        raise ValueError("a plan's descent must be followed by a hand-over")
    return orders[handover.order_id]


def _down_to_handover(leg: Leg, order: Order, policy: Policy) -> MissionItem:
    if order.drop.method is DeliveryMethod.LAND:
        return land(leg.end, leg.end_height_home_m)
    return waypoint(leg.end, leg.end_height_home_m, acceptance_m=_over_drop_m(policy))


def _gate(leg: Leg, order: Order, policy: Policy) -> MissionItem:
    if order.drop.method is DeliveryMethod.LAND:
        return ground_gate(policy.release_wait_s)
    return hover_gate(leg.end, leg.end_height_home_m, policy.release_wait_s)
