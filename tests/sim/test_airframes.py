"""Vehicles that drive, and vehicles that fly on a wing."""

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mission.model.mission import MissionItem
from sim.battery import wing_power_w
from sim.modes import VtolState

if TYPE_CHECKING:
    from tests.sim.conftest import MakeStation

WING = 4.0


def test_a_rover_says_so_drives_its_waypoints_on_the_ground_and_ends_by_returning(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """MAV_TYPE 10; heights of waypoints mean nothing; armed it never counts as landed; RTL at home disarms it."""
    station = make_station(airframe="rover", cruise_speed_m_s=2.0)
    onboard = station.autopilot.onboard
    assert station.named("HEARTBEAT")[-1].type == 10
    station.launch([plans.item(16, 60.0, 0.0, 10.0), plans.action(93, 5.0, -1.0, -1.0, -1.0), plans.action(20)])
    station.until(lambda: onboard.airframe.north_m > 57.0, 60.0)
    assert onboard.airframe.up_m == 0.0
    assert not onboard.landed
    station.until(lambda: not onboard.armed, 90.0)
    assert math.hypot(onboard.airframe.north_m, onboard.airframe.east_m) < 2.0
    assert station.changes_of("EXTENDED_SYS_STATE", "vtol_state") == [0]


def test_a_rovers_energy_goes_with_its_way_not_with_hovering(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """Driving 60 m costs less than a hundredth of what hovering as long would."""
    station = make_station(airframe="rover", cruise_speed_m_s=2.0, hover_power_w=3000.0)
    station.fly([plans.item(16, 60.0, 0.0, 0.0), plans.action(20)])
    assert station.autopilot.onboard.battery.used_wh < 1.0


def vtol_delivery(plans: SimpleNamespace) -> list[MissionItem]:
    """Out on the wing, land there, back on the wing."""
    return [
        plans.item(84, 0.0, 0.0, 40.0),
        plans.item(16, 800.0, 0.0, 60.0),
        plans.item(85, 800.0, 500.0, 0.0),
        plans.action(93, 5.0, -1.0, -1.0, -1.0),
        plans.item(16, 800.0, 500.0, 40.0),
        plans.action(3000, WING),
        plans.item(16, 400.0, 250.0, 50.0),
        plans.item(85, 0.0, 0.0, 0.0),
    ]


def test_a_vtol_takes_off_as_a_multicopter_cruises_on_its_wing_and_lands_on_its_rotors(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """MAV_TYPE 22; EXTENDED_SYS_STATE goes hover, transition, wing, back transition, hover – twice."""
    station = make_station(airframe="vtol", battery_wh=300.0)
    onboard = station.autopilot.onboard
    station.launch(vtol_delivery(plans))
    fastest = 0.0
    station.until(lambda: onboard.airframe.vtol_state == VtolState.WING, 60.0)
    station.run(15.0)
    fastest = onboard.airframe.ground_speed_m_s
    station.until(lambda: not onboard.armed, 600.0)
    station.run(1.0)
    assert fastest == pytest.approx(15.0, abs=0.5)
    assert station.named("HEARTBEAT")[-1].type == 22
    assert station.changes_of("EXTENDED_SYS_STATE", "vtol_state") == [3, 1, 4, 2, 3, 1, 4, 2, 3]
    assert math.hypot(onboard.airframe.north_m, onboard.airframe.east_m) < 2.0


def test_cruising_on_the_wing_costs_a_fraction_of_hovering() -> None:
    """A 4 kg VTOL at 15 m/s draws less than a third of what it hovers with; climbing costs more, gliding nothing."""
    level = wing_power_w(4.0, 0.45, 15.0, 0.0)
    assert 50.0 < level < 450.0 / 3.0
    assert wing_power_w(4.0, 0.45, 15.0, 2.0) > level
    assert wing_power_w(4.0, 0.45, 15.0, -5.0) == 0.0


def test_a_vtol_changes_by_command_and_not_while_it_returns(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """DO_VTOL_TRANSITION 3000 is acknowledged by a VTOL; to the wing it is refused in RTL."""
    station = make_station(airframe="vtol")
    onboard = station.autopilot.onboard
    station.launch([plans.item(22, 0.0, 0.0, 30.0), plans.item(16, 900.0, 0.0, 30.0), plans.item(21, 0.0, 0.0, 0.0)])
    station.until(lambda: onboard.airframe.north_m > 100.0, 120.0)
    assert station.command(3000, WING) == [(0, 0)]
    station.until(lambda: onboard.airframe.vtol_state == VtolState.WING, 20.0)
    assert station.command(20) == [(0, 0)]
    assert station.command(3000, WING) == [(1, 0)]
    station.until(lambda: not onboard.armed, 300.0)


def test_a_multicopter_neither_answers_a_transition_nor_takes_a_mission_with_one(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """PX4's commander leaves 3000 to the VTOL module, which does not run; the mission fails its checks after ACK 0."""
    station = make_station()
    assert station.command(3000, WING) == []
    assert (
        station.upload([plans.item(22, 0.0, 0.0, 30.0), plans.action(3000, WING), plans.item(21, 0.0, 0.0, 0.0)]) == 0
    )
    station.run(1.0)
    assert station.command(300) == [(2, 0)]


def test_on_the_wing_it_circles_where_it_is_told_to_hold(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """Hold keeps it within two loiter radii and never slower than its wing carries."""
    station = make_station(airframe="vtol")
    airframe = station.autopilot.onboard.airframe
    station.launch([plans.item(84, 0.0, 0.0, 40.0), plans.item(16, 3000.0, 0.0, 40.0), plans.item(85, 0.0, 0.0, 0.0)])
    station.until(lambda: airframe.north_m > 500.0, 120.0)
    assert station.command(176, 1.0, 4.0, 3.0)[-1] == (0, 0)
    held = airframe.position
    for _ in range(60):
        station.run(1.0)
        assert airframe.ground_speed_m_s > 12.0
        assert math.dist(airframe.position[:2], held[:2]) < 200.0
