"""What supervision hears (events) and asks for (commands): plain values, so that a flight can be replayed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mission.model.fleet import Hub, LandingSite
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
    """Arming and starting ended: armed and in mission mode as observed, or not, with the vehicle's own reason."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DiversionEnded:
    """Replacing the mission in flight ended."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """A newer state of the vehicle."""

    state: VehicleState


@dataclass(frozen=True, slots=True)
class FreshnessChanged:
    """The age of the vehicle's telemetry crossed a limit."""

    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; nothing else did."""


Event = Begin | TransferEnded | LaunchEnded | DiversionEnded | Observed | FreshnessChanged | Tick

# ---- commands ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """Upload the approved mission, read it back, compare."""

    mission: Mission


@dataclass(frozen=True, slots=True)
class Launch:
    """Arm and start, only if the vehicle holds what `digest` names."""

    digest: str


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
    ALARM = "ALARM"


@dataclass(frozen=True, slots=True)
class Report:
    """Something to write down and show.

    Attributes:
        kind: SORTIE and ORDER carry a new state in `state`; ALARM a stable alarm code.
        subject: the sortie's or order's id.
        message: one sentence for people.
        details: figures that belong to it, names with units.
    """

    kind: ReportKind
    subject: str
    state: str
    message: str = ""
    details: Mapping[str, float | str] = field(default_factory=dict)


Command = Load | Launch | HoldPosition | FlyInstead | LandNow | Report
