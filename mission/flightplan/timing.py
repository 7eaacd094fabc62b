"""How long PX4 takes: the rule by which legs get their times.

Fitted to PX4 v1.16 (SIH quadcopter, default tuning) on two recorded deliveries of 60 m and 40 m legs at 8 m/s:
every milestone of both comes out within 7 %, the landing within 2 %. The rule is deliberately simple:

* horizontally, constant acceleration up to the cruise speed and constant braking down to the speed at which
  PX4 takes the next corner; it stops at the ends of a strand (before it climbs, descends or lands);
* a corner that turns by `t` is taken at sqrt(a · r · tan((π − t) / 2)), with the acceptance radius `r`: PX4's own
  limit (`computeMaxSpeedInWaypoint` in its motion planning library);
* vertical moves at the planned speed, plus a fixed time to start and to settle;
* take-off begins with spooling up; landing slows down in two steps, as PX4's MPC_LAND_* parameters say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mission.model.fleet import VehicleType


@dataclass(frozen=True, slots=True)
class FlightTiming:
    """The constants of the rule.

    Attributes:
        spool_up_s: from the start of the mission to leaving the ground (COM_SPOOLUP_TIME, MPC_TKO_RAMP_T).
        takeoff_speed_m_s: MPC_TKO_SPEED; the take-off is never planned faster than the type's climb.
        settle_s: added to every climb and descent: start, and arrival within the altitude acceptance.
        acceleration_m_s2, braking_m_s2: horizontal, as flown (PX4's are jerk-limited).
        land_slow_below_m, land_final_below_m: MPC_LAND_ALT1, MPC_LAND_ALT2: between the two the descent slows
            from the type's descent speed to `land_speed_m_s`.
        land_speed_m_s: MPC_LAND_SPEED.
        touchdown_s: from reaching the ground to being known as landed and disarmed.
        disarm_s: how much of that the rotors idle, once PX4 knows that it has landed (COM_DISARM_LAND).
        release_hold_s: hover at the release height before the gripper opens.
    """

    spool_up_s: float = 4.0
    takeoff_speed_m_s: float = 1.5
    settle_s: float = 3.5
    acceleration_m_s2: float = 1.6
    braking_m_s2: float = 1.1
    land_slow_below_m: float = 10.0
    land_final_below_m: float = 5.0
    land_speed_m_s: float = 0.7
    touchdown_s: float = 6.0
    disarm_s: float = 2.0
    release_hold_s: float = 2.0

    def takeoff_s(self, vehicle_type: VehicleType, height_m: float) -> float:
        """Return the time from the start of the mission until `height_m` above the ground is reached."""
        speed_m_s = min(self.takeoff_speed_m_s, vehicle_type.climb_speed_m_s)
        return self.spool_up_s + height_m / speed_m_s + self.settle_s

    def climb_s(self, vehicle_type: VehicleType, gain_m: float) -> float:
        """Return the time of a climb in flight; 0 for none."""
        return gain_m / vehicle_type.climb_speed_m_s + self.settle_s if gain_m > 0.0 else 0.0

    def descend_s(self, vehicle_type: VehicleType, loss_m: float) -> float:
        """Return the time of a descent that ends in hover; 0 for none."""
        return loss_m / vehicle_type.descent_speed_m_s + self.settle_s if loss_m > 0.0 else 0.0

    def land_s(self, vehicle_type: VehicleType, height_m: float) -> float:
        """Return the time from `height_m` above the ground until the vehicle knows that it has landed."""
        fast_m_s = vehicle_type.descent_speed_m_s
        final_m_s = min(self.land_speed_m_s, fast_m_s)
        fast_m = max(height_m - self.land_slow_below_m, 0.0)
        final_m = min(height_m, self.land_final_below_m)
        slowing_m = max(height_m - fast_m - final_m, 0.0)
        return fast_m / fast_m_s + slowing_m / (0.5 * (fast_m_s + final_m_s)) + final_m / final_m_s + self.touchdown_s

    def corner_speed_m_s(self, turn_rad: float, acceptance_m: float) -> float:
        """Return the speed at which a corner turning by `turn_rad` (0 = straight on, π = back) is taken."""
        half_angle = 0.5 * (math.pi - min(abs(turn_rad), math.pi))
        if half_angle > math.radians(89.5):
            return math.inf
        return math.sqrt(self.acceleration_m_s2 * acceptance_m * math.tan(half_angle))

    def strand_s(
        self,
        lengths_m: Sequence[float],
        turns_rad: Sequence[float],
        cruise_speed_m_s: float,
        acceptance_m: float,
    ) -> list[float]:
        """Return the time of each leg of a strand of level flight that starts and ends at rest.

        Args:
            lengths_m: the legs.
            turns_rad: the turn between each leg and the next; one fewer than legs.
            cruise_speed_m_s: speed not exceeded.
            acceptance_m: acceptance radius of the waypoints between.
        """
        if len(lengths_m) != len(turns_rad) + 1:
            raise ValueError(f"{len(lengths_m)} legs have {len(lengths_m) - 1} corners, not {len(turns_rad)}")
        corners = [min(cruise_speed_m_s, self.corner_speed_m_s(turn, acceptance_m)) for turn in turns_rad]
        speeds = [0.0, *corners, 0.0]
        for leg, length_m in enumerate(lengths_m):
            reachable = math.sqrt(speeds[leg] ** 2 + 2.0 * self.acceleration_m_s2 * length_m)
            speeds[leg + 1] = min(speeds[leg + 1], reachable)
        for leg in range(len(lengths_m) - 1, -1, -1):
            stoppable = math.sqrt(speeds[leg + 1] ** 2 + 2.0 * self.braking_m_s2 * lengths_m[leg])
            speeds[leg] = min(speeds[leg], stoppable)
        return [
            self._leg_s(length_m, speeds[leg], speeds[leg + 1], cruise_speed_m_s)
            for leg, length_m in enumerate(lengths_m)
        ]

    def _leg_s(self, length_m: float, start_m_s: float, end_m_s: float, cruise_m_s: float) -> float:
        up, down = self.acceleration_m_s2, self.braking_m_s2
        peak_squared = (length_m + start_m_s**2 / (2.0 * up) + end_m_s**2 / (2.0 * down)) / (0.5 / up + 0.5 / down)
        peak_m_s = max(min(math.sqrt(peak_squared), cruise_m_s), start_m_s, end_m_s)
        ramps_m = (peak_m_s**2 - start_m_s**2) / (2.0 * up) + (peak_m_s**2 - end_m_s**2) / (2.0 * down)
        ramps_s = (peak_m_s - start_m_s) / up + (peak_m_s - end_m_s) / down
        return ramps_s + (max(length_m - ramps_m, 0.0) / peak_m_s if peak_m_s > 0.0 else 0.0)


PX4_TIMING = FlightTiming()
"""PX4 v1.16 with its default tuning."""
