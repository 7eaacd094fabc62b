"""The view of the fleet: ages are true, gaps are counted, older never replaces newer."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.telemetry import Freshness, VehicleState
from vehicles.telemetry.subscriber import TelemetryView
from vehicles.telemetry.wire import RECORD, FrameHeader, Sample, WireError, encode_frame, pack_frame, record_of


def frame(
    sequence: int,
    boot_time_ms: int,
    *,
    epoch: int = 1,
    boots: int = 0,
    heard_s: float = 0.0,
    sent_s: float = 0.0,
    topic: bytes = b"T|g|",
) -> bytes:
    """One frame of one vehicle, sent at `sent_s` of the gateway's clock."""
    received_s = heard_s if boot_time_ms >= 0 else -math.inf
    state = VehicleState("v", 1, boot_time_ms=boot_time_ms, received_s=received_s, latitude_deg=boot_time_ms / 1e4)
    return encode_frame(topic, FrameHeader(epoch, sequence, sent_s, 0.0), [Sample(state, boots)])


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


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.integers(0, 1000)), max_size=40))
def test_older_never_replaces_newer(arrivals: list[tuple[bool, int, int]]) -> None:
    """Within an epoch and boot the vehicle's clock in the view only grows, whatever overtakes what (F-L4, I-17).

    A full frame may be newer than the delta of its tick; a delta is never newer than what is held of its tick.
    """
    view = TelemetryView()
    held_ms, held_tick = -1, 0
    for full, tick, boot_time_ms in arrivals:
        view.take(frame(tick, boot_time_ms, topic=b"T|g|" if full else b"D|g|"), arrived_s=1.0)
        if boot_time_ms >= held_ms and (tick > held_tick or (full and tick == held_tick)):
            held_ms, held_tick = boot_time_ms, tick
        assert view.state("v").boot_time_ms == held_ms


def fleet_frame(topic: bytes, tick: int, clocks_ms: dict[int, int], *, epoch: int = 1) -> bytes:
    """A frame of the vehicles in these slots, made as a gateway makes it."""
    rows = [record_of(Sample(vehicle(slot, clock), 0), slot, 0.0) for slot, clock in clocks_ms.items()]
    return pack_frame(topic, FrameHeader(epoch, tick, 0.0, 0.0), np.array(rows, RECORD))


def vehicle(slot: int, boot_time_ms: int) -> VehicleState:
    """The vehicle in a slot."""
    return VehicleState(f"v{slot}", 1 + slot, boot_time_ms=boot_time_ms, received_s=0.0)


@given(
    news=st.lists(st.sets(st.integers(0, 4)), min_size=1, max_size=20),
    joins=st.integers(0, 19),
    snapshot=st.integers(0, 19),
    answered=st.integers(0, 19),
)
def test_a_late_joiner_is_consistent_once_it_is_whole(
    news: list[set[int]], joins: int, snapshot: int, answered: int
) -> None:
    """Whenever the deltas begin and the snapshot is made and comes: `whole` means the same state as the gateway's."""
    clocks = dict.fromkeys(range(5), 0)
    frames, fulls = [], []
    for tick, moved in enumerate(news, start=1):
        clocks |= dict.fromkeys(moved, tick)
        frames.append(fleet_frame(b"D|g|", tick, {slot: clocks[slot] for slot in sorted(moved)}))
        fulls.append((dict(clocks), fleet_frame(b"T|g|", tick, clocks)))
    view = TelemetryView()
    joins, snapshot, answered = (min(index, len(news) - 1) for index in (joins, snapshot, answered))
    for index in range(len(news)):
        if index >= joins:
            view.take(frames[index], 0.0)
        if index == max(snapshot, answered):
            view.take(fulls[snapshot][1], 0.0)
        if view.whole and index >= joins:
            assert {slot: view.state(f"v{slot}").boot_time_ms for slot in range(5)} == fulls[index][0]
    assert view.whole == (joins <= snapshot + 1)


def test_missing_frames_are_counted() -> None:
    """A gap in the sequence is a number, not a surprise; the next full frame makes good for it (F-S6)."""
    view = TelemetryView()
    view.take(frame(1, 1), arrived_s=0.0)
    for sequence in (2, 6):
        view.take(frame(sequence, sequence, topic=b"D|g|"), arrived_s=0.0)
    assert (view.gaps, view.whole) == (3, False)
    view.take(frame(6, 6), arrived_s=0.0)
    assert (view.gaps, view.whole) == (3, True)


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


def test_time_in_a_queue_counts() -> None:
    """A frame that was under way for 4 s longer than the quickest is 4 s old, whatever its header says (F-S6)."""
    view = TelemetryView()
    view.take(frame(1, 100, sent_s=20.0, heard_s=20.0), arrived_s=1000.0)
    view.take(frame(2, 200, sent_s=21.0, heard_s=21.0), arrived_s=1005.0)
    assert view.age_s("v", 1005.0) == pytest.approx(4.0, abs=0.01)
    assert view.transport_age_s("v", 1005.0) == pytest.approx(4.0, abs=0.01)
    assert view.freshness("v", 1005.0) is Freshness.STALE


def test_clocks_that_drift_apart_do_not_make_telemetry_old() -> None:
    """Two hosts' clocks part by 50 µs a second: after ten days nothing looks older than it is."""
    view = TelemetryView()
    for tick in range(1, 1000):
        sent_s = tick * 864.0
        view.take(frame(tick, tick, sent_s=sent_s, heard_s=sent_s), arrived_s=sent_s * 1.00005)
        assert view.age_s("v", sent_s * 1.00005) < 0.001


def test_a_silent_vehicle_is_told_from_a_silent_gateway() -> None:
    """Age by the vehicle's clock and age by transport are two figures (F-L2, F-V30)."""
    view = TelemetryView()
    view.take(frame(1, 100), arrived_s=0.0)
    view.take(frame(2, 100, sent_s=5.0), arrived_s=5.0)
    assert (view.age_s("v", 6.0), view.transport_age_s("v", 6.0)) == (6.0, 1.0)
    assert view.transport_age_s("unheard", 6.0) == math.inf


def test_several_gateways_are_one_fleet() -> None:
    """Each keeps its own account of ticks; of a vehicle that both know the one that heard it last is believed."""
    view = TelemetryView()
    view.take(frame(7, 100, topic=b"T|north|", epoch=3), arrived_s=1.0)
    view.take(frame(1, 900, topic=b"T|south|", epoch=9), arrived_s=2.0)
    view.take(frame(8, 200, topic=b"D|north|", epoch=3, sent_s=2.0, heard_s=2.0), arrived_s=3.0)
    assert view.state("v").boot_time_ms == 200
    assert (view.gaps, view.epoch_changes, view.whole, view.vehicles()) == (0, 0, True, ("v",))


def test_a_gateway_speaks_for_itself_only() -> None:
    """What comes on the connection of one gateway with the topic of another is refused (F-X2)."""
    view = TelemetryView()
    with pytest.raises(WireError, match="'south' on the connection of 'north'"):
        view.take(frame(1, 100, topic=b"T|south|"), arrived_s=0.0, shard="north")
    assert view.vehicles() == ()


def test_a_slot_does_not_change_hands() -> None:
    """Within an epoch a slot is one vehicle; a frame that says otherwise is refused as a whole."""
    view = TelemetryView()
    view.take(fleet_frame(b"T|g|", 1, {0: 1, 1: 1}), 0.0)
    swapped = encode_frame(b"T|g|", FrameHeader(1, 2, 0.0, 0.0), [Sample(vehicle(1, 5), 0), Sample(vehicle(0, 5), 0)])
    with pytest.raises(WireError, match="another vehicle"):
        view.take(swapped, 0.0)
    assert view.state("v0").boot_time_ms == 1
    view.take(fleet_frame(b"T|g|", 1, {1: 7, 0: 7}, epoch=2), 1.0)
    assert {view.state(f"v{slot}").boot_time_ms for slot in (0, 1)} == {7}


def test_only_what_changed_is_told() -> None:
    """A full frame that repeats what is known changes nothing, though ages in it grew."""
    view = TelemetryView()
    assert view.take(fleet_frame(b"T|g|", 1, {0: 1, 1: 1}), 0.0) == ("v0", "v1")
    assert view.take(fleet_frame(b"D|g|", 2, {1: 2}), 0.1) == ("v1",)
    assert view.take(fleet_frame(b"T|g|", 2, {0: 1, 1: 2}), 0.2) == ()


def test_the_times_must_make_sense() -> None:
    """STALE comes before LOST."""
    with pytest.raises(ValueError, match="stale_after_s"):
        TelemetryView(stale_after_s=5.0, lost_after_s=5.0)
