"""When a zone applies, as spans of time. What is not understood applies always."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from mission.model.airspace import ApplicabilityPeriod, SunEvent, Weekday, WeeklyWindow
from mission.verification.sun import sun_event

ALWAYS = (float("-inf"), float("inf"))
SUN_ERROR_S = 120.0
"""By how much a sun event is moved outwards: refraction and horizon are not known better."""
LONGEST_WINDOW_S = 40 * 86_400.0
_WEEKDAYS = tuple(Weekday)

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Extent:
    """A box around a zone, degrees; longitudes may run past ±180."""

    south_deg: float
    north_deg: float
    west_deg: float
    east_deg: float

    def corners(self) -> tuple[tuple[float, float], ...]:
        """Its corners as latitude, longitude."""
        return (
            (self.south_deg, self.west_deg),
            (self.south_deg, self.east_deg),
            (self.north_deg, self.west_deg),
            (self.north_deg, self.east_deg),
        )


def applying_spans(periods: Sequence[ApplicabilityPeriod], first_s: float, last_s: float, extent: Extent) -> list[Span]:
    """Return spans within which the zone applies, complete between two moments.

    Args:
        periods: the zone's applicability; none at all is not understood.
        first_s: first moment of interest, seconds since the epoch.
        last_s: last moment of interest.
        extent: where the zone is, for sun events.

    Returns:
        closed spans in seconds since the epoch; ±inf where open.
    """
    if not periods or not last_s - first_s <= LONGEST_WINDOW_S:
        return [ALWAYS]
    spans: list[Span] = []
    for period in periods:
        begin = ALWAYS[0] if period.start is None else period.start.timestamp()
        end = ALWAYS[1] if period.end is None else period.end.timestamp()
        if begin > end:
            return [ALWAYS]
        if not period.schedule:
            spans.append((begin, end))
        elif begin <= last_s and end >= first_s:
            for window in period.schedule:
                for opened, closed in _openings(window, first_s, last_s, extent):
                    if opened <= end and closed >= begin:
                        spans.append((max(opened, begin), min(closed, end)))
    return spans


def _openings(window: WeeklyWindow, first_s: float, last_s: float, extent: Extent) -> Iterator[Span]:
    """Yield every opening of a weekly window that could matter between two moments."""
    day = (datetime.fromtimestamp(first_s, tz=UTC) - timedelta(days=3)).date()
    final = (datetime.fromtimestamp(last_s, tz=UTC) + timedelta(days=2)).date()
    while day <= final:
        if _WEEKDAYS[day.weekday()] in window.days:
            opening = _opening(window, day, extent)
            if opening is None:
                yield ALWAYS
                return
            yield opening
        day += timedelta(days=1)


def _opening(window: WeeklyWindow, day: date, extent: Extent) -> Span | None:
    """Return the opening that starts on `day`; None where it is not understood."""
    begin = _moments(window.start, day, extent)
    end = _moments(window.end, day, extent)
    if begin is None or end is None:
        return None
    if max(end) <= min(begin):
        end = _moments(window.end, day + timedelta(days=1), extent)
        if end is None:
            return None
    return min(begin), max(end)


def _moments(clock: time | SunEvent, day: date, extent: Extent) -> list[float] | None:
    """Return all the moments that a clock time or sun event may mean on a day, seconds since the epoch."""
    if isinstance(clock, SunEvent):
        found = [sun_event(clock, day, lat, lon) for lat, lon in extent.corners()]
        moments = [moment.timestamp() for moment in found if moment is not None]
        if len(moments) < len(found):
            return None
        return [min(moments) - SUN_ERROR_S, max(moments) + SUN_ERROR_S]
    # Both readings of a clock time that a change to or from summer time makes doubtful.
    return [datetime.combine(day, clock.replace(fold=fold)).timestamp() for fold in (0, 1)]
