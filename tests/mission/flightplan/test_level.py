"""Legs at heights of their own: what each costs, and what assignment is told that climbing is worth."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission.flightplan import FlightConditions, height_toll_m, level_leg_wh, plan_flight, trip_energy, trip_times
from mission.model.fleet import VehicleType
from mission.model.flight import FlightPlan, LegKind, Sortie
from mission.model.geo import GeoPoint
from mission.model.refusal import Refusal, RefusalCode

Away = Callable[[float, float], GeoPoint]
QUICK = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def flown(
    sortie: Sortie, conditions: FlightConditions, heights_home_m: tuple[float, ...]
) -> FlightPlan | tuple[Refusal, ...]:
    """Return the plan of straight legs at these heights."""
    places = [sortie.hub.position, *(o.drop.position for o in sortie.orders), sortie.hub.position]
    return plan_flight(sortie, [list(pair) for pair in pairwise(places)], conditions, (), heights_home_m)


def test_each_leg_is_flown_at_its_own_height(
    make_sortie: Callable[..., Sortie], away: Away, conditions: FlightConditions
) -> None:
    """Up to 60 m for the first, 30 m between the drops, 90 m on the way home; no gap between legs."""
    plan = flown(make_sortie([away(800.0, 0.0), away(0.0, 800.0)]), conditions, (60.0, 30.0, 90.0))
    assert isinstance(plan, FlightPlan)
    cruises = [leg for leg in plan.legs if leg.kind is LegKind.CRUISE]
    assert [(leg.start_height_home_m, leg.end_height_home_m) for leg in cruises] == [(h, h) for h in (60.0, 30.0, 90.0)]
    for leg, following in pairwise(plan.legs):
        assert (leg.end, leg.end_height_home_m, leg.arrive) == (
            following.start,
            following.start_height_home_m,
            following.depart,
        )


def test_a_hand_over_above_one_of_the_legs_beside_it_is_refused(
    make_sortie: Callable[..., Sortie], away: Away, conditions: FlightConditions
) -> None:
    """Down to it from 60 m, but only 5 m on the way home."""
    refusals = flown(make_sortie([away(800.0, 0.0)]), conditions, (60.0, 5.0))
    assert not isinstance(refusals, FlightPlan)
    assert [refusal.code for refusal in refusals] == [RefusalCode.NO_ROUTE]


@given(st.floats(100.0, 3000.0), st.floats(20.0, 100.0), st.floats(1.0, 60.0))
@QUICK
def test_a_higher_leg_never_costs_less(
    away: Away, conditions: FlightConditions, vehicle_type: VehicleType, length_m: float, low_m: float, more_m: float
) -> None:
    """Of the same length, with the same load."""
    path = [away(0.0, 0.0), away(length_m, 0.0)]

    def cost_wh(height_m: float) -> float:
        return level_leg_wh(
            path, height_m, ends_home_m=(6.0, 6.0), payload_kg=1.0, vehicle_type=vehicle_type, conditions=conditions
        )

    assert cost_wh(low_m) < cost_wh(low_m + more_m)


@given(st.floats(300.0, 3000.0), st.floats(0.0, 60.0), st.floats(0.1, 3.0))
@QUICK
def test_with_the_toll_a_trip_is_not_thought_cheaper_or_shorter_than_its_plan(
    make_sortie: Callable[..., Sortie],
    away: Away,
    conditions: FlightConditions,
    vehicle_type: VehicleType,
    length_m: float,
    more_m: float,
    mass_kg: float,
) -> None:
    """Assignment knows lengths alone: what it is told of a higher leg covers energy and time."""
    height_m = conditions.policy.cruise_height_home_m + more_m
    plan = flown(make_sortie([away(length_m, 0.0)], mass_kg=mass_kg), conditions, (height_m, height_m))
    assert isinstance(plan, FlightPlan)
    leg_m = plan.length_m / 2.0 + height_toll_m(height_m, vehicle_type, conditions)
    energy_wh = trip_energy(conditions)(vehicle_type, [leg_m, leg_m], [mass_kg, 0.0])
    landed_s = trip_times(conditions)(vehicle_type, [leg_m, leg_m])[-1]
    assert energy_wh >= plan.energy_wh - 1e-6
    assert landed_s >= (plan.arrival - plan.departure).total_seconds() - 1e-6


def test_a_height_that_is_not_above_the_usual_one_has_no_toll(
    conditions: FlightConditions, vehicle_type: VehicleType
) -> None:
    """Lower saves something; assignment is not told, to be safe."""
    usual_m = conditions.policy.cruise_height_home_m
    assert height_toll_m(usual_m, vehicle_type, conditions) == 0.0
    assert height_toll_m(usual_m - 10.0, vehicle_type, conditions) == 0.0
    assert height_toll_m(usual_m + 10.0, vehicle_type, conditions) == pytest.approx(
        height_toll_m(usual_m + 20.0, vehicle_type, conditions) / 2.0
    )
