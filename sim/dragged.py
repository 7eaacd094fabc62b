"""A multicopter that the air holds back from its trajectory, as PX4's SIH quadcopter flies.

PX4's trajectory is a point that moves as if nothing resisted; the controllers hold the vehicle to it. Where the air
resists, the vehicle falls behind, its position controller asks for more, its integral slowly takes the load over, and
meanwhile the trajectory waits for it: it moves the slower, the farther the vehicle is behind (MPC_XY_ERR_MAX). So a
leg takes longer than its speed says, cruise is reached late, and a stop overshoots by what the integral holds.

Source: PositionSmoothing.cpp and PositionControl.cpp of PX4 v1.16, with PX4's default gains; sih.cpp for the drag.
"""

import math

from sim.airframe import GRAVITY_M_S2, NEVER_S, Airframe, Guidance, Leg, Point
from sim.parameters import Parameters

POSITION_GAIN_PER_S = 0.95
VELOCITY_GAIN_PER_S = 1.8
INTEGRAL_GAIN_PER_S2 = 0.4
"""MPC_XY_P, MPC_XY_VEL_P_ACC, MPC_XY_VEL_I_ACC."""
HEIGHT_GAIN_PER_S = 1.0
CLIMB_GAIN_PER_S = 4.0
CLIMB_INTEGRAL_GAIN_PER_S2 = 2.0
"""MPC_Z_P, MPC_Z_VEL_P_ACC, MPC_Z_VEL_I_ACC."""
DAMPING = 0.2
"""MPC_XY_VEL_D_ACC and MPC_Z_VEL_D_ACC: the share of an acceleration that they take back."""
WAITS_AT_M = 2.0
"""MPC_XY_ERR_MAX: so far behind, the trajectory stands still."""
MOST_M_S2 = 9.0
"""Acceleration at a tilt of about 45 degrees, MPC_TILTMAX_AIR."""


class Trajectory(Airframe):
    """The point that is followed: limited in speed, acceleration and jerk, and held back by nothing."""

    def __init__(self, parameters: Parameters, max_air_speed_m_s: float) -> None:
        super().__init__(parameters, max_air_speed_m_s)
        self._pushed: Point = (0.0, 0.0, 0.0)

    def begin(self, at: Airframe) -> None:
        """Begin where a vehicle is, as it moves."""
        self.north_m, self.east_m, self.up_m = at.position
        self.velocity_north_m_s, self.velocity_east_m_s = at.velocity_north_m_s, at.velocity_east_m_s
        self.velocity_up_m_s, self.heading_rad = at.velocity_up_m_s, at.heading_rad
        self._pushed = (0.0, 0.0, 0.0)

    def _touch_ground(self) -> None:
        """A point goes through: the vehicle is to come down firmly."""

    def _accelerate(self, north: float, east: float, up: float, dt_s: float) -> None:
        """Approach a velocity as fast as acceleration and jerk allow."""
        if dt_s <= 0.0:
            return
        parameters = self.parameters
        jerk, most = parameters["MPC_JERK_AUTO"], parameters["MPC_ACC_HOR"]
        off_north, off_east = north - self.velocity_north_m_s, east - self.velocity_east_m_s
        off = math.hypot(off_north, off_east)
        share = min(most, math.sqrt(2.0 * jerk * off), off / dt_s) / off if off > 0.0 else 0.0
        off_up = up - self.velocity_up_m_s
        most = parameters["MPC_ACC_UP_MAX" if off_up > 0.0 else "MPC_ACC_DOWN_MAX"]
        rise = math.copysign(min(most, math.sqrt(2.0 * jerk * abs(off_up)), abs(off_up) / dt_s), off_up)
        self._push(off_north * share, off_east * share, rise, jerk * dt_s)
        self.velocity_north_m_s += self._pushed[0] * dt_s
        self.velocity_east_m_s += self._pushed[1] * dt_s
        self.velocity_up_m_s += self._pushed[2] * dt_s

    def _push(self, north: float, east: float, up: float, change: float) -> None:
        """Change the acceleration towards the one asked for, by no more than `change` on each of both planes."""
        was_north, was_east, was_up = self._pushed
        turn = math.hypot(north - was_north, east - was_east)
        share = min(change / turn, 1.0) if turn > 0.0 else 0.0
        up = was_up + min(max(up - was_up, -change), change)
        self._pushed = was_north + (north - was_north) * share, was_east + (east - was_east) * share, up


class DraggedMulticopter(Airframe):
    """The vehicle; `trajectory` is the point that it follows.

    Args:
        drag_per_s: deceleration in m/s² for each m/s through the air.
    """

    def __init__(self, parameters: Parameters, max_air_speed_m_s: float, drag_per_s: float) -> None:
        super().__init__(parameters, max_air_speed_m_s)
        self.trajectory = Trajectory(parameters, max_air_speed_m_s)
        self._rising_s = 0.0
        self._drag_per_s = drag_per_s
        self._held_north = self._held_east = self._held_up = 0.0
        """What the integrals of the velocity controllers hold, m/s²."""

    def follow(self, guidance: Guidance) -> None:
        """Take new guidance; on the ground the trajectory begins where the vehicle stands."""
        if self.guidance is None or self.on_ground:
            self._begin_here()
        super().follow(guidance)
        self.trajectory.follow(guidance)

    def stop(self) -> None:
        """Stand still, with nothing left to make up for."""
        super().stop()
        self._begin_here()

    def _begin_here(self) -> None:
        self.trajectory.begin(self)
        self._held_north = self._held_east = self._held_up = 0.0
        self._rising_s = 0.0

    def steady_s(self) -> float:
        """The controllers never rest in the air."""
        return NEVER_S if self.guidance is None else 0.0

    def step(self, dt_s: float) -> None:
        """Move the trajectory on by as much of `dt_s` as the vehicle keeps up with, and the vehicle after it."""
        if self.guidance is None:
            return
        point = self.trajectory
        point.ground_up_m = self.ground_up_m
        self._rising_s += dt_s
        behind_north, behind_east = point.north_m - self.north_m, point.east_m - self.east_m
        before = point.velocity_north_m_s, point.velocity_east_m_s, point.velocity_up_m_s
        point.step(dt_s * self._keeping_up(behind_north, behind_east))
        change = (
            (point.velocity_north_m_s - before[0]) / dt_s,
            (point.velocity_east_m_s - before[1]) / dt_s,
            (point.velocity_up_m_s - before[2]) / dt_s,
        )
        self._control(behind_north, behind_east, point.up_m - self.up_m, change, dt_s)
        self.north_m += self.velocity_north_m_s * dt_s
        self.east_m += self.velocity_east_m_s * dt_s
        self.up_m += self.velocity_up_m_s * dt_s
        if self.up_m <= self.ground_up_m:
            self._touch_ground()
        self.heading_rad, self.yaw_rate_rad_s = point.heading_rad, point.yaw_rate_rad_s

    def _keeping_up(self, behind_north: float, behind_east: float) -> float:
        """Share of its time in which the trajectory moves on; ahead of it nobody is waited for."""
        point = self.trajectory
        if behind_north * point.velocity_north_m_s + behind_east * point.velocity_east_m_s < 0.0:
            return 1.0
        return max(1.0 - math.hypot(behind_north, behind_east) / WAITS_AT_M, 0.0)

    def _fastest_climb_m_s(self) -> float:
        """What the controller is allowed: after lift-off it grows with the ramp of the take-off (MPC_TKO_RAMP_T)."""
        parameters, guidance = self.parameters, self.guidance
        limit = parameters["MPC_Z_VEL_MAX_UP"]
        if isinstance(guidance, Leg):
            limit = min(limit, guidance.climb_limit_m_s)
        # The ramp begins below zero, where the controller would ask for no thrust at all.
        ramp = (limit + GRAVITY_M_S2 / CLIMB_GAIN_PER_S) / parameters["MPC_TKO_RAMP_T"]
        return min(limit, ramp * self._rising_s)

    def _control(
        self, behind_north: float, behind_east: float, behind_up: float, change: tuple[float, float, float], dt_s: float
    ) -> None:
        point, air = self.trajectory, self._drag_per_s
        miss_north = point.velocity_north_m_s + POSITION_GAIN_PER_S * behind_north - self.velocity_north_m_s
        miss_east = point.velocity_east_m_s + POSITION_GAIN_PER_S * behind_east - self.velocity_east_m_s
        asked_up = min(point.velocity_up_m_s + HEIGHT_GAIN_PER_S * behind_up, self._fastest_climb_m_s())
        miss_up = asked_up - self.velocity_up_m_s
        thrust_north = change[0] + VELOCITY_GAIN_PER_S * miss_north + self._held_north
        thrust_east = change[1] + VELOCITY_GAIN_PER_S * miss_east + self._held_east
        thrust = math.hypot(thrust_north, thrust_east)
        if thrust > MOST_M_S2:
            thrust_north, thrust_east = thrust_north * MOST_M_S2 / thrust, thrust_east * MOST_M_S2 / thrust
        thrust_up = change[2] + CLIMB_GAIN_PER_S * miss_up + self._held_up
        share = dt_s / (1.0 + DAMPING)
        self.velocity_north_m_s += (thrust_north - air * (self.velocity_north_m_s - self.wind_north_m_s)) * share
        self.velocity_east_m_s += (thrust_east - air * (self.velocity_east_m_s - self.wind_east_m_s)) * share
        self.velocity_up_m_s += (thrust_up - air * self.velocity_up_m_s) * share
        self._held_north += INTEGRAL_GAIN_PER_S2 * miss_north * dt_s
        self._held_east += INTEGRAL_GAIN_PER_S2 * miss_east * dt_s
        self._held_up += CLIMB_INTEGRAL_GAIN_PER_S2 * miss_up * dt_s
        self._lean(thrust_north, thrust_east)
