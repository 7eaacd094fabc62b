"""From a sortie and its paths to a timed flight plan."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mission.flightplan import FlightConditions, plan_flight
from mission.model.fleet import VehicleType
from mission.model.flight import FlightPlan, LegKind, Sortie
from mission.model.geo import GeoPoint
from mission.model.orders import DeliveryMethod
from mission.model.refusal import Refusal, RefusalCode

Away = Callable[[float, float], GeoPoint]
MakeSortie = Callable[..., Sortie]


def straight(sortie: Sortie) -> list[list[GeoPoint]]:
    """Paths without corners."""
    places = [sortie.hub.position, *(o.drop.position for o in sortie.orders), sortie.hub.position]
    return [list(pair) for pair in pairwise(places)]


def planned(sortie: Sortie, conditions: FlightConditions) -> FlightPlan:
    """The plan, where one is expected."""
    plan = plan_flight(sortie, straight(sortie), conditions)
    assert isinstance(plan, FlightPlan), plan
    return plan


def refused(sortie: Sortie, conditions: FlightConditions) -> tuple[Refusal, ...]:
    """The refusals, where they are expected."""
    refusals = plan_flight(sortie, straight(sortie), conditions)
    assert not isinstance(refusals, FlightPlan)
    return refusals


def test_a_gripper_delivery_climbs_cruises_descends_releases_and_comes_home(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions
) -> None:
    """One order, no corners: seven legs."""
    plan = planned(make_sortie([away(1000.0, 0.0)]), conditions)
    kinds = [leg.kind for leg in plan.legs]
    assert kinds == [
        LegKind.CLIMB,
        LegKind.CRUISE,
        LegKind.DESCEND,
        LegKind.HANDOVER,
        LegKind.CLIMB,
        LegKind.CRUISE,
        LegKind.LAND,
    ]
    assert plan.legs[3].order_id == "o1"
    assert plan.legs[3].start_height_home_m == conditions.policy.release_height_home_m
    assert plan.length_m == pytest.approx(2000.0, abs=0.1)


def test_a_landing_delivery_hands_over_on_the_ground(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions
) -> None:
    """The hand-over is at the drop's own ground, which may not be the hub's."""
    higher = replace(conditions, drop_ground_home_m={"o1": 4.0})
    plan = planned(make_sortie([away(500.0, 0.0)], method=DeliveryMethod.LAND), higher)
    handover = next(leg for leg in plan.legs if leg.kind is LegKind.HANDOVER)
    assert handover.start_height_home_m == 4.0
    assert handover.arrive - handover.depart == timedelta(seconds=conditions.policy.handover_s)


def test_payload_leaves_at_each_handover(make_sortie: MakeSortie, away: Away, conditions: FlightConditions) -> None:
    """Two parcels of 1 kg: 2 kg until the first release, none after the second."""
    plan = planned(make_sortie([away(400.0, 0.0), away(400.0, 400.0)]), conditions)
    carried = [leg.payload_kg for leg in plan.legs if leg.kind is LegKind.CRUISE]
    assert carried == [2.0, 1.0, 0.0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@example(corners=[(0.0, 1.0)], drop=(0.0, 0.03125), method=DeliveryMethod.GRIPPER)
@given(
    corners=st.lists(st.tuples(st.floats(-900, 900), st.floats(-900, 900)), max_size=6),
    drop=st.tuples(st.floats(-900, 900), st.floats(-900, 900)),
    method=st.sampled_from([DeliveryMethod.GRIPPER, DeliveryMethod.LAND]),
)
def test_legs_have_no_gap_in_space_or_time(
    make_sortie: MakeSortie,
    away: Away,
    conditions: FlightConditions,
    vehicle_type: VehicleType,
    corners: list[tuple[float, float]],
    drop: tuple[float, float],
    method: DeliveryMethod,
) -> None:
    """Each leg begins where and when the last one ended, and the sum of the legs is the plan."""
    sortie = make_sortie([away(*drop)], method=method, kind=replace(vehicle_type, battery_wh=4000.0))
    out, home = straight(sortie)
    through = [out[0], *(away(*corner) for corner in corners), out[1]]
    plan = plan_flight(sortie, [through, home], conditions)
    assert isinstance(plan, FlightPlan)
    for before, after in pairwise(plan.legs):
        assert (before.end, before.end_height_home_m, before.arrive) == (
            after.start,
            after.start_height_home_m,
            after.depart,
        )
    assert plan.legs[0].start == plan.legs[-1].end == sortie.hub.position
    assert all(leg.arrive >= leg.depart and leg.energy_wh >= 0.0 for leg in plan.legs)
    assert plan.energy_wh == pytest.approx(sum(leg.energy_wh for leg in plan.legs))
    assert plan.departure == plan.sortie.departure


def test_an_early_arrival_delays_the_departure(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions, start: datetime
) -> None:
    """The hand-over begins exactly when the window opens; the vehicle waits at home, not in the air."""
    sortie = make_sortie([away(800.0, 0.0)], windows=[(1800.0, 2400.0)])
    plan = planned(sortie, conditions)
    handover = next(leg for leg in plan.legs if leg.kind is LegKind.HANDOVER)
    assert handover.depart == start + timedelta(seconds=1800)
    assert plan.sortie.departure == plan.departure > start
    prompt = planned(make_sortie([away(800.0, 0.0)]), conditions)
    assert plan.arrival - plan.departure == prompt.arrival - prompt.departure


def test_a_window_that_closes_too_soon_is_refused_with_the_delay(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions
) -> None:
    """F-O4: the reason names the planned end and how late it is."""
    (refusal,) = refused(make_sortie([away(1500.0, 0.0)], windows=[(0.0, 60.0)]), conditions)
    assert refusal.code is RefusalCode.WINDOW_UNREACHABLE
    assert "s after the window closes at 2026-03-01T09:01:00" in refusal.reason


def test_waiting_for_one_order_may_make_the_other_late(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions
) -> None:
    """Only the late order is refused; the sortie must be split."""
    sortie = make_sortie([away(300.0, 0.0), away(600.0, 0.0)], windows=[(0.0, 300.0), (3600.0, 4000.0)])
    (refusal,) = refused(sortie, conditions)
    assert (refusal.order_id, refusal.code) == ("o1", RefusalCode.WINDOW_UNREACHABLE)


def test_a_flight_that_would_eat_the_reserve_is_refused_with_the_figures(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions, vehicle_type: VehicleType
) -> None:
    """F-O5: needed and available energy, for every order of the sortie; the wait at its drop is needed too."""
    plan = planned(make_sortie([away(2000.0, 0.0)]), conditions)
    assert plan.wait_wh > 1.0
    needed_wh = plan.energy_wh + plan.wait_wh
    for battery_wh, fits in ((needed_wh / 0.79, True), (needed_wh / 0.81, False)):
        kind = replace(vehicle_type, battery_wh=battery_wh)
        result = plan_flight(sortie := make_sortie([away(2000.0, 0.0)], kind=kind), straight(sortie), conditions)
        assert isinstance(result, FlightPlan) is fits
        if not isinstance(result, FlightPlan):
            assert result[0].code is RefusalCode.OUT_OF_RANGE
            assert f"needs {plan.energy_wh:.1f} Wh" in result[0].reason
            assert f"{0.8 * battery_wh:.1f} Wh are available" in result[0].reason


def test_wind_can_put_a_drop_out_of_range(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions, vehicle_type: VehicleType
) -> None:
    """F-O5: the headwind is counted out and back."""
    calm = planned(make_sortie([away(2000.0, 0.0)]), conditions)
    kind = replace(vehicle_type, battery_wh=calm.energy_wh / 0.79)
    (refusal,) = refused(make_sortie([away(2000.0, 0.0)], kind=kind), replace(conditions, headwind_m_s=12.0))
    assert refusal.code is RefusalCode.OUT_OF_RANGE


def test_a_method_that_is_not_flown_is_refused(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions
) -> None:
    """A winch drop is never flown as something else."""
    (refusal,) = refused(make_sortie([away(500.0, 0.0)], method=DeliveryMethod.WINCH), conditions)
    assert refusal.code is RefusalCode.METHOD_UNSUPPORTED
    assert "WINCH" in refusal.reason


def test_too_heavy_and_too_many_are_refused(make_sortie: MakeSortie, away: Away, conditions: FlightConditions) -> None:
    """F-O6: also when the assignment should have known."""
    heavy = refused(make_sortie([away(500.0, 0.0)], mass_kg=3.5), conditions)
    many = refused(make_sortie([away(100.0 * n, 50.0) for n in (1, 2, 3)], mass_kg=0.5), conditions)
    assert [refusal.code for refusal in heavy] == [RefusalCode.OVERWEIGHT]
    assert "3.50 kg exceed the 3.00 kg" in heavy[0].reason
    assert [refusal.code for refusal in many] == [RefusalCode.NO_VEHICLE] * 3


def test_a_drop_as_high_as_the_cruise_is_refused(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions
) -> None:
    """Ground that rises into the cruise height cannot be descended to; NaN ground is not descended to."""
    for ground_m in (58.0, float("nan")):
        hill = replace(conditions, drop_ground_home_m={"o1": ground_m})
        (refusal,) = refused(make_sortie([away(500.0, 0.0)]), hill)
        assert refusal.code is RefusalCode.NO_ROUTE


def test_paths_must_join_the_places_of_the_sortie(
    make_sortie: MakeSortie, away: Away, conditions: FlightConditions
) -> None:
    """A path that ends elsewhere is a defect of the caller, not a refusal."""
    sortie = make_sortie([away(500.0, 0.0)])
    out, home = straight(sortie)
    with pytest.raises(ValueError, match="from the place it joins"):
        plan_flight(sortie, [[out[0], away(501.0, 0.0)], home], conditions)
    with pytest.raises(ValueError, match="2 paths, not 1"):
        plan_flight(sortie, [out], conditions)
    with pytest.raises(ValueError, match="is empty"):
        plan_flight(sortie, [out, []], conditions)


def test_a_tailwind_is_not_assumed_for_a_round_trip(conditions: FlightConditions) -> None:
    """What helps on the way out hurts on the way home."""
    with pytest.raises(ValueError, match="headwind_m_s"):
        replace(conditions, headwind_m_s=-1.0)
