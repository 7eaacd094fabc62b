"""Who leads a vehicle in flight: we, the vehicle's own failsafe, a pilot, another station, or nobody knows.

Only what telemetry shows counts: the mode against the one that was asked for, the checksums of the plan on board,
and the autopilot's own clock. Whoever else leads is reported and watched, never fought (invariant I-19).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mission.dispatch.transition import next_state
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from mission.supervision.events import Command, DiversionEnded, Event, FlyInstead, HoldPosition, LandNow, Launch

REBOOT_STEP_MS: Final = 30_000
"""An autopilot whose clock falls by more than this has restarted; a late sample is younger."""
PLAN_ID_LAG: Final = timedelta(seconds=10)
"""MISSION_CURRENT comes once a second: so long after a diversion the new plan's checksums may first be seen."""


class Leader(StrEnum):
    """Who decides where the vehicle flies."""

    MISSION_CONTROL = "MISSION_CONTROL"
    VEHICLE = "VEHICLE"
    PILOT = "PILOT"
    OTHER_STATION = "OTHER_STATION"
    UNKNOWN = "UNKNOWN"


class Sign(StrEnum):
    """What an observation says about who leads.

    AS_ASKED: the mode that was asked for. OTHER_MODE: Return, Land, Hold … that nobody here asked for (fault F-V26).
    MANUAL: a remote control flies it (F-V28). OFFBOARD: another computer does. FOREIGN_PLAN: the plan on board
    changed without us (F-V13, F-L10). REBOOT: the autopilot's clock began anew in flight (F-V18). HANDED_BACK: a
    person says that mission control leads again; nothing that is observed ever does.
    """

    AS_ASKED = "AS_ASKED"
    OTHER_MODE = "OTHER_MODE"
    MANUAL = "MANUAL"
    OFFBOARD = "OFFBOARD"
    FOREIGN_PLAN = "FOREIGN_PLAN"
    REBOOT = "REBOOT"
    HANDED_BACK = "HANDED_BACK"


_CONTROL, _VEHICLE, _PILOT, _STATION, _UNKNOWN = Leader
_TAKEN_OVER = {
    Sign.OTHER_MODE: _VEHICLE,
    Sign.MANUAL: _PILOT,
    Sign.OFFBOARD: _STATION,
    Sign.FOREIGN_PLAN: _STATION,
    Sign.REBOOT: _UNKNOWN,
}
LEADER_TABLE: Final = MappingProxyType(
    {(leader, sign): after for leader in (_CONTROL, _VEHICLE) for sign, after in _TAKEN_OVER.items()}
    | {(leader, Sign.AS_ASKED): _CONTROL for leader in (_CONTROL, _VEHICLE)}
    | {(_PILOT, sign): _PILOT for sign in Sign}
    | {(_STATION, sign): _STATION for sign in Sign}
    | {(_UNKNOWN, sign): _UNKNOWN for sign in Sign}
    | {(leader, Sign.MANUAL): _PILOT for leader in Leader}
    | {(leader, Sign.REBOOT): _UNKNOWN for leader in Leader}
    | {(leader, Sign.HANDED_BACK): _CONTROL for leader in Leader if leader is not _VEHICLE}
    | {(_VEHICLE, Sign.HANDED_BACK): _VEHICLE}
)
"""A vehicle gives the lead back by flying what was asked; a pilot, a station or a reboot needs a person to say so."""

_FLYING_A_MISSION = frozenset({FlightMode.MISSION, FlightMode.TAKEOFF})
_ON_THE_WAY_TO = {
    Launch: (FlightMode.MISSION, frozenset({FlightMode.HOLD}), _FLYING_A_MISSION),
    FlyInstead: (FlightMode.MISSION, frozenset({FlightMode.HOLD}), _FLYING_A_MISSION),
    HoldPosition: (FlightMode.HOLD, _FLYING_A_MISSION, frozenset({FlightMode.HOLD})),
    LandNow: (FlightMode.LAND, _FLYING_A_MISSION | {FlightMode.HOLD}, frozenset({FlightMode.LAND})),
}
"""Command → the mode it leads to, the modes that may be seen before that one, and those that may be seen after."""


class LeaderWatch:
    """Watches who leads one vehicle, from its launch to its landing.

    Attributes:
        leader: who leads now.
        plan_known: whether the plan on board is the one that was verified: nobody changed it, and no reboot lost it.
    """

    def __init__(self) -> None:
        self.leader = Leader.MISSION_CONTROL
        self.plan_known = True
        self._mode = FlightMode.UNKNOWN
        self._target: FlightMode | None = None
        self._before: frozenset[FlightMode] = frozenset()
        self._after: frozenset[FlightMode] = frozenset()
        self._plan_ids: tuple[int, int, int] | None = None
        self._changing = False
        self._changed: datetime | None = None
        self._handed_back = False
        self._boot_time_ms = -1

    @property
    def may_command(self) -> bool:
        """Whether a change of mode or plan by us is not a countermand."""
        return self.leader is Leader.MISSION_CONTROL

    def asked(self, command: Command) -> None:
        """Take in what mission control asks of the vehicle."""
        expected = _ON_THE_WAY_TO.get(type(command))
        if expected is not None:
            tolerated = self._before & {self._mode} if self._handed_back else frozenset()
            self._target, self._before, self._after = expected
            self._before |= tolerated
            self._handed_back = False
        if isinstance(command, FlyInstead):
            self._changing = True

    def heard(self, event: Event, now: datetime) -> None:
        """Take in how a replacement of the plan ended: from then on a change of it is somebody else's."""
        if isinstance(event, DiversionEnded):
            self._changing, self._changed = False, now
            self.plan_known |= event.ok

    def hand_back(self, vehicle_id: str) -> bool:
        """A person says that mission control leads again; returns whether it does.

        The mode that the vehicle is in then counts as nobody's until it follows what is asked of it next.
        """
        self.leader = next_state(LEADER_TABLE, self.leader, Sign.HANDED_BACK, f"lead of {vehicle_id}")
        self._handed_back = self.may_command
        if self.may_command:
            self._before |= {self._mode}
        return self.may_command

    def observed(self, state: VehicleState, now: datetime) -> Sign | None:
        """Take in a state; returns the sign by which the lead changed, None when it did not."""
        before, found = self.leader, Sign.AS_ASKED
        for sign in self._signs(state, now):
            after = next_state(LEADER_TABLE, self.leader, sign, f"lead of {state.vehicle_id}")
            if after is not self.leader:
                self.leader, found = after, sign
        return found if self.leader is not before else None

    def _signs(self, state: VehicleState, now: datetime) -> list[Sign]:
        """Every sign in a state, the gravest last."""
        rebooted = 0 <= state.boot_time_ms < self._boot_time_ms - REBOOT_STEP_MS
        self._boot_time_ms, self._mode = state.boot_time_ms, state.mode
        if self._target is None:
            return []
        signs = []
        in_the_air = state.armed and state.landed_state is not LandedState.ON_GROUND
        if in_the_air and (mode_sign := self._mode_sign(state.mode)):
            signs.append(mode_sign)
        if in_the_air and self._is_foreign(state, now):
            signs.append(Sign.FOREIGN_PLAN)
        if rebooted:
            signs.append(Sign.REBOOT)
        self.plan_known &= not {Sign.FOREIGN_PLAN, Sign.REBOOT} & set(signs)
        return signs

    def _mode_sign(self, mode: FlightMode) -> Sign | None:
        if mode is FlightMode.UNKNOWN:
            return None
        if mode is self._target:
            self._before = frozenset()
        if mode in self._after or mode in self._before:
            return Sign.AS_ASKED if mode in self._after else None
        return {FlightMode.MANUAL: Sign.MANUAL, FlightMode.OFFBOARD: Sign.OFFBOARD}.get(mode, Sign.OTHER_MODE)

    def _is_foreign(self, state: VehicleState, now: datetime) -> bool:
        """Whether the plan on board changed while nobody here changed it. An id of 0 is not known."""
        ids = (state.mission_plan_id, state.fence_plan_id, state.rally_plan_id)
        if ids[0] == 0 or ids == self._plan_ids:
            return False
        known, self._plan_ids = self._plan_ids, ids
        ours = self._changing or (self._changed is not None and now - self._changed <= PLAN_ID_LAG)
        return known is not None and not ours
