"""Fitting a power curve to measured flights."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mission.energy.fitting import MeasuredSpan, fit_power_curve
from mission.energy.multicopter import curve_power_w
from mission.model.fleet import PowerCurve

TRUE = PowerCurve(600.0, 0.25, 5.0, 0.03, 0.75, 0.6, 0.7)
EMPTY_KG = 5.0


def drawn_wh(curve: PowerCurve, payload_kg: float, duration_s: float, airspeed_m_s: float, climb_m: float) -> float:
    """What a span draws by a curve."""
    return curve_power_w(curve, EMPTY_KG, payload_kg, airspeed_m_s, climb_m / duration_s) * duration_s / 3600.0


def span(flight: str, payload_kg: float, duration_s: float, airspeed_m_s: float, climb_m: float) -> MeasuredSpan:
    """A span that draws what the true curve says."""
    energy_wh = drawn_wh(TRUE, payload_kg, duration_s, airspeed_m_s, climb_m)
    way_m = duration_s * airspeed_m_s
    return MeasuredSpan(flight, payload_kg, duration_s, way_m, airspeed_m_s, climb_m, energy_wh)


def flights(count: int, loads_kg: Sequence[float] = (0.5, 1.5, 2.5)) -> list[MeasuredSpan]:
    """Deliveries: up, there at several speeds, down, up, back without the parcel, down."""
    spans = []
    for n in range(count):
        name, load_kg = f"f{n}", loads_kg[n % len(loads_kg)]
        spans += [span(name, load_kg, 20.0, 0.0, 40.0), span(name, load_kg, 8.0, 6.0, 0.0)]
        spans += [span(name, load_kg, 60.0 + 10.0 * n, 15.0, 0.0), span(name, load_kg, 20.0, 0.0, -20.0 - n)]
        spans += [span(name, 0.0, 15.0, 0.5, 30.0), span(name, 0.0, 60.0 + 10.0 * n, 12.0, 0.0)]
        spans += [span(name, 0.0, 8.0, 4.0, 0.0), span(name, 0.0, 40.0, 0.0, -24.0), span(name, 0.0, 30.0, 0.0, -60.0)]
    return spans


def test_what_flights_tell_is_found() -> None:
    """Flights drawn by a known curve give that curve's power back within 1 % in every kind of motion."""
    fit = fit_power_curve(flights(12), EMPTY_KG)
    assert len(fit.fitted) == 7
    for payload_kg, airspeed_m_s, climb_m_s in ((0.0, 0.0, 0.0), (2.0, 0.0, 2.0), (1.0, 14.0, 0.0), (0.0, 8.0, -1.5)):
        true_w = curve_power_w(TRUE, EMPTY_KG, payload_kg, airspeed_m_s, climb_m_s)
        assert curve_power_w(fit.curve, EMPTY_KG, payload_kg, airspeed_m_s, climb_m_s) == pytest.approx(
            true_w, rel=0.01
        )
    assert fit.errors.mean < 0.01
    assert fit.linear.mean > fit.errors.mean


def test_what_flights_do_not_tell_stays_cautious() -> None:
    """One load, one speed, level flight: only the power is fitted; no relief is invented."""
    level = [span(f"f{n}", 0.0, 100.0 + n, 15.0, 0.0) for n in range(6)]
    fit = fit_power_curve(level, EMPTY_KG)
    assert fit.fitted == ("hover_power_w",)
    assert replace(fit.curve, hover_power_w=None) == PowerCurve()


def test_a_meter_that_is_read_now_and_then_counts_for_all_since_it_was_last_read() -> None:
    """Three spans, one reading: their sum."""
    sparse, waiting = [], 0.0
    for n, part in enumerate(flights(12)):
        waiting += part.energy_wh or 0.0
        sparse.append(replace(part, energy_wh=waiting if n % 3 == 2 else None))
        waiting = 0.0 if n % 3 == 2 else waiting
    fit = fit_power_curve(sparse, EMPTY_KG)
    assert fit.errors.mean < 0.01
    assert fit.spans == len(sparse)


def test_rotors_on_the_ground_are_told_apart_from_hover() -> None:
    """A minute on the ground at 90 W changes nothing of what is known of flight."""
    ground = [MeasuredSpan(f"f{n}", 1.0, 60.0, 0.0, 0.0, 0.0, 1.5, on_ground=True) for n in range(12)]
    fit = fit_power_curve(flights(12) + ground, EMPTY_KG)
    assert fit.errors.mean < 0.01
    assert fit.curve.idle_share * (fit.curve.hover_power_w or 0.0) == pytest.approx(90.0, rel=0.02)


def test_one_bad_meter_does_not_decide() -> None:
    """A flight that claims three times what it drew moves the others' prediction by less than 2 %."""
    spans = flights(24)
    bad = [replace(part, energy_wh=3.0 * (part.energy_wh or 0.0)) if part.flight == "f7" else part for part in spans]
    fit = fit_power_curve(bad, EMPTY_KG)
    true_w = curve_power_w(TRUE, EMPTY_KG, 1.0, 15.0, 0.0)
    assert curve_power_w(fit.curve, EMPTY_KG, 1.0, 15.0, 0.0) == pytest.approx(true_w, rel=0.02)
    assert fit.errors.worst_short > 1.5


def test_errors_are_those_of_flights_that_the_fit_has_not_seen() -> None:
    """One of five draws half as much again: whoever saw it would predict some of that."""
    spans = [
        replace(part, energy_wh=1.5 * (part.energy_wh or 0.0)) if part.flight == "f2" else part for part in flights(5)
    ]
    assert fit_power_curve(spans, EMPTY_KG).errors.worst_short == pytest.approx(0.5, abs=0.01)


def test_too_few_flights_are_refused() -> None:
    """Four flights cannot be left out five times."""
    with pytest.raises(ValueError, match="flights: 4; 5 at least"):
        fit_power_curve(flights(4), EMPTY_KG)


@settings(max_examples=12, deadline=None)
@given(
    hover_w=st.floats(300.0, 900.0),
    fixed=st.floats(0.0, 0.5),
    induced_m_s=st.floats(3.0, 9.0),
    drag_m2=st.floats(0.0, 0.1),
    climbing=st.floats(0.4, 0.9),
)
def test_whatever_the_vehicle_its_flights_are_predicted(
    hover_w: float, fixed: float, induced_m_s: float, drag_m2: float, climbing: float
) -> None:
    """Vehicles of every kind that there is: unseen flights within 2 % on average."""
    kind = PowerCurve(hover_w, fixed, induced_m_s, drag_m2, climbing)
    spans = [
        replace(part, energy_wh=drawn_wh(kind, part.payload_kg, part.duration_s, part.airspeed_m_s, part.climb_m))
        for part in flights(6)
    ]
    assert fit_power_curve(spans, EMPTY_KG).errors.mean < 0.02
