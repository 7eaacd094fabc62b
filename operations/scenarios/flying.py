"""One scenario flown: planned, uploaded, launched and supervised by the real code, in virtual time, under witnesses."""

import asyncio
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from mission.dispatch.sortie_state import SortieState
from mission.diversion import DiversionPlanner
from mission.planner import DayPlan, plan_day
from mission.supervision.events import Report, ReportKind
from operations.clock import MissionClock
from operations.configs import delivery_profile
from operations.control import ControlDesk, Listener, SortieOutcome, fly_day
from operations.fleet_up import NAV_ACC_RAD, hub_of, simulated_vehicle
from operations.journal import Journal
from operations.links import GatewayLinks
from operations.requests import Requests
from operations.scenarios.documents import Scenario
from operations.scenarios.gateway import ScenarioGateway
from sim.autopilot import Autopilot
from sim.fleet_config import FleetConfig, GroundCrew
from sim.link_faults import PERFECT, Change, FaultyLink, Way
from sim.referee import Referee, RefereeFinding
from sim.referee_record import FlightRecord, Loaded, Seen, Sent, VehicleWitness, ZonesKnown
from sim.referee_rules import COMMANDS_WATCHED, judge
from sim.scenario_vehicle import ScenarioVehicle
from sim.truth import truth_of
from sim.virtual_time import run_in_virtual_time
from vehicles.link import HeldPlan

ANY_PORT: Final = 1
"""No packet of a scenario goes over UDP."""
STREAM_HZ: Final = 5.0
"""Most messages of one stream in a second: what a slow telemetry radio is set to."""
CONNECT_S: Final = 10.0
COME_DOWN_S: Final = 900.0
"""How long vehicles that nobody supervises any more are watched for their landing."""
LOOK_S: Final = 1.0


class VirtualClock(MissionClock):
    """Mission time on the loop's clock."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._loop = asyncio.get_running_loop()
        self.began_s = self._loop.time()

    def now(self) -> datetime:
        """Mission time now."""
        return self._start + timedelta(seconds=self._loop.time() - self.began_s)


@dataclass(frozen=True)
class FlownScenario:
    """What came of a scenario.

    Attributes:
        outcomes: of every sortie that was planned.
        timeline: everything that was reported, in order.
        links: what became of each link: vehicle, condition, reason.
        record: what the witnesses wrote down.
        findings: what the referee found.
        flown_s: simulated time.
    """

    scenario: Scenario
    plan: DayPlan
    outcomes: tuple[SortieOutcome, ...]
    timeline: tuple[tuple[datetime, str, Report], ...]
    links: tuple[tuple[str, str, str], ...]
    record: FlightRecord
    findings: tuple[RefereeFinding, ...]
    flown_s: float

    @property
    def endings(self) -> dict[str, str]:
        """How each order ended."""
        refused = {refusal.order_id: "REFUSED" for refusal in self.plan.refusals}
        return refused | {order: str(state) for outcome in self.outcomes for order, state in outcome.orders.items()}

    @property
    def alarms(self) -> frozenset[str]:
        """Codes of every alarm."""
        return frozenset(report.state for _, _, report in self.timeline if report.kind is ReportKind.ALARM)

    @property
    def broken(self) -> frozenset[str]:
        """Rules of the referee that were broken."""
        return frozenset(finding.rule for finding in self.findings)


def fly_scenario(scenario: Scenario, folder: Path) -> FlownScenario:
    """Fly a scenario; the same scenario and seed give the same flight. The journal goes to `folder`."""
    plan = plan_day(scenario.files.day, ground=scenario.files.ground, seed=scenario.document.seed)
    return run_in_virtual_time(_ScenarioDay(scenario, plan, folder).fly())


class _ScenarioDay:
    """One scenario under way."""

    def __init__(self, scenario: Scenario, plan: DayPlan, folder: Path) -> None:
        self._scenario = scenario
        self._plan = plan
        self._journal_path = folder / "journal.jsonl"
        self._timeline: list[tuple[datetime, str, Report]] = []
        self._referee = Referee()
        self._requests = Requests()
        day = plan.day
        self._record = FlightRecord(
            start=day.start,
            policy=day.policy,
            flights=sorted(plan.flights, key=lambda flight: flight.plan.departure),
            planned_zones=plan.zones_near,
            told_zones=tuple(ZonesKnown(at_s, zones) for at_s, zones in scenario.zone_changes),
        )

    async def fly(self) -> FlownScenario:
        """Fly it to its end."""
        plan, profile = self._plan, delivery_profile()
        gateway = ScenarioGateway(self._vehicles(), profile)
        if self._scenario.document.shared_radio:
            channel = tuple(vehicle.wire for vehicle in gateway.vehicles.values())
            for wire in channel:
                wire.channel = channel
        running = asyncio.create_task(gateway.run(), name="scenario gateway")
        await gateway.wait_until_heard(CONNECT_S)
        clock = VirtualClock(plan.day.start)
        self._watch(gateway, clock)
        asking = asyncio.create_task(self._ask(), name="scenario requests")
        try:
            with Journal(self._journal_path) as journal:
                async with GatewayLinks(gateway, self._ids) as links:
                    hear = self._hearing(gateway)
                    contingencies, policy = DiversionPlanner(plan), plan.day.policy
                    desk = ControlDesk(links, clock, journal, contingencies, policy, hear, self._requests)
                    outcomes = await fly_day(desk, plan.flights)
            await self._come_down(gateway)
        finally:
            for task in (asking, running):
                task.cancel()
            ended = await asyncio.gather(asking, running, return_exceptions=True)
            await gateway.close()
        for defect in ended:
            if isinstance(defect, Exception):
                raise defect
        return self._sum_up(gateway, clock, outcomes)

    @property
    def _ids(self) -> list[str]:
        return [vehicle.vehicle_id for vehicle in self._plan.day.vehicles]

    def _fleet(self) -> FleetConfig:
        """The vehicles as they are simulated, loaded with the parcels of their flights."""
        day, document = self._plan.day, self._scenario.document
        parameters = delivery_profile().values() | {NAV_ACC_RAD: day.policy.waypoint_acceptance_m}
        return FleetConfig(
            vehicles=tuple(
                simulated_vehicle(vehicle, hub_of(day, vehicle), ANY_PORT, self._plan.flights, parameters)
                for vehicle in day.vehicles
            ),
            seed=document.seed,
            ground_crew=GroundCrew(battery_swap_s=day.policy.turnaround_s / 2),
            faults=self._scenario.faults,
            max_stream_hz=STREAM_HZ,
            wind=document.weather.wind() if document.weather else None,
        )

    def _vehicles(self) -> list[ScenarioVehicle]:
        fleet, seed = self._fleet(), self._scenario.document.seed
        return [ScenarioVehicle(fleet, v, FaultyLink(f"{seed}/{v.vehicle_id}")) for v in fleet.vehicles]

    # -- witnesses ----------------------------------------------------------------------------------------

    def _watch(self, gateway: ScenarioGateway, clock: VirtualClock) -> None:
        """From now on everything is written down, and links have their faults."""
        for vehicle in gateway.vehicles.values():
            self._watch_vehicle(vehicle, clock)
            self._watch_radio(vehicle, clock)
            vehicle.wire.link.schedule(*self._link_changes(vehicle.vehicle_id, clock.began_s))
        view = gateway.view

        def see(vehicle_id: str, boots: int, boot_time_ms: int) -> None:
            time_s = clock.now() - self._plan.day.start
            self._record.seen.append(Seen(time_s.total_seconds(), vehicle_id, boots, boot_time_ms))

        gateway.on_view = lambda vehicle_id, boots: see(vehicle_id, boots, view.state(vehicle_id).boot_time_ms)

    def _watch_vehicle(self, vehicle: ScenarioVehicle, clock: VirtualClock) -> None:
        start, witness = self._plan.day.start, VehicleWitness(self._record)
        switched_on_s = vehicle.wire.boot_s - clock.began_s

        def look(autopilot: Autopilot) -> None:
            truth = truth_of(autopilot)
            truth = dataclasses.replace(truth, time_s=truth.time_s + switched_on_s)
            self._referee.observe(truth)
            witness.observe(truth, autopilot.onboard.plans.items, start + timedelta(seconds=truth.time_s))

        vehicle.autopilot.observers.append(look)

    def _watch_radio(self, vehicle: ScenarioVehicle, clock: VirtualClock) -> None:
        record, vehicle_id, start = self._record, vehicle.vehicle_id, self._plan.day.start
        heard = record.heard_plans.setdefault(vehicle_id, [])

        def now_s() -> float:
            return (clock.now() - start).total_seconds()

        def sent(name: str, fields: Mapping[str, int | float | str | None]) -> None:
            command = int(fields.get("command") or 0)
            if name == "COMMAND_LONG" and command in COMMANDS_WATCHED:
                first, second, third = (float(fields.get(f"param{n}") or 0.0) for n in (1, 2, 3))
                record.sent.append(Sent(now_s(), vehicle_id, command, first, second, third))

        vehicle.wire.sent = sent
        vehicle.wire.heard_plan = lambda: heard.append(now_s())

    def _link_changes(self, vehicle_id: str, began_s: float) -> list[Change]:
        changes = []
        for fault in self._scenario.document.link_faults:
            if fault.vehicle_id != vehicle_id:
                continue
            for way in fault.ways:
                changes.append(Change(began_s + fault.from_s, Way(way), fault.faults()))
                if fault.until_s is not None:
                    changes.append(Change(began_s + fault.until_s, Way(way), PERFECT))
        return changes

    def _hearing(self, gateway: ScenarioGateway) -> Listener:
        """What hears every report; it notes what a vehicle held when it was called loaded."""
        start = self._plan.day.start

        def hear(moment: datetime, vehicle_id: str, report: Report) -> None:
            self._timeline.append((moment, vehicle_id, report))
            if report.kind is ReportKind.SORTIE and report.state == SortieState.LOADED:
                items = gateway.vehicles[vehicle_id].autopilot.onboard.plans.items
                held = HeldPlan(*items.values())
                time_s = (moment - start).total_seconds()
                self._record.loaded.append(Loaded(time_s, vehicle_id, report.subject, held))

        return hear

    async def _ask(self) -> None:
        """Make the requests of the day when they are due."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for request in sorted(self._scenario.document.requests, key=lambda request: request.at_s):
            await asyncio.sleep(max(0.0, began_s + request.at_s - loop.time()))
            getattr(self._requests, request.asks)(request.order)

    async def _come_down(self, gateway: ScenarioGateway) -> None:
        """Watch on until every vehicle is down."""
        for _ in range(round(COME_DOWN_S / LOOK_S)):
            if all(vehicle.is_down for vehicle in gateway.vehicles.values()):
                return
            await asyncio.sleep(LOOK_S)

    def _sum_up(
        self, gateway: ScenarioGateway, clock: VirtualClock, outcomes: Sequence[SortieOutcome]
    ) -> FlownScenario:
        record = self._record
        record.ended_s = (clock.now() - self._plan.day.start).total_seconds()
        record.down = {vehicle_id: vehicle.is_down for vehicle_id, vehicle in gateway.vehicles.items()}
        record.read_journal([json.loads(line) for line in self._journal_path.read_text(encoding="utf-8").splitlines()])
        findings = sorted([*self._referee.findings, *judge(record)], key=lambda finding: finding.time_s)
        return FlownScenario(
            scenario=self._scenario,
            plan=self._plan,
            outcomes=tuple(outcomes),
            timeline=tuple(self._timeline),
            links=tuple((vehicle_id, str(condition), reason) for vehicle_id, condition, reason in gateway.conditions),
            record=record,
            findings=tuple(findings),
            flown_s=record.ended_s,
        )


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    """The same scenario with another seed."""
    return replace(scenario, document=scenario.document.model_copy(update={"seed": seed}))
