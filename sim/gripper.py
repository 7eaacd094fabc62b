"""Grippers as PX4 v1.16's payload deliverer drives them: what a command is answered with, and when.

A movement is answered with IN_PROGRESS, and with ACCEPTED when it has ended, PD_GRIPPER_TO later: there is no sensor,
so also when nothing moved. What is asked for and done already is ACCEPTED at once; what is under way is
TEMPORARILY_REJECTED; the opposite of what is under way cancels it. PX4 has one gripper; here each has its own state.
"""

from dataclasses import dataclass, field
from enum import IntEnum


class GripperAction(IntEnum):
    """GRIPPER_ACTIONS, DO_GRIPPER's second parameter."""

    RELEASE = 0
    GRAB = 1


@dataclass(slots=True)
class Grippers:
    """The state of every gripper of one vehicle; closed at boot.

    Attributes:
        moving: by gripper, what it is doing and when that has ended, in simulated seconds.
    """

    moving: dict[int, tuple[GripperAction, float]] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def is_done(self, gripper: int, action: GripperAction) -> bool:
        """Whether it stands as asked, and still."""
        return gripper not in self.moving and (gripper in self._open) is (action is GripperAction.RELEASE)

    def is_doing(self, gripper: int, action: GripperAction) -> bool:
        """Whether just that is under way."""
        return gripper in self.moving and self.moving[gripper][0] is action

    def move(self, gripper: int, action: GripperAction, until_s: float) -> None:
        """Begin a movement."""
        self.moving[gripper] = (action, until_s)

    def end(self, gripper: int) -> None:
        """End a movement."""
        action, _ = self.moving.pop(gripper)
        if action is GripperAction.RELEASE:
            self._open.add(gripper)
        else:
            self._open.discard(gripper)
