"""What a vehicle really flew, measured against the zones as a mission is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.terrain import Terrain
from mission.model.airspace import GeoZone
from mission.model.verdict import Finding
from mission.policy import Policy
from mission.verification.ellipsoid import Pieces
from mission.verification.heights import Heights, check_heights
from mission.verification.path import FlownPath
from mission.verification.rules import RuleCode, broken
from mission.verification.verifier import zone_findings
from mission.verification.zones import PreparedZones, prepared

LONGEST_GAP_S = 5.0
LEVEL_M = 1.0
LANDING_HEIGHT_M = 10.0
"""A vehicle lower than this above home may be landing: the rule for level flight does not hold for it."""


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where a vehicle was. `time` is aware; the height is above home."""

    time: datetime
    latitude_deg: float
    longitude_deg: float
    height_home_m: float


def clearance_of_track(
    track: Sequence[TrackPoint],
    *,
    zones: Sequence[GeoZone] | PreparedZones,
    policy: Policy,
    terrain: Terrain,
    home_amsl_m: float,
    geoid: GeoidGrid | None = None,
) -> float:
    """Return the least horizontal distance from a flown track to any zone that bound it, metres.

    inf where none bound it, negative inside; −inf for a track of which some position is not known. The
    policy's margins of height and time widen what binds, as they do for a mission.
    """
    path = _path_of(track)
    if path is None:
        return -math.inf
    heights = Heights.of(path, home_amsl_m, terrain, geoid)
    return prepared(zones).clearance(path, heights, policy, 0.0).smallest_m


def check_track(
    track: Sequence[TrackPoint],
    *,
    zones: Sequence[GeoZone] | PreparedZones,
    policy: Policy,
    terrain: Terrain,
    home_amsl_m: float,
    geoid: GeoidGrid | None = None,
) -> tuple[Finding, ...]:
    """Judge a flown track: known, without gaps, clear of the zones, not too high. `item` is the track index."""
    path = _path_of(track)
    if path is None:
        return (
            broken(
                RuleCode.TRACK_UNKNOWN,
                "The track is empty, goes back in time, or has a position that is no place.",
            ),
        )
    findings = []
    times = np.array([point.time.timestamp() for point in track])
    gaps = np.diff(times)
    if len(gaps) and gaps.max() > LONGEST_GAP_S:
        widest = int(gaps.argmax())
        findings.append(
            broken(
                RuleCode.TRACK_GAP,
                f"Nothing was heard for {gaps[widest]:.1f} s; a straight line was taken.",
                item=widest,
                place=path.place(widest, 0.0),
                time=track[widest].time,
                measured=float(gaps[widest]),
                limit=LONGEST_GAP_S,
                unit="s",
            )
        )
    heights = Heights.of(path, home_amsl_m, terrain, geoid)
    findings += check_heights(path, heights, policy)
    measured = prepared(zones).clearance(path, heights, policy, policy.verified_clearance_m)
    findings += zone_findings(measured, path, policy.verified_clearance_m, airborne=False)
    return tuple(findings)


def _path_of(track: Sequence[TrackPoint]) -> FlownPath | None:
    """Return a track as a path, a piece from each point to the next; None where it is not known."""
    if not track:
        return None
    degrees = np.array([(point.latitude_deg, point.longitude_deg) for point in track], dtype=np.float64)
    heights = np.array([point.height_home_m for point in track], dtype=np.float64)
    times = np.array([point.time.timestamp() for point in track])
    in_range = (np.abs(degrees[:, 0]) <= 90.0) & (np.abs(degrees[:, 1]) <= 180.0)
    if not (in_range.all() and np.isfinite(heights).all() and (np.diff(times) >= 0.0).all()):
        return None
    following = np.minimum(np.arange(len(track)) + 1, len(track) - 1)
    pieces = Pieces(degrees, degrees[following])
    return FlownPath(
        pieces=pieces,
        item=np.arange(len(track)),
        low_home_m=np.minimum(heights, heights[following]),
        high_home_m=np.maximum(heights, heights[following]),
        level=((pieces.end_m - pieces.start_m) ** 2).sum(axis=1) > LEVEL_M**2,
        touches_ground=np.minimum(heights, heights[following]) < LANDING_HEIGHT_M,
        early_s=times,
        late_s=times[following],
    )
