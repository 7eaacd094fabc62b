"""What a multicopter draws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.energy import MulticopterModel, leg_energy_wh
from mission.model.fleet import VehicleType

QUAD = VehicleType("quad", 4.0, 1, 4.0, 12.0, 3.0, 2.0, 300.0, 500.0)
MODEL = MulticopterModel()

payloads = st.floats(0.0, 4.0)
speeds = st.floats(0.0, 25.0)
rates = st.floats(-5.0, 5.0)


def test_an_empty_vehicle_hovers_at_its_own_figure() -> None:
    """The model is calibrated by the type's hover power."""
    assert MODEL.power_w(QUAD, 0.0) == pytest.approx(500.0)


def test_double_mass_draws_2_to_the_1_5_of_the_power() -> None:
    """4 kg of payload on 4 kg: 500 W · 2^1.5 = 1414.2 W."""
    assert MODEL.power_w(QUAD, 4.0) == pytest.approx(1414.2136, abs=1e-3)


def test_climbing_adds_weight_times_rate_over_the_efficiency() -> None:
    """4 kg at 3 m/s: 4 · 9.80665 · 3 / 0.7 = 168.1 W above hover."""
    assert MODEL.power_w(QUAD, 0.0, climb_rate_m_s=3.0) == pytest.approx(668.1140, abs=1e-3)


def test_a_slow_descent_is_relieved_by_half_the_potential_power() -> None:
    """4 kg at -1 m/s: 500 - 0.5 · 39.2266 = 480.4 W."""
    assert MODEL.power_w(QUAD, 0.0, climb_rate_m_s=-1.0) == pytest.approx(480.3867, abs=1e-3)


def test_no_descent_draws_less_than_nine_tenths_of_hover() -> None:
    """Rotors in their own wake do not windmill, however fast the descent."""
    assert MODEL.power_w(QUAD, 0.0, climb_rate_m_s=-10.0) == pytest.approx(450.0)


def test_drag_follows_the_published_rotorcraft() -> None:
    """Zeng, Xu, Zhang: 0.5 · 0.6 · 1.225 · 0.05 · 0.503 · V³ for 20 N, here over 0.7 of efficiency."""
    published = VehicleType("zeng", 1.0, 1, 20.0 / 9.80665, 10.0, 3.0, 2.0, 100.0, 168.5)
    drag_w = MODEL.power_w(published, 0.0, airspeed_m_s=10.0) - 168.5
    assert drag_w == pytest.approx(0.5 * 0.6 * 1.225 * 0.05 * 0.503 * 1000.0 / 0.7, rel=2e-3)


def test_a_leg_costs_power_times_time() -> None:
    """500 W for 36 s are 5 Wh."""
    assert leg_energy_wh(MODEL, QUAD, payload_kg=0.0, duration_s=36.0) == pytest.approx(5.0)


def test_a_climb_costs_hover_for_its_time_and_its_height() -> None:
    """60 m in 20 s: 500 W · 20 s + 4 · 9.80665 · 60 / 0.7 J = 3.7117 Wh."""
    energy = leg_energy_wh(MODEL, QUAD, payload_kg=0.0, duration_s=20.0, height_gain_m=60.0)
    assert energy == pytest.approx((10_000.0 + 39.2266 * 60.0 / 0.7) / 3600.0)


@given(first=payloads, second=payloads, speed=speeds, rate=rates)
def test_more_payload_never_costs_less(first: float, second: float, speed: float, rate: float) -> None:
    """Whatever the motion."""
    light, heavy = sorted((first, second))
    lighter = MODEL.power_w(QUAD, light, airspeed_m_s=speed, climb_rate_m_s=rate)
    heavier = MODEL.power_w(QUAD, heavy, airspeed_m_s=speed, climb_rate_m_s=rate)
    assert 0.0 < lighter <= heavier * (1.0 + 1e-12)


@given(first=st.floats(0.0, 3600.0), second=st.floats(0.0, 3600.0), payload=payloads, speed=speeds)
def test_longer_never_costs_less(first: float, second: float, payload: float, speed: float) -> None:
    """At equal motion."""
    short, long = sorted((first, second))

    def cost(duration: float) -> float:
        return leg_energy_wh(MODEL, QUAD, payload_kg=payload, duration_s=duration, ground_speed_m_s=speed)

    assert cost(short) <= cost(long)


@given(speed=speeds, calm=st.floats(0.0, 10.0), windy=st.floats(0.0, 10.0))
def test_more_headwind_never_costs_less(speed: float, calm: float, windy: float) -> None:
    """The vehicle holds its ground speed."""
    weak, strong = sorted((calm, windy))
    costs = [
        leg_energy_wh(MODEL, QUAD, payload_kg=1.0, duration_s=60.0, ground_speed_m_s=speed, headwind_m_s=headwind)
        for headwind in (weak, strong)
    ]
    assert costs[0] <= costs[1]


@given(up=st.floats(0.1, 5.0))
def test_what_a_climb_costs_a_descent_does_not_give_back(up: float) -> None:
    """Up and down costs more than hovering for the same time."""
    both = MODEL.power_w(QUAD, 1.0, climb_rate_m_s=up) + MODEL.power_w(QUAD, 1.0, climb_rate_m_s=-up)
    assert both > 2.0 * MODEL.power_w(QUAD, 1.0)


@pytest.mark.parametrize("payload", [-0.1, math.nan, math.inf])
def test_a_payload_that_is_no_mass_is_refused(payload: float) -> None:
    """NaN must not pass for weightless."""
    with pytest.raises(ValueError, match="not a mass"):
        MODEL.power_w(QUAD, payload)


def test_a_negative_duration_is_refused() -> None:
    """Energy is never won by flying."""
    with pytest.raises(ValueError, match="negative"):
        leg_energy_wh(MODEL, QUAD, payload_kg=0.0, duration_s=-1.0)


def test_height_cannot_change_in_no_time() -> None:
    """A leg of no duration is a leg of no motion."""
    with pytest.raises(ValueError, match="no time"):
        leg_energy_wh(MODEL, QUAD, payload_kg=0.0, duration_s=0.0, height_gain_m=1.0)
    assert leg_energy_wh(MODEL, QUAD, payload_kg=0.0, duration_s=0.0) == 0.0


@pytest.mark.parametrize("broken", [{"climb_efficiency": 0.0}, {"propulsive_efficiency": 1.5}, {"descent_floor": 0.0}])
def test_a_model_that_flies_for_nothing_is_refused(broken: dict[str, float]) -> None:
    """Efficiencies above one or a free descent are mistakes."""
    with pytest.raises(ValueError, match=r"descent_floor|is not in"):
        MulticopterModel(**broken)
