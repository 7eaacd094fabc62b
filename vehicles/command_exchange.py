"""One MAVLink command until its final acknowledgement, without sockets, clock or tasks.

An acknowledgement is no proof of an effect: whoever commands observes the vehicle's state. It is a proof that the
command was heard, and a no is worth its reason. Commands of Stork ask for a state (a mode, armed, a stream's rate),
so the repetition of an unanswered one has the effect of one (F-L3).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from mission.model.geo import GeoPoint
from mission.model.mission import MavFrame, degrees_e7
from vehicles import px4
from vehicles.message_wire import Outgoing
from vehicles.round_trip import Patience, RoundTrip

COMMAND_ACK = "COMMAND_ACK"
PARAMETERS = 7
PLACED_PARAMETERS = 4
"""Parameters of a command with a place; the other three are the place."""
PROGRESS_SILENCE_S = 5.0
"""A command in progress is not repeated before it was silent this long."""
ECHO_S = 3.0
"""How long after a command the answer to it may still come, and be taken for the answer to the next of its number."""


class CommandAnswer(msgspec.Struct, gc=False):
    """The fields of COMMAND_ACK that matter."""

    command: int
    result: int
    target_system: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is meant: a point, and metres above mean sea level."""

    position: GeoPoint
    altitude_amsl_m: float


class CommandExchange:
    """Sends one command, and again with rising `confirmation` until it is answered.

    Args:
        round_trip: of the link, shared by its exchanges.
        echoes: whether a late answer to an earlier command of this number may still be under way (PX4 answers
            DO_SET_MODE twice): a no is then believed only when it is said again to a repetition.
        place: its parameters 5 to 7; sent as whole 1e-7 degrees, since a 32-bit float is half a metre wrong.

    Attributes:
        result: the final answer, None until there is one.
        in_progress: the vehicle has begun, and says so.
    """

    def __init__(
        self,
        command: px4.Command,
        params: Sequence[float],
        round_trip: RoundTrip,
        *,
        echoes: bool = False,
        place: Place | None = None,
    ) -> None:
        self.command = command
        self._place = place
        self._params = tuple(params)
        self._round_trip = round_trip
        self._noes_to_believe = 2 if echoes else 1
        self._noes = 0
        self._sendings = 0
        self.in_progress = False
        self.result: px4.CommandAck | None = None

    @property
    def ended(self) -> bool:
        """Whether there is a final answer."""
        return self.result is not None

    def start(self, now_s: float) -> list[Outgoing]:
        """The command."""
        self._patience = Patience(self._round_trip, now_s)
        self._started_s = self._heard_s = now_s
        return [self._message()]

    def _message(self) -> Outgoing:
        confirmation = min(self._sendings, 255)
        self._sendings += 1
        fields: dict[str, int | float | None] = {"command": int(self.command)}
        for number in range(PARAMETERS if self._place is None else PLACED_PARAMETERS):
            value = self._params[number] if number < len(self._params) else 0.0
            fields[f"param{number + 1}"] = None if math.isnan(value) else value
        if self._place is None:
            return Outgoing("COMMAND_LONG", fields | {"confirmation": confirmation})
        position = self._place.position
        x, y = degrees_e7(position.latitude_deg), degrees_e7(position.longitude_deg)
        fields |= {"frame": int(MavFrame.GLOBAL_AMSL), "current": 0, "autocontinue": 0}
        return Outgoing("COMMAND_INT", fields | {"x": x, "y": y, "z": self._place.altitude_amsl_m})

    def receive(self, answer: CommandAnswer, now_s: float) -> list[Outgoing]:
        """Take an acknowledgement of this command."""
        if answer.command != self.command or self.ended or answer.result not in set(px4.CommandAck):
            return []
        result = px4.CommandAck(answer.result)
        if self._sendings == 1 and not self.in_progress and self._noes_to_believe == 1:
            self._round_trip.measured(now_s - self._started_s)
        self._heard_s = now_s
        if result is px4.CommandAck.IN_PROGRESS:
            self.in_progress = True
            return []
        if result is not px4.CommandAck.ACCEPTED:
            self._noes += 1
            if self._noes < self._noes_to_believe:
                self._patience.heard(now_s)
                return [self._message()]
        self.result = result
        return []

    def tick(self, now_s: float) -> list[Outgoing]:
        """The command again, after a silence."""
        if self.ended or (self.in_progress and now_s - self._heard_s < PROGRESS_SILENCE_S):
            return []
        return [self._message()] if self._patience.out(now_s) else []
