"""Small worlds for assignment: a plane in metres, straight flights, and an energy that feels the load."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mission.assignment import AssignmentProblem, HubDistances, TripEnergy
from mission.model.fleet import Hub, Vehicle, VehicleType
from mission.model.geo import GeoPoint
from mission.model.orders import DeliveryMethod, DropPoint, Order, Parcel
from mission.model.time import TimeWindow
from mission.policy import Policy

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LIGHT = VehicleType("light", 2.0, 2, 8.0, 15.0, 4.0, 3.0, 300.0, 900.0)
HEAVY = VehicleType(
    "heavy", 5.0, 4, 15.0, 12.0, 3.0, 2.0, 900.0, 2400.0, frozenset({DeliveryMethod.GRIPPER, DeliveryMethod.LAND})
)


def hover_energy_wh(vehicle_type: VehicleType, distances_m: Sequence[float], payloads_kg: Sequence[float]) -> float:
    """Power with mass to the 1.5 for the time of cruise and 40 s of climbing, descending and hand-over a leg."""
    total_wh = 0.0
    for distance_m, payload_kg in zip(distances_m, payloads_kg, strict=True):
        ratio = (vehicle_type.empty_mass_kg + payload_kg) / vehicle_type.empty_mass_kg
        seconds = distance_m / vehicle_type.cruise_speed_m_s + 40.0
        total_wh += vehicle_type.hover_power_w * ratio**1.5 * seconds / 3600.0
    return total_wh


@dataclass(frozen=True)
class World:
    """Builds problems on a plane: places are (east, north) in metres."""

    now: datetime = NOW
    light: VehicleType = LIGHT
    heavy: VehicleType = HEAVY
    hubs: dict[str, tuple[float, float]] = field(default_factory=lambda: {"hub-1": (0.0, 0.0)})
    policy: Policy = field(default_factory=Policy)
    energy_wh: TripEnergy = hover_energy_wh

    def order(
        self,
        order_id: str,
        place: tuple[float, float],
        mass_kg: float = 0.5,
        opens_min: float = 0.0,
        closes_min: float = 600.0,
        method: DeliveryMethod = DeliveryMethod.GRIPPER,
    ) -> Order:
        """An order at a place, with its window in minutes after now."""
        window = TimeWindow(self.now + timedelta(minutes=opens_min), self.now + timedelta(minutes=closes_min))
        return Order(order_id, Parcel(f"{order_id}-parcel", mass_kg), DropPoint(geo(place), method), window)

    def vehicle(self, vehicle_id: str, vehicle_type: VehicleType | None = None, hub_id: str = "hub-1") -> Vehicle:
        """A vehicle, light unless told otherwise."""
        return Vehicle(vehicle_id, vehicle_type or self.light, hub_id, 1, "udpin://127.0.0.1:14540")

    def problem(
        self,
        orders: Sequence[Order],
        vehicles: Sequence[Vehicle],
        available_from: dict[str, datetime] | None = None,
    ) -> AssignmentProblem:
        """A problem with straight distances between all places."""
        places = [_plane(order.drop.position) for order in orders]
        matrices = []
        for hub_id, hub in self.hubs.items():
            points = np.array([hub, *places])
            matrices.append(HubDistances(hub_id, np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))))
        return AssignmentProblem(
            orders=tuple(orders),
            vehicles=tuple(vehicles),
            hubs=tuple(Hub(hub_id, hub_id, geo(place), 400.0) for hub_id, place in self.hubs.items()),
            distances=tuple(matrices),
            policy=self.policy,
            now=self.now,
            energy_wh=self.energy_wh,
            available_from=available_from or {},
        )


def geo(place: tuple[float, float]) -> GeoPoint:
    """A plane's place in degrees, on a sphere that is small enough to be flat."""
    return GeoPoint(place[1] / 111_195.0, place[0] / 111_195.0)


def _plane(point: GeoPoint) -> tuple[float, float]:
    return point.longitude_deg * 111_195.0, point.latitude_deg * 111_195.0


@pytest.fixture(scope="session")
def world() -> World:
    """One hub at the origin."""
    return World()


@pytest.fixture(scope="session")
def make_world() -> Callable[..., World]:
    """Builds worlds that differ from the default in the given fields."""

    def build(**changes: object) -> World:
        return replace(World(), **changes)  # type: ignore[arg-type]  # field names are the tests' own

    return build
