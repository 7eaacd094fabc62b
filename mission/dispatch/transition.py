"""State machines as tables: an event that the table does not know is an error."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from mission.errors import InvariantError

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def next_state(table: Mapping[tuple[State, Event], State], state: State, event: Event, subject: str) -> State:
    """Return the state after `event`.

    Raises:
        InvariantError: the table has no row for this pair; names `subject` so that it can be found.
    """
    try:
        return table[state, event]
    except KeyError:
        raise InvariantError(f"{subject}: event {event} is not allowed in state {state}") from None


def mermaid(table: Mapping[tuple[State, Event], State], initial: State) -> str:
    """Draw a table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", f"    [*] --> {initial}"]
    lines += [f"    {state} --> {target}: {event}" for (state, event), target in table.items()]
    sources = {state for state, _ in table}
    finals = dict.fromkeys(target for target in table.values() if target not in sources)
    lines += [f"    {final} --> [*]" for final in finals]
    return "\n".join(lines)
