"""Mapped ground: heights are judged by the ground below each leg, and drops lie as high as the map says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.geodesy.ground import Ground
from mission.geodesy.srtm import SrtmTerrain, SrtmTile
from mission.model.flight import LegKind
from mission.model.refusal import RefusalCode
from mission.planner import plan_day

POSTS = 1201
ORIGIN_ROW, ORIGIN_COLUMN = 480, 744
"""The post at the hub: 48.40° N, 15.62° E in tile N48E015."""
ROW_M, COLUMN_M = 92.66, 61.5


def ground(*bumps: tuple[float, float, float, float], error_m: float = 4.0) -> Ground:
    """Return a plain at 190 m with square bumps: north, east, half side (metres from the hub), elevation."""
    posts_m = np.full((POSTS, POSTS), 190.0, dtype=np.float32)
    for north_m, east_m, half_m, elevation_m in bumps:
        rows = slice(*(ORIGIN_ROW + round((north_m + side) / ROW_M) for side in (-half_m, half_m)))
        columns = slice(*(ORIGIN_COLUMN + round((east_m + side) / COLUMN_M) for side in (-half_m, half_m)))
        posts_m[rows, columns] = elevation_m
    return Ground(SrtmTerrain([SrtmTile(48, 15, posts_m)], error_m))


def mapped(day: Any) -> Any:
    """Return the day without its relief: the map says it."""
    return replace(day, site=replace(day.site, relief=None))


def flown(world: Any, over: Ground, zones: Any = (), **policy: Any) -> Any:
    """Return the only flight of a day with one order 1,500 m north, over mapped ground."""
    plan = plan_day(mapped(world.day([world.order("A-1", 1500.0, 0.0)], list(zones), **policy)), ground=over)
    assert plan.refusals == ()
    return plan.flights[0]


def test_over_a_plain_the_way_is_straight(world: Any) -> None:
    """Nothing is in the way; the verifier takes the same map."""
    assert flown(world, ground()).plan.length_m == pytest.approx(3000.0, rel=0.005)


def test_a_hill_that_reaches_the_height_is_flown_round(world: Any, route_of: Any) -> None:
    """40 m over the hub is 230 m AMSL: a hill of 225 m leaves less than the clearance over it."""
    flight = flown(world, ground((750.0, 0.0, 150.0, 225.0)))
    assert flight.plan.length_m > 3050.0
    north_east_m = np.array([world.metres(point)[::-1] for point in route_of(flight)])
    low = ground((750.0, 0.0, 150.0, 212.0))
    assert flown(world, low).plan.length_m == pytest.approx(3000.0, rel=0.005)
    assert np.abs(north_east_m[:, 1]).max() > 150.0


def test_a_hill_is_flown_over_where_that_is_cheaper_and_permitted(world: Any) -> None:
    """A ridge too wide to go round, and a height that clears it."""
    ridge = [(750.0, east_m, 150.0, 225.0) for east_m in range(-2400, 2401, 300)]
    flight = flown(world, ground(*ridge), further_cruise_heights_home_m=(60.0,))
    assert {leg.start_height_home_m for leg in flight.plan.legs if leg.kind is LegKind.CRUISE} == {60.0}


def test_ground_that_no_height_suits_refuses_by_the_ground(world: Any) -> None:
    """The drop lies in a hollow so deep that any height which clears the plain is too high above it."""
    over = ground((1500.0, 0.0, 700.0, 90.0))
    plan = plan_day(mapped(world.day([world.order("A-1", 1500.0, 0.0)])), ground=over)
    (refusal,) = plan.refusals
    assert "the ground, over which no height flown here keeps 10 to 120 m all the way" in refusal.reason
    assert refusal.zone_ids == ()
    assert refusal.remedy


def test_a_parcel_is_let_go_above_its_own_ground(world: Any) -> None:
    """The drop lies 12 m over the hub: so does the release, and the verifier agrees."""
    flight = flown(world, ground((1500.0, 0.0, 300.0, 202.0)))
    (release,) = flight.releases
    assert release.height_home_m == pytest.approx(12.0 + 6.0, abs=0.01)
    assert flight.verdict.ok


def test_a_ceiling_above_ground_is_judged_by_the_ground_below_the_zone(world: Any) -> None:
    """25 m over the plain end 16 m below the flight; the same zone on a hill 15 m high would bind it."""
    low = world.zone("Z-1", 750.0, 0.0, 60.0, ceiling_m=15.0)
    far_hill = (-1500.0, 1500.0, 200.0, 215.0)
    assert flown(world, ground(far_hill), [low]).plan.length_m == pytest.approx(3000.0, rel=0.005)
    by_range = plan_day(world.day([world.order("A-1", 1500.0, 0.0)], [low])).flights[0]
    assert by_range.plan.length_m == pytest.approx(3000.0, rel=0.005)
    on_a_hill = flown(world, ground((750.0, 0.0, 300.0, 212.0)), [low])
    assert on_a_hill.plan.length_m > 3005.0


def test_unknown_ground_is_not_flown_over(world: Any) -> None:
    """A void in the way is gone round as a hill would be; it is no plain at sea level."""
    flight = flown(world, ground((750.0, 0.0, 150.0, np.nan)))
    assert flight.plan.length_m > 3050.0
    assert flight.verdict.ok


METRES = st.floats(-2000.0, 2000.0)
BUMPS = st.lists(st.tuples(METRES, METRES, st.floats(100.0, 600.0), st.floats(140.0, 260.0)), max_size=6)


@given(BUMPS, st.floats(-1500.0, 1500.0), st.sampled_from([0.0, 4.0, 16.0]))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_ground_the_verifier_agrees(world: Any, bumps: list[Any], east_m: float, error_m: float) -> None:
    """Hills, hollows and the map's own error: a way that planning finds is accepted, by the same map."""
    over = ground(*bumps, (0.0, 0.0, 200.0, 190.0), error_m=error_m)
    day = world.day([world.order("A-1", 1200.0, east_m)], further_cruise_heights_home_m=(70.0,))
    plan = plan_day(mapped(day), ground=over)
    assert len(plan.flights) + len(plan.refusals) == 1
    assert all(refusal.code is RefusalCode.NO_ROUTE for refusal in plan.refusals)
