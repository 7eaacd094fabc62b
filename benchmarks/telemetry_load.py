"""Vehicles for `benchmarks.telemetry`, in a process of their own: each on its socket, spread evenly over time.

``python -m benchmarks.telemetry_load COUNT FIRST_PORT A_PORT``: A_PORT vehicles speak to a port. Each sends positions
and attitudes at 10 Hz and four messages at 1 Hz, until the process is ended. A position's latitude is the microsecond
in which it was sent.
"""

import socket
import sys
import time

from vehicles.telemetry import frames

A_PORT = 250
"""Vehicles that speak to one port: system ids end at 255."""
A_MAVSDK = 7
"""Vehicles on one `Mavsdk` object: more than 16 objects corrupt a process's memory."""
HOLD = 4 << 16 | 3 << 24
SLICES = 50
"""Slices of the tenth of a second in which every vehicle sends once."""
MICROSECONDS = 1 << 31


class Vehicle:
    """What one vehicle sends."""

    def __init__(self, index: int, first_port: int, a_port: int) -> None:
        self.system_id = 1 + index % a_port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._to = ("127.0.0.1", first_port + index // a_port)
        self._sender = frames.FrameSender(self.system_id, 1)
        self._attitude = self._sender.frame(frames.ATTITUDE, 1, 0.1, 0.2, (0, 0, 0, 0))
        self._slow = [
            self._sender.frame(frames.HEARTBEAT, HOLD, 2, 12, 128, 4, 3),
            self._sender.frame(frames.SYS_STATUS, 0, 0, 1 << 28, 0, 16_000, 0, (0,) * 6, 80),
            self._sender.frame(frames.EXTENDED_SYS_STATE, 0, 2),
            self._sender.frame(frames.MISSION_CURRENT, 3, 9, 0, 0, 1, 2, 3),
        ]

    def send(self, tenth: int) -> None:
        """What is due in a tenth of a second."""
        now_us = int(time.monotonic() * 1e6)
        place = self._sender.frame(frames.GLOBAL_POSITION_INT, tenth * 100, now_us % MICROSECONDS, 2, 3, 4, 5, 6, 7, 8)
        self._say(place)
        self._say(self._attitude)
        if tenth % 10 < len(self._slow):
            self._say(self._slow[tenth % 10])

    def _say(self, frame: bytes) -> None:
        self._socket.sendto(frame, self._to)


def main() -> None:
    """Send until ended."""
    count, first_port, a_port = (int(argument) for argument in sys.argv[1:4])
    vehicles = [Vehicle(index, first_port, a_port) for index in range(count)]
    began_s = time.monotonic()
    step = 0
    while True:
        for vehicle in vehicles[step % SLICES :: SLICES]:
            vehicle.send(step // SLICES)
        step += 1
        time.sleep(max(0.0, began_s + step * 0.1 / SLICES - time.monotonic()))


if __name__ == "__main__":
    main()
