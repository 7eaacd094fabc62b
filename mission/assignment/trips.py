"""Trips judged exactly: capacity, method, route, energy with the load that is left, and time windows."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mission.assignment.problem import AssignmentProblem, ceil_ms, floor_ms
from mission.assignment.times import straight_trip_times
from mission.model.fleet import VehicleType

MASS_TOLERANCE_KG = 1e-9
"""Rounding of a sum of parcel masses: three parcels of 0.1 kg are not heavier than 0.3 kg."""


@dataclass(frozen=True, slots=True)
class Base:
    """A kind of vehicle at a hub: trips of one base differ only in which vehicle flies them, and when."""

    hub: int
    vehicle_type: VehicleType


class TripFault(StrEnum):
    """The first reason why a trip cannot be flown."""

    CAPACITY = "CAPACITY"
    METHOD = "METHOD"
    ROUTE = "ROUTE"
    RANGE = "RANGE"
    WINDOW = "WINDOW"


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip that can be flown. Times are milliseconds after the problem's `now`.

    Attributes:
        base: index into `TripJudge.bases`.
        stops: indices into the problem's orders, in visiting order.
        handover_offsets_s: seconds after take-off at which each hand-over begins.
        duration_ms: take-off to landing.
        earliest_ms, latest_ms: departures with which every hand-over lies within its window. A vehicle does
            not wait in the air: it departs later instead.
    """

    base: int
    stops: tuple[int, ...]
    length_m: float
    energy_wh: float
    handover_offsets_s: tuple[float, ...]
    duration_ms: int
    earliest_ms: int
    latest_ms: int


class TripJudge:
    """Judges trips of one problem, and remembers its judgements.

    Attributes:
        bases: every kind of vehicle at every hub where there is one, in the order of the vehicles.
        base_of_vehicle: for each vehicle, the index of its base.
        ready_ms: for each vehicle, when it can first depart.
        window_ms: for each order, earliest and latest hand-over, rounded inwards.
    """

    def __init__(self, problem: AssignmentProblem) -> None:
        self.problem = problem
        self.trip_times = problem.trip_times or straight_trip_times(problem.policy)
        hub_index = {hub.hub_id: index for index, hub in enumerate(problem.hubs)}
        of_vehicle = [Base(hub_index[vehicle.hub_id], vehicle.type) for vehicle in problem.vehicles]
        self.bases: tuple[Base, ...] = tuple(dict.fromkeys(of_vehicle))
        self.base_of_vehicle = tuple(self.bases.index(base) for base in of_vehicle)
        self.ready_ms = tuple(
            max(0, ceil_ms(problem.available_from.get(vehicle.vehicle_id, problem.now), problem.now))
            for vehicle in problem.vehicles
        )
        self.window_ms = tuple(
            (ceil_ms(order.window.earliest, problem.now), floor_ms(order.window.latest, problem.now))
            for order in problem.orders
        )
        matrices = {entry.hub_id: entry.distance_m for entry in problem.distances}
        # Nested lists: reading one number from a numpy array costs ten times as much.
        self.distance_m: list[list[list[float]]] = [matrices[hub.hub_id].tolist() for hub in problem.hubs]
        self.mass_kg = tuple(order.parcel.mass_kg for order in problem.orders)
        self._judged: dict[tuple[int, tuple[int, ...]], Trip | TripFault] = {}

    def usable_wh(self, vehicle_type: VehicleType) -> float:
        """Energy that a trip may use: the battery less the policy's reserve."""
        return vehicle_type.battery_wh * (1.0 - self.problem.policy.reserve_fraction)

    def legs_m(self, base: int, stops: tuple[int, ...]) -> list[float]:
        """Leg distances hub → stops → hub."""
        matrix = self.distance_m[self.bases[base].hub]
        places = (0, *(stop + 1 for stop in stops), 0)
        return [matrix[a][b] for a, b in itertools.pairwise(places)]

    def payloads_kg(self, stops: tuple[int, ...]) -> list[float]:
        """Parcel mass on board on each leg; exactly 0 on the last."""
        payloads = [0.0]
        for stop in reversed(stops):
            payloads.append(payloads[-1] + self.mass_kg[stop])
        return payloads[::-1]

    def judge(self, base: int, stops: tuple[int, ...]) -> Trip | TripFault:
        """Return the trip of `stops` in this order from `base`, or the first reason against it."""
        key = (base, stops)
        known = self._judged.get(key)
        if known is None:
            known = self._judge(base, stops)
            self._judged[key] = known
        return known

    def _judge(self, base: int, stops: tuple[int, ...]) -> Trip | TripFault:
        vehicle_type = self.bases[base].vehicle_type
        payloads = self.payloads_kg(stops)
        too_heavy = payloads[0] > vehicle_type.max_payload_kg + MASS_TOLERANCE_KG
        if too_heavy or len(stops) > vehicle_type.parcel_slots:
            return TripFault.CAPACITY
        if any(self.problem.orders[stop].drop.method not in vehicle_type.methods for stop in stops):
            return TripFault.METHOD
        legs = self.legs_m(base, stops)
        length_m = sum(legs)
        if not math.isfinite(length_m):
            return TripFault.ROUTE
        energy_wh = self.problem.energy_wh(vehicle_type, legs, payloads)
        if not energy_wh <= self.usable_wh(vehicle_type):  # also refuses NaN
            return TripFault.RANGE
        *offsets_s, landing_s = self.trip_times(vehicle_type, legs)
        windows = [self.window_ms[stop] for stop in stops]
        earliest_ms = max(math.ceil(early - 1000.0 * at) for (early, _), at in zip(windows, offsets_s, strict=True))
        latest_ms = min(math.floor(late - 1000.0 * at) for (_, late), at in zip(windows, offsets_s, strict=True))
        if max(0, earliest_ms) > latest_ms:
            return TripFault.WINDOW
        return Trip(
            base=base,
            stops=stops,
            length_m=length_m,
            energy_wh=energy_wh,
            handover_offsets_s=tuple(offsets_s),
            duration_ms=math.ceil(1000.0 * landing_s),
            earliest_ms=max(0, earliest_ms),
            latest_ms=latest_ms,
        )

    def trips(self, stops: tuple[int, ...]) -> Iterator[Trip]:
        """Return the trips of `stops` in this order from every base that can fly them."""
        for base in range(len(self.bases)):
            trip = self.judge(base, stops)
            if isinstance(trip, Trip):
                yield trip
