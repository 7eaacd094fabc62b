"""Single values of zone documents: tolerant in, strict out."""

import math
import re
from collections.abc import Iterable, Mapping

from mission.airspace.bounds import COUNTRY_BOUNDS
from mission.airspace.reading import Feature
from mission.model.airspace import Restriction, ZoneAuthority
from mission.model.geo import Height, VerticalDatum

FOOT_M = 0.3048
"""International foot, exactly, in metres."""

NO_CEILING = 99_999.0
"""Limits at or above this, in the document's own unit, mean that there is no ceiling (seen in CHE and AUT feeds)."""

UNLIMITED_DOWN = Height(-math.inf, VerticalDatum.AGL)
UNLIMITED_UP = Height(math.inf, VerticalDatum.AGL)

_UNITS = {"M": 1.0, "METER": 1.0, "METRE": 1.0, "METERS": 1.0, "METRES": 1.0}
_UNITS |= dict.fromkeys(("FT", "F", "FEET", "FOOT"), FOOT_M)
_DATUMS = {"WGS84": VerticalDatum.WGS84, "W84": VerticalDatum.WGS84, "HAE": VerticalDatum.WGS84}
_DATUMS |= dict.fromkeys(("AMSL", "MSL", "EGM96"), VerticalDatum.AMSL)
_DATUMS |= dict.fromkeys(("AGL", "GND", "SFC", "ASFC"), VerticalDatum.AGL)
_RESTRICTIONS = {restriction.value: restriction for restriction in Restriction}
_RESTRICTIONS["REQ_AUTHORIZATION"] = Restriction.REQ_AUTHORISATION
_NUMERAL = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?", re.ASCII)
"""What formats mean by a number: Python itself takes ``1_000`` and the digits of every script as well."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def shown(value: object) -> str:
    """Return a value for a message: escaped and short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def number(value: object) -> float | None:
    """Return a finite number from a JSON number or a numeric string in ASCII digits, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMERAL.fullmatch(value.strip()):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def plain_text(value: object, limit: int = 4_000) -> str:
    """Return text from a string, a number, or ED-318's ``[{text, lang}]`` (English before the first)."""
    if isinstance(value, str):
        return _CONTROL.sub(" ", value).strip()[:limit]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return str(value)[:limit]
        except ValueError:  # an integer of thousands of digits
            return ""
    if isinstance(value, list):
        entries = [entry for entry in value if isinstance(entry, Mapping) and isinstance(entry.get("text"), str)]
        english = [entry for entry in entries if str(entry.get("lang", "")).lower().startswith("en")]
        for entry in (*english, *entries):
            return plain_text(entry["text"], limit)
    return ""


def code_list(value: object) -> tuple[str, ...]:
    """Return upper-case codes from an array of strings or one string: ``Air traffic`` → ``AIR_TRAFFIC``."""
    values: Iterable[object] = value if isinstance(value, list) else [value]
    codes = (plain_text(entry, 60).upper().replace(" ", "_") for entry in values)
    return tuple(dict.fromkeys(code for code in codes if code))


def identify(feature: Feature, raw_id: object, raw_country: object = None) -> str:
    """Set a feature's id and region from what the document says; return its country or ""."""
    identifier = plain_text(raw_id, 120)
    if identifier:
        feature.identifier = identifier
    else:
        feature.repair(f"it has no identifier and is called {feature.place}")
    country = plain_text(raw_country, 3).upper()
    if feature.scope.expected_region is None:
        feature.region = COUNTRY_BOUNDS.get(country)
    return country


def read_restriction(value: object, feature: Feature) -> Restriction:
    """Return the restriction; an unknown or missing one is PROHIBITED, and reported."""
    word = plain_text(value, 40).upper().replace(" ", "_").replace("-", "_")
    known = _RESTRICTIONS.get(word)
    if known is None:
        what = "it has no restriction" if not word else f"restriction {shown(value)} is not known"
        feature.repair(f"{what}: taken as PROHIBITED")
        return Restriction.PROHIBITED
    return known


def read_unit(value: object, feature: Feature, *, default_m: float | None = None) -> float | None:
    """Return metres per unit of length, None if unknown (reported); `default_m` if the format has a default."""
    if default_m is not None and value in (None, ""):
        return default_m
    factor = _UNITS.get(plain_text(value, 20).upper())
    if factor is None:
        feature.repair(f"unit of heights {shown(value)} is not known: applies at all heights")
    return factor


def read_floor(value: object, metres: float | None, datum: object, feature: Feature) -> Height:
    """Return the lower limit; unlimited downwards, and reported, where value, unit or datum is unknown."""
    limit = _read_limit(value, metres, datum, "lower", feature)
    plain = number(value)
    if plain is not None and plain >= NO_CEILING:
        feature.repair(f"lower limit {shown(value)} stands for no limit: taken as unlimited")
        return UNLIMITED_DOWN
    return limit or UNLIMITED_DOWN


def read_ceiling(value: object, metres: float | None, datum: object, feature: Feature) -> Height:
    """Return the upper limit; unlimited upwards where value, unit or datum is unknown (reported) or 99999."""
    plain = number(value)
    if plain is not None and plain >= NO_CEILING:
        return UNLIMITED_UP
    return _read_limit(value, metres, datum, "upper", feature) or UNLIMITED_UP


def _read_limit(value: object, metres: float | None, datum: object, side: str, feature: Feature) -> Height | None:
    if value in (None, ""):
        feature.repair(f"it has no {side} limit: taken as unlimited")
        return None
    plain = number(value)
    if plain is None:
        feature.repair(f"{side} limit {shown(value)} is not a number: taken as unlimited")
        return None
    if isinstance(value, str):
        feature.repair(f"{side} limit {shown(value)} is text: read as a number")
    known = _DATUMS.get(plain_text(datum, 20).upper().replace("-", ""))
    if known is None:
        feature.repair(f"{side} limit has no known datum ({shown(datum)}): taken as unlimited")
        return None
    return None if metres is None else Height(plain * metres, known)


def ordered_limits(floor: Height, ceiling: Height, feature: Feature) -> tuple[Height, Height]:
    """Return both limits, or all heights, reported, where the lower lies above the upper."""
    if floor.datum is ceiling.datum and floor.value_m > ceiling.value_m:
        feature.repair(
            f"lower limit {floor.value_m:g} m lies above upper limit {ceiling.value_m:g} m: applies at all heights"
        )
        return UNLIMITED_DOWN, UNLIMITED_UP
    return floor, ceiling


def read_authorities(value: object) -> tuple[ZoneAuthority, ...]:
    """Return the zone's authorities (ED-269 and ED-318 zoneAuthority); what is not one is left out."""
    entries = value if isinstance(value, list) else [value]
    found = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            continue
        name = plain_text(entry.get("name"), 200) or plain_text(entry.get("service"), 200)
        ways = (plain_text(entry.get(key), 300) for key in ("phone", "email", "siteURL"))
        contact = ", ".join(way for way in ways if way)
        if name or contact:
            found.append(ZoneAuthority(name, plain_text(entry.get("purpose"), 40), contact))
    return tuple(found)
