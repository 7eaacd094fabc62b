"""The bus end to end, in one process: late joiners, slow readers, an outage, a restart, and who is let in."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import zmq
import zmq.auth

from mission.errors import InputError, LinkTimeoutError
from mission.model.telemetry import VehicleState
from vehicles import messages as m
from vehicles.bus_reader import BusReader
from vehicles.bus_server import BusServer
from vehicles.link_health import LinkCondition
from vehicles.telemetry.bus_keys import ClientKeys, GatewayKeys
from vehicles.telemetry.subscriber import TelemetryView
from vehicles.telemetry.table import StateTable

ANY = "tcp://127.0.0.1:*"


class Publisher:
    """A gateway without links: a table, and the server that is tested."""

    def __init__(self, count: int, epoch: int = 1, keys: GatewayKeys | None = None, shard: str = "north") -> None:
        self.table = StateTable(shard, epoch)
        for index in range(count):
            self.table.add(f"v{index}", 1)
        self.server = BusServer(shard, epoch, self.table, self.answer, keys)
        self.clock_ms = 0

    async def answer(self, request: m.Request) -> m.Reply:
        """Snapshots truly; a command is always done."""
        if isinstance(request, m.SnapshotRequest):
            return self.server.snapshot(request, ())
        if isinstance(request, m.TakeLease):
            return m.LeaseReply(request.request_id, request.vehicle_ids, {})
        return m.CommandResult(request.header.command_id, m.CommandStatus.DONE)

    def tick(self) -> None:
        """All vehicles move, and a tick is published."""
        self.clock_ms += 100
        for slot in range(len(self.table)):
            state = VehicleState(f"v{slot}", 1, boot_time_ms=self.clock_ms, received_s=time.monotonic())
            self.table.put(slot, state, 0)
        self.server.tick()

    def say(self, text: str) -> None:
        """An event."""
        self.server.emit(m.LinkEvent("v0", LinkCondition.UP, text, 0.0))


@asynccontextmanager
async def serving(publisher: Publisher, pub: str = ANY, router: str = ANY) -> AsyncIterator[Publisher]:
    """Its sockets, open."""
    publisher.server.open(pub, router)
    try:
        yield publisher
    finally:
        await publisher.server.close()


@asynccontextmanager
async def reading(server: BusServer, view: TelemetryView, keys: ClientKeys | None = None) -> AsyncIterator[BusReader]:
    """A reader of it, open."""
    reader = BusReader(server.pub_endpoint, server.router_endpoint, view, gateway_id="north", keys=keys)
    try:
        await reader.open()
        yield reader
    finally:
        await reader.close()


async def until(condition: Callable[[], bool], publisher: Publisher | None = None, timeout_s: float = 20.0) -> None:
    """Wait for a condition, ticking."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            if publisher is not None:
                publisher.tick()
            await asyncio.sleep(0.01)


async def test_a_late_joiner_sees_the_whole_fleet_at_once() -> None:
    """The first snapshot is the whole state; the deltas after it follow without a gap."""
    async with serving(Publisher(300)) as publisher:
        publisher.tick()
        view = TelemetryView()
        async with reading(publisher.server, view):
            assert view.whole
            assert {view.state(f"v{index}").boot_time_ms for index in range(300)} == {100}
            await until(lambda: view.state("v299").boot_time_ms >= 500, publisher)
            assert view.whole


async def test_a_reader_that_stands_still_sees_the_newest_when_it_goes_on() -> None:
    """What it missed is skipped and counted, what it sees is young, and the publisher did not wait (F-S6)."""
    async with serving(Publisher(50)) as publisher:
        view = TelemetryView()
        async with reading(publisher.server, view) as reader:
            await until(lambda: view.state("v0").boot_time_ms > 0, publisher)
            for _ in range(3000):  # far more than any queue holds; nothing is read meanwhile, and nobody waits
                publisher.tick()
            await until(lambda: view.whole and view.state("v0").boot_time_ms == publisher.clock_ms, publisher)
            assert view.gaps > 0
            assert reader.bad_frames == 0


async def test_events_missed_in_an_outage_come_with_the_snapshot() -> None:
    """The bus is down while a gateway goes on: its events are kept, and arrive once each, in order (F-S7)."""
    heard: list[str] = []
    async with serving(Publisher(1)) as publisher:
        view = TelemetryView()
        async with reading(publisher.server, view) as reader:
            reader.on_event = lambda event: heard.append(getattr(event, "reason", ""))
            publisher.say("0")
            await until(lambda: heard == ["0"], publisher)
            lost = publisher.server._pub
            publisher.server._pub = publisher.server._context.socket(zmq.PUB)  # into nowhere
            for number in range(1, 40):
                publisher.say(str(number))
                publisher.tick()
            publisher.server._pub.close()
            publisher.server._pub = lost
            publisher.say("40")
            await until(lambda: len(heard) == 41, publisher)
            assert heard == [str(number) for number in range(41)]
            assert reader.missed_events == 0
            assert view.gaps >= 38
            await until(lambda: view.whole, publisher)


async def test_a_gateway_that_comes_back_is_followed() -> None:
    """Same endpoints, new epoch: the reader sees it whole, with its events from the first on (F-S7)."""
    heard: list[str] = []
    view = TelemetryView()
    async with serving(Publisher(2, epoch=1)) as first:
        pub, router = first.server.pub_endpoint, first.server.router_endpoint
        reader = BusReader(pub, router, view)
        reader.on_event = lambda event: heard.append(getattr(event, "reason", ""))
        await reader.open()
        first.say("before")
        await until(lambda: heard == ["before"], first)
    async with serving(Publisher(3, epoch=2), pub, router) as second:
        second.say("after")
        second.say("later")
        await until(lambda: view.epoch == 2 and view.whole and len(heard) == 3, second)
        assert heard == ["before", "after", "later"]
        assert view.vehicles() == ("v0", "v1", "v2")
    await reader.close()


async def test_several_readers_share_one_view() -> None:
    """Two gateways, one fleet."""
    view = TelemetryView()
    async with (
        serving(Publisher(1)) as north,
        serving(Publisher(2, shard="south")) as south,
        reading(north.server, view),
    ):
        other = BusReader(south.server.pub_endpoint, south.server.router_endpoint, view, gateway_id="south")
        await other.open()
        await until(lambda: view.state("v1").boot_time_ms > 0, south)
        await until(lambda: view.state("v0").boot_time_ms > 0, north)
        assert set(view.shards) == {"north", "south"}
        await other.close()


# -- keys ----------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> str:
    """Make one; returns its public key."""
    folder.mkdir(exist_ok=True)
    public, _ = zmq.auth.create_certificates(folder, name)
    return zmq.auth.load_certificate(public)[0].decode()


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """A gateway, one who may command v0, one who may only hear, and a stranger, each with a key folder."""
    certificate(tmp_path / "gateway", "gateway")
    keys = {name: certificate(tmp_path / name, "client") for name in ("control", "screen", "stranger")}
    peers = {
        "control": {"public_key": keys["control"], "commands": ["v0"]},
        "screen": {"public_key": keys["screen"]},
    }
    (tmp_path / "gateway" / "peers.json").write_text(json.dumps(peers))
    for name in keys:
        (tmp_path / name / "gateway.key").write_bytes((tmp_path / "gateway" / "gateway.key").read_bytes())
    return tmp_path


def hold(vehicle_id: str) -> m.Hold:
    """A command."""
    return m.Hold(m.CommandHeader(f"c-{vehicle_id}", 1, 1, time.monotonic() + 5.0), vehicle_id)


async def status_of(asked: Awaitable[m.Reply | None]) -> m.CommandStatus | None:
    """How a command was answered."""
    reply = await asked
    return reply.status if isinstance(reply, m.CommandResult) else None


async def test_a_key_says_who_may_hear_and_who_may_command_what(folders: Path) -> None:
    """One of the keys hears everything and commands nothing; the other commands its vehicle only (F-X2)."""
    async with serving(Publisher(2, keys=GatewayKeys(folders / "gateway"))) as publisher:
        publisher.tick()
        for name, mine in (("control", m.CommandStatus.DONE), ("screen", m.CommandStatus.REFUSED)):
            view = TelemetryView()
            async with reading(publisher.server, view, ClientKeys(folders / name)) as reader:
                assert view.whole
                assert await status_of(reader.ask("c-v0", hold("v0"), 5.0)) is mine
                assert await status_of(reader.ask("c-v1", hold("v1"), 5.0)) is m.CommandStatus.REFUSED
                lease = await reader.ask("l", m.TakeLease("l", 1, 1, ("v0", "v1"), 5.0), 5.0)
                assert isinstance(lease, m.LeaseReply)
                assert (lease.granted, set(lease.refused)) == ((), {"v0", "v1"})


async def test_a_stranger_hears_nothing(folders: Path) -> None:
    """A key that is not in the list, and no key at all: no answer, no telemetry (F-X2)."""
    async with serving(Publisher(1, keys=GatewayKeys(folders / "gateway"))) as publisher:
        for keys in (ClientKeys(folders / "stranger"), None):
            view = TelemetryView()
            reader = BusReader(publisher.server.pub_endpoint, publisher.server.router_endpoint, view, keys=keys)
            opening = asyncio.create_task(reader.open())
            for _ in range(30):
                publisher.tick()
                await asyncio.sleep(0.01)
            assert view.vehicles() == ()
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            await reader.close()


async def test_another_gateways_telemetry_is_not_believed() -> None:
    """Who may publish for the south does not get heard for the north (F-X2)."""
    view = TelemetryView()
    async with serving(Publisher(1, shard="south")) as south:
        reader = BusReader(south.server.pub_endpoint, south.server.router_endpoint, view, gateway_id="north")
        await reader.open()
        assert reader.bad_frames == 1
        assert view.vehicles() == ()
        await reader.close()


async def test_silence_is_an_error_of_the_link() -> None:
    """A reader that gets no answer any more says which endpoint is silent."""
    async with serving(Publisher(1)) as publisher:
        reader = BusReader(publisher.server.pub_endpoint, publisher.server.router_endpoint, TelemetryView())
        await reader.open()
    with pytest.raises(LinkTimeoutError, match=f"no snapshot from {reader.router_endpoint}"):
        await reader.snapshot(0.1)
    await reader.close()


@pytest.mark.parametrize("broken", ["gateway.key_secret", "peers.json"])
def test_a_key_folder_with_something_missing_is_refused(folders: Path, broken: str) -> None:
    """The document that is missing is named."""
    (folders / "gateway" / broken).unlink()
    with pytest.raises(InputError, match=broken):
        GatewayKeys(folders / "gateway")


def test_a_public_certificate_is_no_identity(folders: Path) -> None:
    """A file without the secret key cannot prove anything."""
    secret = folders / "gateway" / "gateway.key_secret"
    secret.write_bytes((folders / "gateway" / "gateway.key").read_bytes())
    with pytest.raises(InputError, match="secret-key"):
        GatewayKeys(folders / "gateway")
