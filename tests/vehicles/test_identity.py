"""A vehicle is its autopilot's hardware, not its system id (fault F-L9)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicles.identity import IdentityError, hardware_uid, why_not_one_vehicle

LONG = [1, 2, 255, *([0] * 15)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"uid": 7, "uid2": LONG}, bytes(LONG).hex()),
        ({"uid": 7, "uid2": [0] * 18}, "0000000000000007"),
        ({"uid": 7}, "0000000000000007"),
        ({"uid": 0, "uid2": [0] * 18}, ""),
    ],
)
def test_the_longer_id_counts_and_zero_is_none(fields: dict[str, object], expected: str) -> None:
    """uid2 outranks uid; an autopilot that has neither has no identity."""
    assert hardware_uid(json.dumps(fields)) == expected


@given(st.text(max_size=40) | st.just('{"uid2": [256]}') | st.just('{"uid": "x"}'))
def test_what_is_no_version_is_an_error_of_the_link(text: str) -> None:
    """Broken messages end nowhere."""
    try:
        hardware_uid(text)
    except IdentityError:
        return
    assert isinstance(json.loads(text), dict)


def test_two_autopilots_on_one_system_id_are_told_apart() -> None:
    """Both are named; neither is believed."""
    reason = why_not_one_vehicle("", frozenset({"aa", "bb"}), 3)
    assert "aa and bb" in reason
    assert "system id 3" in reason


def test_another_autopilot_than_the_configured_one_is_a_stranger() -> None:
    """A swapped airframe under the same number is not the vehicle that was planned."""
    assert "not bb" in why_not_one_vehicle("bb", frozenset({"aa"}), 3)


@pytest.mark.parametrize(("expected", "heard"), [("", set()), ("", {"aa"}), ("aa", {"aa"}), ("aa", set())])
def test_one_autopilot_or_a_silent_one_is_accepted(expected: str, heard: set[str]) -> None:
    """Silence is judged by the link's condition, not here."""
    assert why_not_one_vehicle(expected, frozenset(heard), 1) == ""
