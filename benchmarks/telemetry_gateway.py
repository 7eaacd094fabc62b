"""The gateway of `benchmarks.telemetry`, in a process of its own: the data plane and the bus, without links.

``python -m benchmarks.telemetry_gateway COUNT FIRST_PORT`` prints its endpoints as JSON and serves until its standard
input ends.
"""

import asyncio
import json
import sys
import time

from benchmarks.telemetry_load import A_PORT
from vehicles import messages as m
from vehicles.bus_server import BusServer
from vehicles.telemetry.data_plane import DataPlane, Expected
from vehicles.telemetry.table import StateTable

TICK_S = 0.01


async def serve(count: int, first_port: int) -> None:
    """Publish what is heard, a tick at a time."""
    table = StateTable("bench", time.time_ns())
    expected = [Expected(f"v{index}", 1 + index % A_PORT, first_port + index // A_PORT) for index in range(count)]
    plane = DataPlane(expected, table)

    async def answer(request: m.Request) -> m.Reply:
        if isinstance(request, m.SnapshotRequest):
            return server.snapshot(request, ())
        raise ValueError("this gateway has no links to command")

    server = BusServer("bench", time.time_ns(), table, answer)
    plane.open()
    server.open("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
    print(json.dumps([server.pub_endpoint, server.router_endpoint]), flush=True)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(0, ended.set)
    next_s = loop.time()
    while not ended.is_set():
        plane.tick(time.monotonic())
        server.tick()
        next_s = max(next_s + TICK_S, loop.time())
        await asyncio.sleep(max(0.0, next_s - loop.time()))
    await server.close()
    plane.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
