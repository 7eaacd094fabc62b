"""Run real PX4 SITL vehicles (SIH quadcopters) from an existing build: start, configure, wait, stop.

    config = Px4Config(home=Px4Home(48.41, 15.60, 200.0), speed_factor=10, parameters={"RTL_RETURN_ALT": 60})
    async with Px4Instance(config) as px4:
        ...  # px4.connection_url is free for MAVSDK, the vehicle can arm

PX4 sends MAVLink to 127.0.0.1 only, as long as MAV_n_BROADCAST stays 0 (its default; `Px4Config` refuses
another). Its receiving sockets are bound to all addresses by PX4 itself: keep a firewall before them.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from mission.errors import InputError, InputProblem, LinkError
from sim.px4_sitl_build import (
    BUILD_VARIABLE,
    Px4Description,
    Px4DiedError,
    Px4Error,
    Px4InstanceTakenError,
    Px4Missing,
    Px4NotReadyError,
    Px4PortTakenError,
    check_build,
    describe,
    find_px4,
    has_airframe,
    speed_factor_problem,
)
from sim.px4_sitl_config import KeepFiles, Px4Config, Px4Home, px4_environment
from sim.px4_sitl_numbers import (
    Reservation,
    gcs_source_port,
    onboard_port,
    onboard_source_port,
    reserve,
    reserve_free,
)
from sim.px4_sitl_process import Px4Exit, Px4Process
from sim.px4_sitl_ready import OnboardListener, listen
from sim.px4_sitl_shell import Px4Shell

__all__ = [
    "KeepFiles",
    "Px4Config",
    "Px4Description",
    "Px4DiedError",
    "Px4Error",
    "Px4Exit",
    "Px4Fleet",
    "Px4Home",
    "Px4Instance",
    "Px4InstanceTakenError",
    "Px4Missing",
    "Px4NotReadyError",
    "Px4PortTakenError",
    "Px4Shell",
    "describe",
    "find_px4",
]

END_TIMEOUT_S = 0.5  # until the end of a process that no longer answers is known
_T = TypeVar("_T")
_ALREADY_RUNNING = "PX4 server already running"


class Px4Instance:
    """One PX4 SITL vehicle, for the time of an ``async with`` block.

    Entering starts it in a fresh work directory and returns when it can arm and holds its parameters; its
    onboard port is then free for one client. Leaving stops it. A PX4 that ended by itself meanwhile raises
    `Px4DiedError` on leaving, unless the block raises already.

    Raises (on entering):
        InputError: no usable build, no ``bc`` for a speed factor, or PX4 does not know or keep a parameter.
        Px4InstanceTakenError, Px4PortTakenError, Px4DiedError, Px4NotReadyError: see these.
    """

    def __init__(self, config: Px4Config) -> None:
        self.config = config
        self.ready_after_s: float | None = None
        """Real seconds from start to readiness; None before."""
        self._number: int | None = None
        self._reservation: Reservation | None = None
        self._build_dir: Path | None = None
        self._work_dir: Path | None = None
        self._process: Px4Process | None = None
        self._exit: Px4Exit | None = None
        self._started_s = 0.0

    async def __aenter__(self) -> Self:
        await _bring_up([self])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _bring_down([self], error)

    @property
    def number(self) -> int:
        """PX4's instance number; known once started."""
        return _started(self._number)

    @property
    def system_id(self) -> int:
        """Its MAVLink system id."""
        return self.number + 1

    @property
    def connection_url(self) -> str:
        """Where MAVSDK hears it. Instances 9 and above share one: tell them apart by `system_id`."""
        return f"udpin://127.0.0.1:{self.onboard_port}"

    @property
    def onboard_port(self) -> int:
        """UDP port on loopback that PX4 sends its onboard link to."""
        return onboard_port(self.number)

    @property
    def onboard_source_port(self) -> int:
        """UDP port of PX4 itself on its onboard link."""
        return onboard_source_port(self.number)

    @property
    def gcs_source_port(self) -> int:
        """UDP port of PX4 itself on its ground station link (it sends to 14550)."""
        return gcs_source_port(self.number)

    @property
    def pid(self) -> int:
        """The process id of PX4."""
        return _started(self._process).pid

    @property
    def work_dir(self) -> Path:
        """Its work directory of this run: parameters, missions, ULogs and `log_path`."""
        return _started(self._work_dir)

    @property
    def log_path(self) -> Path:
        """What PX4 prints. Lines with ERROR are normal: every log has some about parameters not found."""
        return _started(self._process).log_path

    @property
    def exit(self) -> Px4Exit | None:
        """How `stop` or `kill` ended it; None before."""
        return self._exit

    def ulog_paths(self) -> list[Path]:
        """The ULog flight logs of this run, oldest first. Complete after `stop`; gone when the files are."""
        return sorted(self.work_dir.glob("log/**/*.ulg"))

    def check_alive(self) -> None:
        """Raise `Px4DiedError` with the end of the log when PX4 ended by itself."""
        process = _started(self._process)
        if process.returncode is not None and self._exit is None:
            raise Px4DiedError(self._say(f"ended by itself with code {process.returncode}"))

    @property
    def shell(self) -> Px4Shell:
        """PX4's own shell in this instance: commands, parameters, version."""
        return Px4Shell(_started(self._build_dir), self.number)

    async def wait(self) -> int:
        """Wait until PX4 ends, whatever the cause; its exit code. Give the wait a deadline: PX4 may run for ever."""
        return await _started(self._process).wait()

    async def stop(self) -> Px4Exit:
        """End PX4 (SIGTERM, then SIGKILL); the files and the number stay its own until the block is left."""
        process = _started(self._process)
        if self._exit is None:
            self.check_alive()
            self._exit = await process.stop(self.config.stop_timeout_s)
        return self._exit

    async def kill(self) -> Px4Exit:
        """SIGKILL, as a crash of the flight computer: the vehicle falls silent. Leaving the block is then fine."""
        process = _started(self._process)
        if self._exit is None:
            self.check_alive()
            self._exit = await process.kill()
        return self._exit

    def _prepare(self) -> None:
        """Check what can be checked before anything is started, and claim an instance number."""
        if self._process is not None:
            raise Px4Error("a Px4Instance is started once: make a new one for another run")
        self._build_dir = _usable_build(self.config)
        if self.config.instance is not None:
            self._number, self._reservation = self.config.instance, reserve(self.config.instance)
        else:
            self._number, self._reservation = reserve_free(self.config.first_instance)
        prefix = f"stork-px4-{self._number}-"
        made = tempfile.mkdtemp(prefix=prefix, dir=self.config.work_root)
        self._work_dir = Path(made).resolve()  # PX4 enters it, and would look for a relative one in there

    async def _launch(self) -> None:
        build_dir, number = _started(self._build_dir), self.number
        self._started_s = time.monotonic()
        self._process = await Px4Process.launch(
            [build_dir / "bin" / "px4", "-i", str(number), "-d", "-w", self.work_dir, build_dir / "etc"],
            px4_environment(self.config, os.environ),
            self.work_dir,
        )

    async def _await_ready(self, listener: OnboardListener) -> None:
        process, ready = _started(self._process), listener.ready(self.number)
        ended = asyncio.create_task(process.wait())
        remaining_s = self._started_s + self.config.ready_timeout_s - time.monotonic()
        try:
            either: set[asyncio.Future[None] | asyncio.Task[int]] = {ready, ended}
            await asyncio.wait(either, timeout=remaining_s, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                if _ALREADY_RUNNING in process.log_text():
                    raise Px4InstanceTakenError(f"PX4 instance {self.number} runs already on this machine")
                raise Px4DiedError(self._say(f"ended at its start with code {ended.result()}"))
            if not ready.done():
                waited = f"was not ready to arm {self.config.ready_timeout_s:g} s after its start"
                raise Px4NotReadyError(self._say(f"{waited}: {listener.heard(self.number)}"))
        finally:
            ended.cancel()
        self.ready_after_s = time.monotonic() - self._started_s

    async def _settle(self) -> None:
        try:
            await self.shell.settle_parameters(self.config.parameters)
        except LinkError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_TIMEOUT_S):
                    await self.wait()
            self.check_alive()  # its end says more than that it does not answer
            raise

    async def _end(self, failed: bool) -> None:
        """Stop what runs, free the number, and keep or remove the files. Never raises but for cancellation."""
        try:
            if self._process is not None and self._process.returncode is None:
                self._exit = await self._process.stop(self.config.stop_timeout_s)
        finally:
            if self._reservation is not None:
                self._reservation.release()
            told = failed and self._process is not None
            kept = self.config.keep is KeepFiles.ALWAYS or (told and self.config.keep is KeepFiles.ON_FAILURE)
            if self._work_dir is not None and not kept:
                shutil.rmtree(self._work_dir, ignore_errors=True)

    def _say(self, what: str) -> str:
        process = _started(self._process)
        return f"PX4 instance {self.number} {what}. The end of its log {process.log_path}:\n{process.log_tail()}"


class Px4Fleet:
    """Several PX4 SITL vehicles, started and stopped together, in the order of `configs`.

    The same promises and errors as `Px4Instance`; when one vehicle does not start, all are stopped. Vehicles
    numbered 9 and above share one onboard port and must be started as one fleet.
    """

    def __init__(self, configs: Sequence[Px4Config]) -> None:
        self._instances = tuple(Px4Instance(config) for config in configs)

    def __len__(self) -> int:
        return len(self._instances)

    def __getitem__(self, index: int) -> Px4Instance:
        return self._instances[index]

    def __iter__(self) -> Iterator[Px4Instance]:
        return iter(self._instances)

    async def __aenter__(self) -> Self:
        await _bring_up(self._instances)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _bring_down(self._instances, error)


async def _bring_up(instances: Sequence[Px4Instance]) -> None:
    """Start all, or none: after an error nothing runs and the files that explain it are kept."""
    try:
        for instance in instances:
            instance._prepare()
        async with AsyncExitStack() as ports:
            listeners = {}
            for port in sorted({instance.onboard_port for instance in instances}):
                sharing = [instance for instance in instances if instance.onboard_port == port]
                patience_s = max(instance.config.ready_timeout_s for instance in sharing)
                numbers = [instance.number for instance in sharing]
                listeners[port] = await ports.enter_async_context(listen(port, numbers, patience_s))
            for instance in instances:
                await instance._launch()
            await _all_or_first_error(
                [instance._await_ready(listeners[instance.onboard_port]) for instance in instances]
            )
        await _all_or_first_error([instance._settle() for instance in instances])
    except BaseException as error:
        await _bring_down(instances, error)
        raise


async def _bring_down(instances: Sequence[Px4Instance], error: BaseException | None) -> None:
    """End all at once; the first that had died by itself is raised when there is no error already."""
    died: Px4DiedError | None = None
    if error is None:
        try:
            for instance in instances:
                instance.check_alive()
        except Px4DiedError as its_end:
            error = died = its_end
    await asyncio.gather(*(instance._end(failed=error is not None) for instance in instances))
    if error is not None:
        for instance in instances:
            if instance._work_dir is not None and instance._work_dir.exists():
                error.add_note(f"PX4 instance {instance.number}: files kept in {instance._work_dir}")
    if died is not None:
        raise died


async def _all_or_first_error(steps: Sequence[Awaitable[None]]) -> None:
    """Run all side by side; on the first error cancel the others and raise it."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _usable_build(config: Px4Config) -> Path:
    found = find_px4() if config.build_dir is None else check_build(config.build_dir)
    place = BUILD_VARIABLE if config.build_dir is None else "build_dir"
    if isinstance(found, Px4Missing):
        raise InputError(InputProblem("<PX4 SITL>", place, found.reason, found.mend))
    if not has_airframe(found, config.airframe):
        mend = "Use a PX4 build for SITL with the SIH simulator, v1.14 or newer"
        raise InputError(InputProblem("<PX4 SITL>", place, f"{found} has no airframe {config.airframe}", mend))
    problem = speed_factor_problem() if config.speed_factor != 1.0 else None
    if problem is not None:
        mend = "Install bc, or run with speed_factor 1"
        raise InputError(InputProblem("<PX4 SITL>", "speed_factor", problem.rstrip("."), mend))
    return found


def _started(value: _T | None) -> _T:
    """The value that a start gives; an error before one."""
    if value is None:
        raise Px4Error("this PX4 instance was not started: enter it with `async with` first")
    return value
