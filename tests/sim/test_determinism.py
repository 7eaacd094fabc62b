"""A flight follows from its seeds alone: in every process, in wind and gusts, with a wandering position."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = """
import hashlib, random, sys
from sim.autopilot import Autopilot
from sim.endurance import HOME, SYSTEM_ID, launch
from sim.fleet_config import Physical, VehicleConfig, WindConfig
from sim.local_plane import LocalPlane
from sim.position_error import PositionError
from sim.world import Wind, World

seed, drag = sys.argv[1], float(sys.argv[2])
wind = Wind(WindConfig(speed_m_s=3.0, from_deg=240.0, gust_m_s=1.0), random.Random(seed))
world = World(LocalPlane(HOME.latitude_deg, HOME.longitude_deg), wind)
config = VehicleConfig("d1", SYSTEM_ID, 14540, HOME, physical=Physical(air_drag_per_s=drag))
autopilot = Autopilot(config, position_error=PositionError(random.Random(seed), 0.5), world=world)
digest, heights = hashlib.sha256(), []
autopilot.advance(5.0)
launch(autopilot)
for _ in range(60):
    autopilot.advance(autopilot.now_s + 0.5)
    heights.append(autopilot.onboard.airframe.up_m)
    for frame in autopilot.take():
        digest.update(frame)
assert max(heights) > 15.0, "it did not fly"
print(digest.hexdigest())
"""


def trace(hash_seed: int, seed: str, drag_per_s: float) -> str:
    """Fly in a process of its own; return the hash of all that was sent."""
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-c", PROGRAM, seed, str(drag_per_s)]
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True, timeout=120.0)
    return done.stdout.decode().strip()


def test_a_flight_in_gusts_is_the_same_in_every_process() -> None:
    """Byte for byte, whatever the interpreter's hash seed; for both kinds of multicopter."""
    for drag_per_s in (0.0, 1.0):
        assert trace(1, "a", drag_per_s) == trace(4242, "a", drag_per_s)


def test_other_gusts_make_another_flight() -> None:
    """Otherwise the rule above would say nothing."""
    assert trace(1, "a", 0.0) != trace(1, "b", 0.0)
