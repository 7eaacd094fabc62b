"""When the sun stands at a height: for zones whose hours are sun events.

Position of the sun by the low-precision formulas of the Astronomical Almanac (page C5; J. J. Michalsky, Solar
Energy 40 (1988) 227): 0.01° from 1950 to 2050, some seconds of time outside the polar regions.
"""

import math
from datetime import UTC, date, datetime, timedelta

from mission.model.airspace import SunEvent

EVENT_HEIGHT_DEG = {
    SunEvent.BMCT: -6.0,
    SunEvent.SR: -0.833,
    SunEvent.SS: -0.833,
    SunEvent.EECT: -6.0,
}
"""Height of the sun's centre: refraction 34' and its radius 16' at sunrise and sunset, 6° for civil twilight."""
_MORNING = frozenset({SunEvent.BMCT, SunEvent.SR})
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_event(event: SunEvent, day: date, latitude_deg: float, longitude_deg: float) -> datetime | None:
    """Return when the sun passes the event's height on the place's solar day, or None if it does not.

    Args:
        event: which height, in the morning or the evening.
        day: the calendar day of local noon.
        latitude_deg: of the place.
        longitude_deg: of the place, east positive; may run past ±180.

    Returns:
        aware UTC time, or None: the sun stays above or below all day.
    """
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(hours=longitude_deg / 15.0)
    moment = noon
    for _ in range(4):
        declination, greenwich_angle = _sun(moment)
        lat = math.radians(latitude_deg)
        height = math.radians(EVENT_HEIGHT_DEG[event])
        cosine = (math.sin(height) - math.sin(lat) * math.sin(declination)) / (math.cos(lat) * math.cos(declination))
        if not -1.0 <= cosine <= 1.0:
            return None
        wanted = math.degrees(math.acos(cosine)) * (-1.0 if event in _MORNING else 1.0)
        hour_angle = (math.degrees(greenwich_angle) + longitude_deg + 180.0) % 360.0 - 180.0
        moment += timedelta(days=(wanted - hour_angle) / 360.985647)
    return moment


def _sun(moment: datetime) -> tuple[float, float]:
    """Return the sun's declination and its hour angle at Greenwich, radians."""
    days = (moment - _J2000) / timedelta(days=1)
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = math.radians(357.528 + 0.9856003 * days)
    longitude = math.radians(mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly))
    obliquity = math.radians(23.439 - 0.0000004 * days)
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    sidereal = math.radians(280.46061837 + 360.98564736629 * days)
    return declination, math.remainder(sidereal - right_ascension, math.tau)
