"""What supervision does about a sortie, as rules: events in, commands out, in virtual time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.errors import InvariantError
from mission.model.geo import GeoPoint
from mission.model.telemetry import FlightMode, Freshness, LandedState
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    Begin,
    DiversionEnded,
    FlyInstead,
    FreshnessChanged,
    Holding,
    HoldPosition,
    LandNow,
    Launch,
    LaunchEnded,
    Load,
    Release,
    Report,
    ReportKind,
    Tick,
    TransferEnded,
    VehicleSaid,
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


def test_a_sortie_begins_with_loading_the_approved_mission(flown: "Flown") -> None:
    """The first effect is an upload, never an arm."""
    flown.wait_on_pad()
    commands = flown.hear(Begin())
    assert [c for c in commands if not isinstance(c, Report)] == [Load(flown.flight.mission)]


def test_nothing_is_sent_before_the_vehicle_is_heard_waiting_on_the_ground(flown: "Flown") -> None:
    """A transfer to a vehicle in an unknown state proves nothing: contact first, then load."""
    assert flown.hear(Begin()) == []
    assert any(isinstance(c, Load) for c in flown.wait_on_pad())


def test_a_vehicle_that_never_answers_fails_its_sortie_and_is_named(flown: "Flown") -> None:
    """Nothing half done: no command was ever sent to it."""
    flown.hear(Begin())
    commands = flown.hear(Tick(), after_s=flown.policy.preflight_timeout_s + 1)
    assert all(isinstance(c, Report) for c in commands)
    assert flown.sortie() is SortieState.FAILED
    assert "drone-1 never answered" in flown.supervisor.reasons["A-1"]


def test_launch_follows_only_a_read_back_that_equals_what_was_approved(flown: "Flown") -> None:
    """Invariant I-3: LOADED with the approved digest launches, bound to that digest."""
    commands = flown.load()
    assert Launch(flown.flight.mission.digest(), (1,)) in commands


def test_a_vehicle_that_holds_another_mission_is_never_launched(flown: "Flown") -> None:
    """LOADED with a foreign digest is doubt, not success (fault F-V13)."""
    flown.wait_on_pad()
    flown.hear(Begin())
    commands = flown.hear(TransferEnded(Holding.LOADED, "0" * 64))
    assert not any(isinstance(c, Launch) for c in commands)


def test_doubt_is_resolved_by_loading_again_and_given_up_after_three_attempts(flown: "Flown") -> None:
    """UNKNOWN cannot arm (fault F-V12): load again, then fail with the reason."""
    flown.wait_on_pad()
    loads = sum(isinstance(c, Load) for c in flown.hear(Begin()))
    for _ in range(3):
        loads += sum(isinstance(c, Load) for c in flown.hear(TransferEnded(Holding.UNKNOWN, "", "link lost")))
    assert loads == 3
    assert flown.sortie() is SortieState.FAILED
    assert flown.supervisor.order_states == {"A-1": OrderState.FAILED}
    assert "link lost" in flown.supervisor.reasons["A-1"]


def test_a_refused_mission_fails_the_sortie_with_the_vehicles_words(flown: "Flown") -> None:
    """NOT_LOADED ends the sortie; the order's reason carries the autopilot's (fault F-V14)."""
    flown.wait_on_pad()
    flown.hear(Begin())
    flown.hear(TransferEnded(Holding.NOT_LOADED, "", "Geofence violation for waypoint 2"))
    assert flown.sortie() is SortieState.FAILED
    assert "Geofence violation" in flown.supervisor.reasons["A-1"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"armable": False}, "pre-arm"),
        ({"battery_remaining": 0.30}, "battery holds 120 Wh"),
        ({"battery_remaining": float("nan")}, "battery state is not known"),
        ({"home_latitude_deg": float("nan")}, "home is not set"),
        ({"home_latitude_deg": 48.41}, "its home is"),
        ({"latitude_deg": 48.41}, "its position is"),
        ({"estimator_flags": -1}, "ESTIMATOR: the vehicle does not tell"),
        ({"estimator_flags": 831 - 16}, "lacks POSITION_HORIZONTAL"),
        ({"estimator_flags": 831 + 1024}, "has GPS_GLITCH"),
        ({"heading_deg": float("nan")}, "HEADING"),
        ({"mission_plan_id": 0}, "does not report its mission"),
        ({"wind_m_s": 10.1}, "10.1 m/s of wind, limit 10.0"),
        ({"payload_kg": 2.6}, "the parcels weigh 2.60 kg, the vehicle carries 2.50 kg"),
        ({"armed": True}, "armed"),
        ({"landed_state": LandedState.IN_AIR}, "IN_AIR"),
    ],
)
def test_the_gate_holds_a_launch_back_and_names_the_rule(flown: "Flown", change: dict[str, Any], rule: str) -> None:
    """Invariant I-8: each missing condition alone keeps the vehicle down; after the time limit it is the reason."""
    flown.wait_on_pad()
    flown.hear(Begin())
    flown.see(**change)
    commands = flown.hear(TransferEnded(Holding.LOADED, flown.flight.mission.digest()))
    assert not any(isinstance(c, Launch) for c in commands)
    flown.hear(Tick(), after_s=flown.policy.preflight_timeout_s + 1)
    assert flown.sortie() is SortieState.FAILED
    assert rule in flown.supervisor.reasons["A-1"]


@pytest.mark.parametrize(
    ("as_of_s", "rule"),
    [
        (None, "not known how old"),
        (-86_401.0, "24.0 h ago, limit 24.0 h"),
        (+600.0, "a clock is wrong"),
        (-86_300.0, ""),
    ],
)
def test_nothing_launches_by_zones_of_unknown_or_too_great_age(
    flown: "Flown", as_of_s: float | None, rule: str
) -> None:
    """Fault F-A14, invariant I-8: zones without an age, over the maximum age or of the future hold it back."""
    as_of = None if as_of_s is None else flown.now + timedelta(seconds=as_of_s)
    flight = replace(flown.flight, zones_as_of=as_of)
    flown.supervisor = SortieSupervisor(flight, flown.contingencies, flown.policy)
    assert any(isinstance(c, Launch) for c in flown.load()) is not bool(rule)
    flown.hear(Tick(), after_s=flown.policy.preflight_timeout_s + 1)
    assert rule in flown.supervisor.reasons.get("A-1", "")


def test_nothing_launches_without_an_operator_id(flown: "Flown") -> None:
    """Capability C-20: the registration is part of the gate."""
    flown.supervisor = SortieSupervisor(flown.flight, flown.contingencies, replace(flown.policy, operator_id=""))
    assert not any(isinstance(c, Launch) for c in flown.load())


def test_nothing_launches_on_stale_telemetry(flown: "Flown") -> None:
    """Fault F-L2: what was ready three seconds ago is not known to be ready."""
    flown.wait_on_pad()
    flown.hear(Begin())
    flown.hear(FreshnessChanged(Freshness.STALE))
    commands = flown.hear(TransferEnded(Holding.LOADED, flown.flight.mission.digest()))
    assert not any(isinstance(c, Launch) for c in commands)


def test_a_refused_launch_fails_the_sortie_and_keeps_the_reason(flown: "Flown") -> None:
    """Fault F-V9: arming denied is the order's reason."""
    flown.load()
    flown.hear(LaunchEnded(ok=False, reason="Arming denied: Resolve system health failures first"))
    assert flown.sortie() is SortieState.FAILED
    assert "Arming denied" in flown.supervisor.reasons["A-1"]


def test_an_accepted_launch_is_not_yet_a_flight(flown: "Flown") -> None:
    """Airborne is what telemetry shows, not what was acknowledged."""
    flown.load()
    flown.hear(LaunchEnded(ok=True))
    assert flown.sortie() is SortieState.LAUNCHING
    flown.see(armed=True, landed_state=LandedState.IN_AIR, mode=FlightMode.MISSION)
    assert flown.sortie() is SortieState.AIRBORNE
    assert flown.supervisor.order_states == {"A-1": OrderState.IN_FLIGHT}


def test_a_vehicle_that_armed_and_never_left_the_ground_is_told_to_land_and_fails(flown: "Flown") -> None:
    """No progress is noticed without a new event (fault F-V10)."""
    flown.load()
    flown.hear(LaunchEnded(ok=True))
    commands = flown.hear(Tick(), after_s=flown.policy.take_off_timeout_s + 1)
    assert any(isinstance(c, LandNow) for c in commands)
    assert flown.sortie() is SortieState.FAILED


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


def test_the_autopilots_own_words_are_the_reason_when_it_does_not_get_ready(flown: "Flown") -> None:
    """Fault F-V9: a refusal names the rule and what PX4 said, warnings and worse."""
    flown.load_as(armable=False)
    flown.hear(VehicleSaid(6, "Ready for takeoff"))
    flown.hear(VehicleSaid(2, "Preflight Fail: Compass 0 fault"))
    flown.hear(Tick(), after_s=flown.policy.preflight_timeout_s + 1)
    reason = flown.supervisor.reasons["A-1"]
    assert "PREARM" in reason
    assert "Compass 0 fault" in reason
    assert "Ready for takeoff" not in reason


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
