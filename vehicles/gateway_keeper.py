"""A gateway that comes back: its process is watched, and started again with backoff when it ends.

The new process keeps the endpoints, so clients stay connected; it has a new epoch, so what was meant for its
predecessor is refused; and it remembers who was replaced before (`lease_file`). It only watches the vehicles it
finds until a deciding process takes leases anew (faults F-S11, F-S14).
"""

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from mission.errors import LinkError
from vehicles.gateway_config import GatewayConfig
from vehicles.gateway_process import GatewayProcess
from vehicles.link_health import LinkCondition


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next start: grows while starts do not last, and differs between gateways.

    Attributes:
        first_s: before the first restart; vehicles wait `COM_DL_LOSS_T` for their heartbeats.
        factor: each following wait is so much longer, up to `most_s`.
        jitter: share of a wait that is drawn at random, so that gateways of one host do not start in step.
        steady_s: a process that ran so long was well: the next wait is `first_s` again.
    """

    first_s: float = 0.2
    factor: float = 2.0
    most_s: float = 10.0
    jitter: float = 0.5
    steady_s: float = 30.0

    def delay_s(self, failures: int, rng: random.Random) -> float:
        """Wait before the restart after `failures` (≥ 1) short-lived processes in a row."""
        whole_s = min(self.most_s, self.first_s * self.factor ** min(failures - 1, 64))
        return whole_s * (1.0 - self.jitter * rng.random())


class KeeperNews(StrEnum):
    """ENDED: the process is gone; STARTED: another one serves; FAILED: a start did not succeed; STALLED: it hangs."""

    ENDED = "ENDED"
    STARTED = "STARTED"
    FAILED = "FAILED"
    STALLED = "STALLED"


@dataclass(frozen=True, slots=True)
class KeeperChange:
    """What happened to a gateway's process, and why."""

    gateway_id: str
    news: KeeperNews
    reason: str


class GatewayKeeper:
    """``async with GatewayKeeper(config) as gateway``: like `GatewayProcess`, but it comes back.

    Args:
        config: endpoints that it leaves open are chosen at the first start and kept.
        rng: for the jitter.

    Attributes:
        on_change: hears of every end, restart, failed start and stall.
        restarts: successful ones.
    """

    def __init__(
        self,
        config: GatewayConfig,
        log_path: Path | None = None,
        *,
        rng: random.Random | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.restarts = 0
        self._config = config
        self._log_path = log_path
        self.on_change: Callable[[KeeperChange], None] = lambda _change: None
        self._rng = rng or random.Random()
        self._backoff = backoff or Backoff()
        self._process: GatewayProcess | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._folder = contextlib.ExitStack()

    @property
    def pub_endpoint(self) -> str:
        """Where telemetry and events are published; the same after a restart."""
        return self._config.pub_endpoint

    @property
    def router_endpoint(self) -> str:
        """Where commands go; the same after a restart."""
        return self._config.router_endpoint

    @property
    def pid(self) -> int:
        """Process id of the gateway that serves now, 0 between two."""
        return self._process.pid if self._process is not None else 0

    @property
    def epoch(self) -> int:
        """Incarnation of the gateway that serves now, 0 between two."""
        return self._process.epoch if self._process is not None else 0

    @property
    def conditions(self) -> dict[str, LinkCondition]:
        """Vehicle id → condition of its link when the present process became ready."""
        return self._process.conditions if self._process is not None else {}

    async def __aenter__(self) -> Self:
        """Start the first process.

        Raises:
            LinkError, LinkTimeoutError, InputError: as `GatewayProcess`: a first start that fails is not repeated.
        """
        if not self._config.lease_file:
            folder = self._folder.enter_context(tempfile.TemporaryDirectory(prefix="stork-leases-"))
            self._config = msgspec.structs.replace(self._config, lease_file=str(Path(folder) / "epochs.json"))
        try:
            process = await self._started()
        except BaseException:
            self._folder.close()
            raise
        self._config = msgspec.structs.replace(
            self._config, pub_endpoint=process.pub_endpoint, router_endpoint=process.router_endpoint
        )
        self._keeping = asyncio.create_task(self._keep(process), name=f"stork-keeper-{self._config.gateway_id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._process is not None:
            await self._process.close()
        self._folder.close()

    async def _started(self) -> GatewayProcess:
        process = GatewayProcess(self._config, self._log_path, on_stall=self._on_stall)
        await process.__aenter__()
        self._process = process
        return process

    def _on_stall(self, stalled_s: float) -> None:
        self._tell(KeeperNews.STALLED, f"its event loop stands still for {stalled_s:.1f} s")

    def _tell(self, news: KeeperNews, reason: str) -> None:
        self.on_change(KeeperChange(self._config.gateway_id, news, reason))

    async def _keep(self, process: GatewayProcess) -> None:
        failures = 0
        while True:
            began_s = time.monotonic()
            status = await process.wait()
            self._process = None
            await process.close()
            failures = 1 if time.monotonic() - began_s >= self._backoff.steady_s else failures + 1
            self._tell(KeeperNews.ENDED, f"its process ended with status {status}")
            while True:
                await asyncio.sleep(self._backoff.delay_s(failures, self._rng))
                try:
                    process = await self._started()
                    break
                except LinkError as problem:
                    failures += 1
                    self._tell(KeeperNews.FAILED, str(problem))
            self.restarts += 1
            self._tell(KeeperNews.STARTED, f"restart {self.restarts}: watching until leases are taken")
