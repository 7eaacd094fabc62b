"""What the profile makes of a real PX4, and what a real PX4 does when its gateway dies."""

import asyncio
import math
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import common as mavlink

from mission.geodesy.distance import distance_m
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, Mission, MissionItem, degrees_e7
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from mission.supervision.events import Launch
from mission.supervision.leader import LeaderWatch, Sign
from operations.configs import delivery_profile
from sim.px4_sitl import Px4Config, Px4Home, Px4Instance, Px4Missing, find_px4
from vehicles.fleet_client import FleetClient
from vehicles.gateway_config import GatewayConfig, VehicleConfig
from vehicles.gateway_keeper import GatewayKeeper
from vehicles.messages import CommandStatus, GatewayReplaced
from vehicles.px4_profile import Profile

FOUND = find_px4()
NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
SPEED = 4.0
HOME = GeoPoint(48.41, 15.60)
PROFILE = delivery_profile().at_speed(SPEED)
LEG_DEG = 0.0018
"""200 m north; east it is cos(latitude) less."""
OFF_PATH_M = 15.0
"""The straight way home from the far end passes 80 m from the corner: a vehicle this near to the legs flew them."""

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.timeout(240),
    pytest.mark.skipif(isinstance(FOUND, Px4Missing), reason=str(FOUND)),
]


def around_a_corner() -> Mission:
    """200 m north, 160 m east, and the same way back: what lies between is where a zone would be."""
    corner, end = (LEG_DEG, 0.0), (LEG_DEG, LEG_DEG * 1.2)
    home = (0.0, 0.0)

    def item(command: int, place: tuple[float, float], height_m: float) -> MissionItem:
        x, y = degrees_e7(HOME.latitude_deg + place[0]), degrees_e7(HOME.longitude_deg + place[1])
        return MissionItem(command=command, frame=MavFrame.GLOBAL_RELATIVE_HOME, x=x, y=y, z=height_m)

    waypoint = MavCommand.NAV_WAYPOINT
    items = (
        item(MavCommand.NAV_TAKEOFF, home, 20.0),
        item(waypoint, corner, 20.0),
        item(waypoint, end, 20.0),
        item(waypoint, corner, 20.0),
        item(waypoint, home, 20.0),
        item(MavCommand.NAV_LAND, home, 0.0),
    )
    return Mission(items, (), (), HOME, 200.0)


@dataclass
class Up:
    """One PX4 behind a kept gateway, and a client that commands it."""

    px4: Px4Instance
    gateway: GatewayKeeper
    client: FleetClient
    track: list[VehicleState] = field(default_factory=list)

    @property
    def state(self) -> VehicleState:
        """The newest state."""
        return self.client.state("drone")

    async def until_another_gateway(self) -> None:
        """Wait until the client has looked at a restarted gateway."""
        async with asyncio.timeout(40.0):
            async for event in self.client.events():
                if isinstance(event, GatewayReplaced):
                    return

    async def until(self, what: str, holds: Callable[[VehicleState], bool], timeout_s: float = 60.0) -> None:
        """Record states until `holds` of one of them."""
        try:
            async with asyncio.timeout(timeout_s):
                async for state in self.client.changes():
                    self.track.append(state)
                    if holds(state):
                        return
        except TimeoutError:
            raise AssertionError(f"not seen: {what}; last {self.state}") from None

    async def launched(self, mission: Mission) -> None:
        """Load and launch."""
        loaded = await self.client.upload("drone", mission, 30.0)
        assert loaded.ok, loaded
        launched = await self.client.launch("drone", mission.digest(), 30.0)
        assert launched.ok, launched


@asynccontextmanager
async def up(tmp_path: Path, parameters: Mapping[str, int | float], profile: Profile) -> AsyncIterator[Up]:
    """PX4 with `parameters`, judged by `profile`."""
    config = Px4Config(
        home=Px4Home(HOME.latitude_deg, HOME.longitude_deg, 200.0),
        speed_factor=SPEED,
        parameters={"SDLOG_MODE": -1, **parameters},
        first_instance=9,
        work_root=tmp_path,
    )
    async with Px4Instance(config) as px4:
        gateway_config = GatewayConfig(
            "sitl",
            (VehicleConfig("drone", px4.system_id, px4.connection_url),),
            speed_factor=SPEED,
            profile=profile,
            stall_limit_s=10.0,
        )
        async with (
            GatewayKeeper(gateway_config, tmp_path / "gateway.log") as gateway,
            FleetClient(gateway.pub_endpoint, gateway.router_endpoint) as client,
        ):
            assert await client.take_command(["drone"]) == {}
            fleet = Up(px4, gateway, client)
            await fleet.until("waiting on the ground", _waits)
            yield fleet


def _waits(state: VehicleState) -> bool:
    return state.armable and state.landed_state is LandedState.ON_GROUND and not math.isnan(state.home_latitude_deg)


def _far_east(state: VehicleState) -> bool:
    return state.armed and state.longitude_deg > HOME.longitude_deg + LEG_DEG * 0.9


def _is_down(state: VehicleState) -> bool:
    return not state.armed and state.landed_state is LandedState.ON_GROUND


def off_the_legs_m(state: VehicleState) -> float:
    """Distance from the nearer of the two legs, in a plane."""
    north_m = (state.latitude_deg - HOME.latitude_deg) * 111_195.0
    east_m = (state.longitude_deg - HOME.longitude_deg) * 111_195.0 * math.cos(math.radians(HOME.latitude_deg))
    leg_m = LEG_DEG * 111_195.0
    first = math.hypot(north_m - min(max(north_m, 0.0), leg_m), east_m)
    second = math.hypot(north_m - leg_m, min(0.0, east_m))
    return min(first, second)


async def test_a_vehicle_is_set_up_before_it_may_fly(tmp_path: Path) -> None:
    """PX4's own defaults differ and refuse the launch (F-V27); applied and read back, they let it fly."""
    mission = around_a_corner()
    async with up(tmp_path, {}, PROFILE) as fleet:
        checked = await fleet.client.check_profile("drone", 30.0)
        names = {drift.name for drift in checked.drifts}
        assert {"NAV_DLL_ACT", "RTL_TYPE", "COM_WIND_MAX", "COM_ARM_WO_GPS"} <= names, checked
        assert (await fleet.client.upload("drone", mission, 30.0)).ok
        refused = await fleet.client.launch("drone", mission.digest(), 30.0)
        assert refused.status is CommandStatus.REFUSED
        assert "NAV_DLL_ACT wanted 2, found 0" in refused.reason
        assert not fleet.state.armed
        applied = await fleet.client.apply_profile("drone", 30.0)
        assert applied.ok, applied
        await fleet.launched(mission)
        in_the_air = await fleet.client.apply_profile("drone", 10.0)
        assert in_the_air.status is CommandStatus.REFUSED
        assert "on the ground only" in in_the_air.reason


async def test_a_return_follows_the_missions_own_path(tmp_path: Path) -> None:
    """With RTL_TYPE 2, PX4's return flies the verified legs to the landing, never across what they go around."""
    async with up(tmp_path, PROFILE.values(), PROFILE) as fleet:
        await fleet.launched(around_a_corner())
        await fleet.until("far east", _far_east)
        returned = await fleet.client.return_to_launch("drone", 20.0)
        assert returned.ok, returned
        await fleet.until("landed", _is_down, 120.0)
        assert max(off_the_legs_m(state) for state in fleet.track) < OFF_PATH_M
        assert fleet.state.position is not None
        assert distance_m(fleet.state.position, HOME) < 5.0


async def test_heartbeats_end_with_the_gateway_and_the_vehicle_comes_home(tmp_path: Path) -> None:
    """A gateway that hangs for good is a lost ground station: PX4 returns by itself, by the legs (F-L12, F-S15)."""
    async with up(tmp_path, PROFILE.values(), PROFILE) as fleet:
        await fleet.launched(around_a_corner())
        await fleet.until("far east", _far_east)
        pid = fleet.gateway.pid
        os.kill(pid, signal.SIGSTOP)
        await _until_it_returns(fleet.px4)
        os.kill(pid, signal.SIGCONT)
        await fleet.until_another_gateway()
        await fleet.until("returning, as the new gateway sees it", lambda state: state.mode is FlightMode.RETURN)
        await fleet.until("landed", _is_down, 120.0)
        assert max(off_the_legs_m(state) for state in fleet.track) < OFF_PATH_M
        assert fleet.state.position is not None
        assert distance_m(fleet.state.position, HOME) < 5.0


async def _until_it_returns(px4: Px4Instance) -> None:
    """Ask PX4 itself, since nobody else hears it: each answer takes its time, so this does not spin."""
    async with asyncio.timeout(60.0):
        while "Return" not in await px4.shell.command("commander", "status"):
            pass


async def test_another_stations_plan_is_seen_and_leads(tmp_path: Path) -> None:
    """A second ground station replaces the fence in flight: PX4's own checksum says so (F-L10, F-V13)."""
    watch = LeaderWatch()
    async with up(tmp_path, PROFILE.values(), PROFILE) as fleet:
        mission = around_a_corner()
        watch.asked(Launch(mission.digest()))
        await fleet.launched(mission)
        await fleet.until("far east", _far_east)
        signs = {watch.observed(state, NOW) for state in fleet.track}
        assert signs == {None}
        await asyncio.to_thread(_upload_a_fence, fleet.px4)
        await fleet.until("another lead", lambda state: watch.observed(state, NOW) is Sign.FOREIGN_PLAN)
        assert not watch.may_command


def _upload_a_fence(px4: Px4Instance) -> None:
    """As another ground station does, on PX4's other link: a circle of 2 km around home."""
    codec = mavlink.MAVLink(None, srcSystem=250, srcComponent=mavlink.MAV_COMP_ID_MISSIONPLANNER)
    fence = mavlink.MAV_MISSION_TYPE_FENCE
    beat = mavlink.MAVLink_heartbeat_message(mavlink.MAV_TYPE_GCS, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, 0, 3)
    count = mavlink.MAVLink_mission_count_message(px4.system_id, 1, 1, fence)
    circle = mavlink.MAVLink_mission_item_int_message(
        *(px4.system_id, 1, 0, mavlink.MAV_FRAME_GLOBAL, MavCommand.FENCE_CIRCLE_INCLUSION, 0, 1),
        *(2000.0, 0.0, 0.0, 0.0, degrees_e7(HOME.latitude_deg), degrees_e7(HOME.longitude_deg), 0.0, fence),
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as station:
        station.settimeout(20.0)
        station.connect(("127.0.0.1", px4.gcs_source_port))
        station.send(beat.pack(codec))
        station.send(count.pack(codec))
        while True:
            for heard in codec.parse_buffer(station.recv(2048)) or ():
                if heard.get_type() in {"MISSION_REQUEST", "MISSION_REQUEST_INT"}:
                    station.send(circle.pack(codec))
                elif heard.get_type() == "MISSION_ACK":
                    assert heard.type == mavlink.MAV_MISSION_ACCEPTED
                    return


async def test_a_killed_gateway_comes_back_and_commands_nothing_by_itself(tmp_path: Path) -> None:
    """Kill -9 in flight: restarted, it watches the vehicle fly on; a command needs a new lease (F-S14, F-S11)."""
    async with up(tmp_path, PROFILE.values(), PROFILE) as fleet:
        await fleet.launched(around_a_corner())
        await fleet.until("far east", _far_east)
        os.kill(fleet.gateway.pid, signal.SIGKILL)
        await fleet.until_another_gateway()
        await fleet.until("seen by the new gateway", lambda state: state.armed)
        assert fleet.state.mode is FlightMode.MISSION
        assert (await fleet.client.hold("drone", 5.0)).status is CommandStatus.NO_LEASE
        assert await fleet.client.take_command(["drone"]) == {}
        assert (await fleet.client.hold("drone", 20.0)).ok
