"""Zones prepared once for many missions, and the clearance of a path from those that bind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mission.model.airspace import PERMANENT, CircleFootprint, GeoZone, Restriction, ZoneVolume
from mission.policy import Policy
from mission.verification.ellipsoid import BoolArray, FloatArray, IntArray
from mission.verification.heights import Heights
from mission.verification.hours import Extent, applying_spans
from mission.verification.path import FlownPath
from mission.verification.shapes import SHORTEST_M2, Shape, shape_of

METRES_PER_DEGREE = 110_500.0
CLOCK_ROUNDING_S = 1e-3
"""Seconds since the epoch, as floats, are good to a quarter of a microsecond."""
BATCH = 64
"""Zones whose distances are bounded at a time, from near to far."""
NEGOTIABLE = frozenset({Restriction.REQ_AUTHORISATION, Restriction.USPACE, Restriction.CONDITIONAL})
"""Restrictions that an authorisation or met conditions lift; all others but NO_RESTRICTION stay."""


@dataclass(frozen=True, slots=True)
class _Volume:
    zone: GeoZone
    volume: ZoneVolume
    shape: Shape
    extent: Extent


class PreparedZones:
    """Zones with their geometry worked out. Make it once for a zone version; it does not change."""

    def __init__(self, zones: Sequence[GeoZone]) -> None:
        self.zones = tuple(zones)
        self._volumes = tuple(
            _Volume(zone, volume, shape_of(volume.footprint), _extent(volume))
            for zone in self.zones
            for volume in zone.volumes
        )
        self._centre_m = np.array([one.shape.centre_m for one in self._volumes]).reshape(-1, 3)
        self._radius_m = np.array([one.shape.radius_m for one in self._volumes])
        restrictions = [one.zone.restriction for one in self._volumes]
        self._free = np.array([one is Restriction.NO_RESTRICTION for one in restrictions], dtype=np.bool_)
        self._negotiable = [index for index, one in enumerate(restrictions) if one in NEGOTIABLE]

    def clearance(self, path: FlownPath, heights: Heights, policy: Policy, limit_m: float) -> "ZoneClearance":
        """Measure a path against every zone that binds it in place, height and time.

        Args:
            path: at least one piece.
            heights: of that path.
            policy: whose authorisations and margins hold.
            limit_m: every volume nearer than this is reported.
        """
        candidates = self._demanding(policy)
        from_ball = self._beyond_ball(path, candidates)
        order = np.argsort(from_ball, kind="stable")
        candidates, from_ball = candidates[order], from_ball[order]
        search = _Search(path, heights, policy, limit_m)
        first, last = 0, max(BATCH, int(np.searchsorted(from_ball, limit_m, side="right")))
        while first < len(candidates) and from_ball[first] <= search.reach_m:
            batch = candidates[first:last]
            bound = self._lower_bounds(path, batch)
            least_bound = bound.min(axis=0)
            for rank in np.argsort(least_bound, kind="stable"):
                if least_bound[rank] > search.reach_m:
                    break
                search.try_volume(self._volumes[int(batch[rank])], bound[:, rank])
            first, last = last, last + BATCH
        return ZoneClearance(search.smallest_m, search.nearest_zone_id, tuple(search.offences))

    def binding_level_flight(
        self, path: FlownPath, heights: Heights, policy: Policy, near: Sequence[Shape]
    ) -> Iterator[tuple[GeoZone, Shape]]:
        """Yield the zones, with the shapes of their volumes, that a fence around level flight must know.

        They forbid flight to this operator, bind at the heights of some level leg and at some time of the whole
        flight, and their surrounding balls meet that of one of the shapes `near`.
        """
        candidates = self._demanding(policy)
        meets = np.zeros(len(candidates), dtype=np.bool_)
        for shape in near:
            apart = self._centre_m[candidates] - shape.centre_m
            reach = self._radius_m[candidates] + shape.radius_m
            meets |= np.einsum("ij,ij->i", apart, apart) <= reach * reach
        for index in candidates[meets]:
            one = self._volumes[int(index)]
            at_height = (heights.within(one.volume, policy.zone_height_margin_m) & path.level).any()
            if at_height and _in_time(one, path, policy.zone_time_margin_s).any():
                yield one.zone, one.shape

    def _demanding(self, policy: Policy) -> IntArray:
        """Return the volumes whose zones forbid flight to this operator.

        A restriction that is not understood forbids it.
        """
        demanding = ~self._free
        for index in self._negotiable:
            zone = self._volumes[index].zone
            granted = (
                policy.conditions_met_zone_ids
                if zone.restriction is Restriction.CONDITIONAL
                else policy.authorised_zone_ids
            )
            demanding[index] = zone.identifier not in granted
        return np.flatnonzero(demanding)

    def _beyond_ball(self, path: FlownPath, candidates: IntArray) -> FloatArray:
        """Return how far each candidate is from a ball around the whole path: a first, rough lower bound."""
        ends = np.vstack([path.pieces.start_m, path.pieces.end_m])
        centre = ends.mean(axis=0)
        radius = float(np.sqrt(((ends - centre) ** 2).sum(axis=1).max()))
        away = self._centre_m[candidates] - centre
        beyond: FloatArray = np.sqrt(np.einsum("ij,ij->i", away, away)) - self._radius_m[candidates] - radius
        return beyond

    def _lower_bounds(self, path: FlownPath, candidates: IntArray) -> FloatArray:
        """Return (pieces, candidates) distances that the true clearances are not below, metres.

        From each piece's chord to the ball around each shape: a straight line is never longer than the
        geodesic.
        """
        start = path.pieces.start_m
        origin = start[0]  # small numbers keep the products exact to a millimetre
        along = path.pieces.end_m - start
        start, centre = start - origin, (self._centre_m[candidates] - origin).T
        length2 = np.einsum("ij,ij->i", along, along)[:, None]
        start_along = along @ centre
        start_along -= np.einsum("ij,ij->i", start, along)[:, None]
        share = start_along / np.maximum(length2, SHORTEST_M2)
        np.minimum(np.maximum(share, 0.0, out=share), 1.0, out=share)
        apart2 = -2.0 * (start @ centre)
        apart2 += np.einsum("ij,ij->i", start, start)[:, None] + np.einsum("ij,ij->j", centre, centre)
        apart2 += share * (share * length2 - 2.0 * start_along)
        bound: FloatArray = np.sqrt(np.maximum(apart2, 0.0, out=apart2), out=apart2)
        bound -= self._radius_m[candidates]
        return bound


@dataclass(frozen=True, eq=False)
class Offence:
    """A zone that a path comes too near to.

    Attributes:
        zone: which.
        clearance_m: (n,) of every piece; inf where the zone does not bind it or it is far away.
        piece, share: where the path is nearest or deepest.
    """

    zone: GeoZone
    clearance_m: FloatArray
    piece: int
    share: float


@dataclass(frozen=True, slots=True)
class ZoneClearance:
    """What a path was measured to be.

    Attributes:
        smallest_m: least clearance to any binding zone; inf where none binds, negative inside one.
        nearest_zone_id: the zone it was measured to.
        offences: every zone volume nearer than the limit asked for.
    """

    smallest_m: float
    nearest_zone_id: str
    offences: tuple[Offence, ...]


class _Search:
    """The nearest binding zone so far, and all that are nearer than the limit."""

    def __init__(self, path: FlownPath, heights: Heights, policy: Policy, limit_m: float) -> None:
        self.path = path
        self.heights = heights
        self.policy = policy
        self.limit_m = limit_m
        self.smallest_m = np.inf
        self.nearest_zone_id = ""
        self.offences: list[Offence] = []

    @property
    def reach_m(self) -> float:
        """Zones farther away than this change nothing."""
        return max(self.limit_m, self.smallest_m)

    def try_volume(self, one: _Volume, bound_m: FloatArray) -> None:
        """Measure one volume where it binds; `bound_m` (n,) are lower bounds of the clearances."""
        binding = self.heights.within(one.volume, self.policy.zone_height_margin_m)
        binding &= _in_time(one, self.path, self.policy.zone_time_margin_s)
        which = np.flatnonzero(binding & (bound_m <= self.reach_m))
        if not len(which):
            return
        clearance, share = one.shape.clearance(self.path.pieces, which)
        worst = int(clearance.argmin())
        if clearance[worst] < self.smallest_m:
            self.smallest_m, self.nearest_zone_id = float(clearance[worst]), one.zone.identifier
        if clearance[worst] < self.limit_m:
            whole = np.full(len(bound_m), np.inf)
            whole[which] = clearance
            self.offences.append(Offence(one.zone, whole, int(which[worst]), float(share[worst])))


def prepared(zones: "Sequence[GeoZone] | PreparedZones") -> PreparedZones:
    """Return `zones` prepared."""
    return zones if isinstance(zones, PreparedZones) else PreparedZones(zones)


def _in_time(one: _Volume, path: FlownPath, margin_s: float) -> BoolArray:
    """Whether the zone may apply while the vehicle is on each piece.

    A published interval holds its start and not its end: "until 14:00Z" is clear at 14:00Z, plus the margin. The
    margin covers the time estimate's own error as well: a slow flight within the margin is no news.
    """
    if one.zone.applicability == PERMANENT:
        return np.ones(len(path.early_s), dtype=np.bool_)
    first = path.early_s - margin_s
    last = np.maximum(path.early_s + margin_s, path.late_s)
    spans = applying_spans(one.zone.applicability, float(first.min()), float(last.max()), one.extent)
    applies = np.zeros(len(first), dtype=np.bool_)
    for begin, end in spans:
        applies |= (first < end - CLOCK_ROUNDING_S) & (last >= begin)
    return applies


def _extent(volume: ZoneVolume) -> Extent:
    """Return a box around a volume's footprint."""
    footprint = volume.footprint
    if isinstance(footprint, CircleFootprint):
        lat, lon = footprint.center.latitude_deg, footprint.center.longitude_deg
        tall = footprint.radius_m / METRES_PER_DEGREE
        wide = tall / max(0.01, np.cos(np.radians(min(89.0, abs(lat) + tall))))
        return Extent(max(-89.9, lat - tall), min(89.9, lat + tall), lon - wide, lon + wide)
    lat_deg = np.array([point.latitude_deg for point in footprint.ring])
    lon_deg = np.array([point.longitude_deg for point in footprint.ring])
    lon_deg = lon_deg[0] + (lon_deg - lon_deg[0] + 180.0) % 360.0 - 180.0
    return Extent(float(lat_deg.min()), float(lat_deg.max()), float(lon_deg.min()), float(lon_deg.max()))
