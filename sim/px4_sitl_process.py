"""The PX4 process: started so that it can never outlive Stork, logged to a file, stopped for certain.

Why a launcher: PX4 must die with its parent even when that is killed, and only the kernel can promise it
(PR_SET_PDEATHSIG). The call has to be made in the child. `preexec_fn` would run Python between fork and exec of
a program with threads, which can deadlock; a watchdog process can be killed itself. So a new, isolated Python
asks the kernel for it and becomes PX4 by exec: same process id, 20 ms. The signal is SIGKILL, because a PX4
that ignores SIGTERM would be left behind. It is bound to the thread that started PX4 - the event loop's.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOG_TAIL_LINES = 25

_LAUNCHER = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), *[ctypes.c_ulong(0)] * 3) != 0:
    sys.exit("the kernel does not bind this process to its parent")
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent ended before the start")
for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(ignored_by_python, signal.SIG_DFL)
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[2]} cannot be run: {error}")
"""


@dataclass(frozen=True, slots=True)
class Px4Exit:
    """How a PX4 process ended: its exit code (negative: the signal), whether SIGKILL was needed, and the time."""

    returncode: int
    killed: bool
    seconds: float


class Px4Process:
    """One running PX4 with its log file. Made by `launch`."""

    def __init__(self, process: asyncio.subprocess.Process, log_path: Path) -> None:
        self._process = process
        self.log_path = log_path

    @classmethod
    async def launch(
        cls, command: Sequence[str | Path], environment: Mapping[str, str], work_dir: Path
    ) -> "Px4Process":
        """Start PX4 in its own process group (a Ctrl-C in the terminal is ours to handle), log to ``px4.log``."""
        log_path = work_dir / "px4.log"
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())),
                *map(str, command),
                env=dict(environment),
                cwd=work_dir,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(log)
        return cls(process, log_path)

    @property
    def pid(self) -> int:
        """The process id; PX4's own, the launcher becomes PX4."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end, whatever the cause; the exit code."""
        return await self._process.wait()

    async def stop(self, timeout_s: float) -> Px4Exit:
        """SIGTERM, and SIGKILL for the whole process group when it has not ended after `timeout_s`.

        Also when the caller is cancelled meanwhile: no process is left behind.
        """
        started_s = time.monotonic()
        killed = False
        try:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            async with asyncio.timeout(timeout_s):
                await self._process.wait()
        except TimeoutError:
            killed = True
        finally:
            self._kill_group()
        returncode = await self._process.wait()
        return Px4Exit(returncode, killed, time.monotonic() - started_s)

    async def kill(self) -> Px4Exit:
        """SIGKILL at once, as a crash of the flight computer would be."""
        started_s = time.monotonic()
        self._kill_group()
        return Px4Exit(await self._process.wait(), True, time.monotonic() - started_s)

    def _kill_group(self) -> None:
        """End PX4 and its start script's shells, unless PX4 is known to have ended: its number may be reused."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def log_tail(self, lines: int = LOG_TAIL_LINES) -> str:
        """The last lines of the log without blank ones, indented; a hint when it is empty."""
        return log_tail(self.log_path, lines)

    def log_text(self) -> str:
        """The whole log."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")


def log_tail(log_path: Path, lines: int) -> str:
    """The last lines of a log without blank ones, indented by two; says so when there are none."""
    text = log_path.read_text(encoding="utf-8", errors="replace")
    spoken = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in spoken[-lines:]) or "  (the log is empty)"
