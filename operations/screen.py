"""What a person sees while a day is flown: a live table, or one line an event."""

import json
import sys
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mission.model.flight import ApprovedFlight
from mission.model.telemetry import Freshness, VehicleState
from mission.supervision.events import Report, ReportKind
from operations.journal import plain

StateOf = Callable[[str], tuple[VehicleState, Freshness]]
EVENT_LINES = 9
COLOURS = {
    "DELIVERED": "green",
    "FINISHED": "green",
    "AIRBORNE": "cyan",
    "DIVERTING": "yellow",
    "DIVERTED": "yellow",
    "RETURNED": "yellow",
    "FAILED": "red",
    "LOST": "red",
}


class LiveBoard:
    """The live table: one row a vehicle, and the newest events below."""

    def __init__(self, flights: Sequence[ApprovedFlight], state_of: StateOf, now: Callable[[], datetime]) -> None:
        self._state_of = state_of
        self._now = now
        self._flights = {flight.sortie_id: flight for flight in flights}
        self._current: dict[str, tuple[str, str]] = {flight.vehicle_id: ("", "PLANNED") for flight in flights}
        self._events: deque[Text] = deque(maxlen=EVENT_LINES)

    def hear(self, moment: datetime, vehicle_id: str, report: Report) -> None:
        """Take in a report."""
        if report.kind is ReportKind.SORTIE:
            self._current[vehicle_id] = (report.subject, report.state)
        self._events.append(event_line(moment, vehicle_id, report))

    def __rich__(self) -> Group:
        """Draw the board as it is now."""
        title = f"{self._now():%H:%M:%S} UTC"
        table = Table("Vehicle", "Sortie", "Orders", "State", "Mode", "Height", "Battery", "Progress", title=title)
        for vehicle_id, (sortie_id, state) in self._current.items():
            table.add_row(vehicle_id, *self._row(vehicle_id, sortie_id, state))
        return Group(table, Panel(Group(*self._events), title="Events", title_align="left", height=EVENT_LINES + 2))

    def _row(self, vehicle_id: str, sortie_id: str, state: str) -> tuple[str | Text, ...]:
        seen, freshness = self._state_of(vehicle_id)
        flight = self._flights.get(sortie_id)
        orders = ", ".join(order.order_id for order in flight.plan.sortie.orders) if flight else ""
        mode = seen.mode if freshness is Freshness.FRESH else Text(freshness, style="bold red")
        height = f"{seen.height_home_m:5.0f} m" if seen.has_position else "–"
        battery = f"{seen.battery_remaining:4.0%}" if seen.battery_remaining >= 0 else "–"
        return sortie_id, orders, Text(state, style=COLOURS.get(state, "")), mode, height, battery, _bar(seen)


def event_line(moment: datetime, vehicle_id: str, report: Report) -> Text:
    """One event as a line of text."""
    line = Text(f"{moment:%H:%M:%S} {vehicle_id:<9}")
    subject = "" if report.kind is ReportKind.SORTIE else f"{report.about} "
    style = "bold red" if report.kind is ReportKind.ALARM else COLOURS.get(report.state, "")
    line.append(f"{subject}{report.state}", style=style)
    if report.message:
        line.append(f"  {report.message}", style="dim")
    return line


def print_event(moment: datetime, vehicle_id: str, report: Report) -> None:
    """Print one event as a line, for logs."""
    Console(highlight=False, soft_wrap=True).print(event_line(moment, vehicle_id, report))


def print_event_json(moment: datetime, vehicle_id: str, report: Report) -> None:
    """Print one event as a JSON object on a line."""
    content = {
        "time": moment.isoformat(),
        "vehicle": vehicle_id,
        "event": report.kind,
        "subject": report.subject,
        "state": report.state,
        "message": report.message,
        "details": report.details,
    }
    sys.stdout.write(json.dumps(plain(content), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _bar(state: VehicleState) -> Text:
    """Progress by mission items: how many are done of those held."""
    if state.mission_total <= 0 or state.mission_current < 0:
        return Text("")
    done = min(state.mission_current + 1, state.mission_total)
    full = round(12 * done / state.mission_total)
    return (
        Text("━" * full, style="cyan") + Text("━" * (12 - full), style="dim") + Text(f" {done}/{state.mission_total}")
    )
