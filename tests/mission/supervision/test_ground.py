"""A sortie on the ground, as rules: what is loaded, what launches, and what keeps a vehicle on its pad."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mission.compile.items import fence_polygon
from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.model.geo import GeoPoint
from mission.model.telemetry import FlightMode, Freshness, LandedState
from mission.supervision.events import (
    Begin,
    FreshnessChanged,
    Holding,
    LandNow,
    Launch,
    LaunchEnded,
    Load,
    Report,
    Tick,
    TransferEnded,
    VehicleSaid,
)
from mission.supervision.supervisor import SortieSupervisor

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown


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


@pytest.mark.parametrize(
    ("freshness", "reason"),
    [
        (Freshness.LOST, "is not heard any more (its telemetry is LOST)"),
        (Freshness.FRESH, "it is armed, ON_GROUND, mode HOLD"),
    ],
)
def test_the_reason_of_a_vehicle_that_does_not_wait_says_what_it_does(
    flown: "Flown", freshness: Freshness, reason: str
) -> None:
    """A vehicle that fell silent on its pad, and one that is armed there, are two different things to mend."""
    flown.wait_on_pad(armed=True)
    flown.hear(FreshnessChanged(freshness))
    flown.hear(Begin())
    flown.hear(Tick(), after_s=flown.policy.preflight_timeout_s + 1)
    assert reason in flown.supervisor.reasons["A-1"]


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


def test_a_launch_that_did_not_reach_the_vehicle_is_tried_again_while_there_is_time(flown: "Flown") -> None:
    """Fault F-L7: nothing was armed; when the vehicle hears again, it is launched."""
    flown.load()
    flown.hear(LaunchEnded(ok=False, reason="18 parameters were not answered", begun=False))
    assert not any(isinstance(c, Launch) for c in flown.see())
    assert [c for c in flown.see(after_s=5.0) if isinstance(c, Launch)] == [Launch(flown.flight.mission.digest(), (1,))]
    flown.hear(LaunchEnded(ok=True))
    flown.see(armed=True, landed_state=LandedState.IN_AIR, mode=FlightMode.MISSION)
    assert flown.sortie() is SortieState.AIRBORNE


def test_a_launch_that_is_never_heard_is_given_up_within_the_preflight_time_for_one_reason(flown: "Flown") -> None:
    """Fault F-L7, invariant I-23: bounded by the time since the mission was loaded, however often it was tried."""
    commands = flown.load()
    begun = flown.now
    while flown.sortie() is not SortieState.FAILED:
        if any(isinstance(c, Launch) for c in commands):
            flown.hear(LaunchEnded(ok=False, reason="18 parameters were not answered", begun=False), after_s=20.0)
        commands = flown.see()
    assert (flown.now - begun).total_seconds() <= flown.policy.preflight_timeout_s + 21.0
    assert flown.supervisor.reasons["A-1"] == "launch not heard: 18 parameters were not answered"


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


@pytest.mark.parametrize(("north_deg", "launched"), [(0.0, True), (2e-5, False)])
def test_a_home_for_which_the_autopilot_drops_its_fence_keeps_the_vehicle_on_the_ground(
    flown: "Flown", north_deg: float, launched: bool
) -> None:
    """Home 2 m off its hub is near enough for its heights, and beyond this fence: PX4 drops it silently (F-V14)."""
    hub = flown.flight.plan.sortie.hub.position
    ring = [
        GeoPoint(hub.latitude_deg + north, hub.longitude_deg + east)
        for north, east in ((-0.01, -0.01), (1e-5, -0.01), (1e-5, 0.01), (-0.01, 0.01))
    ]
    fence = fence_polygon(ring, inclusion=True)
    flight = replace(flown.flight, mission=replace(flown.flight.mission, fence=fence))
    flown.flight = flight
    flown.supervisor = SortieSupervisor(flight, flown.contingencies, flown.policy)
    commands = flown.load_as(home_latitude_deg=hub.latitude_deg + north_deg, fence_plan_id=12)
    assert any(isinstance(c, Launch) for c in commands) is launched
    if not launched:
        flown.hear(Tick(), after_s=flown.policy.preflight_timeout_s + 1)
        assert "FENCE: its home is on the wrong side of 1 shape" in flown.supervisor.reasons["A-1"]
