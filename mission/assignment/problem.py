"""What assignment is asked: orders, vehicles, hubs, distances, limits, and how a trip costs and lasts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from mission.errors import InputError, InputProblem
from mission.model.fleet import Hub, Vehicle, VehicleType
from mission.model.orders import Order
from mission.model.time import require_aware
from mission.policy import Policy

TripEnergy = Callable[[VehicleType, Sequence[float], Sequence[float]], float]
"""`(vehicle type, leg distances in m, parcel mass on board on each leg in kg) → Wh` from take-off to landing.

The legs run hub → drop 1 → … → drop k → hub, so both sequences have k + 1 entries and the last mass is 0.
Everything between lift-off and touch-down is included: climbs, cruise, descents, hand-overs. The more a trip
flies or carries, the more it must cost. NaN means unknown, and an unknown trip is not flown.
"""

TripTimes = Callable[[VehicleType, Sequence[float]], Sequence[float]]
"""`(vehicle type, leg distances in m) → s after take-off` at which each leg ends.

Entry i < k is when the hand-over at drop i + 1 begins; the last entry is the landing.
"""


@dataclass(frozen=True, slots=True, eq=False)
class HubDistances:
    """Flown distances as seen from one hub.

    Attributes:
        hub_id: the hub.
        distance_m: (n + 1, n + 1) metres; row and column 0 are the hub, i + 1 is `problem.orders[i]`. inf
            where there is no route. The matrix need not be symmetric.
    """

    hub_id: str
    distance_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AssignmentProblem:
    """Everything that an assignment depends on.

    Attributes:
        orders: what is asked, each order id once.
        vehicles: what there is; each belongs to one of `hubs`, and starts and ends its sorties there.
        hubs: the bases.
        distances: one `HubDistances` for each hub.
        policy: `reserve_fraction`, `turnaround_s`, `handover_s` and the heights are used here.
        now: no sortie departs earlier; aware.
        energy_wh: what a trip costs.
        trip_times: how long its legs take; None = straight legs at the type's planned speeds.
        available_from: vehicles that are not ready now, and when they will be.
    """

    orders: tuple[Order, ...]
    vehicles: tuple[Vehicle, ...]
    hubs: tuple[Hub, ...]
    distances: tuple[HubDistances, ...]
    policy: Policy
    now: datetime
    energy_wh: TripEnergy
    trip_times: TripTimes | None = None
    available_from: Mapping[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_aware(self.now, "now")
        problems = [
            *_duplicates("orders", "order_id", [order.order_id for order in self.orders]),
            *_duplicates("vehicles", "vehicle_id", [vehicle.vehicle_id for vehicle in self.vehicles]),
            *_duplicates("hubs", "hub_id", [hub.hub_id for hub in self.hubs]),
            *self._unknown_hubs(),
            *self._broken_matrices(),
            *self._broken_availability(),
        ]
        if problems:
            raise InputError(*problems)

    def _unknown_hubs(self) -> Iterable[InputProblem]:
        hub_ids = {hub.hub_id for hub in self.hubs}
        for index, vehicle in enumerate(self.vehicles):
            if vehicle.hub_id not in hub_ids:
                yield _problem(
                    f"vehicles[{index}].hub_id",
                    f"vehicle {vehicle.vehicle_id} is based at {vehicle.hub_id!r}, which is not a hub",
                    f"Use one of {', '.join(sorted(hub_ids)) or 'the hubs, of which there are none'}.",
                )

    def _broken_matrices(self) -> Iterable[InputProblem]:
        given = [entry.hub_id for entry in self.distances]
        wanted = [hub.hub_id for hub in self.hubs]
        if sorted(given) != sorted(wanted):
            yield _problem("distances", f"matrices for hubs {given}, hubs are {wanted}", "Give one for each.")
        size = len(self.orders) + 1
        for index, entry in enumerate(self.distances):
            matrix = entry.distance_m
            if matrix.shape != (size, size):
                yield _problem(
                    f"distances[{index}].distance_m",
                    f"shape {matrix.shape} for {size - 1} orders",
                    f"Give a {size} × {size} matrix: the hub first, then the orders.",
                )
            elif bool(np.isnan(matrix).any()) or bool((matrix < 0.0).any()):
                yield _problem(
                    f"distances[{index}].distance_m",
                    "a distance is NaN or negative",
                    "Write metres, and inf where there is no route.",
                )

    def _broken_availability(self) -> Iterable[InputProblem]:
        known = {vehicle.vehicle_id for vehicle in self.vehicles}
        for vehicle_id, moment in self.available_from.items():
            if vehicle_id not in known:
                yield _problem(f"available_from[{vehicle_id!r}]", "no such vehicle", "Name a vehicle of the fleet.")
            if moment.utcoffset() is None:
                yield _problem(f"available_from[{vehicle_id!r}]", "no time zone", "Write it with an offset or Z.")


def _problem(place: str, what: str, mend: str) -> InputProblem:
    return InputProblem(file="<argument>", place=place, what=what, mend=mend)


def _duplicates(collection: str, attribute: str, names: list[str]) -> Iterable[InputProblem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield _problem(f"{collection}[{index}].{attribute}", f"{name!r} is given twice", "Give each one once.")
        seen.add(name)


def floor_ms(moment: datetime, origin: datetime) -> int:
    """Whole milliseconds from `origin` to `moment`, rounded down."""
    return (moment - origin) // timedelta(milliseconds=1)


def ceil_ms(moment: datetime, origin: datetime) -> int:
    """Whole milliseconds from `origin` to `moment`, rounded up."""
    return -((origin - moment) // timedelta(milliseconds=1))
