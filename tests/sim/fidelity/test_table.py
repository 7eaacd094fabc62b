"""The table of differences: rows from differences, and the document that holds them."""

import pytest

from mission.errors import InputError
from sim.fidelity.compare import Difference
from sim.fidelity.table import HEADER, Row, read_table, rows_of, with_table

DOCUMENT = "\n".join(["# Title", "", *HEADER, "| modes | a | b | 01 | because |", "", "end", ""])


def test_a_stream_that_differs_in_several_recordings_is_one_row() -> None:
    """Its figures are the first recording's; the others are named."""
    differences = [
        Difference("stream PING", "1 Hz", "–", "01"),
        Difference("stream PING", "0.98 Hz", "–", "02"),
        Difference("texts", "a", "–", "01"),
        Difference("texts", "b", "–", "02"),
    ]
    assert rows_of(differences) == [
        Row("texts", "a", "–", "01"),
        Row("texts", "b", "–", "02"),
        Row("stream PING", "1 Hz", "–", "01, 02"),
    ]


def test_updating_keeps_reasons_and_everything_around_the_table() -> None:
    """A row that stays keeps its reason, also with other figures; a new one has none yet; one that is gone is gone."""
    updated = with_table(DOCUMENT, [Row("modes", "a", "c", "01"), Row("texts", "x", "–", "02")], "page")
    assert read_table(updated, "page") == [Row("modes", "a", "c", "01", "because"), Row("texts", "x", "–", "02", "")]
    assert updated.startswith("# Title\n")
    assert updated.endswith("\nend\n")
    assert with_table(updated, [Row("modes", "a", "b", "01")], "page") == DOCUMENT


def test_a_document_without_the_table_or_with_a_broken_row_is_refused() -> None:
    """The error names the document, the line and what to do."""
    with pytest.raises(InputError, match=r"page.*table"):
        read_table("# Title\n", "page")
    with pytest.raises(InputError, match="line 5"):
        read_table(DOCUMENT.replace("| because ", ""), "page")
