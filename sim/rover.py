"""A ground robot as PX4's rover drives it: straight over the ground, whatever heights a mission asks for."""

from dataclasses import replace

from sim.airframe import GRAVITY_M_S2, Airframe, Descent, Leg
from sim.fleet_config import Physical

ROLLING_RESISTANCE = 0.03
"""Coefficient on asphalt and gravel paths."""
DRIVE_EFFICIENCY = 0.6
STANDING_W = 12.0
"""Motor controllers and brakes while armed."""


class Rover(Airframe):
    """Position, speed and heading of a ground robot; `up_m` is always that of the ground."""

    mav_type = 10
    climbs = False

    def is_level(self, up_m: float, margin_m: float) -> bool:  # noqa: ARG002 - heights mean nothing to it
        """PX4 compares horizontal distances only."""
        return True

    def step(self, dt_s: float) -> None:
        """Drive on by `dt_s`: a landing is a stop at its place."""
        before_m = self.up_m = self.ground_up_m
        guidance = self.guidance
        if isinstance(guidance, Leg):
            self.guidance = replace(guidance, target=(*guidance.target[:2], before_m))
        elif isinstance(guidance, Descent):
            place = guidance.north_m, guidance.east_m, before_m
            self.guidance = Leg(self.position, place, self.parameters["MPC_XY_CRUISE"])
        self.ground_up_m = before_m - 1.0  # the hovering airframe's touch-down must not stop the wheels
        super().step(dt_s)
        self.guidance, self.ground_up_m = guidance, before_m
        self.up_m = before_m

    def steady_s(self) -> float:
        """As on a leg in the air; a stop is short."""
        return 0.0 if isinstance(self.guidance, Descent) else super().steady_s()

    def smooth_s(self) -> float:
        """Its turns are followed closely."""
        return 0.0

    def power_w(self, physical: Physical, mass_kg: float, *, working: bool) -> float:  # noqa: ARG002 - one motor model
        """Rolling resistance and slopes; nothing is won back downhill."""
        force = mass_kg * GRAVITY_M_S2 * ROLLING_RESISTANCE
        lift_w = mass_kg * GRAVITY_M_S2 * max(self.velocity_up_m_s, 0.0)
        return STANDING_W + (force * self.ground_speed_m_s + lift_w) / DRIVE_EFFICIENCY

    def _within_air_speed(self, north: float, east: float) -> tuple[float, float]:
        """Wheels hold it against any wind."""
        return north, east

    def _lean(self, north_m_s2: float, east_m_s2: float) -> None:
        """Wheels keep it upright."""
