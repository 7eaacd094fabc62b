"""`stork sim fleet`: the day's fleet as simulated PX4 vehicles, for any ground station."""

import asyncio
import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from rich.console import Console

from mission.errors import InputError, InputProblem, LinkError
from mission.model.fleet import Vehicle
from operations.fleet_up import FleetUp, simulated_fleet
from operations.inputs import DayArguments
from operations.outcome import Exit, print_json


def sim_fleet_command(
    arguments: DayArguments, speed: float | None, seed: int | None, seconds: float | None, *, as_json: bool
) -> Exit:
    """Run the fleet at the ports of its connection URLs until interrupted, or for `seconds`."""
    files = arguments.read()
    simulation = files.simulation if seed is None else files.simulation.model_copy(update={"seed": seed})
    speed_factor = speed or 1.0
    ports = {vehicle.vehicle_id: _port(vehicle) for vehicle in files.day.vehicles}

    async def run() -> None:
        with TemporaryDirectory(prefix="stork-sim-") as folder:
            async with simulated_fleet(files.day, simulation, speed_factor, Path(folder), ports=ports) as fleet:
                _announce(fleet, as_json=as_json)
                await asyncio.wait_for(asyncio.Event().wait(), seconds)

    try:
        with contextlib.suppress(TimeoutError, KeyboardInterrupt):
            asyncio.run(run())
    except LinkError as error:
        raise InputError(InputProblem("fleet", "vehicles", str(error), "Run `stork doctor`")) from error
    return Exit.DONE


def _port(vehicle: Vehicle) -> int:
    """The UDP port on which a ground station would listen for the vehicle."""
    port = urlsplit(vehicle.connection_url).port
    if port is None or not vehicle.connection_url.startswith("udpin://"):
        what = f"{vehicle.connection_url} is not udpin://HOST:PORT"
        mend = "Simulated vehicles speak to a UDP port"
        raise InputError(InputProblem("fleet", f"{vehicle.vehicle_id}.connection_url", what, mend))
    return port


def _announce(fleet: FleetUp, *, as_json: bool) -> None:
    if as_json:
        vehicles = [
            {"vehicle": v.vehicle_id, "system_id": v.system_id, "url": v.connection_url} for v in fleet.vehicles
        ]
        print_json({"ready": True, "speed_factor": fleet.speed_factor, "vehicles": vehicles})
        return
    console = Console()
    console.print(f"{len(fleet.vehicles)} simulated PX4 vehicles at {fleet.speed_factor:g}× real time. Ctrl-C ends.")
    for vehicle in fleet.vehicles:
        console.print(
            f"  {vehicle.vehicle_id}: MAVLink system {vehicle.system_id}, connect to {vehicle.connection_url}"
        )
