"""The world around a vehicle: the wind that blows and the ground below.

Gusts are an Ornstein-Uhlenbeck process on each horizontal axis with the length scale of the Dryden model at low
altitude (MIL-F-8785C, 3.7.2): the faster the wind, the shorter a gust lasts at one place. They follow from the
fleet's seed, so a flight is the same every time. Wind grows with height by a power law and is told for 10 m.
"""

import bisect
import math
import random
from collections.abc import Sequence

from sim.fleet_config import ReliefConfig, WindConfig
from sim.local_plane import LocalPlane

GUST_INTERVAL_S = 0.5
GUST_LENGTH_M = 60.0
"""How long a gust is at the heights that delivery flights keep (Dryden: h / (0.177 + 0.0027 h)^1.2, in feet)."""
SLOWEST_ADVECTION_M_S = 1.0
REFERENCE_HEIGHT_M = 10.0
SHEAR_EXPONENT = 0.143
"""Open country (Justus and Mikhail, 1976)."""
LOWEST_M = 1.0


class Wind:
    """The wind at one vehicle.

    Args:
        rng: the vehicle's own source of chance.
    """

    def __init__(self, spec: WindConfig, rng: random.Random) -> None:
        self._rng = rng
        self._due_s = 0.0
        self._gust_north = self._gust_east = 0.0
        self.blow(spec)

    def blow(self, spec: WindConfig) -> None:
        """Change to another wind; gusts go on from what they are."""
        to_rad = math.radians(spec.from_deg + 180.0)
        self._north, self._east = spec.speed_m_s * math.cos(to_rad), spec.speed_m_s * math.sin(to_rad)
        keep = math.exp(-GUST_INTERVAL_S * max(spec.speed_m_s, SLOWEST_ADVECTION_M_S) / GUST_LENGTH_M)
        self._keep, self._noise = keep, spec.gust_m_s * math.sqrt(1.0 - keep * keep)

    def at(self, now_s: float, height_m: float) -> tuple[float, float]:
        """Return north and east components in m/s at a height above ground, gusts included."""
        while now_s >= self._due_s:
            self._due_s += GUST_INTERVAL_S
            if self._noise > 0.0:
                self._gust_north = self._keep * self._gust_north + self._rng.gauss(0.0, self._noise)
                self._gust_east = self._keep * self._gust_east + self._rng.gauss(0.0, self._noise)
        shear = float((max(height_m, LOWEST_M) / REFERENCE_HEIGHT_M) ** SHEAR_EXPONENT)
        return self._north * shear + self._gust_north, self._east * shear + self._gust_east


def ground_amsl_m(relief: ReliefConfig, latitude_deg: float, longitude_deg: float) -> float:
    """Return the elevation of the ground at a place: bilinear between posts, level beyond the edges."""
    south, up_share = _between(relief.latitudes_deg, latitude_deg)
    west, right_share = _between(relief.longitudes_deg, longitude_deg)
    low, high = relief.rows_amsl_m[south], relief.rows_amsl_m[min(south + 1, len(relief.rows_amsl_m) - 1)]
    east = min(west + 1, len(low) - 1)
    below = low[west] + (low[east] - low[west]) * right_share
    above = high[west] + (high[east] - high[west]) * right_share
    return below + (above - below) * up_share


def _between(posts: Sequence[float], value: float) -> tuple[int, float]:
    """Return the post at or below `value`, and how far it lies towards the next (0..1)."""
    if value <= posts[0]:
        return 0, 0.0
    if value >= posts[-1]:
        return len(posts) - 1, 0.0
    index = bisect.bisect_right(posts, value) - 1
    return index, (value - posts[index]) / (posts[index + 1] - posts[index])


class World:
    """Wind and ground for one vehicle.

    Args:
        wind: None for still air.
        relief: None for ground that is level everywhere.
        plane: the vehicle's local plane; at its origin the vehicle stands on the ground.
    """

    def __init__(self, plane: LocalPlane, wind: Wind | None = None, relief: ReliefConfig | None = None) -> None:
        self.wind = wind
        self._plane = plane
        self._relief = relief
        self._boot_amsl_m = ground_amsl_m(relief, *plane.to_global(0.0, 0.0)) if relief is not None else 0.0

    def blow(self, wind: WindConfig, seed: str) -> None:
        """Change the wind, or let it begin; `seed` makes the gusts of a wind that begins."""
        if self.wind is None:
            self.wind = Wind(wind, random.Random(seed))
        else:
            self.wind.blow(wind)

    @property
    def has_wind(self) -> bool:
        """Whether air moves at all in this world."""
        return self.wind is not None

    @property
    def is_flat(self) -> bool:
        """Whether the ground is level everywhere."""
        return self._relief is None

    def ground_up_m(self, north_m: float, east_m: float) -> float:
        """Height of the ground at a place, above the ground at boot."""
        if self._relief is None:
            return 0.0
        return ground_amsl_m(self._relief, *self._plane.to_global(north_m, east_m)) - self._boot_amsl_m
