"""Verified transfer over bad links: how often it arrives within 60 s, how long it takes, and whether it is ever wrong.

`virtual`: thousands of whole transfers (fence, rally points, mission, read back, item 0, the autopilot's verdict) by
the link code that flies, against a simulated PX4, in virtual time. A false result is LOADED where the vehicle holds
anything else, or NOT_LOADED where it holds the plan. `real`: the same link code on MAVSDK, in real time, through a UDP
proxy, and MAVSDK's own upload on the same links in turn with it (see `benchmarks.upload_real`).
"""

import multiprocessing
import os
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.harness import Figure, run
from benchmarks.upload_missions import HOME, LIMIT_S, is_held, mission_of
from benchmarks.upload_real import clean, lossy
from sim.fleet_config import VehicleConfig
from sim.link_faults import Faults, FaultyLink, Way
from sim.lossy_wire import LossyVehicle
from sim.virtual_time import run_in_virtual_time
from vehicles.link import TransferState


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of link, the same both ways."""

    name: str
    faults: Faults
    goal_percent: float
    runs: int
    items: int = 20


JITTERY = Faults(duplicated=0.1, delay_s=0.02, jitter_s=0.1, reordered=True)
ROWS = (
    Row("clean", Faults(), 100.0, 200),
    Row("30 % loss", Faults(loss=0.3), 99.9, 10_000),
    Row("30 % loss in bursts of 5", Faults(loss=0.3, burst_packets=5), 99.0, 1_000),
    Row("30 % loss, 100 items", Faults(loss=0.3), 99.5, 1_000, items=100),
    Row("10 % doubled, 20-120 ms, reordered", JITTERY, 99.9, 2_000),
    Row("150 ms one way", Faults(delay_s=0.15), 100.0, 500),
    Row("600-800 ms one way, reordered", Faults(delay_s=0.6, jitter_s=0.2, reordered=True), 95.0, 500),
    Row("57.6 kbit/s, 20 ms", Faults(delay_s=0.02, bandwidth_bit_s=57_600.0), 100.0, 200),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One transfer: how it ended, how long it took, whether that was false, and messages sent up."""

    state: TransferState
    took_s: float
    is_false: bool
    sent: int


async def _transferred(seed: str, row: Row) -> Trial:
    vehicle_config = VehicleConfig("v", 1, 14540, HOME)
    wanted = mission_of(row.items)
    async with LossyVehicle(vehicle_config, FaultyLink(seed, row.faults, row.faults)) as vehicle:
        began_s, sent = vehicle.link.now_s(), vehicle.wire.link.ways[Way.UP].offered
        result = await vehicle.link.upload(wanted, LIMIT_S)
        took_s = vehicle.link.now_s() - began_s
        held = is_held(wanted, vehicle.autopilot.onboard.plans.items)
        is_false = result.state is (TransferState.NOT_LOADED if held else TransferState.LOADED)
        return Trial(result.state, took_s, is_false, vehicle.wire.link.ways[Way.UP].offered - sent)


def trial(job: tuple[Row, int]) -> Trial:
    """One transfer, by its number."""
    row, number = job
    return run_in_virtual_time(_transferred(f"{row.name}/{number}", row))


def virtual(quick: bool) -> Iterator[Figure]:
    """Every row in virtual time."""
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for row in ROWS:
            runs = max(20, row.runs // 50) if quick else row.runs
            trials = pool.map(trial, [(row, number) for number in range(runs)], chunksize=20)
            loaded = sorted(t.took_s for t in trials if t.state is TransferState.LOADED)
            unknown = sum(t.state is TransferState.UNKNOWN for t in trials)
            what = f"{row.name}: loaded within {LIMIT_S:g} s"
            remark = f"{runs} transfers in virtual time, {unknown} UNKNOWN"
            yield Figure(what, 100.0 * len(loaded) / runs, "%", row.goal_percent, at_least=True, peer=remark)
            yield Figure(f"{row.name}: false results", sum(t.is_false for t in trials), "", 0, peer=remark)
            if len(loaded) > 1:
                p50_s, p99_s = statistics.median(loaded), statistics.quantiles(loaded, n=100)[98]
                sent = f"{statistics.mean(t.sent for t in trials):.0f} messages sent up on average"
                yield Figure(f"{row.name}: time p50", p50_s, "s", peer=sent)
                yield Figure(f"{row.name}: time p99", p99_s, "s")


if __name__ == "__main__":
    sys.exit(run("Verified transfer over bad links", {"virtual": virtual, "clean": clean, "lossy": lossy}))
