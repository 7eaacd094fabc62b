"""What an assignment promises: every order once, within every limit, never worse than the plain plan."""

import importlib
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.assignment import Assignment, AssignmentProblem, assign, straight_trip_times
from mission.assignment.assign import plan_by_insertion
from mission.assignment.screening import screen
from mission.assignment.timetable import Timetable
from mission.assignment.trips import TripJudge
from mission.model.fleet import VehicleType
from mission.model.orders import DeliveryMethod, Order

World = Any
ITERATIONS = 40


def served_ids(assignment: Assignment) -> list[str]:
    """Order ids of all sorties."""
    return [order_id for sortie in assignment.sorties for order_id in sortie.order_ids]


def broken_rules(problem: AssignmentProblem, assignment: Assignment) -> list[str]:
    """Judge an assignment from the problem alone, with code that shares nothing with the planner."""
    orders = {order.order_id: order for order in problem.orders}
    index = {order.order_id: position + 1 for position, order in enumerate(problem.orders)}
    vehicles = {vehicle.vehicle_id: vehicle for vehicle in problem.vehicles}
    matrices = {entry.hub_id: entry.distance_m for entry in problem.distances}
    trip_times = straight_trip_times(problem.policy)
    broken = []
    for sortie in assignment.sorties:
        vehicle = vehicles[sortie.vehicle_id]
        kind, carried = vehicle.type, [orders[order_id] for order_id in sortie.order_ids]
        places = [0, *(index[order_id] for order_id in sortie.order_ids), 0]
        legs = [float(matrices[vehicle.hub_id][a, b]) for a, b in itertools.pairwise(places)]
        loads = [sum(order.parcel.mass_kg for order in carried[i:]) for i in range(len(carried) + 1)]
        rules = {
            "slots": len(carried) <= kind.parcel_slots,
            "payload": loads[0] <= kind.max_payload_kg + 1e-6,
            "method": all(order.drop.method in kind.methods for order in carried),
            "battery": problem.energy_wh(kind, legs, loads)
            <= kind.battery_wh * (1.0 - problem.policy.reserve_fraction) + 1e-6,
            "length": abs(sum(legs) - sortie.length_m) < 1e-6,
            "hub": sortie.hub_id == vehicle.hub_id,
            "past": sortie.departure >= problem.available_from.get(vehicle.vehicle_id, problem.now),
            "window": within_windows(sortie.departure, trip_times(kind, legs), carried),
        }
        broken += [f"{sortie.vehicle_id}/{sortie.ordinal} {name}" for name, holds in rules.items() if not holds]
    for vehicle_id in vehicles:
        flown = [sortie for sortie in assignment.sorties if sortie.vehicle_id == vehicle_id]
        if [sortie.ordinal for sortie in flown] != list(range(len(flown))):
            broken.append(f"{vehicle_id} ordinals")
        for one, next_one in itertools.pairwise(flown):
            if next_one.departure - one.arrival < timedelta(seconds=problem.policy.turnaround_s):
                broken.append(f"{vehicle_id} turnaround")
    return broken


def within_windows(departure: datetime, ends_s: Sequence[float], carried: Sequence[Order]) -> bool:
    """Whether every hand-over of a sortie begins within its order's window."""
    return all(
        order.window.earliest <= departure + timedelta(seconds=at) <= order.window.latest
        for order, at in zip(carried, ends_s, strict=False)
    )


@st.composite
def problems(draw: st.DrawFn, make_world: Callable[..., World]) -> AssignmentProblem:
    """Two hubs, two kinds of vehicle, tight and loose windows, near and far, light and too heavy."""
    world = make_world(hubs={"hub-1": (0.0, 0.0), "hub-2": (3_000.0, 1_000.0)})
    metres = st.floats(-7_000.0, 7_000.0)
    orders = []
    for number in range(draw(st.integers(0, 9))):
        opens_min = draw(st.sampled_from([-20.0, 0.0, 10.0, 45.0]))
        orders.append(
            world.order(
                f"o{number}",
                (draw(metres), draw(metres)),
                mass_kg=draw(st.floats(0.05, 5.5)),
                opens_min=opens_min,
                closes_min=opens_min + draw(st.sampled_from([2.0, 15.0, 30.0, 300.0])),
                method=draw(st.sampled_from([DeliveryMethod.GRIPPER, DeliveryMethod.LAND])),
            )
        )
    kinds = st.sampled_from([world.light, world.heavy])
    hubs = st.sampled_from(["hub-1", "hub-2"])
    vehicles = [world.vehicle(f"v{number}", draw(kinds), draw(hubs)) for number in range(draw(st.integers(0, 3)))]
    late = {
        vehicle.vehicle_id: world.now + timedelta(seconds=draw(st.integers(0, 1200)))
        for vehicle in vehicles
        if draw(st.booleans())
    }
    problem: AssignmentProblem = world.problem(orders, vehicles, late)
    return problem


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_accepted_and_refused_are_the_given_orders_each_once_and_no_rule_is_broken(
    data: st.DataObject, make_world: Callable[..., World]
) -> None:
    """The two promises that must hold for any problem whatever."""
    problem = data.draw(problems(make_world))
    assignment = assign(problem, max_iterations=ITERATIONS)
    named = served_ids(assignment) + [refusal.order_id for refusal in assignment.refusals]
    assert sorted(named) == sorted(order.order_id for order in problem.orders)
    assert broken_rules(problem, assignment) == []
    assert all(refusal.reason and refusal.remedy for refusal in assignment.refusals)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_it_is_never_worse_than_cheapest_insertion(data: st.DataObject, make_world: Callable[..., World]) -> None:
    """As many orders served, and with equally many not a metre more flown."""
    problem = data.draw(problems(make_world))
    judge = TripJudge(problem)
    plain = plan_by_insertion(judge, screen(judge).servable)
    # Without iterations the search has little to show: then the plain plan is what must be kept.
    assignment = assign(problem, max_iterations=data.draw(st.sampled_from([0, ITERATIONS])))
    served = len(served_ids(assignment))
    assert served >= plain.served
    if served == plain.served:
        assert assignment.length_m <= plain.length_m + 1e-6


def test_a_search_that_finds_nothing_leaves_the_plain_plan(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of the search, cheapest insertion is what it must beat."""
    module = importlib.import_module("mission.assignment.assign")  # the name in the package is the function
    monkeypatch.setattr(module, "_plan_by_search", lambda judge, *_: (Timetable(judge), False))
    orders = [world.order("near", (2_000.0, 0.0)), world.order("far", (2_500.0, 100.0))]
    assert sorted(served_ids(assign(world.problem(orders, [world.vehicle("v")])))) == ["far", "near"]


def test_the_same_seed_gives_the_same_answer(world: World) -> None:
    """No clock, no hash order, no hidden state."""
    orders = [world.order(f"o{i}", (311.0 * (i % 7) - 900.0, 457.0 * (i % 5) - 800.0)) for i in range(24)]
    problem = world.problem(orders, [world.vehicle("a"), world.vehicle("b", world.heavy)])
    first = assign(problem, seed=7, max_iterations=100)
    assert assign(problem, seed=7, max_iterations=100) == first


def test_two_parcels_the_same_way_fly_together(world: World) -> None:
    """One sortie for neighbours, not two."""
    orders = [world.order("near", (2_000.0, 0.0)), world.order("far", (2_500.0, 100.0))]
    (sortie,) = assign(world.problem(orders, [world.vehicle("v")])).sorties
    assert set(sortie.order_ids) == {"near", "far"}


def test_a_trip_that_would_break_the_battery_is_split(make_world: Callable[..., World]) -> None:
    """Two parcels fit the slots but not the energy: two sorties, the second after the turnaround."""

    def hungry(kind: VehicleType, distances_m: Sequence[float], payloads_kg: Sequence[float]) -> float:
        return 10.0 if len(distances_m) == 2 else 1_000.0

    world = make_world(energy_wh=hungry)
    orders = [world.order("near", (2_000.0, 0.0)), world.order("far", (2_500.0, 100.0))]
    first, second = assign(world.problem(orders, [world.vehicle("v")])).sorties
    assert (first.ordinal, second.ordinal) == (0, 1)
    assert second.departure - first.arrival >= timedelta(seconds=world.policy.turnaround_s)


def test_the_nearer_hub_serves(make_world: Callable[..., World]) -> None:
    """With several hubs the drop is flown from the one that is near."""
    world = make_world(hubs={"west": (-4_000.0, 0.0), "east": (4_000.0, 0.0)})
    orders = [world.order("w", (-4_500.0, 0.0)), world.order("e", (4_500.0, 0.0))]
    vehicles = [world.vehicle("vw", hub_id="west"), world.vehicle("ve", hub_id="east")]
    sorties = assign(world.problem(orders, vehicles)).sorties
    assert {(sortie.hub_id, sortie.order_ids) for sortie in sorties} == {("west", ("w",)), ("east", ("e",))}


def test_a_vehicle_departs_later_rather_than_wait_in_the_air(world: World) -> None:
    """The hand-over begins when the window opens, and take-off is as late as that demands."""
    (sortie,) = assign(world.problem([world.order("a", (3_000.0, 0.0), opens_min=30.0)], [world.vehicle("v")])).sorties
    opens = world.now + timedelta(minutes=30)
    assert opens <= sortie.handovers[0] < opens + timedelta(milliseconds=2)
    assert sortie.departure > world.now + timedelta(minutes=25)


def test_an_urgent_order_goes_before_one_that_can_wait(world: World) -> None:
    """Earliest deadline first, whatever the order of the list."""
    orders = [
        world.order("can-wait", (-3_000.0, 0.0), closes_min=300.0),
        world.order("urgent", (3_000.0, 0.0), closes_min=6.0),
    ]
    first, second = assign(world.problem(orders, [world.vehicle("v")])).sorties
    assert (first.order_ids, second.order_ids) == (("urgent",), ("can-wait",))


def test_a_gap_before_a_later_sortie_is_used(world: World) -> None:
    """A sortie with an early-closing window elsewhere in time does not block the hours before it."""
    orders = [
        world.order("at-two", (3_000.0, 0.0), opens_min=300.0, closes_min=301.0),
        world.order("any-time", (-3_000.0, 0.0), closes_min=600.0),
    ]
    first, second = assign(world.problem(orders, [world.vehicle("v")])).sorties
    assert (first.order_ids, second.order_ids) == (("any-time",), ("at-two",))


def test_the_heavy_vehicle_is_left_for_what_only_it_can_carry(world: World) -> None:
    """Both depart at once: the light parcel on the light vehicle."""
    orders = [
        world.order("light", (3_000.0, 0.0), mass_kg=0.3, closes_min=8.0),
        world.order("heavy", (-3_000.0, 0.0), mass_kg=4.5, closes_min=8.0),
    ]
    vehicles = [world.vehicle("big", world.heavy), world.vehicle("small")]
    sorties = assign(world.problem(orders, vehicles)).sorties
    assert {(sortie.vehicle_id, sortie.order_ids) for sortie in sorties} == {
        ("small", ("light",)),
        ("big", ("heavy",)),
    }


def test_several_vehicles_fly_at_the_same_time(world: World) -> None:
    """Work is spread: with as many vehicles as directions, all leave now."""
    places = [(4_000.0, 0.0), (-4_000.0, 0.0), (0.0, 4_000.0)]
    orders = [world.order(f"o{i}", place, closes_min=20.0) for i, place in enumerate(places)]
    sorties = assign(world.problem(orders, [world.vehicle(f"v{i}") for i in range(3)])).sorties
    assert {sortie.departure for sortie in sorties} == {world.now}
    assert {sortie.vehicle_id for sortie in sorties} == {"v0", "v1", "v2"}


@pytest.mark.parametrize("count", [1, 2])
def test_the_smallest_problems_work(world: World, count: int) -> None:
    """One order and two orders are problems too."""
    orders = [world.order(f"o{i}", (500.0 + i, 0.0)) for i in range(count)]
    assert not assign(world.problem(orders, [world.vehicle("v")])).refusals


def test_no_orders_is_an_answer(world: World) -> None:
    """Nothing asked, nothing flown."""
    assert assign(world.problem([], [world.vehicle("v")])) == Assignment((), ())
