"""docs/faults.md: every fault and invariant, and the tests that say they cover it.

A test covers an id when its docstring or name says so (`F-L6`, `I-5`). Run this file to write the table anew after
tests were added: ``python tests/architecture/fault_table.py``.
"""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TABLE = CHECKOUT / "docs" / "faults.md"
IDENTIFIER = re.compile(r"\b(?:F-[ALOSVX]\d{1,2}|I-\d{1,2})\b")
ROW = re.compile(r"^\| (?P<id>[FI]-\w+) \| (?P<what>[^|]*) \| (?P<tests>[^|]*) \|$")
NOT_COVERED = "not covered"


@dataclass(frozen=True)
class Row:
    """One id: what it demands, and the tests named for it, as ``path::name`` from the tests' folder."""

    identifier: str
    what: str
    tests: tuple[str, ...]

    def line(self) -> str:
        """The row as Markdown."""
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in self.tests:
            path, name = test.split("::")
            by_file[path].append(name)
        cells = [f"`{path}`: {', '.join(f'`{name}`' for name in names)}" for path, names in by_file.items()]
        return f"| {self.identifier} | {self.what} | {'; '.join(cells) or NOT_COVERED} |"


def covering_tests() -> dict[str, list[str]]:
    """Return for each id the tests whose docstrings or names say that they cover it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((CHECKOUT / "tests").rglob("test_*.py")):
        place = path.relative_to(CHECKOUT / "tests").as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for identifier in sorted(set(IDENTIFIER.findall(ast.get_docstring(node) or ""))):
                    found[identifier].append(f"{place}::{node.name}")
    return found


def read_table(text: str) -> list[Row]:
    """Return the rows of the table."""
    rows = []
    for line in text.splitlines():
        match = ROW.match(line)
        if match:
            named = []
            for cell in match["tests"].split("; "):
                if cell == NOT_COVERED:
                    continue
                path, _, names = cell.partition(": ")
                named += [f"{path.strip('`')}::{name.strip('`')}" for name in names.split(", ")]
            rows.append(Row(match["id"], match["what"], tuple(named)))
    return rows


def renewed(text: str) -> str:
    """Return the page with the tests of every row as they are now; words and order stay."""
    covered = covering_tests()
    lines = []
    for line in text.splitlines():
        match = ROW.match(line)
        lines.append(Row(match["id"], match["what"], tuple(covered[match["id"]])).line() if match else line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(renewed(TABLE.read_text(encoding="utf-8")), encoding="utf-8")
