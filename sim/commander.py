"""Who may arm, which mode is flown, and when the motors stop – as PX4's commander decides it."""

from collections.abc import Callable

from sim.failsafes import Failsafes
from sim.land_detector import LandDetector
from sim.modes import Mode, SystemStatus
from sim.navigator import Navigator
from sim.onboard import Onboard
from sim.outbox import Severity

READY_S = 3.0
"""Estimator and sensors are ready this long after boot."""
CHECK_INTERVAL_S = 0.5
"""Health is checked at 2 Hz: an infeasible mission is not noticed before the next check."""
WATCH_INTERVAL_S = 0.2
DENIED = "Arming denied: Resolve system health failures first"
_PREVENTS_ARMING = frozenset({Mode.RTL, Mode.LAND})

ArmingVeto = Callable[[], str | None]
"""Returns why arming is refused although the vehicle is healthy, or None."""


class Commander:
    """Arming, modes and health of one vehicle.

    Attributes:
        user_mode: the mode asked for; `onboard.mode` is the one flown.
        arming_veto: asked before each arming that is otherwise possible.
    """

    def __init__(self, onboard: Onboard, navigator: Navigator) -> None:
        self._onboard = onboard
        self._navigator = navigator
        self.failsafes = Failsafes(onboard)
        self.detector = LandDetector(onboard)
        self.user_mode = Mode.LOITER
        self.arming_veto: ArmingVeto = lambda: None
        self._mode_after_disarming = Mode.LOITER
        self._mission_valid = False
        self._ready = False
        self._next_check_s = 0.0
        self._next_watch_s = 0.0
        self._landed_s = 0.0
        self._left_mission = False

    @property
    def ready(self) -> bool:
        """Estimator, sensors and battery allow flight."""
        return self._ready

    @property
    def mission_valid(self) -> bool:
        """Whether the mission held may be flown, as of the last health check."""
        return self._mission_valid

    @property
    def armable(self) -> bool:
        """The PREARM health bit: ready, the current mode can run, and no failsafe's cause forbids it."""
        return self.can_run(self._onboard.mode) and not self.failsafes.forbid_arming

    @property
    def system_status(self) -> SystemStatus:
        """HEARTBEAT.system_status."""
        if self.failsafes.active:
            return SystemStatus.CRITICAL
        if self._onboard.armed:
            return SystemStatus.ACTIVE
        return SystemStatus.STANDBY if self.armable else SystemStatus.UNINIT

    def can_run(self, mode: Mode) -> bool:
        """Whether a mode can be flown now."""
        if mode.value.needs_pilot:
            return False
        if not self._onboard.has_gps and mode is not Mode.LAND:
            return False
        return self._ready and (mode is not Mode.MISSION or self._mission_valid)

    def note_booted(self) -> None:
        """The autopilot restarted: nothing is known to be healthy, and no ground station was heard yet."""
        self._ready = self._onboard.armed
        self.failsafes.gcs_heard_s = None

    def request_mode(self, mode: Mode) -> bool:
        """Take a mode asked for by the ground station; refused when armed and it cannot run."""
        if self._onboard.armed and mode is not Mode.LAND and not self.can_run(mode):
            return False
        self._choose(mode)
        self.failsafes.take_over()
        self._apply_mode()
        return True

    def arm(self, *, reason: str = "Armed by external command") -> bool:
        """Arm, unless health, mode or the veto forbid it (forcing skips nothing in PX4); an armed one stays so."""
        onboard = self._onboard
        if onboard.armed:
            return True
        denial = None if self.armable and not onboard.motors_failed and onboard.mode not in _PREVENTS_ARMING else DENIED
        denial = denial or self.arming_veto()
        if denial is not None:
            onboard.outbox.text(Severity.CRITICAL, denial)
            return False
        onboard.armed, onboard.armed_s = True, onboard.now_s
        onboard.took_off_s = None
        self._left_mission = False
        self._landed_s = onboard.now_s
        onboard.set_home_here()
        onboard.outbox.text(Severity.INFO, reason)
        return True

    def disarm(self, *, forced: bool = False, reason: str = "Disarmed by external command") -> bool:
        """Disarm on the ground, or anywhere when forced."""
        onboard = self._onboard
        if not onboard.armed:
            return True
        if not onboard.landed and not forced:
            onboard.outbox.text(Severity.CRITICAL, "Disarming denied: not landed")
            return False
        onboard.armed = False
        onboard.took_off_s = None
        if onboard.airframe.on_ground:
            onboard.landed = True
            onboard.airframe.stop()
        self.detector.reset()
        self.failsafes.reset()
        self._navigator.mission.note_disarmed()
        self.user_mode = self._mode_after_disarming
        self._apply_mode()
        onboard.outbox.text(Severity.INFO, reason)
        return True

    def step(self) -> None:
        """Check health, failsafes, landing and automatic disarming."""
        onboard = self._onboard
        if onboard.now_s >= self._next_check_s:
            self._next_check_s = onboard.now_s + CHECK_INTERVAL_S
            self._ready = (
                onboard.since_boot_s >= READY_S and onboard.battery.fraction >= onboard.parameters["BAT_CRIT_THR"]
            )
            self._ready = self._ready or onboard.armed
            self._mission_valid = self._navigator.mission.verdict.valid
            if not onboard.armed:
                onboard.set_home_here()
        if not onboard.armed:
            return
        if onboard.now_s >= self._next_watch_s:
            self._next_watch_s = onboard.now_s + WATCH_INTERVAL_S
            self.failsafes.step()
        if self._navigator.mission.returning:
            self._navigator.mission.returning = False
            self._choose(Mode.RTL)
            onboard.outbox.text(Severity.INFO, "Returning to launch")
        elif self._navigator.takeoff_done:
            self._choose(Mode.LOITER)
        self._apply_mode()
        was_landed = onboard.landed
        self.detector.step()
        if onboard.landed and not was_landed:
            self._landed_s = onboard.now_s
        self._disarm_when_done()

    def _choose(self, mode: Mode) -> None:
        """Intend a mode; a mode that forbids arming is not kept beyond disarming (as PX4's user intention)."""
        self.user_mode = mode
        if not self._onboard.armed or mode not in _PREVENTS_ARMING:
            self._mode_after_disarming = mode

    def _apply_mode(self) -> None:
        self._onboard.mode = self.failsafes.override or self.user_mode
        if self._onboard.mode is not Mode.MISSION and not self._onboard.landed:
            self._left_mission = True

    def _disarm_when_done(self) -> None:
        onboard, mission = self._onboard, self._navigator.mission
        if not onboard.landed:
            return
        waited_s = onboard.now_s - self._landed_s
        if onboard.took_off_s is None:
            if waited_s >= onboard.parameters["COM_DISARM_PRFLT"] > 0.0:
                self.disarm(reason="Disarmed by auto preflight disarming")
            return
        in_mission = onboard.mode is Mode.MISSION
        if in_mission and not mission.finished:
            return
        limit_s = onboard.parameters["COM_DISARM_LAND"]
        if (in_mission and mission.finished and not self._left_mission) or waited_s >= limit_s > 0.0:
            self.disarm(reason="Disarmed by landing")
