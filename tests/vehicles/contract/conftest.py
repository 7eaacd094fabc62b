"""The three carriers of one contract: a simulated link in virtual time, MAVSDK on UDP, MAVSDK on real PX4.

A rig is one vehicle behind one radio whose faults a test sets. It serves a whole module; every test begins with it
on the ground, disarmed, holding nothing, however the test before it has ended.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, Mission, MissionItem, degrees_e7
from mission.model.telemetry import LandedState, VehicleState
from sim.fleet_config import FleetConfig, Home, Physical, VehicleConfig
from sim.free_ports import reserve_udp_port
from sim.link_faults import CUT, PERFECT, FaultyLink
from sim.lossy_proxy import LossyProxy
from sim.px4_sitl import Px4Config, Px4Home, Px4Instance
from sim.scenario_vehicle import ScenarioVehicle
from sim.testbed import BOOTED_S, FleetOptions, fleet_config
from sim.udp_fleet import UdpFleet
from sim.virtual_time import VirtualTimeLoop
from vehicles.link import TransferResult, VehicleLink
from vehicles.mavsdk_fleet import MavsdkFleet, VehicleAddress
from vehicles.px4_profile import read_profile

HOME: Final = GeoPoint(48.41, 15.60)
HOME_AMSL_M: Final = 200.0
HEIGHT_M: Final = 12.0
FENCE_DEG: Final = 0.001
"""Half the fence's sides: 111 m north and south, 74 m east and west."""
TICK_S: Final = 0.02
SIMULATED_SPEED: Final = 20.0
PX4_SPEED: Final = 5.0
STREAM_HZ: Final = 5.0
PX4_FIRST_INSTANCE: Final = 5
PATIENCE_S: Final = 90.0
"""How long anything that must come may take: of the loop's time, and of a busy machine's."""
PROFILE: Final = Path(__file__).resolve().parents[3] / "configs" / "px4" / "delivery_multicopter.params"


def at(north_deg: float, east_deg: float) -> GeoPoint:
    """A place so many degrees from home."""
    return GeoPoint(HOME.latitude_deg + north_deg, HOME.longitude_deg + east_deg)


def item(command: int, place: GeoPoint, z: float, **more: Any) -> MissionItem:
    """An item at a place."""
    x, y = degrees_e7(place.latitude_deg), degrees_e7(place.longitude_deg)
    return MissionItem(command, x=x, y=y, z=z, **more)


def mission(*, takeoffs: int = 1) -> Mission:
    """Up, 90 m north, back and down, in a fence, with a rally point; PX4 finds it infeasible with two take-offs."""
    corners = [(-1, -1), (-1, 1), (1, 1), (1, -1)]
    fence = tuple(
        item(
            MavCommand.FENCE_POLYGON_INCLUSION,
            at(FENCE_DEG * north, FENCE_DEG * east),
            0.0,
            frame=MavFrame.GLOBAL_AMSL,
            param1=4.0,
            param4=0.0,
        )
        for north, east in corners
    )
    rally = (item(MavCommand.RALLY_POINT, at(1e-4, 0.0), 0.0, frame=MavFrame.GLOBAL_RELATIVE_HOME, param4=0.0),)
    items = (
        item(MavCommand.NAV_TAKEOFF, HOME, HEIGHT_M),
        item(MavCommand.NAV_WAYPOINT, at(4e-4, 0.0), HEIGHT_M),
        *(item(MavCommand.NAV_TAKEOFF, HOME, HEIGHT_M) for _ in range(takeoffs - 1)),
        item(MavCommand.NAV_WAYPOINT, at(8e-4, 0.0), HEIGHT_M),
        item(MavCommand.NAV_WAYPOINT, HOME, HEIGHT_M),
        item(MavCommand.NAV_LAND, HOME, 0.0),
    )
    return Mission(items, fence, rally, HOME, HOME_AMSL_M)


@dataclass
class Rig:
    """One vehicle, its link, and the radio between them."""

    link: VehicleLink
    radio: FaultyLink
    mission: Mission
    broken_mission: Mission
    home_amsl_m: float = HOME_AMSL_M
    attempts_to_load: int = 1

    def at(self, north_deg: float, east_deg: float) -> GeoPoint:
        """A place so many degrees from home; the fence is `FENCE_DEG` away."""
        return at(north_deg, east_deg)

    def cut(self) -> None:
        """Let nothing through, either way."""
        self.radio.set(up=CUT, down=CUT)

    def mend(self) -> None:
        """Let everything through."""
        self.radio.set(up=PERFECT, down=PERFECT)

    async def until(
        self, what: str, holds: Callable[[VehicleState], bool], patience_s: float = PATIENCE_S
    ) -> VehicleState:
        """Wait for a state; it fails with the last one."""
        try:
            async with asyncio.timeout(patience_s):
                while not holds(state := self.link.state()):  # noqa: ASYNC110 - a link tells of no changes
                    await asyncio.sleep(TICK_S)
                return state
        except TimeoutError:
            raise AssertionError(f"not seen: {what}; last {self.link.state()}") from None

    async def heard_again(self) -> None:
        """Wait for a position from now on."""
        since_s = self.link.now_s()
        await self.until("a new position", lambda state: state.received_s > since_s)

    async def settled(self) -> None:
        """On the ground, disarmed, in Hold, with nothing on board, able to arm, and the radio well."""
        self.mend()
        await self.heard_again()
        if self.link.state().armed and self.link.state().landed_state is not LandedState.ON_GROUND:
            assert (await self.link.land(PATIENCE_S)).ok
            await self.until("landed and disarmed", is_down)
        if self.link.state().armed:
            assert (await self.link.disarm(PATIENCE_S)).ok
        await self.until("on the ground", is_down)
        assert (await self.link.hold(PATIENCE_S)).ok
        cleared = await self.link.clear(PATIENCE_S)
        assert cleared.ok, cleared
        await self.until("able to arm", lambda state: state.armable)

    async def load(self, mission: Mission) -> TransferResult:
        """Load a sound mission: once, or where the machine's load can make PX4 unwell, until it is well."""
        for attempt in range(self.attempts_to_load):
            await self.until("able to arm", lambda state: state.armable)
            result = await self.link.upload(mission, PATIENCE_S)
            if result.ok:
                return result
            assert attempt + 1 < self.attempts_to_load, result
        raise AssertionError("no attempt was allowed")

    async def flying(self) -> None:
        """In the air, at its height, on the way north in Mission mode."""
        await self.load(self.mission)
        armed = await self.link.arm(PATIENCE_S)
        assert armed.ok, armed
        started = await self.link.start_mission(PATIENCE_S)
        assert started.ok, started
        await self.until("at its height", lambda state: is_airborne(state) and state.height_home_m > HEIGHT_M - 2.0)


def is_down(state: VehicleState) -> bool:
    """Landed and disarmed."""
    return not state.armed and state.landed_state is LandedState.ON_GROUND


def is_airborne(state: VehicleState) -> bool:
    """In the air, by what it says."""
    return state.armed and state.landed_state is LandedState.IN_AIR


@asynccontextmanager
async def in_virtual_time(_folder: Path) -> AsyncIterator[Rig]:
    """A simulated PX4 without a network, on a clock of its own."""
    home = Home(HOME.latitude_deg, HOME.longitude_deg, HOME_AMSL_M)
    config = VehicleConfig(
        "v", 1, 0, home, physical=Physical(loads_kg=((0.5,),)), parameters=read_profile(PROFILE).values()
    )
    radio = FaultyLink(3)
    vehicle = ScenarioVehicle(FleetConfig((config,), seed=3, max_stream_hz=STREAM_HZ), config, radio)

    async def keep_going() -> None:
        while True:
            vehicle.step()
            await asyncio.sleep(TICK_S)

    async with ended(keep_going()):
        yield Rig(vehicle.link, radio, mission(), mission(takeoffs=2))


@asynccontextmanager
async def ended(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do something beside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def behind_a_radio(vehicle_port: int, system_id: int, speed: float) -> AsyncIterator[Rig]:
    """MAVSDK, and a bad link on UDP between it and the vehicle that speaks to `vehicle_port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        ground_port = int(probe.getsockname()[1])
    radio = FaultyLink(3)
    address = VehicleAddress("v", system_id, f"udpin://127.0.0.1:{ground_port}")
    async with (
        LossyProxy(radio, vehicle_side_port=vehicle_port, ground_port=ground_port),
        MavsdkFleet([address], speed_factor=speed, connect_timeout_s=PATIENCE_S) as fleet,
    ):
        await fleet.wait_until_settled()
        yield Rig(fleet.links["v"], radio, mission(), mission(takeoffs=2))


@asynccontextmanager
async def mavsdk_on_udp(_folder: Path) -> AsyncIterator[Rig]:
    """A simulated PX4 on UDP."""
    options = FleetOptions(
        speed_factor=SIMULATED_SPEED,
        home=(HOME.latitude_deg, HOME.longitude_deg, HOME_AMSL_M),
        parameters=read_profile(PROFILE).at_speed(SIMULATED_SPEED).values(),
        max_stream_hz=25.0,
    )
    port, claim = reserve_udp_port()
    try:
        async with (
            UdpFleet(fleet_config(options, [port], seed=3), booted_s=BOOTED_S),
            behind_a_radio(port, 1, SIMULATED_SPEED) as rig,
        ):
            yield rig
    finally:
        claim.release()


@asynccontextmanager
async def real_px4(folder: Path) -> AsyncIterator[Rig]:
    """PX4 itself, under SITL."""
    config = Px4Config(
        home=Px4Home(HOME.latitude_deg, HOME.longitude_deg, HOME_AMSL_M),
        speed_factor=PX4_SPEED,
        parameters={"SDLOG_MODE": -1, **read_profile(PROFILE).at_speed(PX4_SPEED).values()},
        first_instance=PX4_FIRST_INSTANCE,
        work_root=folder,
    )
    async with (
        Px4Instance(config) as px4,
        behind_a_radio(px4.onboard_port, px4.system_id, PX4_SPEED) as rig,
    ):
        rig.attempts_to_load = 3  # a PX4 that is kept from running finds its sensors silent, and is not ready
        yield rig


@dataclass
class Carrier:
    """Runs what a test asks of a rig, on the rig's own event loop."""

    runner: asyncio.Runner
    rig: Rig

    def run(self, ask: Callable[[Rig], Awaitable[None]]) -> None:
        """Settle the vehicle, and ask."""

        async def settled_first() -> None:
            await self.rig.settled()
            await ask(self.rig)

        self.runner.run(settled_first())


Opening = Callable[[Path], AbstractAsyncContextManager[Rig]]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((in_virtual_time, VirtualTimeLoop), id="virtual time"),
        pytest.param((mavsdk_on_udp, None), id="MAVSDK on UDP", marks=pytest.mark.slow),
        pytest.param((real_px4, None), id="real PX4", marks=[pytest.mark.sitl, pytest.mark.timeout(240)]),
    ],
)
def carrier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrier]:
    """One vehicle for the module, on each carrier in turn."""
    opening: tuple[Opening, Callable[[], asyncio.AbstractEventLoop] | None] = request.param
    open_rig, loop_factory = opening
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        stack = contextlib.AsyncExitStack()
        try:
            rig = runner.run(stack.enter_async_context(open_rig(tmp_path_factory.mktemp("carrier"))))
            yield Carrier(runner, rig)
        finally:
            runner.run(stack.aclose())
