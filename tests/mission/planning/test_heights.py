"""Heights: each leg is flown where it costs least, over or under zones where that is permitted and cheaper."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.model.airspace import Restriction
from mission.model.flight import LegKind
from mission.model.geo import Height, VerticalDatum
from mission.model.refusal import RefusalCode
from mission.planner import plan_day

STRAIGHT_M = 2000.0


def heights(flight: Any) -> list[float]:
    """Return the heights of the level legs, out and back."""
    return sorted({leg.start_height_home_m for leg in flight.plan.legs if leg.kind is LegKind.CRUISE})


def wall(world: Any, **limits: Any) -> Any:
    """Return a zone 1,600 m wide across the way: round it costs far more than over it."""
    return world.zone("WALL", 500.0, 0.0, half_north_m=60.0, half_east_m=800.0, **limits)


def flown(world: Any, zones: list[Any], **policy: Any) -> Any:
    """Return the only flight of a day with one order 1,000 m north."""
    plan = plan_day(world.day([world.order("A-1", 1000.0, 0.0)], zones, **policy))
    assert plan.refusals == ()
    return plan.flights[0]


def test_a_low_wide_zone_is_flown_over(world: Any) -> None:
    """Its ceiling and the margin lie under the second height; the way is straight there."""
    zone = wall(world, ceiling_m=25.0)
    over = flown(world, [zone], further_cruise_heights_home_m=(60.0,))
    around = flown(world, [zone])
    assert heights(over) == [60.0]
    assert over.plan.length_m == pytest.approx(STRAIGHT_M, rel=0.005)
    assert heights(around) == [40.0]
    assert around.plan.length_m > STRAIGHT_M + 800.0
    assert over.plan.energy_wh < around.plan.energy_wh


def test_a_small_zone_is_flown_round_at_the_usual_height(world: Any) -> None:
    """The climb would cost more than the few metres of detour."""
    flight = flown(world, [world.zone("Z-1", 500.0, 0.0, 40.0, ceiling_m=25.0)], further_cruise_heights_home_m=(60.0,))
    assert heights(flight) == [40.0]


def test_a_high_wide_zone_is_flown_under(world: Any) -> None:
    """Its floor less the margin lies over the second height."""
    zone = wall(world, floor_m=80.0, ceiling_m=500.0)
    flight = flown(world, [zone], cruise_height_home_m=80.0, further_cruise_heights_home_m=(40.0,))
    assert heights(flight) == [40.0]
    assert flight.plan.length_m == pytest.approx(STRAIGHT_M, rel=0.005)


def test_a_height_over_the_operators_limit_is_never_flown(world: Any) -> None:
    """118 m over a hub at 190 m is 122 m over ground at 186 m."""
    flight = flown(world, [wall(world, ceiling_m=80.0)], further_cruise_heights_home_m=(118.0,))
    assert heights(flight) == [40.0]


def test_a_zone_over_the_hub_bars_the_climb_to_the_height_above_it(world: Any) -> None:
    """Nobody climbs through a zone in order to fly over another."""
    lid = world.zone("LID", 0.0, 0.0, floor_m=55.0, ceiling_m=55.5)
    low = wall(world, ceiling_m=25.0)
    assert heights(flown(world, [low], further_cruise_heights_home_m=(80.0,))) == [80.0]
    assert heights(flown(world, [low, lid], further_cruise_heights_home_m=(80.0,))) == [40.0]


def test_where_one_leg_would_fly_over_what_binds_another_all_legs_take_one_height(world: Any) -> None:
    """A fence knows no heights: it cannot close a zone to the way out, loaded, and open it to the way back, empty.

    At one of these widths the loaded climb costs more than the detour and the empty one less.
    """
    for half_m in range(170, 211, 10):
        zone = world.zone("Z-1", 500.0, 0.0, half_north_m=30.0, half_east_m=float(half_m), ceiling_m=25.0)
        order = world.order("A-1", 1000.0, 0.0, mass_kg=2.5)
        plan = plan_day(world.day([order], [zone], further_cruise_heights_home_m=(60.0,)))
        assert plan.refusals == ()
        assert len(heights(plan.flights[0])) == 1


def test_a_blocked_pair_is_told_the_height_over_the_zone_and_whether_it_may_be_flown(world: Any) -> None:
    """A ring around the drop, 25 m or 100 m high over ground that may be 204 m: datum named, limit named."""
    for ceiling_m, remedy in (
        (25.0, "Clear above 50 m over the hub (240 m AMSL)"),
        (100.0, "Clear above 125 m over the hub (315 m AMSL), above the operator's limit of 120 m AGL"),
    ):
        ring = [
            world.zone("N", 800.0, 0.0, half_north_m=20, half_east_m=300, ceiling_m=ceiling_m),
            world.zone("S", 300.0, 0.0, half_north_m=20, half_east_m=300, ceiling_m=ceiling_m),
            world.zone("E", 550.0, 280.0, half_north_m=260, half_east_m=20, ceiling_m=ceiling_m),
            world.zone("W", 550.0, -280.0, half_north_m=260, half_east_m=20, ceiling_m=ceiling_m),
        ]
        (refusal,) = plan_day(world.day([world.order("A-1", 550.0, 0.0)], ring)).refusals
        assert refusal.code is RefusalCode.NO_ROUTE
        assert refusal.remedy == remedy


def test_a_height_at_which_another_zone_closes_the_way_is_no_remedy(world: Any) -> None:
    """Over every wall stands another, from 30 to 60 m: the first height above a ceiling is in it, the second is not."""
    ring = [
        world.zone(f"{name}{floor_m:.0f}", north_m, east_m, floor_m=floor_m, ceiling_m=ceiling_m, **size)
        for floor_m, ceiling_m in ((0.0, 25.0), (30.0, 60.0))
        for name, north_m, east_m, size in (
            ("N", 800.0, 0.0, {"half_north_m": 20, "half_east_m": 300}),
            ("S", 300.0, 0.0, {"half_north_m": 20, "half_east_m": 300}),
            ("E", 550.0, 280.0, {"half_north_m": 260, "half_east_m": 20}),
            ("W", 550.0, -280.0, {"half_north_m": 260, "half_east_m": 20}),
        )
    ]
    (refusal,) = plan_day(world.day([world.order("A-1", 550.0, 0.0)], ring)).refusals
    assert refusal.remedy == "Clear above 85 m over the hub (275 m AMSL)"


def test_the_height_that_a_remedy_names_is_flown_when_the_policy_permits_it(world: Any) -> None:
    """Who takes the advice is served, and a metre less would not do."""
    ring = [
        world.zone("N", 800.0, 0.0, half_north_m=20, half_east_m=300, ceiling_m=25.0),
        world.zone("S", 300.0, 0.0, half_north_m=20, half_east_m=300, ceiling_m=25.0),
        world.zone("E", 550.0, 280.0, half_north_m=260, half_east_m=20, ceiling_m=25.0),
        world.zone("W", 550.0, -280.0, half_north_m=260, half_east_m=20, ceiling_m=25.0),
    ]
    orders = [world.order("A-1", 550.0, 0.0)]
    for height_m, refused in ((50.0, 0), (49.0, 1)):
        plan = plan_day(world.day(orders, ring, further_cruise_heights_home_m=(height_m,)))
        assert len(plan.refusals) == refused


def test_a_drop_under_a_zone_is_told_the_height_below_it(world: Any) -> None:
    """A floor of 50 m over ground that may be 186 m high: 35 m over the hub keeps the margin of 10 m."""
    shelf = world.zone("Z-1", 1000.0, 0.0, floor_m=50.0, restriction=Restriction.REQ_AUTHORISATION)
    orders = [world.order("A-1", 1000.0, 0.0)]
    (refusal,) = plan_day(world.day(orders, [shelf])).refusals
    assert (refusal.code, refusal.remedy) == (
        RefusalCode.DROP_IN_ZONE,
        "Clear below 35 m over the hub (225 m AMSL)",
    )
    assert plan_day(world.day(orders, [shelf], further_cruise_heights_home_m=(35.0,))).refusals == ()


def test_datums_are_not_mixed(world: Any) -> None:
    """A ceiling of 230 m AMSL is 40 m over the hub; one of 230 m above the ellipsoid is unknown without a geoid."""
    zone = wall(world)
    for datum, expected in ((VerticalDatum.AMSL, [55.0]), (VerticalDatum.WGS84, [40.0])):
        volume = type(zone.volumes[0])(zone.volumes[0].footprint, Height(0.0, datum), Height(230.0, datum))
        subject = type(zone)(zone.identifier, zone.name, zone.restriction, (volume,), zone.source)
        assert heights(flown(world, [subject], further_cruise_heights_home_m=(55.0,))) == expected


METRES = st.floats(-1200.0, 1200.0)
LIMITS = st.sampled_from([(0.0, 20.0), (0.0, 35.0), (0.0, 120.0), (45.0, 300.0), (70.0, 300.0)])
SQUARES = st.lists(st.tuples(METRES, METRES, st.floats(30.0, 250.0), LIMITS), max_size=5)
DROPS = st.lists(st.tuples(METRES, METRES), min_size=1, max_size=3)
QUICK = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(DROPS, SQUARES)
@QUICK
def test_more_heights_never_cost_an_order_and_every_flight_is_verified(
    world: Any, drops: list[Any], squares: list[Any]
) -> None:
    """What is served at one height is served where there are three; no flight needs more energy by the choice."""
    zones = [
        world.zone(f"Z-{n}", north, east, half_m, floor_m=floor_m, ceiling_m=ceiling_m)
        for n, (north, east, half_m, (floor_m, ceiling_m)) in enumerate(squares)
    ]
    orders = [world.order(f"A-{n}", *drop) for n, drop in enumerate(drops)]
    one = plan_day(world.day(orders, zones, vehicles=3))
    three = plan_day(world.day(orders, zones, vehicles=3, further_cruise_heights_home_m=(30.0, 60.0)))
    assert {r.order_id for r in three.refusals} <= {r.order_id for r in one.refusals}
    assert all(flight.verdict.ok for flight in three.flights)
    cost = {o.order_id: f.plan.energy_wh for f in one.flights for o in f.plan.sortie.orders}
    for flight in three.flights:
        for order in flight.plan.sortie.orders:
            assert flight.plan.energy_wh <= cost.get(order.order_id, flight.plan.energy_wh) + 1e-6
