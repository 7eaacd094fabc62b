"""What a vehicle says of its gripper."""

from enum import StrEnum


class GripperAnswer(StrEnum):
    """How a vehicle answered the command to open a gripper.

    OPENED: it began to open, and then had opened. WAS_OPEN: it had been open before, so nothing was let go by this
    command. REFUSED: it said no. NO_ANSWER: it may have opened or not. NOT_SENT: the command never went out.
    """

    OPENED = "OPENED"
    WAS_OPEN = "WAS_OPEN"
    REFUSED = "REFUSED"
    NO_ANSWER = "NO_ANSWER"
    NOT_SENT = "NOT_SENT"
