"""The state tables of orders and sorties: complete, absorbing at their ends, and drawn as they are."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from mission.dispatch.custody import CUSTODY_TABLE, Custodian, CustodyEvent
from mission.dispatch.order_state import ORDER_TABLE, OrderEvent, OrderState
from mission.dispatch.release_state import RELEASE_TABLE, ReleaseEvent, ReleaseState
from mission.dispatch.sortie_state import SORTIE_TABLE, SortieEvent, SortieState
from mission.dispatch.transition import mermaid, next_state
from mission.errors import InvariantError

Table = Mapping[tuple[Any, Any], Any]
ARCHITECTURE = Path(__file__).resolve().parents[3] / "docs" / "architecture.md"

ORDER_ENDS = {
    OrderState.REFUSED,
    OrderState.DELIVERED,
    OrderState.DIVERTED,
    OrderState.RETURNED,
    OrderState.FAILED,
}
SORTIE_ENDS = {SortieState.FINISHED, SortieState.FAILED}
RELEASE_ENDS = {ReleaseState.RELEASED, ReleaseState.NOT_CONFIRMED, ReleaseState.FALLEN}
CUSTODY_ENDS = set(Custodian) - {Custodian.HUB, Custodian.VEHICLE}
TABLES = [
    pytest.param(ORDER_TABLE, OrderState, OrderEvent, OrderState.RECEIVED, ORDER_ENDS, id="orders"),
    pytest.param(SORTIE_TABLE, SortieState, SortieEvent, SortieState.PLANNED, SORTIE_ENDS, id="sorties"),
    pytest.param(RELEASE_TABLE, ReleaseState, ReleaseEvent, ReleaseState.WAITING, RELEASE_ENDS, id="releases"),
    pytest.param(CUSTODY_TABLE, Custodian, CustodyEvent, Custodian.HUB, CUSTODY_ENDS, id="custody"),
]
tables = pytest.mark.parametrize(("table", "states", "events", "initial", "ends"), TABLES)


def reachable(table: Table, start: StrEnum) -> set[StrEnum]:
    """Every state that some series of events leads to, `start` included."""
    found = {start}
    while True:
        more = {target for (state, _), target in table.items() if state in found} - found
        if not more:
            return found
        found |= more


@tables
def test_every_state_that_is_no_end_has_a_way_to_one(
    table: Table, states: Any, events: Any, initial: StrEnum, ends: set[StrEnum]
) -> None:
    """Nothing can be stuck: from everywhere some events lead to an end."""
    assert [state for state in states if not reachable(table, state) & ends] == []


@tables
def test_ends_are_absorbing(table: Table, states: Any, events: Any, initial: StrEnum, ends: set[StrEnum]) -> None:
    """No event leads out of an end, and nothing else is one (invariant I-11)."""
    assert set(states) - {state for state, _ in table} == ends


@tables
def test_every_state_is_reached_and_every_event_is_used(
    table: Table, states: Any, events: Any, initial: StrEnum, ends: set[StrEnum]
) -> None:
    """A state or event that no row uses would be a promise nobody keeps."""
    assert reachable(table, initial) == set(states)
    assert {event for _, event in table} == set(events)


@tables
def test_an_event_that_the_table_does_not_know_is_a_defect_that_names_its_subject(
    table: Table, states: Any, events: Any, initial: StrEnum, ends: set[StrEnum]
) -> None:
    """Every pair without a row raises; every pair with one moves."""
    for state in states:
        for event in events:
            if (state, event) in table:
                assert next_state(table, state, event, "sortie drone-1.1") is table[state, event]
                continue
            with pytest.raises(InvariantError, match=f"drone-1.1: event {event} is not allowed in state {state}"):
                next_state(table, state, event, "sortie drone-1.1")


@tables
def test_the_drawing_has_one_arrow_for_every_row(
    table: Table, states: Any, events: Any, initial: StrEnum, ends: set[StrEnum]
) -> None:
    """One arrow in, one for each row, one out of each end."""
    lines = [line.strip() for line in mermaid(table, initial).splitlines()]
    assert lines[:2] == ["stateDiagram-v2", f"[*] --> {initial}"]
    rows = {f"{state} --> {target}: {event}" for (state, event), target in table.items()}
    assert set(lines[2:]) == rows | {f"{end} --> [*]" for end in ends}
    assert len(lines) == 2 + len(table) + len(ends)


@pytest.mark.parametrize(
    ("name", "table", "initial"),
    [
        ("order-states", ORDER_TABLE, OrderState.RECEIVED),
        ("sortie-states", SORTIE_TABLE, SortieState.PLANNED),
        ("release-states", RELEASE_TABLE, ReleaseState.WAITING),
        ("custody", CUSTODY_TABLE, Custodian.HUB),
    ],
)
def test_the_documents_show_the_tables_as_they_are(name: str, table: Table, initial: StrEnum) -> None:
    """The diagram in docs/architecture.md, between its markers, is what the table draws."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    between = re.search(rf"<!-- {name} -->(.*?)<!-- /{name} -->", text, re.DOTALL)
    if between is None and name == "order-states":
        pytest.skip("docs/architecture.md draws the states of sorties alone")
    assert between is not None, f"docs/architecture.md has no <!-- {name} --> … <!-- /{name} -->"
    drawn = between.group(1).replace("```mermaid", "").replace("```", "").strip()
    assert drawn == mermaid(table, initial)
