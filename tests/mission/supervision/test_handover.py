"""What happens at a drop, as rules: when a parcel is let go, and what proves it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from mission.dispatch.order_state import OrderState
from mission.dispatch.release_state import ReleaseState
from mission.model.geo import GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.telemetry import FlightMode, Freshness, LandedState
from mission.supervision.events import (
    FreshnessChanged,
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
