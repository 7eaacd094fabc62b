"""What would help: the nearest time and the nearest heights at which a place or a way is clear, each tried out."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from mission.airspace import BindingZone, amsl_interval, clear_after, describe_hours
from mission.model.airspace import GeoZone, Restriction
from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow
from mission.policy import Policy
from mission.routing import Blocked, Route
from mission.sky.layer import GROUND

if TYPE_CHECKING:
    from mission.sky.sky import Sky

TYPICAL_FLIGHT = timedelta(minutes=20)
"""A remedy in time must leave room for a flight of this length."""

DEMANDS = {
    Restriction.PROHIBITED: "prohibited zone",
    Restriction.REQ_AUTHORISATION: "zone that requires an authorisation",
    Restriction.CONDITIONAL: "conditional zone",
    Restriction.USPACE: "U-space airspace",
    Restriction.NO_RESTRICTION: "zone",
}


def objection_reason(nearest: tuple[float, BindingZone], what: str, policy: Policy) -> str:
    """Say which zone a place lies in or too near to, what it demands and when."""
    distance_m, found = nearest
    zone = found.zone
    where = "lies in" if distance_m == 0.0 else f"is {distance_m:.0f} m from"
    limit = "" if distance_m == 0.0 else f"; {policy.zone_clearance_m:.0f} m are kept"
    return f"{what} {where} {_called(zone)}, in force {describe_hours(zone)}{limit}"


def objection_remedy(sky: "Sky", objectors: Sequence[tuple[float, BindingZone]], place: NDArray[np.float64]) -> str:
    """Say when and below which height nobody objects to climbing and descending at a place."""
    zones = [found.zone for _, found in objectors]

    def free_at(height_home_m: float) -> bool:
        return not sky.layer(height_home_m).objectors(place)

    def free_after(moment: datetime) -> bool:
        return not _sky_at(sky, moment).layers[0].objectors(place)

    remedies = [*_later(sky, zones, free_after), *_lower(sky, zones, free_at)]
    return _sentence(remedies) or _permission(zones[0])


def blocked_reason(sky: "Sky", blocked: Blocked) -> str:
    """Name what blocks a way: zones with what they demand, the ground with what it must leave."""
    policy = sky.airspace.policy
    names = {zone.identifier: _called(zone) for zone in sky.applying}
    names[GROUND] = (
        f"the ground, over which no height flown here keeps {policy.terrain_clearance_m:.0f} to "
        f"{policy.max_height_agl_m:.0f} m all the way"
    )
    return ", ".join(names.get(name, name) for name in blocked.zone_ids)


def blocked_remedy(sky: "Sky", start: GeoPoint, goal: GeoPoint, blocked: Blocked) -> str:
    """Say when, above and below which heights there is a way."""
    zones = [zone for zone in sky.applying if zone.identifier in blocked.zone_ids]
    ends = sky.local([start, goal])

    def free_at(height_home_m: float) -> bool:
        layer = sky.layer(height_home_m)
        found = layer.route(ends[0], ends[1], sky.airspace.policy.zone_clearance_m)
        return isinstance(found, Route) and not layer.objects(ends).any()

    def free_after(moment: datetime) -> bool:
        return not isinstance(_sky_at(sky, moment).ways(start, goal), Blocked)

    remedies = [
        *_later(sky, zones, free_after),
        *_higher(sky, zones, free_at, shapely.LineString(ends)),
        *_lower(sky, zones, free_at),
    ]
    if not remedies and GROUND in blocked.zone_ids:
        return "Add a height to policy.further_cruise_heights_home_m, or serve the drop from a hub nearer to its height"
    return _sentence(remedies) or (_permission(zones[0]) if zones else "")


def _later(sky: "Sky", zones: Iterable[GeoZone], free_after: Callable[[datetime], bool]) -> list[str]:
    """The first moment at which one zone, or some, or all have ended and that suffices."""
    margin = timedelta(seconds=sky.airspace.policy.zone_time_margin_s)
    start = sky.window.earliest
    flight = TimeWindow(start, max(sky.window.latest, start + TYPICAL_FLIGHT))
    moments = {moment for zone in zones if (moment := clear_after(zone, flight, margin)) is not None}
    found = next((moment for moment in sorted(moments) if moment > start and free_after(moment)), None)
    return [] if found is None else [f"clear after {found:%Y-%m-%d %H:%MZ}"]


def _higher(
    sky: "Sky", zones: Iterable[GeoZone], free_at: Callable[[float], bool], line: shapely.LineString
) -> list[str]:
    """The lowest height over some zone at which there is a way, and whether the operator may fly there."""
    airspace, policy = sky.airspace, sky.airspace.policy
    home_m = airspace.hub.ground_amsl_m
    tops = {
        math.floor(amsl_interval(volume.ceiling, airspace.below(volume))[1] + policy.zone_height_margin_m - home_m)
        + 1.0
        for zone in zones
        for volume in zone.volumes
        if math.isfinite(amsl_interval(volume.ceiling, airspace.below(volume))[1])
    }
    lowest = airspace.heights_home_m[0]
    found = next((height_m for height_m in sorted(tops) if height_m > lowest and free_at(height_m)), None)
    if found is None:
        return []
    relief = airspace.ground_map.relief(line)
    too_high = relief is None or home_m + found - relief.minimum_amsl_m > policy.max_height_agl_m
    limit = f", above the operator's limit of {policy.max_height_agl_m:.0f} m AGL" if too_high else ""
    return [f"clear above {found:.0f} m over the hub ({home_m + found:.0f} m AMSL){limit}"]


def _lower(sky: "Sky", zones: Iterable[GeoZone], free_at: Callable[[float], bool]) -> list[str]:
    """The greatest height below some zone at which a place or a way is clear."""
    airspace, policy = sky.airspace, sky.airspace.policy
    home_m = airspace.hub.ground_amsl_m
    bottoms = {
        math.ceil(amsl_interval(volume.floor, airspace.below(volume))[0] - policy.zone_height_margin_m - home_m) - 1.0
        for zone in zones
        for volume in zone.volumes
        if math.isfinite(amsl_interval(volume.floor, airspace.below(volume))[0])
    }
    flyable = [h for h in sorted(bottoms, reverse=True) if h > policy.release_height_home_m]
    found = next((h for h in flyable if h < airspace.heights_home_m[-1] and free_at(h)), None)
    return [] if found is None else [f"clear below {found:.0f} m over the hub ({home_m + found:.0f} m AMSL)"]


def _permission(zone: GeoZone) -> str:
    if zone.restriction in {Restriction.REQ_AUTHORISATION, Restriction.USPACE}:
        asked = f" from {zone.authority[0].name}" if zone.authority else ""
        return f"Obtain an authorisation{asked} and name the zone in policy.authorised_zone_ids"
    if zone.restriction is Restriction.CONDITIONAL:
        return "Meet its conditions and name the zone in policy.conditions_met_zone_ids"
    return "Choose another drop point"


def _sky_at(sky: "Sky", moment: datetime) -> "Sky":
    return sky.airspace.sky(TimeWindow(moment, moment + TYPICAL_FLIGHT))


def _sentence(remedies: Sequence[str]) -> str:
    joined = ", or ".join(remedies)
    return joined[:1].upper() + joined[1:]


def _called(zone: GeoZone) -> str:
    return f"{DEMANDS[zone.restriction]} {zone.name!r} ({zone.identifier})"
