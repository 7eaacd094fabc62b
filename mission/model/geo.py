"""Places and heights. Latitude before longitude, degrees WGS84, and a height always has a datum."""

import math
from dataclasses import dataclass
from enum import StrEnum


class VerticalDatum(StrEnum):
    """What a height is measured from.

    AMSL is orthometric height above mean sea level (EGM96 geoid); AGL above the ground below; HOME above
    the vehicle's home position (MAVLink frames 3 and 6); WGS84 above the ellipsoid (F3548 volumes, raw GNSS).
    """

    AMSL = "AMSL"
    AGL = "AGL"
    HOME = "HOME"
    WGS84 = "WGS84"


@dataclass(frozen=True, slots=True)
class Height:
    """A height in metres above its datum. May be ±inf for an unlimited volume, never NaN."""

    value_m: float
    datum: VerticalDatum

    def __post_init__(self) -> None:
        if math.isnan(self.value_m):
            raise ValueError("a height cannot be NaN")


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A horizontal position, WGS84 degrees.

    Raises:
        ValueError: latitude outside ±90, longitude outside ±180, or not finite.
    """

    latitude_deg: float
    longitude_deg: float

    def __post_init__(self) -> None:
        if not (-90.0 <= self.latitude_deg <= 90.0):
            raise ValueError(f"latitude_deg {self.latitude_deg} is outside -90..90")
        if not (-180.0 <= self.longitude_deg <= 180.0):
            raise ValueError(f"longitude_deg {self.longitude_deg} is outside -180..180")


@dataclass(frozen=True, slots=True)
class ElevationRange:
    """Lowest and highest ground, metres AMSL, over some area. A constant plane has both equal."""

    minimum_amsl_m: float
    maximum_amsl_m: float

    def __post_init__(self) -> None:
        if not self.minimum_amsl_m <= self.maximum_amsl_m:
            raise ValueError("minimum_amsl_m must not exceed maximum_amsl_m")
