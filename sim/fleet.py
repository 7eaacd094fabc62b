"""A simulated fleet as a process: ``python -m sim.fleet CONFIG.json``.

Prints one JSON line once every vehicle streams, ``{"ready": true, "vehicles": {id: {"system_id", "local_port"}}}``,
or ``{"ready": false, "error": …}`` and exits with 2. A JSON line on standard input is a fault that strikes at its
moment, or at once (docs/faults-simulated.md); it is answered with ``{"planted": true}`` or with what is wrong. Ends on
SIGTERM or SIGINT, and when a pipe on standard input closes – which it does when the process that started it dies.
"""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import msgspec

from mission.errors import InputError
from sim.fault_kinds import Fault
from sim.fleet_config import FleetConfig, load_fleet_config
from sim.udp_fleet import UdpFleet, report_slip

EXIT_CANNOT_START = 2


def _say(**fields: object) -> None:
    sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")
    sys.stdout.flush()


async def _obey(fleet: UdpFleet) -> None:
    """Plant the faults that come as JSON lines on a pipe on standard input; return when it closes.

    Waits for ever when standard input is no pipe.
    """
    loop = asyncio.get_running_loop()
    if sys.stdin is None or not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        await loop.create_future()
        return
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        try:
            fault: Fault = msgspec.json.decode(line, type=Fault)
            fleet.plant(fault)
        except (msgspec.DecodeError, InputError) as error:
            _say(planted=False, error=str(error))
        else:
            _say(planted=True)


async def run_fleet(config: FleetConfig) -> int:
    """Run a fleet until told to stop; return the exit code."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with UdpFleet(config) as fleet:
            await fleet.wait_streaming()
            vehicles = {
                vehicle_id: {"system_id": vehicle.config.system_id, "local_port": vehicle.local_port}
                for vehicle_id, vehicle in fleet.vehicles.items()
            }
            _say(ready=True, vehicles=vehicles)
            ends = [
                asyncio.ensure_future(stop.wait()),
                asyncio.ensure_future(_obey(fleet)),
                asyncio.ensure_future(fleet.wait_failed()),
            ]
            done, pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in pending:
                end.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            for end in done:
                end.result()
            report_slip(fleet)
    except OSError as error:
        _say(ready=False, error=str(error))
        return EXIT_CANNOT_START
    return 0


def main() -> int:
    """Entry point of ``python -m sim.fleet``."""
    if len(sys.argv) != 2:
        print("usage: python -m sim.fleet CONFIG.json", file=sys.stderr)
        return EXIT_CANNOT_START
    try:
        config = load_fleet_config(Path(sys.argv[1]))
    except InputError as error:
        _say(ready=False, error=str(error))
        return EXIT_CANNOT_START
    return asyncio.run(run_fleet(config))


if __name__ == "__main__":
    sys.exit(main())
