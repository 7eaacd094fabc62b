"""What the vehicles really flew: positions, clearance and energy, from the best source there is."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mission.model.fleet import Hub
from mission.planner import DayPlan
from mission.verification import TrackPoint, clearance_of_track
from operations.control import SortieOutcome


@dataclass(frozen=True)
class Flown:
    """All flights of a day.

    Attributes:
        tracks: by sortie id, from take-off to landing.
        source: where the energy figure comes from.
    """

    tracks: dict[str, tuple[TrackPoint, ...]]
    smallest_clearance_m: float
    energy_wh: float
    source: str


def flown_by_telemetry(plan: DayPlan, outcomes: Sequence[SortieOutcome]) -> Flown:
    """Sum up what telemetry showed; energy is the fall of the battery's charge, known to 1 % of a battery."""
    tracks = {}
    energy_wh = 0.0
    for outcome in outcomes:
        states = [(moment, state) for moment, state in outcome.track if state.has_position]
        points = tuple(TrackPoint(m, s.latitude_deg, s.longitude_deg, s.height_home_m) for m, s in states)
        tracks[outcome.flight.sortie_id] = points
        battery_wh = outcome.flight.plan.sortie.vehicle.type.battery_wh
        energy_wh += battery_wh * battery_used([state.battery_remaining for _, state in states])
    return Flown(tracks, _clearance(plan, outcomes, tracks), energy_wh, "battery charge by telemetry")


def flown_by_truth(plan: DayPlan, outcomes: Sequence[SortieOutcome], truth_log: Path) -> Flown:
    """Sum up what simulated vehicles really did, from their truth log."""
    lines = [json.loads(line) for line in truth_log.read_text(encoding="utf-8").splitlines()]
    states = [line for line in lines if line["kind"] == "state"]
    tracks = {}
    energy_wh = 0.0
    for outcome in outcomes:
        sortie = outcome.flight.plan.sortie
        mine = [s for s in states if s["vehicle"] == outcome.flight.vehicle_id and s["sortie"] == sortie.ordinal + 1]
        flying = [state for state in mine if state["armed"]]
        if not flying:
            continue
        took_off = outcome.took_off or plan.day.start
        tracks[outcome.flight.sortie_id] = tuple(_true_point(state, flying[0]["t_sim"], took_off) for state in flying)
        energy_wh += flying[-1]["energy_used_wh"] - flying[0]["energy_used_wh"]
    return Flown(tracks, _clearance(plan, outcomes, tracks), energy_wh, "the simulated vehicles' own meters")


def battery_used(charges: Sequence[float]) -> float:
    """Share of a battery drawn in one flight: from the first known charge to the least, as whole percents flicker."""
    known = [charge for charge in charges if not math.isnan(charge)]
    return known[0] - min(known) if known else 0.0


def _true_point(state: dict[str, Any], first_s: float, took_off: datetime) -> TrackPoint:
    moment = took_off + timedelta(seconds=state["t_sim"] - first_s)
    return TrackPoint(moment, state["lat"], state["lon"], state["height_home"])


def _clearance(plan: DayPlan, outcomes: Sequence[SortieOutcome], tracks: dict[str, tuple[TrackPoint, ...]]) -> float:
    """Least distance of any flown position from any zone that bound it, by the verifier's own measure."""
    hubs: dict[str, Hub] = {outcome.flight.sortie_id: outcome.flight.plan.sortie.hub for outcome in outcomes}
    return min(
        (
            clearance_of_track(
                track,
                zones=plan.zones,
                policy=plan.day.policy,
                terrain=plan.ground.terrain,
                geoid=plan.ground.geoid,
                home_amsl_m=hubs[sortie_id].ground_amsl_m,
            )
            for sortie_id, track in tracks.items()
            if track
        ),
        default=math.inf,
    )
