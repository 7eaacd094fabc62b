"""Nothing that comes over the link raises, or keeps a vehicle from answering afterwards."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.autopilot import Autopilot
from sim.endurance import HOME, SYSTEM_ID, answers, endure, launch
from sim.fleet_config import VehicleConfig
from sim.hostile_frames import KINDS, hostile_datagrams
from sim.wire import FrameReader


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
