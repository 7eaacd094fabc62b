"""What Stork asks of one vehicle's link, whatever carries it.

Every verb takes a deadline and reports what was *observed* in the vehicle's own telemetry after the verb was
sent. An acknowledgement alone is not an observation: PX4 acknowledges modes that it then does not enter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mission.model.geo import GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.mission import MavMissionType, Mission, MissionItem, digest_of
from mission.model.telemetry import VehicleState


class OutcomeStatus(StrEnum):
    """How a verb ended.

    OBSERVED: the vehicle is in the state asked for. REFUSED: the vehicle, or a check of ours, said no.
    UNCONFIRMED: the deadline passed without the observation; the verb may or may not have had its effect.
    """

    OBSERVED = "OBSERVED"
    REFUSED = "REFUSED"
    UNCONFIRMED = "UNCONFIRMED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a verb ended, and why; `reason` carries the autopilot's own words where it gave any."""

    status: OutcomeStatus
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether the effect was observed."""
        return self.status is OutcomeStatus.OBSERVED


OBSERVED = Outcome(OutcomeStatus.OBSERVED)


def refused(reason: str) -> Outcome:
    """An outcome that says no."""
    return Outcome(OutcomeStatus.REFUSED, reason)


def unconfirmed(reason: str) -> Outcome:
    """An outcome that could not be observed in time."""
    return Outcome(OutcomeStatus.UNCONFIRMED, reason)


@dataclass(frozen=True, slots=True)
class GripperOutcome:
    """What became of opening a gripper, and why where it is not OPENED."""

    answer: GripperAnswer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StatusText:
    """One STATUSTEXT, its chunks joined.

    Attributes:
        severity: MAV_SEVERITY, 0 emergency … 7 debug; 2 is critical, 6 is information.
        received_s: receiver's monotonic time of its first chunk.
    """

    severity: int
    text: str
    received_s: float


@dataclass(frozen=True, slots=True)
class PlanIds:
    """The autopilot's own checksums of what it holds (MISSION_CURRENT.mission_id, fence_id, rally_points_id).

    Equal content has equal ids; 0 = holds nothing, or does not report ids.
    """

    mission: int = 0
    fence: int = 0
    rally: int = 0


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """What a vehicle holds, as it was read back."""

    items: tuple[MissionItem, ...]
    fence: tuple[MissionItem, ...]
    rally: tuple[MissionItem, ...]

    def digest(self) -> str:
        """SHA-256 comparable with `Mission.digest()` when frames are spelt alike."""
        return digest_of(self.items, self.fence, self.rally)


class TransferState(StrEnum):
    """What is known of the plan on board. Only LOADED can be launched; UNKNOWN is a state, not an error."""

    LOADED = "LOADED"
    NOT_LOADED = "NOT_LOADED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class TransferResult:
    """How a verified transfer ended.

    Attributes:
        digest: `Mission.digest()` of the mission when LOADED, else "".
        differences: what was read back otherwise than sent, each in a sentence.
        reason: why it is not LOADED, with the autopilot's words where it gave any.
        attempts: how often each of the three lists was written at most.
        plan_ids: the autopilot's checksums when LOADED.
    """

    state: TransferState
    digest: str = ""
    differences: tuple[str, ...] = ()
    reason: str = ""
    attempts: int = 0
    plan_ids: PlanIds = PlanIds()

    @property
    def ok(self) -> bool:
        """Whether the vehicle holds exactly the mission, and accepts it as feasible."""
        return self.state is TransferState.LOADED


class WriteStatus(StrEnum):
    """What one write of a list of items says: a claim that only a read-back can settle."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class WriteClaim:
    """The protocol's word on one write; REJECTED is the autopilot's no to the content, FAILED the link's."""

    status: WriteStatus
    reason: str = ""


class PlanPort(Protocol):
    """The raw side of a link, which a verified transfer is made of."""

    def state(self) -> VehicleState:
        """The latest state."""
        ...

    def plan_ids(self) -> PlanIds:
        """The latest checksums of what the autopilot holds."""
        ...

    def status_texts(self, since_s: float) -> tuple[StatusText, ...]:
        """Texts received at or after the monotonic time `since_s`, oldest first."""
        ...

    def now_s(self) -> float:
        """The monotonic clock of `StatusText.received_s` and `VehicleState.received_s`."""
        ...

    async def write_items(self, kind: MavMissionType, items: Sequence[MissionItem], timeout_s: float) -> WriteClaim:
        """Write one list; an empty one clears it."""
        ...

    async def read_items(self, kind: MavMissionType, timeout_s: float) -> tuple[MissionItem, ...]:
        """Read one list.

        Raises:
            LinkTimeoutError: it could not be read before the deadline.
        """
        ...

    async def set_current_item(self, index: int, timeout_s: float) -> Outcome:
        """Make `index` the current item, observed in MISSION_CURRENT received afterwards."""
        ...

    async def confirm_item_count(self, count: int, timeout_s: float) -> Outcome:
        """Observe in MISSION_CURRENT received from now on that `count` items are held; `plan_ids` are then fresh."""
        ...

    async def hold(self, timeout_s: float) -> Outcome:
        """Hold position, observed in a HEARTBEAT received afterwards."""
        ...

    async def select_mission_mode(self, timeout_s: float) -> Outcome:
        """Select Mission mode without arming, observed in a HEARTBEAT received afterwards."""
        ...

    async def readiness(self, samples: int, timeout_s: float) -> bool | None:
        """PREARM over `samples` SYS_STATUS received from now on: True when all are ready, None when too few."""
        ...


class VehicleLink(PlanPort, Protocol):
    """All that mission control asks of one vehicle."""

    @property
    def answers(self) -> int:
        """How often the vehicle has answered: while it grows, the vehicle hears us (fault F-L7)."""
        ...

    async def upload(self, mission: Mission, timeout_s: float) -> TransferResult:
        """Verified transfer of a whole mission (`vehicles.transfer.transfer`)."""
        ...

    async def read_back(self, timeout_s: float) -> HeldPlan:
        """Read mission, fence and rally points.

        Raises:
            LinkTimeoutError: they could not be read before the deadline.
        """
        ...

    async def clear(self, timeout_s: float) -> Outcome:
        """Clear mission, fence and rally points, observed by read-back."""
        ...

    async def read_parameter(self, name: str, timeout_s: float) -> int | float:
        """Read one parameter.

        Raises:
            LinkTimeoutError: no answer: no such parameter, or no link.
        """
        ...

    async def set_parameter(self, name: str, value: float, timeout_s: float) -> Outcome:
        """Set one parameter, observed by reading it again. An int value sets an INT32 parameter."""
        ...

    async def arm(self, timeout_s: float) -> Outcome:
        """Arm, observed in a HEARTBEAT received afterwards."""
        ...

    async def disarm(self, timeout_s: float) -> Outcome:
        """Disarm, observed. The vehicle refuses in the air; it is never forced."""
        ...

    async def start_mission(self, timeout_s: float) -> Outcome:
        """Start the mission held, observed as armed and in Mission mode."""
        ...

    async def open_gripper(self, gripper: int, timeout_s: float) -> GripperOutcome:
        """Open a gripper, numbered from 1. The answer is the autopilot's word: what fell is seen elsewhere."""
        ...

    async def close_gripper(self, gripper: int, timeout_s: float) -> Outcome:
        """Close a gripper, numbered from 1, as the autopilot acknowledges it."""
        ...

    async def reposition(self, position: GeoPoint, altitude_amsl_m: float, timeout_s: float) -> Outcome:
        """Fly straight to a point and hold there: a line that knows no zones, so whoever asks has verified it.

        Observed as Hold at the point (`vehicles.repositioning`). At the deadline it may still be on its way.
        """
        ...

    async def land(self, timeout_s: float) -> Outcome:
        """Land where it is, observed as Land mode or disarmed on the ground."""
        ...

    async def return_to_launch(self, timeout_s: float) -> Outcome:
        """PX4's own return: a straight line that knows no zones. The last rung of a ladder, never a plan."""
        ...
