"""The profile: a strict file, compared one parameter at a time, changed on the ground only (fault F-V27)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import InputError
from mission.model.telemetry import LandedState
from operations.configs import configs_folder, delivery_profile
from vehicles.link import OutcomeStatus
from vehicles.px4_profile import (
    Profile,
    ProfileParameter,
    apply_profile,
    drift_outcome,
    find_drift,
    parse_profile,
    read_profile,
)

WANTED = Profile("wanted", (ProfileParameter("GF_ACTION", 2, "why"), ProfileParameter("COM_WIND_MAX", 12.0)))
BUNDLED = sorted((configs_folder() / "px4").glob("*.params"))


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.name)
def test_every_bundled_parameter_has_a_reason(path: Path) -> None:
    """A safety parameter that nobody can explain is nobody's decision."""
    profile = read_profile(path)
    assert profile.parameters
    assert [p.name for p in profile.parameters if len(p.reason) < 20] == []


def test_the_documentation_shows_the_profile_as_it_is() -> None:
    """Name, value and reason of every parameter, in the file's order."""
    page = (configs_folder().parent / "docs" / "px4-profile.md").read_text(encoding="utf-8")
    table = page.partition("<!-- profile -->")[2].partition("<!-- /profile -->")[0]
    profile = delivery_profile()
    rows = [f"| `{p.name}` | {p.value:g} | {p.reason} |" for p in profile.parameters]
    assert table.strip().splitlines()[2:] == rows
    assert f"when {len(rows)} safety parameters" in page


def test_a_line_is_read_with_its_type_and_its_reason() -> None:
    """The comment right above a line is its reason; a blank line ends it."""
    text = "# Head.\n\n# Stop.\n1\t1\tGF_ACTION\t2\t6\n1\t1\tCOM_WIND_MAX\t12\t9\n"
    profile = parse_profile(text, "p", "p.params")
    assert profile.parameters == (ProfileParameter("GF_ACTION", 2, "Stop."), ProfileParameter("COM_WIND_MAX", 12.0))
    assert [type(p.value) for p in profile.parameters] == [int, float]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1\t1\tGF_ACTION\t2", "4 fields"),
        ("1 1 GF_ACTION 2 6", "1 fields"),
        ("1\t1\tGF_ACTION\t2.5\t6", "not a value"),
        ("1\t1\tGF_ACTION\t2\t5", "neither INT32"),
        ("1\t1\tCOM_WIND_MAX\tnan\t9", "finite"),
        ("1\t1\tGF ACTION\t2\t6", "name"),
        ("1\t1\tA_NAME_OF_17_CHARS\t2\t6", "name"),
        ("1\t1\tTWICE\t2\t6\n1\t1\tTWICE\t3\t6", "already"),
        ("# nothing", "no parameter"),
    ],
)
def test_a_line_that_is_no_parameter_is_named(line: str, what: str) -> None:
    """Nothing in a safety file is skipped in silence (F-S12)."""
    with pytest.raises(InputError, match=what):
        parse_profile(line, "p", "p.params")


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_an_input_error(text: str) -> None:
    """Broken files are told apart from defects."""
    try:
        profile = parse_profile(text, "p", "p.params")
    except InputError:
        return
    assert profile.parameters


async def test_what_differs_is_shown_with_both_values(link: Any) -> None:
    """Name, wanted, found."""
    assert await find_drift(link, WANTED, 1.0) == ()
    link.parameters["GF_ACTION"] = 0
    (drift,) = await find_drift(link, WANTED, 1.0)
    assert str(drift) == "GF_ACTION wanted 2, found 0"


async def test_no_answer_is_not_agreement(link: Any) -> None:
    """PX4 does not answer an unknown name; a silence is never agreement."""
    del link.parameters["COM_WIND_MAX"]
    (drift,) = await find_drift(link, WANTED, 1.0)
    assert (drift.found, drift.why) == (None, "unknown to the autopilot, or no link")


async def test_silence_is_not_drift_and_is_told_in_one_short_sentence(link: Any) -> None:
    """Fault F-L7: a link that carries nothing says nothing of how the vehicle is set up; a known drift still does."""
    link.parameters.clear()
    drifts = await find_drift(link, WANTED, 1.0)
    outcome = drift_outcome(WANTED, drifts)
    assert outcome.status is OutcomeStatus.UNCONFIRMED
    assert outcome.reason.startswith("2 of 2 parameters of profile wanted were not answered, GF_ACTION first")
    link.parameters["GF_ACTION"] = 0
    known = drift_outcome(WANTED, await find_drift(link, WANTED, 1.0))
    assert known.status is OutcomeStatus.REFUSED
    assert "COM_WIND_MAX" not in known.reason


async def test_another_type_is_a_difference_even_with_the_same_number(link: Any) -> None:
    """2 and 2.0 are different bytes on the wire, and set differently."""
    link.parameters["GF_ACTION"] = 2.0
    (drift,) = await find_drift(link, WANTED, 1.0)
    assert "REAL32" in drift.why


async def test_a_32_bit_float_is_not_a_difference(link: Any) -> None:
    """PX4 holds 0.15 as 0.15000000596."""
    link.parameters["COM_WIND_MAX"] = 0.15000000596046448
    assert await find_drift(link, Profile("p", (ProfileParameter("COM_WIND_MAX", 0.15),)), 1.0) == ()


@pytest.mark.parametrize(
    "change", [{"armed": True}, {"landed_state": LandedState.IN_AIR}, {"landed_state": LandedState.UNKNOWN}]
)
async def test_nothing_is_changed_on_a_vehicle_that_may_fly(link: Any, change: dict[str, Any]) -> None:
    """In the air, armed, or not known to be on the ground: refused."""
    link.parameters["GF_ACTION"] = 0
    link.current = replace(link.current, **change)
    outcome, _ = await apply_profile(link, WANTED, 1.0)
    assert not outcome.ok
    assert "on the ground only" in outcome.reason
    assert link.parameters["GF_ACTION"] == 0


async def test_applying_says_what_it_could_not_set(link: Any) -> None:
    """What differs is set and read again; what the autopilot does not know stays a difference."""
    link.parameters = {"GF_ACTION": 0}
    outcome, left = await apply_profile(link, WANTED, 1.0)
    assert link.parameters["GF_ACTION"] == 2
    assert not outcome.ok
    assert [drift.name for drift in left] == ["COM_WIND_MAX"]


def test_only_waits_for_a_partner_grow_with_a_simulations_speed() -> None:
    """The ground station is real, and as slow as ever; batteries and heights are not."""
    profile = Profile("p", (ProfileParameter("COM_DL_LOSS_T", 10), ProfileParameter("COM_FAIL_ACT_T", 5.0)))
    assert profile.at_speed(20.0).values() == {"COM_DL_LOSS_T": 200, "COM_FAIL_ACT_T": 5.0}
    assert profile.at_speed(1.0) is profile
