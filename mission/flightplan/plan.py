"""From a sortie and its routed paths to a timed flight plan, or the reasons why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mission.energy import EnergyModel, leg_energy_wh
from mission.flightplan.refusals import (
    battery_refusals,
    height_refusals,
    load_refusals,
    method_refusals,
    window_refusals,
)
from mission.flightplan.timing import PX4_TIMING, FlightTiming
from mission.flightplan.track import Track, measure
from mission.flightplan.writer import LegWriter
from mission.geodesy.distance import distance_m
from mission.model.fleet import LandingSite
from mission.model.flight import FlightPlan, Leg, LegKind, Sortie
from mission.model.geo import GeoPoint
from mission.model.orders import DeliveryMethod, Order
from mission.model.refusal import Refusal
from mission.policy import Policy

END_TOLERANCE_M = 0.5
"""A path must start and end this close to the hub and drop points it joins: the room for projection."""


@dataclass(frozen=True, slots=True)
class FlightConditions:
    """What a flight is planned under.

    Attributes:
        policy: heights, times and reserve.
        model: what the vehicle draws.
        timing: how long it takes.
        headwind_m_s: assumed against every leg of level flight, out and back; ≥ 0.
        drop_ground_home_m: by order id, how far the drop's ground lies above (+) or below (−) the hub's;
            hub level where absent.
    """

    policy: Policy
    model: EnergyModel
    timing: FlightTiming = PX4_TIMING
    headwind_m_s: float = 0.0
    drop_ground_home_m: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.headwind_m_s >= 0.0:
            raise ValueError(f"headwind_m_s {self.headwind_m_s} must be 0 or more: a round trip has no tailwind")

    def handover_height_home_m(self, order: Order) -> float:
        """Height at which the order's parcel leaves the vehicle: release height, or the ground for LAND."""
        ground_m = self.drop_ground_home_m.get(order.order_id, 0.0)
        lands = order.drop.method is DeliveryMethod.LAND
        return ground_m if lands else ground_m + self.policy.release_height_home_m

    def handover_s(self, order: Order) -> float:
        """Expected time of the hand-over: settle over the drop (not on the ground), then release and prove it."""
        lands = order.drop.method is DeliveryMethod.LAND
        return self.policy.handover_s + (0.0 if lands else self.timing.release_hold_s)


def plan_flight(
    sortie: Sortie,
    paths: Sequence[Sequence[GeoPoint]],
    conditions: FlightConditions,
    alternates: Sequence[LandingSite] = (),
    heights_home_m: Sequence[float] = (),
) -> FlightPlan | tuple[Refusal, ...]:
    """Return the timed legs of `sortie`, or why it cannot be flown: one refusal for each order concerned.

    Each hand-over begins within its order's window and ends within it. A sortie that would arrive early
    leaves later; `FlightPlan.sortie.departure` is the time of take-off that the legs hold to.

    Args:
        sortie: the orders in visiting order; `departure` is the earliest time of take-off.
        paths: one more than orders: hub to first drop, …, last drop to hub. Each is flown level; ends within
            `END_TOLERANCE_M` of the places they join.
        conditions: policy, energy model, timing, wind, ground at the drops.
        alternates: permitted landing sites, kept in the plan for the rally points.
        heights_home_m: of level flight, one for each path; none = `policy.cruise_height_home_m` for all.

    Raises:
        ValueError: the paths do not join the sortie's places, or the sortie has no orders.
    """
    tracks = _tracks(sortie, paths)
    heights = list(heights_home_m) or [conditions.policy.cruise_height_home_m] * len(tracks)
    vehicle_type = sortie.vehicle.type
    refusals = (
        *method_refusals(sortie),
        *load_refusals(sortie),
        *height_refusals(sortie, conditions.handover_height_home_m, heights),
    )
    if refusals:
        return refusals
    legs = _legs(sortie, tracks, heights, conditions)
    delayed, legs = _held_back(sortie, legs)
    energy_wh = sum(leg.energy_wh for leg in legs)
    wait_wh = sum(_wait_wh(leg, sortie, conditions) for leg in legs if leg.kind is LegKind.HANDOVER)
    reserve_wh = conditions.policy.reserve_fraction * vehicle_type.battery_wh
    plan = FlightPlan(
        sortie=delayed,
        legs=legs,
        energy_wh=energy_wh,
        reserve_wh=reserve_wh,
        alternates=tuple(alternates),
        length_m=sum(track.length_m for track in tracks),
        wait_wh=wait_wh,
    )
    return (*battery_refusals(plan), *window_refusals(plan)) or plan


def _tracks(sortie: Sortie, paths: Sequence[Sequence[GeoPoint]]) -> list[Track]:
    if not sortie.orders:
        raise ValueError(f"sortie {sortie.sortie_id} has no orders")
    places = [sortie.hub.position, *(order.drop.position for order in sortie.orders), sortie.hub.position]
    if len(paths) != len(places) - 1:
        raise ValueError(
            f"sortie {sortie.sortie_id} joins {len(places)} places with {len(places) - 1} paths, not {len(paths)}"
        )
    tracks: list[Track] = []
    for index, (path, start, end) in enumerate(zip(paths, places[:-1], places[1:], strict=True)):
        if not path:
            raise ValueError(f"paths[{index}] of sortie {sortie.sortie_id} is empty")
        for point, place in ((path[0], start), (path[-1], end)):
            gap_m = distance_m(point, place)
            if gap_m > END_TOLERANCE_M:
                raise ValueError(
                    f"paths[{index}] of sortie {sortie.sortie_id} ends {gap_m:.2f} m from the place it joins"
                )
        tracks.append(measure([start, *path[1:-1], end]))
    return tracks


def _legs(
    sortie: Sortie, tracks: Sequence[Track], heights_home_m: Sequence[float], conditions: FlightConditions
) -> tuple[Leg, ...]:
    policy, orders = conditions.policy, sortie.orders
    writer = LegWriter(
        vehicle_type=sortie.vehicle.type,
        model=conditions.model,
        timing=conditions.timing,
        acceptance_m=policy.waypoint_acceptance_m,
        headwind_m_s=conditions.headwind_m_s,
        point=sortie.hub.position,
        height_home_m=0.0,
        clock=sortie.departure,
        payload_kg=sum(order.parcel.mass_kg for order in orders),
    )
    writer.take_off(heights_home_m[0])
    for order, track, next_height_m in zip(orders, tracks[:-1], heights_home_m[1:], strict=True):
        writer.cruise(track)
        height_m = conditions.handover_height_home_m(order)
        if order.drop.method is DeliveryMethod.LAND:
            writer.set_down(height_m, LegKind.DESCEND)
        else:
            writer.descend(height_m)
        writer.hand_over(order.order_id, order.parcel.mass_kg, conditions.handover_s(order))
        writer.climb(next_height_m)
    writer.cruise(tracks[-1])
    writer.set_down(0.0, LegKind.LAND)
    return tuple(writer.legs)


def _wait_wh(leg: Leg, sortie: Sortie, conditions: FlightConditions) -> float:
    """What one hand-over takes beyond its leg when nobody decides until its gate ends."""
    planned_s = (leg.arrive - leg.depart).total_seconds()
    return leg_energy_wh(
        conditions.model,
        sortie.vehicle.type,
        payload_kg=leg.payload_kg,
        duration_s=max(conditions.policy.release_wait_s - planned_s, 0.0),
    )


def _held_back(sortie: Sortie, legs: tuple[Leg, ...]) -> tuple[Sortie, tuple[Leg, ...]]:
    """Return sortie and legs delayed so far that no hand-over begins before its order's window."""
    windows = {order.order_id: order.window for order in sortie.orders}
    delay = max(
        (windows[leg.order_id].earliest - leg.depart for leg in legs if leg.kind is LegKind.HANDOVER),
        default=timedelta(0),
    )
    if delay <= timedelta(0):
        return sortie, legs
    return (
        replace(sortie, departure=sortie.departure + delay),
        tuple(replace(leg, depart=leg.depart + delay, arrive=leg.arrive + delay) for leg in legs),
    )
