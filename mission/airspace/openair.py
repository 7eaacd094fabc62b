"""OpenAir documents, versions 1 and 2: one airspace after another, each a run of two-letter commands.

Read: ``AC AY AN AH AL AF AG AX AA``, ``DP``, ``V X=``, ``V D=``, ``DC``, ``DA``, ``DB``; label and pen
commands are passed over. OpenAir says what pilots of crewed aircraft meet; `_CLASSES` says what that asks of
an unmanned one. Days and hours written into names ("MON-FRI") are not times: such a zone applies always.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mission.airspace.assembly import Draft, Read, volumes_of
from mission.airspace.fields import identify, ordered_limits, plain_text, shown
from mission.airspace.openair_outline import Outline, OutlineError, parse_point
from mission.airspace.openair_values import read_activation, read_altitude
from mission.airspace.reading import DocumentScope, Feature
from mission.airspace.rings import footprints_of_ring, read_circle
from mission.model.airspace import PERMANENT, ApplicabilityPeriod, Footprint, Restriction

_COMMAND = re.compile(r"(A[CYNHLFGXAI]|D[PCABY]|V|S[PB]|AT|TO|TC)(?:\s+(.*))?", re.IGNORECASE)
_NO_COMMAND = "?"
_PASSED_OVER = ("SP", "SB", "AT", "TO", "TC", "AG", "AX", "AI")

_PROHIBITED = ("P", "GP", "PROHIBITED")
_CONTROLLED = ("A", "B", "C", "D", "CTR", "CTA", "TMA", "TMZ", "RMZ", "ATZ", "MATZ", "MCTR", "MTMA", "MTA", "UTA")
_RESERVED = ("R", "Q", "RESTRICTED", "DANGER", "TRA", "TSA", "RTMA", "PARA", "GLIDING", "HPZ", "LTA", "TFR")
_ADVISED = (
    "E",
    "F",
    "W",
    "GSEC",
    "FIS",
    "AWY",
    "TIZ",
    "TIA",
    "TMA-P",
    "VFRSEC",
    "ASRA",
    "LFA",
    "ACRO",
    "UNC",
    "FIR",
    "UIR",
)
_FREE = ("G",)
_SAYS_NOTHING = ("NONE", "UNCLASSIFIED", "UKN")
_CLASSES = (
    dict.fromkeys(_PROHIBITED, Restriction.PROHIBITED)
    | dict.fromkeys((*_CONTROLLED, *_RESERVED), Restriction.REQ_AUTHORISATION)
    | dict.fromkeys(_ADVISED, Restriction.CONDITIONAL)
    | dict.fromkeys(_FREE, Restriction.NO_RESTRICTION)
)
_HARDEST_FIRST = (
    Restriction.PROHIBITED,
    Restriction.REQ_AUTHORISATION,
    Restriction.CONDITIONAL,
    Restriction.NO_RESTRICTION,
)


@dataclass(slots=True)
class _Airspace:
    """The commands of one airspace, in order, with their line numbers."""

    line: int
    commands: list[tuple[int, str, str]] = field(default_factory=list)

    def values(self, command: str) -> list[str]:
        return [value for _, name, value in self.commands if name == command]

    def value(self, command: str) -> str:
        return next(iter(self.values(command)), "")


def is_openair(text: str) -> bool:
    """Whether text is OpenAir: its first line that is no comment begins an airspace."""
    for _, line in _lines(text):
        match = _COMMAND.fullmatch(line)
        command = match.group(1).upper() if match is not None else ""
        if command not in _PASSED_OVER:
            return command in ("AC", "AY", "AN")
    return False


def read_openair(text: str, scope: DocumentScope) -> list[Read]:
    """Read every airspace of a document. A line that is no command rejects its airspace: what did it mean?"""
    airspaces: list[_Airspace] = []
    drawn = True
    for number, line in _lines(text):
        match = _COMMAND.fullmatch(line)
        command = match.group(1).upper() if match is not None else _NO_COMMAND
        value = (match.group(2) or "").strip() if match is not None else line
        if command == "AC" or (drawn and command in ("AN", "AY")):
            airspaces.append(_Airspace(number))
            scope.check_features(len(airspaces))
            drawn = False
        drawn = drawn or command[0] in "DV"
        if command not in _PASSED_OVER:
            airspaces[-1].commands.append((number, command, value))
    return [_read_airspace(airspace, scope) for airspace in airspaces]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and content of each line that is neither blank nor a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("*", 1)[0].strip()
        if content:
            yield number, content


def _read_airspace(airspace: _Airspace, scope: DocumentScope) -> Read:
    feature = Feature(scope, f"line {airspace.line}")
    name = airspace.value("AN")
    identify(feature, name)
    floor = read_altitude(airspace.value("AL"), "lower", feature)
    ceiling = read_altitude(airspace.value("AH"), "upper", feature)
    floor, ceiling = ordered_limits(floor, ceiling, feature)
    footprints = _read_outline(airspace, feature)
    frequency = airspace.value("AF")
    draft = Draft(
        restriction=_read_class(airspace, feature),
        volumes=volumes_of(footprints, floor, ceiling),
        name=plain_text(name, 300),
        applicability=_read_periods(airspace, feature),
        reasons=("AIR_TRAFFIC",),
        message=f"Frequency {plain_text(frequency, 40)}" if frequency else "",
    )
    return feature, draft


def _read_class(airspace: _Airspace, feature: Feature) -> Restriction:
    """Return the harder demand of class (AC) and type (AY)."""
    types = [word for word in airspace.values("AY") if word.upper() not in _SAYS_NOTHING]
    words = [word.upper() for word in (*airspace.values("AC"), *types) if word]
    demands = [_CLASSES.get(word) for word in words]
    if not words or None in demands:
        unknown = shown(words[demands.index(None)]) if words else "none"
        feature.repair(f"airspace class {unknown} is not known: taken as PROHIBITED")
        return Restriction.PROHIBITED
    return min((demand for demand in demands if demand is not None), key=_HARDEST_FIRST.index)


def _read_periods(airspace: _Airspace, feature: Feature) -> tuple[ApplicabilityPeriod, ...]:
    values = airspace.values("AA")
    periods = [read_activation(value, feature) for value in values]
    if not periods or None in periods or ApplicabilityPeriod() in periods:
        return PERMANENT
    return tuple(period for period in periods if period is not None)


def _read_outline(airspace: _Airspace, feature: Feature) -> list[Footprint]:
    """Return the footprints drawn by D and V commands; circles keep their centre and radius."""
    outline = Outline()
    footprints: list[Footprint] = []
    for number, command, value in airspace.commands:
        try:
            if command == "DC":
                center, radius_m = outline.circle(value)
                footprints.extend(read_circle(list(center), radius_m, feature))
            elif command == "V":
                outline.set_variable(value)
            elif command == "DP":
                outline.add_point(parse_point(value))
            elif command in ("DA", "DB"):
                outline.add_arc(command, value)
            elif command == "DY":
                raise OutlineError("airways (DY) are not read")
            elif command == _NO_COMMAND:
                raise OutlineError(f"{shown(value)} is no OpenAir command")
        except OutlineError as error:
            feature.reject(f"line {number}: {error}", "Mend the line.", covered=False)
    ring = outline.ring()
    if ring:
        footprints.extend(footprints_of_ring([*ring, ring[0]], feature))
    return footprints
