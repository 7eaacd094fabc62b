"""The journal: in order, complete, on disk, and JSON whatever is written."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.journal import Journal, plain

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def no_constant(name: str) -> float:
    """Fail on what JSON does not have."""
    raise AssertionError(f"{name} is not JSON")


def test_lines_are_numbered_without_a_gap(tmp_path: Path) -> None:
    """A missing number is a lost line."""
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        for kind in ("report", "effect", "report"):
            journal.write(kind, NOW, {}, effect=kind == "effect")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["sequence"] for line in lines] == [0, 1, 2]
    assert [line["kind"] for line in lines] == ["report", "effect", "report"]
    assert {line["time"] for line in lines} == {"2026-06-15T09:00:00+00:00"}


def test_a_line_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    """Nothing waits in a buffer while the effect goes out."""
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.write("effect", NOW, {"effect": "launch"}, effect=True)
        assert json.loads(path.read_text(encoding="utf-8"))["effect"] == "launch"


def test_an_effect_is_forced_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written is not enough when the machine may stop: an effect is synchronised, a report need not be."""
    synchronised: list[int] = []
    monkeypatch.setattr("os.fsync", synchronised.append)
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.write("report", NOW, {})
        assert synchronised == []
        journal.write("effect", NOW, {}, effect=True)
        assert len(synchronised) == 1


def test_a_journal_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    """What was recorded stays recorded."""
    path = tmp_path / "journal.jsonl"
    path.write_text("mine\n", encoding="utf-8")
    with pytest.raises(FileExistsError):
        Journal(path)
    assert path.read_text(encoding="utf-8") == "mine\n"


@given(VALUES)
def test_whatever_is_written_is_json(value: object) -> None:
    """NaN and infinity become null; all else comes back as it was."""
    text = json.dumps(plain({"value": value}), ensure_ascii=False, allow_nan=False)
    assert "\n" not in text
    json.loads(text, parse_constant=no_constant)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_not_known_is_null(figure: float) -> None:
    """At any depth."""
    assert plain({"a": [figure, {"b": (figure, 1.5)}]}) == {"a": [None, {"b": [None, 1.5]}]}
