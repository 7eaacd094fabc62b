"""What every link promises of a vehicle on the ground, whatever carries it: effect, refusal, deadline."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mission.errors import LinkTimeoutError
from mission.model.gripper import GripperAnswer
from mission.model.mission import MavMissionType
from mission.model.telemetry import FlightMode
from vehicles.link import HeldPlan, OutcomeStatus, TransferState, VehicleLink, WriteStatus
from vehicles.transfer import differences

if TYPE_CHECKING:
    from tests.vehicles.contract.conftest import Carrier, Rig

PATIENCE_S = 60.0
SHORT_S = 1.0
OVERTIME_S = 8.0
"""How much later than its deadline a verb may end on a busy machine."""


def test_what_is_loaded_is_what_is_read_back(carrier: "Carrier") -> None:
    """LOADED with the mission's digest, the same items read back, and checksums that say so (I-25)."""

    async def ask(rig: "Rig") -> None:
        result = await rig.load(rig.mission)
        assert (result.state, result.digest) == (TransferState.LOADED, rig.mission.digest()), result
        held = await rig.link.read_back(PATIENCE_S)
        assert differences(MavMissionType.MISSION, rig.mission.items, held.items) == ()
        assert differences(MavMissionType.FENCE, rig.mission.fence, held.fence) == ()
        assert differences(MavMissionType.RALLY, rig.mission.rally, held.rally) == ()
        assert rig.link.plan_ids() == result.plan_ids
        assert (rig.link.state().mission_total, rig.link.state().mission_current) == (len(rig.mission.items), 0)

    carrier.run(ask)


def test_an_infeasible_mission_is_not_loaded(carrier: "Carrier") -> None:
    """It is acknowledged, held and read back the same, and still not LOADED, with a reason."""

    async def ask(rig: "Rig") -> None:
        result = await rig.link.upload(rig.broken_mission, PATIENCE_S)
        assert result.state is TransferState.NOT_LOADED, result
        assert result.reason

    carrier.run(ask)


def test_another_mission_has_other_checksums(carrier: "Carrier") -> None:
    """A centimetre of height is another mission: what was proved to be on board is known to be gone."""

    async def ask(rig: "Rig") -> None:
        first = await rig.load(rig.mission)
        way = rig.mission.items[1]
        changed = (rig.mission.items[0], replace(way, z=way.z + 0.01), *rig.mission.items[2:])
        second = await rig.load(replace(rig.mission, items=changed))
        assert first.plan_ids.mission != second.plan_ids.mission
        assert first.plan_ids.fence == second.plan_ids.fence

    carrier.run(ask)


def test_a_cleared_vehicle_holds_nothing(carrier: "Carrier") -> None:
    """All three lists are empty by read-back, and no mission is announced."""

    async def ask(rig: "Rig") -> None:
        await rig.load(rig.mission)
        cleared = await rig.link.clear(PATIENCE_S)
        assert cleared.ok, cleared
        assert await rig.link.read_back(PATIENCE_S) == HeldPlan((), (), ())
        assert (await rig.link.confirm_item_count(0, PATIENCE_S)).ok

    carrier.run(ask)


@pytest.mark.parametrize(("name", "values"), [("MIS_TAKEOFF_ALT", (3.5, 2.5)), ("RTL_TYPE", (1, 2))])
def test_a_parameter_is_set_and_read_again(carrier: "Carrier", name: str, values: tuple[float, float]) -> None:
    """A decimal and a whole one, each of its own type."""

    async def ask(rig: "Rig") -> None:
        for value in values:
            outcome = await rig.link.set_parameter(name, value, PATIENCE_S)
            assert outcome.ok, outcome
            held = await rig.link.read_parameter(name, PATIENCE_S)
            assert (held, type(held)) == (value, type(value))

    carrier.run(ask)


def test_a_parameter_of_another_name_or_type_is_not_set(carrier: "Carrier") -> None:
    """PX4 answers neither: nothing is observed, and the value stays."""

    async def ask(rig: "Rig") -> None:
        assert not (await rig.link.set_parameter("NO_SUCH_ONE", 1, SHORT_S)).ok
        with pytest.raises(LinkTimeoutError):
            await rig.link.read_parameter("NO_SUCH_ONE", SHORT_S)
        before = await rig.link.read_parameter("RTL_TYPE", PATIENCE_S)
        assert not (await rig.link.set_parameter("RTL_TYPE", 1.0, SHORT_S)).ok
        assert await rig.link.read_parameter("RTL_TYPE", PATIENCE_S) == before

    carrier.run(ask)


def test_arming_is_seen_and_so_is_disarming(carrier: "Carrier") -> None:
    """Observed in heartbeats; armed and disarmed again are the states asked for, so they are OBSERVED too."""

    async def ask(rig: "Rig") -> None:
        for _ in range(2):
            armed = await rig.link.arm(PATIENCE_S)
            assert armed.ok, armed
            assert rig.link.state().armed
        for _ in range(2):
            disarmed = await rig.link.disarm(PATIENCE_S)
            assert disarmed.ok, disarmed
            assert not rig.link.state().armed

    carrier.run(ask)


def test_a_vehicle_that_is_not_ready_refuses_to_arm_and_says_why(carrier: "Carrier") -> None:
    """In Mission mode with a mission that it finds infeasible: REFUSED, with its own words."""

    async def ask(rig: "Rig") -> None:
        claim = await rig.link.write_items(MavMissionType.MISSION, rig.broken_mission.items, PATIENCE_S)
        assert claim.status is WriteStatus.ACKNOWLEDGED
        assert (await rig.link.select_mission_mode(PATIENCE_S)).ok
        assert await rig.link.readiness(3, PATIENCE_S) is False
        outcome = await rig.link.arm(PATIENCE_S)
        assert outcome.status is OutcomeStatus.REFUSED, outcome
        assert "(" in outcome.reason
        assert not rig.link.state().armed

    carrier.run(ask)


def test_nothing_is_started_where_no_mission_is_held(carrier: "Carrier") -> None:
    """REFUSED, disarmed."""

    async def ask(rig: "Rig") -> None:
        outcome = await rig.link.start_mission(PATIENCE_S)
        assert outcome.status is OutcomeStatus.REFUSED, outcome
        assert not rig.link.state().armed

    carrier.run(ask)


def test_a_vehicle_on_the_ground_is_sent_nowhere(carrier: "Carrier") -> None:
    """PX4 acknowledges a reposition on the ground and forgets it: the link refuses it."""

    async def ask(rig: "Rig") -> None:
        outcome = await rig.link.reposition(rig.at(2e-4, 0.0), rig.home_amsl_m + 10.0, PATIENCE_S)
        assert outcome.status is OutcomeStatus.REFUSED, outcome
        assert "not flying" in outcome.reason

    carrier.run(ask)


def test_an_item_that_does_not_exist_cannot_be_current(carrier: "Carrier") -> None:
    """Selected and observed, or refused."""

    async def ask(rig: "Rig") -> None:
        await rig.load(rig.mission)
        assert (await rig.link.set_current_item(2, PATIENCE_S)).ok
        assert rig.link.state().mission_current == 2
        count = len(rig.mission.items)
        assert (await rig.link.set_current_item(count, PATIENCE_S)).status is OutcomeStatus.REFUSED

    carrier.run(ask)


def test_a_gripper_opens_once(carrier: "Carrier") -> None:
    """Closed, OPENED, and then it WAS_OPEN: a second release is told from the first (F-L3)."""

    async def ask(rig: "Rig") -> None:
        closed = await rig.link.close_gripper(1, PATIENCE_S)
        assert closed.ok, closed
        assert (await rig.link.open_gripper(1, PATIENCE_S)).answer is GripperAnswer.OPENED
        assert (await rig.link.open_gripper(1, PATIENCE_S)).answer is GripperAnswer.WAS_OPEN
        assert (await rig.link.close_gripper(1, PATIENCE_S)).ok

    carrier.run(ask)


def test_telemetry_says_where_and_how_the_vehicle_is(carrier: "Carrier") -> None:
    """Position, height, home, battery, mode: each with its unit and datum as the model has them."""

    async def ask(rig: "Rig") -> None:
        state = rig.link.state()
        assert state.latitude_deg == pytest.approx(rig.at(0.0, 0.0).latitude_deg, abs=2e-3)
        assert state.altitude_amsl_m == pytest.approx(rig.home_amsl_m, abs=5.0)
        assert state.height_home_m == pytest.approx(0.0, abs=5.0)
        assert state.home_altitude_amsl_m == pytest.approx(rig.home_amsl_m, abs=5.0)
        assert 0.2 < state.battery_remaining <= 1.0
        assert not math.isnan(state.heading_deg)
        assert state.mode is FlightMode.HOLD
        assert state.estimator_flags > 0

    carrier.run(ask)


def test_telemetry_ages_when_nothing_is_heard_and_comes_back(carrier: "Carrier") -> None:
    """The last state stays, with the time at which it was heard; by the vehicle's clock it only goes forward (I-17)."""

    async def ask(rig: "Rig") -> None:
        rig.cut()
        with pytest.raises(AssertionError):  # what was under way has arrived, and then nothing does
            await rig.until("silence to end", _newer_than(rig, rig.link.now_s() + SHORT_S), 2 * SHORT_S)
        last = rig.link.state()
        assert rig.link.now_s() - last.received_s >= SHORT_S
        rig.mend()
        state = await rig.until("a new position", _newer_than(rig, last.received_s))
        assert state.boot_time_ms > last.boot_time_ms

    carrier.run(ask)


def _newer_than(rig: "Rig", received_s: float) -> "Callable[..., bool]":
    return lambda state: state.received_s > received_s


Verb = Callable[[VehicleLink], Awaitable[object]]
OUTCOMES: dict[str, Verb] = {
    "clear": lambda link: link.clear(SHORT_S),
    "set a parameter": lambda link: link.set_parameter("RTL_TYPE", 2, SHORT_S),
    "arm": lambda link: link.arm(SHORT_S),
    "disarm": lambda link: link.disarm(SHORT_S),
    "start": lambda link: link.start_mission(SHORT_S),
    "hold": lambda link: link.hold(SHORT_S),
    "land": lambda link: link.land(SHORT_S),
    "return": lambda link: link.return_to_launch(SHORT_S),
    "select an item": lambda link: link.set_current_item(0, SHORT_S),
    "close a gripper": lambda link: link.close_gripper(1, SHORT_S),
}


@pytest.mark.parametrize("verb", OUTCOMES)
def test_a_verb_that_nobody_hears_is_unconfirmed_at_its_deadline(carrier: "Carrier", verb: str) -> None:
    """Not refused, not believed, not for ever; and it has no effect when the radio is well again (I-13)."""

    async def ask(rig: "Rig") -> None:
        rig.cut()
        began_s = rig.link.now_s()
        outcome = await OUTCOMES[verb](rig.link)
        lasted_s = rig.link.now_s() - began_s
        assert getattr(outcome, "status", None) is OutcomeStatus.UNCONFIRMED, outcome
        assert lasted_s < SHORT_S + OVERTIME_S
        rig.mend()
        await rig.heard_again()
        assert not rig.link.state().armed
        assert rig.link.state().mode is FlightMode.HOLD

    carrier.run(ask)


def test_what_cannot_be_asked_is_unknown_at_its_deadline(carrier: "Carrier") -> None:
    """An upload is not LOADED, reads end in a time-out, a gripper has NO_ANSWER, readiness is None."""

    async def ask(rig: "Rig") -> None:
        rig.cut()
        assert (await rig.link.upload(rig.mission, SHORT_S)).state is not TransferState.LOADED
        with pytest.raises(LinkTimeoutError):
            await rig.link.read_back(SHORT_S)
        with pytest.raises(LinkTimeoutError):
            await rig.link.read_parameter("RTL_TYPE", SHORT_S)
        assert (await rig.link.open_gripper(1, SHORT_S)).answer is GripperAnswer.NO_ANSWER
        assert await rig.link.readiness(3, SHORT_S) is None
        assert not (await rig.link.confirm_item_count(3, SHORT_S)).ok

    carrier.run(ask)
