"""Routes are the shortest there are: against brute force, against each other, and by laws that must always hold."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mission.routing import Blocked, BlockedReason, Environment, Obstacle, Route, shortest_without_graph

Optimum = Callable[[Environment, NDArray[np.float64], NDArray[np.float64]], float]

CLEARANCE_M = 5.0


def star(numbers: tuple[float, float, float, int]) -> shapely.Polygon:
    """A star-shaped polygon of 7 vertices around a centre: convex and concave corners at odd places."""
    x, y, radius, seed = numbers
    rng = np.random.default_rng(seed)
    angles = (np.arange(7) + rng.uniform(0.0, 0.8, 7)) * 2.0 * np.pi / 7.0
    radii = radius * rng.uniform(0.35, 1.0, 7)
    return shapely.Polygon(np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)]))


def block(numbers: tuple[int, int, int, int]) -> shapely.Polygon:
    """A box on a 25 m raster: with 5 m of clearance many touch, overlap, nest or stand in line."""
    column, row, width, height = numbers
    return shapely.box(25.0 * column, 25.0 * row, 25.0 * (column + width) - 10, 25.0 * (row + height) - 10)


coordinate = st.floats(-30.0, 330.0)
stars = st.tuples(coordinate, coordinate, st.floats(8.0, 90.0), st.integers(0, 10**6)).map(star)
blocks = st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(1, 4), st.integers(1, 4)).map(block)
zones = st.one_of(
    st.lists(stars, min_size=0, max_size=6),
    st.lists(blocks, min_size=1, max_size=8),
    st.lists(stars | blocks, max_size=6),
)
raster_point = st.tuples(st.integers(-1, 13), st.integers(-1, 13)).map(lambda p: (25.0 * p[0] - 5, 25.0 * p[1] - 5))
points = st.tuples(coordinate, coordinate) | raster_point


def environment_of(polygons: list[shapely.Polygon], clearance_m: float = CLEARANCE_M) -> Environment:
    """An environment with zones Z0, Z1, …"""
    return Environment.build([Obstacle(f"Z{i}", p) for i, p in enumerate(polygons)], clearance_m)


def length(answer: Route | Blocked) -> float:
    """Length of a route, inf where blocked."""
    return answer.length_m if isinstance(answer, Route) else np.inf


@settings(max_examples=60, deadline=None)
@given(zones, points, points)
def test_a_route_is_as_short_as_the_best_of_all_pairs_of_vertices(
    optimum: Optimum, polygons: list[shapely.Polygon], start: tuple[float, float], goal: tuple[float, float]
) -> None:
    """No other way through the same free space is shorter, and none exists where the router says so."""
    environment = environment_of(polygons)
    answer = environment.shortest(start, goal)
    if isinstance(answer, Route):
        assert answer.length_m == pytest.approx(optimum(environment, np.array(start), np.array(goal)), rel=1e-9)
    elif answer.reason is BlockedReason.NO_PATH:
        assert np.isinf(optimum(environment, np.array(start), np.array(goal)))
    else:
        end = start if answer.reason is BlockedReason.START_INSIDE else goal
        assert shapely.dwithin(environment.regions.merged, shapely.Point(end), 1e-9)


@settings(max_examples=60, deadline=None)
@given(zones, points, points, st.sampled_from([0.0, 1.0, 5.0, 20.0]))
def test_a_route_keeps_its_clearance_from_every_zone_everywhere(
    polygons: list[shapely.Polygon], start: tuple[float, float], goal: tuple[float, float], clearance_m: float
) -> None:
    """The distance from the whole line to each zone's own polygon is measured independently."""
    answer = environment_of(polygons, clearance_m).shortest(start, goal)
    assume(isinstance(answer, Route) and len(answer.points) > 1)
    assert isinstance(answer, Route)
    line = shapely.LineString(answer.points)
    for polygon in polygons:
        assert line.distance(polygon) >= clearance_m - 1.0 / 32.0
        assert not line.intersects(polygon)


@settings(max_examples=30, deadline=None)
@given(zones, points, points)
@example([], (0.0, 0.0), (0.0, 2.5e-173))
def test_a_route_starts_at_the_start_ends_at_the_goal_and_is_as_long_as_its_legs(
    polygons: list[shapely.Polygon], start: tuple[float, float], goal: tuple[float, float]
) -> None:
    """Nothing is snapped or repeated."""
    answer = environment_of(polygons).shortest(start, goal)
    assume(isinstance(answer, Route))
    assert isinstance(answer, Route)
    assert tuple(answer.points[0]) == start
    assert tuple(answer.points[-1]) == goal
    legs = np.hypot(*np.diff(answer.points, axis=0).T)
    assert (legs > 0.0).all()
    assert answer.length_m == pytest.approx(float(legs.sum()))


@settings(max_examples=40, deadline=None)
@given(zones, stars | blocks, points, points)
def test_adding_a_zone_never_shortens_a_route(
    polygons: list[shapely.Polygon],
    another: shapely.Polygon,
    start: tuple[float, float],
    goal: tuple[float, float],
) -> None:
    """More forbidden, never less to fly; rounding to the grid may move a corner by a centimetre."""
    before = length(environment_of(polygons).shortest(start, goal))
    after = length(environment_of([*polygons, another]).shortest(start, goal))
    assert after >= before - 0.05


@settings(max_examples=40, deadline=None)
@given(zones, points, points)
def test_the_way_back_is_as_long_as_the_way_there(
    polygons: list[shapely.Polygon], start: tuple[float, float], goal: tuple[float, float]
) -> None:
    """Start and goal may change places."""
    environment = environment_of(polygons)
    there, back = length(environment.shortest(start, goal)), length(environment.shortest(goal, start))
    assert there == pytest.approx(back, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(zones, st.lists(points, min_size=2, max_size=6))
def test_tree_matrix_pair_and_replan_agree(polygons: list[shapely.Polygon], places: list[tuple[float, float]]) -> None:
    """Four ways to ask for the same length give the same."""
    environment = environment_of(polygons)
    goals = np.array(places)
    single = [length(environment.shortest(places[0], goal)) for goal in places]
    tree = environment.tree(places[0])
    assert tree.distances(goals) == pytest.approx(single, rel=1e-9)
    assert environment.matrix(goals)[0] == pytest.approx(single, rel=1e-9)
    assert [length(tree.route(goal)) for goal in places] == pytest.approx(single, rel=1e-9)
    replan = shortest_without_graph(environment.obstacles, CLEARANCE_M, places[0], places[-1])
    assert length(replan) == pytest.approx(single[-1], rel=1e-9)
    assert length(environment.prepare().shortest(places[0], places[-1])) == pytest.approx(single[-1], rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(zones, st.lists(points, min_size=1, max_size=5))
def test_a_matrix_is_symmetric_and_holds_the_triangle_inequality(
    polygons: list[shapely.Polygon], places: list[tuple[float, float]]
) -> None:
    """What assignment may take for granted."""
    lengths = environment_of(polygons).matrix(np.array(places))
    assert (lengths == lengths.T).all()
    free = np.isfinite(np.diag(lengths))
    assert (np.diag(lengths)[free] == 0.0).all()
    detour = np.min(lengths[:, :, None] + lengths[None, :, :], axis=1)
    assert (lengths[np.isfinite(lengths)] <= detour[np.isfinite(lengths)] + 1e-6).all()
