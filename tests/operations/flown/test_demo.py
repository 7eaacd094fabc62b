"""The demo end to end: planned, verified, flown on simulated vehicles, watched, recorded."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from operations.configs import configs_folder

DAY = configs_folder() / "demo" / "day.toml"
OUTCOMES = ("delivered", "diverted", "returned", "failed", "refused")
EXPECTED: dict[str, list[str]] = tomllib.loads(DAY.read_text(encoding="utf-8"))["expected"]
ORDERS = [order["id"] for order in json.loads((DAY.parent / "orders.json").read_text(encoding="utf-8"))["orders"]]


def test_the_demo_ends_as_its_day_expects(demo: Any) -> None:
    """Exit 0: each order is in exactly one list, and five of seven are delivered."""
    assert demo.code == 0, (demo.summary, demo.err)
    for outcome in OUTCOMES[1:]:
        assert demo.ids(outcome) == EXPECTED.get(outcome, []), demo.summary[outcome]
    assert len(demo.ids("delivered")) == 5
    assert sorted(order for outcome in OUTCOMES for order in demo.ids(outcome)) == ORDERS


def test_no_flown_position_is_closer_to_a_zone_than_the_policy_allows(demo: Any) -> None:
    """The simulated vehicles' own log, measured by the independent check's own ruler."""
    policy = tomllib.loads((DAY.parent / "site.toml").read_text(encoding="utf-8"))["policy"]
    assert demo.summary["smallest_clearance_m"] >= policy.get("verified_clearance_m", 15.0)


def test_the_summary_has_what_programs_read(demo: Any, demo_folder: Path) -> None:
    """One JSON object on the last line, the same as in summary.json; its files exist."""
    summary = demo.summary
    assert {*OUTCOMES, "smallest_clearance_m", "energy_wh", "missions", "report", "journal"} <= set(summary)
    assert json.loads((demo_folder / "summary.json").read_text(encoding="utf-8")) == summary
    assert summary["energy_wh"] > 0
    for path in (summary["report"], summary["journal"], *summary["missions"]):
        assert Path(path).is_file()
    assert all(line["event"] in {"SORTIE", "ORDER", "RELEASE", "CUSTODY", "ALARM"} for line in demo.lines[:-1])


def test_refusal_and_diversion_say_why(demo: Any) -> None:
    """A code, the zone's name and hours, a remedy; the battery's figures and where the parcel is."""
    (refusal,) = demo.summary["refused"]
    assert refusal["code"] == "DROP_IN_ZONE"
    assert "'Old Town festival' (RIV-01)" in refusal["reason"]
    assert "08:00Z-20:00Z" in refusal["reason"]
    assert refusal["remedy"].startswith("Clear after 2026-06-15 20:05Z")
    (diversion,) = demo.summary["diverted"]
    assert re.search(r"landed at .+ with the parcel: battery holds \d+ Wh", diversion["reason"])


def test_the_independent_check_accepts_every_mission_of_the_demo(demo: Any, stork: Any) -> None:
    """`stork verify` of each `.plan` file: exit 0."""
    assert len(demo.summary["missions"]) == 6
    for mission in demo.summary["missions"]:
        verdict = stork("verify", mission, "--day", DAY, "--json")
        assert (verdict.code, verdict.json["ok"]) == (0, True), verdict.json["findings"]


def test_every_planned_order_has_a_record_and_every_delivery_its_evidence(demo: Any, demo_folder: Path) -> None:
    """Who, when, where, and how near the vehicle was seen; what the evidence is worth is said."""
    delivered = demo.ids("delivered")
    for order_id in (*delivered, *demo.ids("diverted")):
        record = json.loads((demo_folder / "deliveries" / f"{order_id}.json").read_text(encoding="utf-8"))
        assert record["order"] == order_id
        assert record["verdict"]["ok"]
        assert (demo_folder / record["mission"]["file"]).is_file()
        assert [entry["time"] for entry in record["timeline"]] == sorted(e["time"] for e in record["timeline"])
        if order_id in delivered:
            assert record["outcome"] == "delivered"
            assert record["release"]["distance_m"] <= 5.0
            assert (record["release"]["state"], record["release"]["grade"]) == ("RELEASED", "ACKNOWLEDGED")
            assert record["custody"][-1]["custodian"] == "RECIPIENT"
            assert record["took_off"] < record["landed"]
        else:
            assert record["release"] is None


def test_every_effect_of_the_demo_was_written_down_once(demo: Any) -> None:
    """The journal has no gap, one launch for each sortie, and every effect before its sortie's next state."""
    lines = [json.loads(line) for line in Path(demo.summary["journal"]).read_text(encoding="utf-8").splitlines()]
    assert [line["sequence"] for line in lines] == list(range(len(lines)))
    launched = [line["subject"] for line in lines if line.get("effect") == "launch"]
    assert len(launched) == len(set(launched)) == len(demo.summary["missions"])


def test_nothing_that_the_demo_started_outlives_it(demo: Any) -> None:
    """Neither the fleet nor the gateway."""
    assert demo.left == ()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_same_seed_gives_the_same_lists(demo: Any, stork_process: Any, tmp_path: Path) -> None:
    """Flown twice, every order ends alike."""
    again = stork_process("demo", "--headless", "--out", tmp_path / "again")
    assert {name: again.ids(name) for name in OUTCOMES} == {name: demo.ids(name) for name in OUTCOMES}
    digests = [
        [flight["digest"] for flight in json.loads((folder / "plan.json").read_text(encoding="utf-8"))["planned"]]
        for folder in (tmp_path / "again", Path(demo.summary["report"]).parent)
    ]
    assert digests[0] == digests[1]
