"""Two sorties of one route on the real PX4: the tag is read back, and PX4's own checksum tells the two apart."""

import asyncio
import math
from pathlib import Path

import pytest

from mission.compile.items import change_speed, land, takeoff, waypoint
from mission.model.geo import GeoPoint
from mission.model.mission import SORTIE_TAGS, Mission
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from sim.px4_sitl import Px4Config, Px4Home, Px4Instance, Px4Missing, find_px4
from vehicles.commands import launch
from vehicles.mavlink_link import MavlinkLink
from vehicles.mavsdk_fleet import MavsdkFleet, VehicleAddress

FOUND = find_px4()
HOME = GeoPoint(48.41, 15.60)
AWAY = GeoPoint(48.4103, 15.60)
HOME_AMSL_M = 200.0
SPEED = 5.0
INSTANCE = 6
ORDERED_M_S = 3.0

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.skipif(isinstance(FOUND, Px4Missing), reason=str(FOUND)),
]


def sortie(tag: int) -> Mission:
    """33 m north and back at 3 m/s, under a tag."""
    items = (
        takeoff(HOME, 10.0),
        change_speed(ORDERED_M_S, sortie_tag=tag),
        waypoint(AWAY, 10.0, acceptance_m=2.0),
        waypoint(HOME, 10.0, acceptance_m=2.0),
        land(HOME, 0.0),
    )
    return Mission(items, (), (), HOME, HOME_AMSL_M)


async def ready_on_the_ground(link: MavlinkLink) -> None:
    """Wait until the vehicle could be armed."""
    async with asyncio.timeout(60.0):
        while True:
            if link.state().landed_state is LandedState.ON_GROUND and await link.readiness(3, 10.0):
                return
            await asyncio.sleep(0.1)


async def test_two_tags_are_two_checksums_and_neither_changes_the_flight(tmp_path: Path) -> None:
    """Both are LOADED as sent under two ids; the second is flown at the speed its tagged item orders (F-V16)."""
    config = Px4Config(
        home=Px4Home(HOME.latitude_deg, HOME.longitude_deg, HOME_AMSL_M),
        speed_factor=SPEED,
        parameters={"SDLOG_MODE": -1},
        first_instance=INSTANCE,
        work_root=tmp_path,
    )
    async with (
        Px4Instance(config) as px4,
        MavsdkFleet([VehicleAddress("v", px4.system_id, px4.connection_url)], speed_factor=SPEED) as fleet,
    ):
        await fleet.wait_until_settled()
        link = fleet.links["v"]
        await ready_on_the_ground(link)
        first = await link.upload(sortie(1), 40.0)
        second = await link.upload(sortie(SORTIE_TAGS - 1), 40.0)
        assert first.ok, first
        assert second.ok, second
        assert 0 != first.plan_ids.mission != second.plan_ids.mission
        started = await launch(link, second, sortie(SORTIE_TAGS - 1).digest(), 30.0)
        assert started.ok, started
        fastest_m_s = 0.0
        flown = False
        async with asyncio.timeout(120.0):
            while not (flown and not link.state().armed):
                state = link.state()
                flown |= state.landed_state is LandedState.IN_AIR
                if state.mode is FlightMode.MISSION:
                    fastest_m_s = max(fastest_m_s, _over_ground_m_s(state))
                await asyncio.sleep(0.02)
        assert fastest_m_s == pytest.approx(ORDERED_M_S, abs=0.7)


def _over_ground_m_s(state: VehicleState) -> float:
    return math.hypot(state.velocity_north_m_s, state.velocity_east_m_s)
