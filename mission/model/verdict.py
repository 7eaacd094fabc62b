"""What an independent check of a mission says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mission.model.geo import GeoPoint


class Severity(StrEnum):
    """ERROR forbids flight; WARNING is shown and recorded."""

    ERROR = "ERROR"
    WARNING = "WARNING"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes:
        code: stable upper-case name of the rule that is broken, e.g. ``ZONE_ENTERED``.
        message: one sentence for people.
        severity: ERROR makes the verdict fail.
        item: index of the mission item it concerns, or None.
        zone_id: the zone it concerns, or "".
        place: where, or None.
        time: when, or None.
        measured, limit, unit: the figures compared, where there are any.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    item: int | None = None
    zone_id: str = ""
    place: GeoPoint | None = None
    time: datetime | None = None
    measured: float | None = None
    limit: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings on one mission, and the mission's digest they hold for.

    Attributes:
        mission_digest: `Mission.digest()` of exactly what was checked.
        findings: everything found; empty is the best verdict.
        smallest_clearance_m: least horizontal distance from the flown path, at any height band in which the
            zone binds, to any zone that binds it; inf where no zone binds; negative inside.
    """

    mission_digest: str
    findings: tuple[Finding, ...]
    smallest_clearance_m: float

    @property
    def ok(self) -> bool:
        """Whether nothing found forbids the flight."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)
