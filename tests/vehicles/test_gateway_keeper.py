"""A gateway that dies in flight: the vehicles fly on, it comes back watching, and old orders stay without effect."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission.errors import LinkError
from mission.model.mission import MavCommand, Mission
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from sim.fleet_config import FleetConfig, Home
from sim.fleet_config import VehicleConfig as SimulatedVehicle
from sim.fleet_process import FleetProcess
from vehicles import messages as m
from vehicles.fleet_client import FleetClient
from vehicles.gateway_config import GatewayConfig, VehicleConfig
from vehicles.gateway_keeper import Backoff, GatewayKeeper, KeeperChange, KeeperNews

HOME = Home(48.41, 15.60, 200.0)
SPEED = 10.0
Ports = Callable[[int], list[int]]


@dataclass
class Kept:
    """A flying simulated vehicle behind a kept gateway, the client that launched it, and what the keeper told."""

    gateway: GatewayKeeper
    client: FleetClient
    changes: list[KeeperChange] = field(default_factory=list)
    digest: str = ""

    async def until(self, holds: Callable[[VehicleState], bool], timeout_s: float = 40.0) -> VehicleState:
        """Wait for a state."""
        async with asyncio.timeout(timeout_s):
            async for state in self.client.changes():
                if holds(state):
                    return state
        raise AssertionError("the client was closed")

    async def until_event(self, kind: type[m.Event], timeout_s: float = 40.0) -> m.Event:
        """Wait for an event of this kind."""
        async with asyncio.timeout(timeout_s):
            async for event in self.client.events():
                if isinstance(event, kind):
                    return event
        raise AssertionError("the client was closed")


def _in_the_air(state: VehicleState) -> bool:
    return state.armed and state.landed_state is LandedState.IN_AIR


@pytest.fixture
async def kept(free_ports: Ports, mission: Mission) -> AsyncIterator[Kept]:
    """In the air on a mission that takes it a kilometre away, long enough to be caught there."""
    (port,) = free_ports(1)
    take_off, way = mission.items[0], mission.items[1]
    away = replace(way, x=way.x + 100_000)
    mission = replace(mission, items=(take_off, away, replace(away, command=MavCommand.NAV_LAND, z=0.0)), fence=())
    fleet = FleetConfig((SimulatedVehicle("drone", 1, port, HOME),), speed_factor=SPEED)
    config = GatewayConfig(
        "kept", (VehicleConfig("drone", 1, f"udpin://127.0.0.1:{port}"),), speed_factor=SPEED, stall_limit_s=5.0
    )
    keeper = GatewayKeeper(config, rng=random.Random(1))
    async with FleetProcess(fleet), keeper as gateway:
        client = FleetClient(gateway.pub_endpoint, gateway.router_endpoint, authority_epoch=100)
        async with client:
            kept = Kept(gateway, client, digest=mission.digest())
            keeper.on_change = kept.changes.append
            assert await client.take_command(["drone"]) == {}
            await kept.until(lambda state: state.armable and state.landed_state is LandedState.ON_GROUND)
            loaded = await client.upload("drone", mission, 20.0)
            assert loaded.ok, loaded
            launched = await client.launch("drone", mission.digest(), 20.0)
            assert launched.ok, launched
            await kept.until(_in_the_air)
            yield kept


async def test_a_killed_gateway_comes_back_and_only_watches(kept: Kept) -> None:
    """Kill -9 in flight: the vehicle is seen again flying its mission; nothing is commanded without a new lease.

    The new gateway remembers who was replaced before: an older decider cannot slip in before the right one. Faults
    F-S14 (watchdog and re-adoption), F-S11 (read-only first), F-S10 (split brain).
    """
    endpoints, before = (kept.gateway.pub_endpoint, kept.gateway.router_endpoint), kept.gateway.epoch
    os.kill(kept.gateway.pid, signal.SIGKILL)
    await kept.until_event(m.GatewayReplaced)
    await kept.until(lambda _state: len(kept.changes) > 1)
    assert [change.news for change in kept.changes] == [KeeperNews.ENDED, KeeperNews.STARTED]
    assert (kept.gateway.pub_endpoint, kept.gateway.router_endpoint) == endpoints
    assert kept.gateway.epoch > before
    seen = await kept.until(_in_the_air)
    assert seen.mode is FlightMode.MISSION
    assert kept.client.commanded == frozenset()
    assert (await kept.client.hold("drone", 5.0)).status is m.CommandStatus.NO_LEASE
    async with FleetClient(*endpoints, authority_epoch=99) as old:
        assert "replaced by 100" in (await old.take_command(["drone"]))["drone"]
        assert (await old.land("drone", 5.0)).status is m.CommandStatus.STALE_EPOCH
    assert await kept.client.take_command(["drone"]) == {}
    assert (await kept.client.hold("drone", 10.0)).ok


async def test_a_gateway_that_hangs_is_ended_when_it_wakes(kept: Kept) -> None:
    """SIGSTOP stops its heartbeats with all its threads; awake again, it is too late for it and a new one serves.

    What was ordered meanwhile has its deadline behind it and never happens. Faults F-L12, F-S15, F-S17.
    """
    pid = kept.gateway.pid
    os.kill(pid, signal.SIGSTOP)
    kept.client.answer_grace_s = 0.1
    late = await kept.client.land("drone", 5.5)  # longer than a loop may stand still
    assert late.status is m.CommandStatus.NO_ANSWER
    os.kill(pid, signal.SIGCONT)
    await kept.until_event(m.GatewayReplaced)
    await kept.until(lambda _state: len(kept.changes) > 1)
    assert kept.gateway.pid not in (0, pid)
    seen = await kept.until(lambda state: state.armed or state.landed_state is LandedState.ON_GROUND)
    assert seen.mode is not FlightMode.LAND


async def test_a_lease_goes_to_the_newer_decider_and_the_older_one_hears_of_it(kept: Kept) -> None:
    """Split brain: the newer epoch commands at once, the older one's next renewal or command is refused (F-S10)."""
    endpoints = kept.gateway.pub_endpoint, kept.gateway.router_endpoint
    await kept.client.take_command(["drone"], lease_s=1.0)  # renewed four times a second
    async with FleetClient(*endpoints, authority_epoch=101) as newer:
        assert await newer.take_command(["drone"]) == {}
        assert (await kept.client.land("drone", 5.0)).status is m.CommandStatus.STALE_EPOCH
        lost = await kept.until_event(m.LeaseLost)
        assert isinstance(lost, m.LeaseLost)
        assert "replaced by 101" in lost.reason
        assert (await newer.hold("drone", 10.0)).ok


async def test_a_first_start_that_fails_is_told_not_repeated(free_ports: Ports) -> None:
    """A taken port is the operator's business; only a gateway that once served is restarted."""
    (port,) = free_ports(1)
    vehicle = VehicleConfig("drone", 1, f"udpin://127.0.0.1:{port}")
    config = GatewayConfig("first", (vehicle,), connect_timeout_s=0.2)
    async with GatewayKeeper(config):
        with pytest.raises(LinkError, match="taken"):
            async with GatewayKeeper(config):
                pytest.fail("it started")


@given(failures=st.integers(1, 10_000), seed=st.integers(0, 2**32))
def test_waits_grow_to_a_limit_and_differ(failures: int, seed: int) -> None:
    """A restart storm is bounded, and gateways of one host do not start in step (F-S11)."""
    backoff = Backoff()
    delay_s = backoff.delay_s(failures, random.Random(seed))
    assert backoff.first_s * (1 - backoff.jitter) <= delay_s <= backoff.most_s
    if failures >= 10:
        assert delay_s >= backoff.most_s * (1 - backoff.jitter)
