"""One command until it is answered: over lost, doubled, late and contradicting acknowledgements."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.model.geo import GeoPoint
from sim.fleet_config import Home, VehicleConfig
from sim.link_faults import Faults, FaultyLink
from sim.lossy_wire import LossyVehicle
from sim.virtual_time import run_in_virtual_time
from vehicles.command_exchange import PROGRESS_SILENCE_S, CommandAnswer, CommandExchange, Place
from vehicles.link import OutcomeStatus
from vehicles.px4 import Command, CommandAck
from vehicles.round_trip import RoundTrip

SET_MODE = Command.DO_SET_MODE


def exchange(*, echoes: bool = False) -> CommandExchange:
    """A command that was sent at 0 s."""
    started = CommandExchange(SET_MODE, (1.0, 4.0, 3.0), RoundTrip(), echoes=echoes)
    [sent] = started.start(0.0)
    assert sent.fields["confirmation"] == 0
    return started


def answer(result: CommandAck, command: int = SET_MODE) -> CommandAnswer:
    """A COMMAND_ACK."""
    return CommandAnswer(command=command, result=result)


def test_an_unanswered_command_is_repeated_with_a_rising_confirmation() -> None:
    """A vehicle can tell a repetition from a new command (F-L3)."""
    command, now_s, confirmations = exchange(), 0.0, []
    while now_s < 10.0:
        now_s += 0.1
        confirmations += [sent.fields["confirmation"] for sent in command.tick(now_s)]
    assert confirmations == list(range(1, len(confirmations) + 1))
    assert 5 < len(confirmations) < 25


def test_a_place_is_sent_in_whole_units_and_above_sea_level() -> None:
    """COMMAND_INT: a 32-bit float would be half a metre wrong; NaN is JSON's null (DO_REPOSITION's heading)."""
    place = Place(GeoPoint(48.4123456789, -15.6), 231.5)
    command = CommandExchange(Command.DO_REPOSITION, (-1.0, 1.0, 0.0, math.nan), RoundTrip(), place=place)
    [sent] = command.start(0.0)
    assert sent.name == "COMMAND_INT"
    assert (sent.fields["frame"], sent.fields["x"], sent.fields["y"]) == (0, 484123457, -156000000)
    assert (sent.fields["z"], sent.fields["param2"], sent.fields["param4"]) == (231.5, 1.0, None)
    assert command.tick(10.0) == [sent]


def test_an_answered_command_is_not_repeated_nor_answered_twice() -> None:
    """The first final answer stands; PX4's second acknowledgement changes nothing."""
    command = exchange()
    command.receive(answer(CommandAck.ACCEPTED), 0.1)
    command.receive(answer(CommandAck.DENIED), 0.2)
    assert command.result is CommandAck.ACCEPTED
    assert command.tick(100.0) == []


def test_the_answer_to_another_command_is_not_ours() -> None:
    """Acknowledgements are told apart by the command's number (F-L11)."""
    command = exchange()
    command.receive(answer(CommandAck.DENIED, Command.NAV_LAND), 0.1)
    assert not command.ended


def test_a_command_in_progress_is_waited_for() -> None:
    """IN_PROGRESS is no end and no reason to repeat; silence after it is."""
    command = exchange()
    command.receive(answer(CommandAck.IN_PROGRESS), 0.1)
    assert not command.ended
    assert command.tick(PROGRESS_SILENCE_S) == []
    assert command.tick(PROGRESS_SILENCE_S + 0.2)
    command.receive(answer(CommandAck.ACCEPTED), PROGRESS_SILENCE_S + 0.3)
    assert command.result is CommandAck.ACCEPTED


def test_a_no_that_may_be_the_echo_of_the_command_before_is_asked_for_again() -> None:
    """Two modes in quick succession: the late no to the first does not refuse the second (F-L11)."""
    command = exchange(echoes=True)
    [repeated] = command.receive(answer(CommandAck.DENIED), 0.1)
    assert repeated.fields["confirmation"] == 1
    command.receive(answer(CommandAck.ACCEPTED), 0.2)
    assert command.result is CommandAck.ACCEPTED


@pytest.mark.parametrize(("echoes", "noes"), [(False, 1), (True, 2)])
def test_a_no_is_believed_when_it_can_only_be_ours(echoes: bool, noes: int) -> None:
    """Once where nothing else is under way, twice where something may be."""
    command = exchange(echoes=echoes)
    for number in range(noes):
        assert not command.ended
        command.receive(answer(CommandAck.TEMPORARILY_REJECTED), 0.1 * number)
    assert command.result is CommandAck.TEMPORARILY_REJECTED


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32),
    faults=st.builds(
        Faults,
        loss=st.floats(0.0, 0.7),
        duplicated=st.floats(0.0, 0.5),
        delay_s=st.floats(0.0, 0.8),
        jitter_s=st.floats(0.0, 0.3),
        reordered=st.booleans(),
    ),
)
def test_a_command_is_observed_once_or_its_outcome_is_open(seed: int, faults: Faults) -> None:
    """Armed by a command that was lost and doubled on the way: OBSERVED is true, REFUSED never comes of noise, and the
    vehicle was armed at most once, in time (F-L3, I-13).
    """

    async def act() -> tuple[OutcomeStatus, bool, int, float]:
        config = VehicleConfig("v", 1, 14540, Home(48.41, 15.60, 200.0), parameters={"COM_DISARM_PRFLT": -1.0})
        async with LossyVehicle(config, FaultyLink(seed, faults, faults)) as vehicle:
            began_s, times_armed, was_armed = vehicle.link.now_s(), 0, False

            def watch(autopilot: object) -> None:
                nonlocal times_armed, was_armed
                armed = vehicle.autopilot.onboard.armed
                times_armed += armed and not was_armed
                was_armed = armed

            vehicle.autopilot.observers.append(watch)
            outcome = await vehicle.link.arm(8.0)
            took_s = vehicle.link.now_s() - began_s
            return outcome.status, vehicle.autopilot.onboard.armed, times_armed, took_s

    status, armed, times_armed, took_s = run_in_virtual_time(act())
    assert status is not OutcomeStatus.REFUSED
    assert status is not OutcomeStatus.OBSERVED or armed
    assert times_armed <= 1
    assert took_s < 9.0
