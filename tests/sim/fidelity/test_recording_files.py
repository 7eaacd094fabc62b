"""Recordings as files: read whole, or refused by name and place."""

import gzip
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import InputError
from sim.fidelity.recording import Packet, read_recording
from sim.wire import FrameWriter, Message

HEARTBEAT = FrameWriter(7, 1).frame(Message.HEARTBEAT, Message.HEARTBEAT.payload.pack(0, 2, 12, 29, 3, 3))


def record(*times_us: int) -> bytes:
    """A recording of one heartbeat at each of some times."""
    return b"".join(struct.pack(">Q", time_us) + HEARTBEAT for time_us in times_us)


@pytest.mark.parametrize("suffix", [".tlog", ".tlog.gz"])
def test_packets_come_in_order_with_seconds_from_the_first(tmp_path: Path, suffix: str) -> None:
    """Plain and gzipped recordings alike."""
    data = record(1_000_000, 1_500_000)
    path = tmp_path / f"trace{suffix}"
    path.write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)
    assert list(read_recording(path)) == [Packet(0.0, HEARTBEAT), Packet(0.5, HEARTBEAT)]


def test_a_packet_knows_its_sender_and_its_message() -> None:
    """System id, message id and payload are those of the frame."""
    packet = Packet(0.0, HEARTBEAT)
    assert (packet.system_id, packet.message_id) == (7, 0)
    assert packet.payload == HEARTBEAT[10:-2]


@given(st.integers(1, len(record(0, 1)) - 1))
def test_a_recording_cut_within_a_record_is_refused(tmp_path_factory: pytest.TempPathFactory, end: int) -> None:
    """Half a frame is never yielded, nor does a cut raise anything but `InputError`."""
    path = tmp_path_factory.getbasetemp() / "cut.tlog"
    path.write_bytes(record(0, 1)[:end])
    if end == len(record(0)):
        assert len(list(read_recording(path))) == 1
    else:
        with pytest.raises(InputError, match=r"cut\.tlog"):
            list(read_recording(path))


def test_a_missing_file_and_a_broken_archive_are_refused_by_name(tmp_path: Path) -> None:
    """Both say which file it is."""
    with pytest.raises(InputError, match="absent"):
        list(read_recording(tmp_path / "absent.tlog"))
    broken = tmp_path / "broken.tlog.gz"
    broken.write_bytes(b"no archive")
    with pytest.raises(InputError, match="broken"):
        list(read_recording(broken))
