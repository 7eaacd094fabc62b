"""Flights and zones around one hub."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

from mission.energy import MulticopterModel
from mission.flightplan import FlightConditions, plan_flight
from mission.geodesy.local_frame import LocalFrame
from mission.model.fleet import Hub, LandingSite, Vehicle, VehicleType
from mission.model.flight import FlightPlan, Sortie
from mission.model.geo import GeoPoint
from mission.model.orders import DeliveryMethod, DropPoint, Order, Parcel
from mission.model.time import TimeWindow
from mission.policy import Policy

HOME = GeoPoint(47.397742, 8.545594)
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Zone:
    """A binding zone in local metres."""

    zone_id: str
    polygon: shapely.Polygon


@pytest.fixture
def frame() -> LocalFrame:
    """Local metres around home."""
    return LocalFrame(HOME)


@pytest.fixture
def zone() -> Callable[[str, shapely.Polygon], Zone]:
    """Return a maker of zones."""
    return Zone


@pytest.fixture
def at(frame: LocalFrame) -> Callable[[float, float], GeoPoint]:
    """Return the point so many metres east and north of home."""
    return lambda east_m, north_m: frame.to_geo(np.array([[east_m, north_m]]))[0]


@pytest.fixture
def policy() -> Policy:
    """The default margins."""
    return Policy(operator_id="CHE-test")


@pytest.fixture
def make_plan(policy: Policy) -> Callable[..., FlightPlan]:
    """Return a maker of flight plans to drops, on straight paths unless told otherwise."""

    def make(
        drops: Sequence[GeoPoint],
        *,
        methods: Sequence[DeliveryMethod] = (),
        paths: Sequence[Sequence[GeoPoint]] = (),
        alternates: Sequence[LandingSite] = (),
        ground_m: dict[str, float] | None = None,
        limits: Policy = policy,
    ) -> FlightPlan:
        both = frozenset({DeliveryMethod.GRIPPER, DeliveryMethod.LAND})
        quad = VehicleType("quad", 9.0, 9, 6.0, 12.0, 3.0, 1.5, 9000.0, 900.0, both)
        orders = tuple(
            Order(
                f"o{number}",
                Parcel(f"p{number}", 0.5),
                DropPoint(place, method),
                TimeWindow(START, START + timedelta(hours=9)),
            )
            for number, (place, method) in enumerate(
                zip(drops, methods or [DeliveryMethod.GRIPPER] * len(drops), strict=True), start=1
            )
        )
        vehicle = Vehicle("drone-1", quad, "hub", 1, "udpin://127.0.0.1:14540")
        sortie = Sortie("drone-1/1", vehicle, Hub("hub", "Hub", HOME, 489.4), orders, 0, START)
        straight = [list(pair) for pair in pairwise([HOME, *drops, HOME])]
        conditions = FlightConditions(limits, MulticopterModel(), drop_ground_home_m=ground_m or {})
        plan = plan_flight(sortie, paths or straight, conditions, alternates)
        assert isinstance(plan, FlightPlan), plan
        return plan

    return make


@pytest.fixture
def sample_plans() -> Path:
    """Folder of plan files written by QGroundControl."""
    default = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("STORK_DATA_DIR", default)) / "plans"
    if not folder.is_dir():
        pytest.skip(f"real sample data absent: {folder} (set STORK_DATA_DIR)")
    return folder
