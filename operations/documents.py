"""The shapes of Stork's own input documents: site, fleet, orders and day.

Strict: an unknown key, a missing unit, a number in quotes or a time without an offset is an error. Every
shape turns itself into the nouns of `mission.model`, so pydantic stays at this edge.
"""

import dataclasses
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from mission.energy import usable_energy_wh
from mission.geodesy.srtm import SRTM_VERTICAL_ERROR_M
from mission.model.fleet import Hub, LandingSite, PowerCurve, Site, Vehicle, VehicleType
from mission.model.geo import ElevationRange, GeoPoint
from mission.model.orders import DeliveryMethod, DropPoint, Order, Parcel, ServiceClass
from mission.model.time import TimeWindow
from mission.policy import Policy

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _parse_iso(value: object) -> object:
    """Let ISO 8601 text through as a datetime (JSON has no times of its own); leave all else to pydantic."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Positive = Annotated[float, Field(gt=0)]
Moment = Annotated[AwareDatetime, BeforeValidator(_parse_iso), Field(strict=False)]
Method = Annotated[DeliveryMethod, Field(strict=False)]


class Document(BaseModel):
    """Base of every shape: strict, frozen, no unknown keys."""

    model_config = STRICT


class Place(Document):
    """A position on the map, degrees WGS84."""

    latitude_deg: Latitude
    longitude_deg: Longitude

    def point(self) -> GeoPoint:
        """The position as the model has it."""
        return GeoPoint(self.latitude_deg, self.longitude_deg)


class GroundPlace(Place):
    """A hub or alternate: a named position with the elevation of its ground."""

    id: Identifier
    name: str = ""
    ground_amsl_m: float


class Relief(Document):
    """Lowest and highest ground of the operating area."""

    minimum_amsl_m: float
    maximum_amsl_m: float


class TerrainDocument(Document):
    """A map of the ground: SRTM tiles (files or folders of them), how wrong they may be, and a geoid."""

    tiles: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    vertical_error_m: Annotated[float, Field(ge=0)] = SRTM_VERTICAL_ERROR_M
    geoid: str | None = None


def _policy_field(field: "dataclasses.Field[Any]") -> tuple[Any, Any]:
    """One policy figure as a pydantic field: same default, never negative."""
    if field.type is float:
        return Annotated[float, Field(ge=0)], field.default
    if field.type == tuple[float, ...]:
        return Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(strict=False)], field.default
    if field.type == frozenset[str]:
        return Annotated[frozenset[str], Field(strict=False)], field.default
    return field.type, field.default


_POLICY_FIELDS: dict[str, Any] = {field.name: _policy_field(field) for field in dataclasses.fields(Policy)}
PolicyDocument: type[BaseModel] = create_model("PolicyDocument", __config__=STRICT, **_POLICY_FIELDS)
"""`mission.policy.Policy`, key for key, with its defaults; no figure may be negative."""


class SiteDocument(Document):
    """``site.toml``: hubs, alternates, the ground (relief or terrain) and the operator's policy."""

    format: Literal["stork.site/1"]
    id: Identifier
    name: str
    hubs: Annotated[tuple[GroundPlace, ...], Field(min_length=1, strict=False)]
    alternates: Annotated[tuple[GroundPlace, ...], Field(strict=False)] = ()
    relief: Relief | None = None
    terrain: TerrainDocument | None = None
    policy: dict[str, Any] = Field(default_factory=dict)

    def site(self) -> Site:
        """The site as the model has it."""
        relief = ElevationRange(self.relief.minimum_amsl_m, self.relief.maximum_amsl_m) if self.relief else None
        return Site(
            site_id=self.id,
            name=self.name,
            hubs=tuple(Hub(h.id, h.name or h.id, h.point(), h.ground_amsl_m) for h in self.hubs),
            alternates=tuple(LandingSite(a.id, a.name or a.id, a.point(), a.ground_amsl_m) for a in self.alternates),
            relief=relief,
        )


class PowerCurveDocument(Document):
    """What a type draws as flown, as `stork energy fit` prints it; see `PowerCurve`. No key is needed."""

    hover_power_w: Positive | None = None
    fixed_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    induced_speed_m_s: Positive | None = None
    drag_area_m2: Annotated[float, Field(ge=0)] | None = None
    climb_efficiency: Annotated[float, Field(gt=0, le=1)] | None = None
    descent_relief: Annotated[float, Field(ge=0, le=1)] | None = None
    descent_floor: Annotated[float, Field(gt=0, le=1)] | None = None
    idle_share: Annotated[float, Field(ge=0, le=1)] | None = None

    def power_curve(self) -> PowerCurve:
        """The curve as the model has it; what is left out is as the model's defaults are."""
        return PowerCurve(**{name: value for name, value in self if value is not None})


class VehicleTypeDocument(Document):
    """What one kind of vehicle can do.

    Attributes:
        battery_wh: of a full battery when new, at 20 °C.
        battery_health: share of that which age has left.
        battery_temperature_c: coldest that a battery is at take-off.
    """

    id: Identifier
    max_payload_kg: Positive
    parcel_slots: Annotated[int, Field(ge=1, le=16)]
    empty_mass_kg: Positive
    cruise_speed_m_s: Positive
    climb_speed_m_s: Positive
    descent_speed_m_s: Positive
    battery_wh: Positive
    hover_power_w: Positive
    methods: Annotated[frozenset[Method], Field(min_length=1, strict=False)] = frozenset({DeliveryMethod.GRIPPER})
    payload_sensor: bool = False
    battery_health: Annotated[float, Field(gt=0, le=1)] = 1.0
    battery_temperature_c: Annotated[float, Field(ge=-20, le=60)] = 20.0
    power: PowerCurveDocument = PowerCurveDocument()

    def vehicle_type(self) -> VehicleType:
        """The type as the model has it."""
        return VehicleType(
            type_id=self.id,
            max_payload_kg=self.max_payload_kg,
            parcel_slots=self.parcel_slots,
            empty_mass_kg=self.empty_mass_kg,
            cruise_speed_m_s=self.cruise_speed_m_s,
            climb_speed_m_s=self.climb_speed_m_s,
            descent_speed_m_s=self.descent_speed_m_s,
            battery_wh=usable_energy_wh(
                self.battery_wh, health=self.battery_health, temperature_c=self.battery_temperature_c
            ),
            hover_power_w=self.hover_power_w,
            methods=self.methods,
            payload_sensor=self.payload_sensor,
            power=self.power.power_curve(),
        )


class VehicleDocument(Document):
    """One vehicle and how its autopilot is heard."""

    id: Identifier
    type: Identifier
    hub: Identifier
    system_id: Annotated[int, Field(ge=1, le=255)]
    connection_url: Annotated[str, Field(pattern=r"^(udpin|udpout|tcpin|tcpout|serial)://.+$")]
    hardware_uid: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{16}|[0-9A-Fa-f]{36})?$")] = ""

    def vehicle(self, types: dict[str, VehicleType]) -> Vehicle:
        """The vehicle as the model has it; `types` must know its type."""
        uid = self.hardware_uid.lower()
        return Vehicle(self.id, types[self.type], self.hub, self.system_id, self.connection_url, uid)


class FleetDocument(Document):
    """``fleet.toml``: vehicle types and vehicles."""

    format: Literal["stork.fleet/1"]
    types: Annotated[tuple[VehicleTypeDocument, ...], Field(strict=False)]
    vehicles: Annotated[tuple[VehicleDocument, ...], Field(strict=False)]


class WindowDocument(Document):
    """When the parcel may arrive. Both ends carry an offset from UTC."""

    earliest: Moment
    latest: Moment


class DropDocument(Place):
    """Where and how the parcel is handed over."""

    method: Method = DeliveryMethod.GRIPPER
    name: str = ""


class OrderDocument(Document):
    """One order. Without a window it may arrive at any time of the operating day."""

    id: Identifier
    mass_kg: Positive
    drop: DropDocument
    window: WindowDocument | None = None
    service_class: Annotated[ServiceClass, Field(strict=False)] = ServiceClass.STANDARD
    recipient: str = ""
    attended: bool = False

    def order(self, day_start: datetime, operating_day: timedelta) -> Order:
        """The order as the model has it.

        Raises:
            ValueError: the window ends before it begins.
        """
        window = (
            TimeWindow(self.window.earliest, self.window.latest)
            if self.window
            else TimeWindow(day_start, day_start + operating_day)
        )
        return Order(
            order_id=self.id,
            parcel=Parcel(f"parcel-{self.id}", self.mass_kg),
            drop=DropPoint(self.drop.point(), self.drop.method, self.drop.name),
            window=window,
            service_class=self.service_class,
            recipient=self.recipient,
            attended=self.attended,
        )


class OrdersDocument(Document):
    """``orders.json``: the day's orders."""

    format: Literal["stork.orders/1"]
    orders: Annotated[tuple[OrderDocument, ...], Field(strict=False)]


class SimulationDocument(Document):
    """How the day is flown on simulated vehicles: seed, speed, and what goes wrong on purpose."""

    seed: Annotated[int, Field(ge=0)] = 1
    speed_factor: Annotated[float, Field(gt=0, le=50)] = 1.0
    faults: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = ()


class ExpectedDocument(Document):
    """Orders that are expected not to be delivered; `stork fly` is done when the day ends so."""

    diverted: Annotated[tuple[Identifier, ...], Field(strict=False)] = ()
    returned: Annotated[tuple[Identifier, ...], Field(strict=False)] = ()
    failed: Annotated[tuple[Identifier, ...], Field(strict=False)] = ()
    refused: Annotated[tuple[Identifier, ...], Field(strict=False)] = ()


class DayDocument(Document):
    """``day.toml``: which site, fleet, orders and zones make one day, and when it starts (default: now)."""

    format: Literal["stork.day/1"]
    name: str
    site: str
    fleet: str
    orders: str
    zones: Annotated[tuple[str, ...], Field(strict=False)] = ()
    zones_as_of: Moment | None = None
    start: Moment | None = None
    operating_hours: Annotated[float, Field(gt=0, le=24)] = 8.0
    simulation: SimulationDocument = SimulationDocument()
    expected: ExpectedDocument = ExpectedDocument()
