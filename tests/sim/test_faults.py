"""Planted faults and the people on the pad."""

import random
import statistics
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from sim.fault_kinds import ArmingDenied, BatteryDrop, Fault, GripperStuck, MotorsStop, Silent
from sim.faults import plant
from sim.fleet_config import GroundCrew
from sim.ground_crew import PadService
from sim.position_error import PositionError

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation, MakeStation


def planted(station: "GroundStation", *faults: Fault) -> "GroundStation":
    """The station, its vehicle struck with faults."""
    plant(station.autopilot, faults)
    return station


def test_battery_drops_at_its_moment_after_take_off(station: "GroundStation", plans: SimpleNamespace) -> None:
    """20 s of simulated time after take-off the battery is at 30 %, not before (F-V2)."""
    planted(station, BatteryDrop("drone-1", to_fraction=0.3, after_takeoff_s=20.0))
    station.launch(plans.hover_delivery(200.0))
    onboard = station.autopilot.onboard
    station.until(lambda: onboard.took_off_s is not None, 10.0)
    station.run(19.5)
    assert onboard.battery.fraction > 0.9
    station.run(1.0)
    assert onboard.battery.fraction == pytest.approx(0.3, abs=0.01)


def test_battery_drops_at_an_item_of_the_second_sortie_only(station: "GroundStation", plans: SimpleNamespace) -> None:
    """A fault of sortie 2 leaves sortie 1 alone."""
    planted(station, BatteryDrop("drone-1", to_fraction=0.5, sortie=2, at_item=2))
    short = [plans.item(22, 0.0, 0.0, 5.0), plans.action(178, 1.0, 8.0), plans.item(16, 9.0, 0.0, 5.0)]
    station.fly([*short, plans.item(21, 0.0, 0.0, 0.0)])
    assert station.autopilot.onboard.battery.fraction > 0.9
    station.fly([*short, plans.item(21, 1.0, 0.0, 0.0)])
    assert station.autopilot.onboard.battery.fraction < 0.5


def test_silent_vehicle_flies_on_unheard(station: "GroundStation", plans: SimpleNamespace) -> None:
    """From its moment on nothing is sent and nothing is heard; the flight goes on; then it is back (F-L2)."""
    planted(station, Silent("drone-1", after_s=20.0, until_s=40.0))
    station.launch(plans.hover_delivery(100.0))
    station.until(lambda: station.autopilot.now_s >= 20.1, 30.0)
    station.heard.clear()
    station.run(19.0)
    assert station.heard == []
    assert station.command(20) == []
    station.run(2.0)
    assert station.named("HEARTBEAT")[-1].custom_mode == 0x04040000


def test_vehicle_that_is_silent_from_boot_says_nothing_at_all(make_station: "MakeStation") -> None:
    """Silent from 0 s: not one frame."""
    station = make_station(boot_s=0.0)
    planted(station, Silent("drone-1"))
    station.run(5.0)
    assert station.heard == []


def test_arming_is_denied_with_the_given_words_for_so_many_times(station: "GroundStation") -> None:
    """Twice refused with the reason, then armed (F-V9)."""
    planted(station, ArmingDenied("drone-1", text="Arming denied: compass calibration", times=2))
    assert [station.command(400, 1.0) for _ in range(3)] == [[(1, 0)], [(1, 0)], [(0, 0)]]
    station.run(0.5)
    assert station.texts().count("Arming denied: compass calibration") == 2


def test_stuck_gripper_answers_as_usual_and_keeps_the_parcel(station: "GroundStation", plans: SimpleNamespace) -> None:
    """Nothing on the link tells that the parcel is still on board (F-V21)."""
    planted(station, GripperStuck("drone-1"))
    station.autopilot.onboard.payload.load([0.7])
    station.fly(plans.hover_delivery(20.0))
    assert station.autopilot.onboard.payload.releases == []
    assert station.autopilot.onboard.payload.mass_kg == 0.7


def test_motors_that_stop_drop_the_vehicle_where_it_is(station: "GroundStation", plans: SimpleNamespace) -> None:
    """It falls, lies disarmed away from home, and never arms again (F-V25)."""
    planted(station, MotorsStop("drone-1", after_takeoff_s=35.0))
    station.launch(plans.hover_delivery(200.0))
    onboard = station.autopilot.onboard
    station.until(lambda: not onboard.armed, 60.0)
    assert onboard.airframe.on_ground
    assert onboard.airframe.north_m > 20.0
    assert station.command(400, 1.0) == [(1, 0)]


def test_empty_battery_stops_the_motors(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """With the battery's failsafe switched off a flight that is too long ends on the ground."""
    station = make_station(battery_wh=4.0, parameters={"COM_LOW_BAT_ACT": 0})
    station.launch(plans.hover_delivery(1000.0))
    station.until(lambda: not station.autopilot.onboard.armed, 120.0)
    assert station.autopilot.onboard.battery.remaining_wh == 0.0
    assert station.autopilot.onboard.motors_failed


def test_position_error_follows_from_its_seed_and_keeps_its_size() -> None:
    """Equal seeds, equal errors; over an hour the deviation is what was asked for."""

    def walk(seed: str) -> list[float]:
        error = PositionError(random.Random(seed), 0.5)
        values = []
        for second in range(20_000):
            error.step(float(second))
            values.append(error.north_m)
        return values

    assert walk("1/a") == walk("1/a") != walk("1/b")
    assert statistics.pstdev(walk("1/a")) == pytest.approx(0.5, rel=0.2)


def test_fault_of_another_vehicle_does_not_act(station: "GroundStation") -> None:
    """Faults name their vehicle."""
    planted(station, Silent("drone-2"), ArmingDenied("drone-2"))
    assert station.command(400, 1.0) == [(0, 0)]


def test_ground_crew_swaps_the_battery_and_loads_the_next_parcels(
    make_station: "MakeStation", plans: SimpleNamespace
) -> None:
    """After `battery_swap_s` disarmed at home: full battery, next load; the last load repeats."""
    station = make_station(loads_kg=((0.5,), (0.3, 0.2)))
    onboard = station.autopilot.onboard
    station.autopilot.observers.append(PadService(station.autopilot, GroundCrew(battery_swap_s=10.0)))
    assert onboard.payload.slots == {1: 0.5}
    station.fly(plans.hover_delivery(20.0))
    assert onboard.payload.slots == {}
    assert onboard.battery.fraction < 1.0
    station.run(8.0)
    assert onboard.payload.slots == {}
    station.run(2.0)
    assert onboard.payload.slots == {1: 0.3, 2: 0.2}
    assert onboard.battery.fraction == pytest.approx(1.0, abs=1e-4)
    used_wh = onboard.battery.used_wh
    assert used_wh > 0.5


def test_ground_crew_does_not_serve_away_from_home(make_station: "MakeStation", plans: SimpleNamespace) -> None:
    """A vehicle that landed elsewhere gets nothing."""
    station = make_station(loads_kg=((0.5,),))
    station.autopilot.observers.append(PadService(station.autopilot, GroundCrew(battery_swap_s=1.0)))
    station.fly([plans.item(22, 0.0, 0.0, 5.0), plans.item(16, 20.0, 0.0, 5.0), plans.item(21, 20.0, 0.0, 0.0)])
    station.run(5.0)
    assert station.autopilot.onboard.battery.fraction < 1.0
