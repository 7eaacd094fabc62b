"""Measured flights as CSV: what `stork energy fit` reads and every flown day writes."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mission.energy.fitting import MeasuredSpan
from mission.errors import InputError, InputProblem
from operations.reading import read_bytes

REQUIRED: Final = ("flight", "empty_mass_kg", "payload_kg", "duration_s", "distance_m", "energy_wh")
OPTIONAL: Final = ("vehicle_type", "climb_m", "airspeed_m_s", "on_ground")
COLUMNS: Final = ("vehicle_type", "flight", *REQUIRED[1:5], "climb_m", "airspeed_m_s", "on_ground", "energy_wh")
PROBLEMS_TOLD: Final = 20
"""More than that of one file are cut: they are one mistake."""


@dataclass(frozen=True)
class MeasuredRow:
    """One row: a span of a flight, and what flew it; `vehicle_type` may be unknown ("")."""

    vehicle_type: str
    empty_mass_kg: float
    span: MeasuredSpan


@dataclass(frozen=True)
class MeasuredType:
    """All measured flights of one vehicle type; `name` is "" where the files name none."""

    name: str
    empty_mass_kg: float
    spans: tuple[MeasuredSpan, ...]


def read_flights(files: Sequence[Path], vehicle_type: str | None = None) -> MeasuredType:
    """Read the flights of one vehicle type. Flights of one name in two files are two flights.

    Raises:
        InputError: every broken cell with file and line; no rows; several types or masses and none chosen.
    """
    rows: list[MeasuredRow] = []
    problems: list[InputProblem] = []
    for number, file in enumerate(files):
        found, wrong = _read_file(file, f"{number}/" if len(files) > 1 else "")
        rows += found
        problems += wrong[:PROBLEMS_TOLD]
        if len(wrong) > PROBLEMS_TOLD:
            what = f"{len(wrong) - PROBLEMS_TOLD} more problems"
            problems.append(InputProblem(str(file), "further lines", what, "Mend those above first"))
    if problems:
        raise InputError(*problems)
    names = sorted({row.vehicle_type for row in rows})
    first = str(files[0])
    if vehicle_type is not None:
        if vehicle_type not in names:
            what = f"no flight of {vehicle_type!r}"
            raise InputError(InputProblem(first, "vehicle_type", what, f"Known: {', '.join(names) or 'none'}"))
        rows = [row for row in rows if row.vehicle_type == vehicle_type]
    elif len(names) > 1:
        what = f"flights of {len(names)} vehicle types: {', '.join(map(repr, names))}"
        raise InputError(InputProblem(first, "vehicle_type", what, "Choose one with --type"))
    if not rows:
        raise InputError(InputProblem(first, "file", "it has no flights", "Give one line for each flight or phase"))
    masses = sorted({row.empty_mass_kg for row in rows})
    if len(masses) > 1:
        what = f"one vehicle type with different empty masses: {', '.join(f'{mass:g}' for mass in masses)} kg"
        raise InputError(
            InputProblem(first, "empty_mass_kg", what, "Give each type one, and count all else as payload")
        )
    return MeasuredType(rows[0].vehicle_type, masses[0], tuple(row.span for row in rows))


def write_flights(path: Path, rows: Iterable[MeasuredRow]) -> None:
    """Write rows as `read_flights` reads them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            span = row.span
            numbers = (
                row.empty_mass_kg,
                span.payload_kg,
                span.duration_s,
                span.distance_m,
                span.climb_m,
                span.airspeed_m_s,
                float(span.on_ground),
                span.energy_wh,
            )
            texts = ("" if number is None else f"{number:.6g}" for number in numbers)
            writer.writerow((row.vehicle_type, span.flight, *texts))


def _read_file(file: Path, prefix: str) -> tuple[list[MeasuredRow], list[InputProblem]]:
    try:
        text = read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [InputProblem(str(file), f"byte {error.start}", "it is not UTF-8 text", "Save it as UTF-8")]
    lines = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(lines, [])]
    wrong = [
        *(
            InputProblem(str(file), "line 1", f"column {name!r} is missing", f"Columns: {', '.join(COLUMNS)}")
            for name in REQUIRED
            if name not in header
        ),
        *(
            InputProblem(str(file), "line 1", f"unknown column {name!r}", f"Columns: {', '.join(COLUMNS)}")
            for name in header
            if name not in COLUMNS
        ),
        *(
            InputProblem(str(file), "line 1", f"column {name!r} is given twice", "Drop one")
            for name in sorted({name for name in header if header.count(name) > 1})
        ),
    ]
    if wrong:
        return [], wrong
    rows = []
    while (cells := _next(lines)) is not None:
        place = f"line {lines.line_num}"
        if isinstance(cells, str):
            return [], [InputProblem(str(file), place, cells, "Mend the CSV there")]
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            what = f"it has {len(cells)} cells, the header {len(header)}"
            wrong.append(InputProblem(str(file), place, what, "Give every line as many as the header"))
            continue
        row = _Row(dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        measured = row.measured(prefix)
        wrong += [InputProblem(str(file), f"{place}, {name}", what, mend) for name, what, mend in row.wrong]
        if not row.wrong:
            rows.append(measured)
    return rows, wrong or _without_energy(file, rows)


def _next(lines: Iterable[list[str]]) -> list[str] | str | None:
    """The next line's cells, what is wrong with its syntax, or None at the end."""
    try:
        return next(iter(lines), None)
    except csv.Error as error:
        return str(error)


def _without_energy(file: Path, rows: Sequence[MeasuredRow]) -> list[InputProblem]:
    drawn_wh: dict[str, float] = {}
    for row in rows:
        drawn_wh[row.span.flight] = drawn_wh.get(row.span.flight, 0.0) + (row.span.energy_wh or 0.0)
    what = "no line of this flight says that anything was drawn"
    mend = "Give its energy in its last line at least, or drop the flight"
    return [
        InputProblem(str(file), f"flight {name.split('/', 1)[-1]}", what, mend)
        for name, energy_wh in drawn_wh.items()
        if energy_wh <= 0.0
    ]


class _Row:
    """Cells of one line being read; `wrong` gathers (column, what, how to mend)."""

    def __init__(self, cells: dict[str, str]) -> None:
        self._cells = cells
        self.wrong: list[tuple[str, str, str]] = []

    def measured(self, prefix: str) -> MeasuredRow:
        """The row; meaningless where `wrong` is not empty afterwards."""
        if not self._cells["flight"]:
            self.wrong.append(("flight", "it is empty", "Name the flight; lines of one flight share its name"))
        duration_s = self._number("duration_s", above=0.0)
        distance_m = self._number("distance_m")
        has_airspeed = bool(self._cells.get("airspeed_m_s"))
        energy = self._number("energy_wh") if self._cells["energy_wh"] else None
        span = MeasuredSpan(
            flight=prefix + self._cells["flight"],
            payload_kg=self._number("payload_kg"),
            duration_s=duration_s,
            distance_m=distance_m,
            airspeed_m_s=self._number("airspeed_m_s") if has_airspeed else distance_m / max(duration_s, 1e-9),
            climb_m=self._number("climb_m", at_least=-math.inf) if self._cells.get("climb_m") else 0.0,
            energy_wh=energy,
            on_ground=bool(self._cells.get("on_ground")) and self._number("on_ground") > 0.0,
        )
        return MeasuredRow(self._cells.get("vehicle_type", ""), self._number("empty_mass_kg", above=0.0), span)

    def _number(self, column: str, *, at_least: float = 0.0, above: float = -math.inf) -> float:
        text = self._cells[column]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.wrong.append((column, f"{text!r} is not a number", "Write a number with a decimal point"))
            return 1.0
        if value < at_least or not value > above:
            bound = "above 0" if above == 0.0 else "0 or more"
            self.wrong.append((column, f"{text} is not {bound}", "Correct the value; its unit is in the column's name"))
            return 1.0
        return value
