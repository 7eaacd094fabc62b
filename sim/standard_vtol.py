"""A standard VTOL: rotors to hover, a pusher and a wing to cruise, as PX4 flies it.

Between the two it accelerates level until the wing carries, or slows down until the rotors do. On the wing it
cannot stop: it turns with limited bank and circles where it is told to hold.
"""

import math

from sim.airframe import GRAVITY_M_S2, NEVER_S, SETTLED_M, Airframe, Descent, Guidance, Leg
from sim.battery import wing_power_w
from sim.fleet_config import Physical
from sim.modes import VtolState
from sim.parameters import Parameters

PUSHER_M_S2 = 3.0
SPEED_RESPONSE_PER_S = 1.0
CLIMB_RESPONSE_PER_S = 1.5
REACH_S = 2.0
"""On the wing a waypoint counts as reached this long before: PX4 switches where the turn begins."""
STRAIGHT_RAD = 0.002
TRANSITION_TURN_RAD_S = 0.3


class StandardVtol(Airframe):
    """A multicopter that can change to a wing and back."""

    mav_type = 22

    def __init__(self, parameters: Parameters, max_air_speed_m_s: float) -> None:
        super().__init__(parameters, max_air_speed_m_s)
        self.state = VtolState.HOVER

    @property
    def vtol_state(self) -> int:  # type: ignore[override] # what is constant for others changes here
        """MAV_VTOL_STATE."""
        return self.state

    @property
    def is_on_wing(self) -> bool:
        """Whether a wing carries it, or is about to."""
        return self.state in (VtolState.WING, VtolState.TO_WING)

    def transition(self, *, to_wing: bool) -> bool:
        """Begin to change; nothing changes where it is so already."""
        if to_wing and self.state in (VtolState.HOVER, VtolState.TO_HOVER):
            self.state = VtolState.TO_WING
        elif not to_wing and self.state in (VtolState.WING, VtolState.TO_WING):
            self.state = VtolState.TO_HOVER
        self._is_settled = False
        return True

    def reach_m(self, wanted_m: float) -> float:
        """On the wing, the way of the moments that a turn begins earlier."""
        return max(wanted_m, self.ground_speed_m_s * REACH_S) if self.is_on_wing else wanted_m

    def stopping_m(self) -> float:
        """Way in which the transition to hover slows it down."""
        return self.ground_speed_m_s**2 / (2.0 * self.parameters["VT_B_DEC_MSS"])

    def follow(self, guidance: Guidance) -> None:
        """Take new guidance; only rotors come down to the ground."""
        if isinstance(guidance, Descent):
            self.transition(to_wing=False)
        super().follow(guidance)

    def stop(self) -> None:
        """On the ground it is a multicopter."""
        super().stop()
        self.state = VtolState.HOVER

    def steady_s(self) -> float:
        """On the wing: until the turn before the target begins."""
        guidance = self.guidance
        if self.state is VtolState.HOVER or guidance is None:
            return super().steady_s()
        if self.state is not VtolState.WING or not self._is_settled or not isinstance(guidance, Leg):
            return 0.0
        remaining = math.hypot(guidance.target[0] - self.north_m, guidance.target[1] - self.east_m)
        speed = max(self.ground_speed_m_s, 1.0)
        height, climb = abs(guidance.target[2] - self.up_m), abs(self.velocity_up_m_s)
        level_s = NEVER_S if height <= SETTLED_M else max(height - 2.0 * climb, 0.0) / max(climb, SETTLED_M)
        return min(max(remaining - self.reach_m(guidance.reach_m) - self.stopping_m(), 0.0) / speed, level_s)

    def smooth_s(self) -> float:
        """Its turns are followed closely."""
        return 0.0

    def step(self, dt_s: float) -> None:
        """Move on by `dt_s`."""
        guidance = self.guidance
        if self.state is VtolState.HOVER or guidance is None:
            super().step(dt_s)
        elif self.state is VtolState.TO_HOVER:
            self._slow_down(dt_s)
        elif isinstance(guidance, Leg):
            self._fly_on_wing(guidance, dt_s)

    def power_w(self, physical: Physical, mass_kg: float, *, working: bool) -> float:
        """The wing's polar when it carries; rotors and pusher together in between."""
        hovering = super().power_w(physical, mass_kg, working=working)
        if self.state is VtolState.HOVER or not working:
            return hovering
        carried = wing_power_w(mass_kg, physical.wing_area_m2, self.air_speed_m_s, self.velocity_up_m_s)
        return carried if self.state is VtolState.WING else max(hovering, carried)

    def _fly_on_wing(self, leg: Leg, dt_s: float) -> None:
        parameters = self.parameters
        course = math.atan2(self.velocity_east_m_s, self.velocity_north_m_s)
        error = math.remainder(self._course_to(leg) - course, math.tau)
        limit = self._turn_rate() * dt_s
        turn = min(max(error, -limit), limit)
        course += turn
        speed = self._next_speed(course, dt_s)
        self.velocity_north_m_s, self.velocity_east_m_s = speed * math.cos(course), speed * math.sin(course)
        climb = (leg.target[2] - self.up_m) * 0.5 if self.state is VtolState.WING else 0.0
        climb = min(max(climb, -parameters["FW_T_SINK_R_SP"]), parameters["FW_T_CLMB_R_SP"])
        change = (climb - self.velocity_up_m_s) * min(CLIMB_RESPONSE_PER_S, 1.0 / dt_s)
        self.velocity_up_m_s += change * dt_s
        self._is_settled = abs(error) < STRAIGHT_RAD and abs(change) < SETTLED_M and self.state is VtolState.WING
        self._carry_on(dt_s)
        self.heading_rad = course % math.tau
        self.yaw_rate_rad_s = turn / dt_s
        self.roll_rad = math.atan(self.yaw_rate_rad_s * speed / GRAVITY_M_S2)
        self.pitch_rad = math.atan2(self.velocity_up_m_s, max(speed, 1.0))

    def _turn_rate(self) -> float:
        """Fastest turn in rad/s: any from a standstill, by the bank limit on the wing, little in between."""
        speed = self.ground_speed_m_s
        if speed < 1.0:
            return math.inf
        bank = math.tan(math.radians(self.parameters["FW_R_LIM"])) * GRAVITY_M_S2 / speed
        return bank if self.state is VtolState.WING else min(bank, TRANSITION_TURN_RAD_S)

    def _course_to(self, leg: Leg) -> float:
        """Straight to the target; around it, on a circle of NAV_LOITER_RAD, where the leg asks to hold."""
        to_north, to_east = leg.target[0] - self.north_m, leg.target[1] - self.east_m
        away, bearing = math.hypot(to_north, to_east), math.atan2(to_east, to_north)
        if leg.onward is not None or leg.start != leg.target:
            return bearing
        radius = max(abs(self.parameters["NAV_LOITER_RAD"]), 1.0)
        return bearing - math.pi / 2.0 * min(radius / max(away, 1.0), 1.5)

    def _next_speed(self, course: float, dt_s: float) -> float:
        """Speed over ground after `dt_s`: the wing keeps its air speed, in transition the pusher builds it up."""
        along = self.wind_north_m_s * math.cos(course) + self.wind_east_m_s * math.sin(course)
        speed = self.velocity_north_m_s * math.cos(course) + self.velocity_east_m_s * math.sin(course)
        if self.state is VtolState.TO_WING:
            speed += PUSHER_M_S2 * dt_s
            if speed - along >= self.parameters["VT_ARSP_TRANS"]:
                self.state = VtolState.WING
            return speed
        wanted = max(self.parameters["FW_AIRSPD_TRIM"] + along, 1.0)
        return speed + (wanted - speed) * min(SPEED_RESPONSE_PER_S * dt_s, 1.0)

    def _slow_down(self, dt_s: float) -> None:
        """Back transition: brake along the course; the rotors take over when it is slow enough for them."""
        speed, brake = self.ground_speed_m_s, self.parameters["VT_B_DEC_MSS"]
        slower = max(speed - brake * dt_s, 0.0)
        share = slower / speed if speed > 0.0 else 0.0
        self.velocity_north_m_s *= share
        self.velocity_east_m_s *= share
        self.velocity_up_m_s -= self.velocity_up_m_s * min(CLIMB_RESPONSE_PER_S * dt_s, 1.0)
        self.roll_rad, self.yaw_rate_rad_s = 0.0, 0.0
        self._carry_on(dt_s)
        if slower <= self.parameters["MPC_XY_CRUISE"]:
            self.state = VtolState.HOVER

    def _carry_on(self, dt_s: float) -> None:
        self.north_m += self.velocity_north_m_s * dt_s
        self.east_m += self.velocity_east_m_s * dt_s
        self.up_m = max(self.up_m + self.velocity_up_m_s * dt_s, self.ground_up_m)
