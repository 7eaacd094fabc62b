"""An authority's geographical zones (ED-269/ED-318 UAS geographical zone), in one strict form.

Every reader in `mission.airspace` ends here; the router and the verifier start here and share nothing else.
"""

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from mission.model.geo import GeoPoint, Height
from mission.model.time import require_aware


class Restriction(StrEnum):
    """What a zone demands of an unmanned aircraft (ED-269 §8.2.1 restriction, ED-318 type)."""

    PROHIBITED = "PROHIBITED"
    REQ_AUTHORISATION = "REQ_AUTHORISATION"
    CONDITIONAL = "CONDITIONAL"
    NO_RESTRICTION = "NO_RESTRICTION"
    USPACE = "USPACE"


class SunEvent(StrEnum):
    """Begin of morning civil twilight, sunrise, sunset, end of evening civil twilight (ED-318)."""

    BMCT = "BMCT"
    SR = "SR"
    SS = "SS"
    EECT = "EECT"


class Weekday(StrEnum):
    """Days of a weekly schedule, ED-269 spelling; ANY is expanded by the readers."""

    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """Hours of some weekdays. `end` ≤ `start` runs past midnight into the next day.

    Attributes:
        days: weekdays on which the window starts.
        start, end: aware clock times (`tzinfo` set) or sun events at the zone's place.
    """

    days: frozenset[Weekday]
    start: time | SunEvent
    end: time | SunEvent

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if isinstance(value, time) and value.tzinfo is None:
                raise ValueError(f"weekly window {name} has no time zone")
        if not self.days:
            raise ValueError("weekly window has no days")


@dataclass(frozen=True, slots=True)
class ApplicabilityPeriod:
    """When a zone applies: from `start` to `end` (None = open), within `schedule` (empty = all hours)."""

    start: datetime | None = None
    end: datetime | None = None
    schedule: tuple[WeeklyWindow, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None:
                require_aware(value, name)


PERMANENT: tuple[ApplicabilityPeriod, ...] = (ApplicabilityPeriod(),)


@dataclass(frozen=True, slots=True)
class PolygonFootprint:
    """A simple ring, not closed (first vertex not repeated), at least 3 distinct vertices, either winding.

    Holes do not exist here: a reader fills them, so that restricted space is never less than published.
    """

    ring: tuple[GeoPoint, ...]

    def __post_init__(self) -> None:
        if len(self.ring) < 3:
            raise ValueError("a polygon footprint needs at least 3 vertices")


@dataclass(frozen=True, slots=True)
class CircleFootprint:
    """A geodesic circle."""

    center: GeoPoint
    radius_m: float

    def __post_init__(self) -> None:
        if not 0.0 < self.radius_m < 2_000_000.0:
            raise ValueError(f"radius_m {self.radius_m} is not a circle on this Earth")


Footprint = PolygonFootprint | CircleFootprint


@dataclass(frozen=True, slots=True)
class ZoneVolume:
    """A footprint between two heights. Unlimited is ±inf; each limit keeps the datum it was published in."""

    footprint: Footprint
    floor: Height
    ceiling: Height


@dataclass(frozen=True, slots=True)
class ZoneAuthority:
    """Whom to ask (ED-269 zoneAuthority)."""

    name: str
    purpose: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class ZoneSource:
    """Where a zone was read: document name, its format, and its version or creation date."""

    document: str
    format: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class GeoZone:
    """One zone of an authority.

    Attributes:
        identifier: unique within its document.
        name: what people call it.
        restriction: what it demands.
        volumes: the space it fills, at least one.
        applicability: when it applies; `PERMANENT` for always.
        reasons: ED-269 reasons such as AIR_TRAFFIC.
        authority: whom to ask, where published.
        message: the authority's words to the operator.
        country: ISO 3166 alpha-3 where published.
        repairs: what the reader changed, each in a sentence; a repair never shrinks restricted space.
    """

    identifier: str
    name: str
    restriction: Restriction
    volumes: tuple[ZoneVolume, ...]
    source: ZoneSource
    applicability: tuple[ApplicabilityPeriod, ...] = PERMANENT
    reasons: tuple[str, ...] = ()
    authority: tuple[ZoneAuthority, ...] = ()
    message: str = ""
    country: str = ""
    repairs: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.volumes:
            raise ValueError(f"zone {self.identifier} has no volume")
