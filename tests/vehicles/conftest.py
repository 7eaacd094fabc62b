"""Shared pieces: a mission worth flying, a port nobody holds, and a link without a vehicle."""

import asyncio
import math
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from mission.errors import LinkTimeoutError
from mission.model.geo import GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.mission import MavCommand, MavFrame, MavMissionType, Mission, MissionItem, degrees_e7
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from vehicles.link import (
    OBSERVED,
    GripperOutcome,
    HeldPlan,
    Outcome,
    PlanIds,
    StatusText,
    TransferResult,
    WriteClaim,
    WriteStatus,
    refused,
)
from vehicles.transfer import transfer

HOME = GeoPoint(48.41, 15.60)


def waypoint(north_deg: float, east_deg: float, height_m: float, command: int = MavCommand.NAV_WAYPOINT) -> MissionItem:
    """An item at an offset from home."""
    return MissionItem(
        command=command,
        x=degrees_e7(HOME.latitude_deg + north_deg),
        y=degrees_e7(HOME.longitude_deg + east_deg),
        z=height_m,
    )


def delivery() -> Mission:
    """Take off, fly 33 m, release, fly home, land; a square fence and one rally point."""
    release = MissionItem(MavCommand.DO_GRIPPER, MavFrame.MISSION, param1=1.0, param2=0.0)
    corners = [(-0.001, -0.001), (-0.001, 0.001), (0.001, 0.001), (0.001, -0.001)]
    fence = tuple(
        MissionItem(
            command=MavCommand.FENCE_POLYGON_INCLUSION,
            frame=MavFrame.GLOBAL_AMSL,
            param1=4.0,
            param4=0.0,
            x=degrees_e7(HOME.latitude_deg + north),
            y=degrees_e7(HOME.longitude_deg + east),
        )
        for north, east in corners
    )
    rally = (
        replace(
            waypoint(0.0002, 0.0, 0.0, MavCommand.RALLY_POINT),
            frame=MavFrame.GLOBAL_RELATIVE_HOME,
            param4=0.0,
        ),
    )
    items = (
        waypoint(0.0, 0.0, 15.0, MavCommand.NAV_TAKEOFF),
        waypoint(0.0003, 0.0, 15.0),
        release,
        waypoint(0.0, 0.0, 15.0),
        waypoint(0.0, 0.0, 0.0, MavCommand.NAV_LAND),
    )
    return Mission(items, fence, rally, HOME, 200.0)


@pytest.fixture
def mission() -> Mission:
    """A short delivery."""
    return delivery()


@pytest.fixture(scope="session")
def free_ports() -> Callable[[int], list[int]]:
    """Gives UDP ports that nobody holds now."""

    def find(count: int) -> list[int]:
        probes = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        try:
            for probe in probes:
                probe.bind(("127.0.0.1", 0))
            return [int(probe.getsockname()[1]) for probe in probes]
        finally:
            for probe in probes:
                probe.close()

    return find


Spoil = Callable[[MavMissionType, tuple[MissionItem, ...]], tuple[MissionItem, ...]]


class FakeLink:
    """A `VehicleLink` whose vehicle is a few attributes: what it does wrong is set by the test.

    Attributes:
        log: the verbs in the order in which they were asked.
        feasible: whether PREARM holds in Mission mode.
        hiccups: how many of the next looks at PREARM in Mission mode find it lost for a moment.
        spoil: changes what is held when a list is written.
        write_claims, read_failures: what the next writes claim, and how many reads fail.
        deaf: verbs that are not observed.
        delay_s: how long a write takes.
        gripper: what opening one is answered with.
        answers: how often it has answered.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.answers = 0
        self.current = VehicleState(
            "v",
            1,
            landed_state=LandedState.ON_GROUND,
            mode=FlightMode.HOLD,
            armable=True,
            received_s=math.inf,
            mission_current=0,
            mission_total=0,
        )
        self.held: dict[MavMissionType, tuple[MissionItem, ...]] = dict.fromkeys(MavMissionType, ())
        self.feasible = True
        self.hiccups = 0
        self.ready_in_hold = True
        self.texts: list[StatusText] = []
        self.spoil: Spoil = lambda _kind, items: items
        self.write_claims: list[WriteClaim] = []
        self.read_failures = 0
        self.deaf: set[str] = set()
        self.delay_s = 0.0
        self.gripper = GripperOutcome(GripperAnswer.OPENED)
        self.ids = PlanIds(1, 2, 3)
        self.parameters: dict[str, int | float] = {"GF_ACTION": 2, "COM_WIND_MAX": 12.0}

    def now_s(self) -> float:
        """The loop's clock."""
        return asyncio.get_running_loop().time()

    def state(self) -> VehicleState:
        """What the test set."""
        return self.current

    def plan_ids(self) -> PlanIds:
        """What the test set."""
        return self.ids

    def status_texts(self, since_s: float) -> tuple[StatusText, ...]:
        """What the test said."""
        return tuple(text for text in self.texts if text.received_s >= since_s)

    async def _verb(self, name: str, **change: object) -> Outcome:
        self.log.append(name)
        await asyncio.sleep(0)
        self.answers += name not in self.deaf
        if name in self.deaf:
            return refused(f"{name} is not heard")
        self.current = replace(self.current, **change)  # type: ignore[arg-type]  # fields by name
        return OBSERVED

    async def write_items(self, kind: MavMissionType, items: Sequence[MissionItem], timeout_s: float) -> WriteClaim:
        """Hold what was written, spoilt as the test wants."""
        self.log.append(f"write {kind.name}")
        await asyncio.sleep(self.delay_s)
        claim = self.write_claims.pop(0) if self.write_claims else WriteClaim(WriteStatus.ACKNOWLEDGED)
        if claim.status is not WriteStatus.REJECTED:
            self.held[kind] = self.spoil(kind, tuple(items))
            if kind is MavMissionType.MISSION:
                self.current = replace(self.current, mission_total=len(self.held[kind]))
        return claim

    async def read_items(self, kind: MavMissionType, timeout_s: float) -> tuple[MissionItem, ...]:
        """Give what is held, or fail."""
        self.log.append(f"read {kind.name}")
        await asyncio.sleep(0)
        if self.read_failures > 0:
            self.read_failures -= 1
            raise LinkTimeoutError("nothing was read")
        return self.held[kind]

    async def set_current_item(self, index: int, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("set current", mission_current=index)

    async def confirm_item_count(self, count: int, timeout_s: float) -> Outcome:
        """As the mission that is held."""
        held = len(self.held[MavMissionType.MISSION])
        return OBSERVED if held == count else refused(f"{held} items are announced")

    async def hold(self, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("hold", mode=FlightMode.HOLD)

    async def select_mission_mode(self, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("mission mode", mode=FlightMode.MISSION)

    async def readiness(self, samples: int, timeout_s: float) -> bool | None:
        """As the test set it for the mode."""
        await asyncio.sleep(0)
        if self.current.mode is not FlightMode.MISSION:
            return self.ready_in_hold
        self.hiccups, unwell = max(0, self.hiccups - 1), self.hiccups > 0
        return self.feasible and not unwell

    async def upload(self, mission: Mission, timeout_s: float) -> TransferResult:
        """The real transfer, on this link."""
        return await transfer(self, mission, timeout_s)

    async def read_back(self, timeout_s: float) -> HeldPlan:
        """What is held."""
        return HeldPlan(*(self.held[kind] for kind in MavMissionType))

    async def clear(self, timeout_s: float) -> Outcome:
        """Hold nothing."""
        self.held = dict.fromkeys(MavMissionType, ())
        return OBSERVED

    async def read_parameter(self, name: str, timeout_s: float) -> int | float:
        """What is held; no answer for what is not."""
        if name not in self.parameters:
            raise LinkTimeoutError(f"{name} was not answered")
        return self.parameters[name]

    async def set_parameter(self, name: str, value: float, timeout_s: float) -> Outcome:
        """As asked; no answer for a wrong type."""
        if type(self.parameters.get(name)) is not type(value):
            return refused(f"{name} was not answered")
        self.parameters[name] = value
        return await self._verb("set parameter")

    async def arm(self, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("arm", armed=True)

    async def disarm(self, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("disarm", armed=False)

    async def start_mission(self, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("start", mode=FlightMode.MISSION, armed=True)

    async def open_gripper(self, gripper: int, timeout_s: float) -> GripperOutcome:
        """As the test set it."""
        await self._verb(f"open {gripper}")
        return self.gripper

    async def close_gripper(self, gripper: int, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb(f"close {gripper}")

    async def reposition(self, position: GeoPoint, altitude_amsl_m: float, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("reposition", mode=FlightMode.HOLD)

    async def land(self, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("land", mode=FlightMode.LAND)

    async def return_to_launch(self, timeout_s: float) -> Outcome:
        """As asked."""
        return await self._verb("return", mode=FlightMode.RETURN)


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> FakeLink:
    """A link to nothing; transfers on it do not wait for a real autopilot to make up its mind."""
    monkeypatch.setattr("vehicles.transfer.SETTLE_S", 0.0)
    return FakeLink()
