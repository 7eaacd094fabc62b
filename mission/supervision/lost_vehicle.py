"""A vehicle that was given up in the air: an open incident until it is seen down, or a person closes it.

Its sortie has ended, its orders have failed; what is left is where it was last known to be, for those who search and
for whoever plans around it, and to say so when it is heard again (fault F-V25, invariant I-27). Nothing is commanded.
"""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mission.dispatch.transition import next_state
from mission.model.telemetry import Freshness, LandedState, VehicleState
from mission.supervision.events import CloseIncident, FreshnessChanged, Observed, Report, ReportKind


class IncidentState(StrEnum):
    """Whether a lost vehicle is heard. CLOSED: seen landed and disarmed, or taken over by a person."""

    SILENT = "SILENT"
    HEARD = "HEARD"
    CLOSED = "CLOSED"


class IncidentEvent(StrEnum):
    """What can happen to a lost vehicle."""

    HEAR = "HEAR"
    LOSE = "LOSE"
    LAND = "LAND"
    CLOSE = "CLOSE"


_S, _E = IncidentState, IncidentEvent
INCIDENT_TABLE: Final = MappingProxyType(
    {
        (_S.SILENT, _E.HEAR): _S.HEARD,
        (_S.HEARD, _E.HEAR): _S.HEARD,
        (_S.HEARD, _E.LOSE): _S.SILENT,
        (_S.SILENT, _E.LOSE): _S.SILENT,
        (_S.SILENT, _E.LAND): _S.CLOSED,
        (_S.HEARD, _E.LAND): _S.CLOSED,
        (_S.SILENT, _E.CLOSE): _S.CLOSED,
        (_S.HEARD, _E.CLOSE): _S.CLOSED,
    }
)


class LostVehicle:
    """One vehicle that was given up. `handle` what is heard of it; it returns what to write down and show.

    Attributes:
        state: whether it is heard.
        last_known: the newest state that it told, its place above all.
    """

    def __init__(self, sortie_id: str, last_known: VehicleState, since: datetime) -> None:
        self.state = IncidentState.SILENT
        self.last_known = last_known
        self._sortie_id = sortie_id
        self._silent_since = since

    @property
    def open(self) -> bool:
        """Whether somebody must still look for it."""
        return self.state is not IncidentState.CLOSED

    def opened(self) -> Report:
        """The incident, with the place where the vehicle was last known to be."""
        return self._alarm("VEHICLE_LOST", f"given up while it flew, last known {_told(self.last_known)}: find it")

    def handle(self, event: Observed | FreshnessChanged | CloseIncident, now: datetime) -> list[Report]:
        """Take in an event; nothing once it is closed."""
        if not self.open:
            return []
        match event:
            case FreshnessChanged(freshness=freshness):
                if freshness is Freshness.LOST:
                    self._move(IncidentEvent.LOSE, now)
                return []
            case CloseIncident(actor=actor):
                self._move(IncidentEvent.CLOSE, now)
                return [
                    self._alarm("LOST_VEHICLE_CLOSED", f"{actor} takes it over, last known {_told(self.last_known)}")
                ]
            case Observed(state=state):
                return self._observed(state, now)

    def _observed(self, state: VehicleState, now: datetime) -> list[Report]:
        if not state.has_position:
            return []  # a gateway that knows nothing must not erase the place
        newly, self.last_known = self.state is IncidentState.SILENT, state
        if not state.armed and state.landed_state is LandedState.ON_GROUND:
            self._move(IncidentEvent.LAND, now)
            return [self._alarm("LOST_VEHICLE_DOWN", f"heard landed and disarmed {_told(state)}: a person must check")]
        silent_s = (now - self._silent_since).total_seconds()
        self._move(IncidentEvent.HEAR, now)
        if not newly:
            return []
        return [
            self._alarm("LOST_VEHICLE_HEARD", f"heard again after {silent_s:.0f} s {_told(state)}: nobody leads it")
        ]

    def _move(self, event: IncidentEvent, now: datetime) -> None:
        before = self.state
        self.state = next_state(INCIDENT_TABLE, before, event, f"lost vehicle {self.last_known.vehicle_id}")
        if self.state is IncidentState.SILENT and before is not IncidentState.SILENT:
            self._silent_since = now

    def _alarm(self, code: str, message: str) -> Report:
        last = self.last_known
        details: dict[str, float | str] = {
            "latitude_deg": last.latitude_deg,
            "longitude_deg": last.longitude_deg,
            "height_home_m": last.height_home_m,
            "altitude_amsl_m": last.altitude_amsl_m,
            "mode": str(last.mode),
        }
        return Report(ReportKind.ALARM, self._sortie_id, code, message, details)


def _told(state: VehicleState) -> str:
    """Where a vehicle is and what it does, in words."""
    if state.position is None:
        return "at no known place"
    place = f"at {state.position.latitude_deg:.5f}, {state.position.longitude_deg:.5f}"
    doing = "armed" if state.armed else "disarmed"
    return f"{place}, {state.height_home_m:.0f} m above home, {state.landed_state.name}, {doing}, mode {state.mode}"
