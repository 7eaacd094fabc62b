"""A gateway in the process that decides, in virtual time: the same links, desk and telemetry view, without a bus.

What is left out of a running service is what virtual time cannot carry: MAVSDK's native code, ZeroMQ and the
processes around them. Everything that decides, proves or times out is the same code.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from mission.model.mission import Mission
from mission.model.telemetry import Freshness, VehicleState
from sim.scenario_vehicle import ScenarioVehicle
from vehicles import messages as m
from vehicles.command_desk import CommandDesk
from vehicles.fleet_client import VehicleAsk
from vehicles.identity import why_not_one_vehicle
from vehicles.leases import LeaseTable
from vehicles.link_health import LinkCondition, LinkHealth
from vehicles.px4_profile import Profile
from vehicles.telemetry import topics
from vehicles.telemetry.subscriber import TelemetryView
from vehicles.telemetry.wire import FrameHeader, Sample, encode_frame

STEP_S: Final = 0.05
"""How often radios and vehicles are brought to the loop's time."""
STEPS_A_FRAME: Final = 4
EPOCH: Final = 1
LEASE_S: Final = 10.0
_TOPIC: Final = topics.TELEMETRY.of("scenario")


class ScenarioGateway:
    """The vehicles of a scenario, commanded and watched as by a gateway and its client.

    Attributes:
        vehicles: by vehicle id.
        conditions: what became of each link, in order: vehicle, condition, reason.
        view: what the deciding process sees of the vehicles.
        on_view: hears of every vehicle after each frame: its id, and how often its autopilot had restarted.
    """

    def __init__(self, vehicles: Sequence[ScenarioVehicle], profile: Profile) -> None:
        self.vehicles = {vehicle.vehicle_id: vehicle for vehicle in vehicles}
        self.health = {vehicle.vehicle_id: LinkHealth() for vehicle in vehicles}
        self.conditions: list[tuple[str, LinkCondition, str]] = []
        self.view = TelemetryView()
        self.on_view: Callable[[str, int], None] = lambda _vehicle_id, _boots: None
        self._loop = asyncio.get_running_loop()
        self._leases = LeaseTable()
        links = {vehicle_id: vehicle.link for vehicle_id, vehicle in self.vehicles.items()}
        self._desk = CommandDesk(
            links, self._condition, EPOCH, now_s=self._loop.time, leases=self._leases, profile=profile
        )
        self._events: deque[m.Event] = deque()
        self._news = asyncio.Event()
        self._told = asyncio.Event()
        self._changed: set[str] = set()
        self._commands = 0
        self._sequence = 0

    def _condition(self, vehicle_id: str) -> LinkCondition:
        return self.health[vehicle_id].condition

    # -- what happens all the time ------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep everything going; never returns."""
        while True:
            for _ in range(STEPS_A_FRAME):
                for vehicle in self.vehicles.values():
                    vehicle.step()
                    self._judge(vehicle)
                await asyncio.sleep(STEP_S)
            self._publish()

    async def wait_until_heard(self, timeout_s: float) -> None:
        """Return when every link is up, or after `timeout_s`."""
        deadline_s = self._loop.time() + timeout_s
        while any(health.condition is not LinkCondition.UP for health in self.health.values()):
            if self._loop.time() >= deadline_s:
                return
            await asyncio.sleep(STEP_S)

    def _judge(self, vehicle: ScenarioVehicle) -> None:
        """The condition of a link, by the rules of a gateway's fleet."""
        vehicle_id, link = vehicle.vehicle_id, vehicle.link
        health = self.health[vehicle_id]
        if health.condition is LinkCondition.CONFLICT:
            return
        clocks = f"two clocks alternate on system id {link.system_id}" if link.assembly.clock_conflict else ""
        if reason := clocks or why_not_one_vehicle("", link.identities.uids, link.system_id):
            self._change(vehicle_id, LinkCondition.CONFLICT, reason)
            return
        if link.assembly.boots != health.boots:
            health.boots = link.assembly.boots
            self._desk.forget_loaded(vehicle_id)
            self._tell(vehicle_id, LinkCondition.REBOOTED, "its clock restarted")
        silence_s = self._loop.time() - link.assembly.last_heartbeat_s
        if silence_s > health.DOWN_AFTER_S and health.condition is LinkCondition.UP:
            self._change(vehicle_id, LinkCondition.DOWN, f"no heartbeat for {health.DOWN_AFTER_S:g} s")
        elif silence_s <= health.DOWN_AFTER_S and health.condition is not LinkCondition.UP:
            self._change(vehicle_id, LinkCondition.UP, "heartbeat")
            link.identities.ask()

    def _change(self, vehicle_id: str, condition: LinkCondition, reason: str) -> None:
        if self.health[vehicle_id].become(condition):
            self._tell(vehicle_id, condition, reason)

    def _tell(self, vehicle_id: str, condition: LinkCondition, reason: str) -> None:
        self.conditions.append((vehicle_id, condition, reason))
        self._say(m.LinkEvent(vehicle_id, condition, reason, self._loop.time()))

    def _say(self, event: m.Event) -> None:
        self._events.append(event)
        self._told.set()

    def _publish(self) -> None:
        now_s = self._loop.time()
        for vehicle in self.vehicles.values():
            for text in vehicle.link.assembly.take_new_texts():
                self._say(m.StatusTextEvent(vehicle.vehicle_id, text.severity, text.text, text.received_s))
        self._sequence += 1
        samples = [Sample(v.link.state(), v.link.assembly.boots) for v in self.vehicles.values()]
        frame = encode_frame(_TOPIC, FrameHeader(EPOCH, self._sequence, now_s, now_s), samples)
        changed = self.view.take(frame, now_s)
        for sample in samples:
            self.on_view(sample.state.vehicle_id, sample.boots)
        if changed:
            self._changed |= set(changed)
            self._news.set()
        for vehicle_id in self.vehicles:  # one deciding process, which never lets go
            if self._leases.newest_epoch(vehicle_id) == EPOCH:
                self._leases.take(vehicle_id, EPOCH, now_s, LEASE_S)

    # -- what `operations.links.GatewayClient` asks for ---------------------------------------------------

    def state(self, vehicle_id: str) -> VehicleState:
        """Newest known state."""
        return self.view.state(vehicle_id)

    def freshness(self, vehicle_id: str) -> Freshness:
        """How old it is."""
        return self.view.freshness(vehicle_id, self._loop.time())

    async def changes(self) -> AsyncIterator[VehicleState]:
        """Every change of a vehicle's state."""
        while True:
            await self._news.wait()
            self._news.clear()
            changed, self._changed = self._changed, set()
            for vehicle_id in sorted(changed):
                yield self.view.state(vehicle_id)

    async def events(self) -> AsyncIterator[m.Event]:
        """What vehicles said and what became of links."""
        while True:
            await self._told.wait()
            self._told.clear()
            while self._events:
                yield self._events.popleft()

    async def take_command(self, vehicle_ids: Sequence[str]) -> Mapping[str, str]:
        """Take the right to command."""
        for vehicle_id in vehicle_ids:
            self._leases.take(vehicle_id, EPOCH, self._loop.time(), LEASE_S)
        return {}

    async def _command(self, ask: VehicleAsk, timeout_s: float, command_id: str = "") -> m.CommandResult:
        self._commands += 1
        header = m.CommandHeader(
            command_id=command_id or f"scenario-{self._commands}",
            authority_epoch=EPOCH,
            gateway_epoch=EPOCH,
            deadline_s=self._loop.time() + timeout_s,
        )
        return await self._desk.execute(ask(header))

    async def upload(self, vehicle_id: str, mission: Mission, timeout_s: float) -> m.CommandResult:
        """Verified transfer."""
        return await self._command(lambda header: m.Upload(header, vehicle_id, mission), timeout_s)

    async def launch(
        self, vehicle_id: str, digest: str, timeout_s: float, *, grippers: Sequence[int]
    ) -> m.CommandResult:
        """Close the grippers, arm, start."""
        return await self._command(lambda header: m.Launch(header, vehicle_id, digest, tuple(grippers)), timeout_s)

    async def release(
        self, vehicle_id: str, gripper: int, gate_item: int, timeout_s: float, *, command_id: str
    ) -> m.CommandResult:
        """Open a gripper at a gate."""
        return await self._command(
            lambda header: m.Release(header, vehicle_id, gripper, gate_item), timeout_s, command_id
        )

    async def pass_gate(self, vehicle_id: str, gate_item: int, timeout_s: float) -> m.CommandResult:
        """Go on from a gate."""
        return await self._command(lambda header: m.PassGate(header, vehicle_id, gate_item), timeout_s)

    async def fly_instead(self, vehicle_id: str, mission: Mission, timeout_s: float) -> m.CommandResult:
        """Hold, replace the mission, start."""
        return await self._command(lambda header: m.FlyInstead(header, vehicle_id, mission), timeout_s)

    async def hold(self, vehicle_id: str, timeout_s: float) -> m.CommandResult:
        """Stop and stay."""
        return await self._command(lambda header: m.Hold(header, vehicle_id), timeout_s)

    async def land(self, vehicle_id: str, timeout_s: float) -> m.CommandResult:
        """Land where it is."""
        return await self._command(lambda header: m.Land(header, vehicle_id), timeout_s)

    async def close(self) -> None:
        """End what still runs."""
        await self._desk.close()
