"""When zones apply, when they clear, and how that is said."""

from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.airspace.applicability import applies_during, changes_within, clear_after
from mission.airspace.hours_text import describe_hours
from mission.model.airspace import (
    PERMANENT,
    ApplicabilityPeriod,
    CircleFootprint,
    GeoZone,
    Restriction,
    SunEvent,
    Weekday,
    WeeklyWindow,
    ZoneSource,
    ZoneVolume,
)
from mission.model.geo import GeoPoint, Height, VerticalDatum
from mission.model.time import TimeWindow

MARGIN = timedelta(minutes=5)
HOUR = timedelta(hours=1)
WORKDAYS = frozenset(Weekday) - {Weekday.SAT, Weekday.SUN}
CET = timezone(timedelta(hours=1))
AUSTRIA = GeoPoint(48.0, 15.0)


def zone(*periods: ApplicabilityPeriod, place: GeoPoint = AUSTRIA) -> GeoZone:
    """Return a zone that applies in some periods; always if there are none."""
    volume = ZoneVolume(CircleFootprint(place, 100.0), Height(0.0, VerticalDatum.AGL), Height(120.0, VerticalDatum.AGL))
    source = ZoneSource("t", "test")
    return GeoZone("Z", "Z", Restriction.PROHIBITED, (volume,), source, applicability=periods or PERMANENT)


def at(text: str) -> datetime:
    """Return a moment of the week of Monday 2026-11-16, written "16 06:00" in UTC."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-11-{day}T{clock}:00+00:00")


def span(start: str, end: str) -> TimeWindow:
    """Return a window between two moments of that week."""
    return TimeWindow(at(start), at(end))


def weekly(days: frozenset[Weekday], start: time | SunEvent, end: time | SunEvent) -> ApplicabilityPeriod:
    """Return an open period with one weekly window."""
    return ApplicabilityPeriod(schedule=(WeeklyWindow(days, start, end),))


OFFICE = weekly(WORKDAYS, time(6, tzinfo=UTC), time(14, tzinfo=UTC))
NIGHT = weekly(frozenset({Weekday.FRI}), time(22, tzinfo=UTC), time(4, tzinfo=UTC))


def test_a_permanent_zone_always_applies_and_never_clears() -> None:
    """Nothing opens a permanent zone."""
    assert applies_during(zone(), span("16 00:00", "16 00:01"))
    assert clear_after(zone(), span("16 00:00", "16 01:00")) is None
    assert changes_within(zone(), span("16 00:00", "26 00:00")) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("16 05:00", "16 05:59", False),
        ("16 05:00", "16 06:00", True),
        ("16 13:59", "16 15:00", True),
        ("16 14:00", "16 15:00", False),
        ("21 06:00", "22 23:00", False),
        ("20 15:00", "23 06:30", True),
        ("16 05:00", "16 20:00", True),
    ],
)
def test_a_schedule_binds_within_its_days_and_hours(start: str, end: str, expected: bool) -> None:
    """Workdays 06-14Z hold their start and not their end, over the whole flight (F-A7)."""
    assert applies_during(zone(OFFICE), span(start, end)) is expected


def test_the_margin_widens_the_flight_at_both_ends() -> None:
    """A flight within the margin of the zone's hours is bound (F-A6)."""
    assert applies_during(zone(OFFICE), span("16 14:04", "16 14:30"), MARGIN)
    assert not applies_during(zone(OFFICE), span("16 14:05", "16 14:30"), MARGIN)
    assert applies_during(zone(OFFICE), span("16 05:00", "16 05:55"), MARGIN)


def test_a_window_past_midnight_runs_into_the_next_day() -> None:
    """Friday 22-04 binds Saturday at 03, and not Friday at 03."""
    assert applies_during(zone(NIGHT), span("21 03:00", "21 03:10"))
    assert not applies_during(zone(NIGHT), span("20 03:00", "20 03:10"))


def test_a_window_of_equal_times_is_the_whole_day() -> None:
    """00:00 to 00:00 is 24 hours."""
    monday = zone(weekly(frozenset({Weekday.MON}), time(0, tzinfo=UTC), time(0, tzinfo=UTC)))
    assert applies_during(monday, span("16 23:58", "16 23:59"))
    assert not applies_during(monday, span("17 00:00", "17 00:01"))


def test_days_and_times_are_those_of_the_schedules_own_zone() -> None:
    """Monday 00:30 at UTC+1 is Sunday 23:30 in UTC (F-A7)."""
    monday = zone(weekly(frozenset({Weekday.MON}), time(0, 30, tzinfo=CET), time(2, tzinfo=CET)))
    assert applies_during(monday, span("15 23:30", "15 23:40"))
    assert not applies_during(monday, span("16 23:30", "16 23:40"))


def test_a_period_bounds_its_schedule() -> None:
    """Outside its dates a schedule does not bind; the last window is cut at the period's end."""
    bounded = ApplicabilityPeriod(at("17 00:00"), at("18 08:00"), OFFICE.schedule)
    assert not applies_during(zone(bounded), span("16 07:00", "16 08:00"))
    assert applies_during(zone(bounded), span("17 07:00", "17 08:00"))
    assert not applies_during(zone(bounded), span("18 08:00", "18 09:00"))


def test_the_sun_opens_and_closes_a_zone() -> None:
    """From sunset to sunrise a zone binds at midnight and not at noon."""
    night = zone(weekly(frozenset(Weekday), SunEvent.SS, SunEvent.SR))
    assert applies_during(night, span("16 23:00", "16 23:10"))
    assert applies_during(night, span("16 01:00", "16 01:10"))
    assert not applies_during(night, span("16 11:00", "16 11:10"))


def test_a_sun_that_does_not_set_leaves_the_zone_in_force() -> None:
    """Where sunset cannot be told the zone applies all day."""
    polar = zone(weekly(frozenset(Weekday), SunEvent.SS, SunEvent.SR), place=GeoPoint(80.0, 15.0))
    june = datetime(2026, 6, 20, 12, tzinfo=UTC)
    assert applies_during(polar, TimeWindow(june, june + HOUR))
    assert clear_after(polar, TimeWindow(june, june + HOUR)) is not None


def test_a_flight_is_clear_after_the_hours_and_the_margin() -> None:
    """The nearest remedy is the end of the hours plus the margin."""
    assert clear_after(zone(OFFICE), span("16 07:00", "16 07:30"), MARGIN) == at("16 14:05")


def test_a_flight_that_is_clear_already_is_clear_at_once() -> None:
    """Outside the hours the remedy is the wish itself."""
    assert clear_after(zone(OFFICE), span("16 15:00", "16 15:30"), MARGIN) == at("16 15:00")


def test_a_gap_shorter_than_the_flight_is_no_remedy() -> None:
    """Between two periods an hour apart only a flight of less than an hour fits."""
    gap = zone(
        ApplicabilityPeriod(at("16 00:00"), at("16 10:00")),
        ApplicabilityPeriod(at("16 11:00"), at("16 20:00")),
    )
    assert clear_after(gap, span("16 09:00", "16 09:30")) == at("16 10:00")
    assert clear_after(gap, span("16 09:00", "16 10:30")) == at("16 20:00")


def test_a_zone_that_never_rests_has_no_remedy() -> None:
    """A schedule with gaps of a second between its days leaves no room to fly."""
    tight = zone(weekly(frozenset(Weekday), time(0, tzinfo=UTC), time(23, 59, 59, tzinfo=UTC)))
    assert clear_after(tight, span("16 09:00", "16 09:30")) is None


def test_a_zone_changes_at_the_beginnings_and_ends_of_its_hours_with_the_margin() -> None:
    """Bound from five minutes before until five minutes after, free over the weekend; the first moment is no change."""
    times = ["19 05:55", "19 14:05", "20 05:55", "20 14:05", "23 05:55"]
    assert changes_within(zone(OFFICE), span("19 00:00", "23 06:30"), MARGIN) == [at(time) for time in times]
    assert changes_within(zone(OFFICE), span("19 05:55", "19 14:04"), MARGIN) == []


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        (PERMANENT, "always"),
        ((OFFICE,), "Mon-Fri 06:00Z-14:00Z"),
        ((NIGHT,), "Fri 22:00Z-04:00Z"),
        (
            (ApplicabilityPeriod(None, datetime(2026, 12, 31, tzinfo=UTC), OFFICE.schedule),),
            "Mon-Fri 06:00Z-14:00Z until 2026-12-31",
        ),
        ((ApplicabilityPeriod(at("16 06:00"), None),), "from 2026-11-16 06:00Z"),
        ((weekly(frozenset(Weekday), SunEvent.SS, SunEvent.SR),), "daily sunset-sunrise"),
        (
            (weekly(frozenset({Weekday.SAT, Weekday.SUN}), time(17, tzinfo=CET), time(0, tzinfo=CET)),),
            "Sat,Sun 17:00+01:00-00:00+01:00",
        ),
    ],
)
def test_hours_are_said_in_words(periods: tuple[ApplicabilityPeriod, ...], words: str) -> None:
    """People read hours as short words with a time zone."""
    assert describe_hours(zone(*periods)) == words


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside
offsets = st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours)))
clocks = st.builds(
    lambda hour, minute, tz: time(hour, minute, tzinfo=tz), st.integers(0, 23), st.integers(0, 59), offsets
)
edges = st.one_of(clocks, st.sampled_from(SunEvent))
windows = st.builds(WeeklyWindow, st.frozensets(st.sampled_from(Weekday), min_size=1), edges, edges)
periods = st.builds(
    lambda start, length, open_end, schedule: ApplicabilityPeriod(
        start, None if open_end else start + timedelta(hours=length), tuple(schedule)
    ),
    moments,
    st.integers(1, 2000),
    st.booleans(),
    st.lists(windows, max_size=2),
)
zones = st.lists(periods, min_size=1, max_size=3).map(lambda found: zone(*found))
flights = st.builds(
    lambda start, minutes: TimeWindow(start, start + timedelta(minutes=minutes)),
    moments,
    st.integers(0, 300),
)


@settings(deadline=None)
@given(zones, flights)
def test_a_remedy_is_clear_and_not_before_the_wish(subject: GeoZone, flight: TimeWindow) -> None:
    """What `clear_after` promises, `applies_during` confirms, with the margin."""
    moment = clear_after(subject, flight, MARGIN)
    if moment is not None:
        shifted = TimeWindow(moment, moment + (flight.latest - flight.earliest))
        assert moment >= flight.earliest
        assert not applies_during(subject, shifted, MARGIN)


@settings(deadline=None)
@given(zones, flights, st.integers(0, 300))
def test_a_longer_flight_is_bound_wherever_a_shorter_one_is(subject: GeoZone, flight: TimeWindow, minutes: int) -> None:
    """Widening a window never frees it."""
    if applies_during(subject, flight):
        assert applies_during(subject, flight, timedelta(minutes=minutes))


@settings(deadline=None)
@given(zones, moments, st.integers(1, 400))
def test_nothing_changes_between_the_changes(subject: GeoZone, moment: datetime, hours: int) -> None:
    """From each change to the next, a flight of no length is bound all the time, or never."""
    day = TimeWindow(moment, moment + timedelta(hours=hours))
    edges = [day.earliest, *changes_within(subject, day, MARGIN), day.latest]
    for start, end in pairwise(edges):
        now = applies_during(subject, TimeWindow(start, start), MARGIN)
        for share in (0.0, 0.25, 0.5, 0.99):
            later = start + (end - start) * share
            assert start == end or applies_during(subject, TimeWindow(later, later), MARGIN) is now
