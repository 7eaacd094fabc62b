"""Planned times against flights that a real PX4 flew."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mission.flightplan import FlightConditions, plan_flight
from mission.model.fleet import VehicleType
from mission.model.flight import FlightPlan, LegKind, Sortie
from mission.model.geo import GeoPoint
from mission.model.orders import DeliveryMethod

Away = Callable[[float, float], GeoPoint]
MakeSortie = Callable[..., Sortie]


@dataclass(frozen=True)
class Recorded:
    """When a recorded flight passed its milestones, seconds after the mission began."""

    takeoff_done: float
    over_drop: float
    handover_begins: float
    landed: float


def recorded(trace: Path, *, over_drop: int, handover: int) -> Recorded:
    """Read a trace's summary; `over_drop` and `handover` are the items whose end marks them."""
    summary = json.loads((trace / "summary.json").read_text(encoding="utf-8"))
    texts = [(entry[0], entry[-1].strip()) for entry in summary["statustext"]]
    begin = next(moment for moment, text in texts if text == "Executing Mission")
    landed = max(moment for moment, text in texts if text == "Landing detected")
    reached: dict[int, float] = {}
    for moment, item in summary["reached_repeats"]:
        reached.setdefault(item, moment)
    return Recorded(reached[1] - begin, reached[over_drop] - begin, reached[handover] - begin, landed - begin)


def milestones(plan: FlightPlan, cruise_legs_out: int, hold_s: float) -> Recorded:
    """The same milestones, as planned. A hand-over begins after the hold over the drop."""
    handover = next(leg for leg in plan.legs if leg.kind is LegKind.HANDOVER)
    moments = (plan.legs[0].arrive, plan.legs[cruise_legs_out].arrive, handover.depart, plan.arrival)
    takeoff, drop, begins, landed = [(moment - plan.departure).total_seconds() for moment in moments]
    return Recorded(takeoff, drop, begins + hold_s, landed)


@pytest.mark.real_data
@pytest.mark.parametrize("method", [DeliveryMethod.GRIPPER, DeliveryMethod.LAND])
def test_planned_times_meet_px4_within_a_tenth(
    method: DeliveryMethod,
    px4_traces: Path,
    make_sortie: MakeSortie,
    away: Away,
    conditions: FlightConditions,
    vehicle_type: VehicleType,
) -> None:
    """Every milestone of both deliveries, hover and landing, 60 m north and 40 m east at 8 m/s."""
    lands = method is DeliveryMethod.LAND
    kind = replace(vehicle_type, cruise_speed_m_s=8.0, climb_speed_m_s=3.0, descent_speed_m_s=1.5)
    policy = replace(
        conditions.policy,
        cruise_height_home_m=15.0,
        release_height_home_m=5.0,
        waypoint_acceptance_m=2.0,
        handover_s=3.0 if lands else 2.0,
    )
    sortie = make_sortie([away(60.0, 40.0)], method=method, kind=kind)
    home, drop = sortie.hub.position, sortie.orders[0].drop.position
    corner_home = away(0.0, 40.0) if lands else away(60.0, 0.0)
    paths = [[home, away(60.0, 0.0), drop], [drop, corner_home, home]]
    plan = plan_flight(sortie, paths, replace(conditions, policy=policy))
    assert isinstance(plan, FlightPlan)
    trace = px4_traces / ("01_delivery_land_gripper" if lands else "02_delivery_hover_mavsdk410")
    flown = recorded(trace, over_drop=3, handover=5 if lands else 4)
    expected = milestones(plan, 2, 0.0 if lands else conditions.timing.release_hold_s)
    assert expected.takeoff_done == pytest.approx(flown.takeoff_done, rel=0.10)
    assert expected.over_drop == pytest.approx(flown.over_drop, rel=0.10)
    assert expected.handover_begins == pytest.approx(flown.handover_begins, rel=0.10)
    assert expected.landed == pytest.approx(flown.landed, rel=0.10)
