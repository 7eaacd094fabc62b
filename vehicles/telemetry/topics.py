"""The one table of what a gateway publishes: topic, contents, rate, and how a late reader is treated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of frame on the bus.

    Attributes:
        prefix: first bytes of every frame of this kind; the shard (gateway id) and ``|`` follow.
        contents: what comes after the topic.
        rate_hz: frames per second, unless the gateway is told otherwise; None = when something happens.
        complete: whether every frame says all there is to say: a slow reader may then keep the newest only.
    """

    prefix: bytes
    contents: str
    rate_hz: float | None
    complete: bool

    def of(self, shard: str) -> bytes:
        """The topic of one gateway, e.g. ``T|north|``."""
        return self.prefix + shard.encode("ascii") + b"|"


DELTAS = Topic(b"D|", "wire.HEADER, then a wire.RECORD for each vehicle with news", 10.0, complete=False)
TELEMETRY = Topic(b"T|", "wire.HEADER, then a wire.RECORD for each vehicle: the full state", 2.0, complete=True)
EVENTS = Topic(b"E|", "messages.EventFrame as MessagePack", None, complete=False)

TOPICS = (DELTAS, TELEMETRY, EVENTS)


def shard_of(frame: bytes) -> str:
    """The gateway that a frame claims to come from; "" where it has no topic."""
    end = frame.find(b"|", 2)
    return frame[2:end].decode("ascii", "replace") if end > 0 else ""
