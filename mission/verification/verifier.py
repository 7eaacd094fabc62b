"""The front door: one mission, as read back from the vehicle, against every rule."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.terrain import Terrain
from mission.model.airspace import GeoZone
from mission.model.geo import GeoPoint
from mission.model.mission import Mission
from mission.model.time import require_aware
from mission.model.verdict import Finding, Verdict
from mission.policy import Policy
from mission.verification.deliveries import check_deliveries
from mission.verification.fence import check_fence
from mission.verification.fence_cover import check_fence_cover
from mission.verification.heights import Heights, check_heights, check_home
from mission.verification.items import POSITION_COMMANDS, check_items
from mission.verification.path import CruisePerformance, FlownPath, Reading, flown_path, read_path
from mission.verification.rally import check_rally
from mission.verification.rules import MAX_HEIGHT_HOME_M, RuleCode, broken
from mission.verification.sequence import check_sequence
from mission.verification.zones import Offence, PreparedZones, ZoneClearance, prepared


def verify(
    mission: Mission,
    *,
    zones: Sequence[GeoZone] | PreparedZones,
    policy: Policy,
    departure: datetime,
    terrain: Terrain,
    performance: CruisePerformance,
    drops: Mapping[str, GeoPoint],
    landing_sites: Sequence[GeoPoint],
    start: GeoPoint | None = None,
    start_height_home_m: float = 0.0,
    delay_allowance: timedelta = timedelta(0),
    geoid: GeoidGrid | None = None,
) -> Verdict:
    """Judge a mission by what the vehicle holds; trust nobody who made it.

    Args:
        mission: items, fence and rally points **as read back**, and the home they will fly from.
        zones: every zone known; `PreparedZones` where many missions are judged.
        policy: limits and authorisations.
        departure: planned take-off, aware (of a vehicle in the air: when it turns).
        terrain: the ground.
        performance: the speeds that were planned with.
        drops: order id → drop point of every parcel that is handed over on this flight; it waits nowhere else.
        landing_sites: where the last landing is permitted.
        start: where the vehicle is, when it is in the air already; None: it takes off from home.
        start_height_home_m: how high it is there.
        delay_allowance: by how much the departure may slip before the mission must be judged again.
        geoid: without it heights above the ellipsoid are unknown.

    Returns:
        all findings, in the order form, sequence, home, deliveries, heights, zones, fence, rally points. Where
        an item says no place to fly to there is no path: nothing of it is judged, and the smallest clearance
        is −inf.

    Raises:
        ValueError: `departure` has no time zone.
    """
    require_aware(departure, "departure")
    airborne = start is not None
    findings, places = check_items(mission, policy, performance.cruise_speed_m_s)
    findings += check_sequence(
        mission,
        places,
        airborne=airborne,
        drops=list(drops.values()),
        landing_sites=landing_sites,
        policy=policy,
    )
    findings += check_home(mission.home, mission.home_amsl_m, terrain)
    unread = not abs(start_height_home_m) <= MAX_HEIGHT_HOME_M
    if unread:
        findings.append(
            broken(RuleCode.HEIGHT_INVALID, f"The vehicle is at no known height ({start_height_home_m:g} m).")
        )
    unread |= any(
        place is None and item.command in POSITION_COMMANDS for item, place in zip(mission.items, places, strict=True)
    )
    reading = Reading((), ()) if unread else read_path(mission, places, performance, start, start_height_home_m)
    path = flown_path(reading.legs, departure, delay_allowance) if reading.legs else None
    smallest = -math.inf
    ready = prepared(zones)
    if not unread:
        findings += check_deliveries(reading.gates, drops, mission.home_amsl_m, terrain, policy)
    if path is not None:
        heights = Heights.of(path, mission.home_amsl_m, terrain, geoid)
        findings += check_heights(path, heights, policy)
        measured = ready.clearance(path, heights, policy, policy.verified_clearance_m)
        smallest = measured.smallest_m
        findings += zone_findings(measured, path, policy.verified_clearance_m, airborne)
    fence, fence_findings = check_fence(mission, places, path, start)
    findings += fence_findings
    if path is not None and not fence_findings:
        findings += check_fence_cover(
            fence, home=mission.home, path=path, heights=heights, zones=ready, policy=policy, airborne=airborne
        )
        findings += check_rally(
            mission, flight=path, fence=fence, zones=ready, terrain=terrain, geoid=geoid, policy=policy
        )
    return Verdict(mission_digest=mission.digest(), findings=tuple(findings), smallest_clearance_m=smallest)


def zone_findings(measured: ZoneClearance, path: FlownPath, limit_m: float, airborne: bool) -> list[Finding]:
    """Return one finding for each zone that a path comes too near to: its worst place."""
    worst: dict[str, Offence] = {}
    for offence in measured.offences:
        known = worst.get(offence.zone.identifier)
        if known is None or offence.clearance_m.min() < known.clearance_m.min():
            worst[offence.zone.identifier] = offence
    findings = []
    for offence in worst.values():
        clearance = float(offence.clearance_m[offence.piece])
        inside = clearance <= 0.0
        leaving = airborne and _only_leaves(offence, path, limit_m)
        code = RuleCode.ZONE_ENTERED if inside else RuleCode.ZONE_CLEARANCE
        zone = offence.zone
        item = int(path.item[offence.piece])
        doing = f"goes {-clearance:.1f} m into" if inside else f"passes {clearance:.1f} m from"
        findings.append(
            broken(
                RuleCode.ZONE_LEFT if leaving else code,
                f"The path to item {item} {doing} zone {zone.identifier} ({zone.name}, {zone.restriction})"
                + (" where the vehicle is now, and leaves it." if leaving else "."),
                item=item,
                zone_id=zone.identifier,
                place=path.place(offence.piece, offence.share),
                time=path.time(offence.piece),
                measured=clearance,
                limit=limit_m,
                unit="m",
            )
        )
    return findings


LONGEST_EXIT = 2.0
"""A way out of a zone may be this many times as long as the straight one."""
EXIT_ROUNDING_M = 250.0
"""Length of the pieces that clearances are known for: an exit is not measured finer."""


def _only_leaves(offence: Offence, path: FlownPath, limit_m: float) -> bool:
    """Whether the path is too near only at its very beginning, and goes away by a short way."""
    near = offence.clearance_m < limit_m
    if not near[0]:
        return False
    last = int(np.flatnonzero(near)[-1])
    if not near[: last + 1].all():
        return False
    straight = limit_m - float(offence.clearance_m[0])
    return float(path.length_m[: last + 1].sum()) <= LONGEST_EXIT * straight + EXIT_ROUNDING_M
