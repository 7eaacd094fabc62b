"""Where commands become effects: at most once, in time, by the right hand, one at a time per vehicle.

No sockets here: the gateway hands in commands and sends back results.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from mission.errors import LinkError
from mission.model.gripper import GripperAnswer
from vehicles import messages as m
from vehicles.commands import CLEANUP_TIMEOUT_S, fly_instead, launch
from vehicles.grippers import close_grippers, pass_gate, release_at_gate
from vehicles.leases import LeaseStanding, LeaseTable
from vehicles.link import GripperOutcome, Outcome, OutcomeStatus, TransferResult, TransferState, VehicleLink
from vehicles.link_health import LinkCondition
from vehicles.px4_profile import Drift, Profile, apply_profile, drift_outcome, find_drift

REMEMBERED_COMMANDS = 4096
"""Answers kept for repeated command ids."""

_SAFETY = (m.Hold, m.Land, m.ReturnToLaunch, m.Disarm)
_STATUS = {
    OutcomeStatus.OBSERVED: m.CommandStatus.DONE,
    OutcomeStatus.REFUSED: m.CommandStatus.REFUSED,
    OutcomeStatus.UNCONFIRMED: m.CommandStatus.UNCONFIRMED,
}

_PERHAPS_UNHEARD = {m.CommandStatus.UNCONFIRMED, m.CommandStatus.NO_LINK}
"""Ends of a command that was tried on the link: whether the vehicle answered anything tells why."""

_GRIPPER_STATUS = {
    GripperAnswer.OPENED: m.CommandStatus.DONE,
    GripperAnswer.WAS_OPEN: m.CommandStatus.UNCONFIRMED,
    GripperAnswer.NO_ANSWER: m.CommandStatus.UNCONFIRMED,
    GripperAnswer.REFUSED: m.CommandStatus.REFUSED,
    GripperAnswer.NOT_SENT: m.CommandStatus.REFUSED,
}


@dataclass
class _VehicleDesk:
    """One vehicle's queue: what runs, what waits, and which verified mission is on board."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    interruptible: set[asyncio.Task[m.CommandResult]] = field(default_factory=set)
    loaded: TransferResult | None = None


class CommandDesk:
    """Executes commands on links.

    Args:
        links: vehicle id → link, for the vehicles that have answered; may grow.
        condition: vehicle id → condition of its link; KeyError for a vehicle that is not ours.
        epoch: this gateway's incarnation.
        leases: who may command which vehicle.
        profile: parameters that are asserted before every launch.
    """

    def __init__(
        self,
        links: Mapping[str, VehicleLink],
        condition: Callable[[str], LinkCondition],
        epoch: int,
        *,
        now_s: Callable[[], float] = time.monotonic,
        leases: LeaseTable | None = None,
        profile: Profile | None = None,
    ) -> None:
        self._links = links
        self._condition = condition
        self._epoch = epoch
        self._now_s = now_s
        self.leases = leases or LeaseTable()
        self._profile = profile or Profile()
        self._answers: OrderedDict[str, asyncio.Task[m.CommandResult]] = OrderedDict()
        self._desks: dict[str, _VehicleDesk] = {}

    def loaded_digest(self, vehicle_id: str) -> str:
        """Digest of the verified mission on board, "" when there is none."""
        loaded = self._desk(vehicle_id).loaded
        return loaded.digest if loaded is not None else ""

    def forget_loaded(self, vehicle_id: str) -> None:
        """Void the permit: after a restart of the autopilot nothing of what it held is known."""
        self._desk(vehicle_id).loaded = None

    async def execute(self, command: m.VehicleCommand) -> m.CommandResult:
        """Execute a command, or wait for the answer of the one that had its id."""
        known = self._answers.get(command.header.command_id)
        if known is None:
            known = asyncio.create_task(self._admit(command), name=f"command-{command.header.command_id}")
            self._answers[command.header.command_id] = known
            self._trim()
        return await asyncio.shield(known)

    async def close(self) -> None:
        """End what still runs."""
        running = [task for task in self._answers.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _trim(self) -> None:
        while len(self._answers) > REMEMBERED_COMMANDS:
            oldest = next(iter(self._answers))
            if not self._answers[oldest].done():
                return
            del self._answers[oldest]

    def _desk(self, vehicle_id: str) -> _VehicleDesk:
        return self._desks.setdefault(vehicle_id, _VehicleDesk())

    def _refusal(self, command: m.VehicleCommand) -> tuple[m.CommandStatus, str] | None:
        """Why a command must not begin now; None = it may."""
        return self._no_vehicle(command.vehicle_id) or self._wrong_hand(command) or self._no_link(command)

    def _no_vehicle(self, vehicle_id: str) -> tuple[m.CommandStatus, str] | None:
        try:
            self._condition(vehicle_id)
        except KeyError:
            return m.CommandStatus.NO_SUCH_VEHICLE, f"no vehicle {vehicle_id} at this gateway"
        return None

    def _wrong_hand(self, command: m.VehicleCommand) -> tuple[m.CommandStatus, str] | None:
        """Epochs, lease and deadline."""
        header = command.header
        stale, late_s = m.CommandStatus.STALE_EPOCH, self._now_s() - header.deadline_s
        if header.gateway_epoch != self._epoch:
            return stale, f"meant for gateway {header.gateway_epoch}, this is {self._epoch}"
        standing = self.leases.standing(command.vehicle_id, header.authority_epoch, self._now_s())
        if standing is LeaseStanding.STALE:
            newest = self.leases.newest_epoch(command.vehicle_id)
            return stale, f"authority {header.authority_epoch} was replaced by {newest}"
        if standing is LeaseStanding.NONE:
            return m.CommandStatus.NO_LEASE, f"authority {header.authority_epoch} holds no lease on it"
        if late_s >= 0.0:
            return m.CommandStatus.EXPIRED, f"its deadline passed {late_s:.3f} s ago"
        return None

    def _no_link(self, command: m.VehicleCommand) -> tuple[m.CommandStatus, str] | None:
        """A safety command is tried on a link that is down; anything else needs heartbeats."""
        vehicle_id = command.vehicle_id
        condition = self._condition(vehicle_id)
        if condition is LinkCondition.CONFLICT:
            return m.CommandStatus.NO_LINK, "two vehicles share its system id: it takes no commands"
        if vehicle_id not in self._links:
            return m.CommandStatus.NO_LINK, f"the vehicle has not answered yet ({condition})"
        if condition is not LinkCondition.UP and not isinstance(command, _SAFETY):
            return m.CommandStatus.NO_LINK, f"the link is {condition}"
        return None

    async def _admit(self, command: m.VehicleCommand) -> m.CommandResult:
        command_id = command.header.command_id
        refusal = self._refusal(command)
        if refusal is not None:
            return m.CommandResult(command_id, *refusal)
        desk = self._desk(command.vehicle_id)
        if isinstance(command, _SAFETY):
            for task in desk.interruptible:
                task.cancel()
            return await self._in_turn(desk, command)
        work = asyncio.create_task(self._in_turn(desk, command), name=f"work-{command_id}")
        desk.interruptible.add(work)
        try:
            return await work
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if own is not None and own.cancelling():
                work.cancel()
                raise
            return m.CommandResult(command_id, m.CommandStatus.SUPERSEDED, "a safety command came in between")
        finally:
            desk.interruptible.discard(work)

    async def _in_turn(self, desk: _VehicleDesk, command: m.VehicleCommand) -> m.CommandResult:
        command_id, deadline_s = command.header.command_id, command.header.deadline_s
        async with desk.lock:
            refusal = self._refusal(command)
            if refusal is not None:
                return m.CommandResult(command_id, *refusal)
            left_s = deadline_s - self._now_s()
            link = self._links[command.vehicle_id]
            answers_before = link.answers
            try:
                # The verbs keep the deadline themselves; this ends one that does not.
                async with asyncio.timeout(left_s + CLEANUP_TIMEOUT_S + 1.0):
                    result = await self._perform(desk, command, left_s)
            except TimeoutError:
                result = m.CommandResult(command_id, m.CommandStatus.UNCONFIRMED, "did not end by its deadline")
            except LinkError as problem:
                result = m.CommandResult(command_id, m.CommandStatus.UNCONFIRMED, str(problem))
            if result.status in _PERHAPS_UNHEARD and link.answers == answers_before:
                return msgspec.structs.replace(result, answered=False)
            return result

    async def _perform(self, desk: _VehicleDesk, command: m.VehicleCommand, timeout_s: float) -> m.CommandResult:
        link, command_id = self._links[command.vehicle_id], command.header.command_id
        match command:
            case m.Upload(mission=mission):
                desk.loaded = None
                desk.loaded = await link.upload(mission, timeout_s)
                return _transfer_result(command_id, desk.loaded)
            case m.Launch(digest=digest, grippers=grippers):
                deadline_s = self._now_s() + timeout_s
                outcome = await self._ready(link, grippers, timeout_s)
                if outcome.status is OutcomeStatus.UNCONFIRMED:  # nothing was armed: the permit stays good
                    return m.CommandResult(command_id, m.CommandStatus.NO_LINK, outcome.reason)
                loaded, desk.loaded = desk.loaded, None  # a permit is good for one attempt
                if outcome.ok:
                    outcome = await launch(link, loaded, digest, max(0.0, deadline_s - self._now_s()))
            case m.Release(gripper=gripper, gate_item=gate_item):
                return _release_result(command_id, await release_at_gate(link, gripper, gate_item, timeout_s))
            case m.PassGate(gate_item=gate_item):
                outcome = await pass_gate(link, gate_item, timeout_s)
            case m.FlyInstead(mission=mission):
                desk.loaded = None
                outcome, transferred = await fly_instead(link, mission, timeout_s)
                return _result(command_id, outcome, transferred)
            case m.Hold() | m.Land() | m.ReturnToLaunch() | m.Disarm():
                outcome = await _make_safe(link, command, timeout_s)
            case m.SetParameter() | m.ReadParameter() | m.CheckProfile() | m.ApplyProfile():
                return await self._perform_on_parameters(link, command, timeout_s)
        return _result(command_id, outcome)

    async def _ready(self, link: VehicleLink, grippers: Sequence[int], timeout_s: float) -> Outcome:
        """The profile's parameters as they must be, and every gripper that is used closed."""
        deadline_s = self._now_s() + timeout_s
        outcome = drift_outcome(self._profile, await find_drift(link, self._profile, timeout_s))
        if not outcome.ok:
            return outcome
        return await close_grippers(link, grippers, max(0.0, deadline_s - self._now_s()))

    async def _perform_on_parameters(
        self,
        link: VehicleLink,
        command: m.SetParameter | m.ReadParameter | m.CheckProfile | m.ApplyProfile,
        timeout_s: float,
    ) -> m.CommandResult:
        command_id = command.header.command_id
        match command:
            case m.SetParameter(name=name, value=value):
                return _result(command_id, await link.set_parameter(name, value, timeout_s))
            case m.ReadParameter(name=name):
                held = await link.read_parameter(name, timeout_s)
                return m.CommandResult(command_id, m.CommandStatus.DONE, value=held)
            case m.CheckProfile():
                drifts = await find_drift(link, self._profile, timeout_s)
                return _profile_result(command_id, drift_outcome(self._profile, drifts), drifts)
            case m.ApplyProfile():
                return _profile_result(command_id, *await apply_profile(link, self._profile, timeout_s))


async def _make_safe(
    link: VehicleLink, command: m.Hold | m.Land | m.ReturnToLaunch | m.Disarm, timeout_s: float
) -> Outcome:
    match command:
        case m.Hold():
            return await link.hold(timeout_s)
        case m.Land():
            return await link.land(timeout_s)
        case m.ReturnToLaunch():
            return await link.return_to_launch(timeout_s)
        case m.Disarm():
            return await link.disarm(timeout_s)


def _result(command_id: str, outcome: Outcome, transferred: TransferResult | None = None) -> m.CommandResult:
    return m.CommandResult(command_id, _STATUS[outcome.status], outcome.reason, transferred)


def _release_result(command_id: str, outcome: GripperOutcome) -> m.CommandResult:
    return m.CommandResult(command_id, _GRIPPER_STATUS[outcome.answer], outcome.reason, gripper=outcome.answer)


def _profile_result(command_id: str, outcome: Outcome, drifts: tuple[Drift, ...]) -> m.CommandResult:
    return m.CommandResult(command_id, _STATUS[outcome.status], outcome.reason, drifts=drifts)


def _transfer_result(command_id: str, transferred: TransferResult) -> m.CommandResult:
    status = {
        TransferState.LOADED: m.CommandStatus.DONE,
        TransferState.NOT_LOADED: m.CommandStatus.REFUSED,
        TransferState.UNKNOWN: m.CommandStatus.UNCONFIRMED,
    }[transferred.state]
    return m.CommandResult(command_id, status, transferred.reason, transferred)
