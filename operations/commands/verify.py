"""`stork verify`: the independent verdict on a `.plan` file."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from mission.compile import from_plan_json
from mission.errors import InputError, InputProblem
from mission.model.day import Day
from mission.model.fleet import VehicleType
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, Mission
from mission.model.verdict import Finding, Severity, Verdict
from mission.verification import CruisePerformance, verify
from operations.inputs import DayArguments
from operations.outcome import Exit, print_json
from operations.reading import read_bytes

GATES = frozenset({MavCommand.NAV_LOITER_TIME, MavCommand.NAV_DELAY})
"""The items at which a vehicle waits for a hand-over."""


def verify_command(plan_file: Path, arguments: DayArguments, *, as_json: bool) -> Exit:
    """Judge the mission by the day's zones and policy, departing at the day's start; not ok is 1."""
    mission = from_plan_json(read_bytes(plan_file).decode("utf-8", errors="replace"), str(plan_file))
    files = arguments.read()
    day = files.day
    verdict = verify(
        mission,
        zones=day.zones,
        policy=day.policy,
        departure=day.start,
        terrain=files.ground.terrain,
        geoid=files.ground.geoid,
        performance=_performance(day),
        drops=_drops(mission, day),
        landing_sites=[*(hub.position for hub in day.site.hubs), *(site.position for site in day.site.alternates)],
    )
    if as_json:
        print_json(_as_json(plan_file, verdict))
    else:
        _print(plan_file, verdict)
    return Exit.DONE if verdict.ok else Exit.REFUSED


def _performance(day: Day) -> CruisePerformance:
    """The slowest vehicle's speeds: the longest time under every zone."""
    kinds: list[VehicleType] = [vehicle.type for vehicle in day.vehicles]
    if not kinds:
        problem = InputProblem(day.name, "fleet", "it has no vehicle", "Name one: its speeds time the mission")
        raise InputError(problem)
    return CruisePerformance(
        min(kind.cruise_speed_m_s for kind in kinds),
        min(kind.climb_speed_m_s for kind in kinds),
        min(kind.descent_speed_m_s for kind in kinds),
    )


def _drops(mission: Mission, day: Day) -> dict[str, GeoPoint]:
    """The orders that this mission serves: those whose drop is nearest to some place where it waits."""
    drops: dict[str, GeoPoint] = {}
    places: list[GeoPoint] = []
    for item in mission.items:
        if item.x or item.y:
            places.append(item.position)
        if item.command in GATES and places:
            nearest = min(day.orders, key=lambda o: _apart(o.drop.position, places[-1]), default=None)
            if nearest is not None:
                drops[nearest.order_id] = nearest.drop.position
    return drops


def _apart(a: GeoPoint, b: GeoPoint) -> float:
    return abs(a.latitude_deg - b.latitude_deg) + abs(a.longitude_deg - b.longitude_deg)


def _as_json(plan_file: Path, verdict: Verdict) -> dict[str, object]:
    return {
        "file": str(plan_file),
        "ok": verdict.ok,
        "digest": verdict.mission_digest,
        "smallest_clearance_m": verdict.smallest_clearance_m,
        "findings": [_finding_json(finding) for finding in verdict.findings],
    }


def _finding_json(finding: Finding) -> dict[str, object]:
    place = finding.place
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "item": finding.item,
        "zone": finding.zone_id or None,
        "place": [place.latitude_deg, place.longitude_deg] if place else None,
        "time": finding.time.isoformat() if finding.time else None,
        "measured": finding.measured,
        "limit": finding.limit,
        "unit": finding.unit,
    }


def _print(plan_file: Path, verdict: Verdict) -> None:
    console = Console()
    word = "[green]accepted[/green]" if verdict.ok else "[red]not accepted[/red]"
    console.print(f"{plan_file}: {word}, smallest clearance {verdict.smallest_clearance_m:.1f} m")
    if not verdict.findings:
        return
    table = Table("Finding", "Item", "Zone", "What")
    for finding in verdict.findings:
        colour = "red" if finding.severity is Severity.ERROR else "yellow"
        item = "" if finding.item is None else str(finding.item)
        table.add_row(f"[{colour}]{finding.code}[/{colour}]", item, finding.zone_id, finding.message)
    console.print(table)
