"""A sortie over Zurich with known geometry."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyproj import Geod

from mission.energy import MulticopterModel
from mission.flightplan import FlightConditions
from mission.model.fleet import Hub, Vehicle, VehicleType
from mission.model.flight import Sortie
from mission.model.geo import GeoPoint
from mission.model.orders import DeliveryMethod, DropPoint, Order, Parcel
from mission.model.time import TimeWindow
from mission.policy import Policy

HOME = GeoPoint(47.397742, 8.545594)
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

Away = Callable[[float, float], GeoPoint]
MakeSortie = Callable[..., Sortie]


@pytest.fixture
def start() -> datetime:
    """The earliest departure of the sorties made here."""
    return START


@pytest.fixture
def away() -> Away:
    """Return the point so many metres north and east of home, on the ellipsoid."""
    geod = Geod(ellps="WGS84")

    def point(north_m: float, east_m: float) -> GeoPoint:
        longitude, latitude, _ = geod.fwd(HOME.longitude_deg, HOME.latitude_deg, 0.0, north_m)
        longitude, latitude, _ = geod.fwd(longitude, latitude, 90.0, east_m)
        return GeoPoint(latitude, longitude)

    return point


@pytest.fixture
def vehicle_type() -> VehicleType:
    """A quadcopter for two parcels and both methods."""
    return VehicleType(
        type_id="quad",
        max_payload_kg=3.0,
        parcel_slots=2,
        empty_mass_kg=6.0,
        cruise_speed_m_s=12.0,
        climb_speed_m_s=3.0,
        descent_speed_m_s=2.0,
        battery_wh=400.0,
        hover_power_w=900.0,
        methods=frozenset({DeliveryMethod.GRIPPER, DeliveryMethod.LAND}),
    )


@pytest.fixture
def make_sortie(vehicle_type: VehicleType) -> MakeSortie:
    """Return a maker of sorties to the given drops."""

    def make(
        drops: Sequence[GeoPoint],
        *,
        method: DeliveryMethod = DeliveryMethod.GRIPPER,
        mass_kg: float = 1.0,
        kind: VehicleType = vehicle_type,
        windows: Sequence[tuple[float, float]] = (),
    ) -> Sortie:
        spans = windows or [(0.0, 7200.0)] * len(drops)
        orders = tuple(
            Order(
                order_id=f"o{index + 1}",
                parcel=Parcel(f"p{index + 1}", mass_kg),
                drop=DropPoint(place, method),
                window=TimeWindow(START + timedelta(seconds=early), START + timedelta(seconds=late)),
            )
            for index, (place, (early, late)) in enumerate(zip(drops, spans, strict=True))
        )
        hub = Hub("hub", "Hub", HOME, 489.4)
        return Sortie("drone-1/1", Vehicle("drone-1", kind, "hub", 1, "udpin://127.0.0.1:14540"), hub, orders, 0, START)

    return make


@pytest.fixture
def conditions() -> FlightConditions:
    """Still air, default policy and model."""
    return FlightConditions(Policy(), MulticopterModel())


@pytest.fixture
def px4_traces() -> Path:
    """Folder of recorded PX4 flights."""
    default = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("STORK_DATA_DIR", default)) / "px4-traces"
    if not folder.is_dir():
        pytest.skip(f"real sample data absent: {folder} (set STORK_DATA_DIR)")
    return folder
