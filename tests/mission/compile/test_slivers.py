"""Details of a few millimetres: a fence of whole 1e-7 degrees cannot hold them, and must not cross itself for them."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.compile.corridor import nowhere
from mission.compile.exclusions import SLIVER_M, fit_exclusions
from mission.geodesy.local_frame import LocalFrame
from mission.model.geo import GeoPoint
from mission.model.mission import degrees_e7

FRAME = LocalFrame(GeoPoint(47.4, 8.5))


@settings(max_examples=60)
@given(
    radius_m=st.floats(5.0, 300.0),
    corners=st.integers(5, 60),
    at=st.integers(0, 59),
    off_m=st.tuples(st.floats(-0.008, 0.008), st.floats(-0.008, 0.008)),
)
def test_two_corners_a_few_millimetres_apart_do_not_make_a_fence_cross_itself(
    radius_m: float, corners: int, at: int, off_m: tuple[float, float]
) -> None:
    """Rounded as a vehicle holds it the ring is simple, and all of the zone but a rim of `SLIVER_M` is in it."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    ring = radius_m * np.column_stack([np.cos(angle), np.sin(angle)])
    doubled = np.insert(ring, at % corners, ring[at % corners] + off_m, axis=0)
    piece = shapely.Polygon(doubled)
    if not piece.is_valid:
        return
    found = fit_exclusions({"Z": piece}, nowhere(), 64)
    assert found is not None
    for exclusion in found:
        rounded = [
            (degrees_e7(place.longitude_deg), degrees_e7(place.latitude_deg)) for place in FRAME.to_geo(exclusion.ring)
        ]
        assert shapely.Polygon(rounded).is_valid
    held = shapely.union_all([shapely.Polygon(exclusion.ring) for exclusion in found])
    assert shapely.covers(held.buffer(2.0 * SLIVER_M), piece)
