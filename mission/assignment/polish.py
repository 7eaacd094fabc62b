"""Sorties made shorter under the exact rules: slack induction by string removals.

PyVRP does not know that energy depends on the load, so what it proposes must be cut where a battery would not
last. This search starts from the cut sorties and only ever looks at trips that `TripJudge` accepts.

J. Christiaens, G. Vanden Berghe, Slack Induction by String Removals for Vehicle Routing Problems,
Transportation Science 54(2), 2020, with sorties instead of routes.
"""

import math
from collections.abc import Sequence

import numpy as np

from mission.assignment.trips import Trip, TripJudge

MEAN_REMOVED = 10
"""Orders taken out at a time, on average (the paper's c̄)."""
LONGEST_STRING = 10
"""Orders taken out of one sortie at most (the paper's L_max)."""
BLINK_PROBABILITY = 0.01
"""Chance of overlooking a place, which keeps the search from repeating itself (the paper's β)."""
NEIGHBOURS = 40
"""An order is only tried in sorties that hold one of its nearest so many."""
FIRST_TEMPERATURE, LAST_TEMPERATURE = 0.02, 0.0002
"""Of simulated annealing, as a share of the mean sortie's length."""


class SortieSearch:
    """Shortens a set of sorties that together serve each of its orders once.

    Every order must be one that some base can serve alone, so that a place for it always exists.
    """

    def __init__(self, judge: TripJudge, orders: Sequence[int], seed: int) -> None:
        self._judge = judge
        self._orders = list(orders)
        self._rng = np.random.default_rng(seed)
        self._alone = {order: min(judge.trips((order,)), key=_length) for order in orders}
        self._bases_of_hub: dict[int, list[int]] = {}
        for index, base in enumerate(judge.bases):
            self._bases_of_hub.setdefault(base.hub, []).append(index)
        types_of_hub = {
            hub: [judge.bases[base].vehicle_type for base in bases] for hub, bases in self._bases_of_hub.items()
        }
        self._most_stops = {hub: max(kind.parcel_slots for kind in kinds) for hub, kinds in types_of_hub.items()}
        self._flyable: dict[tuple[int, tuple[int, ...]], Trip | None] = {}
        self._near = self._nearest()

    def shorten(self, sorties: Sequence[tuple[int, ...]], iterations: int) -> list[tuple[int, ...]]:
        """Return sorties of the same orders whose total length is not longer."""
        current = _Sorties([min(self._judge.trips(stops), key=_length) for stops in sorties])
        best, best_m = list(current.trips.values()), current.length_m
        mean_m = best_m / max(1, len(best))
        cooling = (LAST_TEMPERATURE / FIRST_TEMPERATURE) ** (1.0 / max(1, iterations))
        temperature_m = FIRST_TEMPERATURE * mean_m
        for _ in range(iterations):
            before_m, undo = current.length_m, current.begin()
            for order in self._insertion_order(self._remove(current)):
                self._insert(current, order)
            allowance_m = -temperature_m * math.log(1.0 - self._rng.random())
            if current.length_m > before_m + allowance_m:
                current.restore(undo)
            elif current.length_m < best_m - 1e-6:
                best, best_m = list(current.trips.values()), current.length_m
            temperature_m *= cooling
        return [trip.stops for trip in best]

    def _nearest(self) -> dict[int, list[int]]:
        """For each order, the others by distance, nearest first: as seen from the hub that serves it best."""
        near = {}
        places = np.array(self._orders) + 1
        matrices = {hub: np.array(self._judge.distance_m[hub])[np.ix_(places, places)] for hub in self._bases_of_hub}
        for row, order in enumerate(self._orders):
            distances = matrices[self._judge.bases[self._alone[order].base].hub][row]
            nearest = np.argsort(distances, kind="stable")[: NEIGHBOURS + 1]
            near[order] = [order, *(self._orders[i] for i in nearest if self._orders[i] != order)]
        return near

    def _remove(self, current: "_Sorties") -> list[int]:
        """Take strings of neighbouring stops out of several sorties near a random order."""
        mean_size = len(self._orders) / max(1, len(current.trips))
        string_limit = min(LONGEST_STRING, mean_size)
        strings_limit = 4.0 * MEAN_REMOVED / (1.0 + string_limit) - 1.0
        strings = math.floor(self._rng.uniform(1.0, max(1.0, strings_limit) + 1.0))
        seed_order = self._orders[int(self._rng.integers(len(self._orders)))]
        removed: list[int] = []
        for order in self._near[seed_order]:
            if strings == 0:
                break
            key = current.sortie_of.get(order)
            if key is None:
                continue
            stops = current.trips[key].stops
            length = math.floor(self._rng.uniform(1.0, min(len(stops), string_limit + 1.0) + 1.0))
            length = min(length, len(stops))
            at = stops.index(order)
            start = int(self._rng.integers(max(0, at - length + 1), min(at, len(stops) - length) + 1))
            kept = stops[:start] + stops[start + length :]
            trip = self._flown_as(current.trips[key], kept)
            # Without a stop in the middle the rest can miss its windows: then all of it is taken out.
            removed.extend(stops if trip is None else stops[start : start + length])
            current.replace(key, trip)
            strings -= 1
        return removed

    def _insertion_order(self, removed: list[int]) -> list[int]:
        kind = int(self._rng.integers(4))
        if kind == 0:
            return [removed[i] for i in self._rng.permutation(len(removed))]
        if kind == 1:
            return sorted(removed, key=lambda order: -self._judge.mass_kg[order])
        sign = -1.0 if kind == 2 else 1.0
        return sorted(removed, key=lambda order: sign * self._alone[order].length_m)

    def _insert(self, current: "_Sorties", order: int) -> None:
        """Put `order` where it adds the least: into a sortie near by, or into one of its own."""
        best_m, best_key, best_trip = self._alone[order].length_m, None, self._alone[order]
        found = (current.sortie_of.get(other) for other in self._near[order])
        keys = dict.fromkeys(key for key in found if key is not None)  # ordered, unlike a set
        place = order + 1
        for key in keys:
            trip = current.trips[key]
            hub = self._judge.bases[trip.base].hub
            if len(trip.stops) >= self._most_stops[hub]:
                continue
            matrix = self._judge.distance_m[hub]
            before = 0
            for position in range(len(trip.stops) + 1):
                after = trip.stops[position] + 1 if position < len(trip.stops) else 0
                detour_m = matrix[before][place] + matrix[place][after] - matrix[before][after]
                before = after
                if detour_m >= best_m or self._rng.random() < BLINK_PROBABILITY:
                    continue
                extended = self._flown_as(trip, (*trip.stops[:position], order, *trip.stops[position:]))
                if extended is not None:
                    best_m, best_key, best_trip = detour_m, key, extended
        current.replace(best_key, best_trip)

    def _flown_as(self, trip: Trip, stops: tuple[int, ...]) -> Trip | None:
        """Return the trip of `stops` from the same hub, on the same kind of vehicle where that can fly it."""
        if not stops:
            return None
        key = (trip.base, stops)
        if key not in self._flyable:
            bases = (trip.base, *self._bases_of_hub[self._judge.bases[trip.base].hub])
            judged = (self._judge.judge(base, stops) for base in bases)
            self._flyable[key] = next((found for found in judged if isinstance(found, Trip)), None)
        return self._flyable[key]


class _Sorties:
    """A changing set of trips, with the sortie of every order at hand, that can go back to where it was."""

    def __init__(self, trips: Sequence[Trip]) -> None:
        self.trips = dict(enumerate(trips))
        self.sortie_of = {stop: key for key, trip in self.trips.items() for stop in trip.stops}
        self.length_m = sum(trip.length_m for trip in trips)
        self._next = len(trips)
        self._changed: dict[int, Trip | None] = {}

    def begin(self) -> tuple[float, dict[int, Trip | None]]:
        """Start to note changes; `restore` takes what this returns."""
        self._changed = {}
        return self.length_m, self._changed

    def restore(self, undo: tuple[float, dict[int, Trip | None]]) -> None:
        """Undo every change since `begin`."""
        length_m, changed = undo
        for key in changed:
            self.trips.pop(key, None)
        for key, trip in changed.items():
            if trip is not None:
                self.trips[key] = trip
                self.sortie_of.update(dict.fromkeys(trip.stops, key))
        self.length_m = length_m

    def replace(self, key: int | None, trip: Trip | None) -> None:
        """Put `trip` in place of sortie `key`; None as key adds one, None as trip removes it."""
        if key is None:
            key, self._next = self._next, self._next + 1
        old = self.trips.pop(key, None)
        self._changed.setdefault(key, old)
        if old is not None:
            self.length_m -= old.length_m
            for stop in old.stops:
                del self.sortie_of[stop]
        if trip is not None:
            self.trips[key] = trip
            self.length_m += trip.length_m
            self.sortie_of.update(dict.fromkeys(trip.stops, key))


def _length(trip: Trip) -> float:
    return trip.length_m
