"""Hubs, sites to divert to, vehicle types and vehicles."""

import math
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
class PowerCurve:
    """How the power of a multicopter depends on what it does; `stork energy fit` finds it from flights.

    The defaults are for a type of which only the hover power is known. Each is the dearer end of what is usual:
    all power grows with the load, no relief is credited to forward flight.

    Attributes:
        hover_power_w: in hover at the empty mass, as flown; None = the type's, from its data sheet.
        fixed_share: share of the hover power that does not grow with the load (blade drag, avionics), 0 to below 1.
        induced_speed_m_s: speed of the air through the rotors in hover at the empty mass. It governs how much
            power forward flight saves; infinite = none.
        drag_area_m2: drag coefficient × frontal area, over the efficiency of the drive; None = as usual for its mass.
        climb_efficiency: share of the power added in a climb that becomes height.
        descent_relief: share of the potential power released in a descent that is saved.
        descent_floor: a descent never draws less than this share of level flight.
        idle_share: power on the ground with rotors turning, as a share of that in hover.
    """

    hover_power_w: float | None = None
    fixed_share: float = 0.0
    induced_speed_m_s: float = math.inf
    drag_area_m2: float | None = None
    climb_efficiency: float = 0.7
    descent_relief: float = 0.5
    descent_floor: float = 0.9
    idle_share: float = 1.0

    def __post_init__(self) -> None:
        if self.hover_power_w is not None and not 0.0 < self.hover_power_w < math.inf:
            raise ValueError(f"hover_power_w {self.hover_power_w} is not a power")
        if not 0.0 <= self.fixed_share < 1.0:
            raise ValueError(f"fixed_share {self.fixed_share} is not in [0, 1)")
        if not self.induced_speed_m_s > 0.0:
            raise ValueError(f"induced_speed_m_s {self.induced_speed_m_s} is not above 0")
        if self.drag_area_m2 is not None and not 0.0 <= self.drag_area_m2 < math.inf:
            raise ValueError(f"drag_area_m2 {self.drag_area_m2} is not an area")
        if not 0.0 < self.climb_efficiency <= 1.0:
            raise ValueError(f"climb_efficiency {self.climb_efficiency} is not in (0, 1]")
        if not 0.0 <= self.descent_relief <= 1.0:
            raise ValueError(f"descent_relief {self.descent_relief} is not in [0, 1]")
        if not 0.0 < self.descent_floor <= 1.0:
            raise ValueError(f"descent_floor {self.descent_floor} is not in (0, 1]: no descent is free")
        if not 0.0 <= self.idle_share <= 1.0:
            raise ValueError(f"idle_share {self.idle_share} is not in [0, 1]")


@dataclass(frozen=True, slots=True)
class VehicleType:
    """What one kind of vehicle can do.

    Attributes:
        max_payload_kg: largest total parcel mass.
        parcel_slots: number of parcels it can carry and release one by one.
        empty_mass_kg: take-off mass without parcels, batteries included.
        cruise_speed_m_s, climb_speed_m_s, descent_speed_m_s: planned speeds over ground in still air.
        battery_wh: usable energy of a full battery, as aged and as cold as it is.
        hover_power_w: electrical power in hover at `empty_mass_kg`, by its data sheet.
        power: what it draws as flown, with load, airspeed and climb.
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
    power: PowerCurve = PowerCurve()


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle: what it is, where it is based, and how its autopilot is reached.

    Attributes:
        system_id: MAVLink system id, 1-255.
        connection_url: MAVSDK connection string on which its autopilot is heard, e.g. ``udpin://127.0.0.1:14540``.
        hardware_uid: its autopilot's own id in hexadecimal digits; "" where it is not known beforehand. With one, no
            other autopilot is ever taken for it, whatever system id that has (fault F-L9).
    """

    vehicle_id: str
    type: VehicleType
    hub_id: str
    system_id: int
    connection_url: str
    hardware_uid: str = ""
