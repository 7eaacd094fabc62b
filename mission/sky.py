"""The airspace of one hub over one span of time, at the heights that the policy flies: who binds, and the way round.

Two sets of zones bind. *En route*: those that reach the cruise height. *Column*: those that reach anything
between the ground and the cruise height; they bind where a vehicle climbs, descends, hands over or lands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from shapely import Point, Polygon

from mission.airspace import BindingZone, HeightBand, binding_zones, clear_after, describe_hours, footprint_polygon
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import GeoZone, Restriction
from mission.model.fleet import Hub
from mission.model.geo import ElevationRange, GeoPoint
from mission.model.time import TimeWindow
from mission.policy import Policy
from mission.routing import Blocked, Environment, Obstacle, Route

DEMANDS = {
    Restriction.PROHIBITED: "prohibited zone",
    Restriction.REQ_AUTHORISATION: "zone that requires an authorisation",
    Restriction.CONDITIONAL: "conditional zone",
    Restriction.USPACE: "U-space airspace",
    Restriction.NO_RESTRICTION: "zone",
}


@dataclass(frozen=True)
class Objection:
    """Why a place cannot be used: a sentence, the nearest remedy, and the zones that cause it."""

    reason: str
    remedy: str
    zone_ids: tuple[str, ...]


class Sky:
    """Zones and routes around one hub within one window of time."""

    def __init__(
        self, hub: Hub, zones: Sequence[GeoZone], window: TimeWindow, policy: Policy, relief: ElevationRange | None
    ) -> None:
        """Prepare zones and the routing environment.

        Args:
            hub: origin of the local frame; heights above home are above its ground.
            zones: every zone that could matter; those that do not bind are left out here.
            window: zones that apply at any moment of it bind.
            policy: heights, margins, authorisations held.
            relief: ground of the area; None = unknown.
        """
        self.frame = LocalFrame(hub.position)
        self.window = window
        self.policy = policy

        def bind(lower_m: float) -> tuple[BindingZone, ...]:
            band = HeightBand(lower_m, policy.cruise_height_home_m)
            return binding_zones(zones, band, hub.ground_amsl_m, relief, window, policy)

        self.en_route = bind(policy.cruise_height_home_m)
        self.column = bind(0.0)
        self._column_shapes = [(found, shape) for found in self.column for shape in self.shapes(found)]
        self._environments: dict[float, Environment] = {}

    def shapes(self, found: BindingZone) -> list[Polygon]:
        """Footprints of a zone's binding volumes, local metres."""
        return [footprint_polygon(volume.footprint, self.frame) for volume in found.volumes]

    def local(self, points: Sequence[GeoPoint]) -> NDArray[np.float64]:
        """(n, 2) east, north in metres."""
        return self.frame.to_local(points)

    def environment(self, clearance_m: float | None = None) -> Environment:
        """The routing environment that keeps `clearance_m` (default: the policy's) from every en-route zone."""
        clearance_m = self.policy.zone_clearance_m if clearance_m is None else clearance_m
        if clearance_m not in self._environments:
            self._environments[clearance_m] = Environment.build(self.obstacles, clearance_m)
        return self._environments[clearance_m]

    def route(self, start: GeoPoint, goal: GeoPoint, clearance_m: float | None = None) -> Route | Blocked:
        """The shortest way in local metres, or what blocks it."""
        ends = self.local([start, goal])
        return self.environment(clearance_m).shortest(ends[0], ends[1])

    def matrix(self, places: Sequence[GeoPoint]) -> NDArray[np.float64]:
        """(n, n) flown distances in metres between places; inf where no route exists."""
        return self.environment().matrix(self.local(places))

    @property
    def obstacles(self) -> list[Obstacle]:
        """Every volume that binds at cruise height: its zone and its footprint in local metres."""
        return [Obstacle(found.zone.identifier, shape) for found in self.en_route for shape in self.shapes(found)]

    def path(self, route: Route, start: GeoPoint, goal: GeoPoint) -> list[GeoPoint]:
        """A route as points on the Earth, with exactly the places asked for at its ends."""
        return [start, *self.frame.to_geo(route.points[1:-1]), goal]

    def objection_to(self, place: GeoPoint, what: str) -> Objection | None:
        """Why nobody may take off, hand over or land at `place`; `what` begins the sentence."""
        at = Point(self.local([place])[0])
        near = [(shape.distance(at), found) for found, shape in self._column_shapes]
        too_near = sorted(
            ((distance_m, found) for distance_m, found in near if distance_m < self.policy.zone_clearance_m),
            key=lambda pair: pair[0],
        )
        if not too_near:
            return None
        distance_m, found = too_near[0]
        zone = found.zone
        where = "lies in" if distance_m == 0.0 else f"is {distance_m:.0f} m from"
        demand = f"{DEMANDS[zone.restriction]} {zone.name!r} ({zone.identifier})"
        limit = "" if distance_m == 0.0 else f"; {self.policy.zone_clearance_m:.0f} m are kept"
        reason = f"{what} {where} {demand}, in force {describe_hours(zone)}{limit}"
        return Objection(reason, self._remedy(zone), tuple(f.zone.identifier for _, f in too_near))

    def _remedy(self, zone: GeoZone) -> str:
        clear = clear_after(zone, self.window, timedelta(seconds=self.policy.zone_time_margin_s))
        if clear is not None:
            return f"Clear after {clear:%Y-%m-%d %H:%MZ}"
        if zone.restriction is Restriction.REQ_AUTHORISATION:
            asked = f" from {zone.authority[0].name}" if zone.authority else ""
            return f"Obtain an authorisation{asked} and name the zone in policy.authorised_zone_ids"
        if zone.restriction is Restriction.CONDITIONAL:
            return "Meet its conditions and name the zone in policy.conditions_met_zone_ids"
        return "Choose another drop point"
