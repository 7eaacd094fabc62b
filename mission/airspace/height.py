"""Whether a zone's heights meet the heights of a flight: interval arithmetic that errs on the side of binding.

A flight's heights are above its home (datum HOME), whose elevation AMSL is known. A zone's limits keep their own
datum; each is brought to an interval of AMSL that certainly holds it, and what cannot be brought there binds.
"""

import math
from dataclasses import dataclass

from mission.model.airspace import ZoneVolume
from mission.model.geo import ElevationRange, Height, VerticalDatum


@dataclass(frozen=True, slots=True)
class HeightBand:
    """The heights above home that a flight uses, metres. `lower_m` ≤ `upper_m`."""

    lower_m: float
    upper_m: float

    def __post_init__(self) -> None:
        if not self.lower_m <= self.upper_m:
            raise ValueError(f"band {self.lower_m}..{self.upper_m} m is upside down or not a number")


@dataclass(frozen=True, slots=True)
class GroundBelow:
    """What is known of the heights that a volume's limits are measured from, wherever a flight may meet it.

    Attributes:
        relief: lowest and highest ground, AMSL; None = unknown, and then limits AGL bind.
        undulation_m: lowest and highest geoid above the WGS84 ellipsoid; None = unknown, and then limits above
            the ellipsoid bind.
    """

    relief: ElevationRange | None
    undulation_m: tuple[float, float] | None = None


UNKNOWN_GROUND = GroundBelow(None)
"""Nothing is known."""


def binds_band(
    volume: ZoneVolume, band_home: HeightBand, home_amsl_m: float, below: GroundBelow, margin_m: float
) -> bool:
    """Whether a volume may meet a band of heights, widened by `margin_m` at both ends (fault F-A13).

    Args:
        volume: the zone's volume.
        band_home: heights above home.
        home_amsl_m: elevation of home, AMSL.
        below: the ground and the geoid where the flight may meet the volume.
        margin_m: height kept from the limits.

    Returns:
        False only where the band certainly lies wholly below the floor or wholly above the ceiling.
    """
    lowest_floor_m = amsl_interval(volume.floor, below)[0]
    highest_ceiling_m = amsl_interval(volume.ceiling, below)[1]
    band_top_m = home_amsl_m + band_home.upper_m + margin_m
    band_bottom_m = home_amsl_m + band_home.lower_m - margin_m
    # Written so that NaN, an unknown, binds.
    certainly_below = band_top_m < lowest_floor_m
    certainly_above = band_bottom_m > highest_ceiling_m
    return not (certainly_below or certainly_above)


def amsl_interval(limit: Height, below: GroundBelow) -> tuple[float, float]:
    """Return the lowest and highest elevation AMSL that a limit may lie at; unknown is everything."""
    unknown = (-math.inf, math.inf)
    if math.isinf(limit.value_m):
        return limit.value_m, limit.value_m
    if limit.datum is VerticalDatum.AMSL:
        return limit.value_m, limit.value_m
    if limit.datum is VerticalDatum.AGL and below.relief is not None:
        return limit.value_m + below.relief.minimum_amsl_m, limit.value_m + below.relief.maximum_amsl_m
    if limit.datum is VerticalDatum.WGS84 and below.undulation_m is not None:
        low_m, high_m = limit.value_m - below.undulation_m[1], limit.value_m - below.undulation_m[0]
        return (low_m, high_m) if math.isfinite(low_m) and math.isfinite(high_m) else unknown
    return unknown  # also HOME: whose home a published limit would mean cannot be told
