"""The simulated vehicle: how many, how fast, how faithful, how repeatable, and how hard to break.

The recordings of a real PX4 are found below STORK_DATA_DIR (or ../shared/data beside the checkout).
"""

import asyncio
import hashlib
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import psutil

from benchmarks.harness import Figure, run
from sim.autopilot import Autopilot
from sim.endurance import HOME, SYSTEM_ID, endure, launch, start_frames, upload_frames
from sim.fidelity.cases import CASES
from sim.fidelity.observed import message_name
from sim.fidelity.table import all_differences, rows_of
from sim.fleet_config import FleetConfig, VehicleConfig
from sim.fleet_process import FleetProcess
from sim.hostile_frames import hostile_datagrams
from sim.position_error import PositionError

CHECKOUT = Path(__file__).resolve().parents[1]
RECORDINGS = Path(os.environ.get("STORK_DATA_DIR", CHECKOUT.parent / "shared" / "data")) / "px4-traces"

VEHICLES = 50
LISTEN_S = 10.0
TARGET_IN_FLIGHT_ID = 87
"""POSITION_TARGET_GLOBAL_INT, which PX4 sends while it flies by itself."""
RECEIVE_BUFFER_BYTES = 32 * 1024 * 1024
HOT_HZ = {
    "ATTITUDE": 100.0,
    "ATTITUDE_QUATERNION": 50.0,
    "GLOBAL_POSITION_INT": 50.0,
    "HIGHRES_IMU": 50.0,
    "LOCAL_POSITION_NED": 30.0,
    "ODOMETRY": 30.0,
    "VFR_HUD": 10.0,
    "GPS_RAW_INT": 8.0,
    "SYS_STATUS": 5.0,
    "EXTENDED_SYS_STATE": 5.0,
}
"""PX4's own rates on its onboard link, as recorded."""
FLIGHT_S = 60.0
FULL_HZ, THINNED_HZ = 100.0, 1.0
HASH_PROGRAM = "from benchmarks.simulation import trace_hash; import sys; print(trace_hash(int(sys.argv[1])))"


def standing(max_stream_hz: float, position_error: PositionError | None = None) -> Autopilot:
    """A vehicle on the ground, ready to arm."""
    config = VehicleConfig("d1", SYSTEM_ID, 14540, HOME)
    autopilot = Autopilot(config, max_stream_hz=max_stream_hz, position_error=position_error)
    autopilot.advance(5.0)
    return autopilot


def flying(max_stream_hz: float, position_error: PositionError | None = None) -> Autopilot:
    """A vehicle that has just taken off for a flight out and back."""
    autopilot = standing(max_stream_hz, position_error)
    launch(autopilot)
    if not autopilot.onboard.armed:
        raise SystemExit("the vehicle does not fly: the figures mean nothing")
    return autopilot


def times_real_time(make: Callable[[float], Autopilot], max_stream_hz: float, seconds: float) -> tuple[float, float]:
    """Simulated seconds for each second of processor time, the best of three; messages a simulated second."""
    best, messages = 0.0, 0
    for _ in range(3):
        autopilot = make(max_stream_hz)
        autopilot.take()
        begun_s, began, messages = autopilot.now_s, time.process_time(), 0
        while autopilot.now_s < begun_s + seconds:
            autopilot.advance(autopilot.now_s + 1.0)
            messages += len(autopilot.take())
        best = max(best, (autopilot.now_s - begun_s) / (time.process_time() - began))
    return best, messages / seconds


def speed(quick: bool) -> Iterator[Figure]:
    """One vehicle without a link, as fast as it goes."""
    seconds = FLIGHT_S / 4 if quick else FLIGHT_S
    for name, rate, goal in (("full message logic", FULL_HZ, 1_000.0), ("streams thinned to 1 Hz", THINNED_HZ, 1e4)):
        for state, make in (("in flight", flying), ("on the ground", standing)):
            factor, messages = times_real_time(make, rate, seconds)
            remark = f"{messages:,.0f} messages a simulated second; processor time"
            yield Figure(f"one vehicle {state}, {name}", factor, "× real time", goal, at_least=True, peer=remark)


async def _listen(quick: bool) -> tuple[float, dict[str, float], float, float]:
    """Run the fleet on one core; return its processor share, the worst rates as shares of PX4's, message rates."""
    listen_s = LISTEN_S / 4 if quick else LISTEN_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as partner:
        partner.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        partner.bind(("127.0.0.1", 0))
        partner.setblocking(False)
        port = partner.getsockname()[1]
        vehicles = tuple(VehicleConfig(f"d{number}", number, port, HOME) for number in range(1, VEHICLES + 1))
        async with FleetProcess(FleetConfig(vehicles, max_stream_hz=FULL_HZ)) as fleet:
            process = psutil.Process(fleet.pid)
            cores = sorted(os.sched_getaffinity(0))
            process.cpu_affinity(cores[-1:])
            _drain(partner, time.monotonic() + 6.0)  # it can be armed once it has its position, 4 s after its boot
            for frames, settle_s in ((upload_frames, 1.0), (start_frames, 12.0)):
                for number in range(1, VEHICLES + 1):
                    for frame in frames(number):
                        partner.sendto(frame, ("127.0.0.1", fleet.local_ports[f"d{number}"]))
                counts = _drain(partner, time.monotonic() + settle_s)
            if len({sender for message_id, sender in counts if message_id == TARGET_IN_FLIGHT_ID}) < VEHICLES:
                raise SystemExit("the vehicles do not fly: the figures mean nothing")
            before, began = process.cpu_times(), time.monotonic()
            counts = _drain(partner, began + listen_s)
            after, took_s = process.cpu_times(), time.monotonic() - began
    used_s = after.user + after.system - before.user - before.system
    heard: dict[str, Counter[int]] = {}
    for (message_id, system_id), count in counts.items():
        heard.setdefault(message_name(message_id), Counter())[system_id] += count
    worst = {
        name: min(heard.get(name, Counter())[number] for number in range(1, VEHICLES + 1)) / took_s / hz
        for name, hz in HOT_HZ.items()
    }
    return used_s / took_s, worst, sum(counts.values()) / took_s, took_s


def _drain(partner: socket.socket, until_s: float) -> Counter[tuple[int, int]]:
    """Count messages by id and sender; the kernel's buffer holds what comes between two looks."""
    counts: Counter[tuple[int, int]] = Counter()
    while time.monotonic() < until_s:
        try:
            while True:
                datagram = partner.recv(2048)
                counts[int.from_bytes(datagram[7:10], "little"), datagram[5]] += 1
        except BlockingIOError:
            time.sleep(0.002)
    return counts


def fleet(quick: bool) -> Iterator[Figure]:
    """Fifty vehicles in flight on UDP at PX4's rates: one process, held to one core, its partner on another."""
    share, worst, messages, _ = asyncio.run(_listen(quick))
    name, least = min(worst.items(), key=lambda pair: pair[1])
    remark = f"least of {len(worst)} streams × {VEHICLES} vehicles: {name}"
    yield Figure(
        f"{VEHICLES} vehicles flying on UDP, share of PX4's rate received", least, "", 0.95, at_least=True, peer=remark
    )
    yield Figure(f"{VEHICLES} vehicles flying on UDP, processor", share * 100.0, "% of a core", 100.0)
    yield Figure(
        f"{VEHICLES} vehicles flying on UDP, received", messages, "messages/s", peer="PX4: about 406 a vehicle"
    )
    yield Figure("vehicles that one core bears", VEHICLES / share, "", VEHICLES, at_least=True, peer="by its share")


def trace_hash(seed: int) -> str:
    """Hash of every frame of a flight that meets hostile frames; these and its position errors follow from the seed."""
    digest, rng = hashlib.sha256(), random.Random(seed)
    autopilot = flying(FULL_HZ, PositionError(random.Random(seed), 0.3))
    for datagram in islice(hostile_datagrams(rng, SYSTEM_ID), 600):
        autopilot.receive(datagram)
        autopilot.advance(autopilot.now_s + 0.1)
        for frame in autopilot.take():
            digest.update(frame)
    return digest.hexdigest()


def determinism(_quick: bool) -> Iterator[Figure]:
    """The same flight in processes with different hash seeds."""
    hashes = []
    for hash_seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", HASH_PROGRAM, "7"]
        done = subprocess.run(command, env=environment, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True)
        hashes.append(done.stdout.decode().strip())
    if trace_hash(8) in hashes:
        raise SystemExit("another seed gives the same trace: the figure means nothing")
    yield Figure(
        "traces of one seed that differ", len(set(hashes)) - 1, "", 0, peer="3 processes, PYTHONHASHSEED 0, 1, 4242"
    )


def fidelity(_quick: bool) -> Iterator[Figure]:
    """Six recordings of PX4 v1.16.1 against the simulated vehicle; the list is in docs/fidelity.md."""
    if not RECORDINGS.is_dir():
        yield Figure("differences from recorded PX4", None, "", peer=f"no recordings at {RECORDINGS}")
        return
    differences = all_differences(RECORDINGS)
    transfers = sum(difference.subject.startswith("transfers") for difference in differences)
    remark = f"{len(CASES)} recordings"
    yield Figure("transfers and ACKs that differ from recorded PX4", transfers, "", 0, peer=remark)
    yield Figure("differences from recorded PX4, all listed", len(rows_of(differences)), "", peer=remark)


def fuzz(quick: bool) -> Iterator[Figure]:
    """Hostile frames: cut, broken, oversized, of a wrong version, unknown, absurd; half of the vehicles fly."""
    datagrams = 50_000 if quick else 1_000_000
    began = time.process_time()
    found = endure(seed=7, datagrams=datagrams)
    took_s = time.process_time() - began
    yield Figure("hostile frames", found.datagrams, "", datagrams, at_least=True, peer=f"{took_s:.0f} s of processor")
    yield Figure("exceptions", sum(found.exceptions.values()), "", 0, peer="; ".join(found.exceptions))
    yield Figure("vehicles that do not answer afterwards", found.unanswered, "", 0, peer=f"of {found.vehicles}")


if __name__ == "__main__":
    measurements = {
        "speed": speed,
        "fleet": fleet,
        "determinism": determinism,
        "fidelity": fidelity,
        "fuzz": fuzz,
    }
    sys.exit(run("The simulated vehicle", measurements))
