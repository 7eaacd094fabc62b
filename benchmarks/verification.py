"""How much processor time one verdict takes: a 30-item mission against 1,000 zones of a 10 × 10 km city."""

import math
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import shapely

from benchmarks.harness import Figure, run
from mission.geodesy.local_frame import LocalFrame
from mission.geodesy.terrain import FlatTerrain
from mission.model.airspace import (
    ApplicabilityPeriod,
    CircleFootprint,
    GeoZone,
    PolygonFootprint,
    Restriction,
    Weekday,
    WeeklyWindow,
    ZoneSource,
    ZoneVolume,
)
from mission.model.geo import GeoPoint, Height, VerticalDatum
from mission.model.mission import MavCommand, MavFrame, Mission, MissionItem, degrees_e7
from mission.model.verdict import Verdict
from mission.policy import Policy
from mission.verification import CruisePerformance, PreparedZones, verify

GOAL_MS = 20.0
CITY_M = 10_000.0
TRIES = 3
"""Each mission is judged so often and the best taken. Times are of the processor, not of the wall: a verdict waits for
nothing, and what other programs take is not its own."""
HOME = GeoPoint(48.41, 15.60)
SEED = 7


def city(zones: int, frame: LocalFrame, rng: random.Random) -> tuple[GeoZone, ...]:
    """Return zones of 24 vertices on average: every tenth a circle, every fifth with hours, some high up."""
    found = []
    for index in range(zones):
        east, north = (rng.uniform(-CITY_M / 2, CITY_M / 2) for _ in range(2))
        radius = rng.uniform(20.0, 120.0)
        center = frame.to_geo(np.array([[east, north]]))[0]
        if index % 10 == 0:
            footprint: PolygonFootprint | CircleFootprint = CircleFootprint(center, radius)
        else:
            corners = rng.randint(12, 40)
            angle = np.linspace(0.0, math.tau, corners, endpoint=False)
            reach = radius * np.array([rng.uniform(0.6, 1.0) for _ in range(corners)])
            ring = np.column_stack([east + reach * np.cos(angle), north + reach * np.sin(angle)])
            footprint = PolygonFootprint(tuple(frame.to_geo(ring)))
        hours = (
            WeeklyWindow(
                frozenset(Weekday),
                datetime(2026, 1, 1, 6, tzinfo=UTC).timetz(),
                datetime(2026, 1, 1, 22, tzinfo=UTC).timetz(),
            ),
        )
        floor_m = 150.0 if index % 7 == 0 else 0.0
        found.append(
            GeoZone(
                identifier=f"Z{index}",
                name=f"Zone {index}",
                restriction=Restriction.PROHIBITED,
                volumes=(
                    ZoneVolume(footprint, Height(floor_m, VerticalDatum.AGL), Height(math.inf, VerticalDatum.AGL)),
                ),
                source=ZoneSource("city", "benchmark"),
                applicability=(ApplicabilityPeriod(schedule=hours if index % 5 == 0 else ()),),
            )
        )
    return tuple(found)


def tour(items: int, frame: LocalFrame, rng: random.Random, blocked: shapely.MultiPolygon) -> Mission:
    """Return a mission of so many items through the city, clear of what is blocked."""
    places = [(0.0, 0.0)]
    while len(places) < items - 2:
        if rng.random() < 0.02 and len(places) > 1:
            places.pop()  # a dead end
        east, north = places[-1]
        turn = rng.uniform(0.0, math.tau)
        ahead = (east + 400.0 * math.cos(turn), north + 400.0 * math.sin(turn))
        if not shapely.intersects(blocked, shapely.LineString([places[-1], ahead])):
            places.append(ahead)
    geo = frame.to_geo(np.array(places))

    def at(command: MavCommand, place: GeoPoint, height_m: float) -> MissionItem:
        return MissionItem(
            command,
            MavFrame.GLOBAL_RELATIVE_HOME_INT,
            x=degrees_e7(place.latitude_deg),
            y=degrees_e7(place.longitude_deg),
            z=height_m,
        )

    flown = (
        at(MavCommand.NAV_TAKEOFF, HOME, 60.0),
        *(at(MavCommand.NAV_WAYPOINT, place, 60.0) for place in geo[1:]),
        at(MavCommand.NAV_LAND, geo[-1], 0.0),
    )
    return Mission(flown, (), (), HOME, 200.0)


def obstacles(zones: tuple[GeoZone, ...], frame: LocalFrame, clearance_m: float) -> shapely.MultiPolygon:
    """Return what a clear path must not touch; around home it is always free."""
    shapes = []
    for zone in zones:
        footprint = zone.volumes[0].footprint
        if isinstance(footprint, CircleFootprint):
            center = shapely.Point(frame.to_local([footprint.center])[0])
            shapes.append(center.buffer(footprint.radius_m + clearance_m, quad_segs=64))
        else:
            shapes.append(shapely.Polygon(frame.to_local(footprint.ring)).buffer(clearance_m, quad_segs=32))
    blocked = shapely.union_all(shapes)
    shapely.prepare(blocked)
    return blocked


def judge(mission: Mission, prepared: PreparedZones) -> Verdict:
    """Return the verdict on one mission."""
    return verify(
        mission,
        zones=prepared,
        policy=Policy(),
        departure=datetime(2026, 11, 20, 10, tzinfo=UTC),
        terrain=FlatTerrain(200.0),
        performance=CruisePerformance(12.0, 3.0, 2.0),
        drops={},
        landing_sites=[mission.items[-1].position],
    )


def timed(missions: list[Mission], prepared: PreparedZones, clean: bool) -> list[float]:
    """Return the milliseconds of each verdict, the best of `TRIES`."""
    took = []
    for mission in missions:
        tries = []
        for _ in range(TRIES):
            began = time.process_time()
            verdict = judge(mission, prepared)
            tries.append((time.process_time() - began) * 1000.0)
        took.append(min(tries))
        if clean and any(finding.zone_id for finding in verdict.findings):
            raise SystemExit("a clear mission was found in a zone: the figures mean nothing")
    return took


def verdicts(quick: bool) -> Iterator[Figure]:
    """Preparing zones once, and verdicts on clear missions and on such as go through zones."""
    runs = 21 if quick else 101
    rng, frame = random.Random(SEED), LocalFrame(HOME)
    zones = tuple(zone for zone in city(1000, frame, rng) if not _covers_home(zone, frame))
    vertices = sum(len(getattr(zone.volumes[0].footprint, "ring", ())) for zone in zones)
    began = time.process_time()
    prepared = PreparedZones(zones)
    prepare_ms = (time.process_time() - began) * 1000.0
    yield Figure("zones prepared", prepare_ms, "ms", peer=f"{len(zones)} zones, {vertices} vertices")
    blocked = obstacles(zones, frame, Policy().verified_clearance_m + 0.1)
    clear = timed([tour(30, frame, rng, blocked) for _ in range(runs)], prepared, clean=True)
    yield Figure("verdict on a clear mission, p50", statistics.median(clear), "ms", GOAL_MS, peer=f"{runs} missions")
    yield Figure("verdict on a clear mission, p95", statistics.quantiles(clear, n=20)[-1], "ms", GOAL_MS)
    wrong = timed([tour(30, frame, rng, shapely.MultiPolygon()) for _ in range(runs)], prepared, clean=False)
    yield Figure("verdict on one through zones, p50", statistics.median(wrong), "ms", GOAL_MS)
    yield Figure("verdict on one through zones, p95", statistics.quantiles(wrong, n=20)[-1], "ms", GOAL_MS)


def _covers_home(zone: GeoZone, frame: LocalFrame) -> bool:
    footprint = zone.volumes[0].footprint
    ring = (footprint.center,) if isinstance(footprint, CircleFootprint) else footprint.ring
    return bool(np.hypot(*frame.to_local(ring).mean(axis=0)) < 300.0)


if __name__ == "__main__":
    sys.exit(run("Verdicts among a thousand zones", {"verdicts": verdicts}))
