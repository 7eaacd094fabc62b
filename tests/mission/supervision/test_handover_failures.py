"""What goes wrong at a drop, and how the flight goes on from there, as rules."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from mission.dispatch.order_state import OrderState
from mission.dispatch.release_state import ReleaseState
from mission.model.geo import GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.telemetry import FlightMode, Freshness
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    Cancel,
    FreshnessChanged,
    GatePassed,
    PassGate,
    Release,
    Report,
    ReportKind,
    Tick,
)

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

HUB = GeoPoint(48.40, 15.60)
GATE = 3


def told(commands: Sequence[object], kind: ReportKind) -> list[Report]:
    """The reports of a kind."""
    return [c for c in commands if isinstance(c, Report) and c.kind is kind]


def state_of(commands: Sequence[object]) -> list[str]:
    """The states that a hand-over is reported to enter."""
    return [report.state for report in told(commands, ReportKind.RELEASE)]


def releases(commands: Sequence[object]) -> list[Release]:
    """The releases commanded."""
    return [c for c in commands if isinstance(c, Release)]


def order_state(flown: "Flown") -> OrderState:
    """Where the one order stands."""
    return flown.supervisor.order_states["A-1"]


# ---- what goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [GripperAnswer.REFUSED, GripperAnswer.NOT_SENT])
def test_a_gripper_that_fails_is_tried_once_more_and_then_the_parcel_comes_home(
    flown: "Flown", answer: GripperAnswer
) -> None:
    """Fault F-V21: one bounded retry under a new command id, then return."""
    flown.fly()
    first = flown.command()
    flown.answer(first, answer, "FAILED")
    (second,) = releases(flown.see())
    assert second.command_id != first.command_id
    commands = flown.answer(second, answer, "FAILED") + flown.see() + flown.see()
    assert releases(commands) == []
    assert [alarm.state for alarm in told(commands, ReportKind.ALARM)] == ["GRIPPER_FAILED"]
    flown.see(mission_current=GATE + 1)
    flown.touch_down(HUB)
    assert order_state(flown) is OrderState.RETURNED
    assert "its gripper did not let go" in flown.supervisor.reasons["A-1"]


def test_a_weight_that_stays_means_the_gripper_failed(weighing: "Flown") -> None:
    """Acknowledged twice, and the parcel still hangs: it is not delivered, and comes home."""
    weighing.fly()
    weighing.answer(weighing.command(), GripperAnswer.OPENED)
    weighing.see()
    (second,) = releases(weighing.see(after_s=6.0))
    weighing.answer(second, GripperAnswer.OPENED)
    weighing.see()
    commands = weighing.see(after_s=6.0)
    assert state_of(commands) == [ReleaseState.FAILED]
    assert order_state(weighing) is OrderState.IN_FLIGHT


def test_a_scale_outweighs_a_gripper_that_says_it_was_open(weighing: "Flown") -> None:
    """Fault F-V21: a stuck gripper counts as open after the first try; the parcel hangs on, and comes home."""
    weighing.fly()
    weighing.answer(weighing.command(), GripperAnswer.OPENED)
    weighing.see()
    (second,) = releases(weighing.see(after_s=6.0))
    weighing.answer(second, GripperAnswer.WAS_OPEN)
    commands = weighing.see() + weighing.see(after_s=6.0)
    assert state_of(commands) == [ReleaseState.FAILED]
    assert [alarm.state for alarm in told(commands, ReportKind.ALARM)] == ["GRIPPER_FAILED"]
    weighing.see(mission_current=GATE + 1)
    weighing.touch_down(HUB)
    assert order_state(weighing) is OrderState.RETURNED
    assert "1.00 kg still hang" in weighing.supervisor.reasons["A-1"]


def test_a_parcel_that_left_after_all_is_delivered_whatever_the_gripper_says(weighing: "Flown") -> None:
    """Fault F-V21: the first try was slow; its weight was there before the second and is gone after it."""
    weighing.fly()
    weighing.answer(weighing.command(), GripperAnswer.WAS_OPEN)
    (proof,) = told(weighing.see(payload_kg=0.0), ReportKind.RELEASE)
    assert (proof.state, proof.details["acknowledgement"]) == (ReleaseState.RELEASED, "WAS_OPEN")
    assert order_state(weighing) is OrderState.DELIVERED


def test_a_parcel_that_falls_on_the_way_is_an_incident_with_its_place(weighing: "Flown") -> None:
    """Fault F-V22: never delivered, although the flight goes on to the drop."""
    weighing.fly()
    weighing.see(latitude_deg=48.405, payload_kg=0.0)
    commands = weighing.see() + weighing.see()
    (alarm,) = told(commands, ReportKind.ALARM)
    assert (alarm.state, alarm.details["latitude_deg"]) == ("EARLY_RELEASE", 48.405)
    assert order_state(weighing) is OrderState.FAILED
    assert releases(weighing.arrive()) == []


def test_a_gust_is_not_a_falling_parcel(weighing: "Flown") -> None:
    """A scale that shows too little once is shaken."""
    weighing.fly()
    commands = weighing.see(payload_kg=0.2) + weighing.see(payload_kg=1.0) + weighing.see(payload_kg=0.3)
    assert told(commands, ReportKind.ALARM) == []


@pytest.mark.parametrize("payload_kg", [2.0, 0.3, float("nan")])
def test_a_load_of_another_weight_is_not_launched(weighing: "Flown", payload_kg: float) -> None:
    """Faults F-V24, F-O10: it is another parcel, or none; and unknown is not right."""
    weighing.state = type(weighing.state)("drone-1", payload_kg=payload_kg)
    weighing.load()
    weighing.hear(Tick(), after_s=weighing.policy.preflight_timeout_s + 1)
    assert "weigh" in weighing.supervisor.reasons["A-1"]


def test_a_cancellation_before_the_release_wins(flown: "Flown") -> None:
    """Fault F-O2, invariant I-12: acknowledged, and never released after that; the parcel comes home."""
    flown.fly()
    assert state_of(flown.hear(Cancel("A-1"))) == [ReleaseState.CANCELLED]
    commands = flown.arrive()
    assert releases(commands) == []
    assert commands.count(PassGate(GATE)) == 1
    flown.see(mission_current=GATE + 1)
    flown.touch_down(HUB)
    assert order_state(flown) is OrderState.RETURNED
    assert "cancelled" in flown.supervisor.reasons["A-1"]


def test_a_cancellation_after_the_release_was_commanded_loses(flown: "Flown") -> None:
    """Fault F-O2: one winner. It is told so, and the delivery goes on."""
    flown.fly()
    release = flown.command()
    (answer,) = told(flown.hear(Cancel("A-1")), ReportKind.RELEASE)
    assert "too late" in answer.message
    flown.answer(release, GripperAnswer.OPENED)
    flown.see()
    assert order_state(flown) is OrderState.DELIVERED


# ---- going on ----------------------------------------------------------------------------------------------


def test_nobody_decides_and_the_vehicle_flies_home_by_itself(flown: "Flown") -> None:
    """The link is lost at the drop: the gate ends, the verified way home is flown, the parcel is returned."""
    flown.fly()
    flown.see(mission_current=GATE - 1, latitude_deg=48.409, longitude_deg=15.60, height_home_m=6.0)
    flown.hear(FreshnessChanged(Freshness.LOST))
    flown.hear(FreshnessChanged(Freshness.FRESH), after_s=90.0)
    commands = flown.see(after_s=90.0, mission_current=GATE + 1, height_home_m=60.0)
    assert state_of(commands) == [ReleaseState.KEPT]
    assert not any(isinstance(c, PassGate | Release) for c in commands)
    flown.touch_down(HUB)
    assert order_state(flown) is OrderState.RETURNED


def test_going_on_is_asked_for_once_and_again_only_when_it_failed(flown: "Flown") -> None:
    """Three times at most: then the gate ends by itself."""
    flown.fly()
    flown.answer(flown.command(), GripperAnswer.OPENED)
    asked = [flown.see().count(PassGate(GATE))]
    for _ in range(4):
        flown.hear(GatePassed(GATE, ok=False, reason="no link"))
        asked.append(flown.see().count(PassGate(GATE)))
    assert asked == [1, 1, 1, 0, 0]


def test_a_release_under_way_is_proved_although_the_flight_diverts(flown: "Flown", to_meadow: Diversion) -> None:
    """The battery falls in the moment of the release: what was let go at the drop was delivered."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    release = flown.command()
    flown.see(battery_remaining=0.22)
    flown.answer(release, GripperAnswer.OPENED)
    flown.see(mode=FlightMode.HOLD)
    assert order_state(flown) is OrderState.DELIVERED


def test_a_diverting_vehicle_releases_nothing(flown: "Flown", to_meadow: Diversion) -> None:
    """It carries its parcel to where it lands."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22)
    assert releases(flown.arrive()) == []


def test_a_vehicle_that_lands_with_a_release_unanswered_leaves_doubt(flown: "Flown") -> None:
    """Whatever hangs on it, nobody knows what was let go."""
    flown.fly()
    flown.command()
    commands = flown.touch_down(HUB)
    assert state_of(commands) == [ReleaseState.NOT_CONFIRMED]
    assert order_state(flown) is OrderState.FAILED
