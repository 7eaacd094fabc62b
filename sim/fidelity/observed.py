"""Packets reduced to what is compared: sequences of what was said, and how often each message came.

Messages are read by hand where pymavlink's `common` dialect lacks them or some of their fields: PX4 v1.16 sends plan
ids, CURRENT_MODE and EVENT. Source: MAVLink message definitions, common.xml and development.xml.
"""

import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pymavlink.dialects.v20 import common as dialect

from sim.fidelity.recording import Packet

NAMES = {
    8: "LINK_NODE_STATUS",
    380: "TIME_ESTIMATE_TO_TARGET",
    410: "EVENT",
    411: "CURRENT_EVENT_SEQUENCE",
    436: "CURRENT_MODE",
}
"""What the `common` dialect of pymavlink does not name."""

MODE = struct.Struct("<IIB")
EVENT = struct.Struct("<IIHBBB")
WITH_PLAN_ID = ("MISSION_ACK", "MISSION_COUNT")
TRANSFERS = ("MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ITEM_INT", "COMMAND_ACK", *WITH_PLAN_ID)
"""Compared one by one and in their order, with every field."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said once, or a state that began: when, and what."""

    time_s: float
    what: str


@dataclass(slots=True)
class Observed:
    """What one vehicle said.

    Attributes:
        sequences: what happened in order, by subject.
        counts: messages by name.
        duration_s: from the first to the last packet.
    """

    sequences: dict[str, list[Said]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    duration_s: float = 0.0


def message_name(message_id: int) -> str:
    """The name of a message, or its number where no name is known."""
    known = dialect.mavlink_map.get(message_id)
    return str(known.msgname) if known is not None else NAMES.get(message_id, f"message {message_id}")


def observe(packets: Iterable[Packet], duration_s: float) -> Observed:
    """Reduce what one vehicle sent in `duration_s`."""
    decoder = dialect.MAVLink(None)
    found = Observed(duration_s=duration_s)
    texts: dict[int, Said] = {}
    for packet in packets:
        name = message_name(packet.message_id)
        found.counts[name] += 1
        if name in TRANSFERS:
            _note(found, "transfers and ACKs", packet.time_s, _transfer(name, packet, decoder), each=True)
        elif name == "STATUSTEXT":
            message = decoder.decode(bytearray(packet.frame))
            begun = texts.get(message.id)
            text = f"{begun.what}{message.text}" if begun else f"[{message.severity}] {message.text}"
            texts[message.id] = Said(begun.time_s if begun else packet.time_s, text)
        elif name == "EVENT":
            event_id, levels = _unpacked(EVENT, packet)[0], _unpacked(EVENT, packet)[5]
            _note(found, "events", packet.time_s, f"{event_id:#010x} level {levels & 15}", each=True)
        elif name in STATES:
            for subject, value in STATES[name](packet, decoder):
                _note(found, subject, packet.time_s, value)
    found.sequences["texts"] = [Said(said.time_s, said.what.rstrip("\t")) for said in texts.values()]
    return found


def _note(found: Observed, subject: str, time_s: float, what: str, *, each: bool = False) -> None:
    kept = found.sequences.setdefault(subject, [])
    if each or not kept or kept[-1].what != what:
        kept.append(Said(time_s, what))


def _unpacked(layout: struct.Struct, packet: Packet) -> tuple[Any, ...]:
    return layout.unpack(packet.payload[: layout.size].ljust(layout.size, b"\0"))


def _transfer(name: str, packet: Packet, decoder: Any) -> str:
    if name in WITH_PLAN_ID:
        return f"{name} {packet.payload.hex()}"
    fields = decoder.decode(bytearray(packet.frame)).to_dict()
    return f"{name} {' '.join(f'{key}={value}' for key, value in sorted(fields.items()) if key != 'mavpackettype')}"


StateOf = Callable[[Packet, Any], Iterable[tuple[str, str]]]


def _fields(subject: str, *names: str, form: str = "{}") -> StateOf:
    def read(packet: Packet, decoder: Any) -> Iterable[tuple[str, str]]:
        message = decoder.decode(bytearray(packet.frame))
        yield subject, " ".join(form.format(getattr(message, name)) for name in names)

    return read


def _heartbeat(packet: Packet, decoder: Any) -> Iterable[tuple[str, str]]:
    message = decoder.decode(bytearray(packet.frame))
    yield "modes", f"{message.base_mode} {message.custom_mode:#010x} status {message.system_status}"


def _current_mode(packet: Packet, _decoder: Any) -> Iterable[tuple[str, str]]:
    custom, intended, standard = _unpacked(MODE, packet)
    yield "current and intended mode", f"{custom:#010x} {intended:#010x} standard {standard}"


STATES: dict[str, StateOf] = {
    "HEARTBEAT": _heartbeat,
    "EXTENDED_SYS_STATE": _fields("landed state", "landed_state"),
    "CURRENT_MODE": _current_mode,
    "MISSION_CURRENT": _fields("current item", "seq"),
    "MISSION_ITEM_REACHED": _fields("items reached", "seq"),
    "SYS_STATUS": _fields(
        "sensors",
        "onboard_control_sensors_present",
        "onboard_control_sensors_enabled",
        "onboard_control_sensors_health",
        form="{:#010x}",
    ),
    "BATTERY_STATUS": _fields("charge state", "charge_state"),
}
"""States that are noted when they change, by the message that carries them."""
