"""Every order that is not served is refused by code, with the figures and the nearest remedy."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from mission.assignment import AssignmentProblem, HubDistances, assign
from mission.errors import InputError
from mission.model.orders import DeliveryMethod
from mission.model.refusal import Refusal, RefusalCode

World = Any


def only_refusal(problem: AssignmentProblem) -> Refusal:
    """The one refusal of a problem that has exactly one."""
    assignment = assign(problem)
    assert len(assignment.refusals) == 1
    return assignment.refusals[0]


def test_an_empty_fleet_refuses_every_order(world: World) -> None:
    """No vehicle, no delivery: and the remedy is a vehicle."""
    orders = [world.order("a", (100.0, 0.0)), world.order("b", (0.0, 100.0))]
    assignment = assign(world.problem(orders, []))
    assert [refusal.code for refusal in assignment.refusals] == [RefusalCode.NO_VEHICLE] * 2
    assert "Add a vehicle" in assignment.refusals[0].remedy


def test_a_parcel_heavier_than_any_vehicle_carries_is_refused_with_both_masses(world: World) -> None:
    """F-O6: overweight is refused before allocation, with the mass measured and the limit."""
    order = world.order("a", (100.0, 0.0), mass_kg=5.25)
    refusal = only_refusal(world.problem([order], [world.vehicle("v"), world.vehicle("h", world.heavy)]))
    assert refusal.code is RefusalCode.OVERWEIGHT
    assert "5.250 kg" in refusal.reason
    assert "5.000 kg (heavy)" in refusal.reason
    assert "0.250 kg" in refusal.remedy


def test_a_parcel_of_exactly_the_limit_is_carried(world: World) -> None:
    """The limit itself is allowed."""
    order = world.order("a", (100.0, 0.0), mass_kg=world.light.max_payload_kg)
    assert not assign(world.problem([order], [world.vehicle("v")])).refusals


def test_a_method_that_no_vehicle_offers_is_refused_with_those_on_offer(world: World) -> None:
    """A winch drop without a winch names what there is instead."""
    order = world.order("a", (100.0, 0.0), method=DeliveryMethod.WINCH)
    refusal = only_refusal(world.problem([order], [world.vehicle("v", world.heavy)]))
    assert refusal.code is RefusalCode.METHOD_UNSUPPORTED
    assert "WINCH" in refusal.reason
    assert "GRIPPER or LAND" in refusal.remedy


def test_the_strong_vehicle_without_the_method_does_not_excuse_the_weak_one_with_it(
    make_world: Callable[..., World],
) -> None:
    """Mass and method must be met by the same vehicle."""
    world = make_world()
    strong = replace(world.heavy, methods=frozenset({DeliveryMethod.GRIPPER}))
    weak = replace(world.light, methods=frozenset({DeliveryMethod.LAND}))
    order = world.order("a", (100.0, 0.0), mass_kg=4.0, method=DeliveryMethod.LAND)
    refusal = only_refusal(world.problem([order], [world.vehicle("s", strong), world.vehicle("w", weak)]))
    assert refusal.code is RefusalCode.METHOD_UNSUPPORTED


def test_a_window_that_has_closed_is_refused(world: World) -> None:
    """F-O4: the past cannot be reached."""
    order = world.order("a", (100.0, 0.0), opens_min=-60.0, closes_min=-1.5)
    refusal = only_refusal(world.problem([order], [world.vehicle("v")]))
    assert refusal.code is RefusalCode.WINDOW_PAST
    assert "2026-11-20T08:58:30Z, 1 min 30 s before now" in refusal.reason


def test_a_drop_without_a_route_is_refused(world: World) -> None:
    """An infinite distance is not a long one."""
    problem = world.problem([world.order("a", (100.0, 0.0))], [world.vehicle("v")])
    walled = HubDistances("hub-1", np.array([[0.0, np.inf], [100.0, 0.0]]))
    refusal = only_refusal(replace(problem, distances=(walled,)))
    assert refusal.code is RefusalCode.NO_ROUTE


def test_a_drop_out_of_range_is_refused_with_energy_and_reach(world: World) -> None:
    """F-O5: needed and usable energy are named, and how far the vehicle would reach."""
    order = world.order("a", (20_000.0, 0.0), mass_kg=1.0)
    refusal = only_refusal(world.problem([order], [world.vehicle("v")]))
    assert refusal.code is RefusalCode.OUT_OF_RANGE
    assert "40.00 km" in refusal.reason
    assert "240.0 Wh (300.0 Wh less 20% reserve)" in refusal.reason
    reach_km = float(refusal.remedy.split("reaches ")[1].split(" km")[0])
    assert not assign(
        world.problem([world.order("a", (reach_km * 1000.0 - 10.0, 0.0), 1.0)], [world.vehicle("v")])
    ).refusals


def test_energy_that_is_not_known_is_never_enough(make_world: Callable[..., World]) -> None:
    """NaN is refused, not flown."""
    world = make_world(energy_wh=lambda *_: float("nan"))
    refusal = only_refusal(world.problem([world.order("a", (100.0, 0.0))], [world.vehicle("v")]))
    assert refusal.code is RefusalCode.OUT_OF_RANGE


def test_a_window_that_closes_before_any_vehicle_gets_there_is_refused_with_the_earliest_time(world: World) -> None:
    """F-O4: the sentence says when it could be, and the remedy works."""
    problem = world.problem([world.order("a", (6_000.0, 0.0), closes_min=2.0)], [world.vehicle("v")])
    refusal = only_refusal(problem)
    assert refusal.code is RefusalCode.WINDOW_UNREACHABLE
    minutes_later = 8.0
    assert "2026-11-20T09:07:" in refusal.remedy
    mended = world.problem([world.order("a", (6_000.0, 0.0), closes_min=minutes_later)], [world.vehicle("v")])
    assert not assign(mended).refusals


def test_a_vehicle_that_is_not_ready_yet_counts_from_when_it_is(world: World) -> None:
    """A vehicle in the air cannot take the order that closes before it is back."""
    order = world.order("a", (1_000.0, 0.0), closes_min=30.0)
    back = {"v": world.now + timedelta(minutes=29)}
    refusal = only_refusal(world.problem([order], [world.vehicle("v")], back))
    assert refusal.code is RefusalCode.WINDOW_UNREACHABLE
    assert not assign(world.problem([order], [world.vehicle("v")], {"v": world.now})).refusals


def test_orders_beyond_what_the_fleet_can_fly_in_time_are_refused_with_when_it_could(world: World) -> None:
    """One vehicle, many distant orders of one short window: some are served, the others are told when."""
    places = [(5_000.0, 0.0), (-5_000.0, 0.0), (0.0, 5_000.0), (0.0, -5_000.0)]
    orders = [world.order(f"o{i}", place, closes_min=12.0) for i, place in enumerate(places)]
    assignment = assign(world.problem(orders, [world.vehicle("v")]))
    assert len(assignment.sorties) == 1
    assert {refusal.code for refusal in assignment.refusals} == {RefusalCode.WINDOW_UNREACHABLE}
    assert all("busy" in refusal.reason for refusal in assignment.refusals)


@pytest.mark.parametrize(
    ("break_it", "place"),
    [
        (lambda p: replace(p, orders=p.orders * 2), "orders[1].order_id"),
        (lambda p: replace(p, vehicles=p.vehicles * 2), "vehicles[1].vehicle_id"),
        (lambda p: replace(p, vehicles=(replace(p.vehicles[0], hub_id="nowhere"),)), "vehicles[0].hub_id"),
        (lambda p: replace(p, distances=()), "distances"),
        (lambda p: replace(p, distances=(HubDistances("hub-1", np.zeros((3, 3))),)), "distances[0].distance_m"),
        (
            lambda p: replace(p, distances=(HubDistances("hub-1", np.full((2, 2), np.nan)),)),
            "distances[0].distance_m",
        ),
        (lambda p: replace(p, available_from={"who": p.now}), "available_from['who']"),
        (lambda p: replace(p, available_from={"v": p.now.replace(tzinfo=None)}), "available_from['v']"),
    ],
)
def test_a_problem_that_contradicts_itself_is_broken_input(
    world: World, break_it: Callable[[AssignmentProblem], AssignmentProblem], place: str
) -> None:
    """Broken input is an error that names the place, and nothing is assigned."""
    problem = world.problem([world.order("a", (100.0, 0.0))], [world.vehicle("v")])
    with pytest.raises(InputError) as raised:
        break_it(problem)
    assert place in {found.place for found in raised.value.problems}
