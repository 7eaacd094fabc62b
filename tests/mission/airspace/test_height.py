"""Whether heights meet: no datum is ever taken for another, and unknown binds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.airspace.height import UNKNOWN_GROUND, GroundBelow, HeightBand, binds_band
from mission.model.airspace import CircleFootprint, ZoneVolume
from mission.model.geo import ElevationRange, GeoPoint, Height, VerticalDatum

HOME_AMSL_M = 400.0
BAND = HeightBand(0.0, 60.0)
FLAT = GroundBelow(ElevationRange(400.0, 400.0))
HILLS = GroundBelow(ElevationRange(350.0, 500.0))


def volume(floor: Height, ceiling: Height) -> ZoneVolume:
    """Return a volume between two heights."""
    return ZoneVolume(CircleFootprint(GeoPoint(48.0, 15.0), 100.0), floor, ceiling)


def amsl(value_m: float) -> Height:
    """Return a height above mean sea level."""
    return Height(value_m, VerticalDatum.AMSL)


def agl(value_m: float) -> Height:
    """Return a height above ground."""
    return Height(value_m, VerticalDatum.AGL)


def wgs84(value_m: float) -> Height:
    """Return a height above the ellipsoid."""
    return Height(value_m, VerticalDatum.WGS84)


def over_geoid(undulation_m: float) -> GroundBelow:
    """Return flat ground over a geoid at one height above the ellipsoid."""
    return GroundBelow(FLAT.relief, (undulation_m, undulation_m))


@pytest.mark.parametrize(
    ("floor", "ceiling", "expected"),
    [
        (amsl(0.0), amsl(389.0), False),
        (amsl(0.0), amsl(391.0), True),
        (amsl(471.0), amsl(900.0), False),
        (amsl(469.0), amsl(900.0), True),
        (agl(0.0), agl(120.0), True),
        (agl(71.0), agl(120.0), False),
        (agl(-math.inf), agl(math.inf), True),
    ],
)
def test_known_heights_bind_within_the_margin(floor: Height, ceiling: Height, expected: bool) -> None:
    """A band 400-460 m AMSL with 10 m of margin meets exactly what reaches into 390-470 m."""
    assert binds_band(volume(floor, ceiling), BAND, HOME_AMSL_M, FLAT, 10.0) is expected


def test_relief_lowers_floors_and_lifts_ceilings() -> None:
    """Over hills a limit above ground is anywhere between the lowest and the highest ground."""
    assert not binds_band(volume(agl(71.0), agl(999.0)), BAND, HOME_AMSL_M, FLAT, 10.0)
    assert binds_band(volume(agl(71.0), agl(999.0)), BAND, HOME_AMSL_M, HILLS, 10.0)


def test_unknown_relief_binds_limits_above_ground_only() -> None:
    """Without relief AGL limits bind at all heights, AMSL limits as published (F-A13)."""
    assert binds_band(volume(agl(5000.0), agl(9000.0)), BAND, HOME_AMSL_M, UNKNOWN_GROUND, 10.0)
    assert not binds_band(volume(amsl(5000.0), amsl(9000.0)), BAND, HOME_AMSL_M, UNKNOWN_GROUND, 10.0)


def test_ellipsoidal_limits_need_the_geoid() -> None:
    """A WGS84 limit binds without an undulation, and is moved by it with one."""
    high = volume(wgs84(510.0), wgs84(900.0))
    assert binds_band(high, BAND, HOME_AMSL_M, FLAT, 10.0)
    assert binds_band(high, BAND, HOME_AMSL_M, over_geoid(45.0), 10.0)
    assert not binds_band(high, BAND, HOME_AMSL_M, over_geoid(35.0), 10.0)
    assert binds_band(high, BAND, HOME_AMSL_M, over_geoid(math.nan), 10.0)


def test_a_geoid_that_slopes_binds_with_its_unsafe_end() -> None:
    """A floor 510 m above the ellipsoid lies anywhere from 465 to 475 m AMSL; the band reaches 470 m."""
    high = volume(wgs84(510.0), wgs84(900.0))
    assert binds_band(high, BAND, HOME_AMSL_M, GroundBelow(FLAT.relief, (35.0, 45.0)), 10.0)
    assert not binds_band(high, BAND, HOME_AMSL_M, GroundBelow(FLAT.relief, (34.0, 36.0)), 10.0)


def test_a_limit_above_some_home_binds() -> None:
    """A published limit above "home" cannot be told: whose home?"""
    home = Height(5000.0, VerticalDatum.HOME)
    assert binds_band(volume(home, home), BAND, HOME_AMSL_M, FLAT, 0.0)


def test_an_unknown_home_elevation_binds() -> None:
    """NaN is unknown, and unknown binds."""
    assert binds_band(volume(amsl(5000.0), amsl(9000.0)), BAND, math.nan, FLAT, 10.0)


def test_a_band_is_not_upside_down() -> None:
    """A band's lower height does not exceed its upper."""
    with pytest.raises(ValueError, match="upside down"):
        HeightBand(10.0, 5.0)


limits = st.floats(-500.0, 5000.0)
datums = st.sampled_from([VerticalDatum.AMSL, VerticalDatum.AGL, VerticalDatum.WGS84])


@given(
    floor=st.builds(Height, limits, datums),
    ceiling=st.builds(Height, limits, datums),
    ground=st.floats(0.0, 1.0),
    flown=st.floats(0.0, 60.0),
    undulation=st.floats(-100.0, 100.0),
)
def test_no_height_inside_a_volume_is_ever_missed(
    floor: Height, ceiling: Height, ground: float, flown: float, undulation: float
) -> None:
    """Wherever in the relief the ground is, a flown height within the true limits binds."""
    ground_amsl_m = 350.0 + ground * 150.0
    zero_amsl_m = {
        VerticalDatum.AMSL: 0.0,
        VerticalDatum.AGL: ground_amsl_m,
        VerticalDatum.WGS84: -undulation,
    }
    true_floor_m = floor.value_m + zero_amsl_m[floor.datum]
    true_ceiling_m = ceiling.value_m + zero_amsl_m[ceiling.datum]
    flown_amsl_m = HOME_AMSL_M + flown
    if true_floor_m <= flown_amsl_m <= true_ceiling_m:
        assert binds_band(
            volume(floor, ceiling), BAND, HOME_AMSL_M, GroundBelow(HILLS.relief, (undulation, undulation)), 1e-6
        )
        assert binds_band(volume(floor, ceiling), BAND, HOME_AMSL_M, UNKNOWN_GROUND, 1e-6)
