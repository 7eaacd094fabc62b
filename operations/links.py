"""Control's view of the vehicles, through the gateway: its answers become supervision's events."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from mission.errors import LinkError
from mission.model.gripper import GripperAnswer
from mission.model.mission import Mission
from mission.model.telemetry import Freshness, VehicleState
from mission.supervision.events import (
    DiversionEnded,
    GatePassed,
    Holding,
    Launch,
    LaunchEnded,
    PassGate,
    Release,
    ReleaseEnded,
    TransferEnded,
    VehicleSaid,
)
from vehicles.link import TransferState
from vehicles.messages import CommandResult, CommandStatus, Event, GatewayReplaced, StatusTextEvent

HOLDINGS = {
    TransferState.LOADED: Holding.LOADED,
    TransferState.NOT_LOADED: Holding.NOT_LOADED,
    TransferState.UNKNOWN: Holding.UNKNOWN,
}
REMEMBERED_WORDS = 64
PERHAPS_BEGUN = {CommandStatus.UNCONFIRMED, CommandStatus.NO_ANSWER}
"""A vehicle commanded so may yet take off: to call it refused would leave a flight unwatched."""

NEVER_BEGUN = {CommandStatus.NO_LINK, CommandStatus.EXPIRED}
"""Nothing was armed, and what was loaded is still good: a launch that ended so may be tried again."""

TOLD_THE_VEHICLE = {CommandStatus.DONE, CommandStatus.UNCONFIRMED}
"""Statuses of commands that the vehicle was told for certain."""


class GatewayClient(Protocol):
    """One gateway as its user sees it: over the bus (`vehicles.fleet_client.FleetClient`), or in the same process."""

    def state(self, vehicle_id: str) -> VehicleState:
        """Newest known state."""

    def freshness(self, vehicle_id: str) -> Freshness:
        """How old it is."""

    def changes(self) -> AsyncIterator[VehicleState]:
        """Every change of a vehicle's state."""

    def events(self) -> AsyncIterator[Event]:
        """What vehicles said and what became of links."""

    async def take_command(self, vehicle_ids: Sequence[str]) -> Mapping[str, str]:
        """Take the right to command; why not, by vehicle."""

    async def upload(self, vehicle_id: str, mission: Mission, timeout_s: float) -> CommandResult:
        """Verified transfer."""

    async def launch(self, vehicle_id: str, digest: str, timeout_s: float, *, grippers: Sequence[int]) -> CommandResult:
        """Close the grippers, arm, start."""

    async def release(
        self, vehicle_id: str, gripper: int, gate_item: int, timeout_s: float, *, command_id: str
    ) -> CommandResult:
        """Open a gripper at a gate."""

    async def pass_gate(self, vehicle_id: str, gate_item: int, timeout_s: float) -> CommandResult:
        """Go on from a gate."""

    async def fly_instead(self, vehicle_id: str, mission: Mission, timeout_s: float) -> CommandResult:
        """Hold, replace the mission, start."""

    async def hold(self, vehicle_id: str, timeout_s: float) -> CommandResult:
        """Stop and stay."""

    async def land(self, vehicle_id: str, timeout_s: float) -> CommandResult:
        """Land where it is."""


class GatewayLinks:
    """The vehicles behind one gateway, as `operations.control.FleetLinks` wants them.

    Commands them from the moment it is entered; after a restart of the gateway again, once it has been looked at.
    """

    def __init__(self, client: GatewayClient, vehicle_ids: Sequence[str]) -> None:
        self._client = client
        self._vehicle_ids = tuple(vehicle_ids)
        self._news: dict[str, asyncio.Event] = {}
        self._words: dict[str, deque[VehicleSaid]] = {}
        self._unanswered: dict[str, str] = {}
        self._listening: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Take command.

        Raises:
            LinkError: another deciding process, started later, commands a vehicle; or nobody answered.
        """
        refused = await self._client.take_command(self._vehicle_ids)
        if refused:
            raise LinkError("; ".join(f"{vehicle_id}: {why}" for vehicle_id, why in refused.items()))
        self._listening = [
            asyncio.create_task(self._listen(), name="stork-links"),
            asyncio.create_task(self._keep_command(), name="stork-command"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def _keep_command(self) -> None:
        """Keep words; take command of a restarted gateway, whose snapshot is taken in when this is told."""
        async for event in self._client.events():
            if isinstance(event, StatusTextEvent):
                self._words_of(event.vehicle_id).append(VehicleSaid(event.severity, event.text))
            elif isinstance(event, GatewayReplaced):
                await self._client.take_command(self._vehicle_ids)

    async def _listen(self) -> None:
        async for state in self._client.changes():
            self._news_of(state.vehicle_id).set()

    def _news_of(self, vehicle_id: str) -> asyncio.Event:
        return self._news.setdefault(vehicle_id, asyncio.Event())

    def _words_of(self, vehicle_id: str) -> deque[VehicleSaid]:
        return self._words.setdefault(vehicle_id, deque(maxlen=REMEMBERED_WORDS))

    def take_words(self, vehicle_id: str) -> tuple[VehicleSaid, ...]:
        """What the vehicle said since this was last asked, the newest 64."""
        words = self._words_of(vehicle_id)
        taken = tuple(words)
        words.clear()
        return taken

    def state(self, vehicle_id: str) -> VehicleState:
        """Newest known state."""
        return self._client.state(vehicle_id)

    def freshness(self, vehicle_id: str) -> Freshness:
        """How old it is."""
        return self._client.freshness(vehicle_id)

    def unanswered(self, vehicle_id: str) -> str:
        """How the last command to it ended, where the vehicle answered nothing at all; "" otherwise."""
        return self._unanswered.get(vehicle_id, "")

    def _noted(self, vehicle_id: str, result: CommandResult) -> CommandResult:
        """Note whether the vehicle answers; a command that was never begun says nothing of that."""
        if not result.answered:
            self._unanswered[vehicle_id] = result.reason
        elif result.status in TOLD_THE_VEHICLE:
            self._unanswered.pop(vehicle_id, None)
        return result

    async def wait_for_change(self, vehicle_id: str, timeout_s: float) -> None:
        """Return at the vehicle's next state, or after `timeout_s` wall seconds."""
        news = self._news_of(vehicle_id)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), timeout_s)
        news.clear()

    async def load(self, vehicle_id: str, mission: Mission, timeout_s: float) -> TransferEnded:
        """Upload, read back, compare."""
        result = self._noted(vehicle_id, await self._client.upload(vehicle_id, mission, timeout_s))
        if result.transfer is None:
            return TransferEnded(Holding.UNKNOWN, "", f"{result.status}: {result.reason}")
        transfer = result.transfer
        reason = "; ".join(filter(None, [transfer.reason, *transfer.differences]))
        return TransferEnded(HOLDINGS[transfer.state], transfer.digest, reason)

    async def launch(self, vehicle_id: str, command: Launch, timeout_s: float) -> LaunchEnded | None:
        """Arm and start what was loaded; None where it was perhaps begun, and the vehicle's state decides."""
        result = self._noted(
            vehicle_id, await self._client.launch(vehicle_id, command.digest, timeout_s, grippers=command.grippers)
        )
        if result.status in PERHAPS_BEGUN:
            return None
        return LaunchEnded(result.ok, result.reason, begun=result.status not in NEVER_BEGUN)

    async def release(self, vehicle_id: str, command: Release, timeout_s: float) -> ReleaseEnded:
        """Open a gripper under the command's own id, so that it cannot happen twice."""
        result = self._noted(
            vehicle_id,
            await self._client.release(
                vehicle_id, command.gripper, command.gate_item, timeout_s, command_id=command.command_id
            ),
        )
        answer = result.gripper
        if answer is None:
            unknown = result.status in PERHAPS_BEGUN | {CommandStatus.SUPERSEDED}
            answer = GripperAnswer.NO_ANSWER if unknown else GripperAnswer.NOT_SENT
        reason = f"{result.status}: {result.reason}" if result.reason else ""
        return ReleaseEnded(command.order_id, command.command_id, answer, reason)

    async def pass_gate(self, vehicle_id: str, command: PassGate, timeout_s: float) -> GatePassed:
        """Go on from a gate."""
        result = self._noted(vehicle_id, await self._client.pass_gate(vehicle_id, command.gate_item, timeout_s))
        return GatePassed(command.gate_item, result.ok, result.reason)

    async def fly_instead(self, vehicle_id: str, mission: Mission, timeout_s: float) -> DiversionEnded:
        """Hold, replace the mission, start."""
        result = self._noted(vehicle_id, await self._client.fly_instead(vehicle_id, mission, timeout_s))
        return DiversionEnded(result.ok, result.reason)

    async def hold(self, vehicle_id: str, timeout_s: float) -> None:
        """Stop and stay."""
        self._noted(vehicle_id, await self._client.hold(vehicle_id, timeout_s))

    async def land(self, vehicle_id: str, timeout_s: float) -> None:
        """Land where it is."""
        self._noted(vehicle_id, await self._client.land(vehicle_id, timeout_s))
