"""What reading a zone document gives: zones, and a report on every feature of it.

Readers are tolerant on the way in and strict inside. Two rules hold for all of them:

* whatever is unknown is taken as the larger space, the longer time, the harder restriction;
* whatever was changed, refused or left out is reported with the feature's id and a reason.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mission.airspace.bounds import GeoBounds
from mission.errors import InputError, InputProblem
from mission.model.airspace import GeoZone


class Outcome(StrEnum):
    """What became of a feature.

    READ as published; REPAIRED: read, with changes that never shrink its space; REJECTED: broken, and stood
    in for by a larger zone where its place is known; SKIPPED: not a zone.
    """

    READ = "READ"
    REPAIRED = "REPAIRED"
    REJECTED = "REJECTED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """What became of one feature of a document.

    Attributes:
        feature_id: its identifier, or its place in the document where it has none.
        outcome: see `Outcome`.
        reasons: one sentence for each change, fault or omission; empty when READ.
        place: where it stands in the document, e.g. ``features[3]`` or ``line 12``.
        mends: how to mend each fault of a REJECTED feature.
        covered: whether the zones read fill at least the space that the feature restricts. False when the
            place of a broken feature, or of a part of it, could not be told.
    """

    feature_id: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    place: str = ""
    mends: tuple[str, ...] = ()
    covered: bool = True


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """A document, read.

    Attributes:
        zones: every zone, stand-ins of rejected features included; identifiers are unique.
        reports: one for every feature, in document order.
        format: "ED-269", "ED-318", "GeoJSON", "KML", "OpenAir" or "UASFM".
        version: the document's own version or date of issue, "" where it has none.
    """

    zones: tuple[GeoZone, ...]
    reports: tuple[FeatureReport, ...]
    format: str
    version: str = ""

    @property
    def uncovered(self) -> tuple[FeatureReport, ...]:
        """Features whose restricted space is not, or not wholly, among `zones`."""
        return tuple(report for report in self.reports if not report.covered)


@dataclass(frozen=True, slots=True)
class DocumentCaps:
    """Limits on a document, checked before and while it is read (faults F-X8, F-X9, F-A12).

    Attributes:
        max_bytes: size of the document, packed.
        max_unpacked_bytes: size of the one KML file read from a KMZ archive.
        max_archive_members: files in a KMZ archive.
        max_compression_ratio: unpacked over packed size of that KML file.
        max_features: features of a document.
        max_vertices: vertices of all features together.
        max_ring_vertices: vertices of one ring.
        max_depth: nesting of JSON values or XML elements.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_unpacked_bytes: int = 64 * 1024 * 1024
    max_archive_members: int = 1_000
    max_compression_ratio: float = 200.0
    max_features: int = 100_000
    max_vertices: int = 2_000_000
    max_ring_vertices: int = 100_000
    max_depth: int = 32


DEFAULT_CAPS = DocumentCaps()

_MOST_NOTES = 50
"""Repairs, and faults, noted of one feature: the first ones tell the story."""


@dataclass(slots=True)
class DocumentScope:
    """What all features of one document share while it is read.

    Attributes:
        document: its name, for reports and errors.
        format: see `ZoneReading.format`.
        caps: its limits.
        expected_region: where its zones should lie, if the caller knows.
        version: see `ZoneReading.version`.
        vertices: how many have been read so far.
    """

    document: str
    format: str
    caps: DocumentCaps
    expected_region: GeoBounds | None = None
    version: str = ""
    vertices: int = 0

    def broken(self, place: str, what: str, mend: str) -> InputError:
        """Return the error that refuses the whole document."""
        return InputError(InputProblem(self.document, place, what, mend))

    def count_vertices(self, number: int, place: str) -> None:
        """Add the vertices of one ring; raise InputError over either cap."""
        self.vertices += number
        if number > self.caps.max_ring_vertices or self.vertices > self.caps.max_vertices:
            raise self.broken(
                place,
                f"too many vertices ({number} in this ring, {self.vertices} so far)",
                f"Simplify it outwards to at most {self.caps.max_ring_vertices} vertices a ring "
                f"and {self.caps.max_vertices} in all.",
            )

    def check_features(self, number: int) -> None:
        """Raise InputError over the cap of features."""
        if number > self.caps.max_features:
            raise self.broken("document", f"{number} features", f"Split it: at most {self.caps.max_features} are read.")


@dataclass(slots=True)
class Feature:
    """Notes taken while one feature is read.

    Attributes:
        scope: its document.
        place: where it stands in the document.
        identifier: its id, or its place until an id is found.
        region: where it should lie: the caller's expected region, else the bounds of its country.
        swapped: whether its latitudes and longitudes were found in the wrong order.
    """

    scope: DocumentScope
    place: str
    identifier: str = ""
    region: GeoBounds | None = None
    repairs: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    covered: bool = True
    swapped: bool = False
    skipped: str = ""

    def __post_init__(self) -> None:
        self.identifier = self.identifier or self.place
        self.region = self.region or self.scope.expected_region

    def repair(self, sentence: str) -> None:
        """Note a change that does not shrink the feature's space (once, and not more than a person reads)."""
        if sentence not in self.repairs and len(self.repairs) < _MOST_NOTES:
            self.repairs.append(sentence)

    def reject(self, what: str, mend: str, *, covered: bool) -> None:
        """Note a fault; `covered` says whether a stand-in fills at least the space meant."""
        if (what, mend) not in self.faults and len(self.faults) < _MOST_NOTES:
            self.faults.append((what, mend))
        self.covered = self.covered and covered

    @property
    def rejected(self) -> bool:
        """Whether any fault was noted."""
        return bool(self.faults)

    def problems(self) -> list[InputProblem]:
        """Return the faults as problems of the document."""
        where = self.place if self.identifier == self.place else f"{self.place} ({self.identifier})"
        return [InputProblem(self.scope.document, where, what, mend) for what, mend in self.faults]

    def report(self, feature_id: str | None = None) -> FeatureReport:
        """Return what became of it, under `feature_id` if it had to be renamed."""
        outcome = Outcome.READ
        if self.skipped:
            outcome = Outcome.SKIPPED
        elif self.faults:
            outcome = Outcome.REJECTED
        elif self.repairs:
            outcome = Outcome.REPAIRED
        skipped = (self.skipped,) if self.skipped else ()
        return FeatureReport(
            feature_id=feature_id or self.identifier,
            outcome=outcome,
            reasons=(*skipped, *(what for what, _ in self.faults), *self.repairs),
            place=self.place,
            mends=tuple(mend for _, mend in self.faults),
            covered=self.covered,
        )
