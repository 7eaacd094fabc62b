"""Runs MAVSDK's own plan importer: JSON list of plan texts on stdin, JSON list of results on stdout.

A process of its own, because a fault in MAVSDK's native code ends the process it is in. The importer belongs to
a system, and a system exists once a heartbeat was heard: one is fed in as bytes, so no socket is opened.
"""

import json
import sys
import time

from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.plugins.mission_raw import MissionRaw
from pymavlink.dialects.v20 import common


def heartbeat() -> bytes:
    """A PX4 quadcopter's heartbeat."""
    link = common.MAVLink(None, srcSystem=1, srcComponent=1)
    message = common.MAVLink_heartbeat_message(2, 12, 29, 0x03040000, 3, 3)
    return bytes(message.pack(link))


def fields(item: object) -> list[float | int | None]:
    """One imported item; NaN as null."""
    names = ("command", "frame", "param1", "param2", "param3", "param4", "x", "y", "z", "autocontinue")
    values = [getattr(item, name) for name in names]
    return [None if value != value else value for value in values]  # NaN differs from itself


def main() -> None:
    """Import every plan given."""
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    sdk.add_any_connection("raw://")
    deadline = time.monotonic() + 10.0
    while not sdk.get_systems():
        if time.monotonic() > deadline:
            sys.exit("MAVSDK did not accept the heartbeat")
        sdk.pass_received_raw_bytes(heartbeat())
        time.sleep(0.02)
    plugin = MissionRaw(sdk.get_systems()[0])
    results: list[object] = []
    for plan in json.load(sys.stdin):
        try:
            data = plugin.import_qgroundcontrol_mission_from_string(plan)
        except Exception as error:  # whatever it says is the answer
            results.append(str(error))
        else:
            groups = (data.mission_items, data.geofence_items, data.rally_items)
            results.append([[fields(item) for item in group] for group in groups])
    json.dump(results, sys.stdout)
    sys.stdout.flush()
    plugin.destroy()
    sdk.destroy()


if __name__ == "__main__":
    main()
