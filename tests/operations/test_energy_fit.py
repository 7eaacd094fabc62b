"""`stork energy fit`: measured flights in, a vehicle type's figures out."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mission.energy.fitting import MeasuredSpan
from mission.geodesy.distance import distance_m
from mission.model.fleet import PowerCurve
from mission.model.geo import GeoPoint
from operations.documents import FleetDocument
from operations.energy_fit_files import MeasuredRow, read_flights, write_flights
from operations.energy_fit_rows import Sample, cut

HEADER = "flight,empty_mass_kg,payload_kg,duration_s,distance_m,energy_wh\n"
TYPE = """
format = "stork.fleet/1"
vehicles = []
[[types]]
id = "quad"
max_payload_kg = 2.5
parcel_slots = 1
empty_mass_kg = 5.0
cruise_speed_m_s = 15.0
climb_speed_m_s = 3.0
descent_speed_m_s = 2.0
battery_wh = 400.0
hover_power_w = 700.0
"""


def flights(count: int) -> str:
    """Lines of flights at 700 W without load and 900 W with 2 kg."""
    lines = (
        f"f{n},5.0,{2.0 * (n % 2)},{100 + n},100,{(900.0 if n % 2 else 700.0) * (100 + n) / 3600.0:.4f}"
        for n in range(count)
    )
    return HEADER + "\n".join(lines) + "\n"


def test_what_it_prints_goes_into_the_fleet_file(stork: Any, tmp_path: Path) -> None:
    """The TOML lines, pasted below a type, are read as that type's curve."""
    (tmp_path / "flights.csv").write_text(flights(10))
    ended = stork("energy", "fit", tmp_path / "flights.csv", "--json")
    assert ended.code == 0
    assert (ended.json["flights"], ended.json["errors"]["mean"] < 0.01) == (10, True)
    fleet = FleetDocument.model_validate(tomllib.loads(TYPE + ended.json["toml"]))
    power = fleet.types[0].vehicle_type().power
    assert power.hover_power_w == pytest.approx(700.0, rel=0.01)
    assert power.fixed_share > 0.0


def test_a_fleet_of_old_and_cold_batteries_has_less_energy() -> None:
    """90 % of health at 0 °C: 400 · 0.9 · 0.86 Wh; a type that says nothing has all of it, and the cautious curve."""
    old = FleetDocument.model_validate(tomllib.loads(TYPE + "battery_health = 0.9\nbattery_temperature_c = 0.0\n"))
    assert old.types[0].vehicle_type().battery_wh == pytest.approx(309.6)
    plain = FleetDocument.model_validate(tomllib.loads(TYPE)).types[0].vehicle_type()
    assert (plain.battery_wh, plain.power) == (400.0, PowerCurve())


@pytest.mark.parametrize("wrong", ["fixed_share = 1.0", "idle_share = 2", "climb_efficiency = nan", "climb_eff = 0.7"])
def test_a_curve_that_no_vehicle_has_is_refused_in_the_fleet_file(wrong: str) -> None:
    """By its key."""
    with pytest.raises(ValidationError, match=wrong.split(maxsplit=1)[0]):
        FleetDocument.model_validate(tomllib.loads(f"{TYPE}[types.power]\n{wrong}\n"))


def test_people_are_told_parameters_errors_and_what_to_paste(stork: Any, tmp_path: Path) -> None:
    """A table, the error on unseen flights beside the linear rule, and what these flights do not tell."""
    (tmp_path / "flights.csv").write_text(flights(10))
    ended = stork("energy", "fit", tmp_path / "flights.csv")
    for text in ("hover_power_w", "5-fold", "linear in distance", "not told by these flights", "[types.power]"):
        assert text in ended.out


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        ("flight,payload_kg\n", "line 1", "column 'duration_s' is missing"),
        (HEADER.replace("\n", ",altitude\n"), "line 1", "unknown column 'altitude'"),
        (HEADER.replace("payload_kg", "flight"), "line 1", "column 'flight' is given twice"),
        (HEADER + "a,5,0,abc,10,1\n", "line 2, duration_s", "'abc' is not a number"),
        (HEADER + "a,5,0,10,10,nan\n", "line 2, energy_wh", "'nan' is not a number"),
        (HEADER + "a,5,-1,10,10,1\n", "line 2, payload_kg", "-1 is not 0 or more"),
        (HEADER + "a,5,0,0,10,1\n", "line 2, duration_s", "0 is not above 0"),
        (HEADER + "a,5,0,10\n", "line 2", "it has 4 cells, the header 6"),
        (HEADER + ",5,0,10,10,1\n", "line 2, flight", "it is empty"),
        (HEADER + "a,5,0,10,10,\n", "flight a", "no line of this flight says that anything was drawn"),
        (HEADER + "a,5,0,10,10,1\nb,6,0,10,10,1\n", "empty_mass_kg", "different empty masses: 5, 6 kg"),
        (HEADER, "file", "it has no flights"),
        ("", "line 1", "column 'flight' is missing"),
        (HEADER + "a,5,0,10,10,1\n" * 5, "flights", "flights: 1; 5 at least"),
    ],
)
def test_bad_data_is_named_with_its_place(stork: Any, tmp_path: Path, content: str, place: str, what: str) -> None:
    """Exit 2; the line and the column, what is wrong, and how to mend it."""
    (tmp_path / "flights.csv").write_text(content)
    ended = stork("energy", "fit", tmp_path / "flights.csv", "--json")
    assert ended.code == 2
    found = [(problem["place"], problem["what"]) for problem in ended.json["problems"]]
    assert any(at == place and what in said for at, said in found), found
    assert all(problem["mend"] for problem in ended.json["problems"])


def test_a_flight_that_drew_nothing_is_refused(stork: Any, tmp_path: Path) -> None:
    """No error relative to it could be told."""
    (tmp_path / "flights.csv").write_text(flights(9) + "zero,5,0,10,10,0\n")
    ended = stork("energy", "fit", tmp_path / "flights.csv", "--json")
    assert ended.code == 2
    assert ended.json["problems"][0]["place"] == "flight zero"


def test_of_several_types_one_is_chosen(stork: Any, tmp_path: Path) -> None:
    """Without --type the command asks; with it, only those flights count."""
    rows = flights(12).splitlines()
    mixed = [f"vehicle_type,{rows[0]}", *(f"{'big' if n >= 6 else 'small'},{row}" for n, row in enumerate(rows[1:]))]
    (tmp_path / "flights.csv").write_text("\n".join(mixed))
    unclear = stork("energy", "fit", tmp_path / "flights.csv", "--json")
    assert (unclear.code, "Choose one with --type" in unclear.json["problems"][0]["mend"]) == (2, True)
    assert stork("energy", "fit", tmp_path / "flights.csv", "--type", "big", "--json").json["flights"] == 6
    assert stork("energy", "fit", tmp_path / "flights.csv", "--type", "huge", "--json").code == 2


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """A reading that is missing stays missing."""
    spans = (
        MeasuredSpan("a", 1.5, 5.0, 60.0, 12.0, 0.0, None),
        MeasuredSpan("a", 1.5, 5.0, 0.0, 0.0, -10.0, 1.25),
        MeasuredSpan("b", 0.0, 5.5, 11.0, 2.0, 8.25, 0.0625),
        MeasuredSpan("b", 0.0, 4.0, 0.0, 0.0, 0.0, 0.0625, on_ground=True),
    )
    write_flights(tmp_path / "energy.csv", [MeasuredRow("quad", 5.0, span) for span in spans])
    read = read_flights([tmp_path / "energy.csv"])
    assert (read.name, read.empty_mass_kg, read.spans) == ("quad", 5.0, spans)


def test_flights_of_one_name_in_two_files_are_two_flights(tmp_path: Path) -> None:
    """Every day has a drone-1/1."""
    for name in ("monday.csv", "tuesday.csv"):
        (tmp_path / name).write_text(flights(3))
    read = read_flights([tmp_path / "monday.csv", tmp_path / "tuesday.csv"])
    assert len({span.flight for span in read.spans}) == 6


def test_a_flight_is_cut_where_its_load_changes_and_nothing_drawn_is_lost() -> None:
    """Samples each second, 12 m east each, a parcel leaves at 17 s, the meter is read every 4 s."""
    points = [GeoPoint(48.0, 15.0 + 0.00016 * n) for n in range(31)]
    samples = [
        Sample(float(n), points[n], 40.0, 2.0 if n < 17 else 0.0, 0.2 * n if n % 4 == 2 else float("nan"))
        for n in range(31)
    ]
    spans = list(cut("f", samples))
    assert sum(span.energy_wh or 0.0 for span in spans) == pytest.approx(0.2 * 28)
    assert sum(span.duration_s for span in spans) == pytest.approx(28.0)
    assert sum(span.distance_m for span in spans) == pytest.approx(distance_m(points[2], points[30]), rel=1e-6)
    assert {span.payload_kg for span in spans} == {2.0, 0.0}
    loaded_s = sum(span.duration_s for span in spans if span.payload_kg == 2.0)
    assert loaded_s == pytest.approx(17.0 - 2.0, abs=1.0)


def test_what_lies_on_the_ground_is_no_part_of_a_flight_in_the_air() -> None:
    """4 s of idling, then 20 s in the air: no span is half of each."""
    here = GeoPoint(48.0, 15.0)
    samples = [Sample(float(n), here, max(0.0, n - 4.0), 1.0, 0.2 * n, on_ground=n < 4) for n in range(25)]
    spans = list(cut("f", samples))
    assert sum(span.duration_s for span in spans if span.on_ground) == pytest.approx(4.0)
    assert all(span.climb_m == 0.0 for span in spans if span.on_ground)


def test_a_flight_whose_meter_was_never_read_gives_nothing() -> None:
    """Nor does one that was never seen."""
    assert not list(cut("f", []))
    samples = [Sample(float(n), GeoPoint(48.0, 15.0), 0.0, 0.0, float("nan")) for n in range(20)]
    assert not list(cut("f", samples))
