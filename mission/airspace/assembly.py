"""What a reader found of a feature → `GeoZone`, and what became of all features → `ZoneReading`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mission.airspace.fields import UNLIMITED_DOWN, UNLIMITED_UP
from mission.airspace.reading import DocumentScope, Feature, ZoneReading
from mission.errors import InputError, InputProblem
from mission.model.airspace import (
    PERMANENT,
    ApplicabilityPeriod,
    Footprint,
    GeoZone,
    Restriction,
    ZoneAuthority,
    ZoneSource,
    ZoneVolume,
)
from mission.model.geo import Height

_LISTED_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Draft:
    """What a reader found: the fields of a `GeoZone`, not yet judged."""

    restriction: Restriction
    volumes: tuple[ZoneVolume, ...]
    name: str = ""
    applicability: tuple[ApplicabilityPeriod, ...] = PERMANENT
    reasons: tuple[str, ...] = ()
    authority: tuple[ZoneAuthority, ...] = ()
    message: str = ""
    country: str = ""


Read = tuple[Feature, Draft | None]
"""One feature's notes, and what was found of it; None when it is skipped or has no place at all."""


def volumes_of(
    footprints: Sequence[Footprint], floor: Height = UNLIMITED_DOWN, ceiling: Height = UNLIMITED_UP
) -> tuple[ZoneVolume, ...]:
    """Return one volume for each footprint, all between the same limits."""
    return tuple(ZoneVolume(footprint, floor, ceiling) for footprint in footprints)


def assemble(scope: DocumentScope, read: Sequence[Read], *, accept_uncovered: bool) -> ZoneReading:
    """Return the reading of a document.

    Identifiers that stand more than once become ``id#1``, ``id#2`` …, so that an authorisation for one of
    them is never taken for the other.

    Raises:
        InputError: every feature has its axes swapped, or (unless `accept_uncovered`) restricted space of
            some feature cannot be placed; each such feature is one of the error's problems.
    """
    for feature, draft in read:
        if not (feature.skipped or feature.rejected or (draft is not None and draft.volumes)):
            feature.reject("it encloses nothing", "Draw it, or remove the feature.", covered=False)
    _refuse_swapped_document(read)
    names = _unique_names(read)
    zones = []
    reports = []
    for (feature, draft), name in zip(read, names, strict=True):
        if draft is not None and draft.volumes and not feature.skipped:
            zones.append(_zone(scope, feature, draft, name))
        elif draft is not None and draft.restriction is Restriction.NO_RESTRICTION:
            feature.covered = True  # nothing is restricted there, so nothing is lost
        reports.append(feature.report(name))
    lost = [feature for feature, _ in read if not feature.covered]
    if lost and not accept_uncovered:
        raise _refusal(lost)
    return ZoneReading(tuple(zones), tuple(reports), scope.format, scope.version)


def _zone(scope: DocumentScope, feature: Feature, draft: Draft, name: str) -> GeoZone:
    restriction = draft.restriction
    if feature.rejected and restriction is Restriction.NO_RESTRICTION:
        # The published words cannot be trusted to free space; an operator who has checked may authorise it.
        feature.repair("a broken feature cannot free space: taken as REQ_AUTHORISATION")
        restriction = Restriction.REQ_AUTHORISATION
    notes = [*(what for what, _ in feature.faults), *feature.repairs]
    return GeoZone(
        identifier=name,
        name=draft.name or name,
        restriction=restriction,
        volumes=draft.volumes,
        source=ZoneSource(scope.document, scope.format, scope.version),
        applicability=PERMANENT if feature.rejected else draft.applicability,
        reasons=draft.reasons,
        authority=draft.authority,
        message=draft.message,
        country=draft.country,
        repairs=tuple(notes),
    )


def _unique_names(read: Sequence[Read]) -> list[str]:
    """Return a unique identifier for each feature, noting each that had to be changed."""
    counts = Counter(feature.identifier for feature, _ in read)
    taken = {identifier for identifier, count in counts.items() if count == 1}
    used: Counter[str] = Counter()
    names = []
    for feature, _ in read:
        name = feature.identifier
        if counts[name] > 1:
            while True:
                used[feature.identifier] += 1
                name = f"{feature.identifier}#{used[feature.identifier]}"
                if name not in taken:
                    break
            taken.add(name)
            feature.repair(
                f"identifier {feature.identifier!r} stands {counts[feature.identifier]} times: "
                f"this one is called {name!r}"
            )
        names.append(name)
    return names


def _refuse_swapped_document(read: Sequence[Read]) -> None:
    placed = [feature for feature, draft in read if draft is not None and draft.volumes and not feature.skipped]
    if placed and all(feature.swapped for feature in placed):
        raise _refusal(placed)


def _refusal(features: Sequence[Feature]) -> InputError:
    problems: list[InputProblem] = [problem for feature in features for problem in feature.problems()]
    listed = problems[:_LISTED_PROBLEMS]
    if len(problems) > len(listed):
        left = len(problems) - len(listed)
        listed.append(replace(listed[-1], place="document", what=f"{left} more of this kind", mend="Mend all."))
    return InputError(*listed)
