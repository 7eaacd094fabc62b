"""Router and verifier on thousands of random worlds: what one routes the other accepts, and never a path in a zone.

Every world is one seed: a hub somewhere on Earth, one order, up to 14 zones drawn to be awkward (touching, nested,
overlapping, concave, thin, round, near the margins of height, time and distance). It is planned by the front door,
`mission.planner.plan_day`: routing, timing, compiling, verifying. Then four things are asked:

* a path that was routed is accepted: no refusal says that the verifier did not;
* a third ruler, which shares nothing with either, finds the path at least the verified clearance away;
* the same mission moved sideways until it is `DEPTH_M` inside a zone is refused for entering it;
* nothing ends in an exception.

``python -m benchmarks.agreement --seed N`` shows one world.
"""

import sys
from collections import Counter
from collections.abc import Iterator

from benchmarks.harness import Figure, run
from benchmarks.random_worlds import Outcome, judge_world, random_world

WORLDS = 10_000
QUICK_WORLDS = 500
FIRST_SEED = 1


def agreement(quick: bool) -> Iterator[Figure]:
    """Plan, judge, measure and shift; every disagreement is named by its seed."""
    count = QUICK_WORLDS if quick else WORLDS
    outcomes: Counter[Outcome] = Counter()
    seeds: list[int] = []
    shifted = zones = 0
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        world = random_world(seed)
        result = judge_world(world)
        zones += len(world.day.zones)
        shifted += result.shifted
        outcomes[result.outcome] += 1
        if result.outcome is Outcome.DISAGREED:
            seeds.append(seed)
            print(f"seed {seed}: {result.why}", file=sys.stderr)
    yield Figure("worlds planned and judged", count, "worlds", count, at_least=True, peer=f"{zones} zones")
    yield Figure("of them flown", outcomes[Outcome.FLOWN], "worlds", peer="accepted, and clear by a third ruler")
    yield Figure(
        "of them refused for a reason",
        outcomes[Outcome.REFUSED],
        "worlds",
        peer="no route, a place in a zone, no fence",
    )
    yield Figure("paths shifted into a zone", shifted, "paths", peer="each found")
    yield Figure("disagreements", len(seeds), "worlds", 0, peer=f"seeds {seeds[:10]}" if seeds else "")


if __name__ == "__main__":
    sys.exit(run("Router and verifier on random worlds", {"agreement": agreement}))
