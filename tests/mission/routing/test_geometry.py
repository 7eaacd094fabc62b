"""The ground the search stands on: grown regions, the triangulation, and the graph."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mission.routing import Environment, Obstacle, triangulation
from mission.routing.freespace import GRID_M, grow, merge, repeated_vertices, rings_of, seal
from mission.routing.graph import build_graph_batched, build_graph_compiled
from mission.routing.insertion import in_circle, insert_points, snake_order
from mission.routing.mesh import build_mesh
from mission.routing.triangulation import TouchError, Triangulation, triangulate


def boxes(seed: int, count: int) -> NDArray[np.object_]:
    """Axis-aligned boxes on a 10 m raster: rows of them in line, some touching, some overlapping."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 30, (count, 2)) * 10.0
    size = rng.integers(1, 5, (count, 2)) * 10.0
    result: NDArray[np.object_] = shapely.box(low[:, 0], low[:, 1], low[:, 0] + size[:, 0], low[:, 1] + size[:, 1])
    return result


def areas(found: Triangulation) -> NDArray[np.float64]:
    """Twice the signed area of each triangle, exactly."""
    a, b, c = (found.points[found.origin.reshape(-1, 3)[:, k]] for k in range(3))
    result: NDArray[np.float64] = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return result


def check(found: Triangulation) -> None:
    """Assert that the triangles cover the square of the world once."""
    assert (areas(found) > 0.0).all()
    assert areas(found).sum() / 2.0 == (2.0 * 2.0**18) ** 2
    inner = np.flatnonzero(found.mate >= 0)
    assert (found.mate[found.mate[inner]] == inner).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 50.0))
def test_a_grown_polygon_is_never_nearer_than_the_clearance(seed: int, clearance_m: float) -> None:
    """Nor farther than the corners of a cut spike, half as much again: space is not given away."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0.0, 2.0 * np.pi, 12))
    radii = rng.uniform(5.0, 60.0, 12)
    polygon = shapely.Polygon(np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])).buffer(0)
    if polygon.geom_type != "Polygon":
        return
    grown = grow(np.array([polygon], dtype=object), clearance_m)[0]
    assert shapely.distance(grown.exterior, polygon) >= clearance_m
    reach = shapely.distance(shapely.points(shapely.get_coordinates(grown.exterior)), polygon).max()
    assert reach <= np.sqrt(1.0 + 1.1**2) * (clearance_m + GRID_M) + 1e-6


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25), st.sampled_from([0.0, 4.984375, 5.0, 7.3]))
def test_merged_regions_are_on_the_grid_valid_and_touch_nowhere(seed: int, count: int, clearance_m: float) -> None:
    """And they cover every grown zone, up to the rounding that the margin pays for."""
    grown = grow(boxes(seed, count), clearance_m)
    merged = merge(grown)
    steps = shapely.get_coordinates(merged) / GRID_M
    assert (steps == np.rint(steps)).all()
    assert merged.is_valid
    assert len(repeated_vertices(merged)) == 0
    assert shapely.covers(merged.buffer(GRID_M), grown).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 25), st.sampled_from([2.0, 5.0, 7.3]))
def test_a_triangulation_covers_the_world_once_and_holds_every_boundary_edge(
    seed: int, count: int, clearance_m: float
) -> None:
    """Also on axis-aligned maps, where many points lie on common circles and lines."""
    environment = Environment.build([Obstacle("Z", box) for box in boxes(seed, count)], clearance_m)
    rings = rings_of(environment.regions.merged)
    found = triangulate(rings)
    check(found)
    assert (found.origin[found.walls] == np.arange(len(rings.points))).all()
    free_area = areas(found)[environment.mesh.free].sum() / 2.0
    assert free_area == pytest.approx((2.0 * 2.0**18) ** 2 - environment.regions.merged.area, abs=1e-3)


def test_long_edges_that_no_delaunay_triangulation_holds_are_flipped_in() -> None:
    """Two long walls with many posts between them, nearer to the walls than these are long."""
    walls = [shapely.box(0.0, 0.0, 4000.0, 1.0), shapely.box(0.0, 9.0, 4000.0, 10.0)]
    posts = [shapely.box(x, 4.0, x + 1.0, 6.0) for x in np.arange(15.0, 3985.0, 37.0)]
    rings = rings_of(merge(np.array([*walls, *posts], dtype=object)))
    found = triangulate(rings)
    check(found)
    assert (found.walls >= 0).all()


@pytest.mark.parametrize("way", ["_inserted", "_by_qhull", "_constrained"])
def test_whichever_triangulation_serves_the_routes_are_the_same(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By compiled insertion, by Qhull, or by GEOS where neither can be believed: they hold the same walls."""
    zones = [Obstacle(f"Z{i}", box) for i, box in enumerate(boxes(3, 12))]
    usual = Environment.build(zones, 3.0)
    for other in {"_inserted", "_by_qhull"} - {way}:
        monkeypatch.setattr(triangulation, other, lambda points: None)
    monkeypatch.setattr(triangulation, "ACCELERATED", way == "_inserted")
    environment = Environment.build(zones, 3.0)
    check(triangulate(rings_of(environment.regions.merged)))
    goals = np.random.default_rng(1).uniform(-20.0, 320.0, (12, 2))
    assert usual.matrix(goals) == pytest.approx(environment.matrix(goals), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=40), st.sampled_from([GRID_M, 1.0, 14000.0]))
def test_insertion_triangulates_any_points_of_the_grid(steps: set[tuple[int, int]], unit_m: float) -> None:
    """Also where many lie on one line, on one circle, or on an edge; nearly Delaunay, no circle holds a fourth."""
    size = 2.0**18
    corners = [(-size, -size), (size, -size), (size, size), (-size, size)]
    points = np.array([(unit_m * x, unit_m * y) for x, y in sorted(steps)] + corners)
    room = 6 * len(points) - 18
    origin, mate, stack = (np.empty(room, dtype=np.int64) for _ in range(3))
    order = snake_order(points[:-4]) if steps else np.empty(0, dtype=np.int64)
    assert insert_points(points, order, origin, mate, stack)
    found = Triangulation(points, origin, mate, np.empty(0, dtype=np.int64))
    check(found)
    assert set(origin.tolist()) == set(range(len(points)))
    for a, b, c in origin.reshape(-1, 3).tolist():
        inside = [in_circle(points, a, b, c, d) for d in range(len(points)) if d not in (a, b, c)]
        assert unit_m != 1.0 or not any(inside)


def test_insertion_refuses_a_point_given_twice() -> None:
    """Rather than make a triangle of no area."""
    points = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 0.0), (-8.0, -8.0), (8.0, -8.0), (8.0, 8.0), (-8.0, 8.0)])
    memory = [np.empty(24, dtype=np.int64) for _ in range(3)]
    assert not insert_points(points, np.array([0, 1, 2]), *memory)


def test_regions_that_touch_corner_to_corner_become_one() -> None:
    """A passage of no width is none: a chain of boxes corner to corner is a wall."""
    chain = merge(np.array([shapely.box(low, low, low + 64.0, low + 64.0) for low in (0.0, 64.0, 128.0)], dtype=object))
    assert len(chain.geoms) == 1
    assert len(repeated_vertices(chain)) == 0
    check(triangulate(rings_of(chain)))


def test_a_vertex_on_another_regions_edge_is_found_and_covered() -> None:
    """The regions touch there: the triangulation says where, and a plug closes it."""
    touching = shapely.MultiPolygon([shapely.box(0, 0, 64, 64), shapely.Polygon([(64, 32), (128, 0), (128, 64)])])
    with pytest.raises(TouchError) as caught:
        triangulate(rings_of(touching))
    assert caught.value.points.tolist() == [[64.0, 32.0]]
    sealed = seal(touching, caught.value.points)
    assert len(sealed.geoms) == 1
    check(triangulate(rings_of(sealed)))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 15), st.sampled_from([2.0, 5.0, 7.3]))
def test_array_and_scalar_expansion_give_the_same_links(seed: int, count: int, clearance_m: float) -> None:
    """Compiled or not, batched or one by one: the graph is a property of the map."""
    mesh = Environment.build([Obstacle("Z", box) for box in boxes(seed, count)], clearance_m, with_graph=False).mesh
    batched, scalar = build_graph_batched(mesh), build_graph_compiled(mesh)
    assert np.array_equal(batched.first, scalar.first)
    assert np.array_equal(batched.target, scalar.target)
    assert np.array_equal(batched.length_m, scalar.length_m)
    assert (batched.matrix() != batched.matrix().T).nnz == 0


def test_only_convex_corners_of_regions_are_corners() -> None:
    """A shortest route never bends into a notch."""
    notched = shapely.box(0.0, 0.0, 100.0, 100.0).difference(shapely.box(40.0, 50.0, 60.0, 100.0))
    rings = rings_of(merge(grow(np.array([notched], dtype=object), 1.0)))
    mesh = build_mesh(triangulate(rings), rings)
    bottom = (mesh.x > 30.0) & (mesh.x < 70.0) & (np.abs(mesh.y - 51.0) < 1.0)
    assert not mesh.corner[bottom].any()
    assert mesh.corner.sum() >= 6
