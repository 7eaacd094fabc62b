"""How long an authority's zone document takes: read, report and index. Files are given in STORK_ZONE_DOCUMENTS."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import Figure, processor_seconds, run
from mission.airspace import ZoneIndex, read_zones

GOAL_S = 1.5
"""For the 288 zones of the Austrian ED-269 document."""


def documents(quick: bool) -> Iterator[Figure]:
    """Each document named in the environment, separated like a PATH."""
    named = os.environ.get("STORK_ZONE_DOCUMENTS", "")
    if not named:
        yield Figure("read, report, index", None, "s", GOAL_S, peer="STORK_ZONE_DOCUMENTS names no document")
    for name in filter(None, named.split(os.pathsep)):
        yield _one(Path(name), repeats=3 if quick else 11)


def _one(path: Path, repeats: int) -> Figure:
    data = path.read_bytes()
    zones = len(read_zones(data, path.name).zones)
    taken_s = processor_seconds(lambda: ZoneIndex(read_zones(data, path.name).zones), repeats)
    return Figure("read, report, index", taken_s, "s", GOAL_S, peer=f"{path.name}, {zones} zones")


if __name__ == "__main__":
    sys.exit(run("Zone documents", {"documents": documents}))
