"""What a full battery gives."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.energy import usable_energy_wh


def test_a_new_warm_battery_gives_what_it_is_rated() -> None:
    """And no more, however warm."""
    assert usable_energy_wh(400.0) == 400.0
    assert usable_energy_wh(400.0, temperature_c=45.0) == 400.0


def test_age_and_cold_both_take_their_share() -> None:
    """90 % of health at 0 °C: 400 · 0.9 · 0.86; half way between -10 and 0 °C: 0.79."""
    assert usable_energy_wh(400.0, health=0.9, temperature_c=0.0) == pytest.approx(309.6)
    assert usable_energy_wh(100.0, temperature_c=-5.0) == pytest.approx(79.0)


def test_colder_than_known_gives_nothing() -> None:
    """Unknown capacity is no capacity."""
    assert usable_energy_wh(400.0, temperature_c=-20.5) == 0.0


@given(first=st.floats(-40.0, 60.0), second=st.floats(-40.0, 60.0), health=st.floats(0.01, 1.0))
def test_colder_never_gives_more(first: float, second: float, health: float) -> None:
    """Nor more than is left by age."""
    cold, warm = sorted((first, second))
    gives = [usable_energy_wh(100.0, health=health, temperature_c=at) for at in (cold, warm)]
    assert 0.0 <= gives[0] <= gives[1] <= 100.0 * health


@pytest.mark.parametrize(
    "broken", [{"rated_wh": 0.0}, {"health": 0.0}, {"health": 1.1}, {"health": math.nan}, {"temperature_c": math.nan}]
)
def test_what_no_battery_has_is_refused(broken: dict[str, float]) -> None:
    """A new battery for one without a figure would be a guess."""
    with pytest.raises(ValueError, match=r"no battery|not a temperature"):
        usable_energy_wh(**({"rated_wh": 100.0} | broken))
