"""Terrain tiles and geoid grids of any bytes: a reading or an InputError, and what is void is never ground."""

import io
import math
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mission.errors import InputError
from mission.geodesy.geoid import GeoidGrid
from mission.geodesy.srtm import VOID, SrtmTerrain, SrtmTile

QUICK = settings(deadline=None, max_examples=40)
POSTS = 1201


def grid_bytes(centimetres: NDArray[Any]) -> bytes:
    """Return the bytes of an .npz archive of one array."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, geoid_cm=centimetres)
    return buffer.getvalue()


@QUICK
@given(name=st.text(max_size=12) | st.sampled_from(["N47E008.hgt", "S90W180.hgt", "N90E000.hgt"]), data=st.binary())
def test_no_name_and_no_bytes_do_anything_but_read_or_raise_input_error(name: str, data: bytes) -> None:
    """A tile of a few bytes is no tile, whatever it is called."""
    with pytest.raises(InputError):
        SrtmTile.from_hgt_bytes(name, data)


@QUICK
@given(off=st.integers(-3, 3).filter(bool))
def test_a_tile_cut_off_or_doubled_is_refused(off: int) -> None:
    """One byte less or more is a transfer that went wrong."""
    with pytest.raises(InputError, match="length"):
        SrtmTile.from_hgt_bytes("N47E008.hgt", bytes(2 * POSTS * POSTS + off))


@settings(QUICK, max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), voids=st.floats(0.0, 1.0))
def test_where_any_post_near_is_void_the_ground_is_unknown(seed: int, voids: float) -> None:
    """Any heights, with holes in any number: a range holds every post near, or is not known at all."""
    rng = np.random.default_rng(seed)
    posts = rng.integers(-500, 9000, (POSTS, POSTS)).astype(">i2")
    posts[rng.random((POSTS, POSTS)) < voids / 100.0] = VOID
    terrain = SrtmTerrain([SrtmTile.from_hgt_bytes("N47E008.hgt", posts.tobytes())], 0.0)
    at = rng.uniform(0.1, 0.9, 2)
    low, high = terrain.elevation_range_amsl_m(np.array([47.0 + at[0]]), np.array([8.0 + at[1]]), 200.0)
    row, column = round((1.0 - at[0]) * (POSTS - 1)), round(at[1] * (POSTS - 1))
    nearest = int(posts[row, column])
    if nearest == VOID:
        assert math.isnan(low[0])
        assert math.isnan(high[0])
    elif not math.isnan(low[0]):
        assert low[0] <= nearest <= high[0]


@QUICK
@given(data=st.binary(max_size=200), start=st.sampled_from([b"", b"PK\x03\x04", b"\x93NUMPY"]))
def test_no_bytes_make_a_geoid_but_a_geoid(data: bytes, start: bytes) -> None:
    """Random bytes, also with an archive's or an array's first bytes, are refused."""
    with pytest.raises(InputError):
        GeoidGrid.from_npz_bytes(start + data)


@QUICK
@given(
    shape=st.sampled_from([(), (1,), (721,), (721, 1440), (720, 1440), (2, 4), (3, 3, 3)]),
    kind=st.sampled_from(["i2", "f8", "c16", "?", "U3", "O"]),
    value=st.sampled_from([0, -32768, 20_000]),
)
def test_an_array_of_another_shape_kind_or_range_is_no_geoid(shape: tuple[int, ...], kind: str, value: int) -> None:
    """Also one of objects, which would have to be unpickled, and never is."""
    data = grid_bytes(np.full(shape, value).astype(kind))
    with pytest.raises(InputError):
        GeoidGrid.from_npz_bytes(data)


def test_an_archive_that_unpacks_to_more_than_the_cap_is_refused() -> None:
    """Zeros that are a thousandth of their size when packed are not unpacked (F-X8)."""
    with pytest.raises(InputError, match="unpacks to"):
        GeoidGrid.from_npz_bytes(grid_bytes(np.zeros(70_000_000, np.int8)))


def test_an_archive_that_claims_terabytes_is_refused() -> None:
    """The header claims an array of 8 TB: nothing of that size is made (F-X8)."""
    header = np.lib.format.magic(1, 0)
    words = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"
    words += b" " * (63 - (len(header) + 2 + len(words)) % 64) + b"\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("geoid_cm.npy", header + len(words).to_bytes(2, "little") + words + bytes(1000))
    with pytest.raises(InputError):
        GeoidGrid.from_npz_bytes(buffer.getvalue())
