"""The hours of a zone in words for people."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from mission.model.airspace import ApplicabilityPeriod, GeoZone, SunEvent, Weekday, WeeklyWindow

_DAYS = tuple(Weekday)
_EVENTS = {
    SunEvent.BMCT: "morning twilight",
    SunEvent.SR: "sunrise",
    SunEvent.SS: "sunset",
    SunEvent.EECT: "evening twilight",
}


def describe_hours(zone: GeoZone) -> str:
    """Return when a zone applies: "always", or e.g. "Mon-Fri 06:00Z-14:00Z until 2026-12-31 22:00Z"."""
    return "; ".join(dict.fromkeys(_describe_period(period) for period in zone.applicability)) or "always"


def _describe_period(period: ApplicabilityPeriod) -> str:
    parts = []
    if period.schedule:
        parts.append(", ".join(_describe_window(window) for window in period.schedule))
    if period.start is not None:
        parts.append(f"from {_moment(period.start)}")
    if period.end is not None:
        parts.append(f"until {_moment(period.end)}")
    return " ".join(parts) or "always"


def _describe_window(window: WeeklyWindow) -> str:
    if window.start == window.end and not isinstance(window.start, SunEvent):
        hours = "all day" if _clock(window.start) == "00:00Z" else f"from {_clock(window.start)} for 24 h"
    else:
        hours = f"{_clock(window.start)}-{_clock(window.end)}"
    return f"{_describe_days(window.days)} {hours}"


def _describe_days(days: frozenset[Weekday]) -> str:
    if len(days) == len(_DAYS):
        return "daily"
    runs: list[list[int]] = []
    for number, day in enumerate(_DAYS):
        if day not in days:
            continue
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(_describe_run(run) for run in runs)


def _describe_run(run: Sequence[int]) -> str:
    names = [_DAYS[number].value.capitalize() for number in run]
    return f"{names[0]}-{names[-1]}" if len(names) > 2 else ",".join(names)


def _clock(edge: time | SunEvent) -> str:
    if isinstance(edge, SunEvent):
        return _EVENTS[edge]
    text = edge.strftime("%H:%M:%S" if edge.second else "%H:%M")
    offset = edge.strftime("%z")
    return f"{text}Z" if offset in ("", "+0000") else f"{text}{offset[:3]}:{offset[3:5]}"


def _moment(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    if utc.time() == time():
        return f"{utc:%Y-%m-%d}"
    return f"{utc:%Y-%m-%d %H:%M:%S}Z" if utc.second else f"{utc:%Y-%m-%d %H:%M}Z"
