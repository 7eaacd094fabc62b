"""The hand-over of one parcel, as a table: from the way to its drop until it is known where the parcel is.

One command lets the parcel go, at most once more when the gripper is known not to have opened. A cancellation wins
until the command is out, and never after it: the table has no row for it there.
"""

from enum import StrEnum
from typing import Final


class ReleaseState(StrEnum):
    """Where a hand-over stands.

    WAITING: not at the drop yet. AT_DROP: seen steady at the drop, low enough or landed. COMMANDED: the release is
    out, its end not known. RELEASED: let go, with evidence. NOT_CONFIRMED: commanded, and nobody knows. FAILED: the
    gripper did not open. KEPT: the drop was left undecided. CANCELLED: called off in time. FALLEN: the parcel left
    the vehicle uncommanded.
    """

    WAITING = "WAITING"
    AT_DROP = "AT_DROP"
    COMMANDED = "COMMANDED"
    RELEASED = "RELEASED"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    FAILED = "FAILED"
    KEPT = "KEPT"
    CANCELLED = "CANCELLED"
    FALLEN = "FALLEN"


class ReleaseEvent(StrEnum):
    """What can happen to a hand-over."""

    ARRIVE = "ARRIVE"
    LEAVE = "LEAVE"
    COMMAND = "COMMAND"
    REPEAT = "REPEAT"
    CONFIRM = "CONFIRM"
    DOUBT = "DOUBT"
    FAIL = "FAIL"
    GO_BY = "GO_BY"
    CANCEL = "CANCEL"
    FALL = "FALL"


S, E = ReleaseState, ReleaseEvent

RELEASE_TABLE: Final = {
    (S.WAITING, E.ARRIVE): S.AT_DROP,
    (S.WAITING, E.GO_BY): S.KEPT,
    (S.WAITING, E.CANCEL): S.CANCELLED,
    (S.WAITING, E.FALL): S.FALLEN,
    (S.AT_DROP, E.LEAVE): S.WAITING,
    (S.AT_DROP, E.COMMAND): S.COMMANDED,
    (S.AT_DROP, E.GO_BY): S.KEPT,
    (S.AT_DROP, E.CANCEL): S.CANCELLED,
    (S.AT_DROP, E.FALL): S.FALLEN,
    (S.COMMANDED, E.REPEAT): S.AT_DROP,
    (S.COMMANDED, E.CONFIRM): S.RELEASED,
    (S.COMMANDED, E.DOUBT): S.NOT_CONFIRMED,
    (S.COMMANDED, E.FAIL): S.FAILED,
    (S.FAILED, E.FALL): S.FALLEN,
    (S.KEPT, E.FALL): S.FALLEN,
    (S.CANCELLED, E.FALL): S.FALLEN,
}

UNDECIDED: Final = frozenset({S.WAITING, S.AT_DROP, S.COMMANDED})
ABOARD: Final = frozenset({S.WAITING, S.AT_DROP, S.FAILED, S.KEPT, S.CANCELLED})
"""States in which the parcel hangs in its gripper, as far as is known."""
