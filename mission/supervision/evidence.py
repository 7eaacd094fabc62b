"""Evidence that a parcel was let go where it should be: where the vehicle was, and what still hangs on it.

An acknowledgement is the autopilot's word on its own output. What makes it a proof is the place, seen in fresh
telemetry before and after it, and, where the vehicle weighs its payload, the weight that is gone.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mission.geodesy.distance import distance_m
from mission.model.flight import ReleasePoint
from mission.model.gripper import GripperAnswer
from mission.model.telemetry import LandedState, VehicleState
from mission.policy import Policy

HEIGHT_TOLERANCE_M: Final = 2.0
"""How far above the planned release height a hovering PX4 vehicle may be seen (its altitude acceptance)."""
STEADY_S: Final = 1.0
"""A vehicle is at a drop when everything it reported for so long, by its own clock, says so."""
STEADY_SPEED_M_S: Final = 1.0
"""Faster over ground than this it passes a drop: it is not at it."""
LEFT_SHARE: Final = 0.5
"""A parcel is gone when more than this share of its mass is missing, and aboard when less is."""


class EvidenceGrade(StrEnum):
    """How well a release is proved. PAYLOAD: place, an answer, and weight gone; ACKNOWLEDGED: without weight,
    of a vehicle that cannot tell; NONE: not proved.
    """

    PAYLOAD = "PAYLOAD"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class ReleaseProof:
    """What is known of one release, kept with the delivery.

    Attributes:
        distance_m, height_home_m, latitude_deg, longitude_deg: where the vehicle was seen when the parcel was gone.
        vehicle_time_ms: that moment by the vehicle's clock.
        acknowledgement: the vehicle's answer.
        payload_before_kg, payload_after_kg: what hung in its grippers, NaN where it does not weigh it.
    """

    grade: EvidenceGrade
    command_id: str
    gripper: int
    attempts: int
    acknowledgement: GripperAnswer
    distance_m: float
    height_home_m: float
    latitude_deg: float
    longitude_deg: float
    vehicle_time_ms: int
    payload_before_kg: float
    payload_after_kg: float

    def details(self) -> dict[str, float | str]:
        """The proof as a report's figures."""
        return {name: getattr(self, name) for name in self.__slots__}


class PlaceWatch:
    """Says whether a vehicle is at a drop, of a position that can be believed."""

    def __init__(self, point: ReleasePoint, policy: Policy) -> None:
        self._point = point
        self._radius_m = policy.release_radius_m
        self._last: VehicleState | None = None
        self._steady_since_ms: int | None = None
        self._believed = False

    def observe(self, state: VehicleState, *, believed: bool) -> None:
        """Take in a newer state; `believed`: its position follows from the track before (`PositionTrust`)."""
        self._last, self._believed = state, believed
        if not self.holds:
            self._steady_since_ms = None
        elif self._steady_since_ms is None:
            self._steady_since_ms = state.boot_time_ms

    @property
    def distance_m(self) -> float:
        """From the drop, inf where unknown."""
        place = self._last.position if self._last else None
        return math.inf if place is None else distance_m(place, self._point.drop)

    @property
    def holds(self) -> bool:
        """Whether the newest state is one of a vehicle at the drop."""
        state = self._last
        if state is None or not self._believed or self.distance_m > self._radius_m:
            return False
        if self._point.lands:
            return state.landed_state is LandedState.ON_GROUND
        low = state.height_home_m <= self._point.height_home_m + HEIGHT_TOLERANCE_M
        return low and _ground_speed_m_s(state) <= STEADY_SPEED_M_S

    @property
    def proved(self) -> bool:
        """Whether it has been at the drop for long enough to act on it."""
        if self._last is None or self._steady_since_ms is None:
            return False
        return self._last.boot_time_ms - self._steady_since_ms >= STEADY_S * 1000

    @property
    def landed_off(self) -> bool:
        """Whether it is known to stand on the ground beside the drop (fault F-V23)."""
        state = self._last
        if state is None or not self._point.lands or not self._believed:
            return False
        return state.landed_state is LandedState.ON_GROUND and self._radius_m < self.distance_m < math.inf


def is_gone(before_kg: float, after_kg: float, parcel_kg: float) -> bool:
    """Whether a parcel's weight is missing; an unknown weight is not missing."""
    return before_kg - after_kg > LEFT_SHARE * parcel_kg


def _ground_speed_m_s(state: VehicleState) -> float:
    return math.hypot(state.velocity_north_m_s, state.velocity_east_m_s)
