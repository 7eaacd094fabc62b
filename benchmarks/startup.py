"""How long `stork --help` takes, process start included: the least that any command costs.

Run `python -m benchmarks.startup` for a line to read, `--json` for one JSON object, `--quick` for fewer runs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    runs = 3 if arguments.quick else 11
    bare_s = median_s(BARE_PYTHON, runs)
    help_s = median_s(COMMAND, runs)
    row = {
        "figure": "stork --help",
        "value": round(help_s, 3),
        "unit": "s",
        "goal": GOAL_S,
        "holds": help_s <= GOAL_S,
        "peer": f"python -c pass {bare_s:.3f} s",
    }
    if arguments.json:
        print(json.dumps(row))
    else:
        verdict = "holds" if row["holds"] else "MISSED"
        print(f"{row['figure']}: {help_s:.3f} s, goal {GOAL_S} s: {verdict} ({row['peer']}, median of {runs})")


if __name__ == "__main__":
    main()
