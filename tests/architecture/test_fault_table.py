"""docs/faults.md tells the truth: every test that it names is there and says so, and nothing covered is called open."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

CATALOGUE = {"L": 13, "V": 30, "A": 16, "O": 10, "S": 18, "X": 16}
"""Faults of link, vehicle, airspace, orders, system and security: how many each has (F-X15 does not exist)."""
INVARIANTS = 29


@pytest.fixture(scope="module")
def table() -> Any:
    """The module beside this file, which reads and writes the table."""
    path = Path(__file__).with_name("fault_table.py")
    spec = importlib.util.spec_from_file_location("fault_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    __import__("sys").modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_fault_and_invariant_has_one_row(table: Any) -> None:
    """No id is left out, none stands twice."""
    rows = [row.identifier for row in table.read_table(table.TABLE.read_text(encoding="utf-8"))]
    faults = {f"F-{kind}{n}" for kind, count in CATALOGUE.items() for n in range(1, count + 1)} - {"F-X15"}
    assert len(rows) == len(set(rows))
    assert set(rows) == faults | {f"I-{n}" for n in range(1, INVARIANTS + 1)}


def test_every_test_that_a_row_names_says_that_it_covers_it(table: Any) -> None:
    """A renamed or deleted test is found; `python tests/architecture/fault_table.py` writes the table anew."""
    covered = table.covering_tests()
    rows = table.read_table(table.TABLE.read_text(encoding="utf-8"))
    assert {
        row.identifier: gone for row in rows if (gone := sorted(set(row.tests) - set(covered[row.identifier])))
    } == {}


def test_nothing_that_a_test_covers_is_called_open(table: Any) -> None:
    """The table is written anew when the first test of an id is added."""
    covered = table.covering_tests()
    rows = table.read_table(table.TABLE.read_text(encoding="utf-8"))
    assert [row.identifier for row in rows if not row.tests and covered[row.identifier]] == []


def test_the_table_can_lie(table: Any) -> None:
    """The checks above bite: a row that names a test which does not exist reads as such."""
    line = "| F-A9 | a ring | `mission/test_none.py`: `test_nothing`, `test_more` |"
    (row,) = table.read_table(line)
    assert row.tests == ("mission/test_none.py::test_nothing", "mission/test_none.py::test_more")
    assert row.line() == line
    assert not set(row.tests) & set(table.covering_tests()["F-A9"])
