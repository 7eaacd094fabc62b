"""Grippers: what an answer proves, however lossy the link, and when one may be opened at all."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.gripper import GripperAnswer
from mission.model.telemetry import FlightMode, LandedState
from vehicles import px4
from vehicles.command_exchange import CommandAnswer
from vehicles.gripper_exchange import GripperExchange
from vehicles.grippers import close_grippers, pass_gate, release_at_gate
from vehicles.link import GripperOutcome, OutcomeStatus
from vehicles.round_trip import RoundTrip

MOVEMENT_S = 1.0
STEP_S = 0.05
GATE = 4
Ack = px4.CommandAck


class Px4Gripper:
    """A gripper as PX4 v1.16.1 answers for it; `movements` counts what it really did."""

    def __init__(self, *, is_open: bool) -> None:
        self.is_open = is_open
        self.moving_until_s: float | None = None
        self.movements = 0

    def commanded(self, now_s: float) -> Ack:
        """Told to open."""
        if self.moving_until_s is not None:
            return Ack.TEMPORARILY_REJECTED
        if self.is_open:
            return Ack.ACCEPTED
        self.moving_until_s, self.movements = now_s + MOVEMENT_S, self.movements + 1
        return Ack.IN_PROGRESS

    def passed(self, now_s: float) -> Ack | None:
        """The answer at the end of a movement."""
        if self.moving_until_s is None or now_s < self.moving_until_s:
            return None
        self.moving_until_s, self.is_open = None, True
        return Ack.ACCEPTED


def converse(gripper: Px4Gripper, losses: list[bool], seconds: float = 30.0) -> GripperExchange:
    """Open a gripper over a link that loses what `losses` says, in order, and nothing after that."""
    exchange, lost, now_s = GripperExchange(1, RoundTrip(), opens=True), iter(losses), 0.0

    def arrives() -> bool:
        return not next(lost, False)

    outgoing = exchange.start(now_s)
    while now_s < seconds and not exchange.ended:
        answers = [gripper.commanded(now_s) for _ in outgoing if arrives()]
        ended = gripper.passed(now_s)
        for answer in [*answers, *([ended] if ended is not None else [])]:
            if arrives():
                exchange.receive(CommandAnswer(px4.Command.DO_GRIPPER, answer), now_s)
        now_s += STEP_S
        outgoing = exchange.tick(now_s)
    return exchange


@given(losses=st.lists(st.booleans(), max_size=25))
def test_a_closed_gripper_opens_once_and_is_never_said_to_have_refused(losses: list[bool]) -> None:
    """Faults F-L1, F-L3: whatever is lost, one movement. OPENED is said only of a gripper that moved and is open."""
    gripper = Px4Gripper(is_open=False)
    exchange = converse(gripper, losses)
    assert gripper.movements <= 1
    assert exchange.answer in {GripperAnswer.OPENED, GripperAnswer.WAS_OPEN, None}
    if exchange.answer is GripperAnswer.OPENED:
        assert (gripper.movements, gripper.is_open) == (1, True)


@given(losses=st.lists(st.booleans(), max_size=25))
def test_a_gripper_that_was_open_is_never_said_to_have_opened(losses: list[bool]) -> None:
    """Its ACCEPTED comes at once, and proves nothing."""
    exchange = converse(Px4Gripper(is_open=True), losses)
    assert exchange.answer in {GripperAnswer.WAS_OPEN, None}


def test_on_a_good_link_a_release_is_sent_once() -> None:
    """A movement under way is not asked again while it may still be under way."""
    gripper = Px4Gripper(is_open=False)
    exchange = converse(gripper, [])
    assert exchange.answer is GripperAnswer.OPENED
    assert gripper.movements == 1


@pytest.mark.parametrize("refusal", [Ack.FAILED, Ack.DENIED, Ack.UNSUPPORTED, Ack.CANCELLED, Ack.TEMPORARILY_REJECTED])
def test_a_no_to_the_first_command_is_a_refusal(refusal: Ack) -> None:
    """FAILED is what PX4 says without a gripper (PD_GRIPPER_EN 0)."""
    exchange = GripperExchange(1, RoundTrip(), opens=True)
    exchange.start(0.0)
    exchange.receive(CommandAnswer(px4.Command.DO_GRIPPER, refusal), 0.1)
    assert (exchange.answer, exchange.refusal) == (GripperAnswer.REFUSED, refusal)


def test_the_answer_to_another_command_is_not_taken() -> None:
    """Acknowledgements carry the command's number, nothing more."""
    exchange = GripperExchange(1, RoundTrip(), opens=True)
    exchange.start(0.0)
    exchange.receive(CommandAnswer(px4.Command.NAV_LAND, Ack.ACCEPTED), 0.1)
    assert not exchange.ended


def waiting_at_gate(link: Any) -> None:
    """The vehicle waits at its gate, in the air."""
    link.current = replace(
        link.current, armed=True, mode=FlightMode.MISSION, landed_state=LandedState.IN_AIR, mission_current=GATE
    )


async def test_a_gripper_is_opened_for_a_vehicle_that_waits_at_the_gate(link: Any) -> None:
    """And the vehicle's answer is handed on."""
    waiting_at_gate(link)
    assert await release_at_gate(link, 1, GATE, 5.0) == GripperOutcome(GripperAnswer.OPENED)
    assert link.log == ["open 1"]


@pytest.mark.parametrize(
    "change",
    [
        {"mission_current": GATE + 1},
        {"mission_current": GATE - 1},
        {"mode": FlightMode.HOLD},
        {"mode": FlightMode.RETURN},
        {"armed": False},
        {"received_s": -100.0},
    ],
    ids=str,
)
async def test_a_gripper_is_not_opened_anywhere_else_nor_by_old_telemetry(link: Any, change: dict[str, Any]) -> None:
    """Invariant I-9 once more, where the command becomes an effect: nothing is sent, and that is said."""
    waiting_at_gate(link)
    link.current = replace(link.current, **change)
    outcome = await release_at_gate(link, 1, GATE, 5.0)
    assert outcome.answer is GripperAnswer.NOT_SENT
    assert outcome.reason
    assert link.log == []


async def test_a_gripper_that_does_not_close_is_named(link: Any) -> None:
    """It would carry nothing: the others are not tried any more."""
    link.deaf = {"close 2"}
    outcome = await close_grippers(link, (1, 2, 3), 5.0)
    assert outcome.status is OutcomeStatus.REFUSED
    assert "gripper 2" in outcome.reason
    assert link.log == ["close 1", "close 2"]


@pytest.mark.parametrize(
    ("current", "mode", "status", "log"),
    [
        (GATE, FlightMode.MISSION, OutcomeStatus.OBSERVED, ["set current"]),
        (GATE + 2, FlightMode.MISSION, OutcomeStatus.OBSERVED, []),
        (GATE - 1, FlightMode.MISSION, OutcomeStatus.REFUSED, []),
        (GATE, FlightMode.HOLD, OutcomeStatus.REFUSED, []),
    ],
)
async def test_a_gate_is_passed_forwards_only_and_only_by_our_mission(
    link: Any, current: int, mode: FlightMode, status: OutcomeStatus, log: list[str]
) -> None:
    """A vehicle that has gone on is not called back, and one that is led by another is left alone (I-19)."""
    waiting_at_gate(link)
    link.current = replace(link.current, mission_current=current, mode=mode)
    assert (await pass_gate(link, GATE, 5.0)).status is status
    assert link.log == log
    await asyncio.sleep(0)
