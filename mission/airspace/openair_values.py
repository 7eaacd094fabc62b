"""Heights and activation times of OpenAir."""

import re

from mission.airspace.fields import FOOT_M, UNLIMITED_DOWN, UNLIMITED_UP, shown
from mission.airspace.periods import read_moment
from mission.airspace.reading import Feature
from mission.model.airspace import ApplicabilityPeriod
from mission.model.geo import Height, VerticalDatum

_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_ALTITUDE = re.compile(_NUMBER + r"\s*(FT|F|M)?\s*(AMSL|MSL|ALT|AGL|ASFC|SFC|GND)?", re.ASCII)
_FLIGHT_LEVEL = re.compile(r"FL\s*" + _NUMBER, re.ASCII)
_GROUND = ("GND", "SFC", "SURFACE")
_UNLIMITED = ("UNL", "UNLIM", "UNLIMITED", "UNLTD")
_ABOVE_GROUND = ("AGL", "ASFC", "SFC", "GND")

_PRESSURE_ERROR_M = 600.0
"""A flight level is a pressure, not a height: 27 ft for each hPa that the pressure differs from 1013.25 hPa;
950-1060 hPa holds all but record storms (ICAO Doc 7488, standard atmosphere)."""
_TEMPERATURE_ERROR = 0.20
"""And 4 % for each 10 °C of difference from the standard atmosphere; 50 °C holds all but the coldest places."""


def read_altitude(text: str, side: str, feature: Feature) -> Height:
    """Return a limit, ``side`` being "lower" or "upper"; unlimited, and reported, where it cannot be told.

    A bare number names neither unit nor datum, and is unlimited. A flight level becomes the lowest (or, as an
    upper limit, the highest) altitude AMSL at which it can lie.
    """
    unlimited = UNLIMITED_DOWN if side == "lower" else UNLIMITED_UP
    word = " ".join(text.upper().split())
    level = _FLIGHT_LEVEL.fullmatch(word)
    plain = _ALTITUDE.fullmatch(word)
    limit = unlimited
    if word in _GROUND:
        limit = Height(0.0, VerticalDatum.AGL)
    elif level is not None:
        standard_m = float(level.group(1)) * 100.0 * FOOT_M
        error_m = _PRESSURE_ERROR_M + _TEMPERATURE_ERROR * standard_m
        value_m = standard_m - error_m if side == "lower" else standard_m + error_m
        limit = Height(value_m, VerticalDatum.AMSL)
    elif plain is not None and plain.group(3) is not None:
        datum = VerticalDatum.AGL if plain.group(3) in _ABOVE_GROUND else VerticalDatum.AMSL
        limit = Height(float(plain.group(1)) * (1.0 if plain.group(2) == "M" else FOOT_M), datum)
    elif not (word in _UNLIMITED and side == "upper"):
        fault = "has no datum" if plain is not None else "is not a height"
        feature.repair(f"{side} limit {shown(text)} {fault}: taken as unlimited")
    return limit


def read_activation(text: str, feature: Feature) -> ApplicabilityPeriod | None:
    """Return the period of an ``AA`` line, ``start/end`` with NONE for open; None, reported, if unclear."""
    parts = text.upper().split("/")
    try:
        if len(parts) != 2:
            raise ValueError(f"{shown(text)} is not start/end")
        start, end = (None if part.strip() == "NONE" else read_moment(part.strip()) for part in parts)
        if start is not None and end is not None and end <= start:
            raise ValueError(f"{shown(text)} ends before it starts")
    except ValueError as error:
        feature.repair(f"activation time {error}: applies always")
        return None
    return ApplicabilityPeriod(start, end)
