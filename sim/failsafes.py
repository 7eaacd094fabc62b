"""What the autopilot does by itself when something is wrong: battery, fence, ground station.

One table says what each cause leads to. An action worse than Hold is announced by a Hold of COM_FAIL_ACT_T.
A mode that the ground station asks for afterwards takes over; a cause acts again only after it was gone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

from sim.modes import Mode
from sim.onboard import Onboard
from sim.outbox import Severity


class Action(IntEnum):
    """What is done, in the order of gravity."""

    NONE = 0
    WARN = 1
    HOLD = 2
    RTL = 3
    LAND = 4


_MODES = {Action.HOLD: Mode.LOITER, Action.RTL: Mode.RTL, Action.LAND: Mode.LAND}


class Cause(Enum):
    """What can be wrong."""

    BATTERY_LOW = "battery low"
    BATTERY_CRITICAL = "battery critical"
    BATTERY_EMERGENCY = "battery emergency"
    FENCE = "fence"
    GCS_LOST = "ground station lost"
    POSITION_LOST = "position lost"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a cause says, and which parameter decides what it does."""

    severity: int
    text: str
    parameter: str
    actions: dict[int, Action]
    delayed: bool
    text_end: str = "\t"
    aside: str = ""


ALWAYS = ""
"""In place of a parameter: the action is that of 0 and cannot be configured."""
DEAD_RECKONING_S = 5.0
"""EKF2_NOAID_TOUT: so long the estimator goes on without satellites; then PX4 lands, as it can hold no position."""

_BATTERY = "COM_LOW_BAT_ACT"
RULES: dict[Cause, Rule] = {
    Cause.BATTERY_LOW: Rule(
        Severity.EMERGENCY, "Low battery", _BATTERY, dict.fromkeys(range(4), Action.WARN), delayed=False
    ),
    Cause.BATTERY_CRITICAL: Rule(
        Severity.EMERGENCY,
        "Critical battery",
        _BATTERY,
        {0: Action.WARN, 2: Action.LAND, 3: Action.RTL},
        delayed=True,
    ),
    Cause.BATTERY_EMERGENCY: Rule(
        Severity.EMERGENCY,
        "Emergency battery level",
        _BATTERY,
        {0: Action.WARN, 2: Action.LAND, 3: Action.LAND},
        delayed=False,
        aside="System does not support shutdown",
    ),
    Cause.FENCE: Rule(
        Severity.CRITICAL,
        "Geofence: approaching or outside geofence",
        "GF_ACTION",
        {0: Action.NONE, 1: Action.WARN, 2: Action.HOLD, 3: Action.RTL, 5: Action.LAND},
        delayed=True,
        text_end="",
    ),
    Cause.GCS_LOST: Rule(
        Severity.CRITICAL,
        "GCS connection lost",
        "NAV_DLL_ACT",
        {0: Action.NONE, 1: Action.HOLD, 2: Action.RTL, 3: Action.LAND},
        delayed=True,
    ),
    Cause.POSITION_LOST: Rule(Severity.CRITICAL, "No valid position", ALWAYS, {0: Action.LAND}, delayed=False),
}


_FORBID_ARMING = frozenset({Cause.FENCE, Cause.BATTERY_CRITICAL, Cause.BATTERY_EMERGENCY})


class Failsafes:
    """Watches the causes while armed, and overrides the mode.

    Attributes:
        override: the mode that is flown instead of the one asked for, or None.
        gcs_heard_s: when a ground station's heartbeat was last heard; None before the first.
    """

    def __init__(self, onboard: Onboard) -> None:
        self._onboard = onboard
        self.override: Mode | None = None
        self.gcs_heard_s: float | None = None
        self._present: set[Cause] = set()
        self._gps_seen_s = 0.0
        self._action = Action.NONE
        self._then: tuple[Action, float] | None = None

    @property
    def active(self) -> bool:
        """Whether the autopilot acts by itself."""
        return self.override is not None

    @property
    def battery_is_low(self) -> bool:
        """Whether the battery warned, or worse: SYS_STATUS calls it unhealthy."""
        return Cause.BATTERY_LOW in self._present

    @property
    def forbid_arming(self) -> bool:
        """Whether a cause is present with which PX4 would not arm: SYS_STATUS says so in flight as well."""
        return not _FORBID_ARMING.isdisjoint(self._present)

    def take_over(self) -> None:
        """A mode was asked for: it wins."""
        self.override, self._then, self._action = None, None, Action.NONE

    def reset(self) -> None:
        """Disarmed: nothing is left to do."""
        self.take_over()
        self._present.clear()
        self._gps_seen_s = self._onboard.now_s

    def step(self) -> None:
        """Look at every cause (called at 5 Hz of simulated time while armed)."""
        onboard = self._onboard
        for cause, is_present in _PRESENT.items():
            if not is_present(self):
                self._present.discard(cause)
            elif cause not in self._present:
                self._present.add(cause)
                self._react(RULES[cause])
        if self._then is not None and onboard.now_s >= self._then[1]:
            action, self._then = self._then[0], None
            onboard.outbox.text(Severity.CRITICAL, "Failsafe activated")
            self.override = _MODES[action]

    def _react(self, rule: Rule) -> None:
        onboard = self._onboard
        chosen = onboard.parameters.integer(rule.parameter) if rule.parameter != ALWAYS else 0
        action = rule.actions.get(chosen, Action.NONE)
        if action is Action.NONE:
            return
        onboard.outbox.text(rule.severity, rule.text, rule.text_end)
        if rule.aside:
            onboard.outbox.text(Severity.CRITICAL, rule.aside)
        if action <= self._action or onboard.landed:
            return
        delay_s = onboard.parameters["COM_FAIL_ACT_T"]
        if action in (Action.WARN, Action.HOLD) or not rule.delayed or delay_s <= 0.0:
            onboard.outbox.text(Severity.CRITICAL, "Failsafe activated")
            self.override, self._then = _MODES.get(action, self.override), None
        else:
            onboard.outbox.text(Severity.CRITICAL, f"Failsafe activated: entering Hold for {delay_s:.0f} seconds")
            self.override, self._then = Mode.LOITER, (action, onboard.now_s + delay_s)
        if action is not Action.WARN:
            self._action = action

    def _battery_below(self, threshold: str) -> bool:
        return self._onboard.battery.fraction < self._onboard.parameters[threshold]

    def _outside_fence(self) -> bool:
        onboard = self._onboard
        return bool(onboard.fence.areas) and not onboard.landed and not onboard.fence.allows(onboard.place)

    def _position_is_lost(self) -> bool:
        onboard = self._onboard
        if onboard.has_gps:
            self._gps_seen_s = onboard.now_s
        return onboard.now_s - self._gps_seen_s > DEAD_RECKONING_S

    def _gcs_is_lost(self) -> bool:
        onboard = self._onboard
        if self.gcs_heard_s is None:
            return False
        limit = onboard.parameters["COM_DL_LOSS_T"] * onboard.link_time_scale
        return onboard.now_s - self.gcs_heard_s > limit


_PRESENT: dict[Cause, Callable[[Failsafes], bool]] = {
    Cause.BATTERY_LOW: lambda self: self._battery_below("BAT_LOW_THR"),
    Cause.BATTERY_CRITICAL: lambda self: self._battery_below("BAT_CRIT_THR"),
    Cause.BATTERY_EMERGENCY: lambda self: self._battery_below("BAT_EMERGEN_THR"),
    Cause.FENCE: Failsafes._outside_fence,
    Cause.GCS_LOST: Failsafes._gcs_is_lost,
    Cause.POSITION_LOST: Failsafes._position_is_lost,
}
