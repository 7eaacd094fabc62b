"""The simulated vehicle against recordings of a real PX4 v1.16.1: same client frames in, same answers out."""

import random
from pathlib import Path

import pytest

from sim.fidelity.cases import CASES
from sim.fidelity.compare import Difference
from sim.fidelity.table import differences_of, read_table, rows_of

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize("number", [case.number for case in CASES])
def test_every_transfer_and_acknowledgement_is_px4s(differences: list[Difference], number: str) -> None:
    """Requests, items, counts and ACKs come in PX4's order with PX4's fields and plan ids, in every recording."""
    assert [d for d in differences if d.subject.startswith("transfers") and d.recording == number] == []


def test_the_documentation_lists_every_difference_and_no_other(differences: list[Difference], document: Path) -> None:
    """`docs/fidelity.md` says what the comparison finds, no more, no less; `--update` brings it into step."""
    listed = read_table(document.read_text(encoding="utf-8"), str(document))
    assert [row.found for row in listed] == [row.found for row in rows_of(differences)]


def test_every_difference_has_its_reason(document: Path) -> None:
    """No row of the table leaves open why it is there."""
    listed = read_table(document.read_text(encoding="utf-8"), str(document))
    assert [row.subject for row in listed if not row.why] == []


def test_a_recording_gives_the_same_differences_every_time(differences: list[Difference], recordings: Path) -> None:
    """Replays follow from the recording alone: no clock and no hidden randomness is in them."""
    case = random.choice(CASES)
    assert differences_of(case, recordings) == [d for d in differences if d.recording == case.number]
