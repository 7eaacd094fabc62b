"""Starts a simulated fleet in a process of its own, and never leaves it behind."""

import asyncio
import contextlib
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

import sim
from mission.errors import InputError, InputProblem, LinkError, LinkTimeoutError
from sim.fault_kinds import Fault
from sim.fleet_config import FleetConfig

STOP_S = 5.0
PLANT_S = 10.0


class FleetProcess:
    """Async context manager around ``python -m sim.fleet``.

    Entering returns once every vehicle streams. Leaving ends the process; should this process die without
    leaving, the fleet ends with the pipe that held it.

    Args:
        config: the fleet.
        ready_timeout_s: wall-clock time that starting may take.

    Attributes:
        local_ports: UDP port of each vehicle by vehicle id, once entered.
    """

    def __init__(self, config: FleetConfig, *, ready_timeout_s: float = 60.0) -> None:
        self.config = config
        self.local_ports: dict[str, int] = {}
        self._ready_timeout_s = ready_timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._planting = asyncio.Lock()

    @property
    def pid(self) -> int:
        """Process id; 0 before it was started."""
        return self._process.pid if self._process is not None else 0

    async def __aenter__(self) -> Self:
        """Start and wait until all vehicles stream.

        Raises:
            LinkError: the fleet could not start; the message says why.
            LinkTimeoutError: it was not ready in time.
        """
        with tempfile.TemporaryDirectory(prefix="stork-fleet-") as folder:
            document = Path(folder) / "fleet.json"
            document.write_bytes(msgspec.json.encode(self.config))
            root = str(Path(next(iter(sim.__path__))).parent)
            path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sim.fleet",
                str(document),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
            )
            try:
                answer = await asyncio.wait_for(self._next_line(), self._ready_timeout_s)
            except TimeoutError:
                await self._stop()
                raise LinkTimeoutError(f"the simulated fleet was not ready in {self._ready_timeout_s} s") from None
            except BaseException:
                await self._stop()
                raise
        if not answer.get("ready"):
            await self._stop()
            raise LinkError(f"the simulated fleet cannot start: {answer.get('error', 'it ended without a word')}")
        self.local_ports = {name: vehicle["local_port"] for name, vehicle in answer["vehicles"].items()}
        return self

    async def plant(self, fault: Fault) -> None:
        """Make a fault happen in the running fleet.

        Raises:
            InputError: the fleet refuses it; the message says why.
            LinkError: the fleet is gone.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise LinkError("the simulated fleet does not run")
        async with self._planting:
            try:
                process.stdin.write(msgspec.json.encode(fault) + b"\n")
                await process.stdin.drain()
                answer = await asyncio.wait_for(self._next_line(), PLANT_S)
            except (BrokenPipeError, ConnectionResetError, TimeoutError) as error:
                raise LinkError(f"the simulated fleet does not take a fault: {error!r}") from error
        if not answer.get("planted"):
            why = str(answer.get("error", "it ended without a word"))
            raise InputError(InputProblem("fault", str(fault), why, "See docs/faults-simulated.md."))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the fleet."""
        await self._stop()

    async def _next_line(self) -> dict[str, Any]:
        if self._process is None or self._process.stdout is None:
            return {}
        line = await self._process.stdout.readline()
        return msgspec.json.decode(line, type=dict[str, Any]) if line else {}

    async def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await process.stdin.wait_closed()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        if process.stdout is not None:
            await process.stdout.read()
        self._process = None
