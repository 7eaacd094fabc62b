"""Nothing that comes over the link raises, or keeps a vehicle from answering afterwards."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.model.mission import MissionItem
from sim.autopilot import Autopilot
from sim.endurance import HOME, SYSTEM_ID, answers, endure, launch
from sim.fleet_config import VehicleConfig
from sim.geofence import areas_of
from sim.hostile_frames import KINDS, hostile_datagrams
from sim.wire import FrameReader, Message


def booted() -> Autopilot:
    """A vehicle on the ground, ready to arm."""
    autopilot = Autopilot(VehicleConfig("d1", SYSTEM_ID, 14540, HOME), max_stream_hz=1.0)
    autopilot.advance(5.0)
    return autopilot


@pytest.mark.parametrize("flies", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_vehicle_bears_every_kind_of_hostile_frame(kind: str, flies: bool) -> None:
    """Hundreds of one kind, on the ground and in the air: nothing raises, and a plain question is answered after."""
    rng, autopilot = random.Random(kind), booted()
    if flies:
        launch(autopilot)
        assert autopilot.onboard.armed
    for number in range(300):
        autopilot.receive(KINDS[kind](rng, SYSTEM_ID))
        if number % 10 == 0:
            autopilot.advance(autopilot.now_s + 0.02)
    assert answers(autopilot)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_vehicle_bears_any_bytes(datagrams: list[bytes]) -> None:
    """Whatever bytes come, they are passed over, and time goes on."""
    autopilot = booted()
    for datagram in datagrams:
        autopilot.receive(datagram)
    autopilot.advance(6.0)
    assert autopilot.now_s == pytest.approx(6.0)


def test_hostile_frames_are_broken_and_intact_ones() -> None:
    """Some of them pass the frame reader and reach the vehicle, others do not: both matter."""
    reader = FrameReader()
    intact = dict.fromkeys(KINDS, 0)
    for name, kind in KINDS.items():
        for seed in range(100):
            intact[name] += len(list(reader.messages(kind(random.Random(seed), SYSTEM_ID))))
    asking = ("any fields", "absurd command", "absurd item", "absurd parameter")
    assert {name: intact[name] for name in asking} == dict.fromkeys(asking, 100)
    assert intact["noise"] == intact["unknown message"] == 0
    assert intact["corrupted"] < 10


def test_a_seed_gives_the_same_hostile_frames() -> None:
    """A failing run is repeated by its seed."""
    first, second = (hostile_datagrams(random.Random(5), SYSTEM_ID) for _ in range(2))
    assert [next(first) for _ in range(100)] == [next(second) for _ in range(100)]


def test_twenty_thousand_hostile_frames_raise_nothing_and_stop_no_vehicle() -> None:
    """All kinds mixed, over several vehicles, every second of which flies."""
    found = endure(seed=20261120, datagrams=20_000)
    assert (dict(found.exceptions), found.unanswered, found.datagrams) == ({}, 0, 20_000)


@pytest.mark.slow
def test_a_million_hostile_frames_raise_nothing_and_stop_no_vehicle() -> None:
    """The same for a minute."""
    found = endure(seed=7, datagrams=1_000_000)
    assert (dict(found.exceptions), found.unanswered, found.datagrams) == ({}, 0, 1_000_000)


@given(st.floats(width=32), st.sampled_from([5001, 5002, 5003, 5004]))
def test_a_fence_vertex_may_count_to_anything(count: float, command: int) -> None:
    """A vertex count or radius that is no number, negative or without end makes no area, and raises nothing."""
    vertex = MissionItem(command, 6, count, 0.0, 0.0, 0.0, 484_100_000, 156_000_000, 0.0)
    for area in areas_of([vertex, vertex]):
        assert area.radius_m > 0.0


def test_a_fall_faster_than_the_wire_can_say_is_told_at_the_wires_end() -> None:
    """Velocities travel in 16 bits of cm/s: 327 m/s."""
    autopilot = booted()
    autopilot.onboard.airframe.velocity_up_m_s = -1000.0
    assert autopilot.streams.send_once(Message.GLOBAL_POSITION_INT.message_id)
    told = [m for frame in autopilot.take() for m in FrameReader().messages(frame)]
    assert [m.vz for m in told if m.get_type() == "GLOBAL_POSITION_INT"][-1] == 32767
