"""Which autopilot answers: its hardware id, so that a vehicle is never known by its system id alone (fault F-L9)."""

import contextlib

import msgspec

from mission.errors import LinkError
from vehicles import px4
from vehicles.message_wire import MessageWire, Outgoing


class IdentityError(LinkError):
    """An AUTOPILOT_VERSION could not be read."""


class _AutopilotVersion(msgspec.Struct, gc=False):
    uid: int = 0
    uid2: list[int] = []


_VERSION = msgspec.json.Decoder(_AutopilotVersion).decode


def hardware_uid(fields_json: str) -> str:
    """The hardware id in an AUTOPILOT_VERSION as hexadecimal digits; "" where the autopilot has none.

    `uid2` (18 bytes) outranks `uid` (8 bytes), as MAVLink says.

    Raises:
        IdentityError: the message's fields are not what MAVLink says.
    """
    try:
        version = _VERSION(fields_json)
        long_id = bytes(version.uid2)
    except (msgspec.DecodeError, ValueError) as problem:
        raise IdentityError(f"AUTOPILOT_VERSION cannot be read: {problem}") from problem
    if any(long_id):
        return long_id.hex()
    return f"{version.uid:016x}" if version.uid else ""


class HeardIdentities:
    """The hardware ids of every autopilot that answered on one wire. Filled from the wire's threads."""

    def __init__(self, wire: MessageWire) -> None:
        self._wire = wire
        self._uids: frozenset[str] = frozenset()
        wire.subscribe(px4.AUTOPILOT_VERSION, self._take)

    @property
    def uids(self) -> frozenset[str]:
        """The ids heard so far; autopilots without one do not show."""
        return self._uids

    def ask(self) -> None:
        """Have every autopilot that is there say which one it is."""
        fields = {f"param{number}": 0.0 for number in range(2, 8)}
        request = {"command": int(px4.Command.REQUEST_MESSAGE), "confirmation": 0, "param1": px4.AUTOPILOT_VERSION_ID}
        self._wire.send(Outgoing("COMMAND_LONG", {**request, **fields}))

    def _take(self, _name: str, fields_json: str) -> None:
        with contextlib.suppress(IdentityError):
            self._uids |= {hardware_uid(fields_json)} - {""}


def why_not_one_vehicle(expected_uid: str, heard_uids: frozenset[str], system_id: int) -> str:
    """Why what answers on a system id is not the one vehicle that it should be; "" = nothing is against it.

    Args:
        expected_uid: as `hardware_uid` gives it; "" where the configuration names none.
        heard_uids: every id heard on this connection since the vehicle was found.
        system_id: for the reason's words.
    """
    if len(heard_uids) > 1:
        return f"autopilots {' and '.join(sorted(heard_uids))} answer on system id {system_id}"
    strangers = heard_uids - {expected_uid}
    if expected_uid and strangers:
        return f"autopilot {min(strangers)} answers on system id {system_id}, not {expected_uid}"
    return ""
