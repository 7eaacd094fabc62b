"""When a zone applies: own reading of schedules and sun events; what is not understood applies."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from mission.model.airspace import ApplicabilityPeriod, SunEvent, Weekday, WeeklyWindow
from mission.verification.hours import ALWAYS, Extent, applying_spans
from mission.verification.sun import sun_event

if TYPE_CHECKING:
    from tests.mission.verification.conftest import Scene, Town

HERE = Extent(48.4, 48.42, 15.59, 15.62)
VIENNA = ZoneInfo("Europe/Vienna")
WORKDAYS = frozenset({Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI})


def applies(period: ApplicabilityPeriod, moment: datetime, extent: Extent = HERE) -> bool:
    """Whether a period applies at a moment."""
    second = moment.timestamp()
    return any(begin <= second <= end for begin, end in applying_spans((period,), second, second, extent))


def weekly(days: frozenset[Weekday], start: time | SunEvent, end: time | SunEvent) -> ApplicabilityPeriod:
    """Return a period of one weekly window."""
    return ApplicabilityPeriod(schedule=(WeeklyWindow(days, start, end),))


def test_a_permanent_zone_always_applies() -> None:
    """No start, no end, no schedule."""
    assert applying_spans((ApplicabilityPeriod(),), 0.0, 1.0, HERE) == [ALWAYS]


def test_a_zone_without_any_period_always_applies() -> None:
    """Nothing published about its hours is not the same as no hours."""
    assert applying_spans((), 0.0, 1.0, HERE) == [ALWAYS]


def test_a_period_that_ends_before_it_begins_always_applies() -> None:
    """Nonsense is not understood, and applies."""
    start = datetime(2026, 11, 20, tzinfo=UTC)
    assert applies(ApplicabilityPeriod(start, start - timedelta(days=9)), start + timedelta(days=99))


def test_a_period_applies_from_start_to_end() -> None:
    """Both ends included."""
    start, end = datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 18, tzinfo=UTC)
    period = ApplicabilityPeriod(start, end)
    second = timedelta(seconds=1)
    assert [applies(period, moment) for moment in (start - second, start, end, end + second)] == [
        False,
        True,
        True,
        False,
    ]


def test_hours_hold_on_their_weekdays_only() -> None:
    """Work days from 8 to 16 in Vienna: Friday yes, Saturday no."""
    period = weekly(WORKDAYS, time(8, tzinfo=VIENNA), time(16, tzinfo=VIENNA))
    assert applies(period, datetime(2026, 11, 20, 7, 30, tzinfo=UTC))
    assert not applies(period, datetime(2026, 11, 20, 6, 30, tzinfo=UTC))
    assert not applies(period, datetime(2026, 11, 21, 7, 30, tzinfo=UTC))


def test_summer_time_moves_the_hours() -> None:
    """8 in Vienna is 6 UTC in summer and 7 UTC in winter."""
    period = weekly(WORKDAYS, time(8, tzinfo=VIENNA), time(16, tzinfo=VIENNA))
    assert applies(period, datetime(2026, 7, 17, 6, 30, tzinfo=UTC))
    assert not applies(period, datetime(2026, 11, 20, 6, 30, tzinfo=UTC))


def test_hours_past_midnight_run_into_the_next_day() -> None:
    """Friday 22 to 6 covers Saturday's small hours, not Friday's."""
    period = weekly(frozenset({Weekday.FRI}), time(22, tzinfo=UTC), time(6, tzinfo=UTC))
    assert applies(period, datetime(2026, 11, 21, 3, tzinfo=UTC))
    assert not applies(period, datetime(2026, 11, 20, 3, tzinfo=UTC))


def test_a_whole_day_is_a_whole_day() -> None:
    """An end equal to the start is 24 hours."""
    period = weekly(frozenset({Weekday.FRI}), time(0, tzinfo=UTC), time(0, tzinfo=UTC))
    assert applies(period, datetime(2026, 11, 20, 12, tzinfo=UTC))


def test_a_day_begins_in_its_own_time_zone() -> None:
    """Friday in Auckland begins on Thursday in Greenwich."""
    auckland = timezone(timedelta(hours=13))
    period = weekly(frozenset({Weekday.FRI}), time(0, tzinfo=auckland), time(6, tzinfo=auckland))
    assert applies(period, datetime(2026, 11, 19, 12, tzinfo=UTC))
    assert not applies(period, datetime(2026, 11, 20, 12, tzinfo=UTC))


def test_a_schedule_holds_within_its_period_only() -> None:
    """Hours before the period's start are none."""
    period = ApplicabilityPeriod(
        start=datetime(2026, 11, 23, tzinfo=UTC),
        schedule=(WeeklyWindow(WORKDAYS, time(8, tzinfo=UTC), time(16, tzinfo=UTC)),),
    )
    assert not applies(period, datetime(2026, 11, 20, 10, tzinfo=UTC))
    assert applies(period, datetime(2026, 11, 24, 10, tzinfo=UTC))


def test_an_hour_that_happens_twice_applies_twice() -> None:
    """The clock goes back on 2026-10-25: until 2:30 means until the later of both."""
    period = weekly(frozenset({Weekday.SUN}), time(1, tzinfo=VIENNA), time(2, 30, tzinfo=VIENNA))
    assert applies(period, datetime(2026, 10, 25, 1, 15, tzinfo=UTC))


@pytest.mark.parametrize(
    ("event", "day", "latitude_deg", "longitude_deg", "published"),
    [
        # Spencer's and the Almanac's equinox: at the equator on the Greenwich meridian the sun rises near 6.
        (SunEvent.SR, date(2026, 3, 20), 0.0, 0.0, datetime(2026, 3, 20, 6, 4, tzinfo=UTC)),
        (SunEvent.SS, date(2026, 3, 20), 0.0, 0.0, datetime(2026, 3, 20, 18, 11, tzinfo=UTC)),
        # Vienna, longest and shortest day.
        (SunEvent.SR, date(2026, 6, 21), 48.2082, 16.3738, datetime(2026, 6, 21, 2, 54, tzinfo=UTC)),
        (SunEvent.SS, date(2026, 6, 21), 48.2082, 16.3738, datetime(2026, 6, 21, 18, 59, tzinfo=UTC)),
        (SunEvent.SR, date(2026, 12, 21), 48.2082, 16.3738, datetime(2026, 12, 21, 6, 42, tzinfo=UTC)),
        (SunEvent.SS, date(2026, 12, 21), 48.2082, 16.3738, datetime(2026, 12, 21, 15, 3, tzinfo=UTC)),
    ],
)
def test_the_sun_rises_and_sets_when_it_does(
    event: SunEvent, day: date, latitude_deg: float, longitude_deg: float, published: datetime
) -> None:
    """Within two minutes of almanac times."""
    found = sun_event(event, day, latitude_deg, longitude_deg)
    assert found is not None
    assert abs(found - published) <= timedelta(minutes=2)


def test_twilight_surrounds_the_day() -> None:
    """Civil twilight begins before sunrise and ends after sunset, by half an hour or so in Vienna."""
    day = date(2026, 11, 20)
    begin, rise, setting, end = (
        sun_event(event, day, 48.2, 16.4) for event in (SunEvent.BMCT, SunEvent.SR, SunEvent.SS, SunEvent.EECT)
    )
    assert begin is not None
    assert rise is not None
    assert setting is not None
    assert end is not None
    assert timedelta(minutes=25) < rise - begin < timedelta(minutes=40)
    assert timedelta(minutes=25) < end - setting < timedelta(minutes=40)


def test_a_night_zone_applies_at_night() -> None:
    """From sunset to sunrise."""
    period = weekly(frozenset(Weekday), SunEvent.SS, SunEvent.SR)
    assert applies(period, datetime(2026, 11, 20, 22, tzinfo=UTC))
    assert applies(period, datetime(2026, 11, 21, 4, tzinfo=UTC))
    assert not applies(period, datetime(2026, 11, 20, 11, tzinfo=UTC))


def test_a_night_zone_beyond_the_polar_circle_applies_always() -> None:
    """Where the sun does not set its hours are not understood."""
    tromso = Extent(69.6, 69.7, 18.9, 19.0)
    period = weekly(frozenset(Weekday), SunEvent.SS, SunEvent.SR)
    assert applies(period, datetime(2026, 6, 21, 12, tzinfo=UTC), tromso)


def test_the_margin_of_time_is_kept(scene: "Scene", town: "Town") -> None:
    """A zone that ended four minutes before take-off still binds; six minutes before it does not."""
    for minutes, expected in ((4, ["ZONE_ENTERED"]), (6, [])):
        ended = town.zone(
            "ended",
            town.circle(0.0, 0.0, 30.0),
            applicability=(ApplicabilityPeriod(end=town.DEPARTURE - timedelta(minutes=minutes)),),
        )
        assert scene.but(rally=()).with_zone(ended).codes() == expected


def test_hours_of_a_week_bind_a_mission(scene: "Scene", town: "Town") -> None:
    """A zone on Fridays binds this Friday's flight, a zone on Saturdays does not."""
    for day, expected in ((Weekday.FRI, ["ZONE_ENTERED"]), (Weekday.SAT, [])):
        period = weekly(frozenset({day}), time(9, tzinfo=UTC), time(12, tzinfo=UTC))
        fair = town.zone("fair", town.circle(*town.CORNER_EN, 30.0), applicability=(period,))
        assert scene.with_zone(fair).codes() == expected


def test_a_zone_is_clear_at_its_end_plus_the_margin(scene: "Scene", town: "Town") -> None:
    """A published interval does not hold its end: a departure planned to that second is clear, one before is not."""
    end = scene.departure - timedelta(seconds=scene.policy.zone_time_margin_s)
    over = town.zone("over", town.box(-50.0, -50.0, 50.0, 50.0), applicability=(ApplicabilityPeriod(None, end),))
    ended = scene.but(zones=(over,))
    assert ended.codes() == []
    assert ended.but(departure=scene.departure - timedelta(seconds=1)).codes() == ["ZONE_ENTERED"]
