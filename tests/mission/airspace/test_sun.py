"""Sun events against published tables."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mission.airspace.sun import sun_time
from mission.model.airspace import SunEvent
from mission.model.geo import GeoPoint

LONDON = GeoPoint(51.5085, -0.1257)
GOLDEN = GeoPoint(39.742476, -105.1786)
TROMSO = GeoPoint(69.65, 18.96)
ONE_MINUTE = timedelta(minutes=1)
BMCT, SR, SS, EECT = SunEvent.BMCT, SunEvent.SR, SunEvent.SS, SunEvent.EECT

# The calculator of NREL (midcdmz.nrel.gov/spa; I. Reda, A. Andreas, "Solar Position Algorithm for Solar Radiation
# Applications", NREL/TP-560-34302) for Golden, Colorado, and for 35° S and N at the meridian of Greenwich, as the tests
# of the library pvlib quote it. To the second; its refraction is 34' as well. Golden's sunsets are left out: the
# algorithm gives the one of the UTC day, which is that of the evening before.
NREL = [
    (GOLDEN, date(2015, 1, 2), SR, "2015-01-02T14:21:55"),
    (GOLDEN, date(2015, 8, 2), SR, "2015-08-02T12:00:27"),
    (GeoPoint(-35.0, 0.0), date(1996, 7, 5), SR, "1996-07-05T07:08:15"),
    (GeoPoint(-35.0, 0.0), date(1996, 7, 5), SS, "1996-07-05T17:01:04"),
    (GeoPoint(-35.0, 0.0), date(2004, 12, 4), SR, "2004-12-04T04:38:57"),
    (GeoPoint(-35.0, 0.0), date(2004, 12, 4), SS, "2004-12-04T19:02:02"),
    (GeoPoint(35.0, 0.0), date(1994, 1, 2), SS, "1994-01-02T16:59:55"),
]

# The tables of timeanddate.com for London, as the tests of the library astral quote them. To the minute.
TABLES = [
    (LONDON, date(2015, 12, 1), BMCT, "2015-12-01T07:04"),
    (LONDON, date(2015, 12, 1), SR, "2015-12-01T07:43"),
    (LONDON, date(2015, 12, 1), SS, "2015-12-01T15:55"),
    (LONDON, date(2015, 12, 1), EECT, "2015-12-01T16:34"),
    (LONDON, date(2015, 12, 25), BMCT, "2015-12-25T07:25"),
    (LONDON, date(2015, 12, 25), EECT, "2015-12-25T16:36"),
    (LONDON, date(2019, 8, 29), BMCT, "2019-08-29T04:32"),
    (LONDON, date(2019, 8, 29), SR, "2019-08-29T05:08"),
    (LONDON, date(2019, 8, 29), SS, "2019-08-29T18:54"),
    (LONDON, date(2019, 8, 29), EECT, "2019-08-29T19:30"),
]


def utc(text: str) -> datetime:
    """Return a UTC datetime from ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("place", "day", "event", "published"), [*NREL, *TABLES])
def test_events_agree_with_published_times(place: GeoPoint, day: date, event: SunEvent, published: str) -> None:
    """Sunrise, sunset and civil twilight lie within a minute of what others publish."""
    computed = sun_time(event, day, place)
    assert computed is not None
    assert abs(computed - utc(published)) <= ONE_MINUTE


@pytest.mark.parametrize("day", [date(2024, 6, 20), date(2024, 12, 21)])
def test_there_is_no_sunrise_in_polar_day_or_night(day: date) -> None:
    """Where the sun does not cross the horizon the answer is None, not a guess."""
    assert sun_time(SunEvent.SR, day, TROMSO) is None
    assert sun_time(SunEvent.SS, day, GeoPoint(90.0, 0.0)) is None


def test_the_order_of_a_day_holds() -> None:
    """Morning twilight, sunrise, sunset and evening twilight follow in this order."""
    order = (SunEvent.BMCT, SunEvent.SR, SunEvent.SS, SunEvent.EECT)
    times = [sun_time(event, date(2026, 3, 1), LONDON) for event in order]
    known = [moment for moment in times if moment is not None]
    assert len(known) == 4
    assert known == sorted(known)
