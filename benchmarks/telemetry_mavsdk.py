"""The peer of `benchmarks.telemetry`, in a process of its own: MAVSDK's streams, on as many objects as it bears.

``python -m benchmarks.telemetry_mavsdk COUNT FIRST_PORT`` prints how many vehicles it found, and when its standard
input ends how many values it heard.
"""

import os
import sys
import time

from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.plugins.telemetry import Telemetry

from benchmarks.telemetry_load import A_MAVSDK

FIND_TIMEOUT_S = 30.0


def main() -> None:
    """Subscribe to everything that is found."""
    count, first_port = int(sys.argv[1]), int(sys.argv[2])
    objects, subscribed, heard = [], [], 0
    for port in range(first_port, first_port + -(-count // A_MAVSDK)):
        mavsdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
        mavsdk.add_any_connection(f"udpin://127.0.0.1:{port}")
        objects.append(mavsdk)

    def take(_value: object, _user_data: object) -> None:
        nonlocal heard
        heard += 1

    deadline_s = time.monotonic() + FIND_TIMEOUT_S
    while time.monotonic() < deadline_s and sum(len(mavsdk.get_systems()) for mavsdk in objects) < count:
        time.sleep(0.2)
    for mavsdk in objects:
        for system in mavsdk.get_systems():
            telemetry = Telemetry(system)
            telemetry.subscribe_position(take)
            telemetry.subscribe_attitude_euler(take)
            subscribed.append(telemetry)
    print(len(subscribed), flush=True)
    sys.stdin.read()
    print(heard, flush=True)
    os._exit(0)  # its native threads still call back: there is no orderly end to a hundred streams


if __name__ == "__main__":
    main()
