"""An authority's zones as they arrive over time: each version is taken whole or not at all, and none goes back.

The state is data: `ZoneFeed.take` returns the next state and what became of the delivery.
Whatever is refused leaves the zones in force exactly as they were (invariant I-20), while their age goes on: a feed
that brings nothing good for `policy.max_zone_age_s` grounds the fleet (fault F-A14, invariant I-8).
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mission.airspace.bounds import GeoBounds
from mission.airspace.documents import read_zones
from mission.airspace.reading import DEFAULT_CAPS, DocumentCaps, ZoneReading
from mission.errors import InputError, InputProblem
from mission.model.airspace import GeoZone
from mission.model.time import require_aware
from mission.policy import Policy

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""By how much an authority's clock may be ahead of ours."""
STALE_SHARE: Final = 0.5
"""From this share of the maximum age on an alarm is raised: time is left to mend the feed before launches stop."""


class Delivery(StrEnum):
    """What became of a document that arrived.

    TAKEN: it is in force. CONFIRMED: it is the version in force, issued anew: only its age changed. LATE: older than
    the newest version heard of, readable or not, and ignored (fault F-A15). CONFLICTING: it claims the version in
    force with other zones, or a newer one with an earlier issue. FROM_THE_FUTURE: issued later than now, so a clock
    is wrong (fault F-S5). MALFORMED: refused by its reader (fault F-A8).
    """

    TAKEN = "TAKEN"
    CONFIRMED = "CONFIRMED"
    LATE = "LATE"
    CONFLICTING = "CONFLICTING"
    FROM_THE_FUTURE = "FROM_THE_FUTURE"
    MALFORMED = "MALFORMED"


class FeedAge(StrEnum):
    """How old the zones in force are: AGEING raises an alarm, EXPIRED and NEVER forbid every launch."""

    CURRENT = "CURRENT"
    AGEING = "AGEING"
    EXPIRED = "EXPIRED"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True)
class Held:
    """The version in force.

    Attributes:
        version: its number, counted by the authority; only grows.
        issued_at: when the authority last issued or confirmed it.
        digest: SHA-256 of its document.
        reading: its zones, and the report on its features.
    """

    version: int
    issued_at: datetime
    digest: str
    reading: ZoneReading


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One delivery, for the record and for people.

    Attributes:
        version, issued_at: as the delivery claimed.
        arrived_at: when it was judged.
        why: a sentence; empty where it was taken or confirmed.
        problems: what the reader found wrong with a MALFORMED one.
    """

    outcome: Delivery
    version: int
    issued_at: datetime
    arrived_at: datetime
    why: str = ""
    problems: tuple[InputProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneFeed:
    """One authority's feed: the last good version, and the last delivery that was refused since.

    Attributes:
        name: for reports and errors.
        held: the version in force; None until a first good one arrived.
        newest: the greatest version number heard of, malformed ones included: while it could not be read, what is
            held is known to be superseded, and cannot be confirmed.
        refused: the last delivery that was not taken, None when the newest one was: people must look into it.
        expected_region: where its zones should lie; see `read_zones`.
        caps: limits on its documents.
    """

    name: str
    held: Held | None = None
    newest: int | None = None
    refused: DeliveryReport | None = None
    expected_region: GeoBounds | None = None
    caps: DocumentCaps = DEFAULT_CAPS

    @property
    def zones(self) -> tuple[GeoZone, ...]:
        """The zones in force; none before the first good version, and then nothing may fly: see `age_class`."""
        return self.held.reading.zones if self.held else ()

    @property
    def as_of(self) -> datetime | None:
        """The last moment at which the zones in force were known to be so; `Day.zones_as_of` wants it."""
        return self.held.issued_at if self.held else None

    def take(
        self, document: bytes, version: int, issued_at: datetime, now: datetime
    ) -> tuple["ZoneFeed", DeliveryReport]:
        """Judge a document that has arrived.

        Args:
            document: the whole of it, bytes.
            version: its number, counted by the authority.
            issued_at: when the authority issued or confirmed it, aware; not when it arrived.
            now: trusted time, aware.

        Returns:
            The feed after it, and what became of it. Unless TAKEN or CONFIRMED the version in force is the same
            object as before.

        Raises:
            ValueError: a time has no time zone (fault F-A7).
        """
        require_aware(issued_at, "issued_at")
        require_aware(now, "now")
        digest = hashlib.sha256(document).hexdigest()
        outcome, why = self._judged(digest, version, issued_at, now)
        problems: tuple[InputProblem, ...] = ()
        held = self.held
        if outcome is Delivery.CONFIRMED and held is not None:
            held = replace(held, issued_at=issued_at)
        elif outcome is Delivery.TAKEN:
            try:
                reading = read_zones(document, self.name, caps=self.caps, expected_region=self.expected_region)
                held = Held(version, issued_at, digest, reading)
            except InputError as error:
                outcome, problems = Delivery.MALFORMED, error.problems
                why = f"version {version} is malformed: {problems[0]}"
        report = DeliveryReport(outcome, version, issued_at, now, why, problems)
        good = outcome in {Delivery.TAKEN, Delivery.CONFIRMED}
        heard = {Delivery.TAKEN, Delivery.MALFORMED}
        newest = version if outcome in heard else self.newest
        return replace(self, held=held, newest=newest, refused=None if good else report), report

    def _judged(self, digest: str, version: int, issued_at: datetime, now: datetime) -> tuple[Delivery, str]:
        """What is to be done with a delivery by its number, times and digest, and why not to take it."""
        held = self.held
        if issued_at > now + CLOCK_TOLERANCE:
            return Delivery.FROM_THE_FUTURE, f"version {version} was issued {issued_at - now} from now"
        if self.newest is not None and version < self.newest:
            return Delivery.LATE, f"version {version} arrived after version {self.newest}"
        if held is None:
            return Delivery.TAKEN, ""
        same = version == held.version and digest == held.digest
        if issued_at < held.issued_at:
            earlier = held.issued_at - issued_at
            why = f"version {version} was issued {earlier} before version {held.version}, which is in force"
            return (Delivery.LATE if same else Delivery.CONFLICTING), why
        if version == held.version and not same:
            return Delivery.CONFLICTING, f"version {version} came with two contents"
        return (Delivery.CONFIRMED if same else Delivery.TAKEN), ""

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the zones in force were known to be so; None before the first good version."""
        require_aware(now, "now")
        return None if self.held is None else now - self.held.issued_at

    def age_class(self, policy: Policy, now: datetime) -> FeedAge:
        """How the age compares with the operator's maximum."""
        age = self.age(now)
        if age is None:
            return FeedAge.NEVER
        if age.total_seconds() > policy.max_zone_age_s:
            return FeedAge.EXPIRED
        return FeedAge.AGEING if age.total_seconds() > STALE_SHARE * policy.max_zone_age_s else FeedAge.CURRENT

    def alarm(self, policy: Policy, now: datetime) -> str:
        """A sentence for the operator, "" when there is nothing to say."""
        age, found = self.age(now), self.age_class(policy, now)
        refused = f"; the last delivery was refused: {self.refused.why}" if self.refused else ""
        if age is None:
            return f"Zone feed {self.name} has brought no good version: nothing may be launched{refused}."
        hours, limit = age.total_seconds() / 3600.0, policy.max_zone_age_s / 3600.0
        if found is FeedAge.EXPIRED:
            return f"Zone feed {self.name} is {hours:.1f} h old, limit {limit:.1f} h: nothing may be launched{refused}."
        if found is FeedAge.AGEING or self.refused:
            return f"Zone feed {self.name} is {hours:.1f} h old; launches stop at {limit:.1f} h{refused}."
        return ""
