"""The front door: what comes out for any day's orders, zones and policy."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.model.airspace import Restriction
from mission.model.geo import ElevationRange, Height, VerticalDatum
from mission.model.refusal import RefusalCode
from mission.model.time import TimeWindow
from mission.planner import plan_day

METRES = st.floats(-1500.0, 1500.0)
PLACES = st.tuples(METRES, METRES)
SIZES = st.floats(30.0, 250.0)
BINDING_LIMITS = st.sampled_from([(0.0, 120.0), (0.0, 45.0), (30.0, 300.0)])
QUICK = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.lists(PLACES, max_size=5), st.lists(st.tuples(PLACES, SIZES, BINDING_LIMITS), max_size=5), st.integers(0, 2))
@QUICK
def test_every_order_is_served_once_or_refused_once_and_nothing_flies_near_a_zone(
    world: Any, route_of: Any, drops: list[Any], squares: list[Any], vehicles: int
) -> None:
    """Accepted and refused together are what was asked; each mission is verified, and clear by another ruler."""
    orders = [world.order(f"A-{n}", *drop) for n, drop in enumerate(drops)]
    zones = [
        world.zone(f"Z-{n}", *place, half_m, floor_m=floor_m, ceiling_m=ceiling_m)
        for n, (place, half_m, (floor_m, ceiling_m)) in enumerate(squares)
    ]
    day = world.day(orders, zones, vehicles=vehicles)
    plan = plan_day(day)
    served = [order.order_id for flight in plan.flights for order in flight.plan.sortie.orders]
    refused = [refusal.order_id for refusal in plan.refusals]
    assert sorted(served + refused) == sorted(order.order_id for order in orders)
    assert all(refusal.reason for refusal in plan.refusals)
    for flight in plan.flights:
        assert flight.verdict.ok
        assert flight.verdict.mission_digest == flight.mission.digest()
        assert flight.plan.energy_wh + flight.plan.reserve_wh <= flight.plan.sortie.vehicle.type.battery_wh
        for zone in zones:
            assert world.distance_m(route_of(flight), zone) >= day.policy.verified_clearance_m - 0.5


@given(st.lists(PLACES, min_size=1, max_size=4), st.integers(0, 1000))
@settings(QUICK, max_examples=8)
def test_the_same_day_and_seed_give_the_same_plan(world: Any, drops: list[Any], seed: int) -> None:
    """Planned twice: the same sorties, times, missions and refusals."""
    zones = [world.zone("Z-1", 500.0, 0.0, 150.0)]
    day = world.day([world.order(f"A-{n}", *drop) for n, drop in enumerate(drops)], zones)
    first, second = plan_day(day, seed=seed), plan_day(day, seed=seed)
    assert [f.mission.digest() for f in first.flights] == [f.mission.digest() for f in second.flights]
    assert [f.plan for f in first.flights] == [f.plan for f in second.flights]
    assert first.refusals == second.refusals


def test_a_route_goes_round_a_zone_in_its_way(world: Any, route_of: Any) -> None:
    """The zone binds, the route keeps clear, and it is longer than the straight line."""
    zone = world.zone("Z-1", 500.0, 0.0)
    plan = plan_day(world.day([world.order("A-1", 1000.0, 0.0)], [zone]))
    (flight,) = plan.flights
    assert [found.identifier for found in plan.binding_zones] == ["Z-1"]
    assert world.distance_m(route_of(flight), zone) >= 15.0
    assert flight.plan.length_m > 2000.0 + 10.0


def test_a_zone_above_the_cruise_does_not_bind(world: Any) -> None:
    """Its floor is higher than anything flown, with the margin."""
    zone = world.zone("Z-1", 500.0, 0.0, floor_m=300.0, ceiling_m=1000.0)
    plan = plan_day(world.day([world.order("A-1", 1000.0, 0.0)], [zone]))
    assert plan.binding_zones == ()
    assert plan.flights[0].plan.length_m == pytest.approx(2000.0, rel=0.005)


@pytest.mark.parametrize(
    ("restriction", "held"),
    [
        (Restriction.REQ_AUTHORISATION, "authorised_zone_ids"),
        (Restriction.CONDITIONAL, "conditions_met_zone_ids"),
    ],
)
def test_a_zone_whose_demand_the_policy_meets_does_not_bind(world: Any, restriction: Any, held: str) -> None:
    """Named in the policy it is open; not named, or named under the other heading, it is closed."""
    zone = world.zone("Z-1", 1000.0, 0.0, restriction=restriction)
    orders = [world.order("A-1", 1000.0, 0.0)]
    other = {"authorised_zone_ids", "conditions_met_zone_ids"} - {held}
    assert plan_day(world.day(orders, [zone], **{held: frozenset({"Z-1"})})).refusals == ()
    for policy in ({}, {other.pop(): frozenset({"Z-1"})}, {held: frozenset({"Z-2"})}):
        (refusal,) = plan_day(world.day(orders, [zone], **policy)).refusals
        assert (refusal.code, refusal.zone_ids) == (RefusalCode.DROP_IN_ZONE, ("Z-1",))


def test_no_authorisation_opens_a_prohibited_zone(world: Any) -> None:
    """PROHIBITED is not negotiable by a name in the policy."""
    held = {name: frozenset({"Z-1"}) for name in ("authorised_zone_ids", "conditions_met_zone_ids")}
    plan = plan_day(world.day([world.order("A-1", 1000.0, 0.0)], [world.zone("Z-1", 1000.0, 0.0)], **held))
    assert [refusal.code for refusal in plan.refusals] == [RefusalCode.DROP_IN_ZONE]


def test_a_zone_that_begins_later_binds_the_flights_that_reach_into_it(world: Any, route_of: Any) -> None:
    """Beyond the first hour as well: the horizon grows until it covers the last landing."""
    zone = world.zone("Z-1", 500.0, 0.0, applicability=world.hours(2.0, 3.5))
    late = TimeWindow(world.start + timedelta(hours=2.5), world.start + timedelta(hours=3.0))
    (flight,) = plan_day(world.day([world.order("A-1", 1000.0, 0.0, window=late)], [zone])).flights
    assert flight.plan.arrival > world.start + timedelta(hours=2.0)
    assert world.distance_m(route_of(flight), zone) >= 15.0
    early = TimeWindow(world.start, world.start + timedelta(minutes=30))
    (flight,) = plan_day(world.day([world.order("A-1", 1000.0, 0.0, window=early)], [zone])).flights
    assert world.distance_m(route_of(flight), zone) == 0.0


def test_a_drop_in_a_zone_that_is_over_is_served(world: Any) -> None:
    """What ended before the day's start, margin included, does not bind."""
    zone = world.zone("Z-1", 1000.0, 0.0, applicability=world.hours(-3.0, -0.5))
    assert plan_day(world.day([world.order("A-1", 1000.0, 0.0)], [zone])).refusals == ()


def test_an_alternate_inside_a_zone_is_not_uploaded(world: Any) -> None:
    """Rally points are only places where landing is permitted."""
    zone = world.zone("Z-1", 900.0, 0.0)
    (flight,) = plan_day(world.day([world.order("A-1", 300.0, 300.0)], [zone])).flights
    assert [site.site_id for site in flight.plan.alternates] == ["east"]


def test_refusals_come_in_the_order_of_the_orders(world: Any) -> None:
    """Whatever stage said no."""
    orders = [
        world.order("A-1", 500.0, 0.0, mass_kg=9.0),
        world.order("A-2", 1000.0, 0.0),
        world.order("A-0", 0.0, 9e4),
    ]
    plan = plan_day(world.day(orders, [world.zone("Z-1", 1000.0, 0.0)]))
    assert [refusal.order_id for refusal in plan.refusals] == ["A-1", "A-2", "A-0"]


def test_a_drop_that_one_hub_cannot_serve_is_served_from_another(world: Any) -> None:
    """Hubs at other heights see other zones bind: each is asked for itself."""
    order = world.order("A-1", 400.0, 0.0)
    day = world.day([order])
    floor_m = 240.0  # AMSL: over the low hub's cruise of 230 m and its margin, under the high hub's of 255 m
    low = day.site.hubs[0]
    high = replace(low, hub_id="high", name="High hub", position=world.place(1500.0, 0.0), ground_amsl_m=215.0)
    zone = world.zone("Z-1", 400.0, 0.0)
    band = replace(
        zone.volumes[0], floor=Height(floor_m + 5.0, VerticalDatum.AMSL), ceiling=Height(400.0, VerticalDatum.AMSL)
    )
    site = replace(day.site, hubs=(high, low), relief=ElevationRange(186.0, 216.0))
    vehicles = tuple(replace(v, hub_id=hub.hub_id) for v, hub in zip(day.vehicles, (high, low), strict=True))
    day = replace(day, site=site, vehicles=vehicles, zones=(replace(zone, volumes=(band,)),))
    plan = plan_day(day)
    assert [flight.plan.sortie.hub.hub_id for flight in plan.flights] + list(plan.refusals) == ["hub"]
