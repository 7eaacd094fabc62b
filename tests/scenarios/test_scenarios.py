"""Every scenario that comes with Stork ends as its file says; some in every run, all of them where time is given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operations.commands.sim_run import scenario_names
from operations.scenarios.flying import FlownScenario
from operations.scenarios.verdict import judged
from vehicles import px4

QUICK = ("gps-loss", "gripper-stuck", "link-outage", "low-battery", "second-station-on-the-pad", "zone-appears")
"""Flown in every run: an upload spoilt, a diversion, a failsafe, a hand-over, and a gap that the referee sees."""
LATER = tuple(name for name in scenario_names() if name not in QUICK)

Fly = Callable[..., FlownScenario]


def as_its_file_says(flown: FlownScenario) -> None:
    """Assert it; a failure names each difference and the line that repeats the flight."""
    verdict = judged(flown)
    assert verdict.ok, f"{'; '.join(verdict.differences)}; repeat with: {verdict.repeat}"


@pytest.mark.parametrize("name", QUICK)
def test_a_scenario_ends_as_its_file_says(fly: Fly, name: str) -> None:
    """F-V1, F-V2, F-V3, F-V13, F-V21, F-L2, F-L10: orders, alarms and broken rules are those expected."""
    as_its_file_says(fly(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", LATER)
def test_every_other_scenario_ends_as_its_file_says(fly: Fly, name: str) -> None:
    """F-L1, F-L6, F-L7, F-L9, F-O2, F-V4, F-V8, F-V9, F-V18, F-V22, F-V23, F-V25, F-V26: likewise."""
    as_its_file_says(fly(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", scenario_names())
@pytest.mark.parametrize("seed", [2, 3])
def test_other_chance_makes_no_other_story(fly_anew: Fly, name: str, seed: int) -> None:
    """What a scenario expects follows from what goes wrong, not from luck."""
    as_its_file_says(fly_anew(name, seed))


def story(flown: FlownScenario) -> list[Any]:
    """Everything that happened, to the figure."""
    told = [(moment, vehicle, report) for moment, vehicle, report in flown.timeline]
    return [*told, *flown.record.tracks.items(), *flown.record.sent]


def test_the_same_seed_is_the_same_day_and_another_one_is_not(fly_anew: Fly) -> None:
    """Where a third of all packets is lost by chance, every report, command and metre is repeated by the seed."""
    first, again, other = (fly_anew("loss-at-upload", seed) for seed in (1, 1, 2))
    assert story(first) == story(again)
    assert story(first) != story(other)


def test_vehicles_that_share_a_system_id_are_never_commanded(fly: Fly) -> None:
    """F-L9: both are quarantined; no command that moves anything goes out to that id."""
    flown = fly("duplicate-system-id")
    as_its_file_says(flown)
    assert flown.record.sent == []
    assert ("drone-2", "CONFLICT") in {(vehicle, condition) for vehicle, condition, _ in flown.links}


@pytest.mark.slow
def test_a_foreign_plan_is_held_once_and_never_fought(fly: Fly) -> None:
    """F-L10, F-V13, I-19: after another station's upload in flight one hold goes out, and nothing else."""
    flown = fly("second-station")
    told_s = next((m - flown.plan.day.start).total_seconds() for m, _, r in flown.timeline if r.state == "FOREIGN_PLAN")
    after = [sent for sent in flown.record.sent if sent.time_s >= told_s]
    assert [(sent.command, sent.param3) for sent in after] == [(px4.Command.DO_SET_MODE, px4.PX4_SUB_MODE_LOITER)]


def test_a_silent_vehicle_is_lost_after_ten_seconds_and_comes_back(fly: Fly) -> None:
    """F-L2: LOST 10 s after the link went, airborne again with the first state after it."""
    flown = fly("link-outage")
    start = flown.plan.day.start
    moments = {report.state: (moment - start).total_seconds() for moment, _, report in flown.timeline}
    assert moments["LOST"] == pytest.approx(60.0, abs=1.0)
    assert moments["VEHICLE_LED"] == pytest.approx(80.0, abs=2.0)


def test_a_low_battery_is_acted_on_within_a_second(fly: Fly) -> None:
    """F-V2: from the fall of the battery, 60 s after take-off, to the hold that begins the diversion."""
    flown = fly("low-battery")
    fell_s = next(t.time_s for t in flown.record.take_offs if t.vehicle_id == "drone-1") + 60.0
    holds = [s.time_s for s in flown.record.sent if s.command == px4.Command.DO_SET_MODE and s.time_s > fell_s]
    assert holds[0] - fell_s <= 1.0


def test_the_page_tells_of_every_scenario_and_every_gap(document: Callable[[str], dict[str, Any]]) -> None:
    """docs/scenarios.md and the files say the same, word for word."""
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name in scenario_names():
        content = document(name)
        assert f"| {name} |" in page
        assert content["story"] in page
        assert content.get("gap", "") in page


def test_scenarios_play_faults_of_the_catalogue(document: Callable[[str], dict[str, Any]]) -> None:
    """Every id that a scenario names is an entry of docs/faults.md."""
    catalogue = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    for name in scenario_names():
        assert [fault for fault in document(name).get("plays", []) if f"| {fault} |" not in catalogue] == []
