"""Asking one vehicle for the message rates that we want: one request at a time, until each is known to be set."""

from collections import deque
from typing import Final

from vehicles import px4

ASK_AGAIN_S: Final = 0.5
LONGEST_WAIT_S: Final = 8.0


class RateRequests:
    """What is still to be asked of one vehicle since its autopilot started.

    The streams that nobody reads go first: a link that drowns in them loses answers. PX4's acknowledgement does not
    name the message, hence one at a time; one that is not answered goes to the end of the line, and a vehicle that
    answers nothing is asked less and less often.
    """

    def __init__(self, speed_factor: float = 1.0) -> None:
        unwanted = [(message_id, -1.0) for message_id in px4.UNWANTED_MESSAGES]
        wanted = [(message_id, 1e6 * speed_factor / hz) for message_id, hz in px4.WANTED_RATES_HZ.items()]
        self._line = deque(unwanted + wanted)
        self._asked: tuple[int, float] | None = None
        self._asked_s = 0.0
        self._wait_s = ASK_AGAIN_S

    @property
    def done(self) -> bool:
        """Whether every rate is known to be set."""
        return not self._line and self._asked is None

    def due(self, now_s: float) -> tuple[int, float] | None:
        """The message id and its interval (µs, -1 = never) to ask for now, if any."""
        if self._asked is not None:
            if now_s - self._asked_s < self._wait_s:
                return None
            self._wait_s = min(2.0 * self._wait_s, LONGEST_WAIT_S)
            self._line.append(self._asked)
            self._asked = None
        if not self._line:
            return None
        self._asked, self._asked_s = self._line.popleft(), now_s
        return self._asked

    def answered(self, payload: bytes, now_s: float) -> None:
        """A COMMAND_ACK came. FAILED for a stream that is not there means that there is nothing to switch off."""
        command, result = int.from_bytes(payload[:2], "little"), payload[2] if len(payload) > 2 else 0
        if self._asked is None or command != px4.Command.SET_MESSAGE_INTERVAL:
            return
        self._wait_s = ASK_AGAIN_S
        off = self._asked[1] < 0.0
        if result == px4.CommandAck.ACCEPTED or (off and result == px4.CommandAck.FAILED):
            self._asked = None
        else:
            self._asked_s = now_s  # asked again later
