"""Detection: every pair that comes too close, no other, and exactly when."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mission.deconfliction import Separation, Trajectory, conflicts, losses
from mission.deconfliction import detection as cells

SEPARATION = Separation()


def test_two_that_cross_at_one_time_and_height_conflict(flights: Any) -> None:
    """One flies east, one north, at 10 m/s, both through the origin at second 100."""
    east = flights.trajectory("east", [(0, -1000, 0, 60), (200, 1000, 0, 60)])
    north = flights.trajectory("north", [(0, 0, -1000, 60), (200, 0, 1000, 60)])
    (found,) = conflicts([east, north], SEPARATION)
    assert (found.first_id, found.second_id) == ("east", "north")
    assert found.nearest_s == pytest.approx(100.0)
    assert found.horizontal_m == pytest.approx(0.0, abs=1e-6)
    # They close in at 10·√2 m/s: 50 m apart 3.5355 s before.
    assert found.begin_s == pytest.approx(100.0 - 50.0 / (10.0 * 2.0**0.5), abs=1e-4)


@pytest.mark.parametrize(
    ("late_s", "above_m", "met"),
    [
        (0.0, 0.0, True),
        (7.0, 0.0, True),
        (7.1, 0.0, False),
        (0.0, 11.99, True),
        (0.0, 12.0, False),
        (0.0, -12.0, False),
    ],
)
def test_apart_in_time_or_height_is_apart(flights: Any, late_s: float, above_m: float, met: bool) -> None:
    """Crossing at right angles with 10 m/s, 50 m are 7.07 s; 12 m of height are enough, 11.99 are not."""
    east = flights.trajectory("east", [(0, -1000, 0, 60), (200, 1000, 0, 60)])
    late = flights.trajectory("north", [(late_s, 0, -1000, 60 + above_m), (200 + late_s, 0, 1000, 60 + above_m)])
    assert bool(conflicts([east, late], SEPARATION)) is met


def test_side_by_side_at_the_minimum_is_apart(flights: Any) -> None:
    """Parallel at 50 m is no conflict, at 49.9 m it is one, from the beginning to the end."""
    one = flights.trajectory("one", [(0, 0, 0, 60), (100, 1500, 0, 60)])
    for aside_m, met in ((50.0, False), (49.9, True)):
        other = flights.trajectory("other", [(0, 0, aside_m, 60), (100, 1500, aside_m, 60)])
        assert bool(conflicts([one, other], SEPARATION)) is met


def test_a_climb_through_a_level_conflicts_only_while_it_is_near_it(flights: Any) -> None:
    """A column crossed by another in level flight: between 48 m and 72 m, no sooner and no later."""
    column = flights.trajectory("column", [(0, 0, 0, 0), (40, 0, 0, 120)])
    hover = flights.trajectory("hover", [(0, 10, 0, 60), (40, 10, 0, 60)])
    judged = losses(column.pieces, hover.pieces, SEPARATION)
    assert judged.lost.tolist() == [True]
    assert (judged.begin_s[0], judged.end_s[0]) == pytest.approx((16.0, 24.0), abs=1e-3)
    assert judged.horizontal_m[0] == pytest.approx(10.0)


def test_one_that_lands_before_the_other_begins_is_apart(flights: Any) -> None:
    """At one place, and one moment between them, or none."""
    one = flights.trajectory("one", [(0, 0, 0, 60), (10, 0, 0, 60)])
    for begin_s in (10.0, 11.0):
        other = flights.trajectory("other", [(begin_s, 0, 0, 60), (begin_s + 10, 0, 0, 60)])
        assert conflicts([one, other], SEPARATION) == []


def test_pieces_of_one_flight_do_not_conflict_with_one_another(flights: Any) -> None:
    """It turns back on itself, in its own column."""
    there_and_back = [(0, 0, 0, 0), (20, 0, 0, 60), (40, 300, 0, 60), (60, 0, 0, 60), (80, 0, 0, 0)]
    assert conflicts([flights.trajectory("one", there_and_back)], SEPARATION) == []
    assert conflicts([], SEPARATION) == []


def test_two_movements_on_one_pad_are_an_interval_apart(flights: Any) -> None:
    """Taking off from one pad at once is a conflict even where nothing else would be; 20 s later it is none."""
    wide = Separation(horizontal_m=0.0, vertical_m=0.0, pad_interval_s=20.0)
    one = flights.trajectory("one", [(0, 0, 0, 0), (100, 0, 0, 60)], "hub")
    for late_s, pad_id, met in ((0.0, "hub", True), (19.9, "hub", True), (20.0, "hub", False), (0.0, "other", False)):
        points = flights.shifted([(0, 0, 0, 0), (150, 0, 0, 60)], late_s)
        found = conflicts([one, flights.trajectory("two", points, pad_id)], wide)
        assert [each.pad_id for each in found] == (["hub"] if met else [])


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_sampler_sees_is_found_and_what_is_found_is_so_by_the_sampler(flights: Any, data: st.DataObject) -> None:
    """Every 50 ms: it may miss a graze that a formula finds, never the other way round."""
    drawn = data.draw(st.lists(flights.flown(), min_size=2, max_size=5))
    sampler = flights.Sampler(SEPARATION, step_s=0.05)
    found = conflicts([flights.trajectory(str(n), points) for n, points in enumerate(drawn)], SEPARATION)
    pairs = {(each.first, each.second) for each in found}
    assert sampler.pairs(drawn, slack_m=1e-3) <= pairs
    for each in found:
        one, other = drawn[each.first], drawn[each.second]
        moment = np.array([each.nearest_s])
        apart = (sampler.where(one, moment) - sampler.where(other, moment))[0]
        assert np.hypot(apart[0], apart[1]) == pytest.approx(each.horizontal_m, abs=1e-3)
        assert abs(apart[2]) == pytest.approx(each.vertical_m, abs=1e-3)
        assert each.horizontal_m < SEPARATION.horizontal_m
        assert each.vertical_m < SEPARATION.vertical_m


@given(st.floats(0.0, 6.28), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.floats(0.0, 1e5), st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conflicts_do_not_depend_on_where_and_when_the_frame_begins(
    flights: Any, angle: float, east_m: float, north_m: float, later_s: float, data: st.DataObject
) -> None:
    """Turned, moved and shifted in time, the same pairs conflict, though slices and cells lie elsewhere."""
    drawn = data.draw(st.lists(flights.flown(), min_size=2, max_size=5))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = []
    for points in drawn:
        table = np.array(points)
        table[:, 1:3] = table[:, 1:3] @ turn.T + [east_m, north_m]
        table[:, 0] += later_s
        moved.append(table)
    narrower = Separation(SEPARATION.horizontal_m - 1e-3, SEPARATION.vertical_m - 1e-3)  # grazes may go either way
    for one, other in ((drawn, moved), (moved, drawn)):
        assert met(flights, one, narrower) <= met(flights, other, SEPARATION)


def met(flights: Any, drawn: list[Any], separation: Separation) -> set[tuple[int, int]]:
    """Return the pairs in conflict."""
    found = conflicts([flights.trajectory(str(n), points) for n, points in enumerate(drawn)], separation)
    return {(each.first, each.second) for each in found}


def test_a_crowd_is_judged_in_batches_like_any_other(flights: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty vehicles hover at one place: each pair is one conflict, however few pairs are held in memory at once."""
    crowd = [flights.trajectory(str(n), [(0, n * 0.1, 0, 60), (100, n * 0.1, 0, 60)]) for n in range(60)]
    monkeypatch.setattr(cells, "_BATCH", 7)
    assert len(conflicts(crowd, SEPARATION)) == 60 * 59 // 2


@given(st.lists(st.floats(), min_size=8, max_size=8))
def test_a_trajectory_that_is_not_finite_is_not_made(row: list[float]) -> None:
    """NaN and infinity would be apart from everything."""
    assume(not np.isfinite(row).all() or row[1] < row[0])
    with pytest.raises(ValueError, match="flight X"):
        Trajectory("X", np.array([row]))
