"""What the deciding process holds of one gateway: the state of its vehicles, its events, and its commands.

Nothing here trusts the transport: states carry their age, events are numbered, and a command that is not answered
by its deadline says so.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Self

from mission.errors import LinkTimeoutError
from mission.model.mission import Mission
from mission.model.telemetry import Freshness, VehicleState
from vehicles import messages as m
from vehicles.bus_reader import SNAPSHOT_TIMEOUT_S, BusReader
from vehicles.commands import CLEANUP_TIMEOUT_S
from vehicles.lease_holder import LEASE_S, LeaseHolder
from vehicles.link_health import LinkCondition
from vehicles.telemetry.bus_keys import ClientKeys
from vehicles.telemetry.subscriber import LOST_AFTER_S, STALE_AFTER_S, TelemetryView

REMEMBERED_EVENTS = 4096
ANSWER_GRACE_S = CLEANUP_TIMEOUT_S + 2.0
"""A gateway may tidy up after a deadline before it answers; after that it does not answer at all."""
LEASE_TIMEOUT_S = 2.0
ADOPTION_PERIOD_S = 0.1  # how often a restarted gateway is asked whether it has found its vehicles

VehicleAsk = Callable[[m.CommandHeader], m.VehicleCommand]


class FleetClient:
    """A client of one gateway: ``async with FleetClient(pub_endpoint, router_endpoint) as fleet``.

    It only watches until `take_command`; a restarted gateway (`GatewayReplaced` in `events`) has to be asked again.

    Args:
        pub_endpoint, router_endpoint: of the gateway (`GatewayProcess.pub_endpoint`, `.router_endpoint`).
        authority_epoch: incarnation of the deciding process, growing; None takes the wall clock's nanoseconds. A
            gateway that has served a later one refuses this one.
        stale_after_s, lost_after_s: ages at which telemetry stops being believed, in seconds of this host;
            divide the usual 3 and 10 by the speed factor where the vehicles' clocks run faster.
        gateway_id, keys: who is believed, and who we are, where the gateway is on another host.

    Attributes:
        view: the states, with their ages, gaps and the gateway's epoch.
        reader: the connection, with its counters of what was missed or refused.
        answer_grace_s: how long past a command's deadline an answer is still waited for.
    """

    def __init__(
        self,
        pub_endpoint: str,
        router_endpoint: str,
        *,
        authority_epoch: int | None = None,
        stale_after_s: float = STALE_AFTER_S,
        lost_after_s: float = LOST_AFTER_S,
        gateway_id: str | None = None,
        keys: ClientKeys | None = None,
    ) -> None:
        self.view = TelemetryView(stale_after_s, lost_after_s)
        self.authority_epoch = time.time_ns() if authority_epoch is None else authority_epoch
        self.answer_grace_s = ANSWER_GRACE_S
        self.reader = BusReader(pub_endpoint, router_endpoint, self.view, gateway_id=gateway_id, keys=keys)
        self.reader.on_changed = self._on_changed
        self.reader.on_event = self._tell
        self._gateway_epoch = 0
        self._events: deque[m.Event] = deque(maxlen=REMEMBERED_EVENTS)
        self._events_seen = 0
        self._changed = asyncio.Event()
        self._change_counts: dict[str, int] = {}
        self._leases = LeaseHolder(self.authority_epoch, self._ask_for_lease, self._tell)
        self._replaced = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        """Subscribe, then take a snapshot: nothing falls in between.

        Raises:
            LinkTimeoutError: the gateway does not answer.
        """
        try:
            self._gateway_epoch = (await self.reader.open()).epoch
        except BaseException:
            await self.close()
            raise
        self._tasks = [
            asyncio.create_task(self._keep_up_with_gateways(), name="stork-gateways"),
            asyncio.create_task(self._leases.keep(), name="stork-leases"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the sockets; iterators end and waiting commands are cancelled. Idempotent."""
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.reader.close()
        self._wake()

    # -- state and events ---------------------------------------------------------------------------------

    def state(self, vehicle_id: str) -> VehicleState:
        """The last known state; `received_s` is in this process's monotonic clock."""
        return self.view.state(vehicle_id)

    def freshness(self, vehicle_id: str) -> Freshness:
        """How far that state can be believed now."""
        return self.view.freshness(vehicle_id, time.monotonic())

    async def changes(self) -> AsyncIterator[VehicleState]:
        """Every change of a vehicle's state, the newest only for a slow reader.

        Silence is no change: ask `freshness`.
        """
        seen: dict[str, int] = {}
        while not self._closed:
            changed = self._changed
            for vehicle_id, count in tuple(self._change_counts.items()):
                if seen.get(vehicle_id) != count:
                    seen[vehicle_id] = count
                    yield self.view.state(vehicle_id)
            if changed is self._changed:
                await changed.wait()

    async def events(self) -> AsyncIterator[m.Event]:
        """Events since this client began, those of its first snapshot included; 4,096 behind, the oldest are lost."""
        position = 0
        while not self._closed:
            changed = self._changed
            oldest = self._events_seen - len(self._events)
            position = max(position, oldest)
            if position < self._events_seen:
                position += 1
                yield self._events[position - 1 - oldest]
            elif changed is self._changed:
                await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _on_changed(self, vehicle_ids: tuple[str, ...]) -> None:
        if self.view.epoch > self._gateway_epoch != 0:
            self._replaced.set()
        for vehicle_id in vehicle_ids:
            self._change_counts[vehicle_id] = self._change_counts.get(vehicle_id, 0) + 1
        if vehicle_ids:
            self._wake()

    def _tell(self, event: m.Event) -> None:
        self._events.append(event)
        self._events_seen += 1
        self._wake()

    async def _keep_up_with_gateways(self) -> None:
        """A gateway of another incarnation is looked at whole before anybody hears that it is there."""
        while True:
            await self._replaced.wait()
            self._replaced.clear()
            self._leases.gateway_replaced()
            try:
                snapshot = await self.snapshot()
                while any(entry.condition is LinkCondition.CONNECTING for entry in snapshot.vehicles):
                    await asyncio.sleep(ADOPTION_PERIOD_S)  # it still looks for its vehicles
                    snapshot = await self.snapshot()
            except LinkTimeoutError:
                self._replaced.set()
                continue
            self._tell(m.GatewayReplaced(snapshot.epoch, time.monotonic()))

    # -- commands -----------------------------------------------------------------------------------------

    async def snapshot(self, timeout_s: float = SNAPSHOT_TIMEOUT_S) -> m.Snapshot:
        """All that the gateway knows now; telemetry and missed events are taken in.

        Raises:
            LinkTimeoutError: no answer.
        """
        reply = await self.reader.snapshot(timeout_s)
        self._gateway_epoch = max(self._gateway_epoch, reply.epoch)
        return reply

    async def take_command(self, vehicle_ids: Sequence[str], lease_s: float = LEASE_S) -> dict[str, str]:
        """Take the lease on vehicles, and keep it renewed; returns why for each that was not given.

        An older authority's lease ends at once. Without an answer every vehicle is among those not given.
        """
        reply = await self._leases.take(vehicle_ids, self._gateway_epoch, lease_s)
        silent = f"the gateway did not answer within {LEASE_TIMEOUT_S:g} s"
        return dict.fromkeys(vehicle_ids, silent) if reply is None else dict(reply.refused)

    @property
    def commanded(self) -> frozenset[str]:
        """The vehicles on which this client holds a lease, as far as it knows."""
        return self._leases.held

    async def _ask_for_lease(self, request: m.TakeLease) -> m.LeaseReply | None:
        reply = await self.reader.ask(request.request_id, request, LEASE_TIMEOUT_S)
        return reply if isinstance(reply, m.LeaseReply) else None

    async def _command(self, ask: VehicleAsk, timeout_s: float, command_id: str | None) -> m.CommandResult:
        header = m.CommandHeader(
            command_id=command_id or str(uuid.uuid4()),
            authority_epoch=self.authority_epoch,
            gateway_epoch=self._gateway_epoch,
            deadline_s=time.monotonic() + timeout_s,
        )
        reply = await self.reader.ask(header.command_id, ask(header), timeout_s + self.answer_grace_s)
        if isinstance(reply, m.CommandResult):
            return reply
        reason = f"the gateway did not answer within {timeout_s + self.answer_grace_s:g} s"
        return m.CommandResult(header.command_id, m.CommandStatus.NO_ANSWER, reason)

    async def upload(
        self, vehicle_id: str, mission: Mission, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """Verified transfer to a vehicle on the ground; `.transfer` says how it ended."""
        return await self._command(lambda header: m.Upload(header, vehicle_id, mission), timeout_s, command_id)

    async def launch(
        self,
        vehicle_id: str,
        digest: str,
        timeout_s: float,
        *,
        grippers: Sequence[int] = (),
        command_id: str | None = None,
    ) -> m.CommandResult:
        """Close the grippers, arm, start the mission of `digest`; DONE = seen armed and in Mission mode."""
        return await self._command(lambda h: m.Launch(h, vehicle_id, digest, tuple(grippers)), timeout_s, command_id)

    async def release(
        self, vehicle_id: str, gripper: int, gate_item: int, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """Open a gripper at a gate; `.gripper` is what the vehicle answered, None where it was never asked."""
        return await self._command(lambda h: m.Release(h, vehicle_id, gripper, gate_item), timeout_s, command_id)

    async def pass_gate(
        self, vehicle_id: str, gate_item: int, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """Go on from a gate; DONE = seen at a later item."""
        return await self._command(lambda header: m.PassGate(header, vehicle_id, gate_item), timeout_s, command_id)

    async def fly_instead(
        self, vehicle_id: str, mission: Mission, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """In flight: hold, transfer `mission`, fly it; DONE = seen in Mission mode again."""
        return await self._command(lambda header: m.FlyInstead(header, vehicle_id, mission), timeout_s, command_id)

    async def hold(self, vehicle_id: str, timeout_s: float, *, command_id: str | None = None) -> m.CommandResult:
        """Hold position, at once, whatever else the vehicle is being told."""
        return await self._command(lambda header: m.Hold(header, vehicle_id), timeout_s, command_id)

    async def land(self, vehicle_id: str, timeout_s: float, *, command_id: str | None = None) -> m.CommandResult:
        """Land where it is, at once."""
        return await self._command(lambda header: m.Land(header, vehicle_id), timeout_s, command_id)

    async def return_to_launch(
        self, vehicle_id: str, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """PX4's own return, by the path that its profile chooses: the last resort."""
        return await self._command(lambda header: m.ReturnToLaunch(header, vehicle_id), timeout_s, command_id)

    async def disarm(self, vehicle_id: str, timeout_s: float, *, command_id: str | None = None) -> m.CommandResult:
        """Disarm on the ground."""
        return await self._command(lambda header: m.Disarm(header, vehicle_id), timeout_s, command_id)

    async def read_parameter(
        self, vehicle_id: str, name: str, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """Read one autopilot parameter; `.value` is it."""
        return await self._command(lambda header: m.ReadParameter(header, vehicle_id, name), timeout_s, command_id)

    async def set_parameter(
        self, vehicle_id: str, name: str, value: float, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """Set one autopilot parameter and see it set; an int value sets an INT32."""
        return await self._command(lambda h: m.SetParameter(h, vehicle_id, name, value), timeout_s, command_id)

    async def check_profile(
        self, vehicle_id: str, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """Compare its parameters with the gateway's profile; `.drifts` are the differences."""
        return await self._command(lambda header: m.CheckProfile(header, vehicle_id), timeout_s, command_id)

    async def apply_profile(
        self, vehicle_id: str, timeout_s: float, *, command_id: str | None = None
    ) -> m.CommandResult:
        """Set what differs from the gateway's profile, on the ground; `.drifts` still differ afterwards."""
        return await self._command(lambda header: m.ApplyProfile(header, vehicle_id), timeout_s, command_id)
