"""A hover delivery flown by MAVSDK's asyncio API; a program of its own, because MAVSDK's native code is kept out of
the test process. Usage: ``python mavsdk_delivery.py UDP_PORT``; prints what it saw as one JSON object.
"""

import asyncio
import json
import math
import sys
from typing import Any

from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
from mavsdk.asyncio.plugins.action import ActionAsync
from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync
from mavsdk.asyncio.plugins.param import ParamAsync
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync
from mavsdk.plugins.mission_raw import MissionItem

LATITUDE_E7, LONGITUDE_E7 = 484100000, 156000000
NAN = math.nan
ON_GROUND = 1


def item(sequence: int, frame: int, command: int, parameters: tuple[float, ...], north_e7: int, z: float) -> Any:
    """One item of the mission; commands without a place have no coordinates."""
    x, y = (0, 0) if frame == 2 else (LATITUDE_E7 + north_e7, LONGITUDE_E7)
    return MissionItem(sequence, frame, command, int(sequence == 0), 1, *parameters, x, y, z, 0)


MISSION = [
    item(0, 6, 22, (0.0, 0.0, 0.0, NAN), 0, 15.0),
    item(1, 2, 178, (1.0, 10.0, -1.0, 0.0), 0, 0.0),
    item(2, 6, 16, (0.0, 0.0, 0.0, NAN), 6000, 15.0),
    item(3, 6, 16, (1.0, 0.0, 0.0, NAN), 6000, 6.0),
    item(4, 2, 211, (1.0, 0.0, 0.0, 0.0), 0, 0.0),
    item(5, 2, 93, (2.0, -1.0, -1.0, -1.0), 0, 0.0),
    item(6, 6, 16, (0.0, 0.0, 0.0, NAN), 6000, 15.0),
    item(7, 6, 21, (0.0, 0.0, 0.0, NAN), 0, 0.0),
]
CORNERS = ((-5000, -5000), (15000, -5000), (15000, 15000), (-5000, 15000))
FENCE = [
    MissionItem(n, 6, 5001, 0, 1, 4.0, 0.0, 0.0, 0.0, LATITUDE_E7 + x, LONGITUDE_E7 + y, 0.0, 1)
    for n, (x, y) in enumerate(CORNERS)
]
RALLY = [MissionItem(0, 6, 5100, 0, 1, 0.0, 0.0, 0.0, 0.0, LATITUDE_E7 + 2000, LONGITUDE_E7, 0.0, 2)]


def fields(items: Any) -> list[str]:
    """Items as text, NaN equal to NaN."""
    return [str(sorted(vars(one).items())) for one in items]


async def armable(telemetry: TelemetryAsync) -> None:
    """Return once health says that the vehicle can be armed."""
    async for health in telemetry.subscribe_health():
        if health.is_armable:
            return


async def flown(telemetry: TelemetryAsync, modes: list[int]) -> None:
    """Return once the vehicle was armed and is disarmed again; note the flight modes on the way."""

    async def note_modes() -> None:
        async for mode in telemetry.subscribe_flight_mode():
            if not modes or modes[-1] != int(mode):
                modes.append(int(mode))

    notes = asyncio.create_task(note_modes())
    was_armed = False
    async for armed in telemetry.subscribe_armed():
        was_armed = was_armed or armed
        if was_armed and not armed:
            break
    notes.cancel()
    await asyncio.gather(notes, return_exceptions=True)


async def deliver(port: int) -> dict[str, Any]:
    """Connect, upload, compare, arm, fly; return what was seen."""
    configuration = Configuration.create_with_component_type(ComponentType.GROUND_STATION)
    async with Mavsdk(configuration) as mavsdk:
        await mavsdk.add_any_connection(f"udpin://127.0.0.1:{port}")
        system = await mavsdk.first_autopilot(10.0)
        if system is None:
            return {"found": False}
        raw, telemetry, action = MissionRawAsync(system), TelemetryAsync(system), ActionAsync(system)
        seen: dict[str, Any] = {"found": True, "system_id": await system.get_system_id(), "modes": []}
        uploads = raw.upload_geofence(FENCE), raw.upload_rally_points(RALLY), raw.upload_mission(MISSION)
        seen["uploads"] = [int(await upload) for upload in uploads]
        downloads = raw.download_geofence(), raw.download_rallypoints(), raw.download_mission()
        held = [fields(await download) for download in downloads]
        seen["same"] = held == [fields(FENCE), fields(RALLY), fields(MISSION)]
        seen["return_altitude_m"] = await ParamAsync(system).get_param_float("RTL_RETURN_ALT")
        await armable(telemetry)
        watch = asyncio.create_task(flown(telemetry, seen["modes"]))
        seen["arm"] = int(await action.arm())
        seen["start"] = int(await raw.start_mission())
        await watch
        async for landed in telemetry.subscribe_landed_state():
            seen["landed_state"] = int(landed)
            if seen["landed_state"] == ON_GROUND:
                break
        return seen


if __name__ == "__main__":
    print(json.dumps(asyncio.run(asyncio.wait_for(deliver(int(sys.argv[1])), 60.0))))
