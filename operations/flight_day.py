"""One day from orders to records: plan, bring the fleet up, fly it under supervision, sum up."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live

from mission.dispatch.order_state import OrderState
from mission.dispatch.sortie_state import SortieState
from mission.diversion import DiversionPlanner
from mission.planner import DayPlan
from mission.policy import Policy
from mission.supervision.events import Report, ReportKind
from operations.bus import endpoints
from operations.clock import MissionClock
from operations.configs import delivery_profile
from operations.control import ControlDesk, Listener, SortieOutcome, fly_day
from operations.documents import SimulationDocument
from operations.energy_fit_files import write_flights
from operations.energy_fit_rows import measured_rows
from operations.fleet_up import FleetUp, px4_fleet, simulated_fleet
from operations.inputs import FlightArguments
from operations.journal import Journal
from operations.links import GatewayLinks
from operations.planted_faults import planted_faults
from operations.px4_faults import battery_drops, plant
from operations.records.flown import Flown, flown_by_telemetry, flown_by_truth
from operations.records.report import day_map, write_delivery_records, write_report
from operations.records.summary import DaySummary, order_results
from operations.screen import LiveBoard, print_event, print_event_json
from sim.fault_kinds import Fault
from vehicles.fleet_client import FleetClient
from vehicles.gateway_config import GatewayConfig, VehicleConfig
from vehicles.gateway_keeper import GatewayKeeper, KeeperChange
from vehicles.telemetry.subscriber import LOST_AFTER_S, STALE_AFTER_S

UNFINISHED = frozenset({SortieState.LAUNCHING, SortieState.AIRBORNE, SortieState.DIVERTING, SortieState.LOST})
PUBLISH_HZ = 10.0
FAST_PUBLISH_HZ = 25.0
"""Faster than real time more happens between two frames: they come as often as the simulated streams do."""
STALL_LIMIT_S = 2.0
"""The event loop of a gateway of real vehicles stands still no longer than this, or its heartbeats end."""
SIMULATION_STALL_LIMIT_S = 10.0
"""A simulation shares its machine with its own vehicles: a gateway that waits for the processor is not at fault."""
LEAST_PATIENCE_S = 20.0
LEAST_STALE_AFTER_S = 2.0
"""On a busy machine frames are late: telemetry is not called stale sooner than this on the wall, at any speed."""


def patient(policy: Policy, speed_factor: float) -> Policy:
    """The policy with no time-out shorter than `LEAST_PATIENCE_S` on the wall.

    Programs do not get faster with the vehicles' clocks: at 20 times real time, 40 s of a flight are 2 s here.
    """
    least_s = LEAST_PATIENCE_S * speed_factor if speed_factor > 1.0 else 0.0
    names = ("preflight_timeout_s", "take_off_timeout_s", "hold_timeout_s", "lost_give_up_s")
    return replace(policy, **{name: max(getattr(policy, name), least_s) for name in names})


@dataclass
class Timeline:
    """Everything reported, in order."""

    entries: list[tuple[datetime, str, Report]] = field(default_factory=list)

    def hear(self, moment: datetime, vehicle_id: str, report: Report) -> None:
        """Take in a report."""
        self.entries.append((moment, vehicle_id, report))

    def handed_over(self) -> dict[str, datetime]:
        """Time of each delivery, by order."""
        return {r.subject: moment for moment, _, r in self.entries if r.state == OrderState.DELIVERED}

    def in_the_air(self) -> tuple[str, ...]:
        """Vehicles whose sortie was launched and is not known to have ended."""
        last = {vehicle: report.state for _, vehicle, report in self.entries if report.kind is ReportKind.SORTIE}
        return tuple(vehicle for vehicle, state in last.items() if state in UNFINISHED)

    def alarms(self) -> tuple[str, ...]:
        """Every alarm, as a line."""
        return tuple(
            f"{moment:%H:%M:%S} {vehicle_id} {report.state}: {report.message}"
            for moment, vehicle_id, report in self.entries
            if report.kind is ReportKind.ALARM
        )


@dataclass(frozen=True)
class FlightDay:
    """What one day's flying works with: the approved plan, how it is flown, and where its files go.

    Attributes:
        plan_files: the `.plan` file of each sortie.
        as_json: events as JSON lines instead of text, where there is no live screen.
    """

    plan: DayPlan
    simulation: SimulationDocument
    arguments: FlightArguments
    folder: Path
    plan_files: dict[str, Path]
    as_json: bool
    timeline: Timeline = field(default_factory=Timeline)

    async def fly(self) -> DaySummary:
        """Fly the plan and write journal, records and report.

        Raises:
            LinkError: the fleet or the gateway could not be brought up; nothing was flown.
        """
        began_s = time.monotonic()
        async with self._fleet() as fleet:
            outcomes = await self._fly_on(fleet)
        log = fleet.truth_log
        flown = flown_by_truth(self.plan, outcomes, log) if log else flown_by_telemetry(self.plan, outcomes)
        summary = DaySummary(
            name=self.plan.day.name,
            orders=order_results(self.plan.refusals, outcomes, self.timeline.handed_over()),
            smallest_clearance_m=flown.smallest_clearance_m,
            energy_wh=flown.energy_wh,
            energy_source=flown.source,
            planned_energy_wh=sum(outcome.flight.plan.energy_wh for outcome in outcomes if outcome.took_off),
            missions=tuple(str(path) for path in self.plan_files.values()),
            report=str(self.folder / "report.html"),
            journal=str(self.folder / "journal.jsonl"),
            wall_s=time.monotonic() - began_s,
            alarms=self.timeline.alarms(),
        )
        self._write_records(outcomes, summary, flown)
        write_flights(self.folder / "energy.csv", measured_rows(outcomes, log))
        return summary

    @asynccontextmanager
    async def _fleet(self) -> AsyncIterator[FleetUp]:
        """Bring up what the day is flown on."""
        day, kind = self.plan.day, self.arguments.vehicles
        speed_factor = self.arguments.speed or (self.simulation.speed_factor if kind == "sim" else 1.0)
        if kind == "sim":
            async with simulated_fleet(day, self.simulation, speed_factor, self.folder, self.plan.flights) as fleet:
                yield fleet
        elif kind == "px4":
            battery_drops(self._faults)  # refused before anything starts
            async with px4_fleet(day, speed_factor, self.folder) as fleet:
                yield fleet
        else:
            yield FleetUp(day.vehicles, 1.0, delivery_profile())

    async def _fly_on(self, fleet: FleetUp) -> list[SortieOutcome]:
        """Connect the gateway, fly every sortie, show it."""
        plan = self.plan
        pub_endpoint, router_endpoint = endpoints()
        gateway_config = GatewayConfig(
            gateway_id="stork",
            vehicles=tuple(
                VehicleConfig(v.vehicle_id, v.system_id, v.connection_url, v.hardware_uid) for v in fleet.vehicles
            ),
            speed_factor=fleet.speed_factor,
            publish_hz=PUBLISH_HZ if fleet.speed_factor == 1.0 else FAST_PUBLISH_HZ,
            pub_endpoint=pub_endpoint,
            router_endpoint=router_endpoint,
            profile=fleet.profile,
            stall_limit_s=STALL_LIMIT_S if self.arguments.vehicles == "real" else SIMULATION_STALL_LIMIT_S,
        )
        async with contextlib.AsyncExitStack() as stack:
            gateway = await stack.enter_async_context(GatewayKeeper(gateway_config, self.folder / "gateway.log"))
            client = FleetClient(
                gateway.pub_endpoint,
                gateway.router_endpoint,
                stale_after_s=max(STALE_AFTER_S / fleet.speed_factor, LEAST_STALE_AFTER_S),
                lost_after_s=max(LOST_AFTER_S / fleet.speed_factor, 3 * LEAST_STALE_AFTER_S),
            )
            links = await stack.enter_async_context(
                GatewayLinks(await stack.enter_async_context(client), [v.vehicle_id for v in fleet.vehicles])
            )
            journal = stack.enter_context(Journal(self.folder / "journal.jsonl"))
            real = self.arguments.vehicles == "real"
            clock = MissionClock(datetime.now(UTC) if real else plan.day.start, fleet.speed_factor)
            listener = self._screen(stack, links, clock)
            gateway.on_change = lambda change: listener(clock.now(), change.gateway_id, _gateway_alarm(change))
            policy = patient(plan.day.policy, fleet.speed_factor)
            desk = ControlDesk(links, clock, journal, DiversionPlanner(plan), policy, listener)
            planting = asyncio.create_task(self._plant_faults(fleet, links), name="stork-px4-faults")
            try:
                outcomes = await fly_day(desk, plan.flights)
            finally:
                planting.cancel()
            (planted,) = await asyncio.gather(planting, return_exceptions=True)
            if isinstance(planted, Exception):
                raise planted
            return outcomes

    async def _plant_faults(self, fleet: FleetUp, links: GatewayLinks) -> None:
        """Plant the day's faults into PX4 SITL; simulated vehicles plant their own, real ones have none."""
        if fleet.shells:
            await plant(battery_drops(self._faults), links, fleet.shells)

    @property
    def _faults(self) -> tuple[Fault, ...]:
        ids = [vehicle.vehicle_id for vehicle in self.plan.day.vehicles]
        return planted_faults(self.simulation.faults, ids, "day")

    def _screen(self, stack: contextlib.AsyncExitStack, links: GatewayLinks, clock: MissionClock) -> Listener:
        """Open the screen that was asked for; what it returns hears every report."""
        if self.arguments.headless or not Console().is_terminal:
            show = print_event_json if self.as_json else print_event
        else:
            board = LiveBoard(self.plan.flights, lambda v: (links.state(v), links.freshness(v)), clock.now)
            stack.enter_context(Live(board, refresh_per_second=5))
            show = board.hear

        def hear(moment: datetime, vehicle_id: str, report: Report) -> None:
            self.timeline.hear(moment, vehicle_id, report)
            show(moment, vehicle_id, report)

        return hear

    def _write_records(self, outcomes: Sequence[SortieOutcome], summary: DaySummary, flown: Flown) -> None:
        """Write delivery records, the report, and the summary as JSON."""
        folder, events = self.folder, self.timeline.entries
        paths = {sortie_id: str(path.relative_to(folder)) for sortie_id, path in self.plan_files.items()}
        write_delivery_records(folder / "deliveries", outcomes, summary.orders, events, paths)
        write_report(Path(summary.report), summary, day_map(self.plan, outcomes, summary.orders, flown), events)
        text = json.dumps(summary.as_json(), indent=2, ensure_ascii=False)
        (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


def _gateway_alarm(change: KeeperChange) -> Report:
    """What happened to the gateway's process, for journal readers and screens."""
    return Report(ReportKind.ALARM, change.gateway_id, f"GATEWAY_{change.news}", change.reason)
