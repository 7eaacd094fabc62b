"""What flown sorties drew, cut into spans whose motion is known: the rows from which a vehicle type is fitted."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from mission.energy.fitting import MeasuredSpan
from mission.geodesy.distance import distance_m
from mission.model.geo import GeoPoint
from mission.model.telemetry import LandedState
from operations.control import SortieOutcome
from operations.energy_fit_files import MeasuredRow

SPAN_S: Final = 5.0
"""Long against the time between two samples, short against a phase of flight."""
CHARGE_STEP: Final = 0.005
"""A charge told in whole percents has fallen by one where it is lower than ever by more than half of one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A vehicle at one moment; `drawn_wh` is known where the meter has just been read, else NaN."""

    time_s: float
    point: GeoPoint
    height_home_m: float
    payload_kg: float
    drawn_wh: float
    on_ground: bool = False


def measured_rows(outcomes: Sequence[SortieOutcome], truth_log: Path | None) -> Iterator[MeasuredRow]:
    """Return the rows of all sorties: by the simulated vehicles' own meters where there are such, else by telemetry."""
    truth = _truth(truth_log) if truth_log else None
    for outcome in outcomes:
        sortie = outcome.flight.plan.sortie
        samples = truth.get((outcome.flight.vehicle_id, sortie.ordinal + 1), []) if truth else _by_telemetry(outcome)
        for span in cut(outcome.flight.sortie_id, samples):
            yield MeasuredRow(sortie.vehicle.type.type_id, sortie.vehicle.type.empty_mass_kg, span)


def cut(flight: str, samples: Sequence[Sample]) -> Iterator[MeasuredSpan]:
    """Cut a flight into spans of `SPAN_S` from its first meter reading on; load and ground are one within each."""
    first = next((n for n, sample in enumerate(samples) if not math.isnan(sample.drawn_wh)), len(samples))
    begin, read_wh, way_m = first, samples[first].drawn_wh if first < len(samples) else 0.0, 0.0
    for n in range(first + 1, len(samples)):
        start, end = samples[begin], samples[n]
        way_m += distance_m(samples[n - 1].point, end.point)
        duration_s = end.time_s - start.time_s
        is_last, is_reading = n == len(samples) - 1, not math.isnan(end.drawn_wh)
        if duration_s < SPAN_S and not is_last and _alike(start, samples[n + 1]):
            continue
        if duration_s <= 0.0:
            continue
        yield MeasuredSpan(
            flight=flight,
            payload_kg=start.payload_kg,
            duration_s=duration_s,
            distance_m=way_m,
            airspeed_m_s=way_m / duration_s,
            climb_m=end.height_home_m - start.height_home_m,
            energy_wh=max(end.drawn_wh - read_wh, 0.0) if is_reading else None,
            on_ground=start.on_ground,
        )
        begin, way_m = n, 0.0
        read_wh = end.drawn_wh if is_reading else read_wh


def _alike(start: Sample, later: Sample) -> bool:
    return (start.payload_kg, start.on_ground) == (later.payload_kg, later.on_ground)


def _truth(truth_log: Path) -> dict[tuple[str, int], list[Sample]]:
    """Samples of each vehicle's sorties (counted from 1) from arming to disarming."""
    sorties: dict[tuple[str, int], list[Sample]] = {}
    armed: dict[str, list[Sample]] = {}
    for line in truth_log.read_text(encoding="utf-8").splitlines():
        state = json.loads(line)
        if state["kind"] != "state":
            continue
        if not state["armed"]:
            armed[state["vehicle"]] = []
            continue
        samples = armed.setdefault(state["vehicle"], [])
        point, drawn_wh = GeoPoint(state["lat"], state["lon"]), state["energy_used_wh"]
        samples.append(
            Sample(state["t_sim"], point, state["height_home"], state["payload_kg"], drawn_wh, state["landed"])
        )
        if not state["landed"]:  # a sortie counts from its take-off: what was armed before belongs to it
            sorties[state["vehicle"], state["sortie"]] = samples
    return sorties


def _by_telemetry(outcome: SortieOutcome) -> list[Sample]:
    """Samples of a sortie that was flown as planned; none of others: what they carried is not known at all times."""
    flight = outcome.flight
    if outcome.diversion is not None or not flight.plan.legs:
        return []
    states = [(moment, s) for moment, s in outcome.track if s.position and math.isfinite(s.height_home_m)]
    battery_wh = flight.plan.sortie.vehicle.type.battery_wh
    lowest = math.inf
    samples = []
    for (moment, state), (_, after) in pairwise(states):
        charge, point = state.battery_remaining, state.position
        fell = charge < lowest - CHARGE_STEP and lowest < math.inf
        if not math.isnan(charge):
            lowest = min(lowest, charge)
        item = after.mission_current
        if point is None or not 0 <= item < len(flight.leg_of_item):
            continue
        leg = flight.plan.legs[min(flight.leg_of_item[item], len(flight.plan.legs) - 1)]
        drawn_wh = (1.0 - charge) * battery_wh if fell else math.nan
        samples.append(
            Sample(
                moment.timestamp(),
                point,
                state.height_home_m,
                leg.payload_kg,
                drawn_wh,
                state.landed_state is LandedState.ON_GROUND,
            )
        )
    return samples
