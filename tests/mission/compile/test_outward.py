"""Simplification that never lets go of what was inside."""

import math

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.compile.corridor import Corridor, nowhere
from mission.compile.outward import OutwardRing

FREE = nowhere()


@st.composite
def stars(draw: st.DrawFn) -> shapely.Polygon:
    """Simple polygons around the origin: one vertex in each of many directions."""
    radii = draw(st.lists(st.floats(20.0, 100.0), min_size=4, max_size=40))
    step = 2.0 * math.pi / len(radii)
    return shapely.Polygon(
        [(radius * math.cos(i * step), radius * math.sin(i * step)) for i, radius in enumerate(radii)]
    )


def shrunk(polygon: shapely.Polygon, corridor: Corridor, vertices: int) -> OutwardRing:
    """The ring after as many moves as it takes or allows."""
    ring = OutwardRing.of(polygon, corridor)
    while len(ring) > vertices and ring.shrink():
        pass
    return ring


@given(polygon=stars(), vertices=st.integers(3, 12))
def test_every_move_keeps_the_inside_inside(polygon: shapely.Polygon, vertices: int) -> None:
    """The simplified ring covers the original, is simple, and needs no more than asked."""
    ring = shrunk(polygon, FREE, vertices)
    assert ring.polygon.is_valid
    assert ring.polygon.buffer(1e-6).covers(polygon)
    assert len(ring) <= max(vertices, 4)


@settings(max_examples=60)
@given(polygon=stars(), direction=st.floats(0.0, 6.28), gap=st.floats(0.5, 30.0))
def test_no_move_touches_forbidden_ground(polygon: shapely.Polygon, direction: float, gap: float) -> None:
    """A wall beside the polygon is kept off, down to the last possible move."""
    far = shapely.Point(400.0 * math.cos(direction), 400.0 * math.sin(direction))
    wall = far.buffer(polygon.distance(far) - gap)
    ring = shrunk(polygon, Corridor(wall, 0.0), 3)
    assert ring.polygon.is_valid
    assert not ring.polygon.intersects(wall)
    assert ring.polygon.buffer(1e-6).covers(polygon)


def test_a_dent_costs_one_chord() -> None:
    """The cheapest move fills the shallowest dent."""
    square = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 9.5), (0, 10)])
    ring = OutwardRing.of(square, FREE)
    assert ring.cheapest_m2() == 2.5
    assert ring.shrink()
    assert ring.polygon.equals(shapely.box(0, 0, 10, 10))


def test_a_cut_corner_is_completed() -> None:
    """The edge between two convex vertices goes when its neighbours meet."""
    cut = shapely.Polygon([(0, 0), (9, 0), (10, 1), (10, 10), (0, 10)])
    ring = OutwardRing.of(cut, FREE)
    assert ring.shrink()
    assert ring.polygon.symmetric_difference(shapely.box(0, 0, 10, 10)).area < 1e-9


def test_a_dent_that_holds_forbidden_ground_stays() -> None:
    """Whatever is in the way of a chord keeps its vertex."""
    arrow = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 2), (0, 10)])
    ring = shrunk(arrow, Corridor(shapely.Point(5.0, 9.0), 0.5), 3)
    assert [5.0, 2.0] in ring.vertices.tolist()


def test_a_triangle_has_no_move_left() -> None:
    """Three vertices are the least."""
    ring = OutwardRing.of(shapely.Polygon([(0, 0), (1, 0), (0, 1)]), FREE)
    assert ring.cheapest_m2() == math.inf
    assert not ring.shrink()
