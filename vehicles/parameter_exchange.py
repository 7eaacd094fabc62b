"""Reads or sets one parameter over a link that loses, repeats and delays. Sans-IO, see `plan_exchange`.

PX4 answers both with PARAM_VALUE, and keeps silent on a name that it does not know and on a value of the wrong type: a
question is repeated a bounded number of times, and then there is no answer. A whole number (INT32) travels bytewise in
the float of the message. As JSON a float that is no number is null: of INT32, -8388607 … -1 and from 2139095041 on
cannot be told apart from each other on this wire, so they are neither read nor set, and it is said so.
"""

import math
import struct

import msgspec

from vehicles.message_wire import Outgoing
from vehicles.px4_profile import INT32, REAL32
from vehicles.round_trip import RoundTrip

PARAM_VALUE = "PARAM_VALUE"
MAX_ASKS = 16
"""At 30 % loss each way half of all questions are answered: 16 in a row are not once in 50,000 times."""
_BY_NAME = -1


class ParameterValue(msgspec.Struct, gc=False):
    """A PARAM_VALUE; a value that is no number as a float is None."""

    param_id: str
    param_type: int
    param_value: float | None = None

    @property
    def held(self) -> int | float | None:
        """What the autopilot holds; None for a whole number that the wire does not carry."""
        if self.param_type != INT32:
            return math.nan if self.param_value is None else self.param_value
        return (
            None
            if self.param_value is None
            else int.from_bytes(struct.pack("<f", self.param_value), "little", signed=True)
        )


def carried(value: float) -> float | None:
    """A value as PARAM_SET's float carries it; None for a whole number that the wire does not carry.

    Raises:
        ValueError: an int beyond 32 bits, or a float that is not finite.
    """
    if not isinstance(value, int):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a parameter's value")
        return value
    try:
        as_float = float(struct.unpack("<f", struct.pack("<i", value))[0])
    except struct.error:
        raise ValueError(f"{value} does not fit into 32 bits") from None
    return as_float if math.isfinite(as_float) else None


class ParameterExchange:
    """Asks until the autopilot tells the parameter.

    Args:
        name: the parameter's.
        round_trip: of the link, shared by its exchanges.
        set_to: what to set it to; None only reads.

    Attributes:
        answer: what was told, None until then.
        given_up: it was asked `MAX_ASKS` times for nothing.
    """

    def __init__(self, name: str, round_trip: RoundTrip, *, set_to: int | float | None = None) -> None:
        self.name = name
        self.answer: ParameterValue | None = None
        self.given_up = False
        self._round_trip = round_trip
        self._message = _question(name) if set_to is None else _order(name, set_to)
        self._asked = 0
        self._first_s = self._last_s = 0.0

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to do."""
        return self.answer is not None or self.given_up

    def start(self, now_s: float) -> list[Outgoing]:
        """The first message."""
        self._first_s = now_s
        return self._ask(now_s)

    def _ask(self, now_s: float) -> list[Outgoing]:
        self._asked, self._last_s = self._asked + 1, now_s
        return [self._message]

    def receive(self, value: ParameterValue, now_s: float) -> None:
        """Take in a PARAM_VALUE, of whatever parameter."""
        if self.ended or value.param_id != self.name:
            return
        (self._round_trip.measured if self._asked == 1 else self._round_trip.guessed)(now_s - self._first_s)
        self.answer = value

    def tick(self, now_s: float) -> list[Outgoing]:
        """The message again, after a silence."""
        if self.ended or now_s - self._last_s < self._round_trip.resend_s:
            return []
        if self._asked >= MAX_ASKS:
            self.given_up = True
            return []
        return self._ask(now_s)


def _question(name: str) -> Outgoing:
    return Outgoing("PARAM_REQUEST_READ", {"param_id": name, "param_index": _BY_NAME})


def _order(name: str, value: int | float) -> Outgoing:
    kind = INT32 if isinstance(value, int) else REAL32
    return Outgoing("PARAM_SET", {"param_id": name, "param_value": carried(value), "param_type": kind})
