"""`stork watch` without a fleet: it says so, however short it was to watch."""

import socket
from typing import Any


def test_no_fleet_is_said_even_when_the_watch_was_to_be_short(stork: Any) -> None:
    """Silence is not an empty fleet: exit 2, the endpoint and how to mend it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        ended = stork("watch", "--bus", nobody, "--commands", nobody, "--seconds", "0.1")
    assert ended.code == 2
    assert nobody in ended.err
    assert "--commands" in ended.err
