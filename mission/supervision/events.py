"""What supervision hears (events) and asks for (commands): plain values, so that a flight can be replayed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from mission.model.fleet import Hub, LandingSite
from mission.model.gripper import GripperAnswer
from mission.model.mission import Mission
from mission.model.telemetry import Freshness, VehicleState


class Holding(StrEnum):
    """What is known of a vehicle after a transfer."""

    LOADED = "LOADED"
    NOT_LOADED = "NOT_LOADED"
    UNKNOWN = "UNKNOWN"


# ---- events --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """The vehicle is at its hub, loaded with its parcels, and it is time to prepare the sortie."""


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """The upload and read-back of this sortie's mission ended."""

    holding: Holding
    digest: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LaunchEnded:
    """Arming and starting ended: armed and in mission mode as observed, or not, with the vehicle's own reason.

    Attributes:
        begun: False where the vehicle was not reached before anything was armed; then it may be tried again.
    """

    ok: bool
    reason: str = ""
    begun: bool = True


@dataclass(frozen=True, slots=True)
class DiversionEnded:
    """Replacing the mission in flight ended."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseEnded:
    """The vehicle answered a release, or did not by its deadline; `reason` has its own words."""

    order_id: str
    command_id: str
    answer: GripperAnswer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GatePassed:
    """The vehicle was told to go on from a gate: seen at the next item, or not."""

    gate_item: int
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """An order is called off. It counts when it is heard before the release is commanded."""

    order_id: str


@dataclass(frozen=True, slots=True)
class RecipientPresent:
    """Somebody is at the drop to take the parcel."""

    order_id: str


@dataclass(frozen=True, slots=True)
class ResumeLead:
    """A person, `actor`, says that mission control leads a vehicle again that somebody else had taken over."""

    vehicle_id: str
    actor: str


@dataclass(frozen=True, slots=True)
class CloseIncident:
    """A person, `actor`, takes a vehicle that was lost off mission control's hands."""

    vehicle_id: str
    actor: str


@dataclass(frozen=True, slots=True)
class Observed:
    """A newer state of the vehicle."""

    state: VehicleState


@dataclass(frozen=True, slots=True)
class FreshnessChanged:
    """The age of the vehicle's telemetry crossed a limit."""

    freshness: Freshness


@dataclass(frozen=True, slots=True)
class AnswersChanged:
    """Whether the vehicle answers what it is told: `unanswered` is how a command ended that it did not, or ""."""

    unanswered: str


@dataclass(frozen=True, slots=True)
class VehicleSaid:
    """The autopilot's own words (STATUSTEXT); `severity` is MAV_SEVERITY, 0 emergency … 7 debug."""

    severity: int
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; nothing else did."""


Event = (
    Begin
    | TransferEnded
    | LaunchEnded
    | DiversionEnded
    | ReleaseEnded
    | GatePassed
    | Cancel
    | RecipientPresent
    | ResumeLead
    | Observed
    | FreshnessChanged
    | AnswersChanged
    | VehicleSaid
    | Tick
)

# ---- commands ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """Upload the approved mission, read it back, compare."""

    mission: Mission


@dataclass(frozen=True, slots=True)
class Launch:
    """Close the `grippers`, arm and start, only if the vehicle holds what `digest` names."""

    digest: str
    grippers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """Open a gripper at a gate: once for a `command_id`, and not after `deadline`."""

    order_id: str
    gripper: int
    gate_item: int
    command_id: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class PassGate:
    """Go on with the item after the gate, if the vehicle still waits there."""

    gate_item: int


@dataclass(frozen=True, slots=True)
class FlyInstead:
    """Replace the mission of a held vehicle by this verified one, and fly it to `site`."""

    mission: Mission
    site: Hub | LandingSite
    reason: str


@dataclass(frozen=True, slots=True)
class HoldPosition:
    """Stop and stay, so that a way down can be planned from a place that does not move."""

    reason: str


@dataclass(frozen=True, slots=True)
class LandNow:
    """Land where the vehicle is: the last rung of the ladder."""

    reason: str


class ReportKind(StrEnum):
    """What kind of thing happened; stable names in journals and records."""

    SORTIE = "SORTIE"
    ORDER = "ORDER"
    RELEASE = "RELEASE"
    CUSTODY = "CUSTODY"
    ALARM = "ALARM"


@dataclass(frozen=True, slots=True)
class Report:
    """Something to write down and show.

    Attributes:
        kind: SORTIE, ORDER and RELEASE carry a new state in `state`, CUSTODY who has the parcel now; ALARM a stable
            alarm code.
        subject: the sortie's or order's id.
        message: one sentence for people.
        details: figures that belong to it, names with units.
    """

    kind: ReportKind
    subject: str
    state: str
    message: str = ""
    details: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """What has the state, for people: the subject itself, its release, or who its parcel is with."""
        return f"{self.subject} {ASPECTS[self.kind]}" if self.kind in ASPECTS else self.subject


ASPECTS: Final = {ReportKind.RELEASE: "release", ReportKind.CUSTODY: "parcel with"}
"""What of an order a report tells, where it is not the order's own state."""

Command = Load | Launch | Release | PassGate | HoldPosition | FlyInstead | LandNow | Report
