"""Rules of the launched process: what PX4 inherits, and what is left of it."""

import re
import signal
from pathlib import Path

import pytest

from sim.px4_sitl_process import Px4Process


async def test_the_launcher_changes_nothing_for_px4(tmp_path: Path) -> None:
    """Python ignores some signals for itself; the program it becomes is born with none ignored."""
    process = await Px4Process.launch(["/bin/cat", "/proc/self/status"], {"PATH": "/bin"}, tmp_path)
    assert await process.wait() == 0
    ignored = re.search(r"SigIgn:\s*([0-9a-f]+)", process.log_text())
    assert ignored is not None
    assert int(ignored[1], 16) & sum(1 << (number - 1) for number in (signal.SIGPIPE, signal.SIGXFSZ)) == 0


async def test_a_program_that_cannot_be_run_is_told_in_the_log(tmp_path: Path) -> None:
    """The exit code is not 0, and the last words name the program."""
    process = await Px4Process.launch([tmp_path / "absent"], {}, tmp_path)
    assert await process.wait() == 1
    assert "absent cannot be run" in process.log_tail()


async def test_the_environment_is_exactly_the_given_one(tmp_path: Path) -> None:
    """Nothing of ours slips through, but for the character set Python may choose in a bare environment."""
    process = await Px4Process.launch(["/usr/bin/env"], {"PX4_SIM_MODEL": "x"}, tmp_path)
    assert await process.wait() == 0
    assert process.log_text().split() in (["PX4_SIM_MODEL=x"], ["PX4_SIM_MODEL=x", "LC_CTYPE=C.UTF-8"])


@pytest.mark.parametrize(("lines", "shown"), [(1, "  c"), (2, "  b\n  c"), (9, "  a\n  b\n  c")])
async def test_the_tail_is_the_last_spoken_lines(tmp_path: Path, lines: int, shown: str) -> None:
    """Blank lines are left out."""
    process = await Px4Process.launch(["/usr/bin/printf", "a\n\nb\n  \nc\n\n"], {}, tmp_path)
    await process.wait()
    assert process.log_tail(lines) == shown


async def test_an_empty_log_is_told_as_such(tmp_path: Path) -> None:
    """Silence is said, not shown as nothing."""
    process = await Px4Process.launch(["/bin/true"], {}, tmp_path)
    await process.wait()
    assert "empty" in process.log_tail()


async def test_stopping_what_has_ended_is_harmless(tmp_path: Path) -> None:
    """The exit code of its own end is given, twice the same."""
    process = await Px4Process.launch(["/bin/false"], {}, tmp_path)
    await process.wait()
    assert (await process.stop(1.0)).returncode == 1
    assert (await process.kill()).returncode == 1
