"""Control of a day's flights: events from the bus to the supervisors, their commands to the gateway.

Decides nothing itself. One task per vehicle flies its sorties one after the other; every effect is in the
journal before it goes out.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Protocol

from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.errors import LinkError
from mission.geodesy.distance import distance_m
from mission.model.flight import ApprovedFlight
from mission.model.gripper import GripperAnswer
from mission.model.mission import Mission
from mission.model.telemetry import Freshness, VehicleState
from mission.policy import Policy
from mission.supervision.diverting import Diversion
from mission.supervision.events import (
    AnswersChanged,
    Begin,
    CloseIncident,
    Command,
    DiversionEnded,
    Event,
    FlyInstead,
    FreshnessChanged,
    GatePassed,
    Holding,
    HoldPosition,
    LandNow,
    Launch,
    LaunchEnded,
    Load,
    Observed,
    PassGate,
    Release,
    ReleaseEnded,
    Report,
    ReportKind,
    Tick,
    TransferEnded,
    VehicleSaid,
)
from mission.supervision.lost_vehicle import LostVehicle
from mission.supervision.supervisor import Contingencies, SortieSupervisor
from operations.clock import MissionClock
from operations.journal import Journal
from operations.lost_watch import watch_for
from operations.requests import Request, Requests

TICK_S = 0.2
"""Wall time after which a supervisor hears a Tick when nothing else happens."""
TRANSFER_TIMEOUT_S = 30.0
COMMAND_TIMEOUT_S = 20.0
"""Wall time that the gateway may take; its answer is late after this, and the vehicle's state decides."""


class FleetLinks(Protocol):
    """What control needs of the vehicles (`operations.links.GatewayLinks` in the running service)."""

    def state(self, vehicle_id: str) -> VehicleState:
        """Newest known state."""

    def freshness(self, vehicle_id: str) -> Freshness:
        """How old it is."""

    def take_words(self, vehicle_id: str) -> tuple[VehicleSaid, ...]:
        """What the vehicle said since this was last asked."""

    def unanswered(self, vehicle_id: str) -> str:
        """How the last command to it ended, where the vehicle answered nothing at all; "" otherwise."""

    async def wait_for_change(self, vehicle_id: str, timeout_s: float) -> None:
        """Return at the vehicle's next state, or after `timeout_s` wall seconds."""

    async def load(self, vehicle_id: str, mission: Mission, timeout_s: float) -> TransferEnded:
        """Upload, read back, compare."""

    async def launch(self, vehicle_id: str, command: Launch, timeout_s: float) -> LaunchEnded | None:
        """Close the grippers, arm and start what was loaded; None where it is not known whether it was begun."""

    async def release(self, vehicle_id: str, command: Release, timeout_s: float) -> ReleaseEnded:
        """Open a gripper at a gate, at most once for the command's id."""

    async def pass_gate(self, vehicle_id: str, command: PassGate, timeout_s: float) -> GatePassed:
        """Go on from a gate."""

    async def fly_instead(self, vehicle_id: str, mission: Mission, timeout_s: float) -> DiversionEnded:
        """Hold, replace the mission, start."""

    async def hold(self, vehicle_id: str, timeout_s: float) -> None:
        """Stop and stay."""

    async def land(self, vehicle_id: str, timeout_s: float) -> None:
        """Land where it is."""


@dataclass(frozen=True)
class SortieOutcome:
    """How one sortie ended.

    Attributes:
        track: (time, latitude, longitude, height above home) as telemetry showed it, in the air.
        incident: the vehicle, where it was given up in the air; closed when it was found, or a person took over.
    """

    flight: ApprovedFlight
    state: SortieState
    orders: dict[str, OrderState]
    reasons: dict[str, str]
    diversion: Diversion | None
    track: tuple[tuple[datetime, VehicleState], ...]
    took_off: datetime | None
    landed: datetime | None
    incident: LostVehicle | None = None


Listener = Callable[[datetime, str, Report], None]
"""Called with time, vehicle id and report: for screens and logs."""


@dataclass(frozen=True)
class ControlDesk:
    """What the control of a day works with."""

    links: FleetLinks
    clock: MissionClock
    journal: Journal
    contingencies: Contingencies
    policy: Policy
    listener: Listener
    requests: Requests = field(default_factory=Requests)

    def report(self, vehicle_id: str, report: Report, now: datetime) -> None:
        """Write a report down, and show it."""
        content = {
            "vehicle_id": vehicle_id,
            "report": report.kind,
            "subject": report.subject,
            "state": report.state,
            "message": report.message,
            "details": report.details,
        }
        self.journal.write("report", now, content)
        self.listener(now, vehicle_id, report)

    def write_request(self, request: Request | CloseIncident, vehicle_id: str) -> None:
        """Write down what was asked of a vehicle or its orders, and by whom where that is known."""
        asked = {field.name: getattr(request, field.name) for field in fields(request)}
        subject, actor = asked.get("order_id", vehicle_id), asked.get("actor", "")
        content = {"vehicle_id": vehicle_id, "request": type(request).__name__, "subject": subject, "actor": actor}
        self.journal.write("request", self.clock.now(), content, effect=True)


async def fly_day(desk: ControlDesk, flights: Sequence[ApprovedFlight]) -> list[SortieOutcome]:
    """Fly all sorties, each vehicle's in their order, and return how each ended.

    A defect in the supervision of one vehicle is an alarm at once, and ends nobody else's. A vehicle that was given
    up in the air is watched for until all other sorties have ended; whether it was found is in its outcome.

    Raises:
        ExceptionGroup: the defects, when every other vehicle's sorties have ended.
    """
    by_vehicle: dict[str, list[ApprovedFlight]] = {}
    for flight in sorted(flights, key=lambda item: item.plan.departure):
        by_vehicle.setdefault(flight.vehicle_id, []).append(flight)
    watches: list[asyncio.Task[None]] = []
    try:
        flown = await asyncio.gather(
            *(_fly_vehicle(desk, vehicle_id, queue, watches) for vehicle_id, queue in by_vehicle.items()),
            return_exceptions=True,
        )
    finally:
        for watch in watches:
            watch.cancel()
        watched = await asyncio.gather(*watches, return_exceptions=True)
    defects = [result for result in (*flown, *watched) if isinstance(result, Exception)]
    if defects:
        raise ExceptionGroup("supervision ended by a defect", defects)
    return [outcome for result in flown if isinstance(result, list) for outcome in result]


async def _fly_vehicle(
    desk: ControlDesk, vehicle_id: str, flights: Sequence[ApprovedFlight], watches: list[asyncio.Task[None]]
) -> list[SortieOutcome]:
    """Fly one vehicle's sorties; the watch over a vehicle that was lost is added to `watches`."""
    outcomes: list[SortieOutcome] = []
    for flight in flights:
        grounded = _why_grounded(outcomes, desk)
        try:
            outcomes.append(_not_flown(flight, grounded) if grounded else await SortieRun(desk, flight).run())
        except Exception as defect:
            why = f"nobody watches {vehicle_id} now, a person must: {defect!r}"
            alarm = Report(ReportKind.ALARM, flight.sortie_id, "SUPERVISION_ENDED", why)
            desk.journal.write("defect", desk.clock.now(), {"vehicle_id": vehicle_id, "message": why}, effect=True)
            desk.listener(desk.clock.now(), vehicle_id, alarm)
            raise
        if (incident := outcomes[-1].incident) is not None:
            watches.append(asyncio.create_task(_watch_for(desk, vehicle_id, incident), name=f"lost {vehicle_id}"))
    return outcomes


async def _watch_for(desk: ControlDesk, vehicle_id: str, incident: LostVehicle) -> None:
    """Report what is heard of a vehicle that was given up, and who took it over."""

    def closings() -> list[CloseIncident]:
        asked = desk.requests.take_closings(vehicle_id)
        for request in asked:
            desk.write_request(request, vehicle_id)
        return asked

    def report(heard: Report, now: datetime) -> None:
        desk.report(vehicle_id, heard, now)

    await watch_for(incident, desk.links, closings, report, desk.clock.now)


class SortieRun:
    """One sortie: feeds its supervisor and carries out what it asks for."""

    def __init__(self, desk: ControlDesk, flight: ApprovedFlight) -> None:
        self._desk = desk
        self._flight = flight
        self._vehicle_id = flight.vehicle_id
        self._supervisor = SortieSupervisor(flight, desk.contingencies, desk.policy)
        self._answers: asyncio.Queue[Event] = asyncio.Queue()
        self._effects: set[asyncio.Task[None]] = set()
        self._freshness: Freshness | None = None
        self._unanswered = ""
        self._boot_time_ms = -1
        self._track: list[tuple[datetime, VehicleState]] = []
        self._took_off: datetime | None = None
        self._landed: datetime | None = None

    async def run(self) -> SortieOutcome:
        """Fly the sortie to its end."""
        try:
            await self._watch()
            await asyncio.gather(*self._effects)  # the last of them may be the order to land
        finally:
            for effect in self._effects:
                effect.cancel()
        return SortieOutcome(
            self._flight,
            self._supervisor.state,
            dict(self._supervisor.order_states),
            dict(self._supervisor.reasons),
            self._supervisor.diversion,
            tuple(self._track),
            self._took_off,
            self._landed,
            self._supervisor.incident,
        )

    async def _watch(self) -> None:
        """Hear everything there is to hear, until the supervisor is done."""
        self._hear(Begin())
        while not self._supervisor.finished:
            await self._desk.links.wait_for_change(self._vehicle_id, TICK_S)
            for effect in [effect for effect in self._effects if effect.done()]:
                self._effects.remove(effect)
                effect.result()  # a defect in it must not be lost
            while not self._answers.empty():
                self._hear(self._answers.get_nowait())
            for request in self._desk.requests.take(self._supervisor.order_states, self._vehicle_id):
                self._hear_request(request)
            for early in self._desk.requests.take_closings(self._vehicle_id):
                self._desk.write_request(early, self._vehicle_id)  # there is nothing to close yet
            self._hear_telemetry()
            self._hear(Tick())

    def _hear_request(self, request: Request) -> None:
        """Write down who was asked for what, then hear it."""
        self._desk.write_request(request, self._vehicle_id)
        self._hear(request)

    def _hear_telemetry(self) -> None:
        freshness = self._desk.links.freshness(self._vehicle_id)
        if freshness is not self._freshness:
            self._freshness = freshness
            self._hear(FreshnessChanged(freshness))
        unanswered = self._desk.links.unanswered(self._vehicle_id)
        if unanswered != self._unanswered:
            self._unanswered = unanswered
            self._hear(AnswersChanged(unanswered))
        for said in self._desk.links.take_words(self._vehicle_id):
            self._hear(said)
        state = self._desk.links.state(self._vehicle_id)
        if state.boot_time_ms != self._boot_time_ms:
            self._boot_time_ms = state.boot_time_ms
            if self._took_off and state.has_position and self._landed is None:
                self._track.append((self._desk.clock.now(), state))
            self._hear(Observed(state))

    def _hear(self, event: Event) -> None:
        now = self._desk.clock.now()
        for command in self._supervisor.handle(event, now):
            self._carry_out(command, now)

    def _carry_out(self, command: Command, now: datetime) -> None:
        links, vehicle_id = self._desk.links, self._vehicle_id
        match command:
            case Report():
                self._report(command, now)
            case Load(mission=mission):
                answer = links.load(vehicle_id, mission, TRANSFER_TIMEOUT_S)
                self._effect("load", now, answer, mission.digest(), lambda why: TransferEnded(Holding.UNKNOWN, "", why))
            case Launch(digest=digest):
                self._effect("launch", now, links.launch(vehicle_id, command, COMMAND_TIMEOUT_S), digest)
            case Release():
                self._release(command, now)
            case PassGate(gate_item=item):
                self._effect(
                    "pass_gate",
                    now,
                    links.pass_gate(vehicle_id, command, COMMAND_TIMEOUT_S),
                    str(item),
                    lambda why: GatePassed(item, ok=False, reason=why),
                )
            case FlyInstead(mission=mission):
                way = links.fly_instead(vehicle_id, mission, TRANSFER_TIMEOUT_S)
                self._effect(
                    "fly_instead", now, way, mission.digest(), lambda why: DiversionEnded(ok=False, reason=why)
                )
            case HoldPosition():
                self._effect("hold", now, links.hold(vehicle_id, COMMAND_TIMEOUT_S), command.reason)
            case LandNow():
                self._effect("land", now, links.land(vehicle_id, COMMAND_TIMEOUT_S), command.reason)

    def _release(self, release: Release, now: datetime) -> None:
        """Command a release: its deadline is in mission time, the gateway's clock is the wall's."""
        clock = self._desk.clock
        timeout_s = clock.wall_s((release.deadline - now).total_seconds())

        def broken(why: str) -> Event:
            return ReleaseEnded(release.order_id, release.command_id, GripperAnswer.NO_ANSWER, why)

        action = self._desk.links.release(self._vehicle_id, release, timeout_s)
        self._effect("release", now, action, release.command_id, broken)

    def _effect(
        self,
        name: str,
        now: datetime,
        action: Awaitable[Event | None],
        subject: str,
        broken: Callable[[str], Event] | None = None,
    ) -> None:
        """Write the intent down, then start the action; its answer comes back as an event.

        `broken` is the answer where the link breaks meanwhile; without one, the vehicle's state decides.
        """
        content = {"vehicle_id": self._vehicle_id, "effect": name, "subject": subject}
        self._desk.journal.write("effect", now, content, effect=True)
        task = asyncio.create_task(self._answer(action, broken), name=f"{name} {self._vehicle_id}")
        self._effects.add(task)

    async def _answer(self, action: Awaitable[Event | None], broken: Callable[[str], Event] | None) -> None:
        try:
            event = await action
        except LinkError as error:
            event = broken(str(error)) if broken else None
        if event is not None:
            self._answers.put_nowait(event)

    def _report(self, report: Report, now: datetime) -> None:
        if report.state == SortieState.AIRBORNE and self._took_off is None:
            self._took_off = now
        if report.state == SortieState.FINISHED:
            self._landed = now
        self._desk.report(self._vehicle_id, report, now)


def _not_flown(flight: ApprovedFlight, why: str) -> SortieOutcome:
    orders = {order.order_id: OrderState.FAILED for order in flight.plan.sortie.orders}
    return SortieOutcome(flight, SortieState.FAILED, orders, dict.fromkeys(orders, why), None, (), None, None)


def _why_grounded(outcomes: Sequence[SortieOutcome], desk: ControlDesk) -> str:
    """Why a vehicle cannot fly its next sortie: it did not come home from its last one."""
    if not outcomes:
        return ""
    last = outcomes[-1]
    sortie = last.flight.plan.sortie
    if last.state is not SortieState.FINISHED:
        return f"its vehicle {sortie.vehicle.vehicle_id} failed on sortie {sortie.sortie_id}"
    if last.diversion is not None and last.diversion.site is not sortie.hub:
        return f"its vehicle {sortie.vehicle.vehicle_id} stands at {last.diversion.site.name}"
    place = desk.links.state(sortie.vehicle.vehicle_id).position
    off_m = distance_m(place, sortie.hub.position) if place is not None else math.inf
    if off_m > desk.policy.home_tolerance_m:
        return f"its vehicle {sortie.vehicle.vehicle_id} stands {off_m:.0f} m from {sortie.hub.name}"
    return ""
