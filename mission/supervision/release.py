"""Evidence that a parcel was released where it should be.

A mission's DO_GRIPPER completes at once and proves nothing. What is observed instead: that the vehicle was
within the release radius of the drop and at release height while the gripper item was due, and that the
mission went past it. Without payload evidence (weight, gripper state) this is positional evidence only, and
the record says so.
"""

from dataclasses import dataclass

from mission.geodesy.distance import distance_m
from mission.model.flight import ReleasePoint
from mission.model.telemetry import VehicleState
from mission.policy import Policy

RELEASE_HEIGHT_TOLERANCE_M = 2.0
"""How far above the planned release height a hovering PX4 vehicle may be observed (altitude acceptance)."""


@dataclass(frozen=True, slots=True)
class ReleaseEvidence:
    """The best observation made while the gripper item was due."""

    order_id: str
    distance_m: float
    height_home_m: float
    latitude_deg: float
    longitude_deg: float
    boot_time_ms: int


class ReleaseWatch:
    """Collects evidence for one release point."""

    def __init__(self, point: ReleasePoint, policy: Policy) -> None:
        self.point = point
        self._radius_m = policy.release_radius_m
        self._best: ReleaseEvidence | None = None

    def observe(self, state: VehicleState) -> None:
        """Take in a state; only those around the gripper item's turn count (the hover before, the delay after)."""
        place = state.position
        if place is None or abs(state.mission_current - self.point.item) > 1:
            return
        if state.height_home_m > self.point.height_home_m + RELEASE_HEIGHT_TOLERANCE_M:
            return
        off_m = distance_m(place, self.point.drop)
        if self._best is None or off_m < self._best.distance_m:
            self._best = ReleaseEvidence(
                self.point.order_id,
                off_m,
                state.height_home_m,
                state.latitude_deg,
                state.longitude_deg,
                state.boot_time_ms,
            )

    def passed(self, state: VehicleState) -> bool:
        """Whether the mission went past the gripper item."""
        return state.mission_current > self.point.item

    @property
    def evidence(self) -> ReleaseEvidence | None:
        """The best observation, if it lies within the release radius."""
        return self._best if self._best and self._best.distance_m <= self._radius_m else None
