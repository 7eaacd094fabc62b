"""The front door: a day's orders in, approved flights and refusals out.

A day is planned epoch by epoch, each of them a span in which the same zones bind. Within an epoch, orders are
assigned by the distances that hold in it; each sortie is then routed among the zones that bind in its own
time, and what cannot be flown waits for the next epoch. A flight that would come too close to one approved before it
leaves later. Nothing is approved that the verifier, which shares no code with this module, does not accept.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from mission.airspace import GeoBounds, ZoneIndex
from mission.assignment import Assignment, AssignmentProblem, PlannedSortie, assign
from mission.deconfliction import FlightFrame
from mission.energy import EnergyModel, MulticopterModel, range_bound_m
from mission.flightplan import FlightConditions, trip_energy, trip_times
from mission.geodesy.ground import Ground, ground_of
from mission.model.airspace import GeoZone
from mission.model.day import Day
from mission.model.fleet import Hub
from mission.model.flight import ApprovedFlight, Sortie
from mission.model.geo import GeoPoint
from mission.model.orders import Order
from mission.model.refusal import Refusal, RefusalCode
from mission.model.time import TimeWindow
from mission.planning import Approver, Reach, Slots, SortiePlanner
from mission.routing import EnvironmentCache
from mission.sky import Airspace, Epoch, epochs
from mission.verification import PreparedZones

SHORTEST_LATITUDE_DEGREE_M = 110_574.0
"""One degree of latitude at the equator of the WGS84 ellipsoid, where it is shortest."""
KEPT_ENVIRONMENTS = 32
"""Routing environments shared by all hubs, heights and epochs of a day."""
LATE = frozenset({RefusalCode.WINDOW_PAST, RefusalCode.WINDOW_UNREACHABLE})
"""Refusals that say only that time has run out: an earlier one says why."""


@dataclass(frozen=True)
class DayPlan:
    """What will be flown and what will not.

    Attributes:
        flights: approved, by departure.
        refusals: every order that is in no flight.
        airspaces: what was planned in, by hub.
        zones: what was checked: every zone near enough to matter, prepared for the verifier.
        ground: what was planned and verified over.
    """

    day: Day
    flights: tuple[ApprovedFlight, ...]
    refusals: tuple[Refusal, ...]
    airspaces: Mapping[str, Airspace]
    zones: PreparedZones
    zones_near: tuple[GeoZone, ...]
    ground: Ground

    @property
    def binding_zones(self) -> tuple[GeoZone, ...]:
        """Zones that bind between ground and cruise, for any hub, from the day's start to the last landing."""
        last = max((flight.plan.arrival for flight in self.flights), default=self.day.start)
        skies = (airspace.sky(TimeWindow(self.day.start, last)) for airspace in self.airspaces.values())
        found = {binding.zone.identifier: binding.zone for sky in skies for binding in sky.binding}
        return tuple(found.values())


def plan_day(day: Day, *, ground: Ground | None = None, seed: int = 0, model: EnergyModel | None = None) -> DayPlan:
    """Plan a whole day. Same day, ground and seed, same plan.

    Args:
        day: orders, fleet, site, zones.
        ground: what is known of heights; None = the site's relief alone.
        seed: for the assignment's search.
        model: what vehicles draw.
    """
    return DayPlanner(day, ground or ground_of(day.site.relief), seed, model or MulticopterModel()).plan()


class DayPlanner:
    """Plans one day."""

    def __init__(self, day: Day, ground: Ground, seed: int, model: EnergyModel) -> None:
        self.day = day
        self.ground = ground
        self.seed = seed
        self._model = model
        self.conditions = {hub.hub_id: conditions_at(hub, day, ground, model) for hub in day.site.hubs}
        self.reach = Reach(day, self.conditions)
        self._vehicles = {vehicle.vehicle_id: vehicle for vehicle in day.vehicles}
        self._hubs = {hub.hub_id: hub for hub in day.site.hubs}
        self._waiting = {order.order_id: order for order in day.orders}
        self._refusals: dict[str, Refusal] = {}
        self._flights: list[ApprovedFlight] = []
        self._ready: dict[str, datetime] = {}

    @cached_property
    def places(self) -> list[GeoPoint]:
        """Everywhere that anything takes off, hands over or lands."""
        site = self.day.site
        based = [hub.position for hub in site.hubs] + [alternate.position for alternate in site.alternates]
        return based + [order.drop.position for order in self.day.orders]

    @cached_property
    def zones_near(self) -> tuple[GeoZone, ...]:
        """Zones within flying range of any place that could be flown to."""
        types = {vehicle.type for vehicle in self.day.vehicles}
        reach_m = max((range_bound_m(self._model, kind) for kind in types), default=0.0) / 2
        return ZoneIndex(self.day.zones).near(_bounds_around(self.places, reach_m))

    @cached_property
    def approver(self) -> Approver:
        """Who has the last word."""
        return Approver(self.day, self.ground, PreparedZones(self.zones_near))

    @cached_property
    def slots(self) -> Slots:
        """What keeps flights apart."""
        return Slots(self.day.policy, FlightFrame(self.day.site.hubs[0].position, self.day.start))

    @cached_property
    def airspaces(self) -> dict[str, Airspace]:
        """The airspace by hub."""
        environments = EnvironmentCache(KEPT_ENVIRONMENTS)
        return {
            hub.hub_id: Airspace(hub, self.zones_near, self.day.policy, self.ground, self.places, environments)
            for hub in self.day.site.hubs
        }

    @cached_property
    def sorties(self) -> dict[str, SortiePlanner]:
        """Who plans sorties, by hub."""
        alternates = self.day.site.alternates
        return {
            hub_id: SortiePlanner(airspace, self.conditions[hub_id], alternates, self.slots, self.approver)
            for hub_id, airspace in self.airspaces.items()
        }

    def plan(self) -> DayPlan:
        """Plan epoch after epoch, until every order is flown or its window is over."""
        start = self.day.start
        last = max([start, *(order.window.latest for order in self.day.orders)])
        found = epochs(self.airspaces, TimeWindow(start, last))
        for index, epoch in enumerate(found):
            while self._plan_epoch(epoch, found[index + 1 :]):
                pass  # some of it failed: vehicles and orders are left for another look
        return DayPlan(
            self.day,
            tuple(sorted(self._flights, key=lambda flight: (flight.plan.departure, flight.vehicle_id))),
            tuple(self._refusals[order_id] for order_id in self._waiting),
            self.airspaces,
            self.approver.zones,
            self.zones_near,
            self.ground,
        )

    def _plan_epoch(self, epoch: Epoch, later: Sequence[Epoch]) -> bool:
        """Fly what can depart in an epoch; return whether some sorties were flown and others failed."""
        orders = self._servable(epoch, later)
        if not orders:
            return False
        assignment = self._assign(orders, epoch)
        self._note(self.reach.explained(r, self._waiting[r.order_id], epoch) for r in assignment.refusals)
        flown = failed = 0
        for planned in assignment.sorties:
            if later and planned.departure >= later[0].start:
                continue  # the next epoch plans it anew
            result = self.sorties[planned.hub_id].fly(self._sortie(planned))
            if isinstance(result, ApprovedFlight):
                self._accept(result)
                flown += 1
            else:
                self._note(result)
                failed += 1
        return bool(flown and failed)

    def _servable(self, epoch: Epoch, later: Sequence[Epoch]) -> list[Order]:
        """Return the waiting orders that no zone forbids in an epoch; why the others wait is noted."""
        servable = []
        for order in self._waiting.values():
            if order.window.latest < epoch.start and order.order_id in self._refusals:
                continue  # its time is over; why it was not served is known
            found: Order | Refusal = self.reach.objection(order, epoch) or order
            if isinstance(found, Order):
                found = self.reach.before_closing(order, epoch, later)
            if isinstance(found, Order):
                servable.append(found)
            else:
                self._note([found])
        return servable

    def _assign(self, orders: Sequence[Order], epoch: Epoch) -> Assignment:
        hubs = self.reach.open_hubs(epoch)
        vehicles = tuple(v for v in self.day.vehicles if v.hub_id in {hub.hub_id for hub in hubs})
        anywhere = self.conditions[self.day.site.hubs[0].hub_id]  # trips are judged as if all drops lay at hub level
        problem = AssignmentProblem(
            orders=tuple(orders),
            vehicles=vehicles,
            hubs=hubs,
            distances=tuple(self.reach.distances(hub, orders, epoch) for hub in hubs),
            policy=self.day.policy,
            now=epoch.start,
            energy_wh=trip_energy(anywhere),
            trip_times=trip_times(anywhere),
            available_from={v.vehicle_id: self._ready[v.vehicle_id] for v in vehicles if v.vehicle_id in self._ready},
        )
        return assign(problem, seed=self.seed)

    def _sortie(self, planned: PlannedSortie) -> Sortie:
        """Return a planned sortie as the next of its vehicle; it leaves no earlier than the vehicle is ready."""
        vehicle = self._vehicles[planned.vehicle_id]
        ordinal = sum(flight.vehicle_id == vehicle.vehicle_id for flight in self._flights)
        return Sortie(
            sortie_id=f"{vehicle.vehicle_id}.{ordinal + 1}",
            vehicle=vehicle,
            hub=self._hubs[planned.hub_id],
            orders=tuple(self._waiting[order_id] for order_id in planned.order_ids),
            ordinal=ordinal,
            departure=max(planned.departure, self._ready.get(vehicle.vehicle_id, planned.departure)),
        )

    def _accept(self, flight: ApprovedFlight) -> None:
        self._flights.append(flight)
        self.slots.hold(flight.plan)
        self._ready[flight.vehicle_id] = flight.plan.arrival + timedelta(seconds=self.day.policy.turnaround_s)
        for order in flight.plan.sortie.orders:
            del self._waiting[order.order_id]

    def _note(self, refusals: Iterable[Refusal]) -> None:
        """Remember why an order waits: the latest reason, unless it only says that time has run out."""
        for refusal in refusals:
            if refusal.code not in LATE or refusal.order_id not in self._refusals:
                self._refusals[refusal.order_id] = refusal


def conditions_at(hub: Hub, day: Day, ground: Ground, model: EnergyModel) -> FlightConditions:
    """Return what flights of a hub are planned under: over mapped ground, drops lie as high as the map says."""
    drops_home_m = {
        order.order_id: ground_m - hub.ground_amsl_m
        for order in day.orders
        if math.isfinite(ground_m := ground.elevation_amsl_m(order.drop.position))
    }
    return FlightConditions(day.policy, model, drop_ground_home_m=drops_home_m)


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
