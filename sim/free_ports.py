"""UDP ports for tests: free, and nobody else's for as long as they are held, also among parallel test processes."""

import socket

from mission.errors import LinkError
from sim.px4_sitl_numbers import Reservation, try_lock

FIRST_PORT, LAST_PORT = 24540, 25539
"""Below the ports that Linux gives out by itself (from 32768), above those of PX4 SITL (14280-19700)."""


def reserve_udp_port() -> tuple[int, Reservation]:
    """Claim a UDP port on 127.0.0.1 that nobody has bound; it is left unbound, for a client to bind.

    Raises:
        LinkError: every port of the range is taken.
    """
    for port in range(FIRST_PORT, LAST_PORT + 1):
        reservation = try_lock(f"port-{port}")
        if reservation is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                reservation.release()
                continue
        return port, reservation
    raise LinkError(f"no UDP port from {FIRST_PORT} to {LAST_PORT} is free: end what holds them")
