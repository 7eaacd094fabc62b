"""The view of the fleet: ages are true, gaps are counted, older never replaces newer."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.telemetry import Freshness, VehicleState
from vehicles.telemetry.subscriber import TelemetryView
from vehicles.telemetry.wire import FrameHeader, Sample, WireError, encode_frame


def frame(sequence: int, boot_time_ms: int, *, epoch: int = 1, boots: int = 0, heard_s: float = 0.0) -> bytes:
    """One frame of one vehicle, sent at 0 s of the gateway's clock."""
    received_s = heard_s if boot_time_ms >= 0 else -math.inf
    state = VehicleState("v", 1, boot_time_ms=boot_time_ms, received_s=received_s, latitude_deg=boot_time_ms / 1e4)
    return encode_frame(b"T|g|", FrameHeader(epoch, sequence, 0.0, 0.0), [Sample(state, boots)])


def test_a_vehicle_never_heard_is_never() -> None:
    """No sample is not an old sample."""
    view = TelemetryView()
    assert view.freshness("v", 0.0) is Freshness.NEVER
    assert view.age_s("v", 0.0) == math.inf
    assert view.state("v") == VehicleState("v")


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0.0, Freshness.FRESH), (2.9, Freshness.FRESH), (3.0, Freshness.STALE), (10.0, Freshness.LOST)],
)
def test_silence_is_stale_at_3_s_and_lost_at_10_s(age_s: float, expected: Freshness) -> None:
    """Whatever the transport says (F-L2)."""
    view = TelemetryView()
    view.take(frame(1, 100), arrived_s=50.0)
    assert view.freshness("v", 50.0 + age_s) is expected


def test_an_age_at_the_gateway_counts() -> None:
    """A sample that was 2 s old when sent is 2 s old on arrival."""
    view = TelemetryView()
    view.take(frame(1, 100, heard_s=-2.0), arrived_s=50.0)
    assert view.age_s("v", 50.0) == 2.0


def test_frozen_telemetry_grows_old() -> None:
    """Frames that go on with the same vehicle clock do not keep a vehicle fresh (F-V30)."""
    view = TelemetryView()
    for sequence in range(1, 12):
        view.take(frame(sequence, 100), arrived_s=float(sequence))
    assert view.freshness("v", 11.0) is Freshness.LOST


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 1000)), max_size=40))
def test_older_never_replaces_newer(arrivals: list[tuple[int, int]]) -> None:
    """Within an epoch and boot the vehicle's clock in the view only grows (F-L4, I-17)."""
    view = TelemetryView()
    newest_ms, newest_sequence = -1, 0
    for sequence, boot_time_ms in arrivals:
        view.take(frame(sequence, boot_time_ms), arrived_s=1.0)
        if sequence > newest_sequence:
            newest_sequence = sequence
            newest_ms = max(newest_ms, boot_time_ms)
        assert view.state("v").boot_time_ms == newest_ms


def test_missing_frames_are_counted() -> None:
    """A gap in the sequence is a number, not a surprise (F-S6)."""
    view = TelemetryView()
    for sequence in (1, 2, 6):
        view.take(frame(sequence, sequence), arrived_s=0.0)
    assert view.gaps == 3


def test_a_new_epoch_takes_over_and_an_old_one_is_over() -> None:
    """A restarted gateway begins again at 1; late frames of the dead one are not believed."""
    view = TelemetryView()
    view.take(frame(90, 500, epoch=1), arrived_s=0.0)
    view.take(frame(1, 100, epoch=2), arrived_s=1.0)
    view.take(frame(91, 900, epoch=1), arrived_s=2.0)
    assert (view.epoch, view.epoch_changes) == (2, 1)
    assert view.state("v").boot_time_ms == 100


def test_a_gateway_that_knows_nothing_does_not_erase_the_last_known_place() -> None:
    """After a restart, until the vehicle is heard again, its last place stays, and ages (F-V25)."""
    view = TelemetryView()
    view.take(frame(90, 500, epoch=1), arrived_s=0.0)
    view.take(frame(1, -1, epoch=2), arrived_s=4.0)
    assert view.state("v").boot_time_ms == 500
    assert view.freshness("v", 4.0) is Freshness.STALE


def test_a_restart_of_the_autopilot_forgets() -> None:
    """The gateway says that it rebooted: nothing of before is shown as known (F-V18)."""
    view = TelemetryView()
    view.take(frame(1, 500_000), arrived_s=0.0)
    view.take(frame(2, -1, boots=1), arrived_s=0.1)
    assert view.freshness("v", 0.1) is Freshness.NEVER
    view.take(frame(3, 100, boots=1), arrived_s=0.2)
    assert view.freshness("v", 0.2) is Freshness.FRESH


def test_a_bad_frame_changes_nothing() -> None:
    """Refused as a whole."""
    view = TelemetryView()
    view.take(frame(1, 100), arrived_s=0.0)
    before = view.state("v")
    with pytest.raises(WireError):
        view.take(frame(2, 200)[:-1], arrived_s=1.0)
    assert replace(view.state("v"), latitude_deg=0.0) == replace(before, latitude_deg=0.0)


def test_the_times_must_make_sense() -> None:
    """STALE comes before LOST."""
    with pytest.raises(ValueError, match="stale_after_s"):
        TelemetryView(stale_after_s=5.0, lost_after_s=5.0)
