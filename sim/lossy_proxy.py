"""A bad link on UDP: stands between a vehicle and its ground station, and does to packets what `link_faults` says.

PX4 and the simulated fleet send to a fixed port of their partner. The proxy takes that port's place: the vehicle is
told to speak to `vehicle_side_port`, the ground station listens on its own port as ever::

    link = FaultyLink(7, up=Faults(loss=0.2), down=Faults(loss=0.2))
    async with LossyProxy(link, vehicle_side_port=14540, ground_port=24540) as proxy:
        ...  # MAVSDK on udpin://127.0.0.1:24540, PX4 instance 0 as ever
        proxy.link.set(down=CUT)  # from now on the vehicle hears, and is not heard

One proxy per vehicle; its address as the ground sees it changes with `rebind`, or by the link's schedule.
"""

import asyncio
import contextlib
import math
import socket
from types import TracebackType
from typing import Self

from sim.link_faults import FaultyLink, Way

LOOPBACK = "127.0.0.1"
DATAGRAM_BYTES = 4096


class LossyProxy:
    """A running proxy; an async context manager. Faults may be changed at any time by `link.set`.

    The schedule of `link` counts from the moment the context is entered.

    Args:
        vehicle_side_port: where the vehicle sends to; 0 lets the system choose.
        ground_port: where the ground station listens.
    """

    def __init__(self, link: FaultyLink, *, vehicle_side_port: int, ground_port: int) -> None:
        self.link = link
        self.vehicle_side_port = vehicle_side_port
        self._ground = (LOOPBACK, ground_port)
        self._vehicle: tuple[str, int] | None = None
        self._began_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Open both sides.

        Raises:
            OSError: the port is taken.
        """
        self._loop = asyncio.get_running_loop()
        self._vehicle_side = _udp_socket(self.vehicle_side_port)
        self.vehicle_side_port = int(self._vehicle_side.getsockname()[1])
        self._ground_side = _udp_socket(0)
        self._began_s = self._loop.time()
        self._loop.add_reader(self._vehicle_side, self._from_vehicle)
        self._loop.add_reader(self._ground_side, self._from_ground)
        self._deliver()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give both sides back; what is under way is lost."""
        if self._timer is not None:
            self._timer.cancel()
        for side in (self._vehicle_side, self._ground_side):
            self._loop.remove_reader(side)
            side.close()

    def rebind(self) -> None:
        """Change the address that the ground sees the vehicle at, as a modem does that dials in again (F-L8)."""
        self._loop.remove_reader(self._ground_side)
        renewed = _udp_socket(0)  # before the old one is closed, so that the port is another one
        self._ground_side.close()
        self._ground_side = renewed
        self._loop.add_reader(renewed, self._from_ground)

    def _now_s(self) -> float:
        return self._loop.time() - self._began_s

    def _from_vehicle(self) -> None:
        for packet, sender in _received(self._vehicle_side):
            self._vehicle = sender
            self.link.offer(Way.DOWN, packet, self._now_s())
        self._deliver()

    def _from_ground(self) -> None:
        for packet, sender in _received(self._ground_side):
            if sender == self._ground:
                self.link.offer(Way.UP, packet, self._now_s())
        self._deliver()

    def _deliver(self) -> None:
        """Hand over what has arrived, and come back when the next packet does."""
        now_s = self._now_s()
        self.link.advance(now_s)
        while self.link.rebinds_due > 0:
            self.link.rebinds_due -= 1
            self.rebind()
        for packet in self.link.ways[Way.DOWN].take(now_s):
            _send(self._ground_side, packet, self._ground)
        for packet in self.link.ways[Way.UP].take(now_s):
            if self._vehicle is not None:
                _send(self._vehicle_side, packet, self._vehicle)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not math.isinf(self.link.next_s):
            self._timer = self._loop.call_at(self._began_s + self.link.next_s, self._deliver)


def _udp_socket(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    try:
        opened.bind((LOOPBACK, port))
    except OSError:
        opened.close()
        raise
    return opened


def _received(side: socket.socket) -> list[tuple[bytes, tuple[str, int]]]:
    """Everything that waits at a socket."""
    packets = []
    while True:
        try:
            packets.append(side.recvfrom(DATAGRAM_BYTES))
        except (BlockingIOError, InterruptedError):
            return packets
        except OSError:
            continue  # nobody listens at the other end yet


def _send(side: socket.socket, packet: bytes, to: tuple[str, int]) -> None:
    with contextlib.suppress(OSError):  # what the system cannot take is lost, as on a link
        side.sendto(packet, to)
