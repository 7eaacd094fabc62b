"""What all benchmarks share: figures with goals, the command line, a table for people and JSON lines for tools.

A benchmark is a module with a table of measurements and three lines::

    if __name__ == "__main__":
        sys.exit(run("Routes among zones", {"exactness": exactness, "scale": scale}))

Options: ``--json`` one object a line (figure, value, unit, goal, holds, peer), ``--only FIGURE`` (may be repeated),
``--quick`` smaller and rougher, ``--strict`` exit status 1 where a goal is missed.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        figure: what was measured.
        value: the number; None where it could not be measured, `peer` then says why.
        unit: its unit.
        goal: what it should be at most, or at least.
        at_least: whether more is better.
        peer: what it was compared with, or a remark.
    """

    figure: str
    value: float | None
    unit: str
    goal: float | None = None
    at_least: bool = False
    peer: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None without a goal or a value."""
        if self.goal is None or self.value is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def as_json(self) -> str:
        """One line of JSON."""
        columns = {
            "figure": self.figure,
            "value": self.value,
            "unit": self.unit,
            "goal": self.goal,
            "holds": self.holds,
            "peer": self.peer,
        }
        return json.dumps(columns, ensure_ascii=False)


Measurement = Callable[[bool], Iterable[Figure]]
"""Given whether to be quick, yields figures as they are measured."""


def run(title: str, measurements: Mapping[str, Measurement], arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for, print it, and return the exit status."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--only", action="append", choices=list(measurements), help="measure only this")
    parser.add_argument("--quick", action="store_true", help="smaller and rougher")
    parser.add_argument("--strict", action="store_true", help="exit status 1 where a goal is missed")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    for name in options.only or measurements:
        for figure in measurements[name](options.quick):
            figures.append(figure)
            if options.json:
                print(figure.as_json(), flush=True)
    if not options.json:
        _print_table(title, figures)
    return int(options.strict and any(figure.holds is False for figure in figures))


def processor_seconds(action: Callable[[], object], repeats: int = 3) -> float:
    """Return the least processor time of several runs: what other programs take is not counted."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.process_time()
        action()
        best = min(best, time.process_time() - begin)
    return best


def _print_table(title: str, figures: Sequence[Figure]) -> None:
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("goal", justify="right")
    table.add_column("holds")
    table.add_column("peer or remark")
    words = {True: "yes", False: "NO", None: ""}
    for figure in figures:
        goal = "" if figure.goal is None else f"{'≥' if figure.at_least else '≤'} {figure.goal:,.6g}"
        value = "–" if figure.value is None else f"{figure.value:,.4g}"
        table.add_row(escape(figure.figure), value, figure.unit, goal, words[figure.holds], escape(figure.peer))
    Console(width=None if Console().is_terminal else 150).print(table)
