"""The searches inside: each only ever improves what it is given, and keeps to the rules on the way."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.assignment.assign import lay, plan_by_insertion
from mission.assignment.parts import LARGEST_PART, parts_by_hub_and_angle
from mission.assignment.polish import SortieSearch
from mission.assignment.reinsertion import rank, reinsert
from mission.assignment.sorties import propose_sorties, range_m, split
from mission.assignment.trips import Trip, TripFault, TripJudge
from mission.model.fleet import VehicleType

World = Any


def scattered(world: World, count: int, seed: int, closes_min: float = 600.0) -> list[Any]:
    """Orders anywhere within 3 km east and north of the hub, of up to 1.2 kg."""
    rng = np.random.default_rng(seed)
    return [
        world.order(
            f"o{number}",
            tuple(rng.uniform(-3_000.0, 3_000.0, 2)),
            mass_kg=float(rng.uniform(0.1, 1.2)),
            closes_min=closes_min,
        )
        for number in range(count)
    ]


def total_m(judge: TripJudge, sorties: Sequence[tuple[int, ...]]) -> float:
    """Length of sorties, each from the base that flies it shortest."""
    return sum(min(trip.length_m for trip in judge.trips(stops)) for stops in sorties)


@given(seed=st.integers(0, 10_000), count=st.integers(1, 14))
@settings(max_examples=25, deadline=None)
def test_the_exact_search_keeps_every_order_and_never_lengthens(
    seed: int, count: int, make_world: Callable[..., World]
) -> None:
    """From sorties of one order each: the same orders, in flyable sorties, over no longer a way."""
    world = make_world()
    judge = TripJudge(world.problem(scattered(world, count, seed), [world.vehicle("v")]))
    alone = [(order,) for order in range(count)]
    shorter = SortieSearch(judge, range(count), seed).shorten(alone, 30)
    assert sorted(stop for stops in shorter for stop in stops) == list(range(count))
    assert all(any(True for _ in judge.trips(stops)) for stops in shorter)
    assert total_m(judge, shorter) <= total_m(judge, alone) + 1e-6


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_reinsertion_never_serves_fewer_nor_flies_farther(seed: int, make_world: Callable[..., World]) -> None:
    """More served, or as many over no longer a way; and the timetable given is left as it was."""
    world = make_world()
    orders = scattered(world, 14, seed, closes_min=25.0)
    judge = TripJudge(world.problem(orders, [world.vehicle("v"), world.vehicle("h", world.heavy)]))
    start = plan_by_insertion(judge, range(14))
    before = rank(start)
    assert rank(reinsert(start, range(14), seed=seed, iterations=20)) <= before
    assert rank(start) == before


def test_a_fleet_that_is_short_of_time_serves_more_after_reinsertion(world: World) -> None:
    """The plain plan commits early; taking sorties out again makes room for more orders."""
    orders = scattered(world, 40, seed=1, closes_min=40.0)
    judge = TripJudge(world.problem(orders, [world.vehicle("v"), world.vehicle("w")]))
    start = plan_by_insertion(judge, range(40))
    assert start.served < 40
    assert reinsert(start, range(40), seed=1, iterations=150).served > start.served


def test_a_cut_keeps_the_order_of_stops_and_the_least_total_length(make_world: Callable[..., World]) -> None:
    """Three in a row where only two may fly together: the cut is where it costs least."""

    def at_most_two(kind: VehicleType, distances_m: Sequence[float], payloads_kg: Sequence[float]) -> float:
        return 10.0 if len(distances_m) <= 3 else 1_000.0

    world = make_world(energy_wh=at_most_two)
    orders = [world.order("a", (100.0, 0.0)), world.order("b", (0.0, 3_000.0)), world.order("c", (10.0, 3_000.0))]
    judge = TripJudge(world.problem(orders, [world.vehicle("h", world.heavy)]))
    assert split(judge, 0, (0, 1, 2)) == [(0,), (1, 2)]


def test_the_range_given_to_pyvrp_is_the_longest_that_the_battery_allows(world: World) -> None:
    """A metre more would not be affordable."""
    judge = TripJudge(world.problem([world.order("a", (10.0, 0.0))], [world.vehicle("v")]))
    reach_m = range_m(judge, 0, 0.5)
    usable_wh = judge.usable_wh(world.light)

    def cost_wh(length_m: float) -> float:
        return float(judge.problem.energy_wh(world.light, (length_m / 2, length_m / 2), (0.5, 0.0)))

    assert cost_wh(reach_m) <= usable_wh < cost_wh(reach_m + 1.01)


def test_pyvrp_respects_what_a_base_cannot_serve(make_world: Callable[..., World]) -> None:
    """Slots, masses and methods hold already in what is proposed, before any cut."""
    world = make_world()
    orders = scattered(world, 12, seed=3)
    judge = TripJudge(world.problem(orders, [world.vehicle("v"), world.vehicle("h", world.heavy)]))
    proposed = propose_sorties(judge, range(12), seed=1, max_iterations=100)
    assert sorted(stop for _, stops in proposed for stop in stops) == list(range(12))
    faults = {judge.judge(base, stops) for base, stops in proposed} & {TripFault.CAPACITY, TripFault.METHOD}
    assert faults == set()


def test_a_sortie_that_fits_nowhere_is_served_order_by_order(world: World) -> None:
    """Two orders that no vehicle can fly together are still both served."""
    orders = [world.order("a", (2_000.0, 0.0), mass_kg=1.5), world.order("b", (2_100.0, 0.0), mass_kg=1.5)]
    judge = TripJudge(world.problem(orders, [world.vehicle("v")]))
    assert judge.judge(0, (0, 1)) is TripFault.CAPACITY
    timetable, fleet_is_short = lay(judge, [(0, 1)])
    assert (timetable.served, fleet_is_short) == (2, True)


def test_a_large_problem_is_searched_in_parts_of_every_order_once(make_world: Callable[..., World]) -> None:
    """Parts by nearest hub and direction, none too large."""
    world = make_world(hubs={"hub-1": (0.0, 0.0), "hub-2": (3_000.0, 1_000.0)})
    orders = scattered(world, 2 * LARGEST_PART + 7, seed=5)
    vehicles = [world.vehicle("v"), world.vehicle("w", hub_id="hub-2")]
    judge = TripJudge(world.problem(orders, vehicles))
    parts = parts_by_hub_and_angle(judge, range(len(orders)))
    assert len(parts) >= 3
    assert max(map(len, parts)) <= LARGEST_PART
    assert sorted(order for part in parts for order in part) == list(range(len(orders)))


@pytest.mark.parametrize("mass_kg", [0.1, 1.0])
def test_a_trip_pays_for_the_load_only_while_it_is_carried(world: World, mass_kg: float) -> None:
    """The masses given to the energy fall from drop to drop, and the last leg is flown empty."""
    seen: list[tuple[float, ...]] = []

    def energy_wh(kind: VehicleType, distances_m: Sequence[float], payloads_kg: Sequence[float]) -> float:
        seen.append(tuple(payloads_kg))
        return 1.0

    orders = [world.order("a", (100.0, 0.0), mass_kg), world.order("b", (200.0, 0.0), 0.25)]
    judge = TripJudge(replace(world.problem(orders, [world.vehicle("v")]), energy_wh=energy_wh))
    assert isinstance(judge.judge(0, (0, 1)), Trip)
    assert seen[-1] == pytest.approx((mass_kg + 0.25, 0.25, 0.0))
