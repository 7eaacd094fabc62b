"""Ground as conservative ranges: unknown ground is NaN, and NaN proves nothing."""

import io
import os
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.errors import InputError
from mission.geodesy.srtm import SRTM_VERTICAL_ERROR_M, VOID, SrtmTerrain, SrtmTile
from mission.geodesy.terrain import FlatTerrain, ReliefTerrain, Terrain, UnknownTerrain, terrain_of
from mission.model.geo import ElevationRange

POSTS = 1201


def tile_of(heights: np.ndarray, name: str = "N48E015.hgt") -> SrtmTile:
    """Return a tile of (1201, 1201) heights, row 0 in the south."""
    return SrtmTile.from_hgt_bytes(name, heights[::-1].astype(">i2").tobytes())


def slope() -> np.ndarray:
    """Return ground that rises by 1 m a post to the north, 2 m a post to the east."""
    row, column = np.mgrid[0:POSTS, 0:POSTS]
    heights: np.ndarray = row + 2 * column
    return heights


def at(terrain: Terrain, latitude_deg: float, longitude_deg: float, radius_m: float) -> tuple[float, float]:
    """Ask for one place."""
    low, high = terrain.elevation_range_amsl_m(np.array([latitude_deg]), np.array([longitude_deg]), radius_m)
    return float(low[0]), float(high[0])


def test_a_plain_is_one_height() -> None:
    """Both ends are the same."""
    assert at(FlatTerrain(203.5), 48.0, 15.0, 100.0) == (203.5, 203.5)


def test_a_relief_holds_everywhere() -> None:
    """The range of the area is the range of each place."""
    assert at(ReliefTerrain(ElevationRange(190.0, 240.0)), 48.0, 15.0, 0.0) == (190.0, 240.0)


def test_unknown_ground_is_nan() -> None:
    """So that no comparison holds."""
    low, high = at(UnknownTerrain(), 48.0, 15.0, 0.0)
    assert np.isnan(low)
    assert np.isnan(high)


def test_a_site_without_relief_is_unknown_ground() -> None:
    """None is not flat."""
    assert isinstance(terrain_of(None), UnknownTerrain)
    assert isinstance(terrain_of(ElevationRange(1.0, 2.0)), ReliefTerrain)


def test_a_tile_is_interpolated_between_its_posts() -> None:
    """A plane is reproduced exactly."""
    terrain = SrtmTerrain([tile_of(slope())])
    for latitude, longitude in ((48.0, 15.0), (48.25, 15.75), (48.99999, 15.00001), (48.123456, 15.654321)):
        expected = (latitude - 48.0) * 1200 + 2 * (longitude - 15.0) * 1200
        assert terrain.elevation_amsl_m(latitude, longitude) == pytest.approx(expected, abs=1e-3)


def test_a_range_holds_every_height_within_the_radius() -> None:
    """On a slope, the lowest and highest ground of the circle, and the posts' own error."""
    terrain = SrtmTerrain([tile_of(slope())], vertical_error_m=0.0)
    low, high = at(terrain, 48.5, 15.5, 1000.0)
    posts_a_metre = 1200.0 / 111_200.0
    rise_m = 1000.0 * posts_a_metre + 2 * 1000.0 * posts_a_metre / np.cos(np.radians(48.5))
    assert low <= 1800.0 - rise_m * 0.7
    assert high >= 1800.0 + rise_m * 0.7
    assert high - low <= 2 * rise_m + 8
    wide = at(SrtmTerrain([tile_of(slope())]), 48.5, 15.5, 1000.0)
    assert wide == (low - SRTM_VERTICAL_ERROR_M, high + SRTM_VERTICAL_ERROR_M)


@cache
def wild() -> SrtmTerrain:
    """Return ground where every post is at a random height."""
    heights = np.random.default_rng(3).integers(0, 2000, (POSTS, POSTS))
    return SrtmTerrain([tile_of(heights)], vertical_error_m=0.0)


@settings(deadline=None, max_examples=60)
@given(
    latitude=st.floats(48.02, 48.98),
    longitude=st.floats(15.05, 15.95),
    radius=st.floats(0.0, 1500.0),
    azimuth=st.floats(0.0, 6.28),
    share=st.floats(0.0, 1.0),
)
def test_no_ground_within_the_radius_is_outside_the_range(
    latitude: float, longitude: float, radius: float, azimuth: float, share: float
) -> None:
    """Whatever point of the circle is looked at."""
    terrain = wild()
    low, high = at(terrain, latitude, longitude, radius)
    north = radius * share * np.cos(azimuth) / 111_700.0
    east = radius * share * np.sin(azimuth) / 111_400.0 / np.cos(np.radians(latitude))
    assert low - 1e-6 <= terrain.elevation_amsl_m(latitude + north, longitude + east) <= high + 1e-6


def test_a_void_makes_the_ground_around_it_unknown() -> None:
    """A void is not sea level."""
    heights = slope()
    heights[600, 600] = VOID
    terrain = SrtmTerrain([tile_of(heights)])
    assert np.isnan(terrain.elevation_amsl_m(48.5001, 15.5001))
    assert np.isnan(at(terrain, 48.5, 15.5, 500.0)[0])
    assert np.isnan(at(terrain, 48.503, 15.5, 500.0)[1])
    assert not np.isnan(at(terrain, 48.6, 15.5, 500.0)[0])


def test_ground_outside_the_tiles_is_unknown() -> None:
    """Also where only a part of the circle is outside."""
    terrain = SrtmTerrain([tile_of(slope())])
    assert np.isnan(at(terrain, 49.5, 15.5, 10.0)[0])
    assert np.isnan(terrain.elevation_amsl_m(49.5, 15.5))
    assert np.isnan(at(terrain, 48.9995, 15.5, 500.0)[0])


def test_a_circle_may_lie_on_two_tiles() -> None:
    """The range holds both."""
    north = tile_of(np.full((POSTS, POSTS), 500), "N49E015.hgt")
    terrain = SrtmTerrain([tile_of(np.full((POSTS, POSTS), 100)), north], vertical_error_m=0.0)
    assert at(terrain, 48.9995, 15.5, 500.0) == (100.0, 500.0)
    assert at(terrain, 48.9, 15.5, 500.0) == (100.0, 100.0)


def test_tiles_meet_across_the_antimeridian() -> None:
    """East of 179° comes 180° west."""
    east = tile_of(np.full((POSTS, POSTS), 7), "S17E179.hgt")
    west = tile_of(np.full((POSTS, POSTS), 9), "S17W180.hgt")
    terrain = SrtmTerrain([east, west], vertical_error_m=0.0)
    assert at(terrain, -16.5, 179.9999, 200.0) == (7.0, 9.0)
    assert terrain.elevation_amsl_m(-16.5, -179.5) == 9.0


@pytest.mark.parametrize(
    ("name", "length"), [("krems.hgt", POSTS * POSTS * 2), ("N48E015.hgt", 1000), ("N90E015.hgt", POSTS * POSTS * 2)]
)
def test_a_file_that_is_no_tile_says_so(name: str, length: int) -> None:
    """By name or by length."""
    with pytest.raises(InputError) as caught:
        SrtmTile.from_hgt_bytes(name, bytes(length))
    assert caught.value.problems[0].file == name
    assert caught.value.problems[0].mend


@pytest.mark.real_data
def test_a_real_tile_shows_the_fichtelgebirge() -> None:
    """Schneeberg, 1051 m, is the highest mountain of N50E011; the sea is far."""
    folder = Path(os.environ.get("STORK_DATA_DIR", Path(__file__).parents[4] / "shared" / "data"))
    packed = folder / "terrain" / "N50E011.hgt.zip"
    if not packed.is_file():
        pytest.skip(f"no real terrain at {packed}: set STORK_DATA_DIR")
    with zipfile.ZipFile(io.BytesIO(packed.read_bytes())) as archive:
        name = archive.namelist()[0]
        tile = SrtmTile.from_hgt_bytes(Path(name).name, archive.read(name))
    terrain = SrtmTerrain([tile], vertical_error_m=0.0)
    assert terrain.elevation_amsl_m(50.0525, 11.8542) == pytest.approx(1040.0, abs=25.0)
    low, high = at(terrain, 50.0525, 11.8542, 1000.0)
    assert 700.0 < low < 1000.0 < high < 1060.0
