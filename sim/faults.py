"""Faults that strike simulated vehicles: one table of what each does and which catalogue entries it plays.

A fault comes with the fleet's configuration, from a scenario, or by command while the fleet runs. It acts at one
moment of simulated time or of the flight, every run alike.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from mission.model.mission import MavCommand, MavFrame, MavMissionType, MissionItem
from sim.airframe import Descent
from sim.autopilot import Autopilot
from sim.fault_kinds import (
    ArmingDenied,
    BatteryDrop,
    Fault,
    ForeignMode,
    ForeignUpload,
    Frozen,
    GpsJump,
    GpsLost,
    GripperDrops,
    GripperStuck,
    HomeMoved,
    ItemRefused,
    MotorsStop,
    OffTargetLanding,
    ParameterDrift,
    Reboot,
    Silent,
    SystemIdClash,
    TriggeredFault,
    Vanish,
    VehicleFault,
    WindChange,
)
from sim.fleet_config import WindConfig
from sim.modes import Mode
from sim.plan_store import MissionResult, extend_plan_id

Effect = Callable[[Any, Autopilot], None]
"""What a fault does when it strikes."""


def plant(autopilot: Autopilot, faults: Iterable[Fault]) -> None:
    """Make the faults that name this vehicle happen to it."""
    vehicle_id = autopilot.onboard.config.vehicle_id
    for fault in faults:
        if fault.vehicle_id == vehicle_id:
            effect = TABLE[type(fault)].effect
            if isinstance(fault, TriggeredFault):
                waiting = _Triggered(fault, effect)
                autopilot.observers.append(waiting)
                waiting(autopilot)
            else:
                effect(fault, autopilot)
            autopilot.wake_by(autopilot.now_s)


class _Triggered:
    """Waits for its moment, and strikes once."""

    def __init__(self, fault: TriggeredFault, effect: Effect) -> None:
        self._fault = fault
        self._effect = effect

    def __call__(self, autopilot: Autopilot) -> None:
        if self._is_due(autopilot):
            autopilot.observers.remove(self)
            self._effect(self._fault, autopilot)

    def _is_due(self, autopilot: Autopilot) -> bool:
        fault = self._fault
        if fault.after_boot_s is not None and not _reached(autopilot, fault.after_boot_s):
            return False
        in_flight = fault.after_takeoff_s is not None or fault.at_item is not None or fault.near is not None
        return not in_flight or self._is_due_in_flight(autopilot)

    def _is_due_in_flight(self, autopilot: Autopilot) -> bool:
        fault, onboard = self._fault, autopilot.onboard
        if onboard.sortie != fault.sortie or onboard.took_off_s is None:
            return False
        if fault.after_takeoff_s is not None and not _reached(autopilot, onboard.took_off_s + fault.after_takeoff_s):
            return False
        current = autopilot.navigator.mission.current if onboard.mode is Mode.MISSION else -1
        if fault.at_item is not None and current < fault.at_item:
            return False
        if fault.near is None:
            return True
        autopilot.wake_by(onboard.now_s)  # nobody knows when it comes near
        place = onboard.plane.to_local(*fault.near[:2])
        return math.dist(onboard.here[:2], place) <= fault.near[2]


def _reached(autopilot: Autopilot, time_s: float) -> bool:
    """Whether a moment has come; else the next look is then."""
    if autopilot.now_s >= time_s - 1e-6:
        return True
    autopilot.wake_by(time_s)
    return False


def _afterwards(autopilot: Autopilot, wait_s: float | None, undo: Callable[[], None]) -> None:
    """Undo a fault after some time; None leaves it for good."""
    if wait_s is None:
        return
    end_s = autopilot.now_s + wait_s

    def observer(watched: Autopilot) -> None:
        if _reached(watched, end_s):
            watched.observers.remove(observer)
            undo()

    autopilot.observers.append(observer)


def _drop_battery(fault: BatteryDrop, autopilot: Autopilot) -> None:
    autopilot.onboard.battery.drop_to(fault.to_fraction)


def _lose_gps(fault: GpsLost, autopilot: Autopilot) -> None:
    onboard = autopilot.onboard
    onboard.has_gps = False
    _afterwards(autopilot, fault.for_s, lambda: setattr(onboard, "has_gps", True))


def _jump(fault: GpsJump, autopilot: Autopilot) -> None:
    autopilot.onboard.mistake_position(fault.north_m, fault.east_m)


def _stop_motors(_fault: MotorsStop | Vanish, autopilot: Autopilot) -> None:
    autopilot.onboard.motors_failed = True


def _vanish(fault: Vanish, autopilot: Autopilot) -> None:
    _stop_motors(fault, autopilot)
    autopilot.silent = True


def _reboot(fault: Reboot, autopilot: Autopilot) -> None:
    autopilot.reboot(fault.down_s)


def _freeze(fault: Frozen, autopilot: Autopilot) -> None:
    autopilot.streams.frozen = True
    _afterwards(autopilot, fault.for_s, lambda: setattr(autopilot.streams, "frozen", False))


def _clash(fault: SystemIdClash, autopilot: Autopilot) -> None:
    autopilot.onboard.take_system_id(fault.system_id)


def _upload(fault: ForeignUpload, autopilot: Autopilot) -> None:
    onboard = autopilot.onboard
    latitude, longitude = onboard.home_place
    place = {"frame": MavFrame.GLOBAL_RELATIVE_HOME_INT, "x": round(latitude * 1e7), "y": round(longitude * 1e7)}
    items = (
        MissionItem(command=MavCommand.NAV_TAKEOFF, z=fault.height_m, **place),
        MissionItem(command=MavCommand.NAV_LAND, z=0.0, **place),
    )
    plan_id = 0
    for item in items:
        plan_id = extend_plan_id(plan_id, item)
    onboard.plans.replace(MavMissionType.MISSION, items, plan_id)


def _change_mode(fault: ForeignMode, autopilot: Autopilot) -> None:
    autopilot.commander.request_mode(Mode[fault.mode])


def _drift(fault: ParameterDrift, autopilot: Autopilot) -> None:
    autopilot.onboard.parameters.drift(fault.name, fault.value)


def _move_home(fault: HomeMoved, autopilot: Autopilot) -> None:
    autopilot.onboard.move_home(fault.north_m, fault.east_m)


def _change_wind(fault: WindChange, autopilot: Autopilot) -> None:
    wind = WindConfig(fault.speed_m_s, fault.from_deg, fault.gust_m_s)
    autopilot.onboard.world.blow(wind, f"{autopilot.onboard.config.vehicle_id}/changed wind")


def _drop_parcel(fault: GripperDrops, autopilot: Autopilot) -> None:
    autopilot.onboard.lose_parcel(fault.slot)


def _miss_landings(fault: OffTargetLanding, autopilot: Autopilot) -> None:
    displaced: Descent | None = None

    def observer(watched: Autopilot) -> None:
        nonlocal displaced
        guidance = watched.onboard.airframe.guidance
        if isinstance(guidance, Descent) and guidance is not displaced:
            displaced = Descent(guidance.north_m + fault.north_m, guidance.east_m + fault.east_m)
            watched.onboard.airframe.follow(displaced)

    autopilot.observers.append(observer)


def _refuse_item(fault: ItemRefused, autopilot: Autopilot) -> None:
    left = math.inf if fault.times is None else fault.times

    def veto(sequence: int) -> MissionResult | None:
        nonlocal left
        if sequence != fault.item or left <= 0:
            return None
        left -= 1
        return MissionResult(fault.result)

    autopilot.protocol.item_veto = veto


def _silence(fault: Silent, autopilot: Autopilot) -> None:
    def observer(watched: Autopilot) -> None:
        begun = _reached(watched, fault.after_s)
        over = begun and fault.until_s is not None and _reached(watched, fault.until_s)
        watched.silent = begun and not over
        if over:
            watched.observers.remove(observer)

    autopilot.observers.append(observer)
    autopilot.silent = fault.after_s <= autopilot.now_s


def _deny_arming(fault: ArmingDenied, autopilot: Autopilot) -> None:
    left = math.inf if fault.times is None else fault.times

    def veto() -> str | None:
        nonlocal left
        if autopilot.onboard.sortie + 1 < fault.sortie or left <= 0:
            return None
        left -= 1
        return fault.text

    autopilot.commander.arming_veto = veto


def _stick(fault: GripperStuck, autopilot: Autopilot) -> None:
    def observer(watched: Autopilot) -> None:
        onboard = watched.onboard
        onboard.payload.is_stuck = fault.sortie in (None, onboard.sortie)

    autopilot.observers.append(observer)


def describe() -> str:
    """Return the table of all faults as Markdown, drawn from `TABLE` and from the parameters of each kind."""
    lines = ["| kind | parameters | what happens | plays |", "|---|---|---|---|"]
    for kind, row in TABLE.items():
        common = (TriggeredFault if issubclass(kind, TriggeredFault) else VehicleFault).__struct_fields__
        own = [field for field in msgspec.structs.fields(kind) if field.name not in common]
        parameters = ", ".join(f"`{field.name}`" + ("" if field.required else "?") for field in own) or "–"
        says = " ".join((kind.__doc__ or "").split("Attributes:")[0].split())
        lines.append(f"| `{kind.__struct_config__.tag}` | {parameters} | {says} | {', '.join(row.plays)} |")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """What a fault does, and which entries of the fault catalogue it plays."""

    effect: Effect
    plays: tuple[str, ...]


TABLE: dict[type[Fault], FaultKind] = {
    BatteryDrop: FaultKind(_drop_battery, ("F-V1", "F-V2")),
    GpsLost: FaultKind(_lose_gps, ("F-V3", "F-V6")),
    GpsJump: FaultKind(_jump, ("F-V4",)),
    MotorsStop: FaultKind(_stop_motors, ("F-V7", "F-V25")),
    Vanish: FaultKind(_vanish, ("F-V25",)),
    Reboot: FaultKind(_reboot, ("F-V17", "F-V18")),
    Frozen: FaultKind(_freeze, ("F-V30",)),
    SystemIdClash: FaultKind(_clash, ("F-L9",)),
    ForeignUpload: FaultKind(_upload, ("F-L10", "F-V13")),
    ForeignMode: FaultKind(_change_mode, ("F-L10", "F-V26", "F-V28")),
    ParameterDrift: FaultKind(_drift, ("F-V27",)),
    HomeMoved: FaultKind(_move_home, ("F-V5",)),
    WindChange: FaultKind(_change_wind, ("F-V8",)),
    GripperDrops: FaultKind(_drop_parcel, ("F-V22",)),
    OffTargetLanding: FaultKind(_miss_landings, ("F-V23",)),
    ItemRefused: FaultKind(_refuse_item, ("F-V11",)),
    Silent: FaultKind(_silence, ("F-L2",)),
    ArmingDenied: FaultKind(_deny_arming, ("F-V9",)),
    GripperStuck: FaultKind(_stick, ("F-V21",)),
}
"""Every fault, by its kind."""
