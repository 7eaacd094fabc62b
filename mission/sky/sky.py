"""The sky over one hub in one window of time: layers of level flight, one above the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mission.airspace import BindingZone
from mission.model.airspace import GeoZone
from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow
from mission.routing import Blocked, BlockedReason, Route
from mission.sky.layer import Layer
from mission.sky.remedies import objection_reason, objection_remedy

if TYPE_CHECKING:
    from mission.sky.airspace import Airspace


@dataclass(frozen=True)
class Objection:
    """Why a place cannot be used: a sentence, the nearest remedy, and the zones that cause it."""

    reason: str
    remedy: str
    zone_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A level way between two places.

    Attributes:
        layer: the height, and the zones that it is clear of.
        points: on the Earth, with exactly the places asked for at its ends.
        length_m: in the local plane.
    """

    layer: Layer
    points: tuple[GeoPoint, ...]
    length_m: float

    @property
    def height_home_m(self) -> float:
        """Height of level flight above home."""
        return self.layer.height_home_m


class Sky:
    """Zones and ways around one hub within one window of time.

    Attributes:
        airspace: the hub's.
        window: zones that apply at any moment of it bind.
        applying: those zones.
    """

    def __init__(self, airspace: "Airspace", window: TimeWindow, applying: tuple[GeoZone, ...]) -> None:
        self.airspace = airspace
        self.window = window
        self.applying = applying

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """One for each height, lowest first."""
        return tuple(self.layer(height_m) for height_m in self.airspace.heights_home_m)

    def layer(self, height_home_m: float) -> Layer:
        """The same zones at any one height."""
        return self.airspace.layer(self.applying, height_home_m)

    @cached_property
    def binding(self) -> tuple[BindingZone, ...]:
        """Every zone that binds at any flown height."""
        found = {b.zone.identifier: b for layer in self.layers for b in (*layer.en_route, *layer.column)}
        return tuple(found.values())

    @cached_property
    def binding_ids(self) -> frozenset[str]:
        """Identifiers of `binding`: two skies with the same are the same sky."""
        return frozenset(found.zone.identifier for found in self.binding)

    def local(self, points: Sequence[GeoPoint]) -> NDArray[np.float64]:
        """(n, 2) east, north in metres."""
        return self.airspace.frame.to_local(points)

    def ways(self, start: GeoPoint, goal: GeoPoint, clearance_m: float | None = None) -> tuple[Way, ...] | Blocked:
        """Return the shortest way at every height at which there is one, or what blocks the lowest.

        At both ends the vehicle may climb and descend between the ground and the height.
        """
        ends = self.local([start, goal])
        blocked: Blocked | None = None
        ways = []
        for layer in self.layers:
            found = self._columns(layer, ends) or layer.route(ends[0], ends[1], self._clearance(clearance_m))
            if isinstance(found, Route):
                ways.append(self._way(layer, found, start, goal))
            else:
                blocked = blocked or found
        return tuple(ways) or blocked or Blocked(BlockedReason.NO_PATH, ())

    def ways_down(self, start: GeoPoint, goal: GeoPoint, clearance_m: float | None = None) -> tuple[Way, ...]:
        """Return the shortest way at every height for a vehicle in the air at `start`, in whose column it is."""
        ends = self.local([start, goal])
        found = [
            (layer, layer.route(ends[0], ends[1], self._clearance(clearance_m)))
            for layer in self.layers
            if not layer.objectors(ends[1])
        ]
        return tuple(self._way(layer, route, start, goal) for layer, route in found if isinstance(route, Route))

    def matrix(self, places: Sequence[GeoPoint], toll_m: Mapping[float, float]) -> NDArray[np.float64]:
        """(n, n) flown distances in metres between places, each at its best height; inf where no way exists.

        Args:
            places: hub and drops.
            toll_m: by height, what climbing there is worth in metres of level flight.
        """
        local = self.local(places)
        apart = ~np.eye(len(places), dtype=np.bool_)
        by_layer = [layer.matrix(local) + apart * toll_m.get(layer.height_home_m, 0.0) for layer in self.layers]
        best: NDArray[np.float64] = np.minimum.reduce(by_layer)
        return best

    def forbids(self, places: Sequence[GeoPoint]) -> NDArray[np.bool_]:
        """(n,) whether nobody may take off, hand over or land at each place, at any height."""
        return self.layers[0].objects(self.local(places))

    def objection_to(self, place: GeoPoint, what: str) -> Objection | None:
        """Why nobody may take off, hand over or land at `place` at any height; `what` begins the sentence."""
        lowest = self.layers[0]
        at = self.local([place])[0]
        objectors = lowest.objectors(at)
        if not objectors:
            return None
        return Objection(
            objection_reason(objectors[0], what, self.airspace.policy),
            objection_remedy(self, objectors, at),
            tuple(dict.fromkeys(found.zone.identifier for _, found in objectors)),
        )

    def _columns(self, layer: Layer, ends: NDArray[np.float64]) -> Blocked | None:
        for reason, end in ((BlockedReason.START_INSIDE, ends[0]), (BlockedReason.GOAL_INSIDE, ends[1])):
            objectors = layer.objectors(end)
            if objectors:
                return Blocked(reason, tuple(sorted({found.zone.identifier for _, found in objectors})))
        return None

    def _clearance(self, clearance_m: float | None) -> float:
        return self.airspace.policy.zone_clearance_m if clearance_m is None else clearance_m

    def _way(self, layer: Layer, route: Route, start: GeoPoint, goal: GeoPoint) -> Way:
        between = self.airspace.frame.to_geo(route.points[1:-1])
        return Way(layer, (start, *between, goal), route.length_m)
