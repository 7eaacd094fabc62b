"""A gateway process, started and never left behind."""

import asyncio
import contextlib
import json
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from mission.errors import LinkError, LinkTimeoutError
from vehicles.gateway_config import GatewayConfig, check_config
from vehicles.link_health import LinkCondition

STARTUP_ALLOWANCE_S = 45.0
"""Interpreter and library loading on a busy machine, on top of the vehicles' own deadline."""
TERMINATE_TIMEOUT_S = 5.0
_IMPORT_ROOT = Path(__file__).resolve().parent.parent


class GatewayProcess:
    """``async with GatewayProcess(config) as gateway`` runs ``python -m vehicles.gateway`` as a child.

    Args:
        log_path: its standard error is appended there; None drops it.
        on_stall: hears how long its event loop already stands still, while it does.

    Attributes:
        pub_endpoint, router_endpoint: where its clients connect.
        epoch: its incarnation.
        conditions: vehicle id → condition of its link when the gateway became ready: UP, SILENT or CONFLICT.
    """

    def __init__(
        self,
        config: GatewayConfig,
        log_path: Path | None = None,
        *,
        on_stall: Callable[[float], None] = lambda _stalled_s: None,
    ) -> None:
        self._config = check_config(config)
        self._log_path = log_path
        self._on_stall = on_stall
        self._listening: asyncio.Task[None] | None = None
        self._process: Process | None = None
        self.pub_endpoint = ""
        self.router_endpoint = ""
        self.epoch = 0
        self.conditions: dict[str, LinkCondition] = {}

    @property
    def pid(self) -> int:
        """Process id, 0 when not running."""
        return self._process.pid if self._process is not None else 0

    async def __aenter__(self) -> Self:
        """Start it and wait until it is ready.

        Raises:
            LinkError: it cannot serve, e.g. a UDP port is taken; the message says why.
            LinkTimeoutError: it did not become ready.
        """
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _start(self) -> None:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stork-gateway-")))
            config_path = folder / "gateway.json"
            config_path.write_bytes(msgspec.json.encode(self._config))
            log: Any = DEVNULL
            if self._log_path is not None:
                log = stack.enter_context(self._log_path.open("ab"))
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "vehicles.gateway",
                str(config_path),
                "--watch-stdin",
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                cwd=_IMPORT_ROOT,
            )
            ready = await self._first_line(self._process)
        if not ready.get("ready"):
            raise LinkError(str(ready.get("error", "the gateway did not say why")))
        self.pub_endpoint = str(ready["pub_endpoint"])
        self.router_endpoint = str(ready["router_endpoint"])
        self.epoch = int(ready["epoch"])
        self.conditions = {key: LinkCondition(value) for key, value in ready["vehicles"].items()}
        self._listening = asyncio.create_task(self._keep_listening(self._process), name="stork-gateway-alarms")

    async def _keep_listening(self, process: Process) -> None:
        """Hear what it still says when its event loop says nothing any more."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            said = json.loads(line)
            if said.get("alarm") == "LOOP_STALLED":
                self._on_stall(float(said["stalled_s"]))

    async def wait(self) -> int:
        """Wait until the process ends by itself; returns its exit status, negative for a signal."""
        return 0 if self._process is None else await self._process.wait()

    async def _first_line(self, process: Process) -> dict[str, Any]:
        assert process.stdout is not None
        timeout_s = self._config.connect_timeout_s + STARTUP_ALLOWANCE_S
        try:
            # Not wait_for: Python 3.11's loses a cancellation that meets a result, and the keeper would stay.
            async with asyncio.timeout(timeout_s):
                line = await process.stdout.readline()
        except TimeoutError:
            raise LinkTimeoutError(f"the gateway was not ready within {timeout_s:g} s") from None
        if not line:
            status = await process.wait()
            raise LinkError(f"the gateway ended with status {status} before it was ready")
        parsed: dict[str, Any] = json.loads(line)
        return parsed

    async def close(self) -> None:
        """Ask it to end, then make it. Idempotent."""
        process, self._process = self._process, None
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(TERMINATE_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.stdin is not None:
            process.stdin.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await process.stdin.wait_closed()
