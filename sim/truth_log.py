"""What the vehicles really did, as JSON lines: states at fixed intervals of simulated time, releases as they happen.

A state line: ``{"kind": "state", "t_sim": s, "vehicle": id, "lat": deg, "lon": deg, "amsl": m, "height_home": m,
"armed": bool, "landed": bool, "mode": name, "sortie": n, "battery": 0..1, "energy_used_wh": Wh, "payload_kg": kg}``.
A release line: ``{"kind": "release", "t_sim", "vehicle", "sortie", "slot", "mass_kg", "lat", "lon", "height_home"}``.
"""

from typing import TextIO

import msgspec

from sim.autopilot import Autopilot
from sim.truth import truth_of

ROUNDING_S = 1e-6


class TruthLog:
    """Observes any number of vehicles and writes their truth to one stream.

    Args:
        stream: where lines go; the caller opens and closes it.
        interval_s: simulated time between two state lines of one vehicle.
    """

    def __init__(self, stream: TextIO, interval_s: float) -> None:
        self._stream = stream
        self._interval_s = interval_s
        self._due_s: dict[str, float] = {}
        self._releases_seen: dict[str, int] = {}

    def __call__(self, autopilot: Autopilot) -> None:
        """Look at a vehicle after a step."""
        onboard = autopilot.onboard
        vehicle_id = onboard.config.vehicle_id
        releases = onboard.payload.releases
        for release in releases[self._releases_seen.get(vehicle_id, 0) :]:
            self._write(
                kind="release",
                t_sim=round(release.time_s, 3),
                vehicle=vehicle_id,
                sortie=release.sortie,
                slot=release.slot,
                mass_kg=release.mass_kg,
                lat=round(release.latitude_deg, 8),
                lon=round(release.longitude_deg, 8),
                height_home=round(release.height_home_m, 3),
            )
        self._releases_seen[vehicle_id] = len(releases)
        due_s = self._due_s.get(vehicle_id, 0.0)
        if onboard.now_s < due_s - ROUNDING_S:
            autopilot.wake_by(due_s)
            return
        self._due_s[vehicle_id] = due_s = max(due_s, onboard.now_s) + self._interval_s
        autopilot.wake_by(due_s)
        truth = truth_of(autopilot)
        self._write(
            kind="state",
            t_sim=round(truth.time_s, 3),
            vehicle=vehicle_id,
            lat=round(truth.latitude_deg, 8),
            lon=round(truth.longitude_deg, 8),
            amsl=round(truth.altitude_amsl_m, 3),
            height_home=round(truth.height_m, 3),
            armed=truth.armed,
            landed=truth.landed,
            mode=truth.mode,
            sortie=truth.sortie,
            battery=round(truth.battery_fraction, 5),
            energy_used_wh=round(truth.energy_used_wh, 4),
            payload_kg=round(truth.payload_kg, 4),
        )

    def _write(self, **fields: str | float | bool) -> None:
        self._stream.write(msgspec.json.encode(fields).decode() + "\n")
