"""Time as Stork speaks it: aware datetimes only."""

from dataclasses import dataclass
from datetime import datetime, timedelta


def require_aware(moment: datetime, name: str) -> datetime:
    """Return `moment`; raise ValueError naming `name` when it carries no UTC offset (fault F-A7)."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone: write it with an offset or Z")
    return moment


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A closed interval of time, both ends aware. `earliest` ≤ `latest`."""

    earliest: datetime
    latest: datetime

    def __post_init__(self) -> None:
        require_aware(self.earliest, "earliest")
        require_aware(self.latest, "latest")
        if self.latest < self.earliest:
            raise ValueError("latest lies before earliest")

    def overlaps(self, other: "TimeWindow") -> bool:
        """Whether the two closed intervals share a moment."""
        return self.earliest <= other.latest and other.earliest <= self.latest

    def padded(self, margin: timedelta) -> "TimeWindow":
        """Return the window widened by `margin` at both ends."""
        return TimeWindow(self.earliest - margin, self.latest + margin)
