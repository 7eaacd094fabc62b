"""The people on the pad: they put parcels in and change batteries, nothing else."""

import math

from sim.autopilot import Autopilot
from sim.fleet_config import GroundCrew

PAD_RADIUS_M = 5.0
"""How far from its pad a vehicle may stand to be served."""


class PadService:
    """Serves one vehicle: loads its first parcels at once, and later whatever stands at home long enough.

    Args:
        autopilot: the vehicle; the service observes it.
        crew: how long a service takes; None serves only the first load.
    """

    def __init__(self, autopilot: Autopilot, crew: GroundCrew | None) -> None:
        self._crew = crew
        self._served_sortie = 0
        self._since_s: float | None = None
        self._load(autopilot)

    def __call__(self, autopilot: Autopilot) -> None:
        """Look at the vehicle after a step."""
        onboard = autopilot.onboard
        if self._crew is None or onboard.sortie == self._served_sortie:
            return
        airframe = onboard.airframe
        away = math.hypot(airframe.north_m, airframe.east_m)
        if onboard.armed or not airframe.on_ground or away > PAD_RADIUS_M:
            self._since_s = None
            return
        if self._since_s is None:
            self._since_s = onboard.now_s
        autopilot.wake_by(self._since_s + self._crew.battery_swap_s)
        if onboard.now_s - self._since_s >= self._crew.battery_swap_s:
            onboard.battery.swap()
            self._load(autopilot)
            self._since_s = None

    def _load(self, autopilot: Autopilot) -> None:
        onboard = autopilot.onboard
        loads = onboard.config.physical.loads_kg
        self._served_sortie = onboard.sortie
        onboard.payload.load(loads[min(onboard.sortie, len(loads) - 1)] if loads else ())
