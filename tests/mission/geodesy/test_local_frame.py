"""The local plane that routes are made in, against geodesics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from mission.geodesy.local_frame import LocalFrame
from mission.model.geo import GeoPoint

GEOD = Geod(ellps="WGS84")
FRAME = LocalFrame(GeoPoint(48.41, 15.6))
metres = st.floats(-10_000.0, 10_000.0)


@settings(deadline=None)
@given(metres, metres)
def test_there_and_back_is_the_same_place(east_m: float, north_m: float) -> None:
    """Plane → Earth → plane, to the millimetre (PROJ takes less than that at the origin for the origin)."""
    again = FRAME.to_local(FRAME.to_geo(np.array([[east_m, north_m]])))
    assert again[0] == pytest.approx([east_m, north_m], abs=1e-3)


@settings(deadline=None)
@given(metres, metres, metres, metres)
def test_distances_within_ten_kilometres_are_true(east: float, north: float, east2: float, north2: float) -> None:
    """The stated bound: better than 1 ppm of the distances involved."""
    a, b = FRAME.to_geo(np.array([[east, north], [east2, north2]]))
    true_m = GEOD.inv(a.longitude_deg, a.latitude_deg, b.longitude_deg, b.latitude_deg)[2]
    assert np.hypot(east2 - east, north2 - north) == pytest.approx(true_m, rel=1e-6, abs=1e-6)


def test_east_is_east_and_north_is_north() -> None:
    """First column east, second north."""
    east, north = FRAME.to_local([GeoPoint(48.41, 15.61), GeoPoint(48.42, 15.6)])
    assert east[0] == pytest.approx(740.7, abs=1.0)
    assert abs(east[1]) < 0.1
    assert north[1] == pytest.approx(1112.0, abs=1.0)
    assert abs(north[0]) < 1e-6
