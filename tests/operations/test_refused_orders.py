"""Orders that cannot be served are results: a code, a reason and a remedy each, and the others are planned."""

from pathlib import Path
from typing import Any

import pytest

PAST = {"earliest": "2026-06-15T07:00:00Z", "latest": "2026-06-15T08:00:00Z"}


def refused(ended: Any) -> dict[str, dict[str, Any]]:
    """Refusals by order."""
    return {refusal["order"]: refusal for refusal in ended.json["refused"]}


def planned(ended: Any) -> set[str]:
    """Orders that are in some sortie."""
    return {order["order"] for sortie in ended.json["planned"] for order in sortie["orders"]}


def plan(stork: Any, folder: Any, *more: str) -> Any:
    """Plan the folder's day into ``out``."""
    return stork("plan", folder.write(), "--json", "--out", "out", *more)


def test_a_day_that_can_be_served_is_done(day_folder: Any, stork: Any) -> None:
    """Exit 0, nothing refused, a `.plan` file for each sortie."""
    ended = plan(stork, day_folder)
    assert (ended.code, planned(ended), refused(ended)) == (0, {"A-1", "A-2"}, {})
    assert all(Path(sortie["mission"]).is_file() for sortie in ended.json["planned"])
    assert all(sortie["heights_home_m"] == [40.0] for sortie in ended.json["planned"])


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        ({"mass_kg": 9.0}, "OVERWEIGHT", ("9.000 kg", "2.500 kg")),
        ({"window": PAST}, "WINDOW_PAST", ("08:00",)),
        ({"drop": {"latitude_deg": 48.9, "longitude_deg": 15.62}}, "OUT_OF_RANGE", ("km",)),
        (
            {"drop": {"latitude_deg": 48.405, "longitude_deg": 15.625, "method": "LAND"}},
            "METHOD_UNSUPPORTED",
            ("LAND",),
        ),
        ({"window": {"earliest": "2026-06-15T09:00:00Z", "latest": "2026-06-15T09:00:20Z"}}, "WINDOW_UNREACHABLE", ()),
    ],
)
def test_what_no_vehicle_can_do_is_refused_and_the_rest_is_planned(
    day_folder: Any, stork: Any, order: dict[str, Any], code: str, words: tuple[str, ...]
) -> None:
    """Exit 1; the reason has the figures, the remedy says what would help."""
    day_folder.order("A-3", 0.003, 0.003)
    day_folder.orders["orders"][-1].update(order)
    ended = plan(stork, day_folder)
    assert ended.code == 1
    assert planned(ended) == {"A-1", "A-2"}
    refusal = refused(ended)["A-3"]
    assert refusal["code"] == code
    assert all(word in refusal["reason"] for word in words), refusal["reason"]
    assert refusal["remedy"]


def test_an_empty_fleet_refuses_every_order(day_folder: Any, stork: Any) -> None:
    """No vehicle is a reason, not a crash."""
    day_folder.fleet["vehicles"] = []
    ended = plan(stork, day_folder)
    assert ended.code == 1
    assert {refusal["code"] for refusal in refused(ended).values()} == {"NO_VEHICLE"}
    assert set(refused(ended)) == {"A-1", "A-2"}


def test_a_day_without_orders_is_done(day_folder: Any, stork: Any) -> None:
    """Nothing asked, nothing refused."""
    day_folder.orders["orders"] = []
    ended = plan(stork, day_folder)
    assert (ended.code, ended.json["planned"], ended.json["refused"]) == (0, [], [])


def test_a_hub_inside_a_zone_refuses_every_order_and_names_the_zone(
    day_folder: Any, stork: Any, zone_square: Any
) -> None:
    """Nothing takes off where nothing may."""
    day_folder.zone("Z-1", zone_square(0.0, 0.0))
    ended = plan(stork, day_folder)
    assert ended.code == 1
    assert set(refused(ended)) == {"A-1", "A-2"}
    for refusal in refused(ended).values():
        assert refusal["code"] == "HUB_IN_ZONE"
        assert refusal["zones"] == ["Z-1"]
        assert "Hub" in refusal["reason"]


def test_a_drop_in_a_prohibited_zone_is_refused_with_its_name_and_hours(
    day_folder: Any, stork: Any, zone_square: Any
) -> None:
    """The reason says which zone, how it restricts and when; the remedy when it is over."""
    hours = [{"permanent": "NO", "startDateTime": "2026-06-15T08:00:00Z", "endDateTime": "2026-06-15T17:30:00Z"}]
    day_folder.zone("Z-1", zone_square(0.005, 0.0), name="Fair", applicability=hours)
    ended = plan(stork, day_folder)
    assert (ended.code, planned(ended)) == (1, {"A-2"})
    refusal = refused(ended)["A-1"]
    assert refusal["code"] == "DROP_IN_ZONE"
    assert "prohibited zone 'Fair' (Z-1)" in refusal["reason"]
    assert "08:00" in refusal["reason"]
    assert "17:30" in refusal["reason"]
    assert "17:35" in refusal["remedy"], "the margin in time counts"


def test_a_drop_closer_to_a_zone_than_the_clearance_is_refused_with_the_distance(
    day_folder: Any, stork: Any, zone_square: Any
) -> None:
    """Beside a zone is not outside it: the policy's clearance is kept at the drop as well."""
    day_folder.zone("Z-1", zone_square(0.00613, 0.0))
    refusal = refused(plan(stork, day_folder))["A-1"]
    assert refusal["code"] == "DROP_IN_ZONE"
    assert "14 m from" in refusal["reason"]
    assert "20 m are kept" in refusal["reason"]


def test_a_drop_that_zones_enclose_is_refused_with_the_zones_that_close_it_off(day_folder: Any, stork: Any) -> None:
    """Free ground inside a closed ring of zones cannot be reached."""
    walls = {"N": (0.008, 0.0), "S": (0.002, 0.0), "E": (0.005, 0.004), "W": (0.005, -0.004)}
    for name, (north, east) in walls.items():
        tall, wide = (0.0005, 0.005) if name in "NS" else (0.0035, 0.0005)
        ring = [(north - tall, east - wide), (north - tall, east + wide)]
        ring += [(north + tall, east + wide), (north + tall, east - wide)]
        day_folder.zone(f"WALL-{name}", ring)
    ended = plan(stork, day_folder)
    assert (ended.code, planned(ended)) == (1, {"A-2"})
    refusal = refused(ended)["A-1"]
    assert refusal["code"] == "NO_ROUTE"
    assert refusal["zones"]
    assert set(refusal["zones"]) <= {f"WALL-{name}" for name in "NSEW"}
    assert refusal["zones"][0] in refusal["reason"]


def test_the_table_names_code_reason_and_remedy_for_people(day_folder: Any, stork: Any) -> None:
    """Without --json the same refusal is words."""
    day_folder.order("A-3", 0.003, 0.003, mass_kg=9.0)
    ended = stork("plan", day_folder.write(), "--out", "out")
    assert ended.code == 1
    assert "A-3 refused, OVERWEIGHT: The parcel's mass is 9.000 kg" in ended.out.replace("\n", " ")
    assert ".." not in ended.out


def test_planning_again_into_the_same_folder_overwrites_nothing(day_folder: Any, stork: Any) -> None:
    """A folder that holds something is never written into."""
    plan(stork, day_folder)
    before = {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()}
    ended = plan(stork, day_folder)
    assert ended.code == 2
    assert {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()} == before


def test_every_plan_file_is_accepted_by_the_independent_check(day_folder: Any, stork: Any, zone_square: Any) -> None:
    """`stork verify` takes what `stork plan` wrote, and refuses it once a zone stands in its way or in its fence."""
    day = day_folder.write()
    ended = plan(stork, day_folder)
    missions = [sortie["mission"] for sortie in ended.json["planned"]]
    for mission in missions:
        verdict = stork("verify", mission, "--day", day, "--json")
        assert (verdict.code, verdict.json["ok"]) == (0, True), verdict.json["findings"]
        assert verdict.json["smallest_clearance_m"] is None, "no zone binds: null, not infinity"
    day_folder.zone("Z-9", zone_square(0.0025, 0.0, 0.0005))
    day_folder.write()
    verdicts = [stork("verify", mission, "--day", day, "--json") for mission in missions]
    codes = [{(f["code"], f["zone"]) for f in verdict.json["findings"]} for verdict in verdicts]
    assert [verdict.code for verdict in verdicts] == [1, 1]
    assert sum(("ZONE_ENTERED", "Z-9") in found for found in codes) == 1
    assert sum(("FENCE_MISSES_ZONE", "Z-9") in found for found in codes) == 1


@pytest.mark.parametrize("content", ["", "{}", '{"fileType": "Plan"}', "[1, 2]", "\x00"])
def test_verifying_what_is_no_plan_is_bad_input(day_folder: Any, stork: Any, content: str) -> None:
    """A broken file is told apart from a bad mission."""
    day = day_folder.write()
    Path("broken.plan").write_text(content, encoding="utf-8")
    ended = stork("verify", "broken.plan", "--day", day, "--json")
    assert ended.code == 2
    assert ended.json["problems"][0]["file"] == "broken.plan"
