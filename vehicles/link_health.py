"""The condition of a link, as a table: which condition may follow which."""

from enum import StrEnum


class LinkCondition(StrEnum):
    """What a gateway knows of a vehicle's link.

    CONNECTING: not yet heard. SILENT: not heard by its deadline; still listened for. UP: heartbeats arrive.
    DOWN: heartbeats stopped. CONFLICT: two vehicles share its system id; it takes no commands until the gateway
    is started anew. REBOOTED and STRANGER are news about a link, not conditions it stays in.
    """

    CONNECTING = "CONNECTING"
    SILENT = "SILENT"
    UP = "UP"
    DOWN = "DOWN"
    CONFLICT = "CONFLICT"
    REBOOTED = "REBOOTED"
    STRANGER = "STRANGER"


_FOLLOWS: dict[LinkCondition, frozenset[LinkCondition]] = {
    LinkCondition.CONNECTING: frozenset({LinkCondition.SILENT, LinkCondition.UP, LinkCondition.CONFLICT}),
    LinkCondition.SILENT: frozenset({LinkCondition.UP, LinkCondition.CONFLICT}),
    LinkCondition.UP: frozenset({LinkCondition.DOWN, LinkCondition.CONFLICT}),
    LinkCondition.DOWN: frozenset({LinkCondition.UP, LinkCondition.CONFLICT}),
    LinkCondition.CONFLICT: frozenset(),
}


class LinkHealth:
    """The condition of one link; starts CONNECTING.

    Attributes:
        DOWN_AFTER_S: silence after which a link is DOWN; three missed heartbeats.
        boots: restarts of the autopilot that have been told.
    """

    DOWN_AFTER_S = 3.0

    def __init__(self) -> None:
        self.condition = LinkCondition.CONNECTING
        self.boots = 0

    def become(self, condition: LinkCondition) -> bool:
        """Take a new condition where the table allows it; returns whether it changed."""
        if condition not in _FOLLOWS[self.condition]:
            return False
        self.condition = condition
        return True
