"""Frames of streams: the same bytes as a frame made from scratch, whatever the fields are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.stream_frames import FORMATS, StreamFrames, stamp_of, times_of
from sim.streams import DEFAULT_HZ
from sim.wire import FrameWriter, Layout, Message

LAYOUTS: tuple[Layout, ...] = tuple(getattr(Message, name) for name in DEFAULT_HZ)
LONGEST_BOOT_US = 1 << 60


@given(
    layout=st.sampled_from(LAYOUTS),
    since_boot_us=st.integers(0, LONGEST_BOOT_US),
    system_id=st.integers(1, 255),
    frames_before=st.integers(0, 600),
    data=st.data(),
)
def test_a_stream_frame_is_the_frame_of_its_whole_payload(
    layout: Layout, since_boot_us: int, system_id: int, frames_before: int, data: st.DataObject
) -> None:
    """Time first, then what was kept, cut and checked as the protocol demands: byte for byte."""
    stamp = stamp_of(layout)
    time = times_of(since_boot_us)[stamp]
    timed = {"": 0, "I": 4, "Q": 8}[FORMATS[stamp]]
    rest = data.draw(st.binary(min_size=layout.payload.size - timed, max_size=layout.payload.size - timed))
    zeros = data.draw(st.integers(0, len(rest)))
    payload = time.to_bytes(timed, "little") + rest[: len(rest) - zeros] + bytes(zeros)
    fields = layout.payload.unpack(payload)

    one, other = FrameWriter(system_id, 1), FrameWriter(system_id, 1)
    one.sequence = other.sequence = frames_before % 256
    frames = StreamFrames(one, layout)
    frames.keep(fields[1:] if timed else fields)
    again = layout.payload.pack(*fields)  # a float that is no number may be another one after it was read
    assert [frames.frame(time) for _ in range(3)] == [other.frame(layout, again) for _ in range(3)]


def test_a_vehicle_that_takes_another_system_id_uses_it_at_once() -> None:
    """What was packed once does not hold the sender."""
    writer = FrameWriter(7, 1)
    frames = StreamFrames(writer, Message.ATTITUDE)
    frames.keep((0.0, 0.1, 0.2, 0.0, 0.0, 0.3))
    assert frames.frame(1)[5] == 7
    writer.system_id = 9
    assert frames.frame(2)[5] == 9


@pytest.mark.parametrize(("since_boot_us", "milliseconds"), [(0, 0), (10_000, 10), ((1 << 32) * 1000 + 5_000, 5)])
def test_milliseconds_since_boot_begin_anew_after_49_days(since_boot_us: int, milliseconds: int) -> None:
    """As PX4's 32 bits do."""
    assert times_of(since_boot_us)[stamp_of(Message.ATTITUDE)] == milliseconds
