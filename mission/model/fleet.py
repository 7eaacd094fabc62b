"""Hubs, sites to divert to, vehicle types and vehicles."""

from dataclasses import dataclass

from mission.model.geo import ElevationRange, GeoPoint
from mission.model.orders import DeliveryMethod


@dataclass(frozen=True, slots=True)
class Hub:
    """Where sorties begin and end. `ground_amsl_m` is the elevation of its pads."""

    hub_id: str
    name: str
    position: GeoPoint
    ground_amsl_m: float


@dataclass(frozen=True, slots=True)
class LandingSite:
    """A permitted place to land when home is out of reach (an alternate; uploaded as a rally point)."""

    site_id: str
    name: str
    position: GeoPoint
    ground_amsl_m: float


@dataclass(frozen=True, slots=True)
class Site:
    """One operating area: its hubs, its alternates, and the relief of its ground.

    Attributes:
        relief: lowest and highest ground anywhere in the area, AMSL; None = unknown, and then zones whose
            limits are AGL or AMSL apply at all heights.
    """

    site_id: str
    name: str
    hubs: tuple[Hub, ...]
    alternates: tuple[LandingSite, ...]
    relief: ElevationRange | None = None


@dataclass(frozen=True, slots=True)
class VehicleType:
    """What one kind of vehicle can do.

    Attributes:
        max_payload_kg: largest total parcel mass.
        parcel_slots: number of parcels it can carry and release one by one.
        empty_mass_kg: take-off mass without parcels, batteries included.
        cruise_speed_m_s, climb_speed_m_s, descent_speed_m_s: planned speeds over ground in still air.
        battery_wh: usable energy of a full battery.
        hover_power_w: electrical power in hover at `empty_mass_kg`.
        methods: hand-over methods it is equipped for.
        payload_sensor: it weighs what hangs in its grippers, and says so (`VehicleState.payload_kg`).
    """

    type_id: str
    max_payload_kg: float
    parcel_slots: int
    empty_mass_kg: float
    cruise_speed_m_s: float
    climb_speed_m_s: float
    descent_speed_m_s: float
    battery_wh: float
    hover_power_w: float
    methods: frozenset[DeliveryMethod] = frozenset({DeliveryMethod.GRIPPER})
    payload_sensor: bool = False


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle: what it is, where it is based, and how its autopilot is reached.

    Attributes:
        system_id: MAVLink system id, 1-255.
        connection_url: MAVSDK connection string on which its autopilot is heard, e.g. ``udpin://127.0.0.1:14540``.
    """

    vehicle_id: str
    type: VehicleType
    hub_id: str
    system_id: int
    connection_url: str
