"""The table of all differences, as the documentation holds it: what it says is what the comparison finds.

A row is one difference, in however many recordings it shows; its last cell says why it is there, and people write it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mission.errors import InputError, InputProblem
from sim.fidelity.cases import CASES, Case
from sim.fidelity.compare import Difference, compare
from sim.fidelity.observed import observe
from sim.fidelity.recording import read_recording
from sim.fidelity.replay import replay

RECORDING_FILE = "trace.tlog.gz"
HEADER = ("| difference | PX4 | simulated | recordings | why |", "|---|---|---|---|---|")
COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `px4` and `simulated` are of the first of the recordings."""

    subject: str
    px4: str
    simulated: str
    recordings: str
    why: str = ""

    @property
    def found(self) -> tuple[str, str, str, str]:
        """All but the reason: what a comparison finds."""
        return self.subject, self.px4, self.simulated, self.recordings

    def as_markdown(self) -> str:
        """The line."""
        return f"| {' | '.join((*self.found, self.why))} |"


def differences_of(case: Case, folder: Path) -> list[Difference]:
    """Replay one recording below `folder` and compare.

    Raises:
        InputError: the recording cannot be read.
    """
    packets = list(read_recording(folder / case.name / RECORDING_FILE))
    duration_s = packets[-1].time_s if packets else 0.0
    real, simulated = replay(case, packets)
    return list(compare(observe(real, duration_s), observe(simulated, duration_s), case.number))


def all_differences(folder: Path) -> list[Difference]:
    """The differences of every recording below `folder`."""
    return [difference for case in CASES for difference in differences_of(case, folder)]


def rows_of(differences: Iterable[Difference]) -> list[Row]:
    """One row for each difference. Streams and steps are the same whatever their figures; all else when it is equal."""
    grouped: dict[tuple[str, ...], list[Difference]] = {}
    for difference in differences:
        is_measured = difference.subject.startswith("stream ") or " → " in difference.subject
        cells = (difference.subject, difference.px4, difference.simulated)
        grouped.setdefault(cells[:1] if is_measured else cells, []).append(difference)
    rows = []
    for group in grouped.values():
        first, recordings = group[0], dict.fromkeys(difference.recording for difference in group)
        rows.append(Row(_cell(first.subject), _cell(first.px4), _cell(first.simulated), ", ".join(recordings)))
    return sorted(rows, key=lambda row: (row.subject.startswith("stream "), row.found))


def read_table(document: str, name: str) -> list[Row]:
    """The rows of the table in a document.

    Raises:
        InputError: the document has no such table, or a row with other than five cells.
    """
    lines = document.splitlines()
    begin, end = _table_lines(lines, name)
    rows = []
    for number in range(begin, end):
        cells = [cell.strip() for cell in lines[number].strip().strip("|").split(" | ")]
        if len(cells) == COLUMNS - 1 and lines[number].endswith("|  |"):
            cells.append("")
        if len(cells) != COLUMNS:
            problem = InputProblem(name, f"line {number + 1}", f"{len(cells)} cells", f"Give {COLUMNS}.")
            raise InputError(problem)
        rows.append(Row(*cells))
    return rows


def with_table(document: str, rows: Sequence[Row], name: str) -> str:
    """The document with `rows` for its table; the reasons of rows that stay are kept.

    Raises:
        InputError: see `read_table`.
    """
    old = read_table(document, name)
    exact = {row.found: row.why for row in old}
    by_subject = {row.subject: row.why for row in old}
    lines = document.splitlines()
    begin, end = _table_lines(lines, name)
    kept = [Row(*row.found, exact.get(row.found) or by_subject.get(row.subject, "")) for row in rows]
    return "\n".join([*lines[:begin], *(row.as_markdown() for row in kept), *lines[end:]]) + "\n"


def _table_lines(lines: Sequence[str], name: str) -> tuple[int, int]:
    """First line and line after the last of the table's rows, counted from 0."""
    for number in range(len(lines) - 1):
        if tuple(lines[number : number + 2]) == HEADER:
            begin = end = number + 2
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            return begin, end
    raise InputError(InputProblem(name, "table", f"no table that begins with {HEADER[0]}", "Add its two head lines."))


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
