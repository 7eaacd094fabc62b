"""When a zone applies: over a span of time, and until when.

A published interval holds its start and not its end: "until 14:00Z" is clear at 14:00Z. Where a time cannot be
told (the sun does not set), the zone applies.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from mission.airspace.footprint import footprint_bounds
from mission.airspace.sun import sun_time
from mission.model.airspace import ApplicabilityPeriod, GeoZone, SunEvent, Weekday, WeeklyWindow
from mission.model.geo import GeoPoint
from mission.model.time import TimeWindow

HORIZON = timedelta(days=370)
"""How far ahead a clear moment is looked for: a schedule that has none in a year will not."""

_SUN_MARGIN = timedelta(minutes=3)
_WEEKDAYS = tuple(Weekday)
_DAY = timedelta(days=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_NO_MARGIN = timedelta(0)

Interval = tuple[datetime, datetime]


def applies_during(zone: GeoZone, window: TimeWindow, margin: timedelta = _NO_MARGIN) -> bool:
    """Whether a zone applies at any moment of a window widened by `margin` at both ends (fault F-A7)."""
    padded = window.padded(margin)
    return any(
        start <= padded.latest and padded.earliest < end
        for start, end in _intervals(zone, padded.earliest, padded.latest)
    )


def clear_after(zone: GeoZone, window: TimeWindow, margin: timedelta = _NO_MARGIN) -> datetime | None:
    """Return the earliest moment, not before `window.earliest`, from which a flight as long as `window` is clear.

    `margin` is kept before and after the flight. None where there is no such moment within `HORIZON`: the zone
    is permanent, or its gaps are too short.
    """
    duration = window.latest - window.earliest
    until = window.earliest + HORIZON
    moment = window.earliest
    while moment <= until:
        earliest, latest = moment - margin, moment + duration + margin
        ends = [end for start, end in _intervals(zone, earliest, latest) if start <= latest and earliest < end]
        if not ends:
            return moment
        if max(ends) > until:
            return None
        moment = max(ends) + margin
    return None


def changes_within(zone: GeoZone, window: TimeWindow, margin: timedelta = _NO_MARGIN) -> list[datetime]:
    """Return the moments in (`window.earliest`, `window.latest`] at which a flight becomes bound by a zone, or free.

    The zone is held to begin `margin` before its published times and to end `margin` after them.
    """
    padded = window.padded(margin)
    changes = set()
    for start, end in _merged(zone, padded.earliest, padded.latest):
        changes |= {start - margin} if start > padded.earliest else set()
        changes |= {end + margin} if end < padded.latest else set()
    return sorted(moment for moment in changes if window.earliest < moment <= window.latest)


def _merged(zone: GeoZone, earliest: datetime, latest: datetime) -> list[Interval]:
    """Return the zone's intervals in order, those that meet joined into one."""
    merged: list[Interval] = []
    for start, end in sorted(_intervals(zone, earliest, latest)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _intervals(zone: GeoZone, earliest: datetime, latest: datetime) -> Iterator[Interval]:
    """Yield the intervals in which a zone applies that meet [earliest, latest], and perhaps some beside it."""
    corners = _corners(zone)
    for period in zone.applicability:
        begin, finish = period.start or _FIRST, period.end or _LAST
        if begin > latest or finish <= earliest:
            continue
        if not period.schedule:
            yield begin, finish
            continue
        for start, end in _scheduled(period, max(begin, earliest), min(finish, latest), corners):
            if max(start, begin) < min(end, finish):
                yield max(start, begin), min(end, finish)


def _scheduled(
    period: ApplicabilityPeriod, earliest: datetime, latest: datetime, corners: list[GeoPoint]
) -> Iterator[Interval]:
    """Yield the occurrences of a weekly schedule around a span; two days more, for time zones and midnight."""
    day = earliest.astimezone(UTC).date() - 2 * _DAY
    last = latest.astimezone(UTC).date() + 2 * _DAY
    while day <= last:
        for window in period.schedule:
            if _WEEKDAYS[day.weekday()] in window.days:
                yield _occurrence(window, day, corners)
        day += _DAY


def _occurrence(window: WeeklyWindow, day: date, corners: list[GeoPoint]) -> Interval:
    start = _edge(window.start, day, corners, first=True)
    end = _edge(window.end, day, corners, first=False)
    if end <= start:
        end = _edge(window.end, day + _DAY, corners, first=False)
    # A zone may close so far west that its end still lies before its start: then it is the whole day.
    return (start, end) if end > start else (start, start + _DAY)


def _edge(edge: time | SunEvent, day: date, corners: list[GeoPoint], *, first: bool) -> datetime:
    """Return when a window begins (`first`) or ends on a day; for a sun event, at the zone's worst corner."""
    if isinstance(edge, time):
        return datetime.combine(day, edge)
    events = [sun_time(edge, day, corner) for corner in corners]
    known = [event for event in events if event is not None]
    if len(known) < len(events):
        midnight = datetime.combine(day, time(tzinfo=UTC))
        return midnight - _DAY / 2 if first else midnight + 2 * _DAY
    return min(known) - _SUN_MARGIN if first else max(known) + _SUN_MARGIN


def _corners(zone: GeoZone) -> list[GeoPoint]:
    """Return the corners of the boxes around a zone, if any of its times depends on the sun."""
    edges = (edge for period in zone.applicability for window in period.schedule for edge in (window.start, window.end))
    if not any(isinstance(edge, SunEvent) for edge in edges):
        return []
    bounds = [footprint_bounds(volume.footprint) for volume in zone.volumes]
    corners = {
        GeoPoint(latitude, longitude)
        for box in bounds
        for latitude in (box.south_deg, box.north_deg)
        for longitude in (box.west_deg, box.east_deg)
    }
    return sorted(corners, key=lambda point: (point.latitude_deg, point.longitude_deg))
