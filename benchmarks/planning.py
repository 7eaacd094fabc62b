"""Planning: a sky without conflicts, beside what else could find them.

Run by ``python -m benchmarks.planning``; numba belongs to the `fast` extra, and its row is left out where it is absent.
"""

import sys

from benchmarks.harness import run
from benchmarks.sky import detection, resolution

if __name__ == "__main__":
    sys.exit(run("Planning", {"detection": detection, "resolution": resolution}))
