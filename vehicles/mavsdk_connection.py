"""MAVSDK's native objects of one connection: opened, watched and destroyed in the right order.

One `Mavsdk` object per connection URL, so that a vehicle is known by its system id *and* its connection: one
object with several connections merges two vehicles of one system id into one System, and arms both.
More than 16 objects in one process corrupt its memory, hence `MAX_CONNECTIONS`.
"""

import asyncio
import errno
import functools
import logging
import re
import socket
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from mavsdk import ComponentType, Configuration, Mavsdk
from mavsdk.connection_result import ConnectionResult
from mavsdk.logging import LogLevel, log_subscribe
from mavsdk.system import System

from mission.errors import LinkError

MAX_CONNECTIONS = 16

_log = logging.getLogger("stork.mavsdk")
_NEW_SOURCE = re.compile(r"New system on: (?P<address>\S+) \(system ID: (?P<system_id>\d+)\)")

new_sources: deque[tuple[int, str]] = deque(maxlen=1024)
"""(system id, remote address) in the order in which MAVSDK first heard them; filled from its threads.

MAVSDK tells addresses nowhere but in its log. A second address for a system id that is still talking from the
first is a second vehicle (fault F-L9).
"""


def _take_log(level: LogLevel, message: str, _file: str | None, _line: int) -> bool:
    """Route MAVSDK's log to ours, and keep its own off standard output."""
    found = _NEW_SOURCE.search(message)
    if found:
        new_sources.append((int(found["system_id"]), found["address"]))
    if level >= LogLevel.WARN:
        _log.warning("%s", message)
    return True


@functools.cache
def _take_logs_from_now_on() -> None:
    """Subscribe once per process: a second subscription frees the first one's trampoline under native threads."""
    log_subscribe(_take_log)


def require_free_port(url: str) -> None:
    """Refuse an ``udpin://`` port that somebody holds: a second listener steals its telemetry silently.

    Raises:
        LinkError: the port is taken, or cannot be bound.
    """
    parts = urlsplit(url)
    if parts.scheme != "udpin" or parts.port is None:
        return
    host = parts.hostname or "0.0.0.0"  # noqa: S104  MAVSDK's own default; the URL decides
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, parts.port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise LinkError(f"UDP port {parts.port} of {url} is taken by another program") from problem
            raise LinkError(f"cannot listen on {url}: {problem.strerror}") from problem


class MavsdkConnection:
    """One connection URL and the autopilots heard on it."""

    def __init__(self, url: str, executor: ThreadPoolExecutor) -> None:
        self.url = url
        self._executor = executor
        self._mavsdk: Mavsdk | None = None

    async def open(self) -> None:
        """Listen.

        Raises:
            LinkError: the port is taken or the URL is not one MAVSDK knows.
        """
        require_free_port(self.url)
        _take_logs_from_now_on()
        configuration = Configuration.create_with_component_type(ComponentType.GROUND_STATION)
        mavsdk = Mavsdk(configuration)
        configuration.destroy()
        self._mavsdk = mavsdk
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._executor, mavsdk.add_any_connection, self.url)
        if result != ConnectionResult.SUCCESS:
            await self.close()
            raise LinkError(f"MAVSDK cannot open {self.url}: {ConnectionResult(result).name}")

    async def autopilots(self) -> dict[int, System]:
        """Autopilots heard so far, by system id."""
        if self._mavsdk is None:
            return {}
        loop = asyncio.get_running_loop()
        systems = await loop.run_in_executor(self._executor, self._mavsdk.get_systems)
        return {system.get_system_id(): system for system in systems if system.has_autopilot()}

    async def close(self) -> None:
        """Destroy the native object and all that hangs on it. Idempotent."""
        mavsdk, self._mavsdk = self._mavsdk, None
        if mavsdk is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._executor, mavsdk.destroy)
