"""Energy: how well models meet flights that were logged, and plans meet flights that are flown in the simulator.

`logged` reads the records of a public data set, 1,004 deliveries by two multicopters of one kind with 0 to 10 kg,
`Drone_energy_dataset/*/flightRecord.xlsx` of github.com/cuishiya/Drone-routing-with-energy-function. It is not
redistributed: STORK_LOGGED_FLIGHTS names the folder that holds those sub-folders; without it the figures say so.

`flown` makes up a day of a hundred deliveries with the bundled demo's vehicle type, site and zones, flies it with
`stork fly --sim`, and holds what each delivery drew against its plan. The simulated vehicles' own electrical physics
share no code with the planner; its figures were fitted to such days, of other orders (docs/energy.md).
"""

import csv
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import numpy as np

from benchmarks.harness import Figure, run
from mission.energy.fitting import MeasuredSpan, fit_power_curve
from operations.configs import configs_folder

LOGGED = "STORK_LOGGED_FLIGHTS"
EMPTY_KG = 20.0
"""The data set does not tell the empty mass. Any does: hover power and fixed share are fitted to the sum."""
NAMES = {"Start Time", "End Time", "Distance (m)", "Battery Used (kWh)", "Payload (kg)"}
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

VEHICLES = 10
SPEED_FACTOR = 25
HUB = (48.40, 15.62)
REACH_M = (400.0, 2300.0)
METRES_PER_DEGREE = 111_195.0


def logged(quick: bool) -> Iterator[Figure]:
    """Five-fold error per flight on the logged deliveries, beside the linear rule."""
    del quick  # it takes a second
    folder = os.environ.get(LOGGED)
    if not folder:
        yield Figure("mean error on logged flights", None, "%", 5.5, peer=f"{LOGGED} is not set")
        return
    spans = [span for file in sorted(Path(folder).glob("UAS*/flightRecord.xlsx")) for span in logged_flights(file)]
    fit = fit_power_curve(spans, EMPTY_KG)
    linear = f"linear in distance and load {100.0 * fit.linear.mean:.1f} %"
    yield Figure("flights logged", fit.flights, "")
    yield Figure("mean error on logged flights", 100.0 * fit.errors.mean, "%", 5.5, peer=linear)
    yield Figure("95 of 100 logged flights within", 100.0 * fit.errors.p95, "%")
    yield Figure("logged flight most beyond prediction", 100.0 * fit.errors.worst_short, "%")


def logged_flights(file: Path) -> Iterator[MeasuredSpan]:
    """Every record that has a duration, a distance and an energy."""
    header, *rows = _cells(file)
    column = {name: letter for letter, name in header.items() if name in NAMES}
    for number, row in enumerate(rows):
        begin, end = (datetime.fromisoformat(row[column[name]]) for name in ("Start Time", "End Time"))
        duration_s = (end - begin).total_seconds()
        distance_m, drawn_kwh = (float(row[column[name]] or 0.0) for name in ("Distance (m)", "Battery Used (kWh)"))
        if duration_s > 0.0 and distance_m > 0.0 and drawn_kwh > 0.0:
            load_kg = float(row.get(column["Payload (kg)"]) or 0.0)
            flight = f"{file.parent.name}/{number}"
            speed_m_s = distance_m / duration_s
            yield MeasuredSpan(flight, load_kg, duration_s, distance_m, speed_m_s, 0.0, 1000.0 * drawn_kwh)


def _cells(file: Path) -> list[dict[str, str]]:
    """The first sheet: for each row, text by column letter."""
    with ZipFile(file) as archive:
        shared: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            strings = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
            shared = ["".join(part.text or "" for part in item.iter(f"{SHEET}t")) for item in strings]
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    return [
        {cell.get("r", "").rstrip("0123456789"): _text(cell, shared) for cell in row}
        for row in sheet.iter(f"{SHEET}row")
    ]


def _text(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{SHEET}t"))
    value = cell.findtext(f"{SHEET}v") or ""
    return shared[int(value)] if cell.get("t") == "s" else value


def flown(quick: bool) -> Iterator[Figure]:
    """Planned against drawn energy of every delivery of a day in the simulator, in still air."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        day = made_up_day(folder / "day", deliveries=10 if quick else 100, seed=2026)
        errors = fly(day, folder / "out")
    remark = "planned over drawn, own physics, still air"
    sizes = np.abs(errors)
    yield Figure("deliveries flown", len(errors), "")
    yield Figure("largest error of a delivery", 100.0 * float(sizes.max()), "%", 10.0, peer=remark)
    yield Figure("mean error of a delivery", 100.0 * float(sizes.mean()), "%")
    yield Figure("most that a delivery drew beyond its plan", 100.0 * max(float(-errors.min()), 0.0), "%")


def made_up_day(folder: Path, deliveries: int, seed: int) -> Path:
    """Write a day of deliveries around the demo's hub; return its document."""
    folder.mkdir(parents=True)
    demo = configs_folder() / "demo"
    for file in ("site.toml", "zones.geojson"):
        shutil.copy(demo / file, folder / file)
    types = (demo / "fleet.toml").read_text(encoding="utf-8").split("[[vehicles]]")[0]
    kind = tomllib.loads(types)["types"][0]["id"]
    vehicles = "".join(
        f'[[vehicles]]\nid = "drone-{n}"\ntype = "{kind}"\nhub = "hub-river"\nsystem_id = {n}\n'
        f'connection_url = "udpin://127.0.0.1:{14540 + n}"\n\n'
        for n in range(1, VEHICLES + 1)
    )
    (folder / "fleet.toml").write_text(types + vehicles, encoding="utf-8")
    dice = random.Random(seed)
    orders = [
        {"id": f"O-{n:03d}", "mass_kg": round(dice.uniform(0.1, 2.5), 2), "drop": _drop(dice)}
        for n in range(deliveries)
    ]
    listing = {"format": "stork.orders/1", "orders": orders}
    (folder / "orders.json").write_text(json.dumps(listing), encoding="utf-8")
    day = folder / "day.toml"
    day.write_text(
        'format = "stork.day/1"\nname = "Deliveries by the hundred"\nsite = "site.toml"\nfleet = "fleet.toml"\n'
        'orders = "orders.json"\nzones = ["zones.geojson"]\nstart = 2026-06-15T09:00:00Z\noperating_hours = 4\n'
        f"[simulation]\nseed = {seed}\nspeed_factor = {SPEED_FACTOR}\n",
        encoding="utf-8",
    )
    return day


def _drop(dice: random.Random) -> dict[str, float]:
    distance_m, bearing_rad = dice.uniform(*REACH_M), dice.uniform(0.0, math.tau)
    north = distance_m * math.cos(bearing_rad) / METRES_PER_DEGREE
    east = distance_m * math.sin(bearing_rad) / METRES_PER_DEGREE / math.cos(math.radians(HUB[0]))
    return {"latitude_deg": round(HUB[0] + north, 6), "longitude_deg": round(HUB[1] + east, 6)}


def fly(day: Path, out: Path) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Fly a day; return planned over drawn energy less 1 of every delivery."""
    command = [sys.executable, "-m", "operations", "fly", str(day), "--sim", "--headless", "--json", "--out", str(out)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # refused orders are no failure here
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    delivered = {order["order"] for order in summary["delivered"]}
    plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))["planned"]
    drawn_wh: dict[str, float] = defaultdict(float)
    with (out / "energy.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            drawn_wh[row["flight"]] += float(row["energy_wh"] or 0.0)
    return np.array(
        [
            flight["energy_wh"] / drawn_wh[flight["sortie"]] - 1.0
            for flight in plan
            if all(order["order"] in delivered for order in flight["orders"])
        ]
    )


if __name__ == "__main__":
    sys.exit(run("Energy", {"logged": logged, "flown": flown}))
