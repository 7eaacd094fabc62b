"""All of one hub's airspace on one day, and the sky of any span of it.

One routing environment serves each set of zones in force and each height of level flight: it is built when first
asked for, and shared wherever its content is the same.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import shapely

from mission.airspace import (
    BindingZone,
    GroundBelow,
    HeightBand,
    applying_zones,
    binding_zones,
    changes_within,
    footprint_bounds,
    footprint_polygon,
)
from mission.airspace.binding import demands_clearance
from mission.geodesy.ground import Ground
from mission.geodesy.local_frame import LocalFrame
from mission.model.airspace import GeoZone, ZoneVolume
from mission.model.fleet import Hub
from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow
from mission.policy import Policy
from mission.routing import EnvironmentCache
from mission.sky.ground_map import GroundMap
from mission.sky.layer import Layer
from mission.sky.sky import Sky


class Airspace:
    """Zones around one hub at every hour and height.

    Attributes:
        hub: origin of the local frame; heights above home are above its ground.
        frame: the local frame.
        policy: heights, margins, authorisations held.
        ground_map: the ground around the hub.
        heights_home_m: of level flight, lowest first; further ones than the policy's first only where they suit the
            ground (the verifier judges the first).
    """

    def __init__(  # noqa: PLR0917 - where, what, by which rules, over which ground; the rest has defaults
        self,
        hub: Hub,
        zones: Sequence[GeoZone],
        policy: Policy,
        ground: Ground,
        places: Sequence[GeoPoint] = (),
        environments: EnvironmentCache | None = None,
    ) -> None:
        """Prepare what does not depend on time.

        Args:
            hub: the hub.
            zones: every zone that could matter; those that never bind are left out here.
            policy: heights, margins, authorisations held.
            ground: the site's.
            places: everywhere that is flown to; over mapped ground, routes stay near them.
            environments: routing environments to share.
        """
        self.hub = hub
        self.frame = LocalFrame(hub.position)
        self.policy = policy
        self._geoid = ground.geoid
        self._shapes: dict[int, shapely.Polygon] = {}
        self._below: dict[int, GroundBelow] = {}
        self._environments = environments or EnvironmentCache()
        self._layers: dict[tuple[frozenset[str], float], Layer] = {}
        self._asked: dict[tuple[tuple[str, ...], float], Layer] = {}
        self._zones = tuple(zone for zone in zones if demands_clearance(zone, policy))
        self.ground_map = GroundMap(ground, self.frame, places)
        self.heights_home_m = tuple(
            height_m
            for height_m in policy.cruise_heights_home_m
            if height_m == policy.cruise_height_home_m
            or self.ground_map.suits_everywhere(hub.ground_amsl_m + height_m, policy)
        )
        self._relevant = tuple(found.zone for found in self._bind(self._zones, 0.0, self.heights_home_m[-1]))

    def sky(self, window: TimeWindow) -> Sky:
        """Return the sky in which every zone binds that applies at any moment of a window, the margin kept."""
        return Sky(self, window, applying_zones(self._zones, window, self.policy))

    def changes(self, window: TimeWindow) -> set[datetime]:
        """Return the moments within a window at which a zone that matters here begins or ceases to bind."""
        margin = timedelta(seconds=self.policy.zone_time_margin_s)
        return {moment for zone in self._relevant for moment in changes_within(zone, window, margin)}

    def layer(self, applying: Sequence[GeoZone], height_home_m: float) -> Layer:
        """Return one height of level flight among zones that apply; the same one wherever the same zones bind."""
        asked = (tuple(zone.identifier for zone in applying), height_home_m)
        if asked not in self._asked:
            column = self._bind(applying, 0.0, height_home_m)
            key = (frozenset(found.zone.identifier for found in column), height_home_m)
            if key not in self._layers:
                self._layers[key] = self._new_layer(applying, column, height_home_m)
            self._asked[asked] = self._layers[key]
        return self._asked[asked]

    def _new_layer(self, applying: Sequence[GeoZone], column: tuple[BindingZone, ...], height_home_m: float) -> Layer:
        return Layer(
            height_home_m,
            en_route=self._bind(applying, height_home_m, height_home_m),
            column=column,
            barred=self.ground_map.barred(self.hub.ground_amsl_m + height_home_m, self.policy),
            shape=self.shape,
            policy=self.policy,
            environments=self._environments,
        )

    def shape(self, volume: ZoneVolume) -> shapely.Polygon:
        """Return a volume's footprint, local metres."""
        found = self._shapes.get(id(volume))
        if found is None:
            found = self._shapes[id(volume)] = footprint_polygon(volume.footprint, self.frame)
        return found

    def below(self, volume: ZoneVolume) -> GroundBelow:
        """Return what is known of ground and geoid where a flight may meet a volume."""
        found = self._below.get(id(volume))
        if found is None:
            undulation_m = None
            if self._geoid is not None:
                box = footprint_bounds(volume.footprint)
                undulation_m = self._geoid.undulation_range_m(box.south_deg, box.west_deg, box.north_deg, box.east_deg)
            found = self._below[id(volume)] = GroundBelow(self.ground_map.relief(self.shape(volume)), undulation_m)
        return found

    def _bind(self, zones: Sequence[GeoZone], lower_m: float, upper_m: float) -> tuple[BindingZone, ...]:
        return binding_zones(zones, HeightBand(lower_m, upper_m), self.hub.ground_amsl_m, self.below, self.policy)
