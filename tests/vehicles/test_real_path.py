"""Through the real path: client → ZeroMQ → gateway process → MAVSDK → UDP → simulated PX4, at 20 × real time.

One fleet and one gateway serve the whole module; every test has a vehicle of its own.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace

import pytest

from mission.model.mission import Mission
from mission.model.telemetry import FlightMode, Freshness, LandedState, VehicleState
from sim.fault_kinds import ArmingDenied, Silent
from sim.fleet_config import FleetConfig, Home
from sim.fleet_config import VehicleConfig as SimulatedVehicle
from sim.fleet_process import FleetProcess
from vehicles.fleet_client import FleetClient
from vehicles.gateway_config import GatewayConfig, VehicleConfig
from vehicles.gateway_process import GatewayProcess
from vehicles.link import TransferState
from vehicles.link_health import LinkCondition
from vehicles.messages import CommandStatus, LinkEvent, StatusTextEvent

SPEED = 20.0
NAMES = ("flies", "diverted", "infeasible", "denied", "twice", "silent", "loaded")
DENIAL = "Arming denied: Resolve system health failures first"
START_TIMEOUT_S = 90.0


class Running:
    """A simulated fleet and its gateway, kept by an event loop on a thread of its own for a whole module."""

    def __init__(self, fleet: FleetConfig, config: GatewayConfig) -> None:
        self._fleet, self._config = fleet, config
        self._ready: Future[GatewayProcess] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with FleetProcess(self._fleet), GatewayProcess(self._config) as gateway:
                self._ready.set_result(gateway)
                await self._stop.wait()
        except BaseException as problem:
            if not self._ready.done():
                self._ready.set_exception(problem)
            raise

    def start(self) -> GatewayProcess:
        """Start both; returns the gateway when it is ready."""
        self._thread.start()
        return self._ready.result(START_TIMEOUT_S)

    def stop(self) -> None:
        """End both."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_TIMEOUT_S)


@dataclass
class Stack:
    """A gateway, and a client of one test's own."""

    gateway: GatewayProcess
    client: FleetClient

    async def until(
        self, vehicle_id: str, holds: Callable[[VehicleState], bool], timeout_s: float = 10.0
    ) -> VehicleState:
        """Wait for a state of one vehicle."""
        async with asyncio.timeout(timeout_s):
            async for state in self.client.changes():
                if state.vehicle_id == vehicle_id and holds(state):
                    return state
        raise AssertionError("the client was closed")


@pytest.fixture(scope="module")
def gateway(free_ports: Callable[[int], list[int]]) -> Iterator[GatewayProcess]:
    """Seven vehicles: one never answers, one may not arm."""
    ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
    home = Home(48.41, 15.60, 200.0)
    fleet = FleetConfig(
        tuple(SimulatedVehicle(name, index + 1, ports[name], home) for index, name in enumerate(NAMES)),
        speed_factor=SPEED,
        faults=(Silent("silent"), ArmingDenied("denied", DENIAL)),
    )
    config = GatewayConfig(
        "test",
        tuple(VehicleConfig(name, index + 1, f"udpin://127.0.0.1:{ports[name]}") for index, name in enumerate(NAMES)),
        speed_factor=SPEED,
        connect_timeout_s=2.0,
    )
    running = Running(fleet, config)
    yield running.start()
    running.stop()


@pytest.fixture
async def stack(gateway: GatewayProcess) -> AsyncIterator[Stack]:
    """A client that has heard every vehicle that speaks."""
    async with FleetClient(gateway.pub_endpoint, gateway.router_endpoint, authority_epoch=100) as client:
        assert await client.take_command(NAMES) == {}
        stack = Stack(gateway, client)
        for name in NAMES:
            if name != "silent":
                await stack.until(name, lambda state: state.has_position)
        yield stack


def _landed(state: VehicleState) -> bool:
    """Finished: the two come in different messages, in either order."""
    return not state.armed and state.landed_state is LandedState.ON_GROUND


async def test_a_delivery_is_loaded_launched_and_landed(stack: Stack, mission: Mission) -> None:
    """Upload proved by read-back, launch by the heartbeat, the end by landed and disarmed."""
    fleet = stack.client
    uploaded = await fleet.upload("flies", mission, 10.0)
    assert uploaded.ok, uploaded
    assert uploaded.transfer is not None
    assert uploaded.transfer.digest == mission.digest()
    launched = await fleet.launch("flies", mission.digest(), 10.0)
    assert launched.ok, launched
    flying = await stack.until("flies", lambda state: state.landed_state is LandedState.IN_AIR)
    assert flying.armed
    assert flying.mode is FlightMode.MISSION
    assert fleet.freshness("flies") is Freshness.FRESH
    landed = await stack.until("flies", _landed)
    assert abs(landed.height_home_m) < 1.0


async def test_a_diversion_replaces_the_mission_in_flight(stack: Stack, mission: Mission) -> None:
    """Held, transferred, flown instead; the vehicle lands by the new mission."""
    fleet = stack.client
    assert (await fleet.upload("diverted", mission, 10.0)).ok
    assert (await fleet.launch("diverted", mission.digest(), 10.0)).ok
    await stack.until("diverted", lambda state: state.height_home_m > 5.0)
    instead = replace(mission, items=mission.items[-2:])
    diverted = await fleet.fly_instead("diverted", instead, 10.0)
    assert diverted.ok, diverted
    assert diverted.transfer is not None
    assert diverted.transfer.digest == instead.digest()
    assert fleet.state("diverted").mission_total in (len(instead.items), len(mission.items))
    await stack.until("diverted", lambda state: state.mission_total == len(instead.items))
    await stack.until("diverted", _landed)


async def test_parameters_are_read_and_set_as_observed(stack: Stack) -> None:
    """Both types of parameter, and one that does not exist."""
    fleet = stack.client
    assert (await fleet.set_parameter("loaded", "RTL_RETURN_ALT", 25.0, 5.0)).ok
    assert (await fleet.read_parameter("loaded", "RTL_RETURN_ALT", 5.0)).value == 25.0
    assert isinstance((await fleet.read_parameter("loaded", "GF_ACTION", 5.0)).value, int)
    unknown = await fleet.read_parameter("loaded", "NO_SUCH", 0.5)
    assert unknown.status is CommandStatus.UNCONFIRMED


async def test_a_vehicle_that_never_answers_is_reported_and_the_others_go_on(stack: Stack) -> None:
    """SILENT after its deadline, no state, no command; everybody else is UP."""
    assert stack.gateway.conditions["silent"] is LinkCondition.SILENT
    assert {stack.gateway.conditions[name] for name in NAMES if name != "silent"} == {LinkCondition.UP}
    assert stack.client.freshness("silent") is Freshness.NEVER
    assert (await stack.client.hold("silent", 1.0)).status is CommandStatus.NO_LINK
    async with asyncio.timeout(2.0):
        async for event in stack.client.events():
            if isinstance(event, LinkEvent) and event.vehicle_id == "silent":
                assert event.condition is LinkCondition.SILENT
                break


async def test_an_infeasible_mission_is_not_loaded_and_cannot_be_launched(stack: Stack, mission: Mission) -> None:
    """A second take-off is acknowledged by the autopilot and never flown: seen before arming (F-V15)."""
    fleet = stack.client
    twice = replace(mission, items=(mission.items[0], *mission.items))
    uploaded = await fleet.upload("infeasible", twice, 10.0)
    assert uploaded.status is CommandStatus.REFUSED
    assert uploaded.transfer is not None
    assert uploaded.transfer.state is TransferState.NOT_LOADED
    launched = await fleet.launch("infeasible", twice.digest(), 5.0)
    assert launched.status is CommandStatus.REFUSED
    assert not fleet.state("infeasible").armed


async def test_a_denied_arming_carries_the_autopilots_words(stack: Stack, mission: Mission) -> None:
    """The refusal and the event both say why (F-V9)."""
    fleet = stack.client
    assert (await fleet.upload("denied", mission, 10.0)).ok
    launched = await fleet.launch("denied", mission.digest(), 5.0)
    assert launched.status is CommandStatus.REFUSED
    assert DENIAL in launched.reason
    async with asyncio.timeout(2.0):
        async for event in fleet.events():
            if isinstance(event, StatusTextEvent) and event.vehicle_id == "denied" and event.text == DENIAL:
                break


async def test_a_repeated_command_id_executes_once(stack: Stack, mission: Mission) -> None:
    """The second launch of one id gets the first one's answer; the permit was used once (F-L3, I-13)."""
    fleet = stack.client
    assert (await fleet.upload("twice", mission, 10.0)).ok
    answers = [await fleet.launch("twice", mission.digest(), 10.0, command_id="only-once") for _ in range(2)]
    assert [answer.status for answer in answers] == [CommandStatus.DONE, CommandStatus.DONE]
    again = await fleet.launch("twice", mission.digest(), 5.0, command_id="another")
    assert again.status is CommandStatus.REFUSED
    texts = [e.text for e in fleet._events if isinstance(e, StatusTextEvent) and e.vehicle_id == "twice"]
    assert texts.count("Armed by external command") <= 1
    held = await fleet.hold("twice", 5.0)
    assert held.ok
    assert (await fleet.land("twice", 5.0)).ok
    await stack.until("twice", lambda state: not state.armed)


async def test_an_expired_command_has_no_effect(stack: Stack) -> None:
    """Refused at the gateway, whoever was slow (F-S17)."""
    expired = await stack.client.launch("loaded", "0" * 64, -0.001)
    assert expired.status is CommandStatus.EXPIRED


async def test_a_replaced_authority_commands_nothing(stack: Stack) -> None:
    """After a newer decider has taken the lease, the older one gets none and commands nothing (F-S10, I-2)."""
    gateway = stack.gateway
    async with FleetClient(gateway.pub_endpoint, gateway.router_endpoint, authority_epoch=99) as old:
        assert "replaced by 100" in (await old.take_command(["loaded"]))["loaded"]
        assert (await stack.client.hold("loaded", 5.0)).ok
        assert (await old.hold("loaded", 5.0)).status is CommandStatus.STALE_EPOCH


async def test_a_late_joiner_knows_what_was_before(stack: Stack, mission: Mission) -> None:
    """A snapshot brings states, events and what is loaded; nothing is missed in between."""
    assert (await stack.client.upload("loaded", mission, 10.0)).ok
    gateway = stack.gateway
    async with FleetClient(gateway.pub_endpoint, gateway.router_endpoint, authority_epoch=100) as late:
        assert late.freshness("loaded") is Freshness.FRESH
        snapshot = await late.snapshot()
        entry = next(entry for entry in snapshot.vehicles if entry.vehicle_id == "loaded")
        assert entry.loaded_digest == mission.digest()
        assert entry.condition is LinkCondition.UP
        assert late.reader.missed_events == 0
        first = await anext(late.events())
        assert isinstance(first, LinkEvent)
