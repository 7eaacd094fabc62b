"""What goes wrong on real PX4, flown through the real link, and judged by the vehicle's own flight log."""

import asyncio
import math
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mission.geodesy.distance import distance_m
from mission.model.geo import GeoPoint
from mission.model.mission import MavCommand, MavFrame, Mission, MissionItem, degrees_e7
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from operations.configs import delivery_profile
from sim.link_faults import CUT, PERFECT, Faults, FaultyLink
from sim.lossy_proxy import LossyProxy
from sim.px4_sitl import KeepFiles, Px4Config, Px4Home, Px4Instance, Px4Missing, find_px4
from sim.px4_ulog import UlogFlight
from vehicles.commands import fly_instead, launch
from vehicles.link import TransferResult, TransferState
from vehicles.mavlink_link import MavlinkLink
from vehicles.mavsdk_fleet import MavsdkFleet, VehicleAddress

if TYPE_CHECKING:
    from tests.sitl.conftest import LogReferee

FOUND = find_px4()
SPEED = 5.0
HOME = GeoPoint(48.41, 15.60)
HOME_AMSL_M = 200.0
INSTANCE = 6
HEIGHT_M = 20.0
OUT_DEG = 0.0018
"""200 m north."""
PATIENCE_S = 120.0
LOSS = 0.2
CRITICAL_PERCENT = 6.0
"""Below the profile's BAT_CRIT_THR, above its BAT_EMERGEN_THR."""
Modes = Callable[[Sequence[UlogFlight]], list[str]]

pytestmark = [
    pytest.mark.sitl,
    pytest.mark.timeout(300),
    pytest.mark.skipif(isinstance(FOUND, Px4Missing), reason=str(FOUND)),
]


def item(command: int, north_deg: float, east_deg: float, z: float, **more: float) -> MissionItem:
    """An item so many degrees from home."""
    x, y = degrees_e7(HOME.latitude_deg + north_deg), degrees_e7(HOME.longitude_deg + east_deg)
    return MissionItem(command, x=x, y=y, z=z, **more)  # type: ignore[arg-type]  # fields by name


def fence(centre_north_deg: float = 0.0) -> tuple[MissionItem, ...]:
    """A square of 440 m, or so, around a point north of home."""
    corners = ((-1, -1), (-1, 1), (1, 1), (1, -1))
    square = (
        item(MavCommand.FENCE_POLYGON_INCLUSION, centre_north_deg + n * 0.004, e * 0.004, 0.0) for n, e in corners
    )
    return tuple(replace(vertex, frame=MavFrame.GLOBAL_AMSL, param1=4.0, param4=0.0) for vertex in square)


def out_and_back(east_deg: float = 0.0, fence_north_deg: float = 0.0) -> Mission:
    """Up, 200 m north and some way east, back, down."""
    waypoint = MavCommand.NAV_WAYPOINT
    items = (
        item(MavCommand.NAV_TAKEOFF, 0.0, 0.0, HEIGHT_M),
        item(waypoint, OUT_DEG, east_deg, HEIGHT_M),
        item(waypoint, 0.0, 0.0, HEIGHT_M),
        item(MavCommand.NAV_LAND, 0.0, 0.0, 0.0),
    )
    return Mission(items, fence(fence_north_deg), (), HOME, HOME_AMSL_M)


@dataclass
class Flight:
    """One PX4 behind a radio, and the link to it."""

    px4: Px4Instance
    link: MavlinkLink
    radio: FaultyLink

    async def until(self, what: str, holds: Callable[[VehicleState], bool]) -> VehicleState:
        """Wait for a state."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds(state := self.link.state()):  # noqa: ASYNC110 - a link tells of no changes
                    await asyncio.sleep(0.02)
                return state
        except TimeoutError:
            raise AssertionError(f"not seen: {what}; last {self.link.state()}") from None

    async def loaded(self, mission: Mission) -> TransferResult:
        """Load a mission on the ground."""
        await self.until("ready on the ground", lambda state: state.armable and not math.isnan(state.home_latitude_deg))
        result = await self.link.upload(mission, PATIENCE_S)
        assert result.ok, result
        return result

    async def launched(self, mission: Mission) -> None:
        """Load and launch, and see it 50 m out."""
        result = await self.loaded(mission)
        outcome = await launch(self.link, result, mission.digest(), PATIENCE_S)
        assert outcome.ok, outcome
        await self.until("50 m out", lambda state: state.latitude_deg > HOME.latitude_deg + OUT_DEG / 4)

    async def landed(self) -> VehicleState:
        """Wait for the end, and for PX4 to close its log."""
        state = await self.until("landed and disarmed", is_down)
        await self.px4.stop()
        return state


def is_down(state: VehicleState) -> bool:
    """Landed and disarmed."""
    return not state.armed and state.landed_state is LandedState.ON_GROUND


@asynccontextmanager
async def flight(folder: Path, **parameters: float) -> AsyncIterator[Flight]:
    """PX4 as the profile wants it, and `parameters`; its log stays in the folder."""
    config = Px4Config(
        home=Px4Home(HOME.latitude_deg, HOME.longitude_deg, HOME_AMSL_M),
        speed_factor=SPEED,
        parameters=_parameters(parameters),
        first_instance=INSTANCE,
        keep=KeepFiles.ALWAYS,
        work_root=folder,
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        ground = int(probe.getsockname()[1])
    radio = FaultyLink(11)
    async with Px4Instance(config) as px4:
        address = VehicleAddress("v", px4.system_id, f"udpin://127.0.0.1:{ground}")
        async with (
            LossyProxy(radio, vehicle_side_port=px4.onboard_port, ground_port=ground),
            MavsdkFleet([address], speed_factor=SPEED, connect_timeout_s=PATIENCE_S) as fleet,
        ):
            await fleet.wait_until_settled()
            yield Flight(px4, fleet.links["v"], radio)


def _parameters(more: Mapping[str, float]) -> dict[str, int | float]:
    """The profile, and a battery that lasts."""
    return delivery_profile().at_speed(SPEED).values() | {"SIM_BAT_DRAIN": 3600.0, "SIM_BAT_MIN_PCT": 0.0} | dict(more)


async def test_a_mission_is_replaced_in_flight(tmp_path: Path, by_log: "LogReferee", modes: Modes) -> None:
    """Held, another mission loaded and proved, flown on to its end: by the log it held once and flew both (F-A1)."""
    async with flight(tmp_path) as flying:
        await flying.launched(out_and_back())
        other = out_and_back(east_deg=0.0012)
        outcome, transferred = await fly_instead(flying.link, other, PATIENCE_S)
        assert outcome.ok, outcome
        assert transferred is not None
        assert transferred.digest == other.digest()
        await flying.landed()
    log = by_log.judge_flight(tmp_path)
    assert modes([log]) == ["MISSION", "LOITER", "MISSION"]
    assert max(truth.longitude_deg for truth in log.truths) == pytest.approx(HOME.longitude_deg + 0.0012, abs=1e-4)


async def test_a_fence_that_px4_drops_is_a_plan_that_is_not_loaded(tmp_path: Path, by_log: "LogReferee") -> None:
    """PX4 acknowledges a fence that home violates, and drops it: NOT_LOADED, and nothing starts (F-V14)."""
    mission = out_and_back(fence_north_deg=0.02)
    async with flight(tmp_path) as flying:
        await flying.until("ready", lambda state: state.armable and not math.isnan(state.home_latitude_deg))
        result = await flying.link.upload(mission, PATIENCE_S)
        assert result.state is TransferState.NOT_LOADED, result
        assert "Geofence" in result.reason
        outcome = await launch(flying.link, result, mission.digest(), PATIENCE_S)
        assert not outcome.ok, outcome
        assert not flying.link.state().armed
        await flying.px4.stop()
    assert by_log.flights(tmp_path, "v") == []


async def test_px4_returns_by_itself_with_a_critical_battery(
    tmp_path: Path, by_log: "LogReferee", modes: Modes
) -> None:
    """At 6 %: Return, on the mission's own way, down with charge left; by the log nobody interfered (F-V1, I-19)."""
    async with flight(tmp_path) as flying:
        await flying.launched(out_and_back())
        await flying.px4.shell.settle_parameters({"SIM_BAT_MIN_PCT": CRITICAL_PERCENT, "SIM_BAT_DRAIN": 5.0})
        await flying.until("its own return", lambda state: state.mode is FlightMode.RETURN)
        end = await flying.landed()
    log = by_log.judge_flight(tmp_path)
    assert "RTL" in modes([log])
    assert end.position is not None
    assert distance_m(end.position, HOME) < 5.0
    assert min(truth.battery_fraction for truth in log.truths if truth.armed) > 0.0


async def test_px4_returns_by_itself_without_a_ground_station(
    tmp_path: Path, by_log: "LogReferee", modes: Modes
) -> None:
    """The radio falls silent for good: Hold, Return, and down at the landing; afterwards it is heard again (F-L2)."""
    async with flight(tmp_path, COM_DL_LOSS_T=20) as flying:
        await flying.launched(out_and_back())
        flying.radio.set(up=CUT, down=CUT)
        await _until_it_returns(flying.px4)
        flying.radio.set(up=PERFECT, down=PERFECT)
        end = await flying.landed()
    log = by_log.judge_flight(tmp_path)
    assert "RTL" in modes([log])
    assert end.position is not None
    assert distance_m(end.position, HOME) < 5.0


async def _until_it_returns(px4: Px4Instance) -> None:
    """Ask PX4 itself, since nobody else hears it: each answer takes its time, so this does not spin."""
    async with asyncio.timeout(PATIENCE_S):
        while "Return" not in await px4.shell.command("commander", "status"):
            pass


async def test_a_flight_over_a_link_that_loses_a_fifth(tmp_path: Path, by_log: "LogReferee", modes: Modes) -> None:
    """Loaded, launched, held, started again and flown to its end with 20 % lost each way (F-L1, F-L3).

    By the log each command had one effect: it armed once, and held once.
    """
    bad = Faults(loss=LOSS)
    mission = out_and_back()
    async with flight(tmp_path) as flying:
        await flying.until("ready", lambda state: state.armable and not math.isnan(state.home_latitude_deg))
        flying.radio.set(up=bad, down=bad)
        await flying.launched(mission)
        held = await flying.link.hold(PATIENCE_S)
        assert held.ok, held
        started = await flying.link.start_mission(PATIENCE_S)
        assert started.ok, started
        await flying.landed()
    log = by_log.judge_flight(tmp_path)
    assert modes([log]) == ["MISSION", "LOITER", "MISSION"]
    armings = sum(now.armed and not before.armed for before, now in zip(log.truths, log.truths[1:], strict=False))
    assert armings == 1
    assert max(truth.latitude_deg for truth in log.truths) == pytest.approx(HOME.latitude_deg + OUT_DEG, abs=1e-4)
