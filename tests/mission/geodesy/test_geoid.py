"""The geoid: ellipsoid heights become AMSL by a grid, or not at all."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import InputError
from mission.geodesy.geoid import GeoidGrid, GeoidMissing, amsl_to_wgs84_m, wgs84_to_amsl_m
from mission.model.geo import GeoPoint

ROWS, COLUMNS = 19, 36


def tilted() -> np.ndarray:
    """Return a 10° grid that rises to the north and, by a cosine, to the middle of the map."""
    latitude = np.linspace(-90.0, 90.0, ROWS)[:, None]
    longitude = np.linspace(-180.0, 180.0, COLUMNS, endpoint=False)[None, :]
    grid: np.ndarray = latitude / 2.0 + 10.0 * np.cos(np.radians(longitude))
    return grid


def archive(**changes: np.ndarray | float) -> bytes:
    """Return the bytes of a grid file, with some entries replaced."""
    entries: dict[str, np.ndarray | float] = {
        "geoid_cm": np.round(tilted() * 100).astype(np.int16),
        "lat0": -90.0,
        "lon0": -180.0,
        "dlat": 10.0,
        "dlon": 10.0,
        **changes,
    }
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **{key: np.asarray(value) for key, value in entries.items()})
    return out.getvalue()


def test_posts_are_met_exactly() -> None:
    """At a post the undulation is the post's."""
    geoid = GeoidGrid(tilted())
    assert geoid.undulation_m(GeoPoint(40.0, 0.0)) == pytest.approx(30.0)
    assert geoid.undulation_m(GeoPoint(-90.0, -180.0)) == pytest.approx(-55.0)
    assert geoid.undulation_m(GeoPoint(90.0, 180.0)) == pytest.approx(35.0)


def test_between_posts_it_is_bilinear() -> None:
    """Half way is the mean of both."""
    geoid = GeoidGrid(tilted())
    west, east = geoid.undulation_m(GeoPoint(40.0, 50.0)), geoid.undulation_m(GeoPoint(40.0, 60.0))
    assert geoid.undulation_m(GeoPoint(45.0, 55.0)) == pytest.approx((west + east) / 2 + 2.5)


@given(st.floats(-90.0, 90.0))
def test_the_grid_closes_at_the_antimeridian(latitude: float) -> None:
    """180° west is 180° east."""
    geoid = GeoidGrid(tilted())
    west = geoid.undulation_m(GeoPoint(latitude, -180.0))
    assert geoid.undulation_m(GeoPoint(latitude, 180.0)) == pytest.approx(west)


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))
def test_undulations_lie_between_the_posts_around(latitude: float, longitude: float) -> None:
    """Nothing is extrapolated."""
    assert -55.0 - 1e-9 <= GeoidGrid(tilted()).undulation_m(GeoPoint(latitude, longitude)) <= 55.0 + 1e-9


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(-400.0, 9000.0))
def test_there_and_back_is_the_same_height(latitude: float, longitude: float, height_m: float) -> None:
    """AMSL → ellipsoid → AMSL."""
    geoid, place = GeoidGrid(tilted()), GeoPoint(latitude, longitude)
    above = amsl_to_wgs84_m(height_m, place, geoid)
    assert isinstance(above, float)
    assert wgs84_to_amsl_m(above, place, geoid) == pytest.approx(height_m)


@given(st.floats(-89.0, 85.0), st.floats(-175.0, 170.0), st.floats(0.0, 4.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_range_over_a_box_holds_every_undulation_in_it(
    south: float, west: float, size: float, up: float, right: float
) -> None:
    """Whatever place of the box is looked at."""
    geoid = GeoidGrid(tilted())
    low, high = geoid.undulation_range_m(south, west, south + size, west + size)
    assert low - 1e-9 <= geoid.undulation_m(GeoPoint(south + up * size, west + right * size)) <= high + 1e-9


def test_a_box_may_cross_the_antimeridian() -> None:
    """East of 175° and west of −175° are neighbours: nothing between them the long way round is counted."""
    low, high = GeoidGrid(tilted()).undulation_range_m(0.0, 175.0, 5.0, -175.0)
    assert (low, high) == pytest.approx((-10.0, -4.848), abs=1e-3)


def test_without_a_grid_a_height_is_refused() -> None:
    """A silent shift of 0 m would be tens of metres wrong."""
    for convert in (wgs84_to_amsl_m, amsl_to_wgs84_m):
        refused = convert(300.0, GeoPoint(48.4, 15.6), None)
        assert isinstance(refused, GeoidMissing)
        assert "geoid" in refused.reason
        assert refused.remedy


def test_a_grid_file_is_read_to_the_centimetre() -> None:
    """Centimetres in, metres out."""
    assert GeoidGrid.from_npz_bytes(archive()).undulation_m(GeoPoint(40.0, 0.0)) == pytest.approx(30.0, abs=0.005)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 broken",
        b"no archive at all",
        archive(geoid_cm=np.zeros((19, 35), dtype=np.int16)),
        archive(geoid_cm=np.zeros((1, 0), dtype=np.int16)),
        archive(geoid_cm=np.zeros(19, dtype=np.int16)),
        archive(geoid_cm=np.full((19, 36), 32_000, dtype=np.int16)),
        archive(lat0=90.0),
        archive(lon0=0.0),
        archive(dlat=-10.0),
        archive(dlon=5.0),
    ],
)
def test_a_broken_grid_file_says_so(data: bytes) -> None:
    """Not an archive, another shape, another corner, heights of no geoid."""
    with pytest.raises(InputError) as caught:
        GeoidGrid.from_npz_bytes(data, "grid.npz")
    assert caught.value.problems[0].file == "grid.npz"


def test_a_grid_that_lacks_its_heights_says_so() -> None:
    """An archive of something else."""
    out = io.BytesIO()
    np.savez(out, other=np.zeros(3))
    with pytest.raises(InputError):
        GeoidGrid.from_npz_bytes(out.getvalue())


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("latitude", "longitude", "published_m"),
    [
        # NGA (formerly NIMA), EGM96: INPUT.DAT, test points of the harmonic synthesis program F477.F, and OUTPUT.DAT,
        # its results, as listed in the model's own readme.txt (earth-info.nga.mil/GandG/wgs84/gravitymod/egm96).
        (38.6281550, 269.7791550, -31.628),
        (-14.6212170, 305.0211140, -2.969),
        (46.8743190, 102.4487290, -43.575),
        (-23.6174460, 133.8747120, 15.871),
        (38.6254730, 359.9995000, 50.066),
        (-0.4667440, 0.0023000, 17.329),
    ],
)
def test_published_undulations_are_met(latitude: float, longitude: float, published_m: float) -> None:
    """Within a decimetre: a bilinear 15' grid against the full harmonic series."""
    folder = Path(os.environ.get("STORK_DATA_DIR", Path(__file__).parents[4] / "shared" / "data"))
    file = folder / "terrain" / "egm96_15min_cm_int16.npz"
    if not file.is_file():
        pytest.skip(f"no real geoid at {file}: set STORK_DATA_DIR")
    place = GeoPoint(latitude, (longitude + 180.0) % 360.0 - 180.0)
    assert GeoidGrid.from_npz_bytes(file.read_bytes()).undulation_m(place) == pytest.approx(published_m, abs=0.1)
