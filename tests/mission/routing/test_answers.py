"""What the router says in the plain and in the awkward cases."""

from itertools import pairwise

import numpy as np
import pytest
import shapely

from mission.errors import InputError
from mission.routing import (
    WORLD_HALF_SIZE_M,
    Blocked,
    BlockedReason,
    Environment,
    EnvironmentCache,
    Obstacle,
    Route,
    shortest_without_graph,
)

BOX = Obstacle("BOX", shapely.box(100.0, -50.0, 200.0, 50.0))
RING = Obstacle("RING", shapely.box(-300.0, -300.0, 300.0, 300.0).difference(shapely.box(-200, -200, 200, 200)))


def blocked(answer: Route | Blocked) -> Blocked:
    """The answer, which must be that there is no route."""
    assert isinstance(answer, Blocked)
    return answer


def route(answer: Route | Blocked) -> Route:
    """The answer, which must be a route."""
    assert isinstance(answer, Route), str(answer)
    return answer


def test_without_zones_the_route_is_the_straight_line() -> None:
    """An empty sky, also far from the origin."""
    answer = route(Environment.build([], 20.0).shortest((-100_000.0, 3.0), (200_000.0, 4.0)))
    assert answer.points.tolist() == [[-100_000.0, 3.0], [200_000.0, 4.0]]


def test_from_a_point_to_itself_the_route_is_that_point() -> None:
    """No leg, no length."""
    answer = route(Environment.build([BOX], 20.0).shortest((0.0, 0.0), (0.0, 0.0)))
    assert answer.length_m == 0.0
    assert answer.points.tolist() == [[0.0, 0.0]]


def test_a_box_in_the_way_is_passed_on_the_nearer_side() -> None:
    """Two bends at most per cut corner, all on the side where the box is shorter."""
    answer = route(Environment.build([BOX], 20.0).shortest((0.0, 30.0), (300.0, 30.0)))
    assert (answer.points[:, 1] > 0.0).all()
    assert answer.length_m < 320.0


def test_a_route_may_slide_along_the_edge_of_the_grown_zone() -> None:
    """Start, goal and edge on one line: grazing is not entering."""
    environment = Environment.build([BOX], 20.0)
    edge_y = shapely.bounds(environment.regions.merged)[3]
    answer = route(environment.shortest((0.0, edge_y), (300.0, edge_y)))
    assert answer.length_m == pytest.approx(300.0)


def test_a_start_on_a_corner_or_edge_of_the_grown_zone_is_free() -> None:
    """The boundary belongs to the free space: all vertices see their neighbours along it."""
    environment = Environment.build([BOX], 20.0)
    corners = shapely.get_coordinates(environment.regions.merged)
    for here, there in pairwise(corners):
        assert route(environment.shortest(here, there)).length_m == pytest.approx(np.hypot(*(here - there)))
        route(environment.shortest((here + there) / 2.0, (0.0, 0.0)))


def test_a_start_inside_a_zone_names_the_zone_with_distance_zero() -> None:
    """Inside and near are different things to a pilot."""
    answer = blocked(Environment.build([BOX], 20.0).shortest((150.0, 0.0), (0.0, 0.0)))
    assert answer.reason is BlockedReason.START_INSIDE
    assert answer.zone_ids == ("BOX",)
    assert answer.inside_zone
    assert str(answer) == "start is inside BOX"


def test_a_goal_within_the_clearance_names_the_zone_and_the_measured_distance() -> None:
    """Not in the zone, but 12.5 m from it where 20 m are demanded."""
    answer = blocked(Environment.build([BOX], 20.0).shortest((0.0, 0.0), (212.5, 0.0)))
    assert answer.reason is BlockedReason.GOAL_INSIDE
    assert not answer.inside_zone
    assert answer.proximities[0].distance_m == pytest.approx(12.5)
    assert str(answer) == "goal is 12.50 m from BOX"


def test_all_zones_that_hold_a_point_are_named_nearest_first() -> None:
    """Two authorities must be asked, not one."""
    other = Obstacle("ANNEX", shapely.box(205.0, -50.0, 300.0, 50.0))
    answer = blocked(Environment.build([other, BOX], 20.0).shortest((203.0, 0.0), (0.0, 0.0)))
    assert answer.zone_ids == ("ANNEX", "BOX")
    assert [near.zone_id for near in answer.proximities] == ["ANNEX", "BOX"]


def test_a_ring_around_the_start_blocks_the_way_out_and_is_named() -> None:
    """An unrelated zone outside is not blamed."""
    far = Obstacle("FAR", shapely.box(1000.0, 0.0, 1100.0, 100.0))
    environment = Environment.build([RING, far], 20.0)
    for start, goal in (((0.0, 0.0), (500.0, 0.0)), ((500.0, 0.0), (0.0, 0.0))):
        answer = blocked(environment.shortest(start, goal))
        assert answer.reason is BlockedReason.NO_PATH
        assert answer.zone_ids == ("RING",)
    assert np.isinf(environment.tree((0.0, 0.0)).distances(np.array([(500.0, 0.0)]))).all()
    assert np.isinf(environment.matrix(np.array([(0.0, 0.0), (500.0, 0.0)]))[0, 1])


def test_inside_a_ring_routes_are_found_around_what_stands_there() -> None:
    """A hole of a zone is free space like any other."""
    environment = Environment.build([RING, Obstacle("POST", shapely.box(-10.0, -10.0, 10.0, 10.0))], 20.0)
    assert len(route(environment.shortest((-100.0, 0.0), (100.0, 0.0))).points) > 2


def test_a_ring_of_separate_zones_names_each_of_them() -> None:
    """Four walls whose clearances overlap close the way together."""
    walls = [
        Obstacle("S", shapely.box(-100.0, -100.0, 100.0, -90.0)),
        Obstacle("N", shapely.box(-100.0, 90.0, 100.0, 100.0)),
        Obstacle("W", shapely.box(-140.0, -100.0, -130.0, 100.0)),
        Obstacle("E", shapely.box(130.0, -100.0, 140.0, 100.0)),
    ]
    answer = blocked(Environment.build(walls, 20.0).shortest((0.0, 0.0), (500.0, 0.0)))
    assert answer.zone_ids == ("E", "N", "S", "W")
    route(Environment.build(walls[1:], 20.0).shortest((0.0, 0.0), (500.0, 0.0)))


def test_a_zone_inside_another_changes_nothing() -> None:
    """Nested, repeated and overlapping zones merge."""
    inner = Obstacle("INNER", shapely.box(120.0, -10.0, 150.0, 10.0))
    alone = route(Environment.build([BOX], 20.0).shortest((0.0, 0.0), (300.0, 10.0)))
    nested = route(Environment.build([BOX, inner, BOX], 20.0).shortest((0.0, 0.0), (300.0, 10.0)))
    assert nested.length_m == alone.length_m


def test_a_replan_around_a_pop_up_zone_needs_no_graph_and_gives_the_same_route() -> None:
    """The one-off way and the prepared way are one search."""
    pop_up = Obstacle("POP-UP", shapely.box(40.0, -30.0, 60.0, 60.0))
    once = route(shortest_without_graph([BOX, pop_up], 20.0, (0.0, 0.0), (300.0, 0.0)))
    prepared = route(Environment.build([BOX, pop_up], 20.0, with_graph=True).shortest((0.0, 0.0), (300.0, 0.0)))
    assert once.points.tolist() == prepared.points.tolist()


def test_a_tree_tells_the_same_reason_as_a_single_search() -> None:
    """A goal in a zone, asked of a tree, is explained too."""
    tree = Environment.build([BOX], 20.0).tree((0.0, 0.0))
    assert blocked(tree.route((150.0, 0.0))).reason is BlockedReason.GOAL_INSIDE


@pytest.mark.parametrize(
    ("polygon", "word"),
    [
        (shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), "invalid"),
        (shapely.Polygon(), "empty"),
        (shapely.box(150_000.0, 0.0, 150_010.0, 10.0), "origin"),
    ],
)
def test_a_broken_polygon_is_refused_with_its_zone_named(polygon: shapely.Polygon, word: str) -> None:
    """A route past data that cannot be trusted cannot be trusted."""
    with pytest.raises(InputError) as caught:
        Environment.build([BOX, Obstacle("BAD", polygon)], 20.0)
    assert "obstacles[1] (zone BAD)" in str(caught.value)
    assert word in str(caught.value)


@pytest.mark.parametrize("clearance_m", [-1.0, np.nan, np.inf])
def test_a_clearance_that_is_none_is_refused(clearance_m: float) -> None:
    """Less than nothing, or no number."""
    with pytest.raises(InputError, match="clearance_m"):
        Environment.build([BOX], clearance_m)


@pytest.mark.parametrize("point", [(np.nan, 0.0), (np.inf, 0.0), (0.0, -WORLD_HALF_SIZE_M)])
def test_a_point_out_of_the_world_is_refused(point: tuple[float, float]) -> None:
    """Exactness ends at the edge of the world: better no answer."""
    environment = Environment.build([BOX], 20.0)
    with pytest.raises(InputError):
        environment.shortest(point, (0.0, 0.0))
    with pytest.raises(InputError):
        environment.tree(point)
    with pytest.raises(InputError):
        environment.matrix(np.array([point]))


def test_the_cache_knows_the_same_zones_in_another_order_and_forgets_the_oldest() -> None:
    """Keyed by content, bounded in number."""
    cache = EnvironmentCache(capacity=2)
    first = cache.get([BOX, RING], 20.0)
    assert cache.get([RING, BOX], 20.0) is first
    assert first.content_hash == Environment.build([RING, BOX], 20.0).content_hash
    assert cache.get([BOX], 20.0) is not cache.get([BOX], 10.0)
    assert len(cache) == 2
    assert cache.get([BOX, RING], 20.0) is not first
    assert (cache.hits, cache.misses) == (1, 4)


def test_the_hash_tells_zones_apart_by_name_shape_and_clearance() -> None:
    """Anything that could change an answer changes the hash."""
    hashes = {
        Environment.build(zones, clearance_m).content_hash
        for zones, clearance_m in (
            ([BOX], 20.0),
            ([BOX], 21.0),
            ([Obstacle("OTHER", BOX.polygon)], 20.0),
            ([Obstacle("BOX", shapely.box(100.0, -50.0, 200.0, 50.5))], 20.0),
            ([BOX, BOX], 20.0),
            ([], 20.0),
        )
    }
    assert len(hashes) == 6
