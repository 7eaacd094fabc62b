"""Independent checks of a mission as read back from the vehicle → Verdict of Findings.

Nothing here is shared with what made the mission: it has its own path, geometry, clock, hours and datums, so
that a mistake there is not repeated here. The rules are in `mission.verification.rules`.
"""

from mission.verification.path import CruisePerformance
from mission.verification.rules import RULES, Rule, RuleCode
from mission.verification.track import TrackPoint, check_track, clearance_of_track
from mission.verification.verifier import verify
from mission.verification.zones import PreparedZones

__all__ = [
    "RULES",
    "CruisePerformance",
    "PreparedZones",
    "Rule",
    "RuleCode",
    "TrackPoint",
    "check_track",
    "clearance_of_track",
    "verify",
]
