"""Broken input: exit 2, every problem with file, place, what is wrong and how to mend it, and nothing written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Spoil = Callable[[Any], None]


def spoilt_order(**changes: Any) -> Spoil:
    """Change the second order."""
    return lambda folder: folder.orders["orders"][1].update(changes)


def spoilt_drop(**changes: Any) -> Spoil:
    """Change the second order's drop."""
    return lambda folder: folder.orders["orders"][1]["drop"].update(changes)


def spoilt_vehicle(**changes: Any) -> Spoil:
    """Change the second vehicle."""
    return lambda folder: folder.fleet["vehicles"][1].update(changes)


def same_hardware(folder: Any) -> None:
    """Let two vehicles be one autopilot, spelt in two ways."""
    for vehicle, uid in zip(folder.fleet["vehicles"], ("aA" * 18, "Aa" * 18), strict=False):
        vehicle["hardware_uid"] = uid


def spoilt_policy(**changes: Any) -> Spoil:
    """Change the site's policy."""
    return lambda folder: folder.site["policy"].update(changes)


def spoilt_window(earliest: str, latest: str) -> Spoil:
    """Give the second order this window."""
    return spoilt_order(window={"earliest": earliest, "latest": latest})


def renamed(group: str, index: int, old: str, new: str) -> Spoil:
    """Write a key of one entry differently."""

    def spoil(folder: Any) -> None:
        document = {"orders": folder.orders, "vehicles": folder.fleet, "types": folder.fleet, "hubs": folder.site}
        entry = document[group][group][index]
        entry[new] = entry.pop(old)

    return spoil


def fault(**content: Any) -> Spoil:
    """Give the day's simulation one fault."""
    return lambda folder: folder.day.update(simulation={"faults": [content]})


CASES: dict[str, tuple[Spoil, str, str, str, str]] = {
    # what is spoilt: (how, file, place, what is told, how to mend it)
    "a key without its unit": (
        renamed("orders", 1, "mass_kg", "mass"), "orders.json", "orders[1].mass", "unknown key 'mass'", "'mass_kg'"
    ),
    "the key that is then missing": (
        renamed("orders", 1, "mass_kg", "mass"), "orders.json", "orders[1].mass_kg", "missing", "Add 'mass_kg'"
    ),
    "a misspelt key": (
        renamed("types", 0, "battery_wh", "batery_wh"), "fleet.json", "types[0].batery_wh", "unknown key",
        "'battery_wh'",
    ),
    "a key in another unit": (
        renamed("hubs", 0, "ground_amsl_m", "ground_amsl_ft"), "site.json", "hubs[0].ground_amsl_ft", "unknown key",
        "'ground_amsl_m'",
    ),
    "an unknown policy figure": (
        spoilt_policy(zone_clearance=20.0), "site.json", "policy.zone_clearance", "unknown key", "'zone_clearance_m'"
    ),
    "a number as text": (
        spoilt_order(mass_kg="1.0"), "orders.json", "orders[1].mass_kg", "'1.0' is text", "bare number"
    ),
    "a system id as text": (
        spoilt_vehicle(system_id="2"), "fleet.json", "vehicles[1].system_id", "'2' is text", "bare number"
    ),
    "a yes for a number": (
        spoilt_order(mass_kg=True), "orders.json", "orders[1].mass_kg", "True", "Correct"
    ),
    "a mass of nothing": (spoilt_order(mass_kg=0.0), "orders.json", "orders[1].mass_kg", "0.0", "Correct"),
    "a mass that is no number": (
        spoilt_order(mass_kg=float("nan")), "orders.json", "document", "NaN", "number"
    ),
    "latitude and longitude swapped": (
        spoilt_drop(latitude_deg=15.63, longitude_deg=48.40), "orders.json", "orders[1].drop",
        "km from the nearest hub", "swap them",
    ),
    "a drop on another continent": (
        spoilt_drop(latitude_deg=-33.0), "orders.json", "orders[1].drop", "km from the nearest hub", "plausible"
    ),
    "an alternate with its axes swapped": (
        lambda folder: folder.site["alternates"][0].update(latitude_deg=15.62, longitude_deg=48.4), "site.json",
        "alternates[0]", "km from the nearest hub", "swap them",
    ),
    "a latitude that does not exist": (
        spoilt_drop(latitude_deg=148.4), "orders.json", "orders[1].drop.latitude_deg", "148.4", "Correct"
    ),
    "an order id twice": (spoilt_order(id="A-1"), "orders.json", "orders[1].id", "already orders[0].id", "its own"),
    "an order id that is a path": (spoilt_order(id="../A-2"), "orders.json", "orders[1].id", "'../A-2'", "Correct"),
    "a vehicle id twice": (
        spoilt_vehicle(id="drone-1"), "fleet.json", "vehicles[1].id", "already vehicles[0].id", "its own"
    ),
    "a system id twice": (
        spoilt_vehicle(system_id=1), "fleet.json", "vehicles[1].system_id", "already vehicles[0].system_id", "its own"
    ),
    "a hub id twice": (
        lambda folder: folder.site["hubs"].append(folder.site["hubs"][0]), "site.json", "hubs[1].id",
        "already hubs[0].id", "its own",
    ),
    "an alternate id twice": (
        lambda folder: folder.site["alternates"].append(folder.site["alternates"][0]), "site.json", "alternates[1].id",
        "already alternates[0].id", "its own",
    ),
    "an unknown vehicle type": (
        spoilt_vehicle(type="qaud"), "fleet.json", "vehicles[1].type", "'qaud' is not known", "quad"
    ),
    "a hardware id that is none": (
        spoilt_vehicle(hardware_uid="0x12"), "fleet.json", "vehicles[1].hardware_uid", "0x12", "Correct"
    ),
    "one hardware id twice": (
        same_hardware, "fleet.json", "vehicles[1].hardware_uid", "already vehicles[0].hardware_uid", "its own",
    ),
    "an unknown hub": (spoilt_vehicle(hub="hbu"), "fleet.json", "vehicles[1].hub", "'hbu' is not known", "hub"),
    "a connection that is no URL": (
        spoilt_vehicle(connection_url="14540"), "fleet.json", "vehicles[1].connection_url", "14540", "Correct"
    ),
    "a window without a time zone": (
        spoilt_window("2026-06-15T09:00:00", "2026-06-15T10:00:00Z"), "orders.json", "orders[1].window.earliest",
        "no time zone", "offset",
    ),
    "a window that ends before it begins": (
        spoilt_window("2026-06-15T10:00:00Z", "2026-06-15T09:00:00Z"), "orders.json", "orders[1].window",
        "latest lies before earliest", "Swap",
    ),
    "a window that is no time": (
        spoilt_window("at nine", "2026-06-15T09:00:00Z"), "orders.json", "orders[1].window.earliest", "at nine",
        "Correct",
    ),
    "a start without a time zone": (
        lambda folder: folder.day.update(start="2026-06-15T09:00:00"), "day.json", "start", "no time zone", "offset"
    ),
    "a document of another kind": (
        lambda folder: folder.day.update(format="stork.site/1"), "day.json", "format", "stork.site/1", "Correct"
    ),
    "lowest ground above the highest": (
        lambda folder: folder.site.update(relief={"minimum_amsl_m": 200.0, "maximum_amsl_m": 100.0}), "site.json",
        "relief", "200", "Swap",
    ),
    "verified with more than planned": (
        spoilt_policy(verified_clearance_m=25.0), "site.json", "policy.verified_clearance_m", "more than", "Plan with"
    ),
    "a negative margin": (
        spoilt_policy(zone_clearance_m=-1.0), "site.json", "policy.zone_clearance_m", "-1.0", "Correct"
    ),
    "a reserve of 20 batteries": (
        spoilt_policy(reserve_fraction=20.0), "site.json", "policy.reserve_fraction", "20.0", "0.2"
    ),
    "a cruise above the legal height": (
        spoilt_policy(cruise_height_home_m=150.0), "site.json", "policy.cruise_height_home_m", "150", "max_height_agl_m"
    ),
    "a further height above the legal one": (
        spoilt_policy(further_cruise_heights_home_m=[80.0, 150.0]), "site.json",
        "policy.further_cruise_heights_home_m[1]", "150", "between the two",
    ),
    "a height that is text": (
        spoilt_policy(further_cruise_heights_home_m=["80"]), "site.json",
        "policy.further_cruise_heights_home_m[0]", "'80'", "bare number",
    ),
    "a release above the cruise": (
        spoilt_policy(release_height_home_m=50.0), "site.json", "policy.release_height_home_m", "50", "cruise_height"
    ),
    "a fault of an unknown kind": (
        fault(kind="gremlin"), "day.json", "simulation.faults[0].kind", "gremlin", "battery_drop"
    ),
    "a fault of an unknown vehicle": (
        fault(kind="silent", vehicle_id="drone-9"), "day.json", "simulation.faults[0].vehicle_id", "'drone-9'",
        "drone-1",
    ),
    "an order expected that is not asked": (
        lambda folder: folder.day.update(expected={"refused": ["A-9"]}), "day.json", "expected.refused", "'A-9'", "A-1"
    ),
    "a file that is not there": (
        lambda folder: folder.day.update(orders="order.json"), "order.json", "file", "does not exist", "orders.json"
    ),
    "a zone that cannot be placed": (
        lambda folder: folder.zones["features"].append(
            {"type": "Feature", "properties": {"id": "Z", "restriction": "PROHIBITED"}, "geometry": None}
        ),
        "zones.geojson", "features[0] (Z)", "geometry is null", "Polygon",
    ),
    "zones in other coordinates": (
        lambda folder: folder.zones.update(crs={"type": "name", "properties": {"name": "EPSG:31256"}}),
        "zones.geojson", "crs", "31256", "WGS84",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_problem_is_told_with_its_file_place_and_remedy(day_folder: Any, stork: Any, case: str) -> None:
    """A person can mend the document from the message alone; exit 2, and nothing is written."""
    spoil, file, place, what, mend = CASES[case]
    spoil(day_folder)
    ended = stork("plan", day_folder.write(), "--json", "--out", "out")
    assert ended.code == 2
    assert ended.json["error"] == "bad input"
    problems = ended.json["problems"]
    found = [p for p in problems if Path(p["file"]).name == file and p["place"] == place and what in p["what"]]
    assert found, problems
    assert mend in found[0]["mend"]
    assert all(all(p[key] for key in ("file", "place", "what", "mend")) for p in problems)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("command", ["plan", "fly", "sim fleet"])
def test_no_command_writes_or_starts_anything_for_broken_input(day_folder: Any, stork: Any, command: str) -> None:
    """Also a broken fault, which only flying needs, is found before a folder is made."""
    fault(kind="gremlin")(day_folder)
    flags = {"fly": ["--sim", "--headless"]}.get(command, [])
    ended = stork(*command.split(), day_folder.write(), *flags)
    assert ended.code == 2
    assert list(Path.cwd().iterdir()) == []


def test_a_person_reads_file_and_place_then_what_and_how_to_mend_it(day_folder: Any, stork: Any) -> None:
    """Without --json the problems go to standard error, in words."""
    spoilt_order(mass_kg="1.0")(day_folder)
    ended = stork("plan", day_folder.write())
    assert ended.code == 2
    assert ended.out == ""
    assert "orders.json: orders[1].mass_kg" in ended.err
    assert "'1.0' is text. Write a bare number" in ended.err


def test_all_problems_of_a_document_are_told_at_once(day_folder: Any, stork: Any) -> None:
    """Nobody has to mend ten faults in ten runs."""
    for order in day_folder.orders["orders"]:
        order["mass"] = order.pop("mass_kg")
    assert len(stork("plan", day_folder.write(), "--json").json["problems"]) == 4


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("orders.json", '{"format": "stork.orders/1", "orders": [}', "line 1 column 41"),
        ("orders.json", "", "line 1 column 1"),
        ("orders.json", "[" * 100_000, "document"),
        ("orders.json", '{"format": "stork.orders/1", "orders": [], "orders": []}', "document"),
        ("orders.json", '{"format": "stork.orders/1", "orders": ' + "9" * 5000 + "}", "document"),
        ("orders.json", b"\xff\xff", "byte 0"),
        ("zones.geojson", '{"type": "FeatureCollection", ', ""),
        ("zones.geojson", "not a zone document", "document"),
    ],
)
def test_broken_syntax_is_told_with_its_place(
    day_folder: Any, stork: Any, name: str, content: str | bytes, place: str
) -> None:
    """Malformed documents are told apart from wrong ones; none ends in a traceback."""
    day = day_folder.write()
    (day.parent / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    ended = stork("plan", day, "--json")
    assert ended.code == 2
    (problem,) = ended.json["problems"]
    assert Path(problem["file"]).name == name
    assert place in problem["place"]


def test_broken_toml_is_told_with_its_place(day_folder: Any, stork: Any) -> None:
    """The line and column are in the message."""
    day = day_folder.write().with_name("day.toml")
    day.write_text('format = "stork.day/1"\nname = \n', encoding="utf-8")
    (problem,) = stork("plan", day, "--json").json["problems"]
    assert problem["place"] == "syntax"
    assert "line 2" in problem["what"]


def test_a_near_name_is_suggested_for_a_missing_file(day_folder: Any, stork: Any) -> None:
    """The path that was probably meant stands in the message."""
    day = day_folder.write()
    (problem,) = stork("plan", day.with_name("dya.json"), "--json").json["problems"]
    assert str(day) in problem["mend"]


def test_a_folder_or_another_kind_of_file_is_no_document(day_folder: Any, stork: Any) -> None:
    """A folder cannot be read; a .yaml is not guessed at."""
    day = day_folder.write()
    other = day.with_name("day.yaml")
    other.write_text("format: stork.day/1\n", encoding="utf-8")
    for path in (day.parent, other):
        ended = stork("plan", path, "--json")
        assert ended.code == 2
        assert ended.json["problems"][0]["file"] == str(path)


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["--at", "tomorrow"], "--at"),
        (["--at", "2026-06-15T09:00:00"], "--at"),
        (["--out", "here.txt"], "--out"),
        (["--out", "here.txt/below"], "--out"),
        (["--zones", "no.geojson"], "file"),
        (["--orders", "no.json"], "file"),
    ],
)
def test_a_broken_argument_is_bad_input_too(day_folder: Any, stork: Any, arguments: list[str], place: str) -> None:
    """Times without a zone, folders that hold something, files that are absent."""
    Path("here.txt").write_text("mine", encoding="utf-8")
    ended = stork("plan", day_folder.write(), "--json", *arguments)
    assert ended.code == 2
    assert ended.json["problems"][0]["place"] == place
    assert Path("here.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("flags", [["--sim", "--px4"], ["--speed", "5"]])
def test_flags_that_contradict_each_other_are_bad_input(day_folder: Any, stork: Any, flags: list[str]) -> None:
    """Simulated and real at once, or real vehicles faster than real time."""
    ended = stork("fly", day_folder.write(), "--json", *flags)
    assert ended.code == 2
    assert ended.json["problems"][0]["file"] == "<argument>"


def test_a_broken_ring_is_reported_and_restricts_no_less(day_folder: Any, stork: Any, tmp_path: Path) -> None:
    """A bow tie is never dropped: a drop in either of its halves is refused, and the report says why."""
    day_folder.zone("Z-1", [(0.003, -0.003), (0.003, 0.003), (0.007, -0.003), (0.007, 0.003)])
    day = day_folder.write()
    checked = stork("zones", "check", day.parent / "zones.geojson", "--json").json
    assert checked["outcomes"] == {"REJECTED": 1}
    assert checked["features"][0]["reasons"]
    for latitude_deg in (48.4036, 48.4064):
        day_folder.orders["orders"][0]["drop"]["latitude_deg"] = latitude_deg
        ended = stork("plan", day_folder.write(), "--json", "--out", tmp_path / f"out{latitude_deg}")
        assert [(refusal["order"], refusal["code"]) for refusal in ended.json["refused"]] == [("A-1", "DROP_IN_ZONE")]


def test_an_unwritten_json_document_still_ends_in_one_json_object(day_folder: Any, stork: Any) -> None:
    """Programs read the last line, whatever happened."""
    ended = stork("plan", day_folder.write(), "--json", "--out", "out")
    assert ended.code == 0
    assert json.loads(Path("out/plan.json").read_text(encoding="utf-8")) == ended.json
