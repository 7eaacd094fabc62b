"""The front door: a day's orders in, approved flights and refusals out.

Nothing is approved that the verifier, which shares no code with this module, does not accept.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np

from mission.airspace import GeoBounds, ZoneIndex
from mission.assignment import Assignment, AssignmentProblem, HubDistances, PlannedSortie, assign
from mission.compile import Compiled, compile_sortie
from mission.energy import EnergyModel, MulticopterModel
from mission.flightplan import FlightConditions, plan_flight, trip_energy, trip_times
from mission.geodesy.terrain import terrain_of
from mission.model.airspace import GeoZone
from mission.model.day import Day
from mission.model.fleet import Hub, LandingSite, Vehicle
from mission.model.flight import ApprovedFlight, FlightPlan, ReleasePoint, Sortie
from mission.model.geo import GeoPoint
from mission.model.orders import DeliveryMethod, Order
from mission.model.refusal import Refusal, RefusalCode
from mission.model.time import TimeWindow
from mission.model.verdict import Verdict
from mission.routing import Blocked
from mission.sky import Objection, Sky
from mission.verification import CruisePerformance, PreparedZones, verify

FIRST_HORIZON = timedelta(hours=1)
"""Zones that apply within this of the day's start are planned with at first; it grows until it covers the plan."""
SHORTEST_LATITUDE_DEGREE_M = 110_574.0
"""One degree of latitude at the equator of the WGS84 ellipsoid, where it is shortest."""
DELAY_ALLOWANCE = timedelta(minutes=10)
"""Verdicts hold for departures up to this much later than planned."""


@dataclass(frozen=True)
class DayPlan:
    """What will be flown and what will not.

    Attributes:
        flights: approved, by departure.
        refusals: every order that is in no flight.
        skies: the airspace that was planned in, by hub.
        zones: what was checked: every zone near enough to matter, prepared for the verifier.
    """

    day: Day
    flights: tuple[ApprovedFlight, ...]
    refusals: tuple[Refusal, ...]
    skies: Mapping[str, Sky]
    zones: PreparedZones
    zones_near: tuple[GeoZone, ...]

    @property
    def binding_zones(self) -> tuple[GeoZone, ...]:
        """Zones that bind at some height between ground and cruise, for any hub."""
        found = {b.zone.identifier: b.zone for sky in self.skies.values() for b in (*sky.column, *sky.en_route)}
        return tuple(found.values())


def plan_day(day: Day, *, seed: int = 0, model: EnergyModel | None = None) -> DayPlan:
    """Plan a whole day.

    The zones planned with are those that apply at any moment from the day's start to the last landing: the
    horizon grows until it covers the plan. Same day and seed, same plan.
    """
    model = model or MulticopterModel()
    end = day.start + FIRST_HORIZON
    while True:
        planner = DayPlanner(day, TimeWindow(day.start, end), seed, model)
        plan = planner.plan()
        last = planner.last_landing + DELAY_ALLOWANCE
        if last <= end:
            return plan
        end = last + FIRST_HORIZON / 4


class DayPlanner:
    """Plans one day within one horizon.

    Attributes:
        last_landing: latest landing of all flights considered, those not approved included: a zone that begins
            after the horizon may be why they are not.
    """

    def __init__(self, day: Day, horizon: TimeWindow, seed: int, model: EnergyModel) -> None:
        self.day = day
        self.horizon = horizon
        self.seed = seed
        self.conditions = FlightConditions(day.policy, model)
        self.terrain = terrain_of(day.site.relief)
        self.last_landing = day.start

    @cached_property
    def zones_near(self) -> tuple[GeoZone, ...]:
        """Zones within flying range of any place that could be flown to."""
        places = [hub.position for hub in self.day.site.hubs] + [o.drop.position for o in self.day.orders]
        reach_m = max((_range_m(vehicle) for vehicle in self.day.vehicles), default=0.0) / 2
        return ZoneIndex(self.day.zones).near(_bounds_around(places, reach_m))

    @cached_property
    def prepared_zones(self) -> PreparedZones:
        """The same zones, prepared by the verifier for itself."""
        return PreparedZones(self.zones_near)

    @cached_property
    def skies(self) -> dict[str, Sky]:
        """The airspace by hub."""
        policy, relief = self.day.policy, self.day.site.relief
        return {hub.hub_id: Sky(hub, self.zones_near, self.horizon, policy, relief) for hub in self.day.site.hubs}

    def plan(self) -> DayPlan:
        """Screen, assign, route, time, compile, verify."""
        refusals = self._refused_places()
        refused = {refusal.order_id for refusal in refusals}
        orders = tuple(order for order in self.day.orders if order.order_id not in refused)
        assignment = self._assign(orders)
        refusals += [self._explained(refusal) for refusal in assignment.refusals]
        flights: list[ApprovedFlight] = []
        for planned in assignment.sorties:
            result = self._fly(planned, {order.order_id: order for order in orders})
            if isinstance(result, ApprovedFlight):
                flights.append(result)
            else:
                refusals += result
        order_of = {order.order_id: index for index, order in enumerate(self.day.orders)}
        refusals.sort(key=lambda refusal: order_of[refusal.order_id])
        return DayPlan(self.day, tuple(flights), tuple(refusals), self.skies, self.prepared_zones, self.zones_near)

    # ---- places ------------------------------------------------------------------------------------

    def _refused_places(self) -> list[Refusal]:
        """Orders whose drop, or whose every hub, lies in a zone that binds near the ground."""
        hub_objections = {
            hub.hub_id: self.skies[hub.hub_id].objection_to(hub.position, f"hub {hub.name!r}")
            for hub in self.day.site.hubs
        }
        open_hubs = [hub for hub in self.day.site.hubs if hub_objections[hub.hub_id] is None]
        refusals = []
        for order in self.day.orders:
            if not open_hubs:
                found = hub_objections[self.day.site.hubs[0].hub_id]
                code = RefusalCode.HUB_IN_ZONE
            else:
                objections = [self._objection_to_drop(order, hub) for hub in open_hubs]
                found = None if None in objections else objections[0]
                code = RefusalCode.DROP_IN_ZONE
            if found is not None:
                refusals.append(Refusal(order.order_id, code, found.reason, found.remedy, found.zone_ids))
        return refusals

    def _objection_to_drop(self, order: Order, hub: Hub) -> Objection | None:
        """Why `hub` cannot serve this drop: hubs at other heights may see other zones bind."""
        drop = f"its drop {order.drop.name!r}" if order.drop.name else "its drop"
        return self.skies[hub.hub_id].objection_to(order.drop.position, drop)

    def _distances(self, hub: Hub, orders: Sequence[Order]) -> HubDistances:
        """Flown distances from `hub`; drops that it cannot serve are out of its reach."""
        places = [hub.position, *(order.drop.position for order in orders)]
        distance_m = self.skies[hub.hub_id].matrix(places)
        for index, order in enumerate(orders, start=1):
            if self._objection_to_drop(order, hub) is not None:
                distance_m[index, :] = distance_m[:, index] = np.inf
        return HubDistances(hub.hub_id, distance_m)

    def _explained(self, refusal: Refusal) -> Refusal:
        """Name the zones that cut an order off from its hubs."""
        if refusal.code is not RefusalCode.NO_ROUTE:
            return refusal
        order = next(order for order in self.day.orders if order.order_id == refusal.order_id)
        for hub in self.day.site.hubs:
            blocked = self.skies[hub.hub_id].route(hub.position, order.drop.position)
            if isinstance(blocked, Blocked):
                names = ", ".join(blocked.zone_ids)
                reason = f"{refusal.reason.rstrip('.')}: closed off by {names}"
                return replace(refusal, reason=reason, zone_ids=blocked.zone_ids)
        return refusal

    # ---- sorties -----------------------------------------------------------------------------------

    def _assign(self, orders: tuple[Order, ...]) -> Assignment:
        hubs = tuple(hub for hub in self.day.site.hubs if self._open(hub))
        vehicles = tuple(v for v in self.day.vehicles if v.hub_id in {hub.hub_id for hub in hubs})
        distances = tuple(self._distances(hub, orders) for hub in hubs)
        problem = AssignmentProblem(
            orders=orders,
            vehicles=vehicles,
            hubs=hubs,
            distances=distances,
            policy=self.day.policy,
            now=self.day.start,
            energy_wh=trip_energy(self.conditions),
            trip_times=trip_times(self.conditions),
        )
        return assign(problem, seed=self.seed)

    def _open(self, hub: Hub) -> bool:
        return self.skies[hub.hub_id].objection_to(hub.position, "hub") is None

    def _fly(self, planned: PlannedSortie, orders: Mapping[str, Order]) -> ApprovedFlight | tuple[Refusal, ...]:
        """Turn a planned sortie into an approved flight, or into refusals of all its orders."""
        vehicle = next(v for v in self.day.vehicles if v.vehicle_id == planned.vehicle_id)
        hub = next(h for h in self.day.site.hubs if h.hub_id == planned.hub_id)
        sortie = Sortie(
            sortie_id=f"{vehicle.vehicle_id}.{planned.ordinal + 1}",
            vehicle=vehicle,
            hub=hub,
            orders=tuple(orders[order_id] for order_id in planned.order_ids),
            ordinal=planned.ordinal,
            departure=planned.departure,
        )
        sky = self.skies[hub.hub_id]
        paths = self._paths(sky, sortie)
        if not isinstance(paths, list):
            return paths
        plan = plan_flight(sortie, paths, self.conditions, self._alternates(sky))
        if not isinstance(plan, FlightPlan):
            return plan
        return self._approve(plan, sky)

    def _alternates(self, sky: Sky) -> tuple[LandingSite, ...]:
        """Landing sites that no zone forbids."""
        sites = self.day.site.alternates
        return tuple(site for site in sites if sky.objection_to(site.position, "alternate") is None)

    def _paths(self, sky: Sky, sortie: Sortie) -> list[list[GeoPoint]] | tuple[Refusal, ...]:
        places = [sortie.hub.position, *(o.drop.position for o in sortie.orders), sortie.hub.position]
        paths = []
        for start, goal in pairwise(places):
            route = sky.route(start, goal)
            if isinstance(route, Blocked):
                reason = f"no route clears {', '.join(route.zone_ids)}"
                return tuple(
                    Refusal(o.order_id, RefusalCode.NO_ROUTE, reason, zone_ids=route.zone_ids) for o in sortie.orders
                )
            paths.append(sky.path(route, start, goal))
        return paths

    def _approve(self, plan: FlightPlan, sky: Sky) -> ApprovedFlight | tuple[Refusal, ...]:
        self.last_landing = max(self.last_landing, plan.arrival)
        compiled = compile_sortie(plan, sky.obstacles, sky.frame, self.day.policy)
        if isinstance(compiled, tuple):
            return compiled
        verdict = verify(
            compiled.mission,
            zones=self.prepared_zones,
            policy=self.day.policy,
            departure=plan.departure,
            terrain=self.terrain,
            performance=performance_of(plan.sortie.vehicle),
            drops={order.order_id: order.drop.position for order in plan.sortie.orders},
            landing_sites=[plan.sortie.hub.position],
            delay_allowance=DELAY_ALLOWANCE,
        )
        if not verdict.ok:
            return _refused_by(verdict, plan)
        legs = tuple(compiled.leg_of_item(item) for item in range(len(compiled.mission.items)))
        releases = self._releases(plan, compiled)
        return ApprovedFlight(plan, compiled.mission, verdict, releases, legs, self.day.zones_as_of)

    def _releases(self, plan: FlightPlan, compiled: Compiled) -> tuple[ReleasePoint, ...]:
        return tuple(
            ReleasePoint(
                order.order_id,
                compiled.gate_item[order.order_id],
                order.drop.position,
                self.conditions.handover_height_home_m(order),
                gripper,
                lands=order.drop.method is DeliveryMethod.LAND,
            )
            for gripper, order in enumerate(plan.sortie.orders, start=1)
        )


def performance_of(vehicle: Vehicle) -> CruisePerformance:
    """The speeds that the verifier times a mission with."""
    kind = vehicle.type
    return CruisePerformance(kind.cruise_speed_m_s, kind.climb_speed_m_s, kind.descent_speed_m_s)


def _range_m(vehicle: Vehicle) -> float:
    """An upper bound on how far a vehicle flies on one battery, in still air."""
    return vehicle.type.battery_wh * 3600.0 / vehicle.type.hover_power_w * vehicle.type.cruise_speed_m_s


def _bounds_around(places: Sequence[GeoPoint], reach_m: float) -> GeoBounds:
    """A box of latitude and longitude that holds every point within `reach_m` of any place.

    Near a pole or the antimeridian it is all longitudes: too many zones, never too few.
    """
    latitude_pad_deg = reach_m / SHORTEST_LATITUDE_DEGREE_M
    south = min(place.latitude_deg for place in places) - latitude_pad_deg
    north = max(place.latitude_deg for place in places) + latitude_pad_deg
    narrowest = math.cos(math.radians(min(max(abs(south), abs(north)), 90.0)))
    longitude_pad_deg = latitude_pad_deg / narrowest if narrowest > 0.01 else 360.0
    west = min(place.longitude_deg for place in places) - longitude_pad_deg
    east = max(place.longitude_deg for place in places) + longitude_pad_deg
    if west < -180.0 or east > 180.0:
        west, east = -180.0, 180.0
    return GeoBounds(max(south, -90.0), west, min(north, 90.0), east)


def _refused_by(verdict: Verdict, plan: FlightPlan) -> tuple[Refusal, ...]:
    first = next(finding for finding in verdict.findings if finding.severity == "ERROR")
    zone_ids = (first.zone_id,) if first.zone_id else ()
    reason = f"the verifier does not accept the mission: {first.code}: {first.message}"
    return tuple(
        Refusal(order.order_id, RefusalCode.VERDICT_FAILED, reason, zone_ids=zone_ids) for order in plan.sortie.orders
    )
