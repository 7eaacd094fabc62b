"""The simulated vehicle through pymavlink's own client, mavutil: the way most scripts talk to PX4."""

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymavlink import mavutil

from sim.testbed import FleetOptions, SimulatedVehicle, running_fleet

HOME = (48.41, 15.60, 200.0)
LATITUDE_E7, LONGITUDE_E7 = 484100000, 156000000
PATIENCE_S = 30.0
# sequence, frame, command, parameters 1-4, metres north in 1e-7 degrees, height
MISSION = (
    (0, 6, 22, (0.0, 0.0, 0.0, math.nan), 0, 15.0),
    (1, 6, 16, (0.0, 0.0, 0.0, math.nan), 5400, 15.0),
    (2, 6, 16, (1.0, 0.0, 0.0, math.nan), 5400, 6.0),
    (3, 2, 211, (1.0, 0.0, 0.0, 0.0), 0, 0.0),
    (4, 6, 16, (0.0, 0.0, 0.0, math.nan), 5400, 15.0),
    (5, 6, 21, (0.0, 0.0, 0.0, math.nan), 0, 0.0),
)


@pytest.fixture
def vehicle() -> Iterator[SimulatedVehicle]:
    """A vehicle at twenty times real time."""
    options = FleetOptions(home=HOME, speed_factor=20.0, max_stream_hz=10.0, position_error_m=0.0)
    with running_fleet(options, seed=1) as (only,):
        yield only


@pytest.fixture
def link(vehicle: SimulatedVehicle) -> Iterator[Any]:
    """Mavutil, connected as its documentation says."""
    connection = mavutil.mavlink_connection(vehicle.mavutil_url, dialect="common", source_system=245)
    try:
        assert connection.wait_heartbeat(timeout=PATIENCE_S) is not None
        yield connection
    finally:
        connection.close()


def item_of(link: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The fields of MISSION_ITEM_INT after its target."""
    sequence, frame, command, parameters, north_e7, z = row
    x, y = (0, 0) if frame == 2 else (LATITUDE_E7 + north_e7, LONGITUDE_E7)
    return sequence, frame, command, int(sequence == 0), 1, *parameters, x, y, z


def answer(link: Any, *names: str) -> Any:
    """The next message of some types."""
    message = link.recv_match(type=list(names), blocking=True, timeout=PATIENCE_S)
    assert message is not None, f"no {' or '.join(names)} within {PATIENCE_S} s"
    return message


def upload(link: Any) -> int:
    """Upload as the protocol says, answering what is asked; return the type of the ACK."""
    link.mav.mission_count_send(link.target_system, link.target_component, len(MISSION))
    while True:
        message = answer(link, "MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK")
        if message.get_type() == "MISSION_ACK":
            return int(message.type)
        fields = item_of(link, MISSION[message.seq])
        link.mav.mission_item_int_send(link.target_system, link.target_component, *fields)


def download(link: Any) -> list[tuple[Any, ...]]:
    """Download the mission and acknowledge it."""
    link.waypoint_request_list_send()
    held = []
    for sequence in range(answer(link, "MISSION_COUNT").count):
        link.mav.mission_request_int_send(link.target_system, link.target_component, sequence)
        m = answer(link, "MISSION_ITEM_INT")
        head = m.seq, m.frame, m.command, m.current, m.autocontinue
        held.append((*head, m.param1, m.param2, m.param3, m.param4, m.x, m.y, m.z))
    link.mav.mission_ack_send(link.target_system, link.target_component, 0)
    return held


def command(link: Any, number: int, *parameters: float) -> int:
    """Send a COMMAND_LONG and return the result of its ACK."""
    values = (*parameters, *(0.0,) * (7 - len(parameters)))
    link.mav.command_long_send(link.target_system, link.target_component, number, 0, *values)
    while True:
        ack = answer(link, "COMMAND_ACK")
        if ack.command == number:
            return int(ack.result)


def test_mavutil_uploads_reads_back_and_flies(link: Any, vehicle: SimulatedVehicle) -> None:
    """The plan is held as it was sent; the flight ends disarmed at home, the parcel lies where the plan says."""
    assert upload(link) == 0
    assert str(download(link)) == str([item_of(link, row) for row in MISSION])
    begun_s = vehicle.truth.time_s
    vehicle.wait_until(lambda truth: truth.time_s > begun_s + 1.0)  # PX4 checks a new mission for half a second
    assert command(link, 400, 1.0) == 0
    assert command(link, 300) == 0
    link.motors_armed_wait()
    end_s = time.monotonic() + PATIENCE_S
    while link.motors_armed() and time.monotonic() < end_s:
        answer(link, "HEARTBEAT")
    truth = vehicle.truth
    assert (truth.armed, truth.landed) == (False, True)
    assert [(round(r.latitude_deg, 4), r.mass_kg) for r in truth.releases] == [(48.4105, 0.5)]
    assert abs(truth.latitude_deg - HOME[0]) < 1e-5


def test_mavutils_own_helpers_read_parameters_and_set_modes(link: Any, vehicle: SimulatedVehicle) -> None:
    """`param_fetch_one` gets the value, and `set_mode` with PX4's name of the mode changes it."""
    link.param_fetch_one("RTL_RETURN_ALT")
    assert answer(link, "PARAM_VALUE").param_value == 30.0
    assert upload(link) == 0
    link.set_mode("MISSION")
    assert not vehicle.wait_until(lambda truth: truth.mode == "MISSION").armed
