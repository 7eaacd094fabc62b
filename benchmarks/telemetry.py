"""Telemetry from UDP to a reader: what a vehicle costs, how late its news is, and how slow and late readers fare.

Load, gateway and reader are three processes; the gateway's processor time is its own. Every vehicle sends positions
and attitudes at 10 Hz and four messages at 1 Hz.
"""

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import psutil

from benchmarks.harness import Figure, run
from benchmarks.telemetry_gateway import TICK_S
from benchmarks.telemetry_load import A_MAVSDK, A_PORT, MICROSECONDS
from vehicles import messages as m
from vehicles.bus_reader import BusReader
from vehicles.bus_server import BusServer
from vehicles.telemetry.data_plane import DataPlane, Expected
from vehicles.telemetry.subscriber import TelemetryView
from vehicles.telemetry.table import StateTable

FIRST_PORT = 26_100
WARM_UP_S = 3.0
GREATEST_TICK_MS = 1000.0 * TICK_S


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway process under load."""

    gateway: psutil.Process
    endpoints: tuple[str, str]


@contextlib.contextmanager
def under_load(count: int) -> Iterator[Running]:
    """Gateway and vehicles, each a process; both end with the block."""
    arguments = [str(count), str(FIRST_PORT)]
    gateway = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.telemetry_gateway", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert gateway.stdin is not None
    assert gateway.stdout is not None
    pub, router = json.loads(gateway.stdout.readline())
    load = subprocess.Popen([sys.executable, "-m", "benchmarks.telemetry_load", *arguments, str(A_PORT)])
    try:
        yield Running(psutil.Process(gateway.pid), (pub, router))
    finally:
        load.kill()
        load.wait()
        gateway.stdin.close()
        gateway.wait(10.0)
        gateway.stdout.close()


@contextlib.asynccontextmanager
async def reading(running: Running, view: TelemetryView) -> AsyncIterator[BusReader]:
    """A reader of it."""
    reader = BusReader(*running.endpoints, view)
    await reader.open()
    try:
        yield reader
    finally:
        await reader.close()


@dataclass(frozen=True, slots=True)
class Flow:
    """What a reader and a gateway's processor saw for some seconds."""

    busy_percent: float
    memory_mb: float
    late_ms: list[float]
    heard: int
    gaps: int


async def _flow(running: Running, count: int, seconds: float) -> Flow:
    view, late_ms, heard = TelemetryView(), [], 0

    def on_changed(vehicle_ids: tuple[str, ...]) -> None:
        nonlocal heard
        heard += len(vehicle_ids)
        now_us = int(time.monotonic() * 1e6)
        for vehicle_id in vehicle_ids[:: max(1, count // 100)]:  # some of them: the clock must not be the load
            state = view.state(vehicle_id)
            if state.has_position:
                sent_us = round(state.latitude_deg * 1e7)
                late_ms.append(((now_us - sent_us) % MICROSECONDS) / 1000.0)

    async with reading(running, view) as reader:
        await asyncio.sleep(WARM_UP_S)
        gaps = view.gaps
        reader.on_changed = on_changed
        before, began_s = running.gateway.cpu_times(), time.monotonic()
        await asyncio.sleep(seconds)
        after, took_s = running.gateway.cpu_times(), time.monotonic() - began_s
        reader.on_changed = lambda _vehicle_ids: None
        busy_s = after.user + after.system - before.user - before.system
        memory_mb = running.gateway.memory_info().rss / 1e6
        return Flow(100.0 * busy_s / took_s, memory_mb, late_ms, heard, view.gaps - gaps)


def flow(quick: bool) -> Iterator[Figure]:
    """What a hundred and a thousand vehicles cost, and how late their news is."""
    for count in (100, 1_000):
        with under_load(count) as running:
            seen = asyncio.run(_flow(running, count, 3.0 if quick else 15.0))
        p50_ms, p99_ms = statistics.median(seen.late_ms), statistics.quantiles(seen.late_ms, n=100)[98]
        remark = f"{GREATEST_TICK_MS:g} ms tick, {seen.heard} changes heard, {seen.gaps} ticks missed"
        name = f"{count:,} vehicles"
        yield Figure(
            f"{name}: gateway", seen.busy_percent, "% of a core", 12.0 if count == 1_000 else None, peer=remark
        )
        yield Figure(f"{name}: vehicles a core", 100.0 * count / seen.busy_percent, "")
        yield Figure(f"{name}: memory of the gateway", seen.memory_mb, "MB")
        yield Figure(f"{name}: late p50", p50_ms, "ms", peer=remark)
        yield Figure(f"{name}: late p99", p99_ms, "ms", GREATEST_TICK_MS + 2.0, peer=remark)


def peer(quick: bool) -> Iterator[Figure]:
    """MAVSDK's own subscriptions to positions and attitudes, in its favour: it publishes nothing."""
    count = 100
    arguments = [str(count), str(FIRST_PORT)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.telemetry_mavsdk", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    load = subprocess.Popen([sys.executable, "-m", "benchmarks.telemetry_load", *arguments, str(A_MAVSDK)])
    try:
        found = int(process.stdout.readline())
        watched = psutil.Process(process.pid)
        time.sleep(WARM_UP_S)
        before, began_s = watched.cpu_times(), time.monotonic()
        time.sleep(3.0 if quick else 15.0)
        after, took_s = watched.cpu_times(), time.monotonic() - began_s
        memory_mb = watched.memory_info().rss / 1e6
        process.stdin.close()
        heard = int(process.stdout.readline())
    finally:
        load.kill()
        load.wait()
        process.kill()
        process.wait()
        process.stdout.close()
    busy_percent = 100.0 * (after.user + after.system - before.user - before.system) / took_s
    remark = f"mavsdk 4.1, {found} of {count} vehicles found, {heard} values heard; nothing published"
    yield Figure("100 vehicles, mavsdk streams: process", busy_percent, "% of a core", peer=remark)
    yield Figure("100 vehicles, mavsdk streams: vehicles a core", 100.0 * found / busy_percent, "", peer=remark)
    yield Figure("100 vehicles, mavsdk streams: memory", memory_mb, "MB", peer=remark)


async def _joins(running: Running, count: int, joins: int) -> tuple[list[float], int]:
    took_ms, unwhole = [], 0
    await asyncio.sleep(WARM_UP_S)
    for _ in range(joins):
        view = TelemetryView()
        began_s = time.monotonic()
        async with reading(running, view):
            took_ms.append(1000.0 * (time.monotonic() - began_s))
            await asyncio.sleep(3 * TICK_S)  # deltas follow the snapshot
            unwhole += not view.whole or view.gaps > 0 or len(view.vehicles()) != count
    return took_ms, unwhole


def joining(quick: bool) -> Iterator[Figure]:
    """Readers that come late, one after the other, while a thousand vehicles fly."""
    joins = 50 if quick else 1_000
    with under_load(1_000) as running:
        took_ms, unwhole = asyncio.run(_joins(running, 1_000, joins))
    remark = f"{joins} joins; connected, subscribed and whole"
    yield Figure("late join, 1,000 vehicles: p50", statistics.median(took_ms), "ms", 10.0, peer=remark)
    yield Figure("late join, 1,000 vehicles: p99", statistics.quantiles(took_ms, n=100)[98], "ms", peer=remark)
    yield Figure("late joins with a gap", unwhole, "", 0, peer=remark)


async def _slow(running: Running, pause_s: float, rounds: int) -> tuple[list[float], Flow]:
    view, others = TelemetryView(), TelemetryView()
    ages_ms: list[float] = []
    async with reading(running, view), reading(running, others):
        await asyncio.sleep(WARM_UP_S)
        for _ in range(rounds):
            time.sleep(pause_s)  # noqa: ASYNC251  a reader that stands still is what is measured
            await asyncio.sleep(0.0)
            await asyncio.sleep(0.0)
            now_s = time.monotonic()
            ages_ms.append(1000.0 * max(view.transport_age_s("v0", now_s), 0.0))
    return ages_ms, await _flow(running, 1_000, 4.0)


def slow_reader(quick: bool) -> Iterator[Figure]:
    """A reader that stands still for a second at a time: how old the newest that it then sees is."""
    with under_load(1_000) as running:
        ages_ms, after = asyncio.run(_slow(running, 1.0, 3 if quick else 10))
    goal_ms = GREATEST_TICK_MS + 1_000.0
    remark = f"it stood still for 1 s each time; gaps of others meanwhile {after.gaps}"
    yield Figure("slow reader: age of its newest, p50", statistics.median(ages_ms), "ms", goal_ms, peer=remark)
    yield Figure("slow reader: age of its newest, most", max(ages_ms), "ms", goal_ms, peer=remark)


async def _cycle(number: int) -> bool:
    """One start and stop; whether a vehicle table came through whole."""
    table = StateTable("bench", number + 1)
    plane = DataPlane([Expected(f"v{index}", 1 + index, FIRST_PORT) for index in range(A_PORT)], table)

    async def answer(request: m.Request) -> m.Reply:
        assert isinstance(request, m.SnapshotRequest)
        return server.snapshot(request, ())

    server, view = BusServer("bench", number + 1, table, answer), TelemetryView()
    plane.open()
    server.open("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
    reader = BusReader(server.pub_endpoint, server.router_endpoint, view)
    await reader.open()
    plane.tick(time.monotonic())
    await reader.close()
    await server.close()
    plane.close()
    return view.whole


def cycles(_quick: bool) -> Iterator[Figure]:
    """Fifty starts and stops in one process: what stays behind."""
    asyncio.run(_cycle(0))
    files, threads = psutil.Process().num_fds(), threading.active_count()
    whole = sum(asyncio.run(_cycle(number)) for number in range(1, 51))
    yield Figure("50 starts and stops: readers that were whole", whole, "", 50, at_least=True)
    yield Figure("50 starts and stops: files left open", psutil.Process().num_fds() - files, "", 0)
    yield Figure("50 starts and stops: threads left", threading.active_count() - threads, "", 0)
    yield Figure("50 starts and stops: child processes left", len(psutil.Process().children()), "", 0)


if __name__ == "__main__":
    sys.exit(
        run("Telemetry", {"flow": flow, "peer": peer, "joining": joining, "slow_reader": slow_reader, "cycles": cycles})
    )
