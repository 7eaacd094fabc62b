"""Commands, answers and events survive the wire, and their tags are a contract."""

import msgspec
import pytest

from mission.model.mission import Mission
from vehicles import messages as m
from vehicles.link import PlanIds, TransferResult, TransferState
from vehicles.link_health import LinkCondition

HEADER = m.CommandHeader("id", 1, 2, 3.5)


def test_a_mission_survives_with_its_digest(mission: Mission) -> None:
    """NaN yaws included: what the gateway uploads is what was approved."""
    sent = m.Upload(HEADER, "v", mission)
    received = m.decode_request(m.encode(sent))
    assert isinstance(received, m.Upload)
    assert received.header == HEADER
    assert received.mission.digest() == mission.digest()
    assert (received.mission.home, received.mission.home_amsl_m) == (mission.home, mission.home_amsl_m)


@pytest.mark.parametrize(
    ("message", "tag"),
    [
        (m.Hold(HEADER, "v"), "hold"),
        (m.Land(HEADER, "v"), "land"),
        (m.ReturnToLaunch(HEADER, "v"), "return_to_launch"),
        (m.Disarm(HEADER, "v"), "disarm"),
        (m.Launch(HEADER, "v", "digest"), "launch"),
        (m.ReadParameter(HEADER, "v", "NAV_ACC_RAD"), "read_parameter"),
        (m.SetParameter(HEADER, "v", "NAV_ACC_RAD", 3.0), "set_parameter"),
        (m.SnapshotRequest("r"), "snapshot"),
    ],
)
def test_every_request_is_told_by_its_tag(message: m.Request, tag: str) -> None:
    """The tag is on the wire, and the message comes back as it went."""
    encoded = m.encode(message)
    assert msgspec.msgpack.decode(encoded)["type"] == tag
    assert m.decode_request(encoded) == message


def test_answers_and_events_survive() -> None:
    """A result with its transfer, and both kinds of event."""
    transfer = TransferResult(TransferState.NOT_LOADED, "", ("mission item 1: z",), "why", 2, PlanIds(1, 2, 3))
    result = m.CommandResult("id", m.CommandStatus.REFUSED, "why", transfer)
    assert m.decode_reply(m.encode(result)) == result
    for event in (
        m.StatusTextEvent("v", 2, "Arming denied", 1.0),
        m.LinkEvent("v", LinkCondition.DOWN, "no heartbeat", 2.0),
    ):
        frame = m.EventFrame(5, 6, event)
        assert m.decode_event(m.encode(frame)) == frame


def test_a_hold_is_these_bytes() -> None:
    """The layout on the wire is a contract between builds."""
    assert m.encode(m.Hold(HEADER, "v")) == msgspec.msgpack.encode(
        {
            "type": "hold",
            "header": {"command_id": "id", "authority_epoch": 1, "gateway_epoch": 2, "deadline_s": 3.5},
            "vehicle_id": "v",
        }
    )


@pytest.mark.parametrize("payload", [b"", b"\x00", b"garbage", msgspec.msgpack.encode({"type": "explode"})])
def test_garbage_is_a_decode_error(payload: bytes) -> None:
    """Never another exception, never a half-read command."""
    with pytest.raises(msgspec.DecodeError):
        m.decode_request(payload)
