"""A verified transfer to the real PX4 over a link that loses a fifth of all packets each way."""

import asyncio
import socket
from pathlib import Path

import pytest

from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, MavMissionType, Mission, MissionItem, degrees_e7
from mission.model.telemetry import FlightMode, LandedState
from sim.link_faults import Faults, FaultyLink
from sim.lossy_proxy import LossyProxy
from sim.px4_sitl import Px4Config, Px4Home, Px4Instance, Px4Missing, find_px4
from vehicles.link import TransferState
from vehicles.mavlink_link import MavlinkLink
from vehicles.mavsdk_fleet import MavsdkFleet, VehicleAddress
from vehicles.transfer import differences

FOUND = find_px4()
HOME = Px4Home(48.41, 15.60, 200.0)
INSTANCE = 7
LOSS = 0.2

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.skipif(isinstance(FOUND, Px4Missing), reason=str(FOUND)),
]


def there_and_back() -> Mission:
    """20 items and a square fence."""

    def item(command: int, north_deg: float, east_deg: float, z: float) -> MissionItem:
        x, y = degrees_e7(HOME.latitude_deg + north_deg), degrees_e7(HOME.longitude_deg + east_deg)
        return MissionItem(command, x=x, y=y, z=z)

    way = (item(MavCommand.NAV_WAYPOINT, 1e-5 * number, 0.0, 20.0) for number in range(18))
    items = (item(MavCommand.NAV_TAKEOFF, 0.0, 0.0, 20.0), *way, item(MavCommand.NAV_LAND, 0.0, 0.0, 0.0))
    fence = tuple(
        MissionItem(
            MavCommand.FENCE_POLYGON_INCLUSION,
            MavFrame.GLOBAL_AMSL,
            param1=4.0,
            param4=0.0,
            x=degrees_e7(HOME.latitude_deg + north),
            y=degrees_e7(HOME.longitude_deg + east),
        )
        for north, east in ((-0.01, -0.01), (-0.01, 0.01), (0.01, 0.01), (0.01, -0.01))
    )
    return Mission(items, fence, (), GeoPoint(HOME.latitude_deg, HOME.longitude_deg), HOME.altitude_amsl_m)


def free_port() -> int:
    """A UDP port that nobody holds now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ready_on_the_ground(link: MavlinkLink) -> None:
    """Wait until the vehicle could be armed."""
    async with asyncio.timeout(60.0):
        while True:
            state = link.state()
            known = state.mode is not FlightMode.UNKNOWN and state.landed_state is LandedState.ON_GROUND
            if known and await link.readiness(3, 10.0):
                return
            await asyncio.sleep(0.1)


async def test_a_mission_is_loaded_at_a_fifth_of_all_packets_lost(tmp_path: Path) -> None:
    """LOADED within a minute, and what is read back over the mended link is what was sent (F-L1, I-25)."""
    config = Px4Config(
        home=HOME, speed_factor=1, parameters={"SDLOG_MODE": -1}, first_instance=INSTANCE, work_root=tmp_path
    )
    wanted, ground, faults = there_and_back(), free_port(), FaultyLink(20)
    async with (
        Px4Instance(config) as px4,
        LossyProxy(faults, vehicle_side_port=px4.onboard_port, ground_port=ground) as proxy,
        MavsdkFleet([VehicleAddress("v", px4.system_id, f"udpin://127.0.0.1:{ground}")]) as fleet,
    ):
        await fleet.wait_until_settled()
        link = fleet.links["v"]
        await ready_on_the_ground(link)
        bad = Faults(loss=LOSS)
        proxy.link.set(up=bad, down=bad)
        result = await link.upload(wanted, 60.0)
        proxy.link.set(up=Faults(), down=Faults())
        assert result.state is TransferState.LOADED, result
        held = await link.read_back(20.0)
        assert differences(MavMissionType.MISSION, wanted.items, held.items) == ()
        assert differences(MavMissionType.FENCE, wanted.fence, held.fence) == ()
