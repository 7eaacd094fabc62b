"""A hover delivery flown by MAVSDK's older Python wrapper over gRPC, in an environment of its own.

Usage: ``python mavsdk_grpc_delivery.py MODULE UDP_PORT GRPC_PORT``; MODULE is ``mavsdk`` (3.x) or ``mavsdk_grpc``.
Prints what it saw as one JSON object. It imports nothing of Stork.
"""

import asyncio
import importlib
import json
import math
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")  # 3.15.3 warns of its own new name
LATITUDE_E7, LONGITUDE_E7 = 484100000, 156000000
NAN = math.nan


def mission(item: Any) -> list[Any]:
    """Take off, fly 60 m north, sink, release, rise, fly home, land."""
    rows: list[tuple[int, int, tuple[float, ...], int, float]] = [
        (6, 22, (0.0, 0.0, 0.0, NAN), 0, 15.0),
        (6, 16, (0.0, 0.0, 0.0, NAN), 5400, 15.0),
        (6, 16, (1.0, 0.0, 0.0, NAN), 5400, 6.0),
        (2, 211, (1.0, 0.0, 0.0, 0.0), 0, 0.0),
        (6, 16, (0.0, 0.0, 0.0, NAN), 5400, 15.0),
        (6, 21, (0.0, 0.0, 0.0, NAN), 0, 0.0),
    ]
    items = []
    for sequence, (frame, command, parameters, north_e7, z) in enumerate(rows):
        x, y = (0, 0) if frame == 2 else (LATITUDE_E7 + north_e7, LONGITUDE_E7)
        items.append(item(sequence, frame, command, int(sequence == 0), 1, *parameters, x, y, z, 0))
    return items


async def deliver(module: str, port: int, grpc_port: int) -> dict[str, Any]:
    """Connect, upload, read back, arm, fly, and return what was seen."""
    item = importlib.import_module(f"{module}.mission_raw").MissionItem
    drone = importlib.import_module(module).System(port=grpc_port)
    await drone.connect(system_address=f"udpin://127.0.0.1:{port}")
    async for state in drone.core.connection_state():
        if state.is_connected:
            break
    items = mission(item)
    await drone.mission_raw.upload_mission(items)
    held = await drone.mission_raw.download_mission()
    async for health in drone.telemetry.health():
        if health.is_armable:
            break
    await drone.action.arm()
    await drone.mission_raw.start_mission()
    was_armed = False
    async for armed in drone.telemetry.armed():
        was_armed = was_armed or armed
        if was_armed and not armed:
            break
    return {"same": [str(one) for one in held] == [str(one) for one in items], "items": len(held), "flown": was_armed}


if __name__ == "__main__":
    what, udp, grpc = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(asyncio.run(asyncio.wait_for(deliver(what, udp, grpc), 90.0))))
