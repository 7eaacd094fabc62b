"""The data plane on real sockets: who is who, what is answered, what is refused."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import LinkError
from mission.model.telemetry import FlightMode
from sim.autopilot import Autopilot
from sim.fleet_config import Home, VehicleConfig
from vehicles import px4
from vehicles.link_health import LinkCondition
from vehicles.telemetry import frames
from vehicles.telemetry.data_plane import DataPlane, Expected, name_of
from vehicles.telemetry.rates import RateRequests
from vehicles.telemetry.table import StateTable
from vehicles.telemetry.wire import MAX_VEHICLE_ID_BYTES, MODES

Ports = Callable[[int], list[int]]
HOLD = 4 << 16 | 3 << 24


class Vehicle:
    """A system id on a socket of its own, speaking to one port."""

    opened: ClassVar[list[socket.socket]] = []

    def __init__(self, system_id: int, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.opened.append(self.socket)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5.0)
        self.sender = frames.FrameSender(system_id, 1)
        self.port = port

    def say(self, *spoken: bytes) -> None:
        """One datagram."""
        self.socket.sendto(b"".join(spoken), ("127.0.0.1", self.port))

    def beat(self) -> bytes:
        """A heartbeat in Hold."""
        return self.sender.frame(frames.HEARTBEAT, HOLD, 2, 12, 0, 4, 3)

    def place(self, clock_ms: int, lat: int = 1) -> bytes:
        """A position."""
        return self.sender.frame(frames.GLOBAL_POSITION_INT, clock_ms, lat, 2, 3, 4, 5, 6, 7, 8)

    def hear(self, layout: frames.Layout) -> bytes:
        """The payload of the next message of a kind that is sent to it."""
        while True:
            datagram = self.socket.recv(2048)
            if datagram[7] == layout.message_id:
                return datagram[10:-2].ljust(layout.dtype.itemsize, b"\0")


class Plane:
    """A plane with one port and what it told."""

    def __init__(self, port: int, system_ids: tuple[int, ...] = (1,), *, healthy: bool = True) -> None:
        self.table = StateTable("g", 1)
        self.told: list[tuple[str, LinkCondition]] = []
        expected = [Expected(f"d{system_id}", system_id, port) for system_id in system_ids]
        self.plane = DataPlane(
            expected,
            self.table,
            healthy=lambda: healthy,
            on_change=lambda vehicle_id, condition, _reason: self.told.append((vehicle_id, condition)),
        )

    def clock(self, slot: int) -> int:
        """The vehicle's clock in the table."""
        return int(self.table.records["boot_time_ms"][slot])


@contextmanager
def opened(plane: Plane) -> Iterator[Plane]:
    """Its sockets, open."""
    plane.plane.open()
    try:
        yield plane
    finally:
        plane.plane.close()


@pytest.fixture(autouse=True)
def _closing() -> Iterator[None]:
    """No socket outlives its test."""
    yield
    while Vehicle.opened:
        Vehicle.opened.pop().close()


@pytest.fixture
def port(free_ports: Ports) -> int:
    """A port nobody holds."""
    return free_ports(1)[0]


def test_a_datagram_of_several_messages_is_read(port: int) -> None:
    """Mode and position come out of one datagram, junk before them is skipped."""
    with opened(Plane(port)) as plane:
        vehicle = Vehicle(1, port)
        vehicle.say(b"\xfd junk", vehicle.beat(), vehicle.place(1_000))
        plane.plane.tick(0.0)
        assert MODES[int(plane.table.records["mode"][0])] is FlightMode.HOLD
        assert plane.clock(0) == 1_000
        assert plane.told == [("d1", LinkCondition.UP)]


def test_a_taken_port_is_named(port: int) -> None:
    """A second listener would steal what the first should hear."""
    with opened(Plane(port)), pytest.raises(LinkError, match=f"UDP port {port}"):
        Plane(port).plane.open()


def test_two_of_one_system_id_stay_two_and_are_quarantined(port: int) -> None:
    """Each keeps a row of its own, whichever speaks, and neither is trusted (F-L9)."""
    with opened(Plane(port)) as plane:
        first, second = Vehicle(1, port), Vehicle(1, port)
        first.say(first.beat(), first.place(1_000, 111))
        plane.plane.tick(0.0)
        second.say(second.beat(), second.place(90_000, 222))
        plane.plane.tick(0.5)
        first.say(first.beat(), first.place(1_100, 112))
        plane.plane.tick(1.0)
        assert [plane.clock(slot) for slot in range(2)] == [1_100, 90_000]
        assert plane.plane.conflicts == {0, 1}
        assert [condition for _, condition in plane.told] == [LinkCondition.UP, *[LinkCondition.CONFLICT] * 2]


def test_a_vehicle_that_comes_back_from_another_address_is_the_same(port: int) -> None:
    """Silent first, then heard elsewhere: the same row goes on, and what we say goes to the new address (F-L8)."""
    with opened(Plane(port)) as plane:
        before, after = Vehicle(1, port), Vehicle(1, port)
        before.say(before.beat(), before.place(1_000))
        plane.plane.tick(0.0)
        after.say(after.beat(), after.place(6_000))
        plane.plane.tick(5.0)
        assert (len(plane.table), plane.clock(0), plane.plane.rebound) == (1, 6_000, 1)
        plane.plane.tick(7.0)
        assert after.hear(frames.HEARTBEAT)
        before.say(before.beat(), before.place(7_000))  # it was another one, after all
        plane.plane.tick(7.1)
        assert plane.plane.conflicts == {0, 1}


def test_a_ping_is_answered_and_an_answer_is_not(port: int) -> None:
    """Same time and number, to the one that asked."""
    with opened(Plane(port, healthy=False)) as plane:
        vehicle = Vehicle(1, port)
        vehicle.say(vehicle.beat(), vehicle.sender.frame(frames.PING, 123_456_789, 7, 245, 190))
        vehicle.say(vehicle.sender.frame(frames.PING, 987_654_321, 8, 0, 0))
        plane.plane.tick(0.0)
        answer = vehicle.hear(frames.PING)
        assert (int.from_bytes(answer[:8], "little"), answer[8], answer[12], answer[13]) == (987_654_321, 8, 1, 1)


def test_our_heartbeat_is_sent_only_while_we_are_well(port: int, free_ports: Ports) -> None:
    """A gateway that is unwell is silent, so that vehicles' own failsafes see it gone."""
    other = free_ports(1)[0]
    with opened(Plane(port)) as well, opened(Plane(other, healthy=False)) as unwell:
        heard, unheard = Vehicle(1, port), Vehicle(1, other)
        for vehicle, plane in ((heard, well), (unheard, unwell)):
            vehicle.say(vehicle.beat())
            plane.plane.tick(0.0)
            plane.plane.tick(2.0)
        assert heard.hear(frames.HEARTBEAT)[4] == 6
        unheard.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            unheard.hear(frames.HEARTBEAT)


def test_rates_are_asked_for_until_they_are_set(port: int) -> None:
    """One at a time, answered or asked again; afterwards nothing is asked any more."""
    with opened(Plane(port, healthy=False)) as plane:
        vehicle = Vehicle(1, port)
        vehicle.say(vehicle.beat())
        plane.plane.tick(0.0)
        asked: list[int] = []
        while plane.plane._asking:
            command = vehicle.hear(frames.COMMAND_LONG)
            asked.append(int(struct.unpack("<f", command[:4])[0]))
            vehicle.say(vehicle.sender.frame(frames.COMMAND_ACK, 511, 0))
            plane.plane.tick(0.1 * len(asked))
            plane.plane.tick(0.1 * len(asked) + 0.06)
        assert sorted(asked) == sorted([*px4.UNWANTED_MESSAGES, *px4.WANTED_RATES_HZ])


def test_a_vehicle_that_does_not_answer_is_asked_less_often() -> None:
    """It costs next to nothing for ever, and is not given up."""
    rates, times = RateRequests(), []
    for tick in range(2_000):
        if rates.due(tick * 0.05) is not None:
            times.append(tick * 0.05)
    assert 10 < len(times) < 25
    assert not rates.done


def test_a_stranger_is_shown_and_not_trusted(port: int) -> None:
    """Nobody expected it: a row of its own, in quarantine; a flood of them ends."""
    with opened(Plane(port)) as plane:
        for number in range(80):
            stranger = Vehicle(2 + number, port)
            stranger.say(stranger.beat())
            stranger.socket.close()
        plane.plane.tick(0.0)
        assert len(plane.table) == 1 + 64
        assert len(plane.plane.conflicts) == 64


@given(st.integers(1, 255), st.integers(0, 2**32 - 1), st.integers(1, 65_535))
def test_a_strangers_name_fits_the_wire(system_id: int, host: int, port: int) -> None:
    """Whatever its address."""
    assert len(name_of(system_id, (socket.inet_ntoa(host.to_bytes(4, "big")), port))) <= MAX_VEHICLE_ID_BYTES


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_whatever_arrives_does_no_harm(datagrams: list[bytes]) -> None:
    """Garbage, halves of frames, lengths that lie: nothing is raised, nothing is heard."""
    plane = Plane(0)
    port_taker = plane.plane
    from vehicles.telemetry.data_plane import _Port

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nowhere:
        for datagram in datagrams:
            port_taker._take(_Port(nowhere, {1: 0}), b"\xfd" + datagram, ("127.0.0.1", 1))
        port_taker._messages.apply(0.0)
    assert plane.told == []


def test_a_simulated_px4_is_heard(port: int) -> None:
    """What a simulated PX4 sends is decoded: position, mode, battery, home."""
    autopilot = Autopilot(VehicleConfig("d1", 1, port, Home(48.41, 15.60, 200.0)))
    with opened(Plane(port)) as plane, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        for second in range(1, 6):
            autopilot.advance(float(second))
            for frame in autopilot.take():
                sender.sendto(frame, ("127.0.0.1", port))
                plane.plane.tick(float(second))
        row = plane.table.records[0]
        assert row["latitude_deg"] == pytest.approx(48.41, abs=1e-4)
        assert row["home_longitude_deg"] == pytest.approx(15.60, abs=1e-4)
        assert row["battery_remaining"] > 0.5
        assert row["landed_state"] == 1
        assert plane.plane.broken == 0
