"""The one clock of the running service. Everything below takes `now` as an argument."""

import time
from datetime import datetime, timedelta

from mission.model.time import require_aware


class MissionClock:
    """Mission time: starts at `start` and runs `speed_factor` times as fast as the monotonic clock.

    With real vehicles the factor is 1 and `start` is the time of day; a simulated day starts when its
    document says. Steps of the wall clock have no effect (fault F-S5).
    """

    def __init__(self, start: datetime, speed_factor: float = 1.0) -> None:
        self._start = require_aware(start, "start")
        self.speed_factor = speed_factor
        self._origin_s = time.monotonic()

    def now(self) -> datetime:
        """Mission time now."""
        return self._start + timedelta(seconds=(time.monotonic() - self._origin_s) * self.speed_factor)

    def wall_s(self, mission_s: float) -> float:
        """How long `mission_s` seconds of mission time take on the wall."""
        return mission_s / self.speed_factor
