"""What a flight does when a person hands its lead back: it goes on where it is verified, and comes down elsewhere."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mission.dispatch.sortie_state import SortieState
from mission.model.telemetry import FlightMode, Freshness
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    Command,
    FlyInstead,
    FreshnessChanged,
    HoldPosition,
    Release,
    Report,
    ReportKind,
    ResumeLead,
    Tick,
)

if TYPE_CHECKING:
    from tests.mission.supervision.conftest import Flown

BACK = ResumeLead("drone-1", "Ada")


def alarms(commands: list[Command]) -> list[str]:
    """Codes of the alarms raised."""
    return [c.state for c in commands if isinstance(c, Report) and c.kind is ReportKind.ALARM]


def orders(commands: list[Command]) -> list[type[Command]]:
    """What is asked of the vehicle."""
    return [type(c) for c in commands if not isinstance(c, Report)]


def said(commands: list[Command]) -> str:
    """The one thing that is said."""
    (report,) = commands
    assert isinstance(report, Report)
    return report.message


def test_a_pilot_who_gives_a_vehicle_back_on_its_mission_lets_it_go_on(flown: "Flown") -> None:
    """Nothing on board was changed: the flight is watched on, and its parcel is released at its drop (F-V28)."""
    flown.fly()
    flown.see(mode=FlightMode.MANUAL)
    flown.see(mode=FlightMode.MISSION)
    assert said(flown.hear(BACK)) == "Ada handed the lead back, which was PILOT's"
    assert orders(flown.see()) == []
    assert flown.sortie() is SortieState.AIRBORNE
    assert any(isinstance(c, Release) for c in flown.arrive())


@pytest.mark.parametrize("takeover", ["beside its mission", "a foreign plan", "a reboot"])
def test_a_vehicle_that_does_not_fly_what_was_verified_is_brought_down_by_a_verified_way(
    flown: "Flown", to_meadow: Diversion, takeover: str
) -> None:
    """Held, and given a mission that is verified from where it stands (F-V13, F-V18, F-V28)."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(after_s=60.0)
    if takeover == "a reboot":
        flown.state = replace(flown.state, boot_time_ms=0)
    changes: dict[str, dict[str, Any]] = {
        "beside its mission": {"mode": FlightMode.MANUAL},
        "a foreign plan": {"mission_plan_id": 99},
    }
    assert alarms(flown.see(**changes.get(takeover, {})))
    flown.hear(BACK)
    assert orders(flown.see()) == [HoldPosition]
    assert orders(flown.stand()) == [FlyInstead]
    assert flown.sortie() is SortieState.DIVERTING
    assert "Ada handed the lead back" in flown.supervisor.reasons["drone-1.1"]


def test_nothing_but_a_person_gives_the_lead_back(flown: "Flown", to_meadow: Diversion) -> None:
    """Time, a quiet link and a mode that looks right do not (I-18, I-19)."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(mode=FlightMode.MANUAL)
    later = [
        *flown.see(mode=FlightMode.MISSION),
        *flown.hear(Tick(), after_s=600.0),
        *flown.hear(FreshnessChanged(Freshness.STALE)),
        *flown.hear(FreshnessChanged(Freshness.FRESH)),
        *flown.see(battery_remaining=0.2),
    ]
    assert orders(later) == []


def test_whoever_takes_it_over_again_before_it_is_taken_up_has_it(flown: "Flown", to_meadow: Diversion) -> None:
    """A foreign plan that shows after the word of a person counts more than the word."""
    flown.contingencies.diversion = to_meadow
    flown.fly()
    flown.see(mode=FlightMode.MANUAL)
    flown.hear(BACK)
    assert alarms(flown.see(mission_plan_id=99)) == ["FOREIGN_PLAN"]
    assert orders(flown.see()) == []
    assert flown.sortie() is SortieState.AIRBORNE


def test_a_takeover_after_the_lead_was_handed_back_is_a_new_alarm(flown: "Flown") -> None:
    """The alarm was lowered with the lead."""
    flown.fly()
    assert alarms(flown.see(mode=FlightMode.MANUAL)) == ["PILOT_LEADS"]
    flown.see(mode=FlightMode.MISSION)
    flown.hear(BACK)
    flown.see()
    assert alarms(flown.see(mode=FlightMode.MANUAL)) == ["PILOT_LEADS"]


def test_a_lead_that_nobody_else_has_cannot_be_handed_back(flown: "Flown") -> None:
    """On the ground and on a flight of our own it changes nothing, and says so."""
    assert "nobody else has" in said(flown.hear(BACK))
    flown.fly()
    assert "nobody else has" in said(flown.hear(BACK))


def test_a_vehicles_own_failsafe_keeps_the_lead_and_the_person_is_told(flown: "Flown") -> None:
    """Its reason may still hold (F-V26)."""
    flown.fly()
    flown.see(mode=FlightMode.RETURN)
    assert "failsafe has it" in said(flown.hear(BACK))
    assert orders(flown.see()) == []
