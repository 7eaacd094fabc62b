"""Slots: of all flights that a day's plan approves, no two come too close to one another."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.model.day import Day
from mission.model.flight import ApprovedFlight
from mission.model.refusal import RefusalCode
from mission.model.time import TimeWindow
from mission.planner import plan_day
from mission.planning import DELAY_ALLOWANCE

METRES = st.floats(-1200.0, 1200.0)
LOOK_S = 0.5


def seen(world: Any, flight: ApprovedFlight, moments_s: Any) -> Any:
    """Return (n, 3) metres east, north and height AMSL at moments from the day's start, NaN on the ground."""
    legs = flight.plan.legs
    times_s = [(at - world.start).total_seconds() for at in (legs[0].depart, *(leg.arrive for leg in legs))]
    places = [world.metres(place) for place in (legs[0].start, *(leg.end for leg in legs))]
    heights_m = [flight.plan.sortie.hub.ground_amsl_m + leg.end_height_home_m for leg in legs]
    table = np.column_stack([places, [flight.plan.sortie.hub.ground_amsl_m, *heights_m]])
    return np.column_stack([np.interp(moments_s, times_s, table[:, k], np.nan, np.nan) for k in range(3)])


def too_close(world: Any, one: ApprovedFlight, other: ApprovedFlight) -> bool:
    """Whether two flights are nearer than 49 m and 11.9 m at a moment looked at: by a sphere's ruler, in no formula."""
    begin = max(one.plan.departure, other.plan.departure) - world.start
    end = min(one.plan.arrival, other.plan.arrival) - world.start
    moments_s = np.arange(begin.total_seconds(), end.total_seconds(), LOOK_S)
    apart = seen(world, one, moments_s) - seen(world, other, moments_s)
    near = (np.hypot(apart[:, 0], apart[:, 1]) < 49.0) & (np.abs(apart[:, 2]) < 11.9)
    return bool(near.any())


def two_hubs(world: Any, orders: list[Any], vehicles: int) -> Day:
    """Return a day of two hubs, 800 m apart and 9 m in height, with so many vehicles in turn at each."""
    day: Day = world.day(orders, vehicles=vehicles)
    first = day.site.hubs[0]
    second = replace(first, hub_id="second", name="Second", position=world.place(0.0, 800.0), ground_amsl_m=199.0)
    fleet = tuple(replace(v, hub_id=("hub", "second")[n % 2]) for n, v in enumerate(day.vehicles))
    return replace(day, site=replace(day.site, hubs=(first, second)), vehicles=fleet)


@given(st.lists(st.tuples(METRES, METRES), min_size=2, max_size=7), st.integers(2, 6))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_approved_flights_come_too_close(world: Any, drops: list[Any], vehicles: int) -> None:
    """Of one hub or of two, by another ruler (I-15); movements at one hub are an interval apart (I-16)."""
    day = two_hubs(world, [world.order(f"A-{n}", *drop) for n, drop in enumerate(drops)], vehicles)
    plan = plan_day(day)
    for one, other in combinations(plan.flights, 2):
        assert not too_close(world, one, other), (one.sortie_id, other.sortie_id)
    for hub in day.site.hubs:
        movements = sorted(
            moment
            for flight in plan.flights
            if flight.plan.sortie.hub == hub
            for moment in (flight.plan.departure, flight.plan.arrival)
        )
        gaps = [later - earlier for earlier, later in pairwise(movements)]
        assert all(gap >= timedelta(seconds=day.policy.pad_interval_s) for gap in gaps)
    assert all(flight.verdict.ok for flight in plan.flights)


def test_two_vehicles_of_one_hub_leave_one_after_the_other(world: Any) -> None:
    """Both would leave at the day's start; the second waits no longer than it has to."""
    plan = plan_day(world.day([world.order("A-1", 1000.0, 0.0), world.order("A-2", -1000.0, 0.0)]))
    first, second = (flight.plan.departure - world.start for flight in plan.flights)
    assert first == timedelta(0)
    assert timedelta(seconds=10) <= second <= timedelta(seconds=60)


def test_a_flight_that_has_to_wait_is_planned_among_the_zones_of_its_later_time(world: Any) -> None:
    """A zone begins to bind its way within the wait: it goes round, as one does that leaves then."""
    day = world.day([world.order(f"A-{n}", 900.0, 10.0 * n) for n in range(6)], vehicles=6)
    (first, *_, last) = plan_day(day).flights
    margin = timedelta(seconds=day.policy.zone_time_margin_s) + DELAY_ALLOWANCE
    slow = 1.2 * (first.plan.arrival - first.plan.departure) + timedelta(seconds=day.policy.release_wait_s)
    begin = world.start + slow + margin + (last.plan.departure - world.start) / 2
    hours = (begin - world.start).total_seconds() / 3600.0
    zone = world.zone("Z-1", 450.0, 0.0, applicability=world.hours(hours, hours + 3.0))
    flights = plan_day(replace(day, zones=(zone,))).flights
    lengths_m = [flight.plan.length_m for flight in flights]
    assert len(flights) == 6
    assert lengths_m[0] == pytest.approx(first.plan.length_m)
    assert lengths_m[-1] > last.plan.length_m + 10.0


def test_a_flight_without_a_slot_in_its_window_is_refused_by_name_of_who_is_in_its_way(world: Any) -> None:
    """Two to one drop within one minute, and the minute does not hold both."""
    day = world.day([world.order("A-1", 600.0, 0.0)])
    (alone,) = plan_day(day).flights
    (handover,) = (leg for leg in alone.plan.legs if leg.order_id)
    window = TimeWindow(world.start, handover.arrive + timedelta(seconds=5))
    orders = [world.order(name, 600.0, 0.0, window=window) for name in ("A-1", "A-2")]
    plan = plan_day(replace(day, orders=tuple(orders)))
    (flight,), (refusal,) = plan.flights, plan.refusals
    assert refusal.code is RefusalCode.NO_SLOT
    assert flight.sortie_id in refusal.reason
    assert "no clear slot within 5 s" in refusal.reason
