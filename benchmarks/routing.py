"""Exact routes among zones: against a brute-force optimum, against a peer, and at scale.

Run `python -m benchmarks.routing`, or see `benchmarks.harness` for options. Times are processor time. Figures carry
the engine in brackets: `numba` where the extra `fast` is installed, `numpy` where not; with Numba present the other
engine is measured too, in a process of its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.harness import Figure, processor_seconds, run
from mission.routing import Environment, Obstacle, Route
from mission.routing.jit import ACCELERATED

ENGINE = "numba" if ACCELERATED else "numpy"
CITY_M = 10_000.0
CLEARANCE_M = 20.0
VERTICES = 24


def city(count: int, seed: int = 1) -> list[Obstacle]:
    """Zones of 24 vertices strewn over 10 × 10 km, 20-110 m in radius, smaller where there are more than 1000."""
    rng = np.random.default_rng(seed)
    shrink = min(1.0, np.sqrt(1000.0 / count))
    zones = []
    for index in range(count):
        center, radius = rng.uniform(0.0, CITY_M, 2), rng.uniform(20.0, 110.0) * shrink
        angles = np.sort(rng.uniform(0.0, 2.0 * np.pi, VERTICES))
        radii = radius * rng.uniform(0.7, 1.0, VERTICES)
        ring = center + np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
        zones.append(Obstacle(f"Z{index}", shapely.Polygon(ring)))
    return zones


def small_world(count: int, kind: str, rng: np.random.Generator) -> list[Obstacle]:
    """Zones over 1.5 × 1.5 km: random hexagons, boxes on a raster, boxes that touch, hexagons that overlap."""
    size = 1500.0
    zones = []
    for index in range(count):
        if kind in ("random", "overlapping"):
            spread = 0.5 if kind == "overlapping" else 1.0
            center = size * (0.5 + spread * (rng.random(2) - 0.5))
            angles = (np.arange(6) + rng.uniform(0.0, 0.8, 6)) * np.pi / 3.0
            radii = rng.uniform(15.0, 60.0) * rng.uniform(0.4, 1.0, 6)
            polygon = shapely.Polygon(center + np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]))
        else:
            low = rng.integers(0, 30, 2) * 50.0
            wide = rng.integers(1, 4, 2) * 50.0 - (10.0 if kind == "touching" else 24.0)
            polygon = shapely.box(*low, *(low + wide))
        zones.append(Obstacle(f"Z{index}", polygon))
    return zones


class BruteForce:
    """Every straight line between every two vertices, judged by GEOS; then Dijkstra."""

    def __init__(self, regions: shapely.MultiPolygon) -> None:
        self.regions = regions
        self.vertices = np.unique(shapely.get_coordinates(regions), axis=0)
        i, j = np.triu_indices(len(self.vertices), 1)
        clear = self._clear(self.vertices[i], self.vertices[j])
        self.i, self.j = i[clear], j[clear]

    def length(self, start: NDArray[np.float64], goal: NDArray[np.float64]) -> float:
        """Length of the shortest route, inf where there is none."""
        count = len(self.vertices)
        points = np.vstack([self.vertices, start, goal])
        i, j = [self.i], [self.j]
        for extra in (count, count + 1):
            others = np.arange(extra)
            others = others[self._clear(np.broadcast_to(points[extra], (extra, 2)), points[:extra])]
            i.append(others)
            j.append(np.full(len(others), extra))
        first, second = np.concatenate(i), np.concatenate(j)
        lengths = np.hypot(*(points[first] - points[second]).T)
        links = csr_array((lengths, (first, second)), shape=(count + 2, count + 2))
        return float(dijkstra(links, directed=False, indices=count)[count + 1])

    def _clear(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.bool_]:
        result: NDArray[np.bool_] = ~shapely.relate_pattern(
            self.regions, shapely.linestrings(np.stack([a, b], axis=1)), "T********"
        )
        return result


def exactness(quick: bool) -> Iterator[Figure]:
    """Compare lengths with the optimum, and measure the clearance of every route."""
    rng = np.random.default_rng(11)
    wanted = 60 if quick else 1000
    pairs, wrong, worst, entered, nearest = 0, 0, 0.0, 0, np.inf
    kinds = ("random", "axis-aligned", "touching", "overlapping")
    sizes = (10, 20) if quick else (10, 20, 40, 100)
    world = 0
    while pairs < wanted:
        zones = small_world(sizes[world // 4 % len(sizes)], kinds[world % 4], rng)
        world += 1
        environment = Environment.build(zones, 5.0)
        brute = BruteForce(environment.regions.merged)
        for start, goal in rng.uniform(-50.0, 1550.0, (25, 2, 2)):
            answer = environment.shortest(start, goal)
            if not isinstance(answer, Route):
                continue
            pairs += 1
            optimum = brute.length(start, goal)
            worst = max(worst, answer.length_m / optimum - 1.0)
            wrong += abs(answer.length_m / optimum - 1.0) > 1e-9
            away = float(shapely.distance(shapely.LineString(answer.points), [z.polygon for z in zones]).min())
            nearest = min(nearest, away - 5.0)
            entered += away <= 0.0
    remark = f"all-pairs visibility by GEOS, {pairs} pairs, {world} worlds of {min(sizes)}-{max(sizes)} zones"
    yield Figure(f"longer than the optimum, worst [{ENGINE}]", round(100.0 * worst, 7), "%", 0.0, False, remark)
    yield Figure(f"routes not the optimum [{ENGINE}]", float(wrong), "routes", 0.0, False, remark)
    yield Figure(f"routes that enter a zone [{ENGINE}]", float(entered), "routes", 0.0)
    yield Figure(f"least clearance beyond the demanded [{ENGINE}]", nearest, "m", -1.0 / 32.0, at_least=True)


def query_times_ms(environment: Environment, count: int, seed: int = 5) -> NDArray[np.float64]:
    """Processor time of single queries between random points of the city that have a route."""
    pairs = np.random.default_rng(seed).uniform(0.0, CITY_M, (count, 2, 2))
    environment.shortest(pairs[0, 0], pairs[0, 1])
    times = []
    for start, goal in pairs:
        begin = time.process_time_ns()
        answer = environment.shortest(start, goal)
        took = time.process_time_ns() - begin
        if isinstance(answer, Route):
            times.append(took / 1e6)
    return np.array(times)


def against_extremitypathfinder(quick: bool) -> Iterator[Figure]:
    """Build and query beside extremitypathfinder 2.7.2, the strongest exact pure-Python peer."""
    name = "extremitypathfinder 2.7.2"
    count = 15 if quick else 100
    zones = city(count)
    Environment.build(zones, CLEARANCE_M).prepare()
    ours_s = processor_seconds(lambda: Environment.build(zones, CLEARANCE_M).prepare())
    environment = Environment.build(zones, CLEARANCE_M).prepare()
    ours_ms = float(np.median(query_times_ms(environment, 500)))
    yield Figure(f"ready, {count} zones [{ENGINE}]", ours_s * 1e3, "ms")
    yield Figure(f"query p50, {count} zones [{ENGINE}]", ours_ms, "ms")
    try:
        from extremitypathfinder import PolygonEnvironment  # noqa: PLC0415 - a peer that need not be there
    except ImportError:
        yield Figure(f"build against the peer, {count} zones [{ENGINE}]", None, "×", 1500.0, True, f"{name} is absent")
        return
    clockwise = shapely.orient_polygons(environment.regions.merged, exterior_cw=True)
    holes = [np.array(part.exterior.coords)[:-1] for part in clockwise.geoms]
    edge = 1000.0
    frame = np.array([(-edge, -edge), (CITY_M + edge, -edge), (CITY_M + edge, CITY_M + edge), (-edge, CITY_M + edge)])
    peer = PolygonEnvironment()
    begin = time.process_time()
    peer.store(frame, holes, validate=False)
    peer_s = time.process_time() - begin
    times, longer = [], 0.0
    for start, goal in np.random.default_rng(5).uniform(0.0, CITY_M, (12 if quick else 40, 2, 2)):
        answer = environment.shortest(start, goal)
        if isinstance(answer, Route):
            begin = time.process_time()
            _, length = peer.find_shortest_path(tuple(start), tuple(goal))
            times.append((time.process_time() - begin) * 1e3)
            longer = max(longer, abs(answer.length_m / length - 1.0)) if length else longer
    peer_ms = float(np.median(times))
    yield Figure(
        f"build against the peer, {count} zones [{ENGINE}]",
        peer_s / ours_s,
        "×",
        1500.0,
        True,
        f"{name}: {peer_s:.1f} s",
    )
    yield Figure(
        f"query p50 against the peer, {count} zones [{ENGINE}]", peer_ms / ours_ms, "×", 3000.0, True,
        f"{name}: {peer_ms:.1f} ms",
    )  # fmt: skip
    yield Figure(f"length differs from the peer's, {count} zones [{ENGINE}]", 100.0 * longer, "%", 1e-6, False, name)


def scale(quick: bool) -> Iterator[Figure]:
    """Small, city-sized and country-sized environments."""
    yield from _at_scale(20, {"ready": 0.010, "p95": None, "tree": None, "memory": None})
    if quick:
        yield from _at_scale(200, {"ready": None, "p95": None, "tree": None, "memory": None})
        return
    yield from _at_scale(1000, {"ready": 0.4, "p95": 0.4, "tree": 0.1, "memory": 50.0})
    yield from _at_scale(5000, {"ready": 4.0, "p95": None, "tree": None, "memory": None})


def _at_scale(count: int, goals: dict[str, float | None]) -> Iterator[Figure]:
    zones = city(count)
    Environment.build(zones[:20], CLEARANCE_M).prepare()
    mesh_s = processor_seconds(lambda: Environment.build(zones, CLEARANCE_M, with_graph=False))
    ready_s = processor_seconds(lambda: Environment.build(zones, CLEARANCE_M).prepare(), repeats=2)
    environment = Environment.build(zones, CLEARANCE_M).prepare()
    label = f"{count} zones [{ENGINE}]"
    yield Figure(f"first route possible, {label}", mesh_s, "s")
    yield Figure(f"ready with graph, {label}", ready_s, "s", goals["ready"], peer=f"{len(environment.mesh.x)} vertices")
    times = query_times_ms(environment, 500)
    yield Figure(f"query p50, {label}", float(np.percentile(times, 50)), "ms")
    yield Figure(f"query p95, {label}", float(np.percentile(times, 95)), "ms", goals["p95"])
    replan = query_times_ms(Environment.build(zones, CLEARANCE_M, with_graph=False), 60)
    yield Figure(f"query without graph p50, {label}", float(np.percentile(replan, 50)), "ms")
    pairs = np.random.default_rng(5).uniform(0.0, CITY_M, (200, 2))
    hub = next(p for p in pairs if isinstance(environment.shortest(p, p), Route))
    goals_xy = np.random.default_rng(6).uniform(0.0, CITY_M, (10_000, 2))
    tree = environment.tree(hub)
    tree.distances(goals_xy[:10])
    tree_s = processor_seconds(lambda: environment.tree(hub))
    yield Figure(f"hub tree, {label}", tree_s * 1e3, "ms")
    yield Figure(
        f"10,000 destinations, {label}", processor_seconds(lambda: tree.distances(goals_xy), 2), "s", goals["tree"]
    )
    yield Figure(f"arrays, {label}", environment.nbytes / 1e6, "MB", goals["memory"])


def other_engine(quick: bool) -> Iterator[Figure]:
    """The scale figures without Numba, in a process where it is switched off."""
    if not ACCELERATED:
        yield Figure("the same with Numba", None, "", peer="numba is absent (extra fast)")
        return
    command = [sys.executable, "-m", "benchmarks.routing", "--json", "--only", "scale", *(["--quick"] if quick else [])]
    result = subprocess.run(
        command, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True
    )
    for line in result.stdout.splitlines():
        row = json.loads(line)
        at_least = row["goal"] is not None and row["holds"] != (row["value"] <= row["goal"])
        yield Figure(row["figure"], row["value"], row["unit"], row["goal"], at_least, row["peer"])


if __name__ == "__main__":
    measurements = {
        "exactness": exactness,
        "extremitypathfinder": against_extremitypathfinder,
        "scale": scale,
        "other-engine": other_engine,
    }
    sys.exit(run("Routes among zones", measurements))
