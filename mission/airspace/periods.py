"""Times of zone documents → `ApplicabilityPeriod`. What cannot be understood applies always, and is reported."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone

from mission.airspace.fields import plain_text, shown
from mission.airspace.reading import Feature
from mission.model.airspace import PERMANENT, ApplicabilityPeriod, SunEvent, Weekday, WeeklyWindow

_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_EVERY_DAY = frozenset(Weekday)


class _UnclearTimeError(Exception):
    """A time that cannot be told; the sentence says why."""


def read_applicability(value: object, feature: Feature) -> tuple[ApplicabilityPeriod, ...]:
    """Return the periods of an ED-269 ``applicability`` or ED-318 ``limitedApplicability``.

    Each entry is ``{permanent, startDateTime, endDateTime, schedule | dailyPeriod}``, the schedule being
    ``[{day, startTime | startEvent, endTime | endEvent}]``. Absent or empty means always. A time without an
    offset, or one that cannot be read, makes the zone apply always (fault F-A7), and is reported.
    """
    if value in (None, "", [], {}):
        return PERMANENT
    entries = value if isinstance(value, list) else [value]
    periods = []
    for index, entry in enumerate(entries):
        try:
            periods.append(_period(entry, feature))
        except _UnclearTimeError as unclear:
            feature.repair(f"applicability[{index}]: {unclear}: applies always")
            return PERMANENT
    if ApplicabilityPeriod() in periods:
        return PERMANENT
    return tuple(dict.fromkeys(periods))


def read_moment(value: object) -> datetime:
    """Return an aware datetime from ISO 8601 text.

    Raises:
        ValueError: not a date and time, or without an offset from UTC.
    """
    text = plain_text(value, 60)
    if not isinstance(value, str) or "T" not in text.upper():
        raise ValueError(f"{shown(value)} is not a date and time")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError(f"{shown(value)} is not a date and time") from None
    if moment.tzinfo is None:
        raise ValueError(f"{shown(value)} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{shown(value)} is not a date and time") from None


def _period(entry: object, feature: Feature) -> ApplicabilityPeriod:
    if not isinstance(entry, Mapping):
        raise _UnclearTimeError(f"{shown(entry)} is not a period")
    schedule_key = "schedule" if entry.get("schedule") else "dailyPeriod"
    schedule = entry.get(schedule_key) or entry.get("schedule") or []
    if not isinstance(schedule, list):
        raise _UnclearTimeError(f"{schedule_key} {shown(schedule)} is not an array")
    permanent = plain_text(entry.get("permanent"), 10).upper() == "YES" or entry.get("permanent") is True
    if permanent:
        if entry.get("startDateTime") or entry.get("endDateTime") or _windows(schedule):
            feature.repair("it is permanent and also has dates or hours: applies always")
        return ApplicabilityPeriod()
    start = _moment(entry.get("startDateTime"))
    end = _moment(entry.get("endDateTime"))
    if start is not None and end is not None and end <= start:
        raise _UnclearTimeError(f"it ends at {end.isoformat()}, not after its start")
    return ApplicabilityPeriod(start, end, _windows(schedule))


def _moment(value: object) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        return read_moment(value)
    except ValueError as error:
        raise _UnclearTimeError(str(error)) from None


def _windows(schedule: Sequence[object]) -> tuple[WeeklyWindow, ...]:
    """Return the windows of a schedule; empty means all hours."""
    windows: list[WeeklyWindow] = []
    for entry in schedule:
        if not isinstance(entry, Mapping):
            raise _UnclearTimeError(f"schedule entry {shown(entry)} is not an object")
        days = entry.get("day") or entry.get("days") or []
        start = _clock(entry, "start")
        end = _clock(entry, "end")
        if start is None and end is None and not days:
            continue  # a placeholder row of nulls, seen in the Swiss sample
        if start is None or end is None:
            raise _UnclearTimeError("a schedule has days without both times")
        windows.append(WeeklyWindow(_weekdays(days), start, end))
    return tuple(windows)


def _weekdays(value: object) -> frozenset[Weekday]:
    words = value if isinstance(value, list) else [value]
    names = {plain_text(word, 20).upper()[:3] for word in words}
    if not names or "ANY" in names or names == {""}:
        return _EVERY_DAY
    try:
        return frozenset(Weekday(name) for name in names)
    except ValueError:
        raise _UnclearTimeError(f"day {shown(value)} is not known") from None


def _clock(entry: Mapping[object, object], side: str) -> time | SunEvent | None:
    """Return the start or end of a schedule entry: an aware time, a sun event, or None."""
    text = plain_text(entry.get(f"{side}Time"), 40).upper()
    event = plain_text(entry.get(f"{side}Event"), 10).upper()
    if text and event:
        raise _UnclearTimeError(f"it has both {side}Time and {side}Event")
    word = event or text
    if not word:
        if entry.get(f"{side}Time") not in (None, "") or entry.get(f"{side}Event") not in (None, ""):
            raise _UnclearTimeError(f"{side} of a schedule is not a time")
        return None
    if word in SunEvent.__members__:
        return SunEvent(word)
    match = _TIME.fullmatch(word)
    if match is None:
        naive = re.fullmatch(r"\d\d:\d\d(:\d\d([.,]\d+)?)?", word) is not None
        raise _UnclearTimeError(f"time {shown(word)} " + ("has no time zone" if naive else "is not a time"))
    hour, minute, second, fraction, offset = match.groups(default="0")
    if hour == "24" and int(minute) == int(second) == int(fraction) == 0 and side == "end":
        hour = "00"  # midnight: an end at or before the start runs into the next day
    try:
        microsecond = int(fraction.ljust(6, "0"))
        return time(int(hour), int(minute), int(second), microsecond, tzinfo=_offset(offset))
    except ValueError:
        raise _UnclearTimeError(f"time {shown(word)} is not a time") from None


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
