"""How long `stork --help` takes, process start included: the least that any command costs."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.harness import Figure, run

GOAL_S = 0.4
COMMAND = (sys.executable, "-c", "from operations.cli import main; main()", "--help")
BARE_PYTHON = (sys.executable, "-c", "pass")


def median_s(command: tuple[str, ...], runs: int) -> float:
    """Median wall time of `runs` runs, after one that is not counted: it may still write byte code."""
    taken_s = []
    for _ in range(runs + 1):
        begun_s = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1"}, check=True)
        taken_s.append(time.perf_counter() - begun_s)
    return statistics.median(taken_s[1:])


def help_page(quick: bool) -> Iterator[Figure]:
    """The help page, beside an interpreter that does nothing."""
    runs = 3 if quick else 11
    bare_s = median_s(BARE_PYTHON, runs)
    yield Figure("stork --help", median_s(COMMAND, runs), "s", GOAL_S, peer=f"python -c pass: {bare_s:.3f} s")


if __name__ == "__main__":
    sys.exit(run("Starting up", {"help": help_page}))
