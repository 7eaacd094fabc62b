"""The faults of a link: what they are called is what they do, by a seed, in virtual time and on UDP."""

import asyncio
import itertools
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.link_faults import CUT, MAX_QUEUE_S, PERFECT, Change, Faults, FaultyLink, Way, outage
from sim.lossy_proxy import LossyProxy
from sim.virtual_time import run_in_virtual_time

FAULTS = st.builds(
    Faults,
    loss=st.floats(0.0, 1.0),
    burst_packets=st.floats(1.0, 20.0),
    gilbert=st.booleans(),
    duplicated=st.floats(0.0, 1.0),
    delay_s=st.floats(0.0, 2.0),
    jitter_s=st.floats(0.0, 2.0),
    reordered=st.booleans(),
)


def passed(faults: Faults, count: int, every_s: float = 0.01, seed: int = 1, size: int = 4) -> list[tuple[float, int]]:
    """Numbers of the packets that arrive, each with its time."""
    link = FaultyLink(seed, up=faults)
    arrived: list[tuple[float, int]] = []
    for number in range(count):
        link.offer(Way.UP, number.to_bytes(size, "big"), number * every_s)
    while (now_s := link.ways[Way.UP].next_s) < float("inf"):
        arrived += [(now_s, int.from_bytes(packet, "big")) for packet in link.ways[Way.UP].take(now_s)]
    return arrived


@given(faults=FAULTS, seed=st.integers(0, 1000))
def test_nothing_arrives_that_was_not_sent_nor_before_its_delay(faults: Faults, seed: int) -> None:
    """At most two of each, none before the delay nor after delay and jitter of the latest before it."""
    arrived = passed(faults, 50, seed=seed)
    for now_s, number in arrived:
        assert now_s >= number * 0.01 + faults.delay_s - 1e-9
        assert now_s <= 49 * 0.01 + faults.delay_s + faults.jitter_s + 1e-9
    numbers = [number for _, number in arrived]
    assert all(numbers.count(number) <= 2 for number in numbers)
    if not faults.reordered:
        assert numbers == sorted(numbers)


@given(faults=FAULTS, seed=st.integers(0, 1000))
def test_a_seed_repeats_a_run(faults: Faults, seed: int) -> None:
    """The same seed loses the same packets at the same moments."""
    assert passed(faults, 30, seed=seed) == passed(faults, 30, seed=seed)


@pytest.mark.parametrize(
    "faults", [Faults(loss=0.3), Faults(loss=0.3, burst_packets=5), Faults(loss=0.3, burst_packets=5, gilbert=True)]
)
def test_the_fraction_lost_is_the_loss_also_in_bursts(faults: Faults) -> None:
    """30 % of many packets, however they are grouped (F-L1)."""
    assert 1.0 - len(passed(faults, 20_000)) / 20_000 == pytest.approx(0.3, abs=0.02)


def lost_runs(arrived: list[tuple[float, int]], count: int) -> Iterator[int]:
    """Lengths of the runs of lost packets."""
    there = {number for _, number in arrived}
    for is_lost, run in itertools.groupby(range(count), lambda number: number not in there):
        if is_lost:
            yield len(list(run))


def test_fixed_bursts_are_exactly_so_long() -> None:
    """Bursts of five: every run of losses is a multiple of five."""
    runs = list(lost_runs(passed(Faults(loss=0.1, burst_packets=5), 5000), 5000))
    assert runs
    assert all(length % 5 == 0 for length in runs[:-1])


def test_a_reordered_link_reorders_and_a_jittery_one_does_not() -> None:
    """Jitter alone keeps the order, as a serial radio does (F-L4)."""
    jittery = [number for _, number in passed(Faults(jitter_s=0.1), 200)]
    reordered = [number for _, number in passed(Faults(jitter_s=0.1, reordered=True), 200)]
    assert jittery == list(range(200))
    assert sorted(reordered) == list(range(200))
    assert reordered != jittery


def test_a_narrow_link_takes_its_time_and_drops_what_does_not_fit() -> None:
    """57.6 kbit/s: 1,000 bytes every 10 ms are too much; half a second of it waits, the rest is lost (F-L13)."""
    arrived = passed(Faults(bandwidth_bit_s=57_600.0), 100, size=1000)
    last_s = arrived[-1][0]
    assert last_s <= 1.0 + MAX_QUEUE_S + 0.2
    assert len(arrived) == pytest.approx(57_600.0 * last_s / 8000.0, abs=1.5)


def test_an_outage_begins_and_ends_on_time() -> None:
    """One way cut from 1 s to 3 s, the other way open (F-L2, F-L7)."""
    link = FaultyLink(1, schedule=outage(1.0, 2.0, ways=[Way.DOWN]))
    for tenth in range(50):
        for way in Way:
            link.offer(way, bytes([tenth]), tenth / 10)
    heard = {way: [packet[0] for packet in link.ways[way].take(9.0)] for way in Way}
    assert heard[Way.UP] == list(range(50))
    assert heard[Way.DOWN] == [*range(10), *range(30, 50)]


@pytest.mark.parametrize("wrong", [{"loss": 1.1}, {"duplicated": -0.1}, {"burst_packets": 0.5}, {"delay_s": -1.0}])
def test_impossible_faults_are_refused(wrong: dict[str, float]) -> None:
    """A typing error is no fault of a link."""
    with pytest.raises(ValueError, match=r"is|under"):
        Faults(**wrong)  # type: ignore[arg-type]  # what is wrong with it


def test_virtual_time_jumps_and_keeps_the_order() -> None:
    """An hour's sleep takes none; what is due first happens first."""

    async def sleepers() -> list[float]:
        loop, order = asyncio.get_running_loop(), []

        async def one(seconds: float) -> None:
            await asyncio.sleep(seconds)
            order.append(loop.time())

        await asyncio.gather(one(3600.0), one(1.0), one(60.0))
        return order

    assert run_in_virtual_time(sleepers()) == pytest.approx([1.0, 60.0, 3600.0])


def test_a_deadlock_in_virtual_time_is_an_error() -> None:
    """Nothing is due and nobody outside can wake the loop: said at once, instead of hanging."""

    async def waits_for_nobody() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="deadlock"):
        run_in_virtual_time(waits_for_nobody())


class Ends:
    """A vehicle's and a ground station's socket, with a proxy's ports."""

    def __init__(self) -> None:
        self.vehicle, self.ground = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for end in (self.vehicle, self.ground):
            end.bind(("127.0.0.1", 0))
            end.setblocking(False)
        self.ground_port = int(self.ground.getsockname()[1])

    async def heard(self, end: socket.socket) -> tuple[bytes, tuple[str, int]]:
        """The next datagram at one end."""
        async with asyncio.timeout(5.0):
            return await asyncio.get_running_loop().sock_recvfrom(end, 4096)


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Two open sockets."""
    both = Ends()
    yield both
    both.vehicle.close()
    both.ground.close()


async def test_the_proxy_carries_both_ways_and_its_faults_change_at_run_time(ends: Ends) -> None:
    """Through, cut, through again; what was sent while it was cut never comes."""
    link = FaultyLink(1)
    async with LossyProxy(link, vehicle_side_port=0, ground_port=ends.ground_port) as proxy:
        to_proxy = ("127.0.0.1", proxy.vehicle_side_port)
        ends.vehicle.sendto(b"first", to_proxy)
        packet, vehicle_address = await ends.heard(ends.ground)
        assert packet == b"first"
        ends.ground.sendto(b"answer", vehicle_address)
        assert (await ends.heard(ends.vehicle))[0] == b"answer"
        link.set(down=CUT)
        ends.vehicle.sendto(b"lost", to_proxy)
        ends.ground.sendto(b"one way", vehicle_address)
        assert (await ends.heard(ends.vehicle))[0] == b"one way"
        link.set(down=PERFECT)
        ends.vehicle.sendto(b"last", to_proxy)
        assert (await ends.heard(ends.ground))[0] == b"last"
    assert link.ways[Way.DOWN].lost == 1


async def test_the_proxy_can_change_the_vehicles_address(ends: Ends) -> None:
    """After a change by the schedule the ground hears the vehicle from another port (F-L8)."""
    link = FaultyLink(1, schedule=[Change(0.0, Way.DOWN, PERFECT), Change(0.2, Way.DOWN, PERFECT, rebind=True)])
    async with LossyProxy(link, vehicle_side_port=0, ground_port=ends.ground_port) as proxy:
        addresses: set[tuple[str, int]] = set()
        async with asyncio.timeout(5.0):
            while len(addresses) < 2:
                ends.vehicle.sendto(b"hello", ("127.0.0.1", proxy.vehicle_side_port))
                addresses.add((await ends.heard(ends.ground))[1])
    assert len(addresses) == 2
