"""What supervision does about a sortie, as rules: events in, commands out, in virtual time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.errors import InvariantError
from mission.model.geo import GeoPoint
from mission.model.telemetry import FlightMode, Freshness
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    Begin,
    DiversionEnded,
    FlyInstead,
    FreshnessChanged,
    HoldPosition,
    LandNow,
    Release,
    Report,
    ReportKind,
    Tick,
)
from mission.supervision.supervisor import SortieSupervisor

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

HUB = GeoPoint(48.40, 15.60)
MEADOW = GeoPoint(48.405, 15.605)
NOWHERE = GeoPoint(48.42, 15.62)


def alarms(commands: Sequence[object]) -> list[str]:
    """Codes of the alarms among commands."""
    return [c.state for c in commands if isinstance(c, Report) and c.kind is ReportKind.ALARM]


def test_finished_means_landed_and_disarmed_not_last_item_reached(flown: "Flown") -> None:
    """PX4 reports the last item reached 16-20 s before touch-down: still airborne then."""
    flown.fly()
    flown.release()
    flown.see(mission_current=7, latitude_deg=HUB.latitude_deg, longitude_deg=HUB.longitude_deg, height_home_m=20.0)
    assert flown.sortie() is SortieState.AIRBORNE
    flown.touch_down(HUB)
    assert flown.sortie() is SortieState.FINISHED
    assert flown.supervisor.finished


def test_a_parcel_that_comes_home_is_returned(flown: "Flown") -> None:
    """Landing at the hub with the parcel aboard is not a delivery."""
    flown.fly()
    flown.touch_down(HUB)
    assert flown.supervisor.order_states == {"A-1": OrderState.RETURNED}


def test_landing_off_every_permitted_site_fails_the_order_and_calls_a_person(flown: "Flown") -> None:
    """Fault F-V23."""
    flown.fly()
    commands = flown.touch_down(NOWHERE)
    assert alarms(commands) == ["OFF_TARGET_LANDING"]
    assert flown.supervisor.order_states == {"A-1": OrderState.FAILED}


def test_a_battery_that_cannot_finish_diverts_at_the_first_sample(flown: "Flown", to_meadow: Diversion) -> None:
    """Fault F-V2: 60 % → 22 % is decided on the sample that shows it."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    assert not any(isinstance(c, HoldPosition) for c in flown.see(battery_remaining=0.60))
    commands = flown.see(battery_remaining=0.22)  # 88 Wh, 60 Wh to finish, 40 Wh must remain
    assert alarms(commands) == ["LOW_BATTERY"]
    assert any(isinstance(c, HoldPosition) for c in commands)
    assert flown.sortie() is SortieState.DIVERTING


def test_the_way_down_is_planned_from_where_the_vehicle_stands(flown: "Flown", to_meadow: Diversion) -> None:
    """A moving vehicle is no longer where its diversion would begin: it is flown once telemetry shows it standing."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22, velocity_north_m_s=15.0, velocity_east_m_s=0.0)
    braking = flown.see(mode=FlightMode.HOLD, velocity_north_m_s=6.0)
    assert not any(isinstance(c, FlyInstead) for c in braking)
    assert [c.site for c in flown.stand() if isinstance(c, FlyInstead)] == [to_meadow.site]


def test_a_hold_that_does_not_show_is_asked_for_again(flown: "Flown", to_meadow: Diversion) -> None:
    """A lost command is repeated, three times at the most; then the vehicle is told to land."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22)
    again = [flown.hear(Tick(), after_s=flown.policy.hold_timeout_s + 1) for _ in range(3)]
    assert [any(isinstance(c, HoldPosition) for c in commands) for commands in again] == [True, True, False]
    assert any(isinstance(c, LandNow) for c in again[-1])


def test_a_diverted_parcel_is_diverted_with_its_reason(flown: "Flown", to_meadow: Diversion) -> None:
    """Fault F-V1: the order names where its parcel stands and why."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22)
    flown.stand()
    flown.hear(DiversionEnded(ok=True))
    flown.touch_down(MEADOW)
    assert flown.supervisor.order_states == {"A-1": OrderState.DIVERTED}
    assert "Meadow" in flown.supervisor.reasons["A-1"]
    assert "88 Wh" in flown.supervisor.reasons["A-1"]


def test_a_diversion_is_asked_for_once(flown: "Flown", to_meadow: Diversion) -> None:
    """Further low samples while it is under way change nothing."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22)
    flown.stand()
    later = flown.see(battery_remaining=0.21)
    assert not any(isinstance(c, FlyInstead | HoldPosition) for c in later)


def test_passing_items_of_a_diversion_releases_nothing(flown: "Flown", to_meadow: Diversion) -> None:
    """The diversion's item numbers are not the mission's."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22)
    flown.stand()
    flown.hear(DiversionEnded(ok=True))
    flown.see(mission_current=6)
    assert flown.supervisor.order_states == {"A-1": OrderState.IN_FLIGHT}


def test_a_failed_diversion_is_tried_again_then_lands_where_it_is(flown: "Flown", to_meadow: Diversion) -> None:
    """The ladder ends: three attempts, then down."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22)
    again = []
    for _ in range(3):
        flown.stand()
        again.append(flown.hear(DiversionEnded(ok=False, reason="no answer")))
    assert [any(isinstance(c, HoldPosition) for c in commands) for commands in again] == [True, True, False]
    assert any(isinstance(c, LandNow) for c in again[-1])


def test_with_no_site_in_reach_a_mission_that_can_still_finish_goes_on(flown: "Flown") -> None:
    """Less reserve at home beats a landing in a garden."""
    flown.fly()
    commands = flown.see(battery_remaining=0.22)
    assert not any(isinstance(c, LandNow) for c in commands)
    assert "NO_SITE_REACHABLE" in alarms(commands)


def test_with_nothing_in_reach_at_all_it_lands_while_it_can(flown: "Flown") -> None:
    """The last rung: a controlled landing before the battery ends."""
    flown.fly()
    commands = flown.see(battery_remaining=0.10)
    assert any(isinstance(c, LandNow) for c in commands)


@pytest.mark.parametrize(
    ("mode", "alarm"),
    [
        (FlightMode.RETURN, "VEHICLE_LED"),
        (FlightMode.LAND, "VEHICLE_LED"),
        (FlightMode.HOLD, "VEHICLE_LED"),
        (FlightMode.MANUAL, "PILOT_LEADS"),
        (FlightMode.OFFBOARD, "OTHER_COMPUTER_LEADS"),
    ],
)
def test_a_vehicle_that_leads_is_observed_and_never_countermanded(
    flown: "Flown", to_meadow: Diversion, mode: FlightMode, alarm: str
) -> None:
    """Invariant I-19, faults F-V26 and F-V28: no command follows, not even on a low battery."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    commands = flown.see(mode=mode, battery_remaining=0.22)
    assert alarms(commands) == [alarm]
    assert all(isinstance(c, Report) for c in commands)


def test_a_plan_changed_by_another_station_is_held_once_and_then_only_watched(
    flown: "Flown", to_meadow: Diversion
) -> None:
    """Faults F-V13 and F-L10: an unverified plan is not flown on; whoever resumes it is not fought (I-19)."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    commands = flown.see(mission_plan_id=99)
    assert alarms(commands) == ["FOREIGN_PLAN"]
    assert len([c for c in commands if isinstance(c, HoldPosition)]) == 1
    later = [
        *flown.see(),
        *flown.see(mode=FlightMode.HOLD),
        *flown.see(mode=FlightMode.MISSION, battery_remaining=0.22),
    ]
    assert all(isinstance(c, Report) for c in later)


def test_an_autopilot_that_restarts_in_flight_delivers_nothing_more(flown: "Flown") -> None:
    """Fault F-V18: its counters began anew; what it then shows releases no parcel, and nothing is counted again."""
    flown.fly()
    flown.state = replace(flown.state, boot_time_ms=90_000)
    flown.see()
    flown.state = replace(flown.state, boot_time_ms=0)
    assert alarms(flown.see()) == ["AUTOPILOT_REBOOTED"]
    assert not any(isinstance(c, Release) for c in flown.arrive())


def test_a_lost_link_is_an_alarm_and_a_regained_one_goes_on(flown: "Flown") -> None:
    """Fault F-L2: no order is given while LOST; the flight is picked up where it is."""
    flown.fly()
    commands = flown.hear(FreshnessChanged(Freshness.LOST))
    assert alarms(commands) == ["LINK_LOST"]
    assert flown.sortie() is SortieState.LOST
    flown.hear(FreshnessChanged(Freshness.FRESH))
    assert flown.sortie() is SortieState.AIRBORNE


def test_a_link_regained_during_a_diversion_does_not_divert_again(flown: "Flown", to_meadow: Diversion) -> None:
    """The diversion under way stays the plan."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(battery_remaining=0.22)
    flown.hear(FreshnessChanged(Freshness.LOST))
    commands = flown.hear(FreshnessChanged(Freshness.FRESH))
    assert flown.sortie() is SortieState.DIVERTING
    assert not any(isinstance(c, FlyInstead | HoldPosition) for c in commands)


def test_a_vehicle_that_stays_silent_fails_its_sortie_by_the_deadline(flown: "Flown") -> None:
    """Fault F-V25, invariant I-26: lost orders become terminal."""
    flown.fly()
    flown.hear(FreshnessChanged(Freshness.LOST))
    flown.hear(Tick(), after_s=flown.policy.lost_give_up_s + 1)
    assert flown.sortie() is SortieState.FAILED
    assert "silent" in flown.supervisor.reasons["A-1"]


def test_a_flight_that_takes_too_long_raises_an_alarm_once(flown: "Flown") -> None:
    """Fault F-V19."""
    flown.fly()
    first = flown.see(after_s=5 * 60 * 1.25 + 31)
    assert "OVERDUE" in alarms(first)
    assert "OVERDUE" not in alarms(flown.see())


def test_a_slow_machine_is_not_a_late_flight(flown: "Flown") -> None:
    """The flight's time is the vehicle's own: a clock here that runs ahead of a simulated one raises no alarm."""
    flown.fly()
    flown.now += timedelta(hours=1)
    assert "OVERDUE" not in alarms(flown.see())


def test_an_event_the_table_does_not_know_is_an_error(flown: "Flown") -> None:
    """State machines are closed: a second Begin is a defect, not a restart."""
    flown.hear(Begin())
    with pytest.raises(InvariantError, match="begun"):
        flown.hear(Begin())


def test_the_same_events_give_the_same_commands(flown: "Flown", to_meadow: Diversion) -> None:
    """Decisions are replayable."""
    flown.contingencies.diversion = to_meadow

    def play() -> list[object]:
        twin = type(flown)(
            flown.flight,
            flown.policy,
            flown.contingencies,
            SortieSupervisor(flown.flight, flown.contingencies, flown.policy),
        )
        return [*twin.fly(), *twin.see(battery_remaining=0.22), *twin.touch_down(MEADOW)]

    assert play() == play()
