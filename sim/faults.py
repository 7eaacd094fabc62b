"""Faults that a scenario plants: each acts at one moment of simulated time or of the flight, every run alike."""

from collections.abc import Iterable

from sim.autopilot import Autopilot, Observer
from sim.fleet_config import ArmingDenied, BatteryDrop, Fault, GripperStuck, MotorsStop, Silent
from sim.modes import Mode


def plant(autopilot: Autopilot, faults: Iterable[Fault]) -> None:
    """Make the faults that name this vehicle happen to it."""
    vehicle_id = autopilot.onboard.config.vehicle_id
    for fault in faults:
        if fault.vehicle_id == vehicle_id:
            autopilot.observers.append(_observer_of(fault, autopilot))


def _observer_of(fault: Fault, autopilot: Autopilot) -> Observer:
    if isinstance(fault, BatteryDrop):
        return _BatteryDropping(fault)
    if isinstance(fault, Silent):
        observer = _Silencing(fault)
        observer(autopilot)
        return observer
    if isinstance(fault, ArmingDenied):
        autopilot.commander.arming_veto = _Veto(fault, autopilot)
        return _nothing
    if isinstance(fault, MotorsStop):
        return _Stopping(fault)
    return _Sticking(fault)


def _nothing(_autopilot: Autopilot) -> None:
    """Observe without acting."""


class _BatteryDropping:
    def __init__(self, fault: BatteryDrop) -> None:
        self._fault = fault
        self._done = False

    def __call__(self, autopilot: Autopilot) -> None:
        onboard, fault = autopilot.onboard, self._fault
        if self._done or onboard.sortie != fault.sortie or onboard.took_off_s is None:
            return
        if fault.after_takeoff_s is not None:
            due = onboard.now_s - onboard.took_off_s >= fault.after_takeoff_s
        else:
            reached = fault.at_item is not None and autopilot.navigator.mission.current >= fault.at_item
            due = onboard.mode is Mode.MISSION and reached
        if due:
            self._done = True
            onboard.battery.drop_to(fault.to_fraction)


class _Silencing:
    def __init__(self, fault: Silent) -> None:
        self._fault = fault

    def __call__(self, autopilot: Autopilot) -> None:
        now, fault = autopilot.now_s, self._fault
        autopilot.silent = now >= fault.after_s and (fault.until_s is None or now < fault.until_s)


class _Stopping:
    def __init__(self, fault: MotorsStop) -> None:
        self._fault = fault

    def __call__(self, autopilot: Autopilot) -> None:
        onboard, fault = autopilot.onboard, self._fault
        if onboard.took_off_s is not None and onboard.sortie == fault.sortie:
            onboard.motors_failed |= onboard.now_s - onboard.took_off_s >= fault.after_takeoff_s


class _Veto:
    def __init__(self, fault: ArmingDenied, autopilot: Autopilot) -> None:
        self._fault = fault
        self._autopilot = autopilot
        self._left = fault.times

    def __call__(self) -> str | None:
        if self._autopilot.onboard.sortie + 1 < self._fault.sortie or self._left == 0:
            return None
        if self._left is not None:
            self._left -= 1
        return self._fault.text


class _Sticking:
    def __init__(self, fault: GripperStuck) -> None:
        self._fault = fault

    def __call__(self, autopilot: Autopilot) -> None:
        onboard = autopilot.onboard
        onboard.payload.is_stuck = self._fault.sortie in (None, onboard.sortie)
