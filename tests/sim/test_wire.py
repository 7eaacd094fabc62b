"""Frames: readable by others, and never harmful."""

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import common as dialect

from sim.autopilot import Autopilot
from sim.fleet_config import Home, VehicleConfig
from sim.wire import FrameReader, FrameWriter, Layout, Message

if TYPE_CHECKING:
    from tests.sim.conftest import GroundStation

CONFIG = VehicleConfig("d", 1, 14540, Home(48.0, 15.0, 200.0))


def frames_of(*messages: Any) -> bytes:
    """Messages as one datagram of a ground station."""
    encoder = dialect.MAVLink(None, 245, 190)
    return b"".join(message.pack(encoder) for message in messages)


UPLOAD = frames_of(
    dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3),
    dialect.MAVLink_mission_count_message(1, 1, 1, 0),
    dialect.MAVLink_mission_item_int_message(1, 1, 0, 6, 22, 1, 1, 0, 0, 0, 0, 480000000, 150000000, 10, 0),
    dialect.MAVLink_command_long_message(1, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0),
)


def test_every_layout_has_the_checksum_seed_of_its_dialect() -> None:
    """Layouts laid out by hand keep id and seed of the message they extend."""
    layouts = [value for value in vars(Message).values() if isinstance(value, Layout)]
    assert len(layouts) > 25
    for layout in layouts:
        known = dialect.mavlink_map.get(layout.message_id)
        if known is not None:
            assert layout.crc_extra == bytes([known.crc_extra])


def test_sequence_numbers_count_and_wrap() -> None:
    """Every frame of a component has the next number, modulo 256."""
    writer = FrameWriter(1, 1)
    numbers = [writer.frame(Message.EXTENDED_SYS_STATE, b"\0\1")[4] for _ in range(258)]
    assert numbers == [n % 256 for n in range(258)]


def test_payload_of_zeros_keeps_one_byte() -> None:
    """MAVLink 2 cuts trailing zeros but never the first byte; a reader fills them in again."""
    frame = FrameWriter(1, 1).frame(Message.EXTENDED_SYS_STATE, b"\0\0")
    assert frame[1] == 1
    message = dialect.MAVLink(None).decode(bytearray(frame))
    assert (message.vtol_state, message.landed_state) == (0, 0)


def test_everything_a_vehicle_streams_is_decoded_by_pymavlink(station: "GroundStation") -> None:
    """After 4 s every stream was heard at least once, from system 1, component 1."""
    heard = {m.get_type() for _, m in station.heard}
    assert {"HEARTBEAT", "SYS_STATUS", "GLOBAL_POSITION_INT", "HOME_POSITION", "BATTERY_STATUS"} <= heard
    assert {(m.get_srcSystem(), m.get_srcComponent()) for _, m in station.heard} == {(1, 1)}


def test_plan_ids_travel_in_mission_current(station: "GroundStation") -> None:
    """MISSION_CURRENT carries mission_id, fence_id and rally_points_id behind what pymavlink knows of it."""
    payload = Message.MISSION_CURRENT.payload.pack(3, 8, 0, 0, 0x11223344, 0x55667788, 0x99AABBCC)
    frame = FrameWriter(1, 1).frame(Message.MISSION_CURRENT, payload)
    assert frame[10:28] == payload
    assert dialect.MAVLink(None).decode(bytearray(frame)).seq == 3


def test_intact_frames_around_garbage_are_read() -> None:
    """Bytes between frames, and a frame cut short, do not cost the others."""
    reader = FrameReader()
    heartbeat = frames_of(dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3))
    datagram = b"\xfd\x00noise" + heartbeat + b"\xfd\xff" + heartbeat + heartbeat[:9]
    assert [m.get_type() for m in reader.messages(datagram)] == ["HEARTBEAT", "HEARTBEAT"]


def test_foreign_and_broken_frames_are_skipped() -> None:
    """A wrong checksum and an unknown message id are counted and passed over."""
    reader = FrameReader()
    heartbeat = bytearray(frames_of(dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3)))
    heartbeat[12] ^= 1
    assert list(reader.messages(bytes(heartbeat))) == []
    assert reader.rejected_count > 0


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
@example(b"\xfd" * 300)
def test_random_bytes_never_raise(datagram: bytes) -> None:
    """Whatever arrives on the port, the vehicle goes on."""
    autopilot = Autopilot(CONFIG, max_stream_hz=0.5)
    autopilot.receive(datagram)
    autopilot.advance(0.1)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(UPLOAD) - 1), st.integers(0, 255)), max_size=8), st.booleans())
def test_mangled_frames_never_raise(flips: list[tuple[int, int]], repair: bool) -> None:
    """Valid traffic with bytes changed – its checksums repaired or not – never raises."""
    datagram = bytearray(UPLOAD)
    for place, value in flips:
        datagram[place] = value
    frames = [bytes(datagram)]
    if repair:
        frames = [_with_good_checksum(bytes(datagram), frame) for frame in _starts(UPLOAD)]
    autopilot = Autopilot(CONFIG, max_stream_hz=0.5)
    autopilot.advance(4.0)
    for frame in frames:
        autopilot.receive(frame)
    autopilot.advance(4.5)


def _starts(datagram: bytes) -> list[tuple[int, int]]:
    spans, at = [], 0
    while at < len(datagram):
        end = at + datagram[at + 1] + 12
        spans.append((at, end))
        at = end
    return spans


def _with_good_checksum(datagram: bytes, span: tuple[int, int]) -> bytes:
    start, end = span
    message_id = int.from_bytes(datagram[start + 7 : start + 10], "little")
    known = dialect.mavlink_map.get(message_id)
    if known is None:
        return datagram[start:end]
    layout = Layout("", message_id, bytes([known.crc_extra]), known.unpacker)
    writer = FrameWriter(datagram[start + 5], datagram[start + 6])
    return writer.frame(layout, datagram[start + 10 : end - 2])
