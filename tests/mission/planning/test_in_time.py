"""Zones in time: each sortie is planned among the zones that bind while it flies, not among those of the whole day."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.model.refusal import RefusalCode
from mission.model.time import TimeWindow
from mission.planner import plan_day
from mission.planning import DELAY_ALLOWANCE

MARGIN = timedelta(minutes=5)
"""`Policy.zone_time_margin_s`."""


def within(world: Any, first_h: float, last_h: float) -> TimeWindow:
    """Return a window from so many hours after the day's start to so many."""
    return TimeWindow(world.start + timedelta(hours=first_h), world.start + timedelta(hours=last_h))


def test_a_drop_in_a_zone_is_served_after_the_zone_ends(world: Any) -> None:
    """Nothing departs before the end and its margin; then it is flown, not refused."""
    zone = world.zone("Z-1", 1000.0, 0.0, applicability=world.hours(-1.0, 2.0))
    plan = plan_day(world.day([world.order("A-1", 1000.0, 0.0)], [zone]))
    (flight,) = plan.flights
    assert plan.refusals == ()
    assert flight.plan.departure == world.start + timedelta(hours=2.0) + MARGIN


def test_a_drop_whose_zone_ends_too_late_is_refused_with_the_time_when_it_is_clear(world: Any) -> None:
    """The window is over before the zone is: the reason is the zone, not the clock."""
    zone = world.zone("Z-1", 1000.0, 0.0, applicability=world.hours(-1.0, 2.0))
    (refusal,) = plan_day(world.day([world.order("A-1", 1000.0, 0.0, window=within(world, 0, 1))], [zone])).refusals
    assert (refusal.code, refusal.zone_ids) == (RefusalCode.DROP_IN_ZONE, ("Z-1",))
    assert refusal.remedy == "Clear after 2026-06-15 11:05Z"


@pytest.mark.parametrize("changing_before", [False, True])
def test_a_drop_that_closes_soon_is_served_first(world: Any, changing_before: bool) -> None:
    """One vehicle, a morning's work, and the last order asked is the one that a zone is about to close.

    Also where some other zone, of no matter to it, begins before that.
    """
    orders = [world.order(f"A-{n}", 800.0, 100.0 * n) for n in range(6)]
    closing = world.order("A-9", -400.0, 0.0)
    zone = world.zone("Z-1", -400.0, 0.0, applicability=world.hours(0.6, 4.0))
    other = world.zone("Z-2", 0.0, 900.0, applicability=world.hours(0.4, 0.7))
    plan = plan_day(world.day([*orders, closing], [zone, *((other,) if changing_before else ())], vehicles=1))
    assert plan.refusals == ()
    first = plan.flights[0]
    assert [order.order_id for order in first.plan.sortie.orders] == ["A-9"]
    assert first.plan.arrival + DELAY_ALLOWANCE + MARGIN < world.start + timedelta(hours=0.6)


def test_a_drop_that_closes_before_it_can_be_reached_is_refused_by_its_zone(world: Any) -> None:
    """Ten minutes from now nobody may be there any more, and a flight may be ten minutes late."""
    zone = world.zone("Z-1", 1500.0, 0.0, applicability=world.hours(0.25, 6.0))
    (refusal,) = plan_day(world.day([world.order("A-1", 1500.0, 0.0)], [zone])).refusals
    assert (refusal.code, refusal.zone_ids) == (RefusalCode.DROP_IN_ZONE, ("Z-1",))
    assert refusal.remedy == "Clear after 2026-06-15 15:05Z"


def test_the_way_is_straight_before_a_zone_and_round_it_while_it_applies(world: Any, route_of: Any) -> None:
    """Two orders to one place, one early and one late: one environment for each set of zones."""
    zone = world.zone("Z-1", 500.0, 0.0, applicability=world.hours(1.5, 3.0))
    orders = [
        world.order("A-1", 1000.0, 0.0, window=within(world, 0.0, 0.5)),
        world.order("A-2", 1000.0, 0.0, window=within(world, 2.0, 2.5)),
    ]
    early, late = plan_day(world.day(orders, [zone])).flights
    assert world.distance_m(route_of(early), zone) == 0.0
    assert world.distance_m(route_of(late), zone) >= 15.0
    assert early.plan.length_m < late.plan.length_m


def test_a_flight_into_the_beginning_of_a_zone_already_goes_round_it(world: Any, route_of: Any) -> None:
    """It departs before the zone binds and would be in it after: what binds at any moment of it binds it."""
    zone = world.zone("Z-1", 500.0, 0.0, applicability=world.hours(1.0, 3.0))
    order = world.order("A-1", 1000.0, 0.0, window=within(world, 0.89, 0.95))
    (flight,) = plan_day(world.day([order], [zone])).flights
    assert flight.plan.departure < world.start + timedelta(hours=1.0) - MARGIN
    assert world.distance_m(route_of(flight), zone) >= 15.0


def test_a_hub_in_a_zone_waits_for_its_end(world: Any) -> None:
    """Nothing takes off before; then everything is flown."""
    zone = world.zone("Z-1", 0.0, 0.0, applicability=world.hours(-1.0, 1.0))
    plan = plan_day(world.day([world.order(f"A-{n}", 700.0, 200.0 * n) for n in range(3)], [zone]))
    assert plan.refusals == ()
    assert min(flight.plan.departure for flight in plan.flights) >= world.start + timedelta(hours=1.0) + MARGIN


def test_a_walled_in_drop_is_flown_when_a_wall_falls_and_the_refusal_says_when(world: Any) -> None:
    """No zone holds the drop, but together they close it off; the first to end opens the way."""
    walls = [
        world.zone("N", 800.0, 0.0, half_north_m=20, half_east_m=300),
        world.zone("S", 300.0, 0.0, half_north_m=20, half_east_m=300, applicability=world.hours(-1.0, 2.0)),
        *(world.zone(n, 550.0, e, half_north_m=260, half_east_m=20) for n, e in (("E", 280.0), ("W", -280.0))),
    ]
    (flight,) = plan_day(world.day([world.order("A-1", 550.0, 0.0)], walls)).flights
    assert flight.plan.departure >= world.start + timedelta(hours=2.0) + MARGIN
    early = world.order("A-1", 550.0, 0.0, window=within(world, 0.0, 1.0))
    (refusal,) = plan_day(world.day([early], walls)).refusals
    assert refusal.code is RefusalCode.NO_ROUTE
    assert "S" in refusal.zone_ids
    assert "'Zone S' (S)" in refusal.reason
    assert refusal.remedy.startswith("Clear after 2026-06-15 11:05Z")


def test_a_vehicle_flies_one_sortie_at_a_time(world: Any) -> None:
    """However often the zones change, and though corners take longer than assigned: back and made ready, then off."""
    changing = [
        world.zone(f"Z-{n}", 500.0, 300.0 * n, applicability=world.hours(0.2 * n, 0.2 * n + 0.3)) for n in range(5)
    ]
    wall = world.zone("WALL", 600.0, 0.0, half_north_m=30.0, half_east_m=500.0)
    orders = [world.order(f"A-{n}", 1000.0, 250.0 * n) for n in range(6)]
    for zones in (changing, [wall]):
        plan = plan_day(world.day(orders, zones, vehicles=1))
        turnaround = timedelta(seconds=plan.day.policy.turnaround_s)
        assert [flight.sortie_id for flight in plan.flights] == [f"drone-1.{n}" for n in range(1, 7)]
        for first, then in pairwise(plan.flights):
            assert first.plan.arrival + turnaround <= then.plan.departure


METRES = st.floats(-1200.0, 1200.0)
HOURS = st.tuples(st.floats(-1.0, 4.0), st.floats(0.1, 3.0))
SQUARES = st.lists(st.tuples(METRES, METRES, st.floats(30.0, 200.0), HOURS), min_size=1, max_size=4)
DROPS = st.lists(st.tuples(METRES, METRES), min_size=1, max_size=3)
QUICK = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


def timed(world: Any, squares: list[Any]) -> list[Any]:
    """Return zones with hours."""
    return [
        world.zone(f"Z-{n}", north, east, half_m, applicability=world.hours(first_h, first_h + length_h))
        for n, (north, east, half_m, (first_h, length_h)) in enumerate(squares)
    ]


@given(DROPS, SQUARES)
@QUICK
def test_every_order_is_served_or_refused_and_no_zone_is_near_while_it_applies(
    world: Any, route_of: Any, drops: list[Any], squares: list[Any]
) -> None:
    """By another ruler and clock: no flight and zone are near each other at the same time; two runs are equal."""
    zones = timed(world, squares)
    orders = [world.order(f"A-{n}", *drop) for n, drop in enumerate(drops)]
    day = world.day(orders, zones)
    plan = plan_day(day)
    served = [order.order_id for flight in plan.flights for order in flight.plan.sortie.orders]
    assert sorted(served + [refusal.order_id for refusal in plan.refusals]) == [order.order_id for order in orders]
    for flight in plan.flights:
        for zone in zones:
            period = zone.applicability[0]
            meets = flight.plan.departure < period.end + MARGIN and period.start - MARGIN < flight.plan.arrival
            assert not meets or world.distance_m(route_of(flight), zone) >= day.policy.verified_clearance_m - 0.5
    again = plan_day(day)
    assert [f.mission.digest() for f in again.flights] == [f.mission.digest() for f in plan.flights]
    assert again.refusals == plan.refusals


@given(DROPS, SQUARES, st.integers(0, 3))
@QUICK
def test_taking_a_zone_away_never_costs_an_order(world: Any, drops: list[Any], squares: list[Any], which: int) -> None:
    """With a vehicle for each order: what is served among zones is served among fewer."""
    zones = timed(world, squares)
    orders = [world.order(f"A-{n}", *drop) for n, drop in enumerate(drops)]
    fewer = [zone for n, zone in enumerate(zones) if n != which % len(zones)]
    refused = {r.order_id for r in plan_day(world.day(orders, zones, vehicles=3)).refusals}
    assert {r.order_id for r in plan_day(world.day(orders, fewer, vehicles=3)).refusals} <= refused


@pytest.mark.parametrize("first_h", [0.0, 1.0])
def test_zones_that_never_bind_cut_nothing(world: Any, first_h: float) -> None:
    """A zone over the flown heights begins and ends: the plan is the one without it."""
    high = world.zone("Z-1", 500.0, 0.0, floor_m=300.0, ceiling_m=900.0, applicability=world.hours(first_h, 2.0))
    orders = [world.order(f"A-{n}", 1000.0, 300.0 * n) for n in range(3)]
    with_it, without = (plan_day(world.day(orders, zones)) for zones in ([high], []))
    assert [f.mission.digest() for f in with_it.flights] == [f.mission.digest() for f in without.flights]
