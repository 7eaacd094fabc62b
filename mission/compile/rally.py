"""Rally points from alternates."""

from collections.abc import Sequence

import shapely

from mission.compile.fence import FenceZone
from mission.compile.items import RALLY_POINT_LIMIT, rally_point
from mission.geodesy.local_frame import LocalFrame
from mission.model.fleet import LandingSite
from mission.model.geo import GeoPoint
from mission.model.mission import MissionItem


def usable_alternates(
    alternates: Sequence[LandingSite],
    path: Sequence[GeoPoint],
    zones: Sequence[FenceZone],
    frame: LocalFrame,
    clearance_m: float,
) -> tuple[tuple[LandingSite, ...], tuple[str, ...]]:
    """Return the alternates that may be rally points, nearest to `path` first, and notes on the others.

    An alternate within `clearance_m` of a binding zone is none. PX4 holds `RALLY_POINT_LIMIT` of them.
    """
    if not alternates:
        return (), ()
    notes: list[str] = []
    places = shapely.points(frame.to_local([site.position for site in alternates]))
    local = frame.to_local(path)
    line = shapely.LineString(local) if len(local) > 1 else shapely.Point(local[0])
    reachable: list[tuple[float, str, LandingSite]] = []
    for site, place in zip(alternates, places, strict=True):
        near = next((zone for zone in zones if zone.polygon.distance(place) < clearance_m), None)
        if near is None:
            reachable.append((float(line.distance(place)), site.site_id, site))
        else:
            notes.append(
                f"Alternate {site.site_id} is no rally point: it lies within {clearance_m:.0f} m of zone "
                f"{near.zone_id}."
            )
    ordered = [site for _, _, site in sorted(reachable, key=lambda entry: entry[:2])]
    notes.extend(
        f"Alternate {site.site_id} is no rally point: the autopilot holds {RALLY_POINT_LIMIT}."
        for site in ordered[RALLY_POINT_LIMIT:]
    )
    return tuple(ordered[:RALLY_POINT_LIMIT]), tuple(notes)


def rally_items(sites: Sequence[LandingSite], home_amsl_m: float) -> tuple[MissionItem, ...]:
    """Return the rally points of `sites`, their ground above home."""
    return tuple(rally_point(site.position, site.ground_amsl_m - home_amsl_m) for site in sites)
