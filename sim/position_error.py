"""Where a vehicle believes to be is not quite where it is."""

import math
import random

CORRELATION_S = 30.0
"""How long an error lasts: that of a GNSS fix under a moving sky."""
INTERVAL_S = 1.0


class PositionError:
    """The estimator's slow error, north and east, as a first-order Gauss-Markov process.

    Args:
        rng: the vehicle's own source of chance; an equal seed makes an equal flight.
        deviation_m: standard deviation of each axis.

    Attributes:
        north_m, east_m: true place minus believed place.
    """

    def __init__(self, rng: random.Random, deviation_m: float) -> None:
        self._rng = rng
        self._keep = math.exp(-INTERVAL_S / CORRELATION_S)
        self._noise_m = deviation_m * math.sqrt(1.0 - self._keep * self._keep)
        self._due_s = INTERVAL_S
        self.north_m = rng.gauss(0.0, deviation_m)
        self.east_m = rng.gauss(0.0, deviation_m)

    def rest(self, now_s: float) -> None:
        """Stay as it is: a vehicle that stands on the ground does not wander."""
        self._due_s = now_s + INTERVAL_S

    def step(self, now_s: float) -> None:
        """Go on to a moment of simulated time."""
        while now_s >= self._due_s:
            self._due_s += INTERVAL_S
            self.north_m = self._keep * self.north_m + self._rng.gauss(0.0, self._noise_m)
            self.east_m = self._keep * self.east_m + self._rng.gauss(0.0, self._noise_m)
