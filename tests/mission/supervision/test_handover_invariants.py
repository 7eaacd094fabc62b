"""What holds at a drop whatever the vehicle, its link and people do, in whatever order."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import event as hypothesis_event
from hypothesis import strategies as st

from mission.dispatch.order_state import OrderState
from mission.model.gripper import GripperAnswer
from mission.model.telemetry import FlightMode, Freshness
from mission.supervision.events import (
    Cancel,
    FreshnessChanged,
    GatePassed,
    PassGate,
    Release,
    ReleaseEnded,
    Report,
    ReportKind,
    Tick,
)
from mission.supervision.handover import MAX_PASSES, MAX_RELEASES
from mission.supervision.supervisor import SortieSupervisor

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

GATE = 3
RADIUS_DEG = 5.0 / 111_195.0
STILL = {"velocity_north_m_s": 0.0, "velocity_east_m_s": 0.0}

Step = Callable[["Flown", list[object]], list[Any]]


def seen(**changes: Any) -> Step:
    """The vehicle is seen so."""
    return lambda flown, _told: list(flown.see(after_s=2.0, **(STILL | changes)))


def answered(answer: GripperAnswer) -> Step:
    """The newest release is answered so, or one that nobody sent."""

    def step(flown: "Flown", told: list[object]) -> list[Any]:
        newest = next((c.command_id for c in reversed(told) if isinstance(c, Release)), "nobody's")
        return list(flown.hear(ReleaseEnded("A-1", newest, answer)))

    return step


def heard(event: Any) -> Step:
    """An event comes."""
    return lambda flown, _told: list(flown.hear(event))


waits = st.just(
    seen(latitude_deg=48.409, longitude_deg=15.60, height_home_m=6.0, mission_current=GATE, mode=FlightMode.MISSION)
)
steps = st.one_of(
    waits,
    waits,
    waits,
    st.sampled_from([GripperAnswer.OPENED, GripperAnswer.OPENED, *GripperAnswer]).map(answered),
    st.builds(
        lambda north, height, item, mode: seen(
            latitude_deg=48.409 + north, longitude_deg=15.60, height_home_m=height, mission_current=item, mode=mode
        ),
        st.sampled_from([0.0, 0.0, 0.0, RADIUS_DEG * 0.9, RADIUS_DEG * 1.2, 0.01, float("nan")]),
        st.sampled_from([6.0, 6.0, 6.0, 7.9, 8.5, 60.0]),
        st.sampled_from([GATE - 1, GATE, GATE, GATE, GATE, GATE + 1]),
        st.sampled_from([FlightMode.MISSION] * 5 + [FlightMode.HOLD, FlightMode.RETURN]),
    ),
    st.sampled_from(
        [
            Tick(),
            Cancel("A-1"),
            GatePassed(GATE, ok=False),
            GatePassed(GATE, ok=True),
            FreshnessChanged(Freshness.STALE),
            FreshnessChanged(Freshness.FRESH),
            FreshnessChanged(Freshness.LOST),
        ]
    ).map(heard),
)


def at_the_drop(flown: "Flown") -> bool:
    """Whether the vehicle is seen where a release may be commanded."""
    state = flown.state
    near = abs(state.latitude_deg - 48.409) <= RADIUS_DEG and state.height_home_m <= 8.0
    return near and state.mode is FlightMode.MISSION and state.mission_current == GATE


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(steps, min_size=8, max_size=40))
def test_nothing_is_let_go_elsewhere_twice_or_after_a_cancellation_and_nothing_unproved_is_delivered(
    flown: "Flown", script: list[Step]
) -> None:
    """Invariants I-9, I-10, I-12, I-19, and bounded commands (I-23)."""
    flown = replace(flown, supervisor=SortieSupervisor(flown.flight, flown.contingencies, flown.policy))
    flown.fly()
    flown.see(after_s=70.0, latitude_deg=48.409, height_home_m=6.0, mission_current=GATE - 1, **STILL)
    flown.see(after_s=6.0)
    told: list[object] = []
    cancelled = False
    for step in script:
        new = step(flown, told)
        releases = [command for command in new if isinstance(command, Release)]
        assert not releases or at_the_drop(flown)
        assert not releases or not cancelled
        assert all(release.deadline > flown.now for release in releases)
        cancelled |= any(isinstance(c, Report) and c.state == "CANCELLED" for c in new)
        delivered = [c for c in new if isinstance(c, Report) and c.state == OrderState.DELIVERED]
        assert not delivered or proved(new)
        told += new
    hypothesis_event(f"ends {flown.supervisor.order_states['A-1']}")
    assert sum(isinstance(command, Release) for command in told) <= MAX_RELEASES
    assert sum(isinstance(command, PassGate) for command in told) <= MAX_PASSES
    ids = [command.command_id for command in told if isinstance(command, Release)]
    assert len(ids) == len(set(ids))


def proved(commands: list[Any]) -> bool:
    """Whether a delivery comes with its proof and its custody."""
    reports = [command for command in commands if isinstance(command, Report)]
    proofs = [report for report in reports if report.kind is ReportKind.RELEASE and report.details]
    custody = [report for report in reports if report.kind is ReportKind.CUSTODY and report.state == "RECIPIENT"]
    near = all(float(proof.details["distance_m"]) <= 5.1 for proof in proofs)
    return len(proofs) == len(custody) == 1 and near and proofs[0].details["acknowledgement"] == "OPENED"
