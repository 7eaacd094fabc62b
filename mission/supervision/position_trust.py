"""Whether the position that a vehicle tells can be its own: it follows from where it was before (fault F-V4).

What a jump added to the position stays in it until a jump takes it away again. So a position that has jumped is not
believed after any time, however quietly it moves on, but only when it agrees with the track of before.
"""

import math
from typing import Final

from mission.geodesy.distance import offset_m
from mission.model.telemetry import VehicleState

JUMP_M: Final = 3.0
"""A position that lies so far from where the told velocity leads is a jump; nearer is noise."""
GAP_S: Final = 2.5
"""For longer than this without a position, a velocity does not say how it moved: any way at its top speed may be."""


class PositionTrust:
    """Follows one vehicle's position through a flight.

    Args:
        top_speed_m_s: fastest that the vehicle gets over ground, wind included.

    Attributes:
        jumped_m: how far the position lies off the track of before, 0.0 while it follows from it.
    """

    def __init__(self, top_speed_m_s: float) -> None:
        self._top_speed_m_s = top_speed_m_s
        self._last: VehicleState | None = None
        self._north_m = self._east_m = 0.0

    @property
    def jumped_m(self) -> float:
        """See above."""
        off_m = math.hypot(self._north_m, self._east_m)
        return off_m if off_m > JUMP_M else 0.0

    @property
    def believed(self) -> bool:
        """Whether it can be a proof of anything."""
        return self.jumped_m == 0.0

    def observe(self, state: VehicleState) -> None:
        """Take in a newer state; one without a position is passed over, the next is compared across it."""
        if not state.has_position:
            return
        before, self._last = self._last, state
        if before is None or before.position is None or state.position is None:
            return
        elapsed_s = (state.boot_time_ms - before.boot_time_ms) / 1000.0
        if elapsed_s <= 0.0:
            return  # its clock began anew: nothing says how long it moved, and what jumped before stays
        north_m, east_m = offset_m(before.position, state.position)
        way_m = math.hypot(north_m, east_m)
        north_m -= _mean(before.velocity_north_m_s, state.velocity_north_m_s) * elapsed_s
        east_m -= _mean(before.velocity_east_m_s, state.velocity_east_m_s) * elapsed_s
        in_reach = elapsed_s > GAP_S and way_m <= self._top_speed_m_s * elapsed_s + JUMP_M
        if not in_reach and math.hypot(north_m, east_m) > JUMP_M:
            self._north_m += north_m
            self._east_m += east_m


def _mean(first_m_s: float, second_m_s: float) -> float:
    """Velocity between two moments; one that is not told explains no motion."""
    known = [speed for speed in (first_m_s, second_m_s) if not math.isnan(speed)]
    return sum(known) / len(known) if known else 0.0
