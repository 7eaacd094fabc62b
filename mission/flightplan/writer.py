"""Writes the legs of a flight one after another, so that they cannot have gaps."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mission.energy import EnergyModel, leg_energy_wh, level_energy_wh
from mission.flightplan.timing import FlightTiming
from mission.flightplan.track import Track
from mission.model.fleet import VehicleType
from mission.model.flight import Leg, LegKind
from mission.model.geo import GeoPoint


@dataclass(slots=True)
class LegWriter:
    """Where the flight has got to, and the legs so far. Every method adds legs that start there.

    Attributes:
        point, height_home_m, clock, payload_kg: present state of the planned flight.
        headwind_m_s: against every leg of level flight, ≥ 0; a tailwind is counted where that costs more.
    """

    vehicle_type: VehicleType
    model: EnergyModel
    timing: FlightTiming
    acceptance_m: float
    headwind_m_s: float
    point: GeoPoint
    height_home_m: float
    clock: datetime
    payload_kg: float
    legs: list[Leg] = field(default_factory=list)

    def take_off(self, height_home_m: float) -> None:
        """Spool up and climb from the ground, straight up."""
        duration_s = self.timing.takeoff_s(self.vehicle_type, height_home_m - self.height_home_m)
        self._vertical(LegKind.CLIMB, height_home_m, duration_s, idle_s=self.timing.spool_up_s)

    def climb(self, height_home_m: float) -> None:
        """Climb straight up."""
        duration_s = self.timing.climb_s(self.vehicle_type, height_home_m - self.height_home_m)
        self._vertical(LegKind.CLIMB, height_home_m, duration_s)

    def cruise(self, track: Track) -> None:
        """Fly level along `track`, from rest to rest."""
        speed_m_s = self.vehicle_type.cruise_speed_m_s
        durations_s = (
            self.timing.strand_s(track.lengths_m, track.turns_rad, speed_m_s, self.acceptance_m)
            if track.lengths_m
            else []
        )
        for end, length_m, duration_s in zip(track.points[1:], track.lengths_m, durations_s, strict=True):
            energy_wh = level_energy_wh(
                self.model,
                self.vehicle_type,
                payload_kg=self.payload_kg,
                length_m=length_m,
                duration_s=duration_s,
                headwind_m_s=self.headwind_m_s,
            )
            self._add(LegKind.CRUISE, end, self.height_home_m, duration_s, energy_wh)

    def descend(self, height_home_m: float) -> None:
        """Descend straight down and stop in hover."""
        duration_s = self.timing.descend_s(self.vehicle_type, self.height_home_m - height_home_m)
        self._vertical(LegKind.DESCEND, height_home_m, duration_s)

    def set_down(self, ground_home_m: float, kind: LegKind) -> None:
        """Descend straight down onto the ground; `kind` is LAND at the end of a flight, else DESCEND."""
        duration_s = self.timing.land_s(self.vehicle_type, self.height_home_m - ground_home_m)
        self._vertical(kind, ground_home_m, duration_s, idle_s=self.timing.disarm_s)

    def hand_over(self, order_id: str, mass_kg: float, duration_s: float) -> None:
        """Stay in place while the parcel leaves, then be lighter by `mass_kg`.

        Hover power with the parcel is counted throughout, on the ground too (rotors idle there): never too
        little.
        """
        energy_wh = leg_energy_wh(self.model, self.vehicle_type, payload_kg=self.payload_kg, duration_s=duration_s)
        self._add(LegKind.HANDOVER, self.point, self.height_home_m, duration_s, energy_wh, order_id=order_id)
        self.payload_kg = max(self.payload_kg - mass_kg, 0.0)

    def _vertical(self, kind: LegKind, height_home_m: float, duration_s: float, *, idle_s: float = 0.0) -> None:
        energy_wh = leg_energy_wh(
            self.model,
            self.vehicle_type,
            payload_kg=self.payload_kg,
            duration_s=duration_s,
            height_gain_m=height_home_m - self.height_home_m,
            idle_s=idle_s,
        )
        self._add(kind, self.point, height_home_m, duration_s, energy_wh)

    def _add(
        self,
        kind: LegKind,
        end: GeoPoint,
        end_height_home_m: float,
        duration_s: float,
        energy_wh: float,
        *,
        order_id: str = "",
    ) -> None:
        arrive = self.clock + timedelta(seconds=duration_s)
        self.legs.append(
            Leg(
                kind=kind,
                start=self.point,
                end=end,
                start_height_home_m=self.height_home_m,
                end_height_home_m=end_height_home_m,
                depart=self.clock,
                arrive=arrive,
                payload_kg=self.payload_kg,
                energy_wh=energy_wh,
                order_id=order_id,
            )
        )
        self.point, self.height_home_m, self.clock = end, end_height_home_m, arrive
