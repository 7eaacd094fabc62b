"""Who leads a vehicle: whoever took over is seen, named, and never fought (I-19)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.telemetry import FlightMode, LandedState, VehicleState
from mission.supervision.events import DiversionEnded, HoldPosition, LandNow, Launch
from mission.supervision.leader import LEADER_TABLE, Leader, LeaderWatch, Sign

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
FLYING = VehicleState(
    "drone-1",
    1,
    boot_time_ms=100_000,
    armed=True,
    landed_state=LandedState.IN_AIR,
    mode=FlightMode.MISSION,
    mission_plan_id=11,
    fence_plan_id=12,
    rally_plan_id=13,
)


class Watched:
    """A watch over a vehicle that was launched and flies its mission."""

    def __init__(self) -> None:
        self.watch = LeaderWatch()
        self.now = NOW
        self.state = FLYING
        self.watch.asked(Launch("digest"))
        assert self.see() is None

    def see(self, after_s: float = 1.0, **changes: Any) -> Sign | None:
        """Show the next state."""
        self.now += timedelta(seconds=after_s)
        changes.setdefault("boot_time_ms", self.state.boot_time_ms + round(1000 * after_s))
        self.state = replace(self.state, **changes)
        return self.watch.observed(self.state, self.now)


@pytest.fixture
def watched() -> Watched:
    """In the air on its mission."""
    return Watched()


def test_the_table_knows_every_pair() -> None:
    """No sign is an error in any state: telemetry shows what it shows."""
    assert set(LEADER_TABLE) == {(leader, sign) for leader in Leader for sign in Sign}


@pytest.mark.parametrize("mode", [FlightMode.RETURN, FlightMode.LAND, FlightMode.HOLD, FlightMode.OTHER])
def test_a_mode_that_nobody_asked_for_is_the_vehicles_own(watched: Watched, mode: FlightMode) -> None:
    """Fault F-V26: its failsafe leads until it flies again what was asked for."""
    assert watched.see(mode=mode) is Sign.OTHER_MODE
    assert watched.watch.leader is Leader.VEHICLE
    assert not watched.watch.may_command
    assert watched.see(mode=mode) is None
    assert watched.see(mode=FlightMode.MISSION) is Sign.AS_ASKED
    assert watched.watch.may_command


def test_a_pilot_keeps_the_lead_until_a_person_says_otherwise(watched: Watched) -> None:
    """Fault F-V28: a stick moved for a second is a takeover, also when the mode comes back."""
    assert watched.see(mode=FlightMode.MANUAL) is Sign.MANUAL
    assert watched.see(mode=FlightMode.MISSION) is None
    assert watched.watch.leader is Leader.PILOT


@pytest.mark.parametrize("change", [{"mission_plan_id": 99}, {"fence_plan_id": 0}, {"rally_plan_id": 99}])
def test_a_plan_that_changed_without_us_is_another_stations(watched: Watched, change: dict[str, int]) -> None:
    """Faults F-V13 and F-L10: mission, fence or rally points, by the autopilot's own checksums."""
    assert watched.see(**change) is Sign.FOREIGN_PLAN
    assert watched.watch.leader is Leader.OTHER_STATION


def test_another_computers_control_is_another_stations(watched: Watched) -> None:
    """Offboard is never ours (F-L10)."""
    assert watched.see(mode=FlightMode.OFFBOARD) is Sign.OFFBOARD


def test_a_plan_that_we_change_ourselves_is_ours(watched: Watched) -> None:
    """While a diversion is loaded, and as long as its checksums may come late; not later."""
    watched.watch.asked(HoldPosition("divert"))
    assert watched.see() is None  # the mode changes later
    assert watched.see(mode=FlightMode.HOLD) is None
    watched.watch._changing = True  # what FlyInstead does; a mission is not needed here
    assert watched.see(mission_plan_id=21) is None
    watched.watch.heard(DiversionEnded(ok=True), watched.now)
    assert watched.see(fence_plan_id=22) is None
    assert watched.see(after_s=20.0, mission_plan_id=31) is Sign.FOREIGN_PLAN


def test_what_is_not_known_is_no_change(watched: Watched) -> None:
    """A gateway that was restarted has not heard mode and checksums yet."""
    assert watched.see(mode=FlightMode.UNKNOWN, mission_plan_id=0, fence_plan_id=0, rally_plan_id=0) is None
    assert watched.see(mode=FlightMode.MISSION, mission_plan_id=11, fence_plan_id=12, rally_plan_id=13) is None
    assert watched.watch.may_command


def test_an_autopilot_that_restarts_in_flight_is_nobodys(watched: Watched) -> None:
    """Fault F-V18: what it holds and does is not known; its next mode proves nothing."""
    assert watched.see(boot_time_ms=2_000) is Sign.REBOOT
    assert watched.see(mode=FlightMode.MISSION) is None
    assert watched.watch.leader is Leader.UNKNOWN


def test_a_late_sample_is_no_restart(watched: Watched) -> None:
    """A second of lag is not a new boot."""
    assert watched.see(boot_time_ms=watched.state.boot_time_ms - 1_000) is None


def test_the_mode_before_is_no_takeover_while_a_command_takes_effect(watched: Watched) -> None:
    """HEARTBEAT comes once a second: told to land, it may still be seen on its mission, then not any more."""
    watched.watch.asked(LandNow("no site"))
    assert watched.see() is None
    assert watched.see(mode=FlightMode.LAND) is None
    assert watched.see(mode=FlightMode.MISSION) is Sign.OTHER_MODE


def test_nobody_takes_over_a_vehicle_on_the_ground(watched: Watched) -> None:
    """Landed and disarmed, PX4 changes modes as it likes."""
    assert watched.see(armed=False, landed_state=LandedState.ON_GROUND, mode=FlightMode.HOLD) is None


STATES = st.lists(
    st.tuples(
        st.sampled_from(FlightMode), st.sampled_from([0, 11, 12]), st.integers(0, 300_000), st.booleans(),
    ),
    max_size=30,
)  # fmt: skip


@given(STATES)
def test_a_lead_that_a_person_must_give_back_is_never_taken_back(
    states: list[tuple[FlightMode, int, int, bool]],
) -> None:
    """Whatever is seen afterwards, pilot, station and unknown never become ours (I-18, I-19)."""
    watched, lost = Watched(), False
    for mode, plan_id, boot_time_ms, armed in states:
        watched.see(mode=mode, mission_plan_id=plan_id, boot_time_ms=boot_time_ms, armed=armed)
        lost |= watched.watch.leader in {Leader.PILOT, Leader.OTHER_STATION, Leader.UNKNOWN}
        assert not (lost and watched.watch.may_command)


@pytest.mark.parametrize(
    "taken",
    [{"mode": FlightMode.MANUAL}, {"mode": FlightMode.OFFBOARD}, {"fence_plan_id": 99}, {"boot_time_ms": 1_000}],
)
def test_a_person_hands_the_lead_back(watched: Watched, taken: dict[str, Any]) -> None:
    """Whoever had it: from then on mission control may command, and the mode that it finds is nobody's (I-19)."""
    watched.see(**taken)
    assert not watched.watch.may_command
    assert watched.watch.hand_back("drone-1")
    assert watched.see() is None
    watched.watch.asked(HoldPosition("down by a verified way"))
    assert watched.see() is None
    assert watched.see(mode=FlightMode.HOLD) is None
    assert watched.watch.may_command


def test_a_pilot_who_takes_it_once_more_has_it_once_more(watched: Watched) -> None:
    """The mode that was found is passed over until the vehicle follows; after that a stick is a stick."""
    watched.see(mode=FlightMode.MANUAL)
    watched.watch.hand_back("drone-1")
    watched.watch.asked(HoldPosition("down by a verified way"))
    watched.see(mode=FlightMode.HOLD)
    assert watched.see(mode=FlightMode.MANUAL) is Sign.MANUAL
    assert not watched.watch.may_command


def test_the_vehicles_own_failsafe_is_not_handed_back(watched: Watched) -> None:
    """A person cannot say for it that its reason has gone: it gives the lead back by flying what was asked."""
    watched.see(mode=FlightMode.RETURN)
    assert not watched.watch.hand_back("drone-1")
    assert watched.watch.leader is Leader.VEHICLE


@pytest.mark.parametrize(
    ("seen", "known"),
    [({"mode": FlightMode.MANUAL}, True), ({"rally_plan_id": 99}, False), ({"boot_time_ms": 1_000}, False)],
)
def test_a_plan_that_was_changed_or_forgotten_is_not_known_until_ours_is_on_board(
    watched: Watched, seen: dict[str, Any], known: bool
) -> None:
    """Handing the lead back says who leads, not what is on board (F-V13, F-V18)."""
    watched.see(**seen)
    watched.watch.hand_back("drone-1")
    assert watched.watch.plan_known is known
    watched.watch.heard(DiversionEnded(ok=False), watched.now)
    assert watched.watch.plan_known is known
    watched.watch.heard(DiversionEnded(ok=True), watched.now)
    assert watched.watch.plan_known
