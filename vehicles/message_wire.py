"""What carries MAVLink messages between Stork and one autopilot: MAVSDK to a vehicle, a simulated link in the tests.

A wire promises nothing: messages get lost, come twice, late or in another order, and nobody is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

Taker = Callable[[str, str], None]
"""Takes a message's name and its fields as JSON (NaN is null). It may be called on any thread, and must not block."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send; the wire adds the target.

    Attributes:
        fields: by MAVLink's names; None for a float that is NaN, which JSON does not know.
    """

    name: str
    fields: Mapping[str, int | float | str | None]


class MessageWire(Protocol):
    """The messages to and from one autopilot."""

    def send(self, message: Outgoing) -> None:
        """Send one message to the autopilot. A wire that cannot send is as silent as one that loses."""
        ...

    def subscribe(self, name: str, take: Taker) -> None:
        """Hand every message of this name that comes from the autopilot to `take`."""
        ...
