"""What happens at a drop, as rules: when a parcel is let go, what proves it, and what becomes of it otherwise."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from mission.dispatch.order_state import OrderState
from mission.dispatch.release_state import ReleaseState
from mission.model.geo import GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.telemetry import FlightMode, Freshness, LandedState
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    Cancel,
    FreshnessChanged,
    GatePassed,
    PassGate,
    RecipientPresent,
    Release,
    ReleaseEnded,
    Report,
    ReportKind,
    Tick,
)

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

HUB = GeoPoint(48.40, 15.60)
GATE = 3
TEN_METRES_DEG = 0.00009


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


# ---- when a release is commanded ---------------------------------------------------------------------------


def test_a_release_is_commanded_once_when_the_vehicle_was_seen_steady_at_the_drop(flown: "Flown") -> None:
    """Invariant I-9: one command, with an id, and a deadline well before the gate's end."""
    flown.fly()
    (release,) = releases(flown.arrive())
    assert (release.order_id, release.gripper) == ("A-1", 1)
    left_s = (release.deadline - flown.now).total_seconds()
    assert 5.0 <= left_s <= flown.policy.release_wait_s - 10.0
    assert releases([*flown.see(), *flown.see(), *flown.hear(Tick())]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"latitude_deg": 48.409 + TEN_METRES_DEG},
        {"height_home_m": 9.0},
        {"velocity_east_m_s": 4.0},
        {"latitude_deg": float("nan")},
        {"height_home_m": float("nan")},
        {"velocity_north_m_s": float("nan")},
        {"mode": FlightMode.HOLD},
        {"mode": FlightMode.RETURN},
        {"mode": FlightMode.MANUAL},
    ],
    ids=str,
)
def test_nothing_is_released_away_from_the_drop_too_high_moving_unknown_or_led_by_another(
    flown: "Flown", change: dict[str, Any]
) -> None:
    """Invariants I-9, I-18, I-19: each condition alone keeps the gripper shut."""
    flown.fly()
    assert releases(flown.arrive(**change)) == []


def test_nothing_is_released_by_old_telemetry(flown: "Flown") -> None:
    """Fault F-L2: what was at the drop some seconds ago is not known to be there."""
    flown.fly()
    flown.hear(FreshnessChanged(Freshness.STALE))
    assert releases(flown.arrive()) == []


def fly_on_with_a_jump(flown: "Flown", still_s: int) -> list[object]:
    """Come to 60 m short of the drop, jump onto it, and be seen there at rest, once a second."""
    flown.fly()
    still = {"velocity_north_m_s": 0.0, "velocity_east_m_s": 0.0, "height_home_m": 6.0, "longitude_deg": 15.60}
    flown.see(after_s=70.0, mission_current=GATE - 1, latitude_deg=48.409 - 6 * TEN_METRES_DEG, **still)
    commands = flown.see(mission_current=GATE, latitude_deg=48.409)
    for _ in range(still_s):
        commands += flown.see()
    return list(commands)


def test_a_position_that_jumped_proves_no_place_however_long_it_stays(flown: "Flown") -> None:
    """Fault F-V4: alarm, no release; the parcel stays aboard, and where it lands by that position is not known."""
    commands = fly_on_with_a_jump(flown, still_s=60)
    assert releases(commands) == []
    assert [alarm.state for alarm in told(commands, ReportKind.ALARM)] == ["POSITION_JUMPED"]
    assert state_of(commands) == [ReleaseState.KEPT]
    flown.see(mission_current=GATE + 1)
    flown.touch_down(HUB)
    assert order_state(flown) is OrderState.FAILED
    assert "its position had jumped by 60 m" in flown.supervisor.reasons["A-1"]


def test_a_position_that_jumped_and_jumped_back_is_believed_again(flown: "Flown") -> None:
    """Fault F-V4: it agrees with the track of before; then it flies to its drop and delivers."""
    assert releases(fly_on_with_a_jump(flown, still_s=5)) == []
    flown.see(latitude_deg=48.409 - 6 * TEN_METRES_DEG)
    flown.see(after_s=6.0, latitude_deg=48.409)
    assert len(releases([*flown.see(), *flown.see()])) == 1


def test_a_glimpse_of_the_drop_is_not_enough(flown: "Flown") -> None:
    """One position within the radius may be noise: it must be seen there for a second."""
    flown.fly()
    off = 48.409 + TEN_METRES_DEG
    flown.arrive(latitude_deg=off)
    assert releases(flown.see(latitude_deg=48.409, after_s=8.0)) == []
    assert releases(flown.see(latitude_deg=off, after_s=8.0)) == []


def test_a_release_is_not_commanded_when_too_little_of_the_gate_is_left(flown: "Flown") -> None:
    """A command that might end after the vehicle has left would drop the parcel somewhere."""
    flown.fly()
    flown.arrive(height_home_m=9.0)
    commands = flown.see(after_s=flown.policy.release_wait_s - 12.0, height_home_m=6.0)
    assert releases(commands) == []
    assert state_of(commands) == [ReleaseState.KEPT]
    assert PassGate(GATE) in commands


def test_a_gate_seen_late_counts_from_when_it_may_have_begun(flown: "Flown") -> None:
    """The link was lost on the way: the vehicle may have waited all the time that nobody looked."""
    flown.fly()
    flown.see(mission_current=GATE - 1)
    flown.hear(FreshnessChanged(Freshness.LOST))
    flown.hear(FreshnessChanged(Freshness.FRESH))
    over = {"latitude_deg": 48.409, "longitude_deg": 15.60, "height_home_m": 6.0}
    still = {"velocity_north_m_s": 0.0, "velocity_east_m_s": 0.0}
    commands = flown.see(after_s=50.0, mission_current=GATE, **over, **still)
    commands += [*flown.see(), *flown.see(), *flown.see(after_s=5.0)]
    assert releases(commands) == []


def test_a_parcel_set_down_is_released_on_the_ground_only(landing: "Flown") -> None:
    """LAND: low over the drop is not landed at it."""
    landing.fly()
    assert releases(landing.arrive(height_home_m=0.3)) == []
    commands = landing.see(landed_state=LandedState.ON_GROUND) + landing.see()
    assert len(releases(commands)) == 1


def test_a_vehicle_that_landed_beside_the_drop_keeps_its_parcel(landing: "Flown") -> None:
    """Fault F-V23: an alarm, no release, and the way home begins."""
    landing.fly()
    commands = landing.arrive(
        latitude_deg=48.409 + TEN_METRES_DEG, height_home_m=0.0, landed_state=LandedState.ON_GROUND
    )
    assert releases(commands) == []
    assert [alarm.state for alarm in told(commands, ReportKind.ALARM)] == ["OFF_TARGET_LANDING"]
    assert PassGate(GATE) in commands


def test_an_attended_parcel_waits_for_its_recipient(attended: "Flown") -> None:
    """Nobody there, nothing let go; then somebody is."""
    attended.fly()
    assert releases(attended.arrive()) == []
    attended.hear(RecipientPresent("A-1"))
    assert len(releases(attended.see())) == 1


def test_a_recipient_who_does_not_come_is_waited_for_until_the_gate_ends(attended: "Flown") -> None:
    """Fault F-O7: a bounded wait, then home with the parcel, and the reason says why."""
    attended.fly()
    commands = attended.arrive()
    for _ in range(12):
        commands += attended.see(after_s=5.0)
    assert releases(commands) == []
    assert commands.count(PassGate(GATE)) == 1
    attended.see(mission_current=GATE + 1)
    attended.touch_down(HUB)
    assert order_state(attended) is OrderState.RETURNED
    assert "nobody came to take it" in attended.supervisor.reasons["A-1"]


# ---- what proves a release ---------------------------------------------------------------------------------


def test_an_acknowledged_release_seen_at_the_drop_is_a_delivery_and_says_how_it_is_known(flown: "Flown") -> None:
    """Invariant I-10: release confirmed, position evidence, custody; the grade is that of a vehicle without a scale."""
    flown.fly()
    commands = flown.release()
    assert order_state(flown) is OrderState.DELIVERED
    (proof,) = told(commands, ReportKind.RELEASE)
    assert (proof.state, proof.details["grade"]) == (ReleaseState.RELEASED, "ACKNOWLEDGED")
    assert proof.details["acknowledgement"] == "OPENED"
    assert float(proof.details["distance_m"]) < 0.1
    assert [report.state for report in told(commands, ReportKind.CUSTODY)] == ["RECIPIENT"]
    assert PassGate(GATE) in commands


def test_a_weight_that_is_gone_is_the_best_proof(weighing: "Flown") -> None:
    """Acknowledged is not enough for a vehicle with a scale: it is delivered when the weight is gone."""
    weighing.fly()
    weighing.answer(weighing.command(), GripperAnswer.OPENED)
    assert state_of(weighing.see(payload_kg=0.9)) == []
    commands = weighing.see(payload_kg=0.05)
    (proof,) = told(commands, ReportKind.RELEASE)
    assert (proof.details["grade"], proof.details["payload_before_kg"]) == ("PAYLOAD", 1.0)
    assert proof.details["payload_after_kg"] == pytest.approx(0.05)
    assert order_state(weighing) is OrderState.DELIVERED


def test_an_acknowledgement_alone_is_not_a_delivery(flown: "Flown") -> None:
    """The vehicle must be seen at the drop after it, too (invariant I-18)."""
    flown.fly()
    flown.answer(flown.command(), GripperAnswer.OPENED)
    assert order_state(flown) is OrderState.IN_FLIGHT
    commands = flown.see(latitude_deg=48.409 + TEN_METRES_DEG)
    assert state_of(commands) == [ReleaseState.NOT_CONFIRMED]
    assert order_state(flown) is OrderState.FAILED


@pytest.mark.parametrize("answer", [GripperAnswer.NO_ANSWER, GripperAnswer.WAS_OPEN])
def test_without_a_real_acknowledgement_nothing_is_confirmed(flown: "Flown", answer: GripperAnswer) -> None:
    """Silence, or a gripper that was open before: a person must look. It is not commanded again."""
    flown.fly()
    commands = flown.answer(flown.command(), answer, "15 s long") + flown.see()
    assert state_of(commands) == [ReleaseState.NOT_CONFIRMED]
    assert [alarm.state for alarm in told(commands, ReportKind.ALARM)] == ["RELEASE_NOT_CONFIRMED"]
    assert releases(commands) == []
    assert PassGate(GATE) in commands
    assert order_state(flown) is OrderState.FAILED
    assert "a person must look" in flown.supervisor.reasons["A-1"]


def test_a_scale_that_falls_silent_confirms_nothing(weighing: "Flown") -> None:
    """Unknown is not gone."""
    weighing.fly()
    weighing.answer(weighing.command(), GripperAnswer.OPENED)
    commands = weighing.see(payload_kg=float("nan")) + weighing.see(after_s=6.0)
    assert state_of(commands) == [ReleaseState.NOT_CONFIRMED]


def test_an_answer_that_never_comes_is_doubt_by_its_deadline(flown: "Flown") -> None:
    """Invariant I-26: no hand-over without an end."""
    flown.fly()
    release = flown.command()
    late_s = (release.deadline - flown.now).total_seconds() + 31.0
    assert state_of(flown.hear(Tick(), after_s=late_s)) == [ReleaseState.NOT_CONFIRMED]


def test_the_answer_to_another_command_changes_nothing(flown: "Flown") -> None:
    """Fault F-L3, invariant I-13: an answer belongs to one command id."""
    flown.fly()
    flown.command()
    assert flown.hear(ReleaseEnded("A-1", "another", GripperAnswer.REFUSED)) == []
    assert flown.supervisor.order_states == {"A-1": OrderState.IN_FLIGHT}


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
