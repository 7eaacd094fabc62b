"""What can be made to go wrong with a simulated vehicle: the names and parameters of every fault.

The effects are in `sim.faults`; docs/faults-simulated.md lists both.
"""

import msgspec


class VehicleFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """A fault names the vehicle that it strikes."""

    vehicle_id: str


class TriggeredFault(VehicleFault, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """A fault that strikes once, when everything that is given of its trigger holds; at once if nothing is given.

    Attributes:
        after_boot_s: simulated seconds since boot.
        after_takeoff_s: simulated seconds since the take-off of `sortie`.
        at_item: this item of the mission, or a later one, is current in flight in `sortie`.
        near: latitude, longitude in degrees and a radius in metres: the vehicle flies there in `sortie`.
        sortie: counts take-offs from 1; only the triggers that say so look at it.
    """

    after_boot_s: float | None = None
    after_takeoff_s: float | None = None
    at_item: int | None = None
    near: tuple[float, float, float] | None = None
    sortie: int = 1


class BatteryDrop(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="battery_drop"):
    """The battery falls to a fraction of its capacity."""

    to_fraction: float


class GpsLost(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="gps_lost"):
    """No satellite fix for `for_s` (None: for good); after some seconds PX4 lands where it is."""

    for_s: float | None = None


class GpsJump(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="gps_jump"):
    """The believed position jumps; the vehicle stays where it is, then flies by the wrong position."""

    north_m: float
    east_m: float


class MotorsStop(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="motors_stop"):
    """All motors stop: the vehicle falls and stays where it fell, still speaking."""


class Vanish(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="vanish"):
    """All motors stop and nothing is ever heard of it again."""


class Reboot(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="reboot"):
    """The autopilot restarts in flight: silent for `down_s`, its clock and counters begin anew, it holds."""

    down_s: float = 3.0


class Frozen(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="frozen"):
    """Telemetry repeats its last values for `for_s` (None: for good) while the link stays alive."""

    for_s: float | None = None


class SystemIdClash(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="system_id_clash"):
    """The vehicle speaks, and listens, with another's MAVLink system id."""

    system_id: int


class ForeignUpload(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="foreign_upload"):
    """Another ground station replaces the mission by one that flies `height_m` above home and lands there."""

    height_m: float = 25.0


class ForeignMode(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="foreign_mode"):
    """Another ground station or a pilot changes the mode: LOITER, RTL or LAND."""

    mode: str


class ParameterDrift(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="parameter_drift"):
    """A parameter of the autopilot has another value than it had."""

    name: str
    value: float


class HomeMoved(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="home_moved"):
    """The autopilot's home position moves."""

    north_m: float
    east_m: float


class WindChange(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="wind_change"):
    """From then on another wind blows at this vehicle."""

    speed_m_s: float
    from_deg: float = 270.0
    gust_m_s: float = 0.0


class GripperDrops(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="gripper_drops"):
    """The gripper of a slot lets its parcel go by itself."""

    slot: int = 1


class OffTargetLanding(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="off_target_landing"):
    """Landings from then on end beside their place."""

    north_m: float
    east_m: float


class ItemRefused(TriggeredFault, frozen=True, forbid_unknown_fields=True, tag="item_refused"):
    """Uploads are refused at item `item` with MAV_MISSION_RESULT `result`, `times` times (None: always)."""

    item: int
    result: int = 5
    times: int | None = None


class Silent(VehicleFault, frozen=True, forbid_unknown_fields=True, tag="silent"):
    """The vehicle neither sends nor hears anything from `after_s` after boot until `until_s`; it flies on."""

    after_s: float = 0.0
    until_s: float | None = None


class ArmingDenied(VehicleFault, frozen=True, forbid_unknown_fields=True, tag="arming_denied"):
    """Arming is refused with `text`, `times` times from the given sortie on; None means always."""

    text: str = "Arming denied: Resolve system health failures first"
    sortie: int = 1
    times: int | None = None


class GripperStuck(VehicleFault, frozen=True, forbid_unknown_fields=True, tag="gripper_stuck"):
    """The gripper answers as usual and releases nothing, in one sortie or (None) always."""

    sortie: int | None = None


Fault = (
    BatteryDrop
    | GpsLost
    | GpsJump
    | MotorsStop
    | Vanish
    | Reboot
    | Frozen
    | SystemIdClash
    | ForeignUpload
    | ForeignMode
    | ParameterDrift
    | HomeMoved
    | WindChange
    | GripperDrops
    | OffTargetLanding
    | ItemRefused
    | Silent
    | ArmingDenied
    | GripperStuck
)
