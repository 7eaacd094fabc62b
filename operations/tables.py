"""Plans and summaries as tables in a terminal."""

import math

from rich.console import Group
from rich.table import Table
from rich.text import Text

from mission.planner import DayPlan
from operations.records.summary import DaySummary, OrderOutcome

OUTCOME_COLOURS = {
    OrderOutcome.DELIVERED: "green",
    OrderOutcome.DIVERTED: "yellow",
    OrderOutcome.RETURNED: "yellow",
    OrderOutcome.FAILED: "red",
    OrderOutcome.REFUSED: "red",
}


def plan_table(plan: DayPlan) -> Table:
    """Every order of the day: in which sortie and when, or refused and why."""
    title = f"{plan.day.name}: {len(plan.day.orders)} orders, {len(plan.flights)} sorties, {len(plan.refusals)} refused"
    table = Table(title=title)
    for name in ("Order", "Sortie", "Take-off", "Hand-over", "Route", "Energy", "Clearance"):
        table.add_column(name, no_wrap=name != "Order")
    for flight in plan.flights:
        legs = flight.plan
        handovers = {leg.order_id: leg.depart for leg in legs.legs if leg.order_id}
        for order in legs.sortie.orders:
            clearance_m = flight.verdict.smallest_clearance_m
            table.add_row(
                f"{order.order_id} {order.drop.name}",
                flight.sortie_id,
                f"{legs.departure:%H:%M}",
                f"{handovers[order.order_id]:%H:%M}",
                f"{legs.length_m / 1000:.2f} km",
                f"{legs.energy_wh:.0f} Wh",
                f"{clearance_m:.1f} m" if math.isfinite(clearance_m) else "no zone",
            )
    names = {order.order_id: f"{order.order_id} {order.drop.name}" for order in plan.day.orders}
    for refusal in plan.refusals:
        table.add_row(names[refusal.order_id], Text("refused", style="red"))
    return table


def refusal_lines(plan: DayPlan) -> Group:
    """Why each refused order is refused, and what would help."""
    lines = []
    for refusal in plan.refusals:
        line = Text(f"{refusal.order_id} refused, {refusal.code}: ", style="red")
        line.append(f"{refusal.reason.rstrip('.')}.", style="default")
        if refusal.remedy:
            line.append(f" {refusal.remedy.rstrip('.')}.", style="dim")
        lines.append(line)
    return Group(*lines)


def summary_table(summary: DaySummary) -> Group:
    """How the day ended."""
    table = Table("Order", "Outcome", "Sortie", "Handed over", "Why", title="How the day ended")
    for result in summary.orders:
        moment = f"{result.handed_over:%H:%M:%S}" if result.handed_over else ""
        outcome = Text(result.outcome.value, style=OUTCOME_COLOURS[result.outcome])
        table.add_row(result.order, outcome, result.sortie, moment, result.reason)
    clearance_m = summary.smallest_clearance_m
    figures = Table.grid(padding=(0, 2))
    figures.add_column(no_wrap=True)
    figures.add_column(overflow="fold")  # a path that is cut cannot be opened
    counts = ", ".join(f"{len(summary.ending(o))} {o.value}" for o in OrderOutcome if summary.ending(o))
    figures.add_row("Orders", counts)
    figures.add_row("Smallest zone clearance", f"{clearance_m:.1f} m" if math.isfinite(clearance_m) else "no zone")
    figures.add_row(
        "Energy", f"{summary.energy_wh:.0f} Wh ({summary.energy_source}), planned {summary.planned_energy_wh:.0f} Wh"
    )
    for alarm in summary.alarms:
        figures.add_row("Alarm", Text(alarm, style="bold red"))
    figures.add_row("Missions", "\n".join(summary.missions))
    figures.add_row("Report", summary.report)
    figures.add_row("Journal", summary.journal)
    return Group(table, figures)
