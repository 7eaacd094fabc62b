"""A vehicle that was given up in the air: an open incident, told once when it is heard, and when it is heard again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.telemetry import FlightMode, Freshness, LandedState, VehicleState
from mission.supervision.events import CloseIncident, FreshnessChanged, Observed, Report, Tick
from mission.supervision.lost_vehicle import IncidentState, LostVehicle

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
LAST = VehicleState(
    "drone-1",
    1,
    boot_time_ms=100_000,
    latitude_deg=48.405,
    longitude_deg=15.61,
    height_home_m=60.0,
    altitude_amsl_m=252.0,
    armed=True,
    landed_state=LandedState.IN_AIR,
    mode=FlightMode.MISSION,
)
LOST, FRESH = FreshnessChanged(Freshness.LOST), FreshnessChanged(Freshness.FRESH)


@pytest.fixture
def incident() -> LostVehicle:
    """Silent for five minutes."""
    return LostVehicle("drone-1.1", LAST, NOW - timedelta(minutes=5))


def heard(**changes: Any) -> Observed:
    """A newer state."""
    return Observed(replace(LAST, boot_time_ms=200_000, **changes))


def codes(reports: list[Report]) -> list[str]:
    """Codes of the alarms."""
    return [report.state for report in reports]


def test_a_sortie_that_is_given_up_in_the_air_leaves_an_open_incident(flown: "Flown") -> None:
    """It names the place where the vehicle was last known to be, in words and in figures (F-V25, I-27)."""
    flown.fly()
    flown.hear(LOST)
    reports = [c for c in flown.hear(Tick(), after_s=flown.policy.lost_give_up_s + 1) if isinstance(c, Report)]
    incident = flown.supervisor.incident
    assert incident is not None
    assert incident.open
    (opened,) = (report for report in reports if report.state == "VEHICLE_LOST")
    assert opened.details["latitude_deg"] == incident.last_known.latitude_deg == flown.state.latitude_deg
    assert "48.40000, 15.60000, 60 m above home, IN_AIR, armed, mode MISSION" in opened.message


def test_a_sortie_that_fails_on_the_ground_leaves_none(flown: "Flown") -> None:
    """Nobody needs to look for a vehicle that never left."""
    flown.load_as(armable=False)
    flown.hear(Tick(), after_s=flown.policy.preflight_timeout_s + 1)
    assert flown.supervisor.incident is None


def test_a_lost_vehicle_that_is_heard_is_reported_once_with_place_and_mode(incident: LostVehicle) -> None:
    """Whoever searches for it hears where it is, not ten times a second."""
    assert incident.handle(FRESH, NOW) == []
    (said,) = incident.handle(heard(latitude_deg=48.41, mode=FlightMode.RETURN), NOW)
    assert said.state == "LOST_VEHICLE_HEARD"
    assert "heard again after 300 s at 48.41000, 15.61000" in said.message
    assert (said.details["mode"], said.details["latitude_deg"]) == ("RETURN", 48.41)
    assert incident.handle(heard(latitude_deg=48.42), NOW) == []
    assert incident.last_known.latitude_deg == 48.42


def test_one_that_falls_silent_again_is_reported_again(incident: LostVehicle) -> None:
    """The silence counts from when it was lost again."""
    incident.handle(heard(), NOW)
    assert incident.handle(LOST, NOW + timedelta(seconds=10)) == []
    assert incident.state is IncidentState.SILENT
    (said,) = incident.handle(heard(), NOW + timedelta(seconds=70))
    assert "after 60 s" in said.message


def test_one_that_is_seen_down_and_disarmed_closes_its_incident(incident: LostVehicle) -> None:
    """Every airborne vehicle lands, or a person has it (I-27)."""
    down = heard(armed=False, landed_state=LandedState.ON_GROUND, height_home_m=-3.0)
    assert codes(incident.handle(down, NOW)) == ["LOST_VEHICLE_DOWN"]
    assert not incident.open
    assert incident.handle(heard(), NOW) == []


def test_a_person_closes_an_incident_by_name(incident: LostVehicle) -> None:
    """Then it is the person's; nothing is reported any more."""
    (said,) = incident.handle(CloseIncident("drone-1", "Ada"), NOW)
    assert said.state == "LOST_VEHICLE_CLOSED"
    assert said.message.startswith("Ada takes it over, last known at 48.40500")
    assert incident.handle(heard(), NOW) == []


def test_a_vehicle_without_a_position_does_not_erase_its_last_known_place(incident: LostVehicle) -> None:
    """A gateway that was restarted knows nothing: that is no news of the vehicle (F-V25)."""
    assert incident.handle(Observed(VehicleState("drone-1")), NOW) == []
    assert incident.last_known == LAST


EVENTS = st.lists(
    st.one_of(
        st.sampled_from(Freshness).map(FreshnessChanged),
        st.builds(heard, armed=st.booleans(), landed_state=st.sampled_from(LandedState)),
        st.just(Observed(VehicleState("drone-1"))),
    ),
    max_size=20,
)


@given(EVENTS)
def test_an_incident_stays_open_until_it_is_seen_down(events: list[Observed | FreshnessChanged]) -> None:
    """Whatever comes in whatever order: it is closed by a landing or a person, and always has a place (I-27)."""
    incident = LostVehicle("drone-1.1", LAST, NOW)
    down = False
    for event in events:
        incident.handle(event, NOW)
        if isinstance(event, Observed) and event.state.has_position:
            down |= not event.state.armed and event.state.landed_state is LandedState.ON_GROUND
        assert incident.open is not down
        assert incident.last_known.has_position
