"""Rally points: where PX4 may land by itself, so each must be as safe as a planned landing."""

from collections.abc import Sequence

import numpy as np

from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.terrain import Terrain
from mission.model.mission import MavCommand, Mission, MissionItem
from mission.model.verdict import Finding
from mission.policy import Policy
from mission.verification.ellipsoid import Pieces
from mission.verification.fence import Fence
from mission.verification.heights import Heights
from mission.verification.items import AMSL_FRAMES, HOME_FRAMES, ItemPlace, read_place
from mission.verification.path import FlownPath
from mission.verification.rules import MAX_RALLY_POINTS, RuleCode, broken
from mission.verification.zones import PreparedZones


def check_rally(
    mission: Mission,
    *,
    flight: FlownPath,
    fence: Fence,
    zones: PreparedZones,
    terrain: Terrain,
    geoid: GeoidGrid | None,
    policy: Policy,
) -> list[Finding]:
    """Judge the rally points for all of the time of a flight."""
    findings = []
    if len(mission.rally) > MAX_RALLY_POINTS:
        findings.append(
            broken(
                RuleCode.RALLY_TOO_MANY,
                f"There are {len(mission.rally)} rally points, more than {MAX_RALLY_POINTS}.",
                measured=len(mission.rally),
                limit=MAX_RALLY_POINTS,
            )
        )
    places: list[tuple[int, ItemPlace]] = []
    for index, item in enumerate(mission.rally):
        found = _read(mission, item, index)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            places.append((index, found))
    if not places:
        return findings
    path = _as_path(places, flight)
    heights = Heights.of(path, mission.home_amsl_m, terrain, geoid)
    measured = zones.clearance(path, heights, policy, policy.verified_clearance_m)
    for offence in measured.offences:
        for piece in np.flatnonzero(offence.clearance_m < policy.verified_clearance_m):
            index, place = places[int(piece)]
            clearance = float(offence.clearance_m[piece])
            findings.append(
                broken(
                    RuleCode.RALLY_IN_ZONE,
                    f"Rally point {index} is {clearance:.1f} m from zone {offence.zone.identifier}.",
                    zone_id=offence.zone.identifier,
                    place=place.point,
                    measured=clearance,
                    limit=policy.verified_clearance_m,
                    unit="m",
                )
            )
    allowed = fence.allows(path.pieces.start_deg)
    findings.extend(
        broken(RuleCode.RALLY_OUTSIDE_FENCE, f"Rally point {index} is outside the fence.", place=place.point)
        for (index, place), inside in zip(places, allowed, strict=True)
        if not inside
    )
    return findings


def _read(mission: Mission, item: MissionItem, index: int) -> ItemPlace | Finding:
    name = f"Rally point {index}"
    if item.command != MavCommand.RALLY_POINT or item.frame not in AMSL_FRAMES | HOME_FRAMES:
        return broken(RuleCode.RALLY_MALFORMED, f"{name} is MAV_CMD {item.command} in frame {item.frame}.")
    found = read_place(item, mission.home, mission.home_amsl_m, name, None)
    if isinstance(found, Finding):
        return broken(
            RuleCode.RALLY_MALFORMED,
            found.message,
            place=found.place,
            measured=found.measured,
            limit=found.limit,
            unit=found.unit,
        )
    return found


def _as_path(places: Sequence[tuple[int, ItemPlace]], flight: FlownPath) -> FlownPath:
    """Return rally points as hovers which reach the ground and last as long as the flight."""
    degrees = np.array([(place.latitude_deg, place.longitude_deg) for _, place in places])
    count = len(places)
    heights = np.array([place.height_home_m for _, place in places])
    return FlownPath(
        pieces=Pieces(degrees, degrees),
        item=np.arange(count),
        low_home_m=np.minimum(heights, 0.0),
        high_home_m=np.maximum(heights, float(flight.high_home_m.max())),
        level=np.zeros(count, dtype=np.bool_),
        touches_ground=np.ones(count, dtype=np.bool_),
        early_s=np.full(count, float(flight.early_s.min())),
        late_s=np.full(count, float(flight.late_s.max())),
    )
