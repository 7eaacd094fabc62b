"""The publisher's table: deltas say what is new, full frames say everything."""

import math

import pytest

from mission.model.telemetry import VehicleState
from vehicles.telemetry.subscriber import TelemetryView
from vehicles.telemetry.table import StateTable
from vehicles.telemetry.wire import decode_frame


def heard(vehicle_id: str, boot_time_ms: int, received_s: float) -> VehicleState:
    """A vehicle whose clock was heard."""
    return VehicleState(vehicle_id, 1, boot_time_ms=boot_time_ms, received_s=received_s)


@pytest.fixture
def table() -> StateTable:
    """Three vehicles, one tick after they were added."""
    table = StateTable("north", 7)
    for index in range(3):
        table.add(f"v{index}", index + 1)
    table.delta_frame(0.0, 0.0)
    return table


def test_a_delta_says_what_is_new_and_only_that(table: StateTable) -> None:
    """News is told once; a tick without any is told too, with its number."""
    table.put(1, heard("v1", 100, 9.5), 0)
    header, samples = decode_frame(table.delta_frame(10.0, 0.0), 100.0)
    assert (header.epoch, header.sequence) == (7, 2)
    assert [(s.state.vehicle_id, s.state.boot_time_ms, s.state.received_s) for s in samples] == [("v1", 100, 99.5)]
    header, samples = decode_frame(table.delta_frame(10.1, 0.0), 100.0)
    assert (header.sequence, samples) == (3, ())


def test_a_full_frame_says_everything_and_counts_no_tick(table: StateTable) -> None:
    """It repeats the tick before it, ages grown; a vehicle never heard has none."""
    table.put(1, heard("v1", 100, 9.5), 0)
    header, samples = decode_frame(table.full_frame(12.0, 0.0), 100.0)
    assert header.sequence == table.sequence == 1
    assert [s.state.received_s for s in samples] == [-math.inf, 97.5, -math.inf]


def test_the_same_state_again_is_no_news(table: StateTable) -> None:
    """An unchanged vehicle costs nothing on the wire."""
    state = heard("v2", 5, 1.0)
    table.put(2, state, 0)
    table.delta_frame(1.0, 0.0)
    table.put(2, state, 0)
    assert decode_frame(table.delta_frame(1.1, 0.0), 0.0)[1] == ()


def test_a_table_grows_and_keeps_slots() -> None:
    """More vehicles than there was room for, each still in its row."""
    table, view = StateTable("north", 1), TelemetryView()
    for index in range(100):
        assert table.add(f"v{index}", 1 + index % 250) == index
        table.put(index, heard(f"v{index}", index, 0.0), 0)
    view.take(table.full_frame(0.0, 0.0), 0.0)
    assert [view.state(f"v{index}").boot_time_ms for index in range(100)] == list(range(100))
