"""Wind, hills, and that a flight is the same however often, however finely and wherever it is simulated."""

import hashlib
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from sim.autopilot import Autopilot
from sim.fleet_config import Home, ReliefConfig, VehicleConfig, WindConfig
from sim.local_plane import LocalPlane
from sim.world import Wind, World

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation

ROOT = Path(__file__).resolve().parents[2]
HASH_PROGRAM = """
import hashlib, random
from sim.autopilot import Autopilot
from sim.fleet_config import Home, VehicleConfig, WindConfig
from sim.local_plane import LocalPlane
from sim.modes import Mode
from sim.world import Wind, World
home = Home(48.41, 15.60, 200.0)
wind = Wind(WindConfig(6.0, 200.0, 1.5), random.Random("7"))
world = World(LocalPlane(home.latitude_deg, home.longitude_deg), wind)
autopilot = Autopilot(VehicleConfig("d", 1, 14540, home), world=world)
autopilot.advance(4.0)
autopilot.onboard.armed = True
autopilot.navigator.ask_takeoff(230.0)
autopilot.commander.request_mode(Mode.TAKEOFF)
autopilot.advance(40.0)
print(hashlib.sha256(b"".join(autopilot.take())).hexdigest())
"""


def test_a_flight_is_the_same_under_any_hash_seed() -> None:
    """Every byte that a vehicle sends in 40 s of wind and gusts, in two processes with different PYTHONHASHSEEDs."""
    hashes = set()
    for hash_seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", HASH_PROGRAM]
        done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
        hashes.add(done.stdout)
    assert len(hashes) == 1


@pytest.mark.parametrize("stride_s", [0.03, 0.7, 5.0])
def test_where_advance_stops_makes_no_difference(
    make_station: "MakeStation", plans: SimpleNamespace, stride_s: float
) -> None:
    """Frames of a flight simulated in pieces of any length are those of the flight in one piece."""

    def frames(step_s: float) -> bytes:
        station = make_station()
        station.launch(plans.hover_delivery(40.0))
        start_s, autopilot, digest = station.autopilot.now_s, station.autopilot, hashlib.sha256()
        for count in range(1, int(60.0 / step_s) + 1):
            autopilot.advance(start_s + count * step_s)
        autopilot.advance(start_s + 60.0)
        digest.update(b"".join(autopilot.take()))
        return digest.digest()

    assert frames(stride_s) == frames(60.0)


def test_gusts_have_the_size_asked_for_and_come_again_with_their_seed() -> None:
    """Over hours the deviation is that of the configuration; equal seeds, equal gusts."""

    def blow(seed: int) -> list[float]:
        wind = Wind(WindConfig(8.0, 270.0, 2.0), random.Random(seed))
        return [wind.at(second * 0.5, 10.0)[1] for second in range(20_000)]

    assert blow(1) == blow(1) != blow(2)
    assert statistics.mean(blow(1)) == pytest.approx(8.0, abs=0.4)
    assert statistics.pstdev(blow(1)) == pytest.approx(2.0, rel=0.15)


def test_wind_grows_with_height_and_comes_from_where_it_is_said_to() -> None:
    """A west wind blows east; at 80 m it is a third stronger than at 10 m."""
    wind = Wind(WindConfig(10.0, 270.0), random.Random(0))
    north, east = wind.at(0.0, 10.0)
    assert [north, east] == pytest.approx([0.0, 10.0], abs=1e-9)
    assert wind.at(0.0, 80.0)[1] == pytest.approx(13.5, abs=0.2)


def test_power_follows_the_speed_through_the_air_not_over_the_ground() -> None:
    """12 m/s against 8 m/s of wind cost what 20 m/s cost in still air."""
    world = World(LocalPlane(48.41, 15.6), Wind(WindConfig(8.0, 0.0), random.Random(0)))
    home = Home(48.41, 15.60, 200.0)
    windy = Autopilot(VehicleConfig("d", 1, 14540, home), world=world).onboard
    still = Autopilot(VehicleConfig("d", 1, 14540, home)).onboard
    for onboard, speed_m_s in ((windy, 12.0), (still, 20.0)):
        onboard.armed, onboard.landed, onboard.airframe.up_m = True, False, 10.0
        onboard.feel_world()
        onboard.airframe.velocity_north_m_s = speed_m_s
    assert windy.power_w() == pytest.approx(still.power_w())


def test_a_vehicle_lands_on_the_hill_below_it(station: "GroundStation", plans: SimpleNamespace) -> None:
    """The ground rises 10 m towards the north: it touches down there, higher than where it booted."""
    latitude = station.autopilot.onboard.config.home.latitude_deg
    relief = ReliefConfig((latitude, latitude + 0.0009), (15.0, 16.0), ((300.0, 300.0), (310.0, 310.0)))
    onboard = station.autopilot.onboard
    onboard.world = World(onboard.plane, relief=relief)
    station.fly([plans.item(22, 0.0, 0.0, 30.0), plans.item(21, 90.0, 0.0, 0.0)])
    assert onboard.airframe.on_ground
    assert onboard.airframe.up_m == pytest.approx(9.0, abs=0.3)
    assert station.named("DISTANCE_SENSOR")[-1].current_distance == 0
