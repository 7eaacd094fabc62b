"""The diversion ladder: hold, find the cheapest verified way down from where the vehicle stands, fly it.

A way planned from a moving vehicle starts where it no longer is: it brakes over a hundred metres and more. So it
is held first, and the way is planned when telemetry shows it standing. Three attempts, then it lands where it is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mission.model.fleet import Hub, LandingSite
from mission.model.mission import Mission
from mission.model.telemetry import FlightMode, VehicleState
from mission.supervision.events import Command, FlyInstead, HoldPosition, LandNow

MAX_ATTEMPTS: Final = 3
STANDING_SPEED_M_S: Final = 0.5
"""Slower than this over ground, a held multicopter counts as standing."""


@dataclass(frozen=True, slots=True)
class Diversion:
    """A verified way to a permitted landing site from where the vehicle is."""

    mission: Mission
    site: Hub | LandingSite
    energy_wh: float
    length_m: float


FindLanding = Callable[[VehicleState, datetime], Diversion | None]
"""The verified diversion that costs least energy from a state, or None where no permitted site is in reach."""


class DiversionLadder:
    """One vehicle's way down, from the decision to divert until the diversion is flown.

    Attributes:
        reason: why the flight diverts.
        diversion: the way being flown, once there is one.
    """

    def __init__(self, reason: str, find_landing: FindLanding, hold_timeout: timedelta) -> None:
        self.reason = reason
        self.diversion: Diversion | None = None
        self._find_landing = find_landing
        self._hold_timeout = hold_timeout
        self._attempts = 0
        self._asked_to_hold: datetime | None = None

    def hold(self, now: datetime, why: str) -> list[Command]:
        """Begin an attempt, or land when there were enough."""
        self.diversion = None
        if self._attempts >= MAX_ATTEMPTS:
            self._asked_to_hold = None
            return [LandNow(f"diversion failed {self._attempts} times: {why}")]
        self._attempts += 1
        self._asked_to_hold = now
        return [HoldPosition(why)]

    def observed(self, state: VehicleState, now: datetime) -> list[Command]:
        """Once the vehicle stands, plan and fly the way down."""
        if self._asked_to_hold is None or state.mode is not FlightMode.HOLD or not _stands(state):
            return []
        self._asked_to_hold = None
        self.diversion = self._find_landing(state, now)
        if self.diversion is None:
            return [LandNow(f"no permitted site can be reached: {self.reason}")]
        return [FlyInstead(self.diversion.mission, self.diversion.site, self.reason)]

    def waited(self, now: datetime) -> list[Command]:
        """Ask again for a hold that does not show."""
        if self._asked_to_hold is None or now - self._asked_to_hold < self._hold_timeout:
            return []
        return self.hold(
            now, f"the vehicle does not stand {self._hold_timeout.total_seconds():.0f} s after being told to"
        )


def _stands(state: VehicleState) -> bool:
    """Whether the vehicle does not move; a speed that is not known is not standing."""
    return math.hypot(state.velocity_north_m_s, state.velocity_east_m_s) < STANDING_SPEED_M_S
