"""The simulated vehicle through MAVSDK 4, the way a real one is driven."""

import asyncio
import json
import socket
import sys
from pathlib import Path

from sim.fleet_config import FleetConfig, Home, Physical, VehicleConfig
from sim.fleet_process import FleetProcess

SUCCESS, ON_GROUND = 1, 1
FLIGHT_MODE_MISSION = 4


def free_udp_port() -> int:
    """A port that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_mavsdk_uploads_reads_back_arms_and_flies_a_hover_delivery(tmp_path: Path) -> None:
    """All plans are read back equal; the flight ends on the ground, disarmed; the parcel is where it should be."""
    port, log = free_udp_port(), tmp_path / "truth.jsonl"
    vehicle = VehicleConfig("d1", 9, port, Home(48.41, 15.60, 200.0), physical=Physical(loads_kg=((0.5,),)))
    async with FleetProcess(FleetConfig((vehicle,), speed_factor=20.0, truth_log=str(log))):
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("mavsdk_delivery.py")),
            str(port),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            out, _ = await asyncio.wait_for(client.communicate(), 60.0)
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
    seen = json.loads(out.splitlines()[-1])
    assert seen["found"]
    assert seen["system_id"] == 9
    assert seen["uploads"] == [SUCCESS] * 3
    assert seen["same"]
    assert seen["return_altitude_m"] == 30.0
    assert (seen["arm"], seen["start"]) == (SUCCESS, SUCCESS)
    assert FLIGHT_MODE_MISSION in seen["modes"]
    assert seen["landed_state"] == ON_GROUND
    releases = [line for line in map(json.loads, log.read_text().splitlines()) if line["kind"] == "release"]
    assert [(line["slot"], line["mass_kg"]) for line in releases] == [(1, 0.5)]
    assert abs(releases[0]["lat"] - 48.4106) < 3e-5
