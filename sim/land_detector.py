"""When a vehicle counts as on the ground, and how long it takes to leave it."""

from sim.airframe import Descent, Leg
from sim.modes import Mode
from sim.onboard import Onboard
from sim.outbox import Severity

TOUCHDOWN_S = 4.0
"""On the ground this long before landing is detected (measured with PX4 SIH: 3-5 s)."""
TAKEOFF_DETECTED_S = 0.8
"""Thrust passes the take-off threshold this long after it was asked for (measured)."""
LIFT_OFF_S = 2.0
"""The vehicle leaves the ground this long after take-off was detected (measured)."""
STOPPED_M_S = 0.1


class LandDetector:
    """Keeps `onboard.landed`, and holds the airframe until motors and ramp are through."""

    def __init__(self, onboard: Onboard) -> None:
        self._onboard = onboard
        self._touch_s: float | None = None
        self._wanted_s: float | None = None
        self._free_s = 0.0

    @property
    def may_move(self) -> bool:
        """Whether the airframe is free to follow its guidance."""
        onboard = self._onboard
        return onboard.armed and not onboard.landed and onboard.now_s >= self._free_s

    @property
    def is_touching(self) -> bool:
        """Whether it stands on the ground, and landing is not yet certain."""
        return self._touch_s is not None

    @property
    def is_waiting_to_leave(self) -> bool:
        """Whether it stands on the ground and was asked to fly."""
        return self._wanted_s is not None

    def reset(self) -> None:
        """Begin anew, on the ground."""
        self._touch_s = self._wanted_s = None

    def step(self) -> None:
        """Judge the current state."""
        if self._onboard.landed:
            self._watch_for_takeoff()
        else:
            self._watch_for_touchdown()

    def _watch_for_takeoff(self) -> None:
        onboard = self._onboard
        airframe = onboard.airframe
        guidance = airframe.guidance
        rises = isinstance(guidance, Leg) and (not airframe.climbs or guidance.target[2] > airframe.up_m + 0.3)
        if not (onboard.armed and rises):
            self._wanted_s = None
            return
        if self._wanted_s is None:
            spooled_s = onboard.armed_s + onboard.parameters["COM_SPOOLUP_TIME"]
            self._wanted_s = max(onboard.now_s, spooled_s)
        if airframe.climbs and onboard.now_s < self._wanted_s + TAKEOFF_DETECTED_S:
            return
        onboard.set_home_here()
        onboard.landed = False
        if onboard.took_off_s is None:
            onboard.sortie += 1
            onboard.took_off_s = onboard.now_s
        onboard.outbox.text(Severity.INFO, "Takeoff detected")
        self._free_s = onboard.now_s + (LIFT_OFF_S if airframe.climbs else 0.0)
        self._touch_s = self._wanted_s = None

    def _watch_for_touchdown(self) -> None:
        onboard = self._onboard
        airframe = onboard.airframe
        stands = airframe.on_ground and (airframe.climbs or self._is_parked())
        if not (stands and isinstance(airframe.guidance, Descent)):
            self._touch_s = None
            return
        if self._touch_s is None:
            self._touch_s = onboard.now_s
        if onboard.now_s - self._touch_s >= TOUCHDOWN_S:
            onboard.landed = True
            airframe.stop()
            onboard.outbox.text(Severity.INFO, "Landing detected")
            self._touch_s = None

    def _is_parked(self) -> bool:
        """Whether what only drives has stopped for good: PX4 lands it in modes LAND and RTL, never in a mission."""
        onboard = self._onboard
        return onboard.mode in (Mode.LAND, Mode.RTL) and onboard.airframe.ground_speed_m_s < STOPPED_M_S
