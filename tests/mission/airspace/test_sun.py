"""Sun events against published tables."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mission.airspace.sun import sun_time
from mission.model.airspace import SunEvent
from mission.model.geo import GeoPoint

LONDON = GeoPoint(51.4733, -0.0008)
NEW_YORK = GeoPoint(40.713, -74.006)
SYDNEY = GeoPoint(-33.869, 151.209)
TROMSO = GeoPoint(69.65, 18.96)
TWO_MINUTES = timedelta(minutes=2)


def utc(text: str) -> datetime:
    """Return a UTC datetime from ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("place", "day", "event", "published"),
    [
        (LONDON, date(2009, 4, 22), SunEvent.BMCT, "2009-04-22T04:13"),
        (LONDON, date(2009, 4, 22), SunEvent.SR, "2009-04-22T04:50"),
        (LONDON, date(2009, 4, 22), SunEvent.SS, "2009-04-22T19:09"),
        (LONDON, date(2009, 4, 22), SunEvent.EECT, "2009-04-22T19:46"),
        (LONDON, date(2024, 6, 20), SunEvent.SR, "2024-06-20T03:43"),
        (LONDON, date(2024, 6, 20), SunEvent.SS, "2024-06-20T20:21"),
        (LONDON, date(2024, 12, 21), SunEvent.SR, "2024-12-21T08:04"),
        (LONDON, date(2024, 12, 21), SunEvent.SS, "2024-12-21T15:53"),
        (NEW_YORK, date(2024, 6, 20), SunEvent.SR, "2024-06-20T09:25"),
        (NEW_YORK, date(2024, 6, 20), SunEvent.SS, "2024-06-21T00:31"),
        (SYDNEY, date(2024, 12, 21), SunEvent.SR, "2024-12-20T18:41"),
        (SYDNEY, date(2024, 12, 21), SunEvent.SS, "2024-12-21T09:05"),
    ],
)
def test_events_agree_with_published_tables(place: GeoPoint, day: date, event: SunEvent, published: str) -> None:
    """Sunrise, sunset and civil twilight lie within two minutes of the published, rounded times."""
    computed = sun_time(event, day, place)
    assert computed is not None
    assert abs(computed - utc(published)) <= TWO_MINUTES


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
