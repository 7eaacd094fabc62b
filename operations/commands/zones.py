"""`stork zones check`: what is in a zone document, and what was wrong with it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mission.airspace import FeatureReport, Outcome, ZoneReading, describe_hours, read_zones
from mission.model.airspace import GeoZone
from operations.outcome import Exit, print_json
from operations.reading import read_bytes


def zones_check_command(files: Sequence[Path], *, as_json: bool) -> Exit:
    """Read every file and print its report; not ok (1) when any feature was rejected."""
    console = Console()
    rejected = False
    for file in files:
        reading = read_zones(read_bytes(file), str(file), accept_uncovered=True)
        rejected |= any(report.outcome is Outcome.REJECTED for report in reading.reports)
        if as_json:
            print_json(_as_json(file, reading))
        else:
            _print(console, file, reading)
    return Exit.REFUSED if rejected else Exit.DONE


def _as_json(file: Path, reading: ZoneReading) -> dict[str, object]:
    return {
        "file": str(file),
        "format": reading.format,
        "zones": len(reading.zones),
        "restrictions": Counter(zone.restriction for zone in reading.zones),
        "outcomes": Counter(report.outcome for report in reading.reports),
        "features": [
            {
                "id": report.feature_id,
                "outcome": report.outcome,
                "reasons": report.reasons,
                "mends": report.mends,
                "covered": report.covered,
            }
            for report in reading.reports
            if report.outcome is not Outcome.READ
        ],
    }


def _print(console: Console, file: Path, reading: ZoneReading) -> None:
    outcomes = Counter(report.outcome for report in reading.reports)
    counts = ", ".join(f"{count} {outcome.lower()}" for outcome, count in sorted(outcomes.items()))
    console.print(f"[bold]{file}[/bold]: {reading.format}, {len(reading.zones)} zones ({counts})")
    console.print(_zone_table(reading.zones))
    notable = [report for report in reading.reports if report.outcome is not Outcome.READ]
    if notable:
        console.print(_report_table(notable))


def _zone_table(zones: Sequence[GeoZone]) -> Table:
    table = Table("Restriction", "Zones", "Hours (first zone's)", "Example", title_justify="left")
    groups: dict[tuple[str, str], list[GeoZone]] = {}
    for zone in zones:
        groups.setdefault((zone.restriction, describe_hours(zone)), []).append(zone)
    for (restriction, hours), members in sorted(groups.items(), key=lambda item: -len(item[1])):
        table.add_row(restriction, str(len(members)), hours, f"{members[0].identifier} {members[0].name}")
    return table


def _report_table(reports: Sequence[FeatureReport]) -> Table:
    table = Table("Feature", "Outcome", "Why")
    colours = {Outcome.REPAIRED: "yellow", Outcome.REJECTED: "red", Outcome.SKIPPED: "dim"}
    for report in reports:
        colour = colours[report.outcome]
        why = list(report.reasons)
        if not report.covered:
            why.append("where it restricts cannot be told: nobody flies by this document")
        mends = [f"Mend: {mend}" for mend in report.mends]
        table.add_row(report.feature_id, f"[{colour}]{report.outcome}[/{colour}]", "; ".join([*why, *mends]))
    return table
