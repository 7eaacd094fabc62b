"""The events that PX4 sends beside its texts: MAVLink EVENT (410), heard also where no ground station's heartbeat is.

Ids and log levels are those recorded from PX4 v1.16.1, or of its component_general.json where no recording has them.
"""

import struct
from dataclasses import dataclass

AUTOPILOT_COMPONENT = 1
ARGUMENT_BYTES = 40
EMERGENCY, CRITICAL, WARNING, INFO, ERROR = 0x60, 0x62, 0x64, 0x66, 0x33
FAILSAFE = 0x42


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event: its number within the autopilot's events and its log levels, external and internal."""

    number: int
    log_levels: int

    @property
    def event_id(self) -> int:
        """Component and number, as EVENT.id has them."""
        return AUTOPILOT_COMPONENT << 24 | self.number


BY_TEXT: tuple[tuple[str, Event], ...] = (
    ("Armed by", Event(9489139, INFO)),
    ("Disarmed by", Event(16017271, INFO)),
    ("Executing Mission", Event(15598001, INFO)),
    ("Climb to", Event(8208988, INFO)),
    ("Takeoff detected", Event(4277609, INFO)),
    ("Landing detected", Event(9844908, INFO)),
    ("Mission finished, landed", Event(7803396, INFO)),
    ("Mission finished, loitering", Event(4678390, INFO)),
    ("Mission start denied!", Event(7067274, CRITICAL)),
    ("No valid mission available, refusing", Event(4854315, CRITICAL)),
    ("No valid mission available, loitering", Event(3390156, CRITICAL)),
    ("Arming denied: Resolve", Event(133277, CRITICAL)),
    ("Disarming denied", Event(9091509, CRITICAL)),
    ("Returning to launch", Event(3484900, INFO)),
    ("Landing at current position", Event(3322590, INFO)),
    ("RTL: start return", Event(5383828, INFO)),
    ("RTL: land at destination", Event(185258, INFO)),
    ("RTL: unsupported MAV_FRAME", Event(9351472, ERROR)),
    ("Geofence violation for waypoint", Event(2831661, 0x63)),
    ("Geofence invalid, doesn't contain Home", Event(10973461, FAILSAFE)),
    ("Geofence invalid, doesn't contain current", Event(9432105, FAILSAFE)),
    ("Failsafe activated: entering Hold", Event(4502496, FAILSAFE)),
    ("Failsafe activated", Event(14605264, FAILSAFE)),
    ("Low battery", Event(5049764, 0x44)),
    ("Critical battery", Event(2627595, 0x22)),
    ("Emergency battery level", Event(11344647, 0x22)),
    ("System does not support shutdown", Event(5847165, 0x30)),
    ("GCS connection lost", Event(10794072, CRITICAL)),
    ("IGN MISSION_ITEM: Invalid item", Event(16691824, ERROR)),
    ("Operation timeout", Event(8520304, ERROR)),
)
"""Which event goes with a text; the first that the text begins with. Texts without one have none in PX4 either."""


def event_of(text: str) -> Event | None:
    """Return the event that PX4 sends with a text."""
    return next((event for begin, event in BY_TEXT if text.startswith(begin)), None)


def arguments_of(text: str) -> bytes:
    """Return an event's arguments as far as its text has them: the numbers that PX4 puts into both."""
    words = text.replace("(", " ").split()
    if text.startswith("Climb to"):
        packed = struct.pack("<f", float(words[2]))
    elif text.startswith("RTL: start return"):
        packed = struct.pack("<ii", int(words[4]), int(words[6]))
    elif text.startswith("Geofence violation"):
        packed = struct.pack("<h", int(words[-1]))
    else:
        packed = b""
    return packed.ljust(ARGUMENT_BYTES, b"\0")
