"""One gripper command until it is known what the gripper did, without sockets, clock or tasks.

PX4 v1.16 answers IN_PROGRESS and, PD_GRIPPER_TO later, ACCEPTED. Asked again meanwhile it answers
TEMPORARILY_REJECTED; asked for what the gripper has done already, ACCEPTED at once. So an ACCEPTED proves a movement
only after a sign that one was under way, and a repetition does no harm: there is one movement.
"""

from mission.model.gripper import GripperAnswer
from mission.model.mission import GRIPPER_GRAB, GRIPPER_RELEASE
from vehicles import px4
from vehicles.command_exchange import PARAMETERS, CommandAnswer
from vehicles.message_wire import Outgoing
from vehicles.round_trip import Patience, RoundTrip

MOVING_SILENCE_S = 3.0
"""A gripper that moves is asked again after this silence: longer than PX4 lets a movement take by default."""


class GripperExchange:
    """Opens or closes one gripper.

    Args:
        gripper: its number, from 1.
        opens: open it; else close it.
        round_trip: of the link.

    Attributes:
        command: what it sends, as `vehicles.command_exchange.CommandExchange` has it.
        answer: what is known; None until there is a final answer.
        refusal: the autopilot's no, where it said one.
    """

    command = px4.Command.DO_GRIPPER

    def __init__(self, gripper: int, round_trip: RoundTrip, *, opens: bool) -> None:
        self._params = (float(gripper), GRIPPER_RELEASE if opens else GRIPPER_GRAB)
        self._round_trip = round_trip
        self._sendings = 0
        self._moves = False
        self.answer: GripperAnswer | None = None
        self.refusal: px4.CommandAck | None = None

    @property
    def ended(self) -> bool:
        """Whether there is a final answer."""
        return self.answer is not None

    def start(self, now_s: float) -> list[Outgoing]:
        """The command."""
        self._patience = Patience(self._round_trip, now_s)
        self._heard_s = now_s
        return [self._message()]

    def _message(self) -> Outgoing:
        fields: dict[str, int | float | None] = {"command": int(self.command), "confirmation": min(self._sendings, 255)}
        for number in range(PARAMETERS):
            fields[f"param{number + 1}"] = self._params[number] if number < len(self._params) else 0.0
        self._sendings += 1
        return Outgoing("COMMAND_LONG", fields)

    def receive(self, answer: CommandAnswer, now_s: float) -> list[Outgoing]:
        """Take an acknowledgement."""
        if answer.command != self.command or self.ended or answer.result not in set(px4.CommandAck):
            return []
        result = px4.CommandAck(answer.result)
        self._heard_s = now_s
        repeated = self._sendings > 1
        if result is px4.CommandAck.IN_PROGRESS or (result is px4.CommandAck.TEMPORARILY_REJECTED and repeated):
            self._moves = True
        elif result is px4.CommandAck.ACCEPTED:
            self.answer = GripperAnswer.OPENED if self._moves else GripperAnswer.WAS_OPEN
        else:
            self.answer, self.refusal = GripperAnswer.REFUSED, result
        return []

    def tick(self, now_s: float) -> list[Outgoing]:
        """The command again, after a silence."""
        if self.ended or (self._moves and now_s - self._heard_s < MOVING_SILENCE_S):
            return []
        return [self._message()] if self._patience.out(now_s) else []
