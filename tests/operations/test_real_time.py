"""Real vehicles fly now, among the zones of now; only simulated ones fly on another day."""

from datetime import timedelta
from typing import Any

import pytest

from mission.errors import InputError
from operations.inputs import DayArguments


def test_a_day_of_real_vehicles_that_should_have_begun_begins_now(day_folder: Any) -> None:
    """Zones are judged by the hour at which the vehicle is really in the air."""
    arguments = DayArguments(day_folder.write())
    stated = arguments.read().day.start
    late = stated + timedelta(days=3)
    assert arguments.read_to_fly("real", late).day.start == late
    assert arguments.read_to_fly("sim", late).day.start == stated
    assert arguments.read_to_fly("px4", late).day.start == stated


def test_a_day_of_real_vehicles_that_lies_ahead_is_waited_for(day_folder: Any) -> None:
    """The plan keeps the stated start; the launch gate waits for it."""
    arguments = DayArguments(day_folder.write())
    stated = arguments.read().day.start
    assert arguments.read_to_fly("real", stated - timedelta(hours=1)).day.start == stated


def test_real_vehicles_cannot_be_sent_into_the_past(day_folder: Any) -> None:
    """An explicit past start is a mistake, and is said to be one."""
    arguments = DayArguments(day_folder.write(), at="2020-01-01T08:00:00Z")
    with pytest.raises(InputError, match=r"--at.*has passed"):
        arguments.read_to_fly("real", arguments.read().day.start + timedelta(days=1))
