"""Where a running fleet is found: the endpoints of its gateway on this machine."""

import socket
from urllib.parse import urlsplit

DEFAULT_BUS = "tcp://127.0.0.1:14640"
DEFAULT_COMMANDS = "tcp://127.0.0.1:14641"
"""`stork fly` publishes and listens here, so that `stork watch` needs no address; loopback only."""
ANY_PORT = "tcp://127.0.0.1:*"


def endpoints() -> tuple[str, str]:
    """Telemetry and command endpoint for a new gateway: the default ones, or any where they are taken."""
    if _free(DEFAULT_BUS) and _free(DEFAULT_COMMANDS):
        return DEFAULT_BUS, DEFAULT_COMMANDS
    return ANY_PORT, ANY_PORT


def _free(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((parts.hostname, parts.port))
        except OSError:
            return False
    return True
