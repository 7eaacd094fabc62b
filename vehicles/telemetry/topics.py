"""The one table of what a gateway publishes: topic, contents, rate, and how a late reader is treated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of frame on the bus.

    Attributes:
        prefix: first bytes of every frame of this kind; the shard (gateway id) and ``|`` follow.
        contents: what comes after the topic.
        rate_hz: frames per second; None = when something happens.
        newest_only: whether a slow reader may lose all but the newest frame (every frame is complete).
    """

    prefix: bytes
    contents: str
    rate_hz: float | None
    newest_only: bool

    def of(self, shard: str) -> bytes:
        """The topic of one gateway, e.g. ``T|north|``."""
        return self.prefix + shard.encode("ascii") + b"|"


TELEMETRY = Topic(b"T|", "wire.HEADER, then n wire.RECORDs: the full state of n vehicles", 10.0, newest_only=True)
EVENTS = Topic(b"E|", "messages.EventFrame as MessagePack", None, newest_only=False)

TOPICS = (TELEMETRY, EVENTS)
