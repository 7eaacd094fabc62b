"""When the sun rises and sets: the equations of NOAA's solar calculator.

Source: NOAA Global Monitoring Laboratory, solar calculation details, after J. Meeus, Astronomical Algorithms.
Good to one minute between ±72° latitude in level terrain; mountains and weather are not in it.
"""

import math
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from mission.model.airspace import SunEvent
from mission.model.geo import GeoPoint

_SUNRISE_ZENITH_DEG = 90.833
"""Upper limb on the horizon, with 34′ of refraction and 16′ of radius."""
_CIVIL_TWILIGHT_ZENITH_DEG = 96.0
_RISING = (SunEvent.BMCT, SunEvent.SR)
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


@lru_cache(maxsize=8_192)
def sun_time(event: SunEvent, day: date, place: GeoPoint) -> datetime | None:
    """Return when an event happens at a place, in UTC; None where the sun does not cross that height.

    Args:
        event: morning civil twilight, sunrise, sunset or end of evening civil twilight.
        day: the date at the place by its mean solar time, so that far from Greenwich the answer may lie in the
            UTC day before or after.
        place: where.
    """
    zenith = _SUNRISE_ZENITH_DEG if event in (SunEvent.SR, SunEvent.SS) else _CIVIL_TWILIGHT_ZENITH_DEG
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = midnight + timedelta(minutes=720.0 - 4.0 * place.longitude_deg)
    for _ in range(3):  # the sun moves on between noon and the event: settles to a second
        declination, equation_min = _sun_at(moment)
        latitude = math.radians(place.latitude_deg)
        cosine = math.cos(math.radians(zenith)) / _never_zero(math.cos(latitude) * math.cos(declination)) - math.tan(
            latitude
        ) * math.tan(declination)
        if not -1.0 <= cosine <= 1.0:
            return None
        half_day_deg = math.degrees(math.acos(cosine))
        before_noon_deg = half_day_deg if event in _RISING else -half_day_deg
        minutes = 720.0 - 4.0 * (place.longitude_deg + before_noon_deg) - equation_min
        moment = midnight + timedelta(minutes=minutes)
    return moment


def _never_zero(value: float) -> float:
    return value if abs(value) > 1e-12 else 1e-12


def _sun_at(moment: datetime) -> tuple[float, float]:
    """Return the sun's declination (radians) and the equation of time (minutes)."""
    century = (moment - _J2000).total_seconds() / 86_400.0 / 36_525.0
    mean_longitude = math.radians((280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360.0)
    anomaly = math.radians(357.52911 + century * (35_999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre_deg = (
        math.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + math.sin(2.0 * anomaly) * (0.019993 - 0.000101 * century)
        + math.sin(3.0 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1_934.136 * century)
    longitude = mean_longitude + math.radians(centre_deg - 0.00569 - 0.00478 * math.sin(node))
    arc_seconds = 21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))
    obliquity = math.radians(23.0 + (26.0 + arc_seconds / 60.0) / 60.0 + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    y = math.tan(obliquity / 2.0) ** 2
    equation = (
        y * math.sin(2.0 * mean_longitude)
        - 2.0 * eccentricity * math.sin(anomaly)
        + 4.0 * eccentricity * y * math.sin(anomaly) * math.cos(2.0 * mean_longitude)
        - 0.5 * y * y * math.sin(4.0 * mean_longitude)
        - 1.25 * eccentricity * eccentricity * math.sin(2.0 * anomaly)
    )
    return declination, 4.0 * math.degrees(equation)
