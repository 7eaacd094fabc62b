"""A fleet without radios, in virtual time: vehicles that fly what they are given, one step a look."""

import asyncio
import json
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mission.geodesy.distance import distance_m
from mission.model.airspace import GeoZone
from mission.model.day import Day
from mission.model.fleet import Hub, LandingSite, Site, Vehicle, VehicleType
from mission.model.flight import ApprovedFlight
from mission.model.geo import ElevationRange, GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.mission import Mission
from mission.model.orders import DropPoint, Order, Parcel
from mission.model.telemetry import FlightMode, Freshness, LandedState, VehicleState
from mission.model.time import TimeWindow
from mission.planner import DayPlan, plan_day
from mission.policy import Policy
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    DiversionEnded,
    GatePassed,
    Holding,
    Launch,
    LaunchEnded,
    PassGate,
    Release,
    ReleaseEnded,
    Report,
    TransferEnded,
    VehicleSaid,
)
from operations.clock import MissionClock
from operations.control import ControlDesk, SortieOutcome, fly_day
from operations.journal import Journal
from operations.requests import Requests

START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
STEP_S = 2.0
HUB = Hub("hub", "Hub", GeoPoint(48.40, 15.62), 190.0)
GREEN = LandingSite("alt", "Green", GeoPoint(48.403, 15.623), 190.0)
QUAD = VehicleType("quad", 2.5, 1, 5.0, 15.0, 3.0, 2.0, 400.0, 700.0)


class VirtualClock(MissionClock):
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        super().__init__(START)
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        """Mission time now."""
        return START + timedelta(seconds=self.elapsed_s)


@dataclass
class FakeVehicle:
    """Flies its mission's items one a step; `low_from_item` sets its battery low, `answers` is whether it is heard.

    While the clock is in `silent_s` it is not heard, and `told` is what was heard last.
    """

    state: VehicleState
    answers: bool = True
    silent_s: tuple[float, float] = (math.inf, math.inf)
    told: VehicleState | None = None
    low_from_item: int | None = None
    lands_at: GeoPoint | None = None
    takes_off: bool = True
    waits_at: int | None = None
    released: list[int] = field(default_factory=list)
    gripper: GripperAnswer = GripperAnswer.OPENED
    frames_a_step: int = 1
    loaded: Mission | None = None
    flying: Mission | None = None
    ends_at: GeoPoint = HUB.position

    def change(self, **changes: Any) -> None:
        """Become newer and different."""
        for _ in range(self.frames_a_step):
            newer = self.state.boot_time_ms + 100
            self.state = replace(self.state, **({"boot_time_ms": newer} | changes))

    def go_to(self, place: GeoPoint) -> None:
        """Fly there with the wind behind it, in the time that it takes by the vehicle's own clock."""
        way_m = distance_m(self.state.position or place, place)
        if way_m > 1.0:
            later_ms = self.state.boot_time_ms + max(3000, round(way_m / 22.0 * 1000.0))
            self.change(boot_time_ms=later_ms, latitude_deg=place.latitude_deg, longitude_deg=place.longitude_deg)

    def step(self, flights: dict[str, ApprovedFlight]) -> None:
        """Fly on by one item, or stand."""
        if self.flying is None or self.state.mode is FlightMode.HOLD:
            self.change(velocity_north_m_s=0.0, velocity_east_m_s=0.0)
            return
        if self.state.mission_current == self.waits_at:
            self.change(velocity_north_m_s=0.0)  # at a gate, until it is told to go on
            return
        item = self.state.mission_current + 1
        if item >= len(self.flying.items):
            place = self.lands_at or self.ends_at
            self.flying = None
            self.go_to(place)
            self.change(
                latitude_deg=place.latitude_deg, longitude_deg=place.longitude_deg, height_home_m=0.0, armed=False,
                landed_state=LandedState.ON_GROUND, mode=FlightMode.HOLD, battery_remaining=1.0,
            )  # fmt: skip
            return
        flight = flights.get(self.flying.digest())
        release = next((r for r in flight.releases if r.gate_item == item), None) if flight else None
        self.waits_at = item if release else None
        place = release.drop if release else self.state.position or HUB.position
        self.go_to(place)
        low = self.low_from_item is not None and item >= self.low_from_item
        self.change(
            mission_current=item, landed_state=LandedState.IN_AIR, battery_remaining=0.1 if low else 0.99 - 0.01 * item,
            latitude_deg=place.latitude_deg, longitude_deg=place.longitude_deg,
            height_home_m=release.height_home_m if release else 40.0,
            velocity_north_m_s=0.0 if release else 15.0, velocity_east_m_s=0.0,
        )  # fmt: skip


@dataclass
class FakeLinks:
    """What control needs of the vehicles; `calls` is what went out, with the journal as it was on disk then."""

    clock: VirtualClock
    vehicles: dict[str, FakeVehicle]
    flights: dict[str, ApprovedFlight]
    journal_path: Path
    calls: list[tuple[datetime, str, str, str, list[dict[str, Any]]]] = field(default_factory=list)
    breaks: dict[str, Exception] = field(default_factory=dict)
    unheard: dict[str, str] = field(default_factory=dict)

    def state(self, vehicle_id: str) -> VehicleState:
        """Newest known state."""
        vehicle = self.vehicles[vehicle_id]
        if not vehicle.answers:
            return VehicleState(vehicle_id)
        if vehicle.told is None or not self._is_silent(vehicle):
            vehicle.told = vehicle.state
        return vehicle.told

    def freshness(self, vehicle_id: str) -> Freshness:
        """Fresh, lost, or never heard."""
        vehicle = self.vehicles[vehicle_id]
        if not vehicle.answers:
            return Freshness.NEVER
        return Freshness.LOST if self._is_silent(vehicle) else Freshness.FRESH

    def _is_silent(self, vehicle: FakeVehicle) -> bool:
        return vehicle.silent_s[0] <= self.clock.elapsed_s < vehicle.silent_s[1]

    def take_words(self, vehicle_id: str) -> tuple[VehicleSaid, ...]:
        """They are silent."""
        return ()

    def unanswered(self, vehicle_id: str) -> str:
        """What a test says."""
        return self.unheard.get(vehicle_id, "")

    async def wait_for_change(self, vehicle_id: str, timeout_s: float) -> None:
        """Let time pass and the vehicle fly on."""
        self.clock.elapsed_s += STEP_S / len(self.vehicles)
        self.vehicles[vehicle_id].step(self.flights)
        for _ in range(3):
            await asyncio.sleep(0)

    async def load(self, vehicle_id: str, mission: Mission, timeout_s: float) -> TransferEnded:
        """Take the mission in."""
        self._went_out("load", vehicle_id, mission.digest())
        self.vehicles[vehicle_id].loaded = mission
        return TransferEnded(Holding.LOADED, mission.digest())

    async def launch(self, vehicle_id: str, command: Launch, timeout_s: float) -> LaunchEnded | None:
        """Arm and start."""
        self._went_out("launch", vehicle_id, command.digest)
        vehicle = self.vehicles[vehicle_id]
        if vehicle.takes_off:
            vehicle.flying, vehicle.ends_at = vehicle.loaded, HUB.position
            vehicle.change(armed=True, mode=FlightMode.MISSION, mission_current=-1, landed_state=LandedState.TAKEOFF)
        return LaunchEnded(ok=True)

    async def release(self, vehicle_id: str, command: Release, timeout_s: float) -> ReleaseEnded:
        """Open a gripper."""
        self._went_out("release", vehicle_id, command.command_id)
        vehicle = self.vehicles[vehicle_id]
        vehicle.released.append(command.gripper)
        return ReleaseEnded(command.order_id, command.command_id, vehicle.gripper)

    async def pass_gate(self, vehicle_id: str, command: PassGate, timeout_s: float) -> GatePassed:
        """Go on."""
        self._went_out("pass_gate", vehicle_id, str(command.gate_item))
        self.vehicles[vehicle_id].waits_at = None
        return GatePassed(command.gate_item, ok=True)

    async def fly_instead(self, vehicle_id: str, mission: Mission, timeout_s: float) -> DiversionEnded:
        """Fly another mission from here."""
        self._went_out("fly_instead", vehicle_id, mission.digest())
        vehicle = self.vehicles[vehicle_id]
        vehicle.flying, vehicle.ends_at = mission, mission.items[-1].position
        vehicle.change(mode=FlightMode.MISSION, mission_current=-1)
        return DiversionEnded(ok=True)

    async def hold(self, vehicle_id: str, timeout_s: float) -> None:
        """Stop and stay."""
        self._went_out("hold", vehicle_id, "")
        self.vehicles[vehicle_id].change(mode=FlightMode.HOLD)

    async def land(self, vehicle_id: str, timeout_s: float) -> None:
        """Land where it is."""
        self._went_out("land", vehicle_id, "")

    def _went_out(self, effect: str, vehicle_id: str, subject: str) -> None:
        lines = [json.loads(line) for line in self.journal_path.read_text(encoding="utf-8").splitlines()]
        self.calls.append((self.clock.now(), vehicle_id, effect, subject, lines))
        if effect in self.breaks:
            raise self.breaks.pop(effect)

    def sent(self, vehicle_id: str) -> list[str]:
        """Names of the effects that went out to a vehicle, in order."""
        return [effect for _, vehicle, effect, _, _ in self.calls if vehicle == vehicle_id]


class OneWayDown:
    """Every vehicle can finish unless its battery is low; the only way down is `diversion`."""

    def __init__(self, diversion: Diversion | None) -> None:
        self.diversion = diversion

    def energy_to_finish_wh(self, flight: ApprovedFlight, state: VehicleState, payload_kg: float) -> float:
        """A little less than a low battery holds."""
        return 30.0

    def nearest_landing(
        self, flight: ApprovedFlight, state: VehicleState, payload_kg: float, now: datetime
    ) -> Diversion | None:
        """The one there is."""
        return self.diversion


@dataclass
class Morning:
    """A planned day of two vehicles and four orders, and what is needed to fly it."""

    plan: DayPlan
    links: FakeLinks
    journal_path: Path
    diversion: Diversion | None = None
    requests: Requests = field(default_factory=Requests)
    lost_give_up_s: float = 300.0
    who_takes_over: str = ""
    reports: list[tuple[datetime, str, Report]] = field(default_factory=list)

    async def fly(self) -> list[SortieOutcome]:
        """Fly all of it."""
        policy = replace(self.plan.day.policy, lost_give_up_s=self.lost_give_up_s)
        with Journal(self.journal_path) as journal:
            contingencies = OneWayDown(self.diversion)
            desk = ControlDesk(self.links, self.links.clock, journal, contingencies, policy, self._hear, self.requests)
            return await fly_day(desk, self.plan.flights)

    def _hear(self, moment: datetime, vehicle_id: str, report: Report) -> None:
        self.reports.append((moment, vehicle_id, report))
        if report.state == "VEHICLE_LOST" and self.who_takes_over:
            self.requests.close_incident(vehicle_id, self.who_takes_over)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The journal."""
        return [json.loads(line) for line in self.journal_path.read_text(encoding="utf-8").splitlines()]

    def of(self, vehicle_id: str) -> list[ApprovedFlight]:
        """A vehicle's flights, in their order."""
        mine = [flight for flight in self.plan.flights if flight.vehicle_id == vehicle_id]
        return sorted(mine, key=lambda flight: flight.plan.departure)


def small_day(zones: tuple[GeoZone, ...] = ()) -> Day:
    """Two vehicles, four orders, an hour."""
    window = TimeWindow(START, START + timedelta(hours=1))
    drops = [GeoPoint(48.405, 15.62), GeoPoint(48.40, 15.63), GeoPoint(48.395, 15.62), GeoPoint(48.40, 15.61)]
    orders = tuple(Order(f"A-{n}", Parcel(f"P-{n}", 1.0), DropPoint(d), window) for n, d in enumerate(drops, 1))
    vehicles = tuple(Vehicle(f"drone-{n}", QUAD, "hub", n, f"udpin://127.0.0.1:1454{n}") for n in (1, 2))
    site = Site("meadow", "Meadow", (HUB,), (GREEN,), ElevationRange(186.0, 204.0))
    policy = Policy(operator_id="AUTtest0001", cruise_height_home_m=40.0, turnaround_s=40.0)
    return Day("A morning", site, vehicles, orders, zones, policy, START, START)


@pytest.fixture(scope="session")
def plan() -> DayPlan:
    """The day, planned once: each vehicle flies two sorties."""
    planned = plan_day(small_day())
    assert planned.refusals == ()
    assert sorted(flight.sortie_id for flight in planned.flights) == [
        "drone-1.1",
        "drone-1.2",
        "drone-2.1",
        "drone-2.2",
    ]
    return planned


def waiting(vehicle: Vehicle) -> FakeVehicle:
    """A vehicle that waits on its pad, ready in every way."""
    place: dict[str, Any] = {"latitude_deg": HUB.position.latitude_deg, "longitude_deg": HUB.position.longitude_deg}
    home = {f"home_{name}": value for name, value in place.items()}
    state = VehicleState(
        vehicle.vehicle_id, vehicle.system_id, boot_time_ms=0, height_home_m=0.0, battery_remaining=1.0,
        mode=FlightMode.HOLD, landed_state=LandedState.ON_GROUND, armable=True, mission_current=-1,
        heading_deg=0.0, estimator_flags=831, mission_plan_id=11, fence_plan_id=12, rally_plan_id=13, **place, **home,
    )  # fmt: skip
    return FakeVehicle(state)


def begin(plan: DayPlan, path: Path) -> Morning:
    """Every vehicle on its pad, the clock at the day's start."""
    vehicles = {vehicle.vehicle_id: waiting(vehicle) for vehicle in plan.day.vehicles}
    flights = {flight.mission.digest(): flight for flight in plan.flights}
    return Morning(plan, FakeLinks(VirtualClock(), vehicles, flights, path), path)


@pytest.fixture
def morning(plan: DayPlan, tmp_path: Path) -> Morning:
    """The day, ready to be flown."""
    return begin(plan, tmp_path / "journal.jsonl")


@pytest.fixture
def another_morning(plan: DayPlan, tmp_path: Path) -> Morning:
    """The same day, to be flown again."""
    return begin(plan, tmp_path / "another.jsonl")


@pytest.fixture
def to_green(plan: DayPlan) -> Diversion:
    """A way down to the alternate."""
    mission = plan.flights[0].mission
    last = replace(
        mission.items[-1], x=round(GREEN.position.latitude_deg * 1e7), y=round(GREEN.position.longitude_deg * 1e7)
    )
    return Diversion(replace(mission, items=(*mission.items[:2], last)), GREEN, 20.0, 500.0)
