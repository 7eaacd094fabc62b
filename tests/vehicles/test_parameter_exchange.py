"""One parameter at a time, as PX4 plays it: whole numbers bytewise, silence for a no, whatever the link does."""

import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import LinkError, LinkTimeoutError
from sim.fleet_config import Home, VehicleConfig
from sim.link_faults import CUT, Faults, FaultyLink
from sim.lossy_wire import LossyVehicle
from sim.virtual_time import run_in_virtual_time
from vehicles.link import OutcomeStatus
from vehicles.parameter_exchange import MAX_ASKS, ParameterExchange, ParameterValue, carried
from vehicles.px4_profile import Profile, ProfileParameter, apply_profile, find_drift
from vehicles.round_trip import RoundTrip

HELD: dict[str, int | float] = {"GF_ACTION": 1, "COM_WIND_MAX": 8.0, "SDLOG_MODE": -1, "RTL_TYPE": 0}
VEHICLE = VehicleConfig("v", 1, 14540, Home(48.41, 15.60, 200.0), parameters=HELD)
A_THIRD_LOST = Faults(loss=0.3)
BAD_LINKS = {
    "perfect": Faults(),
    "30 % loss": A_THIRD_LOST,
    "doubled, reordered": Faults(duplicated=0.3, delay_s=0.02, jitter_s=0.2, reordered=True),
    "600-800 ms": Faults(delay_s=0.6, jitter_s=0.2, reordered=True),
}
PROFILE = Profile("wanted", (ProfileParameter("GF_ACTION", 2), ProfileParameter("COM_WIND_MAX", 12.5)))


def behind(faults: Faults, seed: int, act: Callable[[LossyVehicle], Awaitable[Any]]) -> Any:
    """Do something with a vehicle behind a bad link, in virtual time."""

    async def run() -> Any:
        async with LossyVehicle(VEHICLE, FaultyLink(seed, faults, faults)) as vehicle:
            return await act(vehicle)

    return run_in_virtual_time(run())


@pytest.mark.parametrize("name", BAD_LINKS)
def test_parameters_are_read_and_set_over_a_bad_link(name: str) -> None:
    """Of both types, each truly what the vehicle holds, and the whole number is no float (F-L1, F-L3, F-L4)."""

    async def act(vehicle: LossyVehicle) -> None:
        assert await vehicle.link.read_parameter("GF_ACTION", 30.0) == 1
        assert (await vehicle.link.set_parameter("GF_ACTION", 5, 30.0)).ok
        assert (await vehicle.link.set_parameter("COM_WIND_MAX", 11.3, 30.0)).ok
        held = vehicle.autopilot.onboard.parameters
        assert held.integer("GF_ACTION") == 5
        assert held["COM_WIND_MAX"] == pytest.approx(11.3)
        assert isinstance(await vehicle.link.read_parameter("GF_ACTION", 30.0), int)

    for seed in range(5):
        behind(BAD_LINKS[name], seed, act)


def test_a_profile_is_applied_at_30_percent_loss() -> None:
    """What differs is found, set, and read again: nothing is left."""

    async def act(vehicle: LossyVehicle) -> None:
        assert len(await find_drift(vehicle.link, PROFILE, 60.0)) == 2
        outcome, left = await apply_profile(vehicle.link, PROFILE, 60.0)
        assert outcome.ok, outcome
        assert left == ()

    for seed in range(5):
        behind(A_THIRD_LOST, seed, act)


def test_a_name_that_the_autopilot_does_not_know_ends_long_before_a_generous_deadline() -> None:
    """PX4 says nothing: after so many questions that is an answer, and the words say what it may mean."""

    async def act(vehicle: LossyVehicle) -> float:
        began_s = vehicle.link.now_s()
        with pytest.raises(LinkTimeoutError, match="NO_SUCH_ONE was not answered however often it was asked for"):
            await vehicle.link.read_parameter("NO_SUCH_ONE", 600.0)
        assert (await vehicle.link.set_parameter("NO_SUCH_ONE", 1, 600.0)).status is OutcomeStatus.UNCONFIRMED
        return vehicle.link.now_s() - began_s

    assert behind(Faults(), 1, act) < 3 * MAX_ASKS * 0.5


def test_a_value_of_the_wrong_type_is_refused_by_the_type_that_is_held() -> None:
    """PX4 says nothing to it either: what it holds tells why."""

    async def act(vehicle: LossyVehicle) -> None:
        outcome = await vehicle.link.set_parameter("RTL_TYPE", 2.0, 30.0)
        assert outcome.status is OutcomeStatus.REFUSED
        assert "holds it as INT32, 0" in outcome.reason
        assert vehicle.autopilot.onboard.parameters.integer("RTL_TYPE") == 0

    behind(Faults(), 1, act)


def test_a_link_that_is_cut_ends_by_the_deadline() -> None:
    """Not read, not set, and no claim of either (F-L7)."""

    async def act(vehicle: LossyVehicle) -> float:
        vehicle.wire.link.set(up=CUT)
        answers, began_s = vehicle.link.answers, vehicle.link.now_s()
        with pytest.raises(LinkTimeoutError):
            await vehicle.link.read_parameter("GF_ACTION", 2.0)
        assert (await vehicle.link.set_parameter("GF_ACTION", 2, 2.0)).status is OutcomeStatus.UNCONFIRMED
        assert vehicle.link.answers == answers
        return vehicle.link.now_s() - began_s

    assert behind(Faults(), 1, act) < 4.5


def test_a_whole_number_that_the_wire_does_not_carry_is_said_to_be_one() -> None:
    """-1 is no number as a float, and null in JSON: neither read as something else, nor set to something else."""

    async def act(vehicle: LossyVehicle) -> None:
        with pytest.raises(LinkError, match="SDLOG_MODE is a whole number that"):
            await vehicle.link.read_parameter("SDLOG_MODE", 5.0)
        outcome = await vehicle.link.set_parameter("GF_ACTION", -1, 5.0)
        assert outcome.status is OutcomeStatus.REFUSED
        assert "do not carry -1" in outcome.reason
        (drift,) = await find_drift(vehicle.link, Profile("p", (ProfileParameter("SDLOG_MODE", -1),)), 5.0)
        assert "do not carry" in str(drift)
        assert vehicle.autopilot.onboard.parameters.integer("GF_ACTION") == 1

    behind(Faults(), 1, act)


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_whole_number_goes_there_and_back_or_is_known_not_to(value: int) -> None:
    """Bytewise in a float, which JSON writes with enough digits."""
    on_the_wire = carried(value)
    bits = value & 0xFFFF_FFFF
    assert (on_the_wire is None) is (bits & 0x7F80_0000 == 0x7F80_0000)
    if on_the_wire is not None:
        assert ParameterValue("NAME", 6, float(repr(on_the_wire))).held == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float_goes_there_and_back(value: float) -> None:
    """As it is."""
    on_the_wire = carried(value)
    assert on_the_wire is not None
    assert ParameterValue("NAME", 9, struct.unpack("<f", struct.pack("<f", on_the_wire))[0]).held == value


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, float("nan"), float("inf")])
def test_a_value_that_no_parameter_can_hold_is_not_sent(value: float) -> None:
    """It would be cut off into another one."""
    with pytest.raises(ValueError, match=r"value|32 bits"):
        carried(value)


def test_questions_are_bounded_and_another_parameters_answer_ends_nothing() -> None:
    """As many as there are, one after each silence of the link."""
    exchange, now_s, asked = ParameterExchange("GF_ACTION", RoundTrip()), 0.0, 0
    asked += len(exchange.start(now_s))
    while not exchange.ended:
        exchange.receive(ParameterValue("RTL_TYPE", 6, 0.0), now_s)
        now_s += 0.05
        asked += len(exchange.tick(now_s))
    assert exchange.given_up
    assert asked == MAX_ASKS
