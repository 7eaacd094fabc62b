"""How a multicopter moves: kinematics with the speed and acceleration limits that PX4 keeps.

The velocity that is asked for follows PX4's position smoothing: straight legs, braking under limited jerk
before a corner, corners flown at the speed that the acceptance radius allows. Heights are above the ground on
which the vehicle booted.

`step` takes any length of time. It is exact in short ones; `steady_s` says how long a long one may be, because
nothing about the motion changes until then.
"""

import math
from dataclasses import dataclass

from sim.battery import IDLE_SHARE, flight_power_w
from sim.fleet_config import Physical
from sim.parameters import Parameters

Point = tuple[float, float, float]
"""North, east, up in metres, in the vehicle's local plane."""

VELOCITY_RESPONSE_PER_S = 3.0
"""How fast the velocity follows what is asked (closed velocity loop)."""
HORIZONTAL_RESPONSE = 0.6
"""Share of MPC_ACC_HOR that PX4's SIH quadcopter reaches from a standstill (measured: 1.7 of 3 m/s²)."""
CROSS_TRACK_GAIN_PER_S = 0.5
OVERLAP_M = 0.001
GRAVITY_M_S2 = 9.80665
STEADY_M_S2 = 0.02
"""Velocity counts as settled while less acceleration than this is asked for."""
SETTLED_M = 0.05
"""A way shorter than this is drift at the target, not braking."""
NEAR_GROUND_M = 0.5
DRAG_PER_M = 0.008
"""Deceleration by drag over the square of the air speed; a vehicle leans into it."""
NEVER_S = math.inf
SMOOTH_S = 0.1
"""Longest step while the velocity changes: a third of the time in which it does."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Fly from `start` straight to `target`, at up to `speed_m_s`, on to `onward` without stopping if given.

    `reach_m` is how near the target somebody waits for: no step is longer than the way there.
    """

    start: Point
    target: Point
    speed_m_s: float
    onward: Point | None = None
    climb_limit_m_s: float = math.inf
    reach_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Descent:
    """Come down to the ground at one place, as PX4 lands."""

    north_m: float
    east_m: float


Guidance = Leg | Descent | None
"""What the vehicle is asked to do; None leaves it where it is on the ground."""


def braking_speed_m_s(distance_m: float, end_speed_m_s: float, acceleration: float, jerk: float) -> float:
    """Highest speed from which `end_speed_m_s` is reached within `distance_m`, under limited jerk.

    Solves v² + v·4a²/j = v_end² + 2·a·d for v, the braking law of PX4's trajectory generator.
    """
    b = 4.0 * acceleration * acceleration / jerk
    c = -(2.0 * acceleration * distance_m + end_speed_m_s * end_speed_m_s)
    return max(0.5 * (-b + math.sqrt(b * b - 4.0 * c)), 0.0)


def braking_distance_m(speed_m_s: float, end_speed_m_s: float, acceleration: float, jerk: float) -> float:
    """Way in which `speed_m_s` falls to `end_speed_m_s`: the inverse of `braking_speed_m_s`."""
    lag = speed_m_s * 4.0 * acceleration * acceleration / jerk
    return max((speed_m_s * speed_m_s + lag - end_speed_m_s * end_speed_m_s) / (2.0 * acceleration), 0.0)


def _steady_for(remaining_m: float, speed_m_s: float, changes_at_m: float) -> float:
    """How long `speed_m_s` is kept when it changes `changes_at_m` before the end of the way that remains."""
    if remaining_m <= SETTLED_M or speed_m_s <= OVERLAP_M:
        return NEVER_S
    return max(remaining_m - changes_at_m, 0.0) / speed_m_s


class Airframe:
    """Position, velocity and heading of one vehicle that hovers; other kinds of vehicles derive from it.

    Attributes:
        wind_north_m_s, wind_east_m_s: how the air moves where the vehicle is.
        ground_up_m: the ground under the vehicle.
        roll_rad, pitch_rad: attitude; yaw_rate_rad_s: how fast the heading turns.
    """

    mav_type = 2
    """MAV_TYPE_QUADROTOR."""
    vtol_state = 0
    """MAV_VTOL_STATE: undefined for what is none."""
    climbs = True
    """Whether it leaves the ground; heights mean nothing to what does not."""

    def __init__(self, parameters: Parameters, max_air_speed_m_s: float = 25.0) -> None:
        self.parameters = parameters
        self.max_air_speed_m_s = max_air_speed_m_s
        self.north_m = 0.0
        self.east_m = 0.0
        self.up_m = 0.0
        self.velocity_north_m_s = 0.0
        self.velocity_east_m_s = 0.0
        self.velocity_up_m_s = 0.0
        self.heading_rad = 0.0
        self.roll_rad = 0.0
        self.pitch_rad = 0.0
        self.yaw_rate_rad_s = 0.0
        self.wind_north_m_s = 0.0
        self.wind_east_m_s = 0.0
        self.ground_up_m = 0.0
        self.guidance: Guidance = None
        self._leg_limits: tuple[float, float] = (0.0, 0.0)
        self._is_settled = False

    @property
    def position(self) -> Point:
        """Where it is."""
        return self.north_m, self.east_m, self.up_m

    @property
    def ground_speed_m_s(self) -> float:
        """Horizontal speed."""
        return math.hypot(self.velocity_north_m_s, self.velocity_east_m_s)

    @property
    def on_ground(self) -> bool:
        """Whether it touches the ground."""
        return self.up_m <= self.ground_up_m

    def is_level(self, up_m: float, margin_m: float) -> bool:
        """Whether it is as high as asked, as far as it can be."""
        return abs(up_m - self.up_m) <= margin_m

    def reach_m(self, wanted_m: float) -> float:
        """How near a place counts as there, where `wanted_m` is asked for."""
        return wanted_m

    def transition(self, *, to_wing: bool) -> bool:
        """Begin to change between hovering and flying on a wing; False where there is none."""
        return not to_wing and self.vtol_state != 0

    def stopping_m(self) -> float:
        """Way ahead of a landing place at which a wing is left."""
        return 0.0

    @property
    def is_on_wing(self) -> bool:
        """Whether a wing carries it, or is about to."""
        return False

    @property
    def air_speed_m_s(self) -> float:
        """Horizontal speed through the air."""
        return math.hypot(self.velocity_north_m_s - self.wind_north_m_s, self.velocity_east_m_s - self.wind_east_m_s)

    def power_w(self, physical: Physical, mass_kg: float, *, working: bool) -> float:
        """Electrical power of the motors, by a model of its own that no planner knows."""
        if not working:
            return IDLE_SHARE * physical.hover_power_w
        ratio = mass_kg / physical.empty_mass_kg
        return flight_power_w(physical.hover_power_w, ratio, mass_kg, self.air_speed_m_s, self.velocity_up_m_s)

    def follow(self, guidance: Guidance) -> None:
        """Take new guidance; corner speeds are worked out once per leg."""
        self.guidance = guidance
        self._is_settled = False
        if isinstance(guidance, Leg):
            self._leg_limits = (self._corner_speed(guidance), self._corner_climb(guidance))

    def stop(self) -> None:
        """Stand still on the spot, as after touchdown or with motors off."""
        self.velocity_north_m_s = self.velocity_east_m_s = self.velocity_up_m_s = 0.0
        self.roll_rad = self.pitch_rad = self.yaw_rate_rad_s = 0.0

    def steady_s(self) -> float:
        """For how long from now one step is as good as many short ones; 0 while the velocity changes."""
        guidance = self.guidance
        if guidance is None:
            return NEVER_S
        if not self._is_settled:
            return 0.0
        if isinstance(guidance, Descent):
            return self._steady_descent_s(guidance)
        parameters = self.parameters
        corner_speed, corner_climb = self._leg_limits
        jerk = parameters["MPC_JERK_AUTO"]
        remaining = math.hypot(guidance.target[0] - self.north_m, guidance.target[1] - self.east_m)
        speed = self.ground_speed_m_s
        braking = braking_distance_m(speed, corner_speed, parameters["MPC_ACC_HOR"], jerk)
        along_s = _steady_for(remaining, speed, max(braking, guidance.reach_m))
        height = abs(guidance.target[2] - self.up_m)
        climb = abs(self.velocity_up_m_s)
        acceleration = parameters["MPC_ACC_UP_MAX" if self.velocity_up_m_s > 0.0 else "MPC_ACC_DOWN_MAX"]
        braking = braking_distance_m(climb, corner_climb, acceleration, jerk)
        return min(along_s, _steady_for(height, climb, braking))

    def smooth_s(self) -> float:
        """For how long from now one step stays accurate while the velocity changes; 0 near what is waited for."""
        guidance = self.guidance
        above_m = self.up_m - self.ground_up_m
        if guidance is None or above_m < NEAR_GROUND_M:
            return 0.0
        touch_s = above_m / -self.velocity_up_m_s if self.velocity_up_m_s < 0.0 else NEVER_S
        if isinstance(guidance, Descent):
            return min(SMOOTH_S, touch_s)
        remaining = math.hypot(guidance.target[0] - self.north_m, guidance.target[1] - self.east_m)
        ahead_m = remaining - guidance.reach_m
        reach_s = ahead_m / self.ground_speed_m_s if ahead_m > 0.0 and self.ground_speed_m_s > OVERLAP_M else NEVER_S
        return min(SMOOTH_S, touch_s, reach_s)

    def _steady_descent_s(self, descent: Descent) -> float:
        if math.hypot(descent.north_m - self.north_m, descent.east_m - self.east_m) > SETTLED_M:
            return 0.0
        above, sinking = self.up_m - self.ground_up_m, -self.velocity_up_m_s
        if sinking <= 0.0:
            return 0.0
        high = self.parameters["MPC_LAND_ALT1"]
        return max(above - (high if above > high else NEAR_GROUND_M), 0.0) / sinking

    def step(self, dt_s: float) -> None:
        """Move on by `dt_s`."""
        guidance = self.guidance
        if guidance is None:
            return
        if isinstance(guidance, Leg):
            north, east, up = self._leg_velocity(guidance)
        else:
            north, east, up = self._descent_velocity(guidance)
        self._accelerate(*self._within_air_speed(north, east), up, dt_s)
        self.north_m += self.velocity_north_m_s * dt_s
        self.east_m += self.velocity_east_m_s * dt_s
        self.up_m += self.velocity_up_m_s * dt_s
        if self.up_m <= self.ground_up_m:
            self._touch_ground()
        self._turn(north, east, dt_s)

    def _touch_ground(self) -> None:
        """Neither go through the ground nor slide on it."""
        self.up_m = self.ground_up_m
        self.velocity_up_m_s = max(self.velocity_up_m_s, 0.0)
        self.velocity_north_m_s = self.velocity_east_m_s = 0.0

    def fall(self, dt_s: float) -> bool:
        """Fall without thrust for `dt_s`; return whether it lies on the ground."""
        if not self.on_ground:
            self.velocity_up_m_s -= GRAVITY_M_S2 * dt_s
            self.north_m += self.velocity_north_m_s * dt_s
            self.east_m += self.velocity_east_m_s * dt_s
            self.up_m = max(self.up_m + self.velocity_up_m_s * dt_s, self.ground_up_m)
        if self.on_ground:
            self.stop()
        return self.on_ground

    def _within_air_speed(self, north: float, east: float) -> tuple[float, float]:
        """The velocity over ground that the vehicle can keep in this wind; in a storm it is carried away."""
        air_north, air_east = north - self.wind_north_m_s, east - self.wind_east_m_s
        air = math.hypot(air_north, air_east)
        if air <= self.max_air_speed_m_s:
            return north, east
        share = self.max_air_speed_m_s / air
        return self.wind_north_m_s + air_north * share, self.wind_east_m_s + air_east * share

    def _fastest(self, way: str) -> float:
        """Vertical speed in automatic flight; PX4's general limit comes first."""
        return min(self.parameters[f"MPC_Z_V_AUTO_{way}"], self.parameters[f"MPC_Z_VEL_MAX_{way}"])

    def _leg_velocity(self, leg: Leg) -> Point:
        parameters = self.parameters
        to_north = leg.target[0] - self.north_m
        to_east = leg.target[1] - self.east_m
        to_up = leg.target[2] - self.up_m
        horizontal = math.hypot(to_north, to_east)
        distance = math.hypot(horizontal, to_up)
        if distance == 0.0:
            return 0.0, 0.0, 0.0
        jerk = parameters["MPC_JERK_AUTO"]
        corner_speed, corner_climb = self._leg_limits
        speed = min(leg.speed_m_s, braking_speed_m_s(horizontal, corner_speed, parameters["MPC_ACC_HOR"], jerk))
        if to_up > 0.0:
            limit, acceleration = self._fastest("UP"), parameters["MPC_ACC_UP_MAX"]
        else:
            limit, acceleration = self._fastest("DN"), parameters["MPC_ACC_DOWN_MAX"]
        limit = min(limit, leg.climb_limit_m_s)
        climb = min(limit, braking_speed_m_s(abs(to_up), corner_climb, acceleration, jerk))
        magnitude = math.hypot(speed, climb) / distance
        horizontal_speed, up = horizontal * magnitude, to_up * magnitude
        if horizontal_speed > speed:
            up *= speed / horizontal_speed if speed >= 0.5 or horizontal_speed >= 0.5 else 1.0
            horizontal_speed = speed
        if abs(up) > climb:
            horizontal_speed *= climb / abs(up) if climb >= 0.5 or abs(up) >= 0.5 else 1.0
            up = math.copysign(climb, up)
        if horizontal <= OVERLAP_M:
            return 0.0, 0.0, up
        north = to_north / horizontal * horizontal_speed
        east = to_east / horizontal * horizontal_speed
        correction_north, correction_east = self._cross_track_correction(leg, horizontal)
        return north + correction_north, east + correction_east, up

    def _cross_track_correction(self, leg: Leg, remaining_m: float) -> tuple[float, float]:
        along_north = leg.target[0] - leg.start[0]
        along_east = leg.target[1] - leg.start[1]
        length = math.hypot(along_north, along_east)
        if length < 1.0 or remaining_m < 5.0:
            return 0.0, 0.0
        along_north, along_east = along_north / length, along_east / length
        off_north, off_east = self.north_m - leg.start[0], self.east_m - leg.start[1]
        along = off_north * along_north + off_east * along_east
        gain = -CROSS_TRACK_GAIN_PER_S
        return gain * (off_north - along * along_north), gain * (off_east - along * along_east)

    def _descent_velocity(self, descent: Descent) -> Point:
        parameters = self.parameters
        to_north, to_east = descent.north_m - self.north_m, descent.east_m - self.east_m
        distance = math.hypot(to_north, to_east)
        north = east = 0.0
        if distance > OVERLAP_M:
            speed = braking_speed_m_s(distance, 0.0, parameters["MPC_ACC_HOR"], parameters["MPC_JERK_AUTO"])
            speed = min(speed, parameters["MPC_XY_CRUISE"]) / distance
            north, east = to_north * speed, to_east * speed
        fast, slow = self._fastest("DN"), parameters["MPC_LAND_SPEED"]
        high, low = parameters["MPC_LAND_ALT1"], parameters["MPC_LAND_ALT2"]
        share = min(max((self.up_m - self.ground_up_m - low) / max(high - low, 0.1), 0.0), 1.0)
        return north, east, -(min(slow, fast) + (fast - min(slow, fast)) * share)

    def _accelerate(self, north: float, east: float, up: float, dt_s: float) -> None:
        parameters = self.parameters
        # A long step must not overshoot what it closes in on.
        response = min(VELOCITY_RESPONSE_PER_S, 1.0 / dt_s)
        want_north = (north - self.velocity_north_m_s) * response
        want_east = (east - self.velocity_east_m_s) * response
        want = math.hypot(want_north, want_east)
        limit = parameters["MPC_ACC_HOR"] * HORIZONTAL_RESPONSE
        if want > limit:
            want_north, want_east = want_north * limit / want, want_east * limit / want
        want_up = (up - self.velocity_up_m_s) * response
        want_up = min(max(want_up, -parameters["MPC_ACC_DOWN_MAX"]), parameters["MPC_ACC_UP_MAX"])
        self.velocity_north_m_s += want_north * dt_s
        self.velocity_east_m_s += want_east * dt_s
        self.velocity_up_m_s += want_up * dt_s
        self._is_settled = want < STEADY_M_S2 and -STEADY_M_S2 < want_up < STEADY_M_S2
        air_north = self.velocity_north_m_s - self.wind_north_m_s
        air_east = self.velocity_east_m_s - self.wind_east_m_s
        drag = DRAG_PER_M * math.hypot(air_north, air_east)
        self._lean(want_north + drag * air_north, want_east + drag * air_east)

    def _lean(self, north_m_s2: float, east_m_s2: float) -> None:
        """Tilt so that the thrust accelerates the vehicle and holds it against the air."""
        cos_heading, sin_heading = math.cos(self.heading_rad), math.sin(self.heading_rad)
        self.pitch_rad = -math.atan((north_m_s2 * cos_heading + east_m_s2 * sin_heading) / GRAVITY_M_S2)
        self.roll_rad = math.atan((east_m_s2 * cos_heading - north_m_s2 * sin_heading) / GRAVITY_M_S2)

    def _turn(self, north: float, east: float, dt_s: float) -> None:
        if north * north + east * east < 1.0:
            self.yaw_rate_rad_s = 0.0
            return
        error = math.remainder(math.atan2(east, north) - self.heading_rad, math.tau)
        limit = math.radians(self.parameters["MPC_YAWRAUTO_MAX"]) * dt_s
        turn = min(max(error, -limit), limit)
        self._is_settled &= abs(error) < limit
        self.heading_rad = (self.heading_rad + turn) % math.tau
        self.yaw_rate_rad_s = turn / dt_s

    def _corner_speed(self, leg: Leg) -> float:
        """Speed through the target: the largest circle inside the acceptance radius, tangent to both legs."""
        if leg.onward is None:
            return 0.0
        radius = self.parameters["NAV_ACC_RAD"]
        next_north, next_east = leg.onward[0] - leg.target[0], leg.onward[1] - leg.target[1]
        back_north, back_east = leg.start[0] - leg.target[0], leg.start[1] - leg.target[1]
        next_length, back_length = math.hypot(next_north, next_east), math.hypot(back_north, back_east)
        if next_length < max(radius, OVERLAP_M) or back_length < OVERLAP_M:
            return 0.0
        cosine = (next_north * back_north + next_east * back_east) / (next_length * back_length)
        angle = min(math.acos(min(max(cosine, -1.0), 1.0)), math.pi - 1e-6)
        centripetal = self.parameters["MPC_XY_TRAJ_P"] * self.parameters["MPC_ACC_HOR"]
        turning = math.sqrt(centripetal * radius * math.tan(angle / 2.0))
        leaving = braking_speed_m_s(next_length, 0.0, self.parameters["MPC_ACC_HOR"], self.parameters["MPC_JERK_AUTO"])
        return min(turning, leaving, leg.speed_m_s)

    def _corner_climb(self, leg: Leg) -> float:
        """Vertical speed through the target: kept where the onward leg goes on climbing or sinking."""
        if leg.onward is None:
            return 0.0
        rise, onward_rise = leg.target[2] - leg.start[2], leg.onward[2] - leg.target[2]
        return abs(onward_rise) ** 0.5 if rise * onward_rise > 0.25 else 0.0
