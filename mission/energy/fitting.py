"""Fits a vehicle type's power curve to flights that were measured, and says how far it can be trusted.

Least squares over what was drawn, with a loss that does not let single bad rows decide. A parameter is fitted only
where the flights tell it: without different loads no share that is fixed, without slow and fast flight no curve over
airspeed, without climbs no efficiency of them; it keeps its cautious default then.

The error is judged on flights that the fit has not seen: every fifth flight is left out in turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from mission.energy.leg import SECONDS_PER_HOUR
from mission.energy.multicopter import FloatArray, curve_power_w
from mission.model.fleet import PowerCurve

FOLDS: Final = 5
ROBUST_FROM: Final = 0.05
"""Relative errors beyond this weigh by their size, not by its square."""
FlightNumbers = npt.NDArray[np.intp]

BOUNDS: Final = {
    "hover_power_w": (1.0, 1e5),
    "fixed_share": (0.0, 0.8),
    "induced_speed_m_s": (1.5, 30.0),
    "drag_area_m2": (0.0, 2.0),
    "climb_efficiency": (0.2, 1.0),
    "descent_relief": (0.0, 1.0),
    "descent_floor": (0.3, 1.0),
    "idle_share": (0.0, 1.0),
}
"""What is physically possible for vehicles of 0.2 to 200 kg."""
START: Final = {"fixed_share": 0.2, "induced_speed_m_s": 6.0, "drag_area_m2": 0.03, "idle_share": 0.1}
"""Where the search begins, of those whose cautious default is at a bound."""
LOADS_SHARE: Final = 0.05
AIRSPEEDS_M_S: Final = 5.0
CLIMB_M_S: Final = 0.5
"""How far apart loads (as a share of the empty mass), airspeeds and rates of climb must be to tell a parameter."""


@dataclass(frozen=True, slots=True)
class MeasuredSpan:
    """A span of one flight in which the motion is known.

    Attributes:
        flight: its name; the spans of a flight follow each other.
        airspeed_m_s: mean horizontal speed through the air.
        climb_m: end height less start height.
        energy_wh: drawn since the last span of this flight that has one; None where it was not read.
        on_ground: with rotors turning.
    """

    flight: str
    payload_kg: float
    duration_s: float
    distance_m: float
    airspeed_m_s: float
    climb_m: float
    energy_wh: float | None
    on_ground: bool = False


@dataclass(frozen=True, slots=True)
class FlightErrors:
    """Errors of whole flights as shares of what was drawn; each flight predicted by a fit that has not seen it.

    Attributes:
        mean, p95: of their sizes: the mean, and what 95 of 100 flights stay within.
        worst_short: the flight that drew most beyond its prediction, as a share of the prediction; 0 if none did.
    """

    mean: float
    p95: float
    worst_short: float


@dataclass(frozen=True, slots=True)
class EnergyFit:
    """A fitted curve.

    Attributes:
        fitted: names of the parameters that the flights told; all others are defaults.
        linear: errors of the common rule of energy by distance and load × distance, on the same flights.
    """

    curve: PowerCurve
    fitted: tuple[str, ...]
    flights: int
    spans: int
    errors: FlightErrors
    linear: FlightErrors


def fit_power_curve(spans: Sequence[MeasuredSpan], empty_mass_kg: float) -> EnergyFit:
    """Fit a power curve.

    Raises:
        ValueError: fewer than `FOLDS` flights with a measured energy; figures must be finite and durations positive.
    """
    data = _Flights(spans, empty_mass_kg)
    if data.count < FOLDS:
        raise ValueError(f"flights: {data.count}; {FOLDS} at least are needed")
    names = data.told()
    every = np.arange(data.count)
    return EnergyFit(
        curve=_rounded(data.fit(names, every)),
        fitted=names,
        flights=data.count,
        spans=len(data.duration_s),
        errors=data.judge(lambda seen: data.flight_wh(data.fit(names, seen))),
        linear=data.judge(data.linear_wh),
    )


class _Flights:
    """All spans as arrays, gathered into readings of the meter, and those into flights."""

    def __init__(self, spans: Sequence[MeasuredSpan], empty_mass_kg: float) -> None:
        by_flight: dict[str, list[MeasuredSpan]] = {}
        for span in spans:
            by_flight.setdefault(span.flight, []).append(span)
        kept: list[MeasuredSpan] = []
        readings: list[tuple[int, int, float]] = []  # first span, flight, energy
        count = 0
        for members in by_flight.values():
            last = max((n for n, span in enumerate(members) if span.energy_wh is not None), default=-1)
            begins = len(kept)
            for span in members[: last + 1]:
                kept.append(span)
                if span.energy_wh is not None:
                    readings.append((begins, count, span.energy_wh))
                    begins = len(kept)
            count += last >= 0
        self.count = count
        self.empty_mass_kg = empty_mass_kg
        self.payload_kg, self.duration_s, self.distance_m, self.airspeed_m_s, climb_m = (
            np.array([getattr(span, name) for span in kept], dtype=np.float64)
            for name in ("payload_kg", "duration_s", "distance_m", "airspeed_m_s", "climb_m")
        )
        self.climb_rate_m_s = climb_m / np.maximum(self.duration_s, 1e-9)
        self.on_ground = np.array([span.on_ground for span in kept], dtype=np.bool_)
        self._begins = np.array([begin for begin, _, _ in readings], dtype=np.intp)
        self._flight = np.array([flight for _, flight, _ in readings], dtype=np.intp)
        self._drawn_wh = np.array([energy for _, _, energy in readings], dtype=np.float64)
        self.flown_wh = np.bincount(self._flight, self._drawn_wh, self.count)
        # A reading's error counts relative to the mean reading of its flight: short spans may draw next to nothing.
        self._mean_wh = (self.flown_wh / np.bincount(self._flight, minlength=self.count))[self._flight]

    def told(self) -> tuple[str, ...]:
        """Names of the parameters that these flights tell."""
        names = ["hover_power_w"]
        if np.ptp(self.payload_kg) >= LOADS_SHARE * self.empty_mass_kg:
            names.append("fixed_share")
        if np.ptp(self.airspeed_m_s) >= AIRSPEEDS_M_S:
            names += ["induced_speed_m_s", "drag_area_m2"]
        if np.max(self.climb_rate_m_s) >= CLIMB_M_S:
            names.append("climb_efficiency")
        if np.min(self.climb_rate_m_s) <= -CLIMB_M_S:
            names += ["descent_relief", "descent_floor"]
        if self.on_ground.any():
            names.append("idle_share")
        return tuple(names)

    def fit(self, names: Sequence[str], seen: FlightNumbers) -> PowerCurve:
        """Fit the named parameters to the flights that are seen."""
        within = np.isin(self._flight, seen)
        drawn_wh, mean_wh = self._drawn_wh[within], self._mean_wh[within]
        hours = float(self.duration_s.sum()) / SECONDS_PER_HOUR
        usual = PowerCurve(hover_power_w=float(self.flown_wh.sum()) / hours)
        start = [START.get(name, getattr(usual, name)) for name in names]
        low, high = zip(*(BOUNDS[name] for name in names), strict=True)

        def curve(values: FloatArray) -> PowerCurve:
            return replace(usual, **dict(zip(names, map(float, values), strict=True)))

        def errors(values: FloatArray) -> FloatArray:
            error: FloatArray = (self._reading_wh(curve(values))[within] - drawn_wh) / mean_wh
            return error

        found = least_squares(
            errors,
            np.clip(start, low, high),
            bounds=(low, high),
            x_scale=np.maximum(np.abs(start), 1e-3),
            loss="soft_l1",
            f_scale=ROBUST_FROM,
        )
        return curve(found.x)

    def flight_wh(self, curve: PowerCurve) -> FloatArray:
        """Predicted energy of each flight."""
        summed: FloatArray = np.bincount(self._flight, self._reading_wh(curve), self.count).astype(np.float64)
        return summed

    def linear_wh(self, seen: FlightNumbers) -> FloatArray:
        """Predicted energy of each flight by a + b · load for each metre, fitted to the flights that are seen."""
        way = np.column_stack((self.distance_m, self.distance_m * self.payload_kg))
        ways = np.column_stack([np.bincount(self._flight, np.add.reduceat(column, self._begins)) for column in way.T])
        relative = ways[seen] / self.flown_wh[seen, None]

        def errors(values: FloatArray) -> FloatArray:
            error: FloatArray = relative @ values - 1.0
            return error

        begin = np.linalg.lstsq(relative, np.ones(len(seen)), rcond=None)[0]
        found = least_squares(errors, begin, x_scale=np.maximum(np.abs(begin), 1e-9), loss="soft_l1", f_scale=0.05)
        predicted: FloatArray = ways @ found.x
        return predicted

    def judge(self, predict: Callable[[FlightNumbers], FloatArray]) -> FlightErrors:
        """Leave every `FOLDS`-th flight out in turn, and predict it by the others."""
        every = np.arange(self.count)
        predicted_wh = np.empty(self.count)
        for fold in range(FOLDS):
            left_out = every % FOLDS == fold
            predicted_wh[left_out] = predict(every[~left_out])[left_out]
        errors = np.abs(predicted_wh / self.flown_wh - 1.0)
        short = self.flown_wh / np.maximum(predicted_wh, 1e-9) - 1.0
        return FlightErrors(float(errors.mean()), float(np.percentile(errors, 95.0)), max(float(short.max()), 0.0))

    def _reading_wh(self, curve: PowerCurve) -> FloatArray:
        power_w = curve_power_w(curve, self.empty_mass_kg, self.payload_kg, self.airspeed_m_s, self.climb_rate_m_s)
        power_w = np.where(self.on_ground, curve.idle_share * (curve.hover_power_w or 0.0), power_w)
        summed: FloatArray = np.add.reduceat(power_w * self.duration_s, self._begins) / SECONDS_PER_HOUR
        return summed


def _rounded(curve: PowerCurve) -> PowerCurve:
    """The curve to four digits: what is printed is what is meant."""
    known = {field.name: getattr(curve, field.name) for field in fields(curve)}
    return replace(curve, **{name: float(f"{value:.4g}") for name, value in known.items() if value is not None})
