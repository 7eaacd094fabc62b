"""What it still takes to get down."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from mission.flightplan import (
    FlightConditions,
    Progress,
    cost_to_fly,
    plan_flight,
    progress_on_leg,
    remaining_energy_wh,
    remaining_s,
    trip_energy,
    trip_times,
)
from mission.model.fleet import VehicleType
from mission.model.flight import FlightPlan, LegKind, Sortie
from mission.model.geo import GeoPoint

Away = Callable[[float, float], GeoPoint]
MakeSortie = Callable[..., Sortie]


@pytest.fixture
def plan(make_sortie: MakeSortie, away: Away, conditions: FlightConditions) -> FlightPlan:
    """Two drops, straight paths."""
    drops = [away(1000.0, 0.0), away(1000.0, 800.0)]
    places = [away(0.0, 0.0), *drops, away(0.0, 0.0)]
    result = plan_flight(make_sortie(drops), list(pairwise(places)), conditions)
    assert isinstance(result, FlightPlan)
    return result


def test_before_the_first_leg_everything_remains(plan: FlightPlan) -> None:
    """All energy and all time."""
    assert remaining_energy_wh(plan, Progress(0)) == pytest.approx(plan.energy_wh)
    assert remaining_s(plan, Progress(0)) == pytest.approx((plan.arrival - plan.departure).total_seconds())


def test_after_the_last_leg_nothing_remains(plan: FlightPlan) -> None:
    """Landed."""
    assert remaining_energy_wh(plan, Progress(len(plan.legs))) == 0.0
    assert remaining_s(plan, Progress(len(plan.legs) - 1, 1.0)) == 0.0


def test_half_way_along_a_leg_half_of_it_remains(plan: FlightPlan, away: Away) -> None:
    """500 m of 1000 m flown."""
    progress = progress_on_leg(plan, 1, away(500.0, 0.0), 60.0)
    assert progress.leg_index == 1
    assert progress.fraction == pytest.approx(0.5, abs=1e-6)
    later = sum(leg.energy_wh for leg in plan.legs[2:])
    assert remaining_energy_wh(plan, progress) == pytest.approx(later + 0.5 * plan.legs[1].energy_wh)


def test_a_vehicle_off_its_leg_has_done_less_not_more(plan: FlightPlan, away: Away) -> None:
    """300 m aside of half way counts as less than half; behind the start counts as nothing."""
    assert progress_on_leg(plan, 1, away(500.0, 300.0), 60.0).fraction < 0.5
    assert progress_on_leg(plan, 1, away(-400.0, 0.0), 60.0).fraction == 0.0


def test_a_climb_progresses_with_height(plan: FlightPlan, away: Away) -> None:
    """45 of 60 m climbed."""
    assert progress_on_leg(plan, 0, away(0.0, 0.0), 45.0).fraction == pytest.approx(0.75)


def test_a_handover_counts_as_just_begun(plan: FlightPlan, away: Away) -> None:
    """Its place says nothing of its progress."""
    index = next(i for i, leg in enumerate(plan.legs) if leg.kind is LegKind.HANDOVER)
    assert progress_on_leg(plan, index, away(1000.0, 0.0), 6.0) == Progress(index)


def test_flying_home_by_cost_to_fly_agrees_with_the_plan(
    plan: FlightPlan, conditions: FlightConditions, vehicle_type: VehicleType
) -> None:
    """The last strand and landing cost the same, whichever function is asked."""
    cruise, land = plan.legs[-2:]
    cost = cost_to_fly(
        [cruise.start, cruise.end],
        height_home_m=60.0,
        payload_kg=0.0,
        vehicle_type=vehicle_type,
        policy=conditions.policy,
        model=conditions.model,
    )
    assert cost.energy_wh == pytest.approx(cruise.energy_wh + land.energy_wh)
    assert cost.duration_s == pytest.approx((land.arrive - cruise.depart).total_seconds())
    assert cost.length_m == pytest.approx(1280.6, abs=1.0)


def test_a_diversion_costs_more_from_below_with_a_parcel_and_against_the_wind(
    away: Away, conditions: FlightConditions, vehicle_type: VehicleType
) -> None:
    """Each of them alone."""

    def cost(*, payload_kg: float = 0.0, start_m: float = 60.0, headwind_m_s: float = 0.0) -> float:
        return cost_to_fly(
            [away(900.0, 0.0), away(0.0, 0.0)],
            height_home_m=60.0,
            payload_kg=payload_kg,
            vehicle_type=vehicle_type,
            policy=conditions.policy,
            model=conditions.model,
            start_height_home_m=start_m,
            headwind_m_s=headwind_m_s,
        ).energy_wh

    plain = cost()
    assert cost(payload_kg=1.0) > plain
    assert cost(start_m=6.0) > plain
    assert cost(headwind_m_s=5.0) > plain


def test_progress_outside_a_leg_is_refused() -> None:
    """Neither before the flight nor more than all of a leg."""
    with pytest.raises(ValueError, match="not a progress"):
        Progress(-1)
    with pytest.raises(ValueError, match="not a progress"):
        Progress(0, 1.5)


def test_trips_by_distance_agree_with_plans_on_straight_paths(
    plan: FlightPlan, conditions: FlightConditions, vehicle_type: VehicleType
) -> None:
    """Assignment and flight plan use one rule: same energy with every wait at its longest, same times."""
    distances = [1000.0, 800.0]
    home = plan.length_m - sum(distances)
    energy_wh = trip_energy(conditions)(vehicle_type, [*distances, home], [2.0, 1.0, 0.0])
    assert energy_wh == pytest.approx(plan.energy_wh + plan.wait_wh, rel=1e-4)
    assert plan.wait_wh > 0.0
    ends_s = trip_times(conditions)(vehicle_type, [*distances, home])
    handovers = [leg.depart for leg in plan.legs if leg.kind is LegKind.HANDOVER]
    expected = [(moment - plan.departure).total_seconds() for moment in [*handovers, plan.arrival]]
    assert ends_s == pytest.approx(expected, abs=0.05)
