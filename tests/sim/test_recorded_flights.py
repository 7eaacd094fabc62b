"""The simulated vehicle against recordings of a real PX4 v1.16.1: same client messages in, same answers out.

Each recording holds both directions. What the client sent is replayed at its times; what the simulated vehicle
answers is compared with what PX4 answered, message by message.
"""

import gzip
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import common as dialect

from sim.autopilot import Autopilot
from sim.fleet_config import Home, Physical, VehicleConfig

pytestmark = pytest.mark.real_data

FOLDER = Path(os.environ.get("STORK_DATA_DIR", Path(__file__).resolve().parents[3] / "shared" / "data")) / "px4-traces"
PX4_HOME = Home(47.397742, 8.545594, 489.4)
BOOT_BEFORE_S = 0.15
"""PX4 had run this long when the recordings begin."""

PROTOCOL = {"MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK", "MISSION_COUNT", "MISSION_ITEM_INT", "COMMAND_ACK"}
STATES = {"HEARTBEAT": ("base_mode", "custom_mode", "system_status"), "EXTENDED_SYS_STATE": ("landed_state",)}

Event = tuple[str, Any]


def recording(name: str) -> Iterator[tuple[float, bytes]]:
    """Seconds from the first packet, and the packet."""
    data = gzip.decompress((FOLDER / name / "trace.tlog.gz").read_bytes())
    position, first = 0, None
    while position < len(data):
        (microseconds,) = struct.unpack_from(">Q", data, position)
        first = first if first is not None else microseconds
        length = data[position + 9] + 12 + (13 if data[position + 10] & 1 else 0)
        yield (microseconds - first) * 1e-6, data[position + 8 : position + 8 + length]
        position += 8 + length


def event_of(frame: bytes, decoder: Any) -> Event | None:
    """What is compared of a message: everything of the protocol's, the state of states, the words of texts."""
    known = dialect.mavlink_map.get(int.from_bytes(frame[7:10], "little"))
    if known is None:
        return None
    name = known.msgname
    if name in ("MISSION_ACK", "MISSION_COUNT"):
        return name, frame[10:-2].hex()  # with the plan id, which pymavlink does not know
    if name not in PROTOCOL and name not in STATES and name != "STATUSTEXT":
        return None
    message = decoder.decode(bytearray(frame))
    if name in PROTOCOL:
        return name, str(sorted(message.to_dict().items()))
    if name in STATES:
        return name, tuple(getattr(message, field) for field in STATES[name])
    return None if message.text.startswith("[logger]") else (name, (message.severity, message.text))


def replay(name: str, system_id: int, **parameters: float) -> tuple[list[Event], list[Event]]:
    """Events of PX4 and of the simulated vehicle, to the same client."""
    physical = Physical(cruise_speed_m_s=5.0, max_speed_m_s=12.0)
    config = VehicleConfig("d", system_id, 14540, PX4_HOME, physical=physical, parameters=dict(parameters))
    autopilot = Autopilot(config, max_stream_hz=10.0)
    decoder = dialect.MAVLink(None)
    real: list[Event] = []
    simulated: list[Event] = []

    def listen() -> None:
        simulated.extend(event for frame in autopilot.take() if (event := event_of(frame, decoder)) is not None)

    for seconds, frame in recording(name):
        if frame[5] == system_id:
            event = event_of(frame, decoder)
            if event is not None:
                real.append(event)
            continue
        autopilot.advance(seconds + BOOT_BEFORE_S)
        listen()
        autopilot.receive(frame)
        listen()
    autopilot.advance(seconds + BOOT_BEFORE_S)
    listen()
    return real, simulated


def of_kind(events: list[Event], *names: str) -> list[Event]:
    """The events of some message types."""
    return [event for event in events if event[0] in names]


def changes(events: list[Event], name: str) -> list[Any]:
    """How a state changed."""
    kept: list[Any] = []
    for kind, value in events:
        if kind == name and (not kept or kept[-1] != value):
            kept.append(value)
    return kept


def test_rejected_missions_are_answered_alike() -> None:
    """Every NACK, ACK with its plan id, request, refusal and text of trace 05, in PX4's order."""
    real, simulated = replay("05_rejected_missions", 1)
    assert of_kind(simulated, *PROTOCOL) == of_kind(real, *PROTOCOL)
    assert of_kind(simulated, "STATUSTEXT") == of_kind(real, "STATUSTEXT")
    assert changes(simulated, "HEARTBEAT") == changes(real, "HEARTBEAT")


def test_delivery_by_landing_is_answered_and_flown_alike() -> None:
    """Trace 01: uploads, downloads, plan ids, states and modes from boot to the cleared mission."""
    real, simulated = replay("01_delivery_land_gripper", 1)
    assert of_kind(simulated, *PROTOCOL) == of_kind(real, *PROTOCOL)
    assert of_kind(simulated, "STATUSTEXT") == of_kind(real, "STATUSTEXT")
    assert changes(simulated, "HEARTBEAT") == changes(real, "HEARTBEAT")
    assert changes(simulated, "EXTENDED_SYS_STATE") == changes(real, "EXTENDED_SYS_STATE")


def test_hover_delivery_driven_by_mavsdk_is_answered_and_flown_alike() -> None:
    """Trace 02: the client is MAVSDK 4.1.0."""
    real, simulated = replay("02_delivery_hover_mavsdk410", 4, RTL_RETURN_ALT=20.0)
    assert of_kind(simulated, *PROTOCOL) == of_kind(real, *PROTOCOL)
    assert of_kind(simulated, "STATUSTEXT") == of_kind(real, "STATUSTEXT")
    assert changes(simulated, "HEARTBEAT") == changes(real, "HEARTBEAT")
    assert changes(simulated, "EXTENDED_SYS_STATE") == changes(real, "EXTENDED_SYS_STATE")


def test_fence_breach_and_return_is_flown_alike() -> None:
    """Trace 03: GF_ACTION 3 – Hold at the edge, return, land, disarm."""
    real, simulated = replay("03_geofence_breach_rtl", 1, GF_ACTION=3, RTL_RETURN_ALT=15.0)
    assert of_kind(simulated, *PROTOCOL) == of_kind(real, *PROTOCOL)
    texts = [text for _, text in of_kind(real, "STATUSTEXT")]
    spoken = [text for _, text in of_kind(simulated, "STATUSTEXT")]
    assert [text[0] for text in spoken] == [text[0] for text in texts]
    assert changes(simulated, "HEARTBEAT") == changes(real, "HEARTBEAT")
    assert changes(simulated, "EXTENDED_SYS_STATE") == changes(real, "EXTENDED_SYS_STATE")


def test_return_that_crosses_an_exclusion_holds_inside_it_alike() -> None:
    """Trace 07: a return is a straight line; the fence stops it inside the zone, where it stays."""
    real, simulated = replay("07_rtl_crosses_exclusion_hold_mavsdk410", 4, RTL_RETURN_ALT=20.0)
    assert of_kind(simulated, *PROTOCOL) == of_kind(real, *PROTOCOL)
    assert of_kind(simulated, "STATUSTEXT") == of_kind(real, "STATUSTEXT")
    assert changes(simulated, "HEARTBEAT") == changes(real, "HEARTBEAT")
    assert changes(simulated, "EXTENDED_SYS_STATE") == changes(real, "EXTENDED_SYS_STATE")
