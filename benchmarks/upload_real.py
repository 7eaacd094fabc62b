"""Uploads in real time, through MAVSDK: ours and MAVSDK's own in turn, on the same kind of link.

Every upload on a bad link has a vehicle, a UDP proxy and a process of its own, so that none inherits what the one
before has left behind; a few run side by side. `python -m benchmarks.upload_real ROUTE SEED` is one of them.
"""

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from mavsdk.plugins.mission_raw import MissionItem as RawItem
from mavsdk.plugins.mission_raw import MissionRaw, MissionRawError

from benchmarks.harness import Figure
from benchmarks.upload_missions import HOME, LIMIT_S, is_held, mission_of
from mission.model.mission import MavMissionType, MissionItem
from sim.fleet_config import FleetConfig, VehicleConfig
from sim.link_faults import PERFECT, Faults, FaultyLink
from sim.lossy_proxy import LossyProxy
from sim.udp_fleet import UdpFleet
from vehicles.link import TransferState
from vehicles.mavsdk_fleet import MavsdkFleet, VehicleAddress

ITEMS = 20
LOSS = 0.3
SIDE_BY_SIDE = 4
CLEAN_ROUNDS = 15
PEER = "mavsdk 4.1.0 mission_raw"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _raw(items: tuple[MissionItem, ...]) -> list[RawItem]:
    names = ("frame", "command", "autocontinue", "param1", "param2", "param3", "param4", "x", "y", "z")
    return [
        RawItem(seq=n, current=int(n == 0), mission_type=0, **{name: getattr(item, name) for name in names})
        for n, item in enumerate(items)
    ]


async def _timed(call: Callable[[], object]) -> tuple[bool, float]:
    """A blocking call of MAVSDK's on a thread: whether it said that it succeeded, and how long it took."""
    began_s = time.perf_counter()
    try:
        await asyncio.to_thread(call)
    except MissionRawError:
        return False, time.perf_counter() - began_s
    return True, time.perf_counter() - began_s


async def _clean(plans: MissionRaw, fleet: MavsdkFleet) -> dict[str, object]:
    """One list, up and down again, ours and MAVSDK's in turn; medians in seconds."""
    link = fleet.links["v"]
    took: dict[str, list[float]] = {"ours": [], "ours, read back": [], "mavsdk": []}
    for number in range(CLEAN_ROUNDS):
        raw = _raw(mission_of(ITEMS, 20.0 + number).items)
        took["mavsdk"].append((await _timed(lambda raw=raw: plans.upload_mission(raw)))[1])  # type: ignore[misc]
        began_s = time.perf_counter()
        await link.write_items(MavMissionType.MISSION, mission_of(ITEMS, 40.5 + number).items, LIMIT_S)
        took["ours"].append(time.perf_counter() - began_s)
        await link.read_items(MavMissionType.MISSION, LIMIT_S)
        took["ours, read back"].append(time.perf_counter() - began_s)
    return {name: statistics.median(values) for name, values in took.items()}


async def _one(route: str, seed: int) -> dict[str, object]:
    """One upload of a mission; `said` is what was claimed, `held` what the vehicle holds in the end."""
    ground, vehicle_side = _free_port(), _free_port()
    faults = PERFECT if route == "clean" else Faults(loss=LOSS)
    link = FaultyLink(seed)
    wanted = mission_of(ITEMS)
    vehicle = VehicleConfig("v", 1, vehicle_side, HOME)
    async with (
        UdpFleet(FleetConfig((vehicle,))) as simulated,
        LossyProxy(link, vehicle_side_port=vehicle_side, ground_port=ground),
        MavsdkFleet([VehicleAddress("v", 1, f"udpin://127.0.0.1:{ground}")]) as fleet,
    ):
        await fleet.wait_until_settled()
        onboard = simulated.vehicles["v"].autopilot.onboard
        async with asyncio.timeout(LIMIT_S):
            while not fleet.links["v"].state().has_position or onboard.now_s < 5.0:  # noqa: ASYNC110 - no event for both
                await asyncio.sleep(0.1)
        (connection,) = fleet._connections.values()
        plans = MissionRaw((await connection.autopilots())[1])
        if route == "clean":
            return await _clean(plans, fleet)
        link.set(up=faults, down=faults)
        if route == "mavsdk":
            said, took_s = await _timed(lambda: plans.upload_mission(_raw(wanted.items)))
            held = is_held(wanted, onboard.plans.items, (MavMissionType.MISSION,))
            return {"said": "LOADED" if said else "NOT_LOADED", "held": held, "took_s": took_s}
        began_s = time.perf_counter()
        result = await fleet.links["v"].upload(wanted, LIMIT_S)
        took_s = time.perf_counter() - began_s
        return {"said": result.state, "held": is_held(wanted, onboard.plans.items), "took_s": took_s}


def _in_a_process(route: str, seed: int) -> dict[str, object]:
    command = (sys.executable, "-m", "benchmarks.upload_real", route, str(seed))
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300.0, check=True)
    answer: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def clean(_quick: bool) -> Iterator[Figure]:
    """Time of one list of 20 items on a clean link, as a multiple of MAVSDK's own."""
    took = {name: float(str(value)) for name, value in _in_a_process("clean", 0).items()}
    milliseconds = ", ".join(f"{name} {1e3 * value:.1f} ms" for name, value in took.items())
    yield Figure("clean, real time: upload", took["ours"] / took["mavsdk"], "× mavsdk", 1.3, peer=milliseconds)
    yield Figure("clean, real time: upload and read back", took["ours, read back"] / took["mavsdk"], "× mavsdk", 2.5)


def lossy(quick: bool) -> Iterator[Figure]:
    """Ours and MAVSDK's in turn at 30 % loss, in real time."""
    runs = 4 if quick else 32
    jobs = [(route, seed) for seed in range(runs) for route in ("ours", "mavsdk")]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        answers = list(zip(jobs, pool.map(lambda job: _in_a_process(*job), jobs), strict=True))
    for route, peer in (("ours", ""), ("mavsdk", PEER)):
        mine = [answer for (name, _), answer in answers if name == route]
        loaded = sum(answer["said"] == TransferState.LOADED and bool(answer["held"]) for answer in mine)
        wrong = sum((answer["said"], answer["held"]) in {("LOADED", False), ("NOT_LOADED", True)} for answer in mine)
        what = f"{100 * LOSS:g} % loss, real time, {route}"
        goal = 99.9 if route == "ours" else None
        yield Figure(f"{what}: loaded", 100.0 * loaded / runs, "%", goal, at_least=True, peer=peer or f"{runs} uploads")
        yield Figure(f"{what}: false results", wrong, "", 0 if route == "ours" else None, peer=peer)
        median_s = statistics.median(float(str(answer["took_s"])) for answer in mine)
        yield Figure(f"{what}: time p50", median_s, "s", peer=peer)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_one(sys.argv[1], int(sys.argv[2])))))
