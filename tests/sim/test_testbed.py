"""Simulated vehicles in a thread of the test process, their ports, and what they really do."""

import socket
import threading
from dataclasses import replace

import pytest

from mission.errors import InputError
from sim.fault_kinds import ArmingDenied
from sim.free_ports import FIRST_PORT, LAST_PORT, reserve_udp_port
from sim.loop_thread import LoopThread
from sim.px4_sitl_numbers import try_lock
from sim.referee import Referee
from sim.testbed import FleetOptions, running_fleet
from sim.truth import Truth


def test_a_claimed_port_is_nobody_elses_and_is_free_to_bind() -> None:
    """Two claims give two ports, which nobody else can claim; the client binds them."""
    first, held = reserve_udp_port()
    second, also_held = reserve_udp_port()
    try:
        assert FIRST_PORT <= first < second <= LAST_PORT
        assert try_lock(f"port-{first}") is None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", first))
    finally:
        held.release()
        also_held.release()


def test_a_loop_in_a_thread_hands_over_results_and_errors_and_ends() -> None:
    """What a coroutine or a function raises is raised in the caller; a deadline is kept; no thread stays."""

    async def fail() -> None:
        raise LookupError("inside")

    with LoopThread("a loop for a test") as thread:
        assert thread.call(lambda: threading.current_thread().name) == "a loop for a test"
        with pytest.raises(LookupError, match="inside"):
            thread.run(fail())
        with pytest.raises(ZeroDivisionError):
            thread.call(lambda: 1 // 0)
    assert "a loop for a test" not in {one.name for one in threading.enumerate()}


def test_a_vehicle_appears_booted_and_goes_on_in_real_time_times_the_factor() -> None:
    """The clock of its truth goes on from its boot, and never back."""
    with running_fleet(FleetOptions(speed_factor=10.0), seed=1) as (vehicle,):
        first = vehicle.truth
        later = vehicle.wait_until(lambda truth: truth.time_s >= first.time_s + 2.0)
    assert first.time_s >= 6.0
    assert later.time_s >= first.time_s + 2.0
    assert (first.armed, first.landed, first.mode, first.releases) == (False, True, "LOITER", ())


def test_an_error_in_a_condition_reaches_the_test_that_gave_it() -> None:
    """It does not end the simulation."""

    def broken(truth: Truth) -> bool:
        raise LookupError(truth.vehicle_id)

    with running_fleet(FleetOptions(speed_factor=5.0), seed=1) as (vehicle,):
        with pytest.raises(LookupError, match="px4-1"):
            vehicle.wait_until(broken)
        assert vehicle.wait_until(lambda truth: truth.time_s > 6.5).landed


def test_options_that_make_no_fleet_are_refused_and_leave_nothing() -> None:
    """The error says which option it is; no thread goes on."""
    with pytest.raises(InputError, match="speed_factor"), running_fleet(FleetOptions(speed_factor=0.0), seed=1):
        pass
    assert "simulated fleet" not in {one.name for one in threading.enumerate()}


def test_vehicles_of_a_seed_err_alike_and_of_another_seed_otherwise() -> None:
    """Where a vehicle really stands follows from the seed."""
    places = []
    for seed in (3, 3, 4):
        with running_fleet(FleetOptions(position_error_m=5.0), seed=seed) as (vehicle,):
            places.append(vehicle.truth.latitude_deg)
    assert places[0] == places[1] != places[2]


def test_a_fault_for_another_vehicle_is_refused() -> None:
    """The error names the vehicle that it was given to."""
    with (
        running_fleet(FleetOptions(count=2), seed=1) as (first, second),
        pytest.raises(ValueError, match="not for px4-1"),
    ):
        first.plant(ArmingDenied(second.vehicle_id))


class TestReferee:
    """What no vehicle may do, each planted once."""

    @pytest.fixture
    def flying(self) -> Truth:
        """A vehicle in flight that does nothing wrong."""
        figures = {"latitude_deg": 48.0, "longitude_deg": 15.0, "altitude_amsl_m": 230.0, "height_m": 30.0}
        state = {"armed": True, "landed": False, "motors_failed": False, "mode": "MISSION", "sortie": 1}
        energy = {"battery_fraction": 0.5, "energy_used_wh": 9.0, "payload_kg": 0.5, "releases": ()}
        return Truth(time_s=60.0, vehicle_id="d1", ground_speed_m_s=8.0, climb_m_s=0.0, **figures, **state, **energy)  # type: ignore[arg-type]  # the values' types differ by name

    def test_a_flight_and_a_soft_landing_are_nothing(self, flying: Truth) -> None:
        """Sinking at PX4's landing speed onto the ground, then disarmed."""
        referee = Referee()
        low = replace(flying, time_s=61.0, height_m=0.1, climb_m_s=-0.7)
        down = replace(low, time_s=62.0, height_m=0.0, climb_m_s=0.0, landed=True)
        for truth in (flying, low, down, replace(down, time_s=63.0, armed=False)):
            referee.observe(truth)
        assert referee.findings == []

    @pytest.mark.parametrize(
        ("rule", "change"),
        [
            ("crash", {"height_m": 0.0, "climb_m_s": 0.0}),
            ("disarmed in the air", {"armed": False}),
            ("empty battery in the air", {"battery_fraction": 0.0}),
        ],
    )
    def test_each_rule_is_found_once_a_sortie(self, flying: Truth, rule: str, change: dict[str, float]) -> None:
        """However long it stays broken; the finding says when, who and how bad."""
        referee = Referee()
        falling = replace(flying, height_m=3.0, climb_m_s=-9.0)
        broken = replace(falling, time_s=61.0, **change)  # type: ignore[arg-type]  # one of the fields above
        for truth in (flying, falling, broken, replace(broken, time_s=62.0), replace(falling, time_s=63.0), broken):
            referee.observe(truth)
        assert [finding.rule for finding in referee.findings] == [rule]
        assert str(referee.findings[0]).startswith(f"d1 at 61.0 s: {rule}: ")
