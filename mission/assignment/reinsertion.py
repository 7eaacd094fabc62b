"""More orders served by a fleet that is short of time: take some sorties off the timetable, and insert anew.

Sorties are first formed as if vehicles were many. Where they are few, the shortest sorties need not be those of
which the most can be flown in time. Large neighbourhood search (P. Shaw, CP-98), on the timetable itself.
"""

import math
from collections.abc import Sequence

import numpy as np

from mission.assignment.timetable import Timetable

MOST_REMOVED_SORTIES = 3
MOST_INSERTED_ORDERS = 12
"""Of those that are not served, how many are tried at a time besides the ones taken out."""


def reinsert(timetable: Timetable, orders: Sequence[int], *, seed: int, iterations: int) -> Timetable:
    """Return a timetable that serves no fewer of `orders`, and with equally many flies no longer way.

    Args:
        timetable: where to start; it is left as it is.
        orders: all orders that are to be served, placed or not.
        seed: same seed, same answer.
        iterations: how often sorties are taken out and inserted anew.
    """
    rng = np.random.default_rng(seed)
    best, best_rank = timetable, rank(timetable)
    for _ in range(iterations):
        trial = best.copy()
        placements = list(trial.placements())
        if not placements:
            return best
        count = math.floor(rng.uniform(1.0, min(len(placements), MOST_REMOVED_SORTIES) + 1.0))
        waiting: list[int] = []
        for chosen in rng.choice(len(placements), size=min(count, len(placements)), replace=False):
            waiting.extend(placements[chosen].trip.stops)
            trial.remove(placements[chosen])
        served = {stop for placement in placements for stop in placement.trip.stops}
        unserved = [order for order in orders if order not in served]
        picked = rng.permutation(len(unserved))[:MOST_INSERTED_ORDERS]
        waiting.extend(unserved[index] for index in picked)
        for index in rng.permutation(len(waiting)):
            trial.insert(waiting[index])
        trial_rank = rank(trial)
        if trial_rank <= best_rank:
            best, best_rank = trial, trial_rank
    return best


def rank(timetable: Timetable) -> tuple[int, float]:
    """Less is better: orders served first, then the way flown."""
    return -timetable.served, timetable.length_m
