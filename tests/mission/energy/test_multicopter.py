"""What a multicopter draws."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.energy import MulticopterModel, leg_energy_wh, level_energy_wh, range_bound_m
from mission.model.fleet import PowerCurve, VehicleType

QUAD = VehicleType("quad", 4.0, 1, 4.0, 12.0, 3.0, 2.0, 300.0, 500.0)
FITTED = replace(QUAD, power=PowerCurve(None, 0.3, 5.5, 0.03, 0.75, 0.75, 0.6))
"""A type whose curve is known: forward flight saves power."""
MODEL = MulticopterModel()

kinds = st.sampled_from([QUAD, FITTED])
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


def test_rotors_that_turn_on_the_ground_draw_their_own_share() -> None:
    """10 s at 20 % of 500 W, 26 s in the air; where the share is not known, as in hover."""
    idling = replace(QUAD, power=PowerCurve(idle_share=0.2))
    known = leg_energy_wh(MODEL, idling, payload_kg=1.0, duration_s=36.0, idle_s=10.0)
    assert known == pytest.approx((100.0 * 10.0 + MODEL.power_w(QUAD, 1.0) * 26.0) / 3600.0)
    unknown = leg_energy_wh(MODEL, QUAD, payload_kg=0.0, duration_s=36.0, idle_s=10.0)
    assert unknown == pytest.approx(5.0)
    assert leg_energy_wh(MODEL, idling, payload_kg=0.0, duration_s=5.0, idle_s=10.0) == pytest.approx(500.0 / 3600.0)


def test_a_climb_costs_hover_for_its_time_and_its_height() -> None:
    """60 m in 20 s: 500 W · 20 s + 4 · 9.80665 · 60 / 0.7 J = 3.7117 Wh."""
    energy = leg_energy_wh(MODEL, QUAD, payload_kg=0.0, duration_s=20.0, height_gain_m=60.0)
    assert energy == pytest.approx((10_000.0 + 39.2266 * 60.0 / 0.7) / 3600.0)


@given(kind=kinds, first=payloads, second=payloads, speed=speeds, rate=rates)
def test_more_payload_never_costs_less(
    kind: VehicleType, first: float, second: float, speed: float, rate: float
) -> None:
    """Whatever the motion."""
    light, heavy = sorted((first, second))
    lighter = MODEL.power_w(kind, light, airspeed_m_s=speed, climb_rate_m_s=rate)
    heavier = MODEL.power_w(kind, heavy, airspeed_m_s=speed, climb_rate_m_s=rate)
    assert 0.0 < lighter <= heavier * (1.0 + 1e-12)


@given(kind=kinds, length=st.floats(0.0, 5000.0), first=st.floats(0.0, 3600.0), second=st.floats(0.0, 3600.0))
def test_a_quicker_leg_of_the_same_length_never_costs_more(
    kind: VehicleType, length: float, first: float, second: float
) -> None:
    """Time beyond that at cruise speed is flown, slowly, and draws power."""
    short, long = sorted((first, second))
    costs = [
        level_energy_wh(MODEL, kind, payload_kg=1.0, length_m=length, duration_s=duration)
        for duration in (max(short, length / kind.cruise_speed_m_s), max(long, length / kind.cruise_speed_m_s))
    ]
    assert costs[0] <= costs[1] * (1.0 + 1e-9)


@given(kind=kinds, calm=st.floats(0.0, 10.0), windy=st.floats(0.0, 10.0), length=st.floats(1.0, 3000.0))
def test_more_wind_never_costs_less(kind: VehicleType, calm: float, windy: float, length: float) -> None:
    """Ahead or behind, the dearer counts: slow flight through the air may cost more than fast."""
    weak, strong = sorted((calm, windy))
    costs = [
        level_energy_wh(
            MODEL, kind, payload_kg=1.0, length_m=length, duration_s=length / 12.0 + 10.0, headwind_m_s=headwind
        )
        for headwind in (weak, strong)
    ]
    assert costs[0] <= costs[1] * (1.0 + 1e-9)


def test_a_known_curve_saves_power_in_forward_flight_and_an_unknown_one_credits_nothing() -> None:
    """The four-parameter curve by hand at 11 m/s, twice the induced speed: induced power falls to 0.4859 of hover's."""
    level_w = MODEL.power_w(FITTED, 0.0, airspeed_m_s=11.0)
    induced = 1.0 / math.sqrt(math.sqrt(5.0) + 2.0)
    assert level_w == pytest.approx(
        150.0 * (1.0 + 3.0 * (11.0 / 120.0) ** 2) + 350.0 * induced + 0.5 * 1.225 * 0.03 * 11.0**3
    )
    assert MODEL.power_w(QUAD, 0.0, airspeed_m_s=1.0) >= MODEL.power_w(QUAD, 0.0)


def test_a_share_that_is_fixed_does_not_grow_with_the_load() -> None:
    """30 % of 500 W stay, 70 % grow by 2^1.5."""
    assert MODEL.power_w(FITTED, 4.0) == pytest.approx(150.0 + 350.0 * 2.0**1.5)


def test_speeding_up_and_slowing_down_are_flown_at_every_speed_between() -> None:
    """A leg that takes 20 s more than at cruise has 40 s of slow flight, the mean of the powers from 0 to 12 m/s."""
    whole = level_energy_wh(MODEL, FITTED, payload_kg=0.0, length_m=1200.0, duration_s=120.0)
    speeds_m_s = [12.0 * (step + 0.5) / 200 for step in range(200)]
    mean_w = sum(MODEL.power_w(FITTED, 0.0, airspeed_m_s=speed) for speed in speeds_m_s) / 200
    steady_w = MODEL.power_w(FITTED, 0.0, airspeed_m_s=12.0)
    assert whole == pytest.approx((steady_w * 80.0 + mean_w * 40.0) / 3600.0, rel=0.005)


@given(kind=kinds, speed=st.floats(0.5, 12.0))
def test_no_flight_goes_farther_than_the_bound(kind: VehicleType, speed: float) -> None:
    """At whatever steady speed the battery is flown empty."""
    seconds = kind.battery_wh * 3600.0 / MODEL.power_w(kind, 0.0, airspeed_m_s=speed)
    assert seconds * speed <= range_bound_m(MODEL, kind)


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


@pytest.mark.parametrize(
    "broken",
    [
        {"fixed_share": 1.0},
        {"induced_speed_m_s": 0.0},
        {"drag_area_m2": -0.1},
        {"drag_area_m2": math.nan},
        {"climb_efficiency": 0.0},
        {"descent_relief": 1.5},
        {"descent_floor": 0.0},
        {"idle_share": -0.1},
        {"hover_power_w": 0.0},
        {"climb_efficiency": math.nan},
    ],
)
def test_a_curve_that_flies_for_nothing_is_refused(broken: dict[str, float]) -> None:
    """Efficiencies above one, negative areas or a free descent are mistakes."""
    with pytest.raises(ValueError, match=next(iter(broken))):
        PowerCurve(**broken)


@pytest.mark.parametrize("broken", [{"length_m": -1.0}, {"duration_s": -1.0}, {"headwind_m_s": -1.0}])
def test_a_level_leg_of_negative_measure_is_refused(broken: dict[str, float]) -> None:
    """Energy is never won by flying."""
    leg = {"payload_kg": 0.0, "length_m": 10.0, "duration_s": 1.0} | broken
    with pytest.raises(ValueError, match="negative"):
        level_energy_wh(MODEL, QUAD, **leg)
