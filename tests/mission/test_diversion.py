"""Ways down for a vehicle in flight: the cheapest permitted one that is verified, or none."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mission.diversion import DiversionPlanner
from mission.model.flight import ApprovedFlight
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from mission.planner import DayPlan, plan_day

PAYLOAD_KG = 1.0


@pytest.fixture
def far(world: Any) -> Any:
    """Plan one order 1,500 m north of the hub among these zones; return plan and flight."""

    def planned(*zones: Any, **policy: Any) -> tuple[DayPlan, ApprovedFlight]:
        plan = plan_day(world.day([world.order("A-1", 1500.0, 0.0)], list(zones), **policy))
        assert plan.refusals == ()
        return plan, plan.flights[0]

    return planned


def flying(at: GeoPoint, **changes: Any) -> VehicleState:
    """A vehicle on its way out, held at cruise height with a full battery."""
    state = VehicleState(
        "drone-1", 1, 1000, 0.0, at.latitude_deg, at.longitude_deg, 230.0, 40.0, battery_remaining=0.9,
        mode=FlightMode.HOLD, landed_state=LandedState.IN_AIR, armed=True, mission_current=2,
    )  # fmt: skip
    return replace(state, **changes)


def path_of(mission: Any) -> list[GeoPoint]:
    """Positions of a mission's items."""
    with_place = {MavCommand.NAV_WAYPOINT, MavCommand.NAV_LAND}
    return [item.position for item in mission.items if item.command in with_place]


@pytest.mark.parametrize(
    ("north_m", "east_m", "site"),
    [(800.0, 50.0, "North field"), (100.0, 0.0, "Hub"), (100.0, 600.0, "East field")],
)
def test_the_cheapest_site_is_chosen(world: Any, far: Any, north_m: float, east_m: float, site: str) -> None:
    """Without zones the cheapest is the nearest: hub or alternate alike."""
    plan, flight = far()
    here = world.place(north_m, east_m)
    diversion = DiversionPlanner(plan).nearest_landing(flight, flying(here), PAYLOAD_KG, world.start)
    assert diversion is not None
    assert diversion.site.name == site
    assert path_of(diversion.mission)[-1].latitude_deg == pytest.approx(diversion.site.position.latitude_deg, abs=1e-6)
    assert diversion.mission.items[-1].command == MavCommand.NAV_LAND
    assert diversion.energy_wh > 0


def test_the_way_down_goes_round_zones_and_never_through(world: Any, far: Any) -> None:
    """A wall between vehicle and nearest site makes another site cheaper, or the way longer; never the zone."""
    wall = world.zone("WALL", 840.0, 0.0, half_north_m=10.0, half_east_m=400.0)
    plan, flight = far(wall)
    diversion = DiversionPlanner(plan).nearest_landing(flight, flying(world.place(790.0, 0.0)), PAYLOAD_KG, world.start)
    assert diversion is not None
    assert world.distance_m(path_of(diversion.mission), wall) >= 15.0 - 0.5
    assert diversion.site.name != "North field"


def test_a_site_inside_a_zone_is_never_chosen(world: Any, far: Any) -> None:
    """However near: landing there is not permitted."""
    zone = world.zone("Z-1", 900.0, 0.0, half_m=60.0)
    plan, flight = far(zone)
    diversion = DiversionPlanner(plan).nearest_landing(flight, flying(world.place(800.0, 0.0)), PAYLOAD_KG, world.start)
    assert diversion is not None
    assert diversion.site.name in {"Hub", "East field"}
    assert world.distance_m(path_of(diversion.mission), zone) >= 15.0 - 0.5


def test_a_zone_that_came_into_force_since_the_plan_counts(world: Any, far: Any) -> None:
    """The way down is planned with the zones of now, not of the morning."""
    zone = world.zone("Z-1", 900.0, 0.0, half_m=60.0, applicability=world.hours(2.0, 3.0))
    plan, flight = far(zone)
    planner, here = DiversionPlanner(plan), flying(world.place(800.0, 0.0))
    before = planner.nearest_landing(flight, here, PAYLOAD_KG, world.start)
    within = planner.nearest_landing(flight, here, PAYLOAD_KG, world.start + timedelta(hours=2.2))
    after = planner.nearest_landing(flight, here, PAYLOAD_KG, world.start + timedelta(hours=3.2))
    assert [found.site.name for found in (before, after) if found] == ["North field", "North field"]
    assert within is not None
    assert within.site.name != "North field"


def test_a_battery_that_reaches_nothing_has_no_way_down(world: Any, far: Any) -> None:
    """None is an answer: the ladder then lands where it is. What is just enough is enough."""
    plan, flight = far()
    planner, here = DiversionPlanner(plan), world.place(500.0, 0.0)
    assert planner.nearest_landing(flight, flying(here, battery_remaining=0.005), PAYLOAD_KG, world.start) is None
    best = planner.nearest_landing(flight, flying(here), PAYLOAD_KG, world.start)
    assert best is not None
    enough = best.energy_wh / flight.plan.sortie.vehicle.type.battery_wh
    for share, reached in ((enough * 1.001, True), (enough * 0.999, False)):
        found = planner.nearest_landing(flight, flying(here, battery_remaining=share), PAYLOAD_KG, world.start)
        assert (found is not None) is reached


@pytest.mark.parametrize("unknown", ["battery_remaining", "latitude_deg"])
def test_what_is_not_known_reaches_nothing(world: Any, far: Any, unknown: str) -> None:
    """Unknown data is unsafe data: no battery figure or no position, no way down."""
    plan, flight = far()
    state = flying(world.place(500.0, 0.0), **{unknown: math.nan})
    assert DiversionPlanner(plan).nearest_landing(flight, state, PAYLOAD_KG, world.start) is None


def test_energy_to_the_end_falls_along_the_flight_and_is_all_of_it_where_nothing_is_known(world: Any, far: Any) -> None:
    """From the whole plan at its start towards nothing at its end."""
    plan, flight = far()
    planner = DiversionPlanner(plan)
    whole_wh = flight.plan.energy_wh
    assert planner.energy_to_finish_wh(flight, VehicleState("drone-1"), PAYLOAD_KG) == whole_wh
    assert planner.energy_to_finish_wh(flight, flying(world.place(0.0, 0.0), mission_current=-1), 1.0) == whole_wh
    last = len(flight.leg_of_item) - 1
    items = [(1, 100.0), (flight.releases[0].gate_item, 1500.0), (last, 0.0)]
    left_wh = [
        planner.energy_to_finish_wh(flight, flying(world.place(north_m, 0.0), mission_current=item), PAYLOAD_KG)
        for item, north_m in items
    ]
    assert whole_wh >= left_wh[0] > left_wh[1] > left_wh[2] >= 0.0
