"""Trips laid onto vehicles: one at a time, a turnaround between them, each within its departure window."""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mission.assignment.trips import Trip, TripFault, TripJudge


class Placement(NamedTuple):
    """A trip on a vehicle; ordered by departure (two trips of one vehicle never depart at once)."""

    departure_ms: int
    vehicle: int
    trip: Trip


@dataclass(frozen=True, slots=True)
class _Option:
    """A way to serve one more order: a placement, and the placement that it replaces."""

    detour_m: float
    placement: Placement
    replaced: Placement | None


class Timetable:
    """What each vehicle flies and when. Vehicles and orders are indices into the problem's."""

    def __init__(self, judge: TripJudge) -> None:
        self.judge = judge
        self._turnaround_ms = round(1000.0 * judge.problem.policy.turnaround_s)
        self._of_vehicle: list[list[Placement]] = [[] for _ in judge.problem.vehicles]
        self._vehicles_of_base: list[list[int]] = [[] for _ in judge.bases]
        for vehicle, base in enumerate(judge.base_of_vehicle):
            self._vehicles_of_base[base].append(vehicle)

    def copy(self) -> "Timetable":
        """Return a timetable with the same placements, to be changed on its own."""
        twin = Timetable(self.judge)
        twin._of_vehicle = [list(row) for row in self._of_vehicle]
        return twin

    def remove(self, placement: Placement) -> None:
        """Take a placement off its vehicle."""
        self._of_vehicle[placement.vehicle].remove(placement)

    def placements(self) -> Iterator[Placement]:
        """Every placement, vehicle by vehicle, in time."""
        for placed in self._of_vehicle:
            yield from placed

    @property
    def length_m(self) -> float:
        """Flown distance of everything placed."""
        return sum(placement.trip.length_m for placement in self.placements())

    @property
    def served(self) -> int:
        """Number of orders served."""
        return sum(len(placement.trip.stops) for placement in self.placements())

    def earliest_departure_ms(
        self, vehicle: int, trip: Trip, ignored: Placement | None = None, latest_ms: float | None = None
    ) -> int | None:
        """When `vehicle` can first depart on `trip`, in any gap between what it flies already; None = never.

        Args:
            vehicle: its index.
            trip: what it would fly.
            ignored: a placement of this vehicle that would be given up.
            latest_ms: latest departure instead of the trip's own; inf asks when it would be possible at all.
        """
        limit_ms = trip.latest_ms if latest_ms is None else latest_ms
        candidate_ms = max(trip.earliest_ms, self.judge.ready_ms[vehicle])
        for placed in self._of_vehicle[vehicle]:
            if placed is ignored:
                continue
            if candidate_ms + trip.duration_ms + self._turnaround_ms <= placed.departure_ms:
                break
            candidate_ms = max(candidate_ms, placed.departure_ms + placed.trip.duration_ms + self._turnaround_ms)
        return candidate_ms if candidate_ms <= limit_ms else None

    def place(self, stops: tuple[int, ...]) -> bool:
        """Lay `stops`, in this order, onto the best vehicle; False where none can fly them in time.

        Best is the shortest flight, then the earliest departure, then the least capable vehicle (what only a
        big one can carry may come later), then the one with the fewest sorties, then the fleet's order.
        """
        best: tuple[tuple[float, ...], Placement] | None = None
        for trip in self.judge.trips(stops):
            for vehicle in self._vehicles_of_base[trip.base]:
                departure_ms = self.earliest_departure_ms(vehicle, trip)
                if departure_ms is None:
                    continue
                payload_kg = self.judge.bases[trip.base].vehicle_type.max_payload_kg
                rank = (trip.length_m, departure_ms, payload_kg, len(self._of_vehicle[vehicle]), vehicle)
                if best is None or rank < best[0]:
                    best = (rank, Placement(departure_ms, vehicle, trip))
        if best is None:
            return False
        insort(self._of_vehicle[best[1].vehicle], best[1], key=_departure)
        return True

    def insert(self, order: int) -> bool:
        """Serve one more order by the shortest detour: in a trip that is there, or in one of its own.

        Returns:
            False where no vehicle can serve it in time; nothing is changed then.
        """
        best = self._own_trip(order)
        limit_m = best.detour_m if best else float("inf")
        for detour_m, placed, position in sorted(self._detours(order, limit_m), key=lambda d: d[0]):
            if best is not None and detour_m >= best.detour_m:
                break
            option = self._extended(order, placed, position, detour_m)
            if option is not None:
                best = option
                break
        if best is None:
            return False
        if best.replaced is not None:
            self.remove(best.replaced)
        insort(self._of_vehicle[best.placement.vehicle], best.placement, key=_departure)
        return True

    def _own_trip(self, order: int) -> _Option | None:
        best: tuple[tuple[float, ...], _Option] | None = None
        for trip in self.judge.trips((order,)):
            for vehicle in self._vehicles_of_base[trip.base]:
                departure_ms = self.earliest_departure_ms(vehicle, trip)
                if departure_ms is None:
                    continue
                rank = (trip.length_m, departure_ms, len(self._of_vehicle[vehicle]), vehicle)
                if best is None or rank < best[0]:
                    best = (rank, _Option(trip.length_m, Placement(departure_ms, vehicle, trip), None))
        return best[1] if best else None

    def _detours(self, order: int, limit_m: float) -> Iterator[tuple[float, Placement, int]]:
        """Every place in every trip with room for one more parcel, and what it would add in metres."""
        bases = self.judge.bases
        for placed in self.placements():
            stops = placed.trip.stops
            base = bases[placed.trip.base]
            if len(stops) >= base.vehicle_type.parcel_slots:
                continue
            matrix = self.judge.distance_m[base.hub]
            places = (0, *(stop + 1 for stop in stops), 0)
            for position in range(len(stops) + 1):
                a, b = places[position], places[position + 1]
                detour_m = matrix[a][order + 1] + matrix[order + 1][b] - matrix[a][b]
                if detour_m < limit_m:
                    yield detour_m, placed, position

    def _extended(self, order: int, placed: Placement, position: int, detour_m: float) -> _Option | None:
        stops = (*placed.trip.stops[:position], order, *placed.trip.stops[position:])
        trip = self.judge.judge(placed.trip.base, stops)
        if isinstance(trip, TripFault):
            return None
        departure_ms = self.earliest_departure_ms(placed.vehicle, trip, ignored=placed)
        if departure_ms is None:
            return None
        return _Option(detour_m, Placement(departure_ms, placed.vehicle, trip), placed)


def _departure(placement: Placement) -> int:
    return placement.departure_ms
