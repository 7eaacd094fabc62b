"""Where a run's files go, and the plan of a day as files: one `.plan` a sortie, and `plan.json`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mission.compile import to_plan_json
from mission.errors import InputError, InputProblem
from mission.model.flight import ApprovedFlight, LegKind
from mission.model.refusal import Refusal
from mission.planner import DayPlan
from operations.journal import plain


def run_folder(out: Path | None, command: str) -> Path:
    """Make and return the folder of this run: `out`, which must be new or empty, or a new one under ``runs/``.

    Raises:
        InputError: `out` already holds something (nothing is overwritten), or it cannot be made.
    """
    if out is None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        out = Path("runs") / f"{command}-{stamp}"
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(InputProblem(str(out), "--out", "it exists and is not an empty folder", "Name a new folder"))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the folder cannot be made: {error.strerror}"
        raise InputError(InputProblem(str(out), "--out", what, "Name a folder where you may write")) from None
    return out


def write_plan_files(plan: DayPlan, folder: Path) -> dict[str, Path]:
    """Write one QGroundControl `.plan` a flight and ``plan.json``; return the `.plan` path by sortie id."""
    missions = folder / "missions"
    missions.mkdir()
    paths: dict[str, Path] = {}
    for flight in plan.flights:
        path = missions / f"{flight.sortie_id}.plan"
        speed_m_s = flight.plan.sortie.vehicle.type.cruise_speed_m_s
        text = to_plan_json(flight.mission, cruise_speed_m_s=speed_m_s, hover_speed_m_s=speed_m_s)
        path.write_text(text, encoding="utf-8")
        paths[flight.sortie_id] = path
    listing = json.dumps(plain(plan_as_json(plan, paths)), indent=2, ensure_ascii=False)
    (folder / "plan.json").write_text(listing + "\n", encoding="utf-8")
    return paths


def plan_as_json(plan: DayPlan, paths: Mapping[str, Path]) -> dict[str, Any]:
    """The whole plan for programs: every order is in `planned` or in `refused`."""
    return {
        "day": plan.day.name,
        "start": plan.day.start.isoformat(),
        "planned": [_flight_json(flight, paths.get(flight.sortie_id)) for flight in plan.flights],
        "refused": [_refusal_json(refusal) for refusal in plan.refusals],
        "zones": {"known": len(plan.day.zones), "near": len(plan.zones_near), "binding": len(plan.binding_zones)},
    }


def _flight_json(flight: ApprovedFlight, path: Path | None) -> dict[str, Any]:
    plan = flight.plan
    handovers = {leg.order_id: leg.depart.isoformat() for leg in plan.legs if leg.order_id}
    return {
        "sortie": flight.sortie_id,
        "vehicle": flight.vehicle_id,
        "orders": [{"order": order.order_id, "handover": handovers[order.order_id]} for order in plan.sortie.orders],
        "departure": plan.departure.isoformat(),
        "arrival": plan.arrival.isoformat(),
        "length_m": round(plan.length_m, 1),
        "heights_home_m": sorted({leg.end_height_home_m for leg in plan.legs if leg.kind is LegKind.CRUISE}),
        "energy_wh": round(plan.energy_wh, 1),
        "reserve_wh": round(plan.reserve_wh, 1),
        "clearance_m": round(flight.verdict.smallest_clearance_m, 2),
        "digest": flight.mission.digest(),
        "mission": str(path) if path else None,
    }


def _refusal_json(refusal: Refusal) -> dict[str, Any]:
    return {
        "order": refusal.order_id,
        "code": refusal.code,
        "reason": refusal.reason,
        "remedy": refusal.remedy,
        "zones": list(refusal.zone_ids),
    }
