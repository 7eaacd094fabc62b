"""The report of a day, one self-contained HTML page; and one JSON record for every order that flew."""

import html
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mission.model.flight import ApprovedFlight
from mission.model.geo import GeoPoint
from mission.planner import DayPlan
from mission.supervision.events import Report, ReportKind
from operations.control import SortieOutcome
from operations.journal import plain
from operations.records.flown import Flown
from operations.records.map_svg import DayMap, MapLine, MapMark
from operations.records.summary import DaySummary, OrderOutcome, OrderResult

Timeline = Sequence[tuple[datetime, str, Report]]
"""(time, vehicle id, report), in order."""

STYLE = """
body{font-family:system-ui,sans-serif;margin:2rem auto;max-width:960px;color:#222}
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.35rem .6rem;
text-align:left;vertical-align:top}td:first-child,td:nth-child(-n+4){white-space:nowrap}
.figures{display:flex;gap:2rem;flex-wrap:wrap}
.figures b{display:block;font-size:1.6rem}
.delivered{color:#060}.refused,.failed{color:#b00}.diverted,.returned{color:#a60}svg{width:100%;border:1px solid #ccc}
"""


def write_delivery_records(
    folder: Path,
    outcomes: Sequence[SortieOutcome],
    results: Sequence[OrderResult],
    timeline: Timeline,
    plan_files: Mapping[str, str],
) -> None:
    """Write ``ORDER.json`` into `folder` for every order that was planned: who, when, where, proof, energy."""
    folder.mkdir(parents=True, exist_ok=True)
    by_order = {result.order: result for result in results}
    for outcome in outcomes:
        flight = outcome.flight
        for order in flight.plan.sortie.orders:
            events = [(moment, report) for moment, _, report in timeline if report.subject == order.order_id]
            proof = next((report for _, report in events if report.kind is ReportKind.RELEASE and report.details), None)
            record = {
                "format": "stork.delivery/1",
                "order": order.order_id,
                "outcome": by_order[order.order_id].outcome,
                "reason": by_order[order.order_id].reason,
                "parcel": {"id": order.parcel.parcel_id, "mass_kg": order.parcel.mass_kg},
                "drop": {
                    "latitude_deg": order.drop.position.latitude_deg,
                    "longitude_deg": order.drop.position.longitude_deg,
                    "method": order.drop.method,
                },
                "window": [order.window.earliest.isoformat(), order.window.latest.isoformat()],
                "vehicle": flight.vehicle_id,
                "sortie": flight.sortie_id,
                "took_off": outcome.took_off.isoformat() if outcome.took_off else None,
                "landed": outcome.landed.isoformat() if outcome.landed else None,
                "planned_handover": _planned_handover(flight, order.order_id),
                "release": _release(proof, events),
                "custody": [
                    {"time": moment.isoformat(), "custodian": report.state}
                    for moment, report in events
                    if report.kind is ReportKind.CUSTODY
                ],
                "mission": {"digest": flight.mission.digest(), "file": plan_files[flight.sortie_id]},
                "verdict": {
                    "ok": flight.verdict.ok,
                    "smallest_clearance_m": flight.verdict.smallest_clearance_m,
                    "findings": [finding.code for finding in flight.verdict.findings],
                },
                "timeline": [
                    {"time": moment.isoformat(), "about": report.kind, "state": report.state, "message": report.message}
                    for moment, report in events
                    if report.kind is not ReportKind.CUSTODY
                ],
            }
            text = json.dumps(plain(record), indent=2, ensure_ascii=False)
            (folder / f"{order.order_id}.json").write_text(text + "\n", encoding="utf-8")


def _release(proof: Report | None, events: Sequence[tuple[datetime, Report]]) -> dict[str, Any] | None:
    """How the release ended and what proves it; None where none was ever commanded."""
    if proof is None:
        return None
    moment = next(moment for moment, report in events if report is proof)
    return {"state": proof.state, "time": moment.isoformat(), "message": proof.message, **proof.details}


def _planned_handover(flight: ApprovedFlight, order_id: str) -> str | None:
    return next((leg.depart.isoformat() for leg in flight.plan.legs if leg.order_id == order_id), None)


def day_map(plan: DayPlan, outcomes: Sequence[SortieOutcome], results: Sequence[OrderResult], flown: Flown) -> DayMap:
    """Gather what the map shows: planned routes, what was flown, and how every order ended."""
    binding_ids = {zone.identifier for zone in plan.binding_zones}
    others = [zone for zone in plan.zones_near if zone.identifier not in binding_ids]
    drawing = DayMap(next(iter(plan.airspaces.values())).frame, plan.binding_zones, others)
    for outcome in outcomes:
        flight = outcome.flight
        route = [flight.plan.legs[0].start, *(leg.end for leg in flight.plan.legs)]
        drawing.lines.append(MapLine(flight.vehicle_id, route, planned=True))
        track = flown.tracks.get(flight.sortie_id, ())
        if track:
            points = [GeoPoint(point.latitude_deg, point.longitude_deg) for point in track]
            drawing.lines.append(MapLine(flight.vehicle_id, points, planned=False))
    kinds = {r.order: "refused" if r.outcome is OrderOutcome.REFUSED else "drop" for r in results}
    kinds |= {r.order: "diverted" for r in results if r.outcome in {OrderOutcome.DIVERTED, OrderOutcome.RETURNED}}
    drawing.marks += [MapMark(kinds.get(o.order_id, "drop"), o.order_id, o.drop.position) for o in plan.day.orders]
    drawing.marks += [MapMark("hub", hub.name, hub.position) for hub in plan.day.site.hubs]
    drawing.marks += [MapMark("alternate", site.name, site.position) for site in plan.day.site.alternates]
    return drawing


def write_report(path: Path, summary: DaySummary, drawing: DayMap, timeline: Timeline) -> None:
    """Write the page."""
    title = html.escape(summary.name)
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style></head><body>
<h1>{title}</h1>
<div class="figures">{_figures(summary)}</div>
{drawing.svg()}
<h2>Orders</h2>
<table><tr><th>Order</th><th>Outcome</th><th>Sortie</th><th>Handed over</th><th>Release</th><th>Why</th></tr>
{_order_rows(summary, timeline)}</table>
<h2>What happened</h2>
<table><tr><th>Time</th><th>Vehicle</th><th>Subject</th><th>State</th><th></th></tr>{_timeline_rows(timeline)}</table>
</body></html>
"""
    path.write_text(page, encoding="utf-8")


def _figures(summary: DaySummary) -> str:
    clearance = summary.smallest_clearance_m
    figures = [(len(summary.ending(outcome)), outcome.value) for outcome in OrderOutcome if summary.ending(outcome)]
    shown = [(str(count), name) for count, name in figures]
    shown.append((f"{clearance:.1f} m" if math.isfinite(clearance) else "–", "smallest zone clearance"))
    shown.append((f"{summary.energy_wh:.0f} Wh", f"energy ({summary.energy_source})"))
    return "".join(f"<div><b>{html.escape(value)}</b>{html.escape(name)}</div>" for value, name in shown)


def _order_rows(summary: DaySummary, timeline: Timeline) -> str:
    releases = [report for _, _, report in timeline if report.kind is ReportKind.RELEASE and report.details]
    proved = {report.subject: f"{report.message}, {_distance(report)} from the drop" for report in releases}
    rows = []
    for result in summary.orders:
        moment = result.handed_over.strftime("%H:%M:%S") if result.handed_over else ""
        why = ". ".join(part.rstrip(".") for part in (result.reason, result.remedy) if part)
        proof = proved.get(result.order, "")
        cells = [result.order, result.outcome.value, result.sortie, moment, proof, why]
        rows.append(f'<tr class="{result.outcome.value}">' + _cells(cells) + "</tr>")
    return "".join(rows)


def _distance(release: Report) -> str:
    return f"{float(release.details['distance_m']):.1f} m"


def _timeline_rows(timeline: Timeline) -> str:
    return "".join(
        "<tr>" + _cells([moment.strftime("%H:%M:%S"), vehicle, report.about, report.state, report.message]) + "</tr>"
        for moment, vehicle, report in timeline
    )


def _cells(values: Sequence[str]) -> str:
    return "".join(f"<td>{html.escape(value)}</td>" for value in values)
