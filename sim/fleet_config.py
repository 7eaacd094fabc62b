"""What a simulated fleet is made of: its configuration, read from JSON and checked before anything starts."""

import itertools
import math
from collections.abc import Container
from pathlib import Path
from typing import Literal

import msgspec

from mission.errors import InputError, InputProblem
from sim.fault_kinds import BatteryDrop, Fault, ForeignMode, ItemRefused, SystemIdClash

MAX_SPEED_FACTOR = 50.0
MAX_AIR_DRAG_PER_S = 1.5
"""With more, PX4's controllers cannot hold a multicopter to its trajectory."""
FOREIGN_MODES = ("LOITER", "RTL", "LAND")
REFUSALS = (1, 2, 3, 4, 5, 6)
"""MAV_MISSION_RESULTs with which PX4 refuses an item."""


class Home(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a vehicle stands when it boots; also where the ground crew serves it."""

    latitude_deg: float
    longitude_deg: float
    altitude_amsl_m: float


class Physical(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a vehicle is, as its physics see it.

    Attributes:
        airframe: how it moves.
        empty_mass_kg: take-off mass without parcels, battery included.
        cruise_speed_m_s: MPC_XY_CRUISE, flown where a mission sets no speed.
        max_speed_m_s: MPC_XY_VEL_MAX, flown at most.
        climb_speed_m_s, descent_speed_m_s: MPC_Z_V_AUTO_UP and MPC_Z_V_AUTO_DN.
        takeoff_speed_m_s, landing_speed_m_s: MPC_TKO_SPEED and MPC_LAND_SPEED.
        battery_wh: energy of a full battery.
        hover_power_w: electrical power in hover without parcels.
        max_air_speed_m_s: faster it does not fly through the air; a stronger wind carries it away.
        air_drag_per_s: deceleration of a multicopter for each m/s through the air, which PX4's controllers have to make
            up for; PX4's own simulated quadcopter has 1, a real one far less, and 0 follows its trajectory exactly.
        payload_sensor: it weighs what hangs in its grippers, and sends it as NAMED_VALUE_FLOAT ``payload_kg``.
        wing_speed_m_s, wing_area_m2: FW_AIRSPD_TRIM and the wing of a VTOL; nothing to the others.
        loads_kg: parcel masses by slot for each sortie in turn; the last is repeated, none means no parcels.
    """

    airframe: Literal["multicopter", "rover", "vtol"] = "multicopter"
    empty_mass_kg: float = 4.0
    cruise_speed_m_s: float = 10.0
    max_speed_m_s: float = 15.0
    climb_speed_m_s: float = 3.0
    descent_speed_m_s: float = 1.5
    takeoff_speed_m_s: float = 1.5
    landing_speed_m_s: float = 0.7
    battery_wh: float = 150.0
    hover_power_w: float = 450.0
    max_air_speed_m_s: float = 25.0
    wing_speed_m_s: float = 15.0
    wing_area_m2: float = 0.45
    air_drag_per_s: float = 0.0
    payload_sensor: bool = False
    loads_kg: tuple[tuple[float, ...], ...] = ()


class VehicleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One simulated vehicle.

    Attributes:
        partner_host, partner_port: whom it speaks to, as PX4 SITL speaks to 127.0.0.1:14540 + instance.
        local_port: its own UDP port on 127.0.0.1; 0 lets the system choose.
        parameters: PX4 parameters that differ from the defaults.
    """

    vehicle_id: str
    system_id: int
    partner_port: int
    home: Home
    partner_host: str = "127.0.0.1"
    local_port: int = 0
    physical: Physical = Physical()
    parameters: dict[str, float | int] = {}


class WindConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A steady wind told for 10 m above ground, and its gusts.

    Attributes:
        from_deg: where it comes from, clockwise from north.
        gust_m_s: standard deviation of the gusts on each horizontal axis.
    """

    speed_m_s: float
    from_deg: float = 270.0
    gust_m_s: float = 0.0


class ReliefConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ground elevations on a grid of latitudes and longitudes.

    Attributes:
        latitudes_deg, longitudes_deg: ascending.
        rows_amsl_m: one row a latitude, one height a longitude.
    """

    latitudes_deg: tuple[float, ...]
    longitudes_deg: tuple[float, ...]
    rows_amsl_m: tuple[tuple[float, ...], ...]


class GroundCrew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People at home: after this long disarmed there, a vehicle has a full battery and its next parcels."""

    battery_swap_s: float = 60.0


class FleetConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole simulated fleet.

    Attributes:
        speed_factor: simulated seconds per second of the wall clock.
        truth_log: file for what the vehicles really did, JSON lines; None writes none.
        truth_interval_s: simulated time between two lines of one vehicle.
        max_stream_hz: most messages of one stream and vehicle in a second of the wall clock. Streams keep
            PX4's rates in simulated time as far as this cap lets them: at a speed factor of 20 a 50 Hz stream
            would be 1,000 messages a second.
        position_error_m: standard deviation of the difference between where a vehicle is and where it believes
            to be, each horizontal axis; it follows from `seed`. The truth log holds the truth.
        wind: the same for all vehicles, but each meets its own gusts; None for still air.
        relief: the ground; None for level ground everywhere.
    """

    vehicles: tuple[VehicleConfig, ...]
    seed: int = 0
    speed_factor: float = 1.0
    ground_crew: GroundCrew | None = None
    faults: tuple[Fault, ...] = ()
    truth_log: str | None = None
    truth_interval_s: float = 0.5
    max_stream_hz: float = 25.0
    position_error_m: float = 0.3
    wind: WindConfig | None = None
    relief: ReliefConfig | None = None


def read_fleet_config(document: bytes, name: str) -> FleetConfig:
    """Read and check a fleet's JSON.

    Raises:
        InputError: with the place of everything that is wrong.
    """
    try:
        config = msgspec.json.decode(document, type=FleetConfig)
    except msgspec.DecodeError as error:
        place, _, what = str(error).rpartition(" - at `$")
        raise InputError(
            InputProblem(name, what.rstrip("`").lstrip(".") or "document", place or str(error), "See FleetConfig.")
        ) from error
    problems = tuple(InputProblem(name, *problem) for problem in _problems(config))
    if problems:
        raise InputError(*problems)
    return config


def load_fleet_config(path: Path) -> FleetConfig:
    """Read a fleet's JSON file; see `read_fleet_config`."""
    try:
        document = path.read_bytes()
    except OSError as error:
        raise InputError(
            InputProblem(str(path), "file", error.strerror or str(error), "Give a readable file.")
        ) from error
    return read_fleet_config(document, str(path))


def _problems(config: FleetConfig) -> list[tuple[str, str, str]]:
    """Everything in a well-formed configuration that cannot be simulated: place, what, how to mend."""
    found: list[tuple[str, str, str]] = []
    if not 0.0 < config.speed_factor <= MAX_SPEED_FACTOR:
        found.append(
            ("speed_factor", f"{config.speed_factor} is out of range", f"Use 0 < factor ≤ {MAX_SPEED_FACTOR}.")
        )
    if not config.max_stream_hz > 0.0 or not config.truth_interval_s > 0.0:
        found.append(("max_stream_hz, truth_interval_s", "not a positive number", "Use a positive number."))
    if not 0.0 <= config.position_error_m < math.inf:
        found.append(("position_error_m", f"{config.position_error_m} is negative", "Use 0 or more metres."))
    wind = config.wind
    if wind is not None and not (0.0 <= wind.speed_m_s < 60.0 and 0.0 <= wind.gust_m_s < 30.0):
        found.append(("wind", "is no wind on Earth", "Use 0 ≤ speed_m_s < 60 and 0 ≤ gust_m_s < 30."))
    found += _relief_problems(config.relief)
    if not config.vehicles:
        found.append(("vehicles", "is empty", "Give at least one vehicle."))
    for field in ("vehicle_id", "system_id"):
        values = [getattr(vehicle, field) for vehicle in config.vehicles]
        for value in sorted({value for value in values if values.count(value) > 1}):
            found.append(("vehicles", f"{field} {value!r} is given twice", f"Give every vehicle its own {field}."))
    for index, vehicle in enumerate(config.vehicles):
        found += [(f"vehicles[{index}].{place}", what, mend) for place, what, mend in _vehicle_problems(vehicle)]
    known = {vehicle.vehicle_id for vehicle in config.vehicles}
    for index, fault in enumerate(config.faults):
        found += [(f"faults[{index}]{place}", what, mend) for place, what, mend in fault_problems(fault, known)]
        if isinstance(fault, BatteryDrop) and (fault.after_takeoff_s is None) == (fault.at_item is None):
            found.append((f"faults[{index}]", "no single trigger", "Give either after_takeoff_s or at_item."))
    return found


def fault_problems(fault: Fault, vehicle_ids: Container[str]) -> list[tuple[str, str, str]]:
    """Everything in a well-formed fault that cannot happen: place, what, how to mend."""
    found: list[tuple[str, str, str]] = []
    if fault.vehicle_id not in vehicle_ids:
        found.append((".vehicle_id", f"no vehicle {fault.vehicle_id!r}", "Name a vehicle of the fleet."))
    if isinstance(fault, ForeignMode) and fault.mode not in FOREIGN_MODES:
        found.append((".mode", f"{fault.mode!r} is none", f"Use one of {', '.join(FOREIGN_MODES)}."))
    if isinstance(fault, SystemIdClash) and not 1 <= fault.system_id <= 255:
        found.append((".system_id", f"{fault.system_id} is no MAVLink system id", "Use 1-255."))
    if isinstance(fault, ItemRefused) and fault.result not in REFUSALS:
        found.append((".result", f"{fault.result} refuses nothing", f"Use one of {', '.join(map(str, REFUSALS))}."))
    numbers = (value for value in msgspec.structs.astuple(fault) if isinstance(value, float))
    if not all(math.isfinite(value) for value in numbers):
        found.append(("", "a number is not finite", "Give finite numbers."))
    return found


def _relief_problems(relief: ReliefConfig | None) -> list[tuple[str, str, str]]:
    if relief is None:
        return []
    for name in ("latitudes_deg", "longitudes_deg"):
        posts = getattr(relief, name)
        if not posts or any(not low < high for low, high in itertools.pairwise(posts)):
            return [(f"relief.{name}", "is empty or not ascending", "Give ascending degrees.")]
    rows, columns = len(relief.latitudes_deg), len(relief.longitudes_deg)
    if len(relief.rows_amsl_m) != rows or any(len(row) != columns for row in relief.rows_amsl_m):
        return [("relief.rows_amsl_m", "does not fit the grid", f"Give {rows} rows of {columns} heights.")]
    return []


def _vehicle_problems(vehicle: VehicleConfig) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    if not 1 <= vehicle.system_id <= 255:
        found.append(("system_id", f"{vehicle.system_id} is no MAVLink system id", "Use 1-255."))
    for name, port, least in (("partner_port", vehicle.partner_port, 1), ("local_port", vehicle.local_port, 0)):
        if not least <= port <= 65535:
            found.append((name, f"{port} is no UDP port", f"Use {least}-65535."))
    if not (abs(vehicle.home.latitude_deg) <= 89.0 and abs(vehicle.home.longitude_deg) <= 180.0):
        found.append(("home", "is not on the flyable Earth", "Use |latitude| ≤ 89 and |longitude| ≤ 180."))
    for name in Physical.__struct_fields__:
        if name in {"airframe", "loads_kg", "payload_sensor", "air_drag_per_s"}:
            continue
        value = getattr(vehicle.physical, name)
        if not (math.isfinite(value) and value > 0.0):
            found.append((f"physical.{name}", f"{value} is not a positive number", "Use a positive number."))
    drag = vehicle.physical.air_drag_per_s
    if not 0.0 <= drag <= MAX_AIR_DRAG_PER_S:
        mend = f"Use 0 to {MAX_AIR_DRAG_PER_S}; 1 is PX4's simulated quadcopter."
        found.append(("physical.air_drag_per_s", f"{drag} is out of range", mend))
    if any(not (math.isfinite(mass) and mass > 0.0) for load in vehicle.physical.loads_kg for mass in load):
        found.append(("physical.loads_kg", "holds a mass that is not positive", "Use positive masses."))
    return found
