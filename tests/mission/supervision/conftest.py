"""One approved flight to a drop 1 km north, and a supervisor that watches it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mission.dispatch.sortie_state import SortieState
from mission.model.fleet import Hub, LandingSite, Vehicle, VehicleType
from mission.model.flight import ApprovedFlight, FlightPlan, Leg, LegKind, ReleasePoint, Sortie
from mission.model.geo import GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.mission import MavCommand, Mission, MissionItem
from mission.model.orders import DropPoint, Order, Parcel
from mission.model.telemetry import FlightMode, Freshness, LandedState, VehicleState
from mission.model.time import TimeWindow
from mission.model.verdict import Verdict
from mission.policy import Policy
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    Begin,
    Command,
    Event,
    FreshnessChanged,
    Holding,
    LaunchEnded,
    Observed,
    Release,
    ReleaseEnded,
    TransferEnded,
)
from mission.supervision.supervisor import SortieSupervisor

START = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
HUB = Hub("hub", "Hub", GeoPoint(48.40, 15.60), 192.0)
DROP = GeoPoint(48.409, 15.60)
ALTERNATE = LandingSite("alt", "Meadow", GeoPoint(48.405, 15.605), 192.0)
GATE = 3
PARCEL_KG = 1.0
BATTERY_WH = 400.0


def _flight() -> ApprovedFlight:
    kind = VehicleType("quad", 2.5, 1, 5.0, 15.0, 3.0, 2.0, BATTERY_WH, 700.0)
    vehicle = Vehicle("drone-1", kind, HUB.hub_id, 1, "udpin://127.0.0.1:14540")
    order = Order("A-1", Parcel("P-1", PARCEL_KG), DropPoint(DROP), TimeWindow(START, START + timedelta(hours=1)))
    sortie = Sortie("drone-1.1", vehicle, HUB, (order,), 0, START)
    leg = Leg(LegKind.CRUISE, HUB.position, DROP, 60.0, 60.0, START, START + timedelta(minutes=5), 1.0, 60.0)
    plan = FlightPlan(sortie, (leg,), 60.0, 80.0, (ALTERNATE,), 2000.0)
    items = tuple(MissionItem(MavCommand.NAV_WAYPOINT) for _ in range(8))
    mission = Mission(items, (), (), HUB.position, HUB.ground_amsl_m)
    verdict = Verdict(mission.digest(), (), 50.0)
    return ApprovedFlight(plan, mission, verdict, (ReleasePoint("A-1", GATE, DROP, 6.0),), (0,) * 8, START)


@dataclass
class FakeContingencies:
    """Answers as the test sets them; records what was asked."""

    to_finish_wh: float = 60.0
    diversion: Diversion | None = None
    asked: int = 0

    def energy_to_finish_wh(  # noqa: D102
        self, flight: ApprovedFlight, state: VehicleState, payload_kg: float
    ) -> float:
        return self.to_finish_wh

    def nearest_landing(  # noqa: D102
        self, flight: ApprovedFlight, state: VehicleState, payload_kg: float, now: datetime
    ) -> Diversion | None:
        self.asked += 1
        return self.diversion


@dataclass
class Flown:
    """A supervisor under test, driven in virtual time."""

    flight: ApprovedFlight
    policy: Policy
    contingencies: FakeContingencies
    supervisor: SortieSupervisor
    now: datetime = START
    state: VehicleState = field(default_factory=lambda: VehicleState("drone-1"))

    def sortie(self) -> SortieState:
        """Where the sortie stands."""
        return self.supervisor.state

    def hear(self, event: Event, after_s: float = 1.0) -> list[Command]:
        """Let time pass, then deliver an event."""
        self.now += timedelta(seconds=after_s)
        return self.supervisor.handle(event, self.now)

    def see(self, after_s: float = 1.0, **changes: Any) -> list[Command]:
        """Deliver a newer state of the vehicle."""
        self.state = replace(self.state, boot_time_ms=self.state.boot_time_ms + round(1000 * after_s), **changes)
        return self.hear(Observed(self.state), after_s)

    def wait_on_pad(self, **changes: Any) -> list[Command]:
        """Show a vehicle that waits on its pad, ready in every way but `changes`."""
        self.hear(FreshnessChanged(Freshness.FRESH))
        ready: dict[str, Any] = {
            "latitude_deg": HUB.position.latitude_deg,
            "longitude_deg": HUB.position.longitude_deg,
            "height_home_m": 0.0,
            "home_latitude_deg": HUB.position.latitude_deg,
            "home_longitude_deg": HUB.position.longitude_deg,
            "battery_remaining": 1.0,
            "mode": FlightMode.HOLD,
            "landed_state": LandedState.ON_GROUND,
            "armable": True,
            "heading_deg": 90.0,
            "estimator_flags": 831,
            "mission_plan_id": 11,
            "mission_current": 0,
        }
        return self.see(**(ready | changes))

    def load(self) -> list[Command]:
        """Bring the sortie to LOADED with a vehicle that is ready."""
        self.wait_on_pad()
        self.hear(Begin())
        return self.hear(TransferEnded(Holding.LOADED, self.flight.mission.digest()))

    def load_as(self, **changes: Any) -> list[Command]:
        """As `load`, with a vehicle that is not ready in some way."""
        self.wait_on_pad(**changes)
        self.hear(Begin())
        return self.hear(TransferEnded(Holding.LOADED, self.flight.mission.digest()))

    def fly(self) -> list[Command]:
        """Bring the sortie to AIRBORNE, on its way to the drop."""
        self.load()
        self.hear(LaunchEnded(ok=True))
        return self.see(armed=True, landed_state=LandedState.IN_AIR, mode=FlightMode.MISSION, height_home_m=60.0)

    def arrive(self, **changes: Any) -> list[Command]:
        """Come down at the drop until the vehicle was seen steady at the gate; return what is asked for there."""
        over = {"latitude_deg": DROP.latitude_deg, "longitude_deg": DROP.longitude_deg, "height_home_m": 6.0}
        still = {"velocity_north_m_s": 0.0, "velocity_east_m_s": 0.0}
        self.see(after_s=70.0, mission_current=GATE - 1, **(over | still | changes))
        return [*self.see(mission_current=GATE), *self.see()]

    def command(self, **changes: Any) -> Release:
        """Arrive, and return the release that is commanded then."""
        (release,) = (c for c in self.arrive(**changes) if isinstance(c, Release))
        return release

    def answer(self, release: Release, answer: GripperAnswer, reason: str = "") -> list[Command]:
        """Let the vehicle answer."""
        return self.hear(ReleaseEnded(release.order_id, release.command_id, answer, reason))

    def release(self) -> list[Command]:
        """Hand the parcel over at the drop and go on; return what the proof led to."""
        self.answer(self.command(), GripperAnswer.OPENED)
        proved = self.see()
        self.see(mission_current=GATE + 1, height_home_m=8.0)
        return proved

    def stand(self) -> list[Command]:
        """Be seen holding still."""
        return self.see(mode=FlightMode.HOLD, velocity_north_m_s=0.0, velocity_east_m_s=0.0)

    def touch_down(self, place: GeoPoint, after_s: float = 60.0) -> list[Command]:
        """Land and disarm somewhere."""
        return self.see(
            after_s,
            latitude_deg=place.latitude_deg,
            longitude_deg=place.longitude_deg,
            height_home_m=0.0,
            landed_state=LandedState.ON_GROUND,
            armed=False,
        )


@pytest.fixture
def flown() -> Flown:
    """A sortie that is planned and not begun."""
    return _of(_flight())


@pytest.fixture
def weighing(flown: Flown) -> Flown:
    """The same with a vehicle that weighs what it carries."""
    return _of(_with(flown.flight, payload_sensor=True), payload_kg=PARCEL_KG)


@pytest.fixture
def attended(flown: Flown) -> Flown:
    """The same with an order that somebody must be present for."""
    sortie = flown.flight.plan.sortie
    orders = tuple(replace(order, attended=True) for order in sortie.orders)
    plan = replace(flown.flight.plan, sortie=replace(sortie, orders=orders))
    return _of(replace(flown.flight, plan=plan))


@pytest.fixture
def landing(flown: Flown) -> Flown:
    """The same with a vehicle that sets its parcel down on the ground."""
    (point,) = flown.flight.releases
    return _of(replace(flown.flight, releases=(replace(point, height_home_m=0.0, lands=True),)))


def _with(flight: ApprovedFlight, **changes: Any) -> ApprovedFlight:
    """The flight with another type of vehicle."""
    sortie = flight.plan.sortie
    vehicle = replace(sortie.vehicle, type=replace(sortie.vehicle.type, **changes))
    return replace(flight, plan=replace(flight.plan, sortie=replace(sortie, vehicle=vehicle)))


def _of(flight: ApprovedFlight, **state: Any) -> Flown:
    policy, contingencies = Policy(operator_id="AUTtest0001"), FakeContingencies()
    supervisor = SortieSupervisor(flight, contingencies, policy)
    return Flown(flight, policy, contingencies, supervisor, state=VehicleState("drone-1", **state))


@pytest.fixture
def to_meadow(flown: Flown) -> Diversion:
    """A diversion to the alternate."""
    return Diversion(flown.flight.mission, ALTERNATE, 20.0, 500.0)
