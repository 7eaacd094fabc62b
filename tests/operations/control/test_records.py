"""What is kept of a day: a record for every order that was planned, a page for people, an object for programs."""

import json
import math
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mission.dispatch.order_state import OrderState
from mission.model.refusal import Refusal, RefusalCode
from mission.model.telemetry import VehicleState
from operations.records.flown import battery_used, flown_by_telemetry
from operations.records.report import day_map, write_delivery_records, write_report
from operations.records.summary import ENDS, DaySummary, OrderOutcome, order_results

SCRIPT = "<script>alert('1')</script>"


class Tags(HTMLParser):
    """Counts tags as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102 (HTMLParser's)
        self.seen.append(tag)


async def flown(morning: Any, *refusals: Refusal) -> tuple[Any, DaySummary, Any]:
    """Fly the morning and sum it up as the service does."""
    outcomes = await morning.fly()
    handed: dict[str, datetime] = {r.subject: m for m, _, r in morning.reports if r.state == OrderState.DELIVERED}
    flights = flown_by_telemetry(morning.plan, outcomes)
    results = order_results(refusals, outcomes, handed)
    figures = (flights.smallest_clearance_m, flights.energy_wh, flights.source, 100.0)
    summary = DaySummary("A day", results, *figures, ("m.plan",), "report.html", "journal.jsonl", 1.0)
    return outcomes, summary, flights


async def test_every_planned_order_has_a_record_and_every_delivery_its_evidence(morning: Any, tmp_path: Path) -> None:
    """The proof says how well it proves, and of which command; an order that was not delivered has none."""
    morning.links.vehicles["drone-2"].answers = False
    outcomes, summary, _ = await flown(morning)
    files = {flight.sortie_id: f"missions/{flight.sortie_id}.plan" for flight in morning.plan.flights}
    write_delivery_records(tmp_path / "deliveries", outcomes, summary.orders, morning.reports, files)
    records = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "deliveries").iterdir()}
    assert sorted(records) == ["A-1", "A-2", "A-3", "A-4"]
    for record in records.values():
        delivered = record["outcome"] == "delivered"
        assert delivered is (record["vehicle"] == "drone-1")
        assert delivered is (record["release"] is not None)
        assert (record["verdict"]["ok"], record["verdict"]["smallest_clearance_m"]) == (True, None)
        assert record["mission"]["file"] == files[record["sortie"]]
        if delivered:
            proof = record["release"]
            assert (proof["state"], proof["grade"], proof["acknowledgement"]) == ("RELEASED", "ACKNOWLEDGED", "OPENED")
            assert proof["distance_m"] < 5.0
            assert record["order"] in proof["command_id"]
            assert (proof["payload_before_kg"], proof["payload_after_kg"]) == (None, None)
            assert [entry["custodian"] for entry in record["custody"]] == ["VEHICLE", "RECIPIENT"]
            states = [entry["state"] for entry in record["timeline"]]
            assert states == ["IN_FLIGHT", "AT_DROP", "COMMANDED", "RELEASED", "RELEASED", "DELIVERED"]
        else:
            assert "drone-2" in record["reason"]
            assert (record["took_off"], record["landed"]) == (None, None)


async def test_no_name_of_an_order_zone_or_site_becomes_markup(morning: Any, tmp_path: Path) -> None:
    """Fault F-X6: what others wrote is text in the page and in its map, wherever it is shown."""
    refusal = Refusal("A-9", RefusalCode.DROP_IN_ZONE, f"its drop {SCRIPT!r} lies in {SCRIPT}", SCRIPT)
    outcomes, summary, flights = await flown(morning, refusal)
    day = morning.plan.day
    site = replace(
        day.site,
        hubs=tuple(replace(hub, name=SCRIPT) for hub in day.site.hubs),
        alternates=tuple(replace(alternate, name=SCRIPT) for alternate in day.site.alternates),
    )
    plan = replace(morning.plan, day=replace(day, site=site))
    drawing = day_map(plan, outcomes, summary.orders, flights)
    events = [(moment, SCRIPT, replace(report, message=SCRIPT)) for moment, _, report in morning.reports]
    write_report(tmp_path / "report.html", replace(summary, name=SCRIPT), drawing, events)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.seen
    assert page.count("&lt;script&gt;") > 5
    assert {"svg", "polyline", "table"} <= set(tags.seen)


async def test_the_page_says_how_every_delivery_is_proved(morning: Any, tmp_path: Path) -> None:
    """Beside each order: by what its release is confirmed, and how far from the drop."""
    outcomes, summary, flights = await flown(morning)
    drawing = day_map(morning.plan, outcomes, summary.orders, flights)
    write_report(tmp_path / "report.html", summary, drawing, morning.reports)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("confirmed by position and acknowledgement, 0.0 m from the drop") == 4


async def test_the_page_needs_nothing_from_elsewhere(morning: Any, tmp_path: Path) -> None:
    """It opens on a machine without a network, years later."""
    outcomes, summary, flights = await flown(morning)
    drawing = day_map(morning.plan, outcomes, summary.orders, flights)
    write_report(tmp_path / "report.html", summary, drawing, morning.reports)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "src=" not in page
    assert "href=" not in page
    assert page.replace('xmlns="http://www.w3.org/2000/svg"', "").count("http") == 0


async def test_the_summary_lists_every_order_once_and_is_json(morning: Any) -> None:
    """A list for every outcome; a clearance without zones is null, not infinity."""
    refusal = Refusal("A-9", RefusalCode.OVERWEIGHT, "too heavy", "lighten it")
    _, summary, _ = await flown(morning, refusal)
    content = json.loads(json.dumps(summary.as_json(), allow_nan=False))
    outcomes = [outcome.value for outcome in OrderOutcome]
    wanted = {*outcomes, "smallest_clearance_m", "energy_wh", "missions", "report"}
    assert wanted <= set(content)
    assert content["smallest_clearance_m"] is None
    assert [r["order"] for r in content["delivered"]] == ["A-1", "A-2", "A-3", "A-4"]
    assert content["refused"] == [{"order": "A-9", "code": "OVERWEIGHT", "reason": "too heavy", "remedy": "lighten it"}]
    assert sum(len(content[name]) for name in outcomes) == 5
    assert content["energy_wh"] > 0


def test_every_end_of_an_order_has_a_name_for_people() -> None:
    """An order that ends in any terminal state is in the summary."""
    open_states = {OrderState.RECEIVED, OrderState.PLANNED, OrderState.IN_FLIGHT, OrderState.RELEASED}
    assert set(ENDS) == set(OrderState) - open_states


@pytest.mark.parametrize(
    ("charges", "used"),
    [
        ([1.0, 0.9, 0.7], 0.3),
        ([0.90, 0.89, 0.90, 0.80], 0.1),
        ([1.0, math.nan, 0.8], 0.2),
        ([], 0.0),
        ([math.nan], 0.0),
    ],
)
def test_a_flickering_charge_is_not_counted_twice(charges: list[float], used: float) -> None:
    """From the first known charge to the least; what was not heard is left out."""
    assert battery_used(charges) == pytest.approx(used)


async def test_what_was_never_heard_is_not_flown(morning: Any) -> None:
    """A state without a position gives no point of a track."""
    outcomes = await morning.fly()
    blank = (morning.links.clock.now(), VehicleState("drone-1"))
    spoilt = [replace(outcome, track=(blank, *outcome.track)) for outcome in outcomes]
    assert flown_by_telemetry(morning.plan, spoilt).tracks == flown_by_telemetry(morning.plan, outcomes).tracks
