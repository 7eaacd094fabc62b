"""One vehicle's link on a wire of MAVLink messages, whatever carries them.

The wire's threads only drop messages into an inbox, the newest of each kind; `pump` decodes them on the event
loop. So the cost per message is small, nothing queues up, and all state lives on one thread.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence

from mission.errors import LinkTimeoutError
from mission.model.geo import GeoPoint
from mission.model.gripper import GripperAnswer
from mission.model.mission import MavMissionType, Mission, MissionItem
from mission.model.telemetry import FlightMode, LandedState, VehicleState
from vehicles import px4, repositioning
from vehicles.command_exchange import Place
from vehicles.identity import HeardIdentities
from vehicles.link import (
    OBSERVED,
    GripperOutcome,
    HeldPlan,
    Outcome,
    PlanIds,
    StatusText,
    TransferResult,
    WriteClaim,
    refused,
    unconfirmed,
)
from vehicles.message_wire import MessageWire
from vehicles.parameter_calls import ParameterCalls
from vehicles.round_trip import RoundTrip
from vehicles.state_assembly import StateAssembler
from vehicles.stream_rates import configure_streams
from vehicles.transfer import transfer
from vehicles.wire_exchanges import CommandCalls, PlanLists

HEARTBEATS_TO_BELIEVE = 3
"""Fresh heartbeats without the effect before a command is sent again."""
COMMANDS_TO_BELIEVE = 3
"""Acknowledged commands without the effect before it counts as refused."""
CURRENTS_TO_BELIEVE = 3
"""Fresh MISSION_CURRENT with another item before the item is selected again."""
TEXT_GRACE_S = 0.5
"""How long to wait for the words that go with a refusal."""


class MavlinkLink:
    """A `vehicles.link.VehicleLink` on one autopilot. `pump` must be called regularly.

    Args:
        wire: the messages to and from the autopilot; nothing else is trusted or used.
        speed_factor: how many times faster than ours the autopilot's clock runs.
    """

    def __init__(self, vehicle_id: str, system_id: int, wire: MessageWire, speed_factor: float) -> None:
        self.vehicle_id = vehicle_id
        self.system_id = system_id
        self.assembly = StateAssembler(vehicle_id, system_id, speed_factor)
        self._speed_factor = speed_factor
        self._loop = asyncio.get_running_loop()
        round_trip = RoundTrip()
        self._commands = CommandCalls(wire, round_trip)
        self._plans = PlanLists(vehicle_id, wire, round_trip, speed_factor=speed_factor, words=self._words_since)
        self._parameters = ParameterCalls(vehicle_id, wire, round_trip)
        self._inbox_lock = threading.Lock()
        self._inbox: dict[str, str] = {}
        self._text_inbox: deque[str] = deque(maxlen=256)
        self._changed = asyncio.Event()
        self._transfer_lock = asyncio.Lock()
        for name in px4.STATE_MESSAGES:
            wire.subscribe(name, self._take)
        wire.subscribe(px4.NAMED_VALUE_FLOAT, self._take_named)
        wire.subscribe(px4.STATUSTEXT, self._take_text)
        self.identities = HeardIdentities(wire)

    # -- what the wire's threads do -----------------------------------------------------------------------

    def _take(self, name: str, fields_json: str) -> None:
        with self._inbox_lock:
            self._inbox[name] = fields_json

    def _take_named(self, name: str, fields_json: str) -> None:
        if px4.PAYLOAD_NAME in fields_json:  # others of this kind must not push it out of the inbox
            self._take(name, fields_json)

    def _take_text(self, _name: str, fields_json: str) -> None:
        self._text_inbox.append(fields_json)

    # -- state --------------------------------------------------------------------------------------------

    def now_s(self) -> float:
        """Monotonic seconds, of the event loop."""
        return self._loop.time()

    def pump(self) -> bool:
        """Take in what has arrived; returns whether anything changed. Call it from the event loop only."""
        with self._inbox_lock:
            inbox, self._inbox = self._inbox, {}
        now_s = self.now_s()
        changed = False
        for name, fields_json in inbox.items():
            changed |= self.assembly.apply(name, fields_json, now_s)
        while self._text_inbox:
            changed |= self.assembly.apply(px4.STATUSTEXT, self._text_inbox.popleft(), now_s)
        self.assembly.flush_texts(now_s - TEXT_GRACE_S)
        if changed:
            self._changed.set()
            self._changed = asyncio.Event()
        return changed

    def state(self) -> VehicleState:
        """The latest state."""
        return self.assembly.state

    @property
    def answers(self) -> int:
        """How often the vehicle has answered a command, a question or an item."""
        return self._commands.answers + self._plans.answers + self._parameters.answers

    def plan_ids(self) -> PlanIds:
        """The latest checksums of what the autopilot holds."""
        return self.assembly.plan_ids

    def status_texts(self, since_s: float) -> tuple[StatusText, ...]:
        """Texts received at or after the monotonic time `since_s`."""
        return self.assembly.texts(since_s)

    async def _observe(
        self,
        message: str,
        holds: Callable[[VehicleState], bool],
        timeout_s: float,
        patience: int | None = None,
        since: int | None = None,
    ) -> bool:
        """Wait until `holds` of a state that a fresh `message` has confirmed.

        Fresh is: received from now on, or after the first `since` of its kind. `patience` gives up early after so
        many fresh messages; None waits for the deadline.
        """
        start = self.assembly.received[message] if since is None else since
        deadline_s = self.now_s() + timeout_s
        while True:
            fresh = self.assembly.received[message] - start
            if fresh > 0 and holds(self.assembly.state):
                return True
            left_s = deadline_s - self.now_s()
            if left_s <= 0.0 or (patience is not None and fresh >= patience):
                return False
            changed = self._changed
            try:
                # Not wait_for: Python 3.11's loses a cancellation that meets a result, and a hold would wait.
                async with asyncio.timeout(left_s):
                    await changed.wait()
            except TimeoutError:
                return False

    # -- commands -----------------------------------------------------------------------------------------

    async def _words_since(self, since_s: float) -> str:
        """What the vehicle said since, worst first, after waiting a little for it to speak."""
        deadline_s = self.now_s() + TEXT_GRACE_S
        while not (said := [text for text in self.status_texts(since_s) if text.severity <= 4]):
            changed, left_s = self._changed, deadline_s - self.now_s()
            if left_s <= 0.0:
                break
            try:
                async with asyncio.timeout(left_s):
                    await changed.wait()
            except TimeoutError:
                break
        return "; ".join(dict.fromkeys(text.text for text in sorted(said, key=lambda text: text.severity)))

    async def _commanded(
        self,
        command: px4.Command,
        *params: float,
        expects: Callable[[VehicleState], bool],
        what: str,
        timeout_s: float,
        place: Place | None = None,
    ) -> Outcome:
        """Command, then observe the HEARTBEAT. A negative ACK refuses; a positive one proves nothing.

        PX4 answers DO_SET_MODE twice, so an ACK may belong to the command before: what is not observed is sent
        again, a few times.
        """
        start_s = self.now_s()
        ack, acknowledged = None, 0
        while acknowledged < COMMANDS_TO_BELIEVE and (left_s := start_s + timeout_s - self.now_s()) > 0.0:
            ack = await self._commands.run(command, params, left_s, place=place)
            if ack not in (None, px4.CommandAck.ACCEPTED, px4.CommandAck.IN_PROGRESS):
                words = await self._words_since(start_s)
                return refused(f"{what}: {ack.name}" + (f" ({words})" if words else ""))
            acknowledged += ack is not None
            left_s = max(0.0, start_s + timeout_s - self.now_s())
            if await self._observe(px4.HEARTBEAT, expects, left_s, HEARTBEATS_TO_BELIEVE):
                return OBSERVED
        state = self.assembly.state
        seen = f"mode {state.mode}, {'armed' if state.armed else 'disarmed'}"
        words = await self._words_since(start_s)
        suffix = f" ({words})" if words else ""
        if self.now_s() - start_s < timeout_s:
            return refused(f"{what}: acknowledged, but the vehicle stayed in {seen}{suffix}")
        silent = "no acknowledgement, " if ack is None else ""
        return unconfirmed(f"{what}: {silent}not observed within {timeout_s:g} s, last seen {seen}{suffix}")

    async def _select_mode(self, sub_mode: int, mode: FlightMode, timeout_s: float) -> Outcome:
        return await self._commanded(
            px4.Command.DO_SET_MODE,
            px4.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED,
            px4.PX4_MAIN_MODE_AUTO,
            sub_mode,
            expects=lambda state: state.mode is mode,
            what=f"mode {mode}",
            timeout_s=timeout_s,
        )

    async def hold(self, timeout_s: float) -> Outcome:
        """Hold position."""
        return await self._select_mode(px4.PX4_SUB_MODE_LOITER, FlightMode.HOLD, timeout_s)

    async def select_mission_mode(self, timeout_s: float) -> Outcome:
        """Select Mission mode without arming."""
        return await self._select_mode(px4.PX4_SUB_MODE_MISSION, FlightMode.MISSION, timeout_s)

    async def arm(self, timeout_s: float) -> Outcome:
        """Arm."""
        return await self._commanded(
            px4.Command.COMPONENT_ARM_DISARM,
            1.0,
            expects=lambda state: state.armed,
            what="arm",
            timeout_s=timeout_s,
        )

    async def disarm(self, timeout_s: float) -> Outcome:
        """Disarm; never forced."""
        return await self._commanded(
            px4.Command.COMPONENT_ARM_DISARM,
            0.0,
            expects=lambda state: not state.armed,
            what="disarm",
            timeout_s=timeout_s,
        )

    async def start_mission(self, timeout_s: float) -> Outcome:
        """Start the mission. PX4's MISSION_START also arms: callers hold a permit before they call this."""
        return await self._commanded(
            px4.Command.MISSION_START,
            expects=lambda state: state.armed and state.mode is FlightMode.MISSION,
            what="start mission",
            timeout_s=timeout_s,
        )

    async def open_gripper(self, gripper: int, timeout_s: float) -> GripperOutcome:
        """Open a gripper."""
        exchange = await self._commands.drive_gripper(gripper, timeout_s, opens=True)
        answer = exchange.answer or GripperAnswer.NO_ANSWER
        if exchange.refusal is not None:
            return GripperOutcome(answer, exchange.refusal.name)
        return GripperOutcome(answer, "" if exchange.answer else f"no answer within {timeout_s:.1f} s")

    async def close_gripper(self, gripper: int, timeout_s: float) -> Outcome:
        """Close a gripper."""
        exchange = await self._commands.drive_gripper(gripper, timeout_s, opens=False)
        if exchange.answer is None:
            return unconfirmed(f"no answer within {timeout_s:.1f} s")
        return refused(exchange.refusal.name) if exchange.refusal is not None else OBSERVED

    async def reposition(self, position: GeoPoint, altitude_amsl_m: float, timeout_s: float) -> Outcome:
        """Fly straight to a point and hold there."""
        if why := repositioning.why_not(self.state()):
            return refused(why)
        place, start_s = Place(position, altitude_amsl_m), self.now_s()
        held = await self._commanded(
            px4.Command.DO_REPOSITION,
            *repositioning.PARAMETERS,
            expects=lambda state: state.mode is FlightMode.HOLD,
            what="reposition",
            timeout_s=timeout_s,
            place=place,
        )
        if not held.ok:
            return held

        def no() -> str:
            return next((t.text for t in self.status_texts(start_s) if px4.REPOSITION_REFUSAL in t.text), "")

        def ended(state: VehicleState) -> bool:
            return state.mode is not FlightMode.HOLD or repositioning.is_there(state, place) or bool(no())

        await self._observe(px4.GLOBAL_POSITION_INT, ended, max(0.0, start_s + timeout_s - self.now_s()))
        return repositioning.outcome(self.state(), place, no(), timeout_s)

    async def land(self, timeout_s: float) -> Outcome:
        """Land where it is."""
        return await self._commanded(
            px4.Command.NAV_LAND,
            expects=lambda state: (
                state.mode is FlightMode.LAND or (not state.armed and state.landed_state is LandedState.ON_GROUND)
            ),
            what="land",
            timeout_s=timeout_s,
        )

    async def return_to_launch(self, timeout_s: float) -> Outcome:
        """PX4's own straight return."""
        return await self._commanded(
            px4.Command.NAV_RETURN_TO_LAUNCH,
            expects=lambda state: state.mode is FlightMode.RETURN,
            what="return to launch",
            timeout_s=timeout_s,
        )

    async def configure_streams(self, timeout_s: float) -> tuple[str, ...]:
        """Set every message's rate; returns what is not known to be set. `timeout_s` is for each message."""
        return await configure_streams(self._commands, self._speed_factor, timeout_s)

    async def readiness(self, samples: int, timeout_s: float) -> bool | None:
        """PREARM over `samples` SYS_STATUS received from now on: True when all are ready, None when too few."""
        deadline_s = self.now_s() + timeout_s
        for _ in range(samples):
            if not await self._observe(px4.SYS_STATUS, lambda _state: True, deadline_s - self.now_s()):
                return None
            if not self.assembly.state.armable:
                return False
        return True

    # -- parameters and plans -----------------------------------------------------------------------------

    async def read_parameter(self, name: str, timeout_s: float) -> int | float:
        """Read one parameter."""
        return await self._parameters.read(name, timeout_s)

    async def set_parameter(self, name: str, value: float, timeout_s: float) -> Outcome:
        """Set one parameter and read it again."""
        return await self._parameters.set(name, value, timeout_s)

    async def write_items(self, kind: MavMissionType, items: Sequence[MissionItem], timeout_s: float) -> WriteClaim:
        """Write one list; an empty one clears it."""
        return await self._plans.write(kind, items, timeout_s)

    async def read_items(self, kind: MavMissionType, timeout_s: float) -> tuple[MissionItem, ...]:
        """Read one list."""
        return await self._plans.read(kind, timeout_s)

    async def set_current_item(self, index: int, timeout_s: float) -> Outcome:
        """Make `index` the current item."""
        if not 0 <= index < max(1, self.state().mission_total):
            return refused(f"item {index} does not exist on board")
        deadline_s = self.now_s() + timeout_s
        while (left_s := deadline_s - self.now_s()) > 0.0:
            self._plans.select(index)
            if await self._observe(
                px4.MISSION_CURRENT, lambda state: state.mission_current == index, left_s, CURRENTS_TO_BELIEVE
            ):
                return OBSERVED
        return unconfirmed(f"current item is {self.state().mission_current}, not {index}, after {timeout_s:g} s")

    async def confirm_item_count(self, count: int, timeout_s: float) -> Outcome:
        """See that the autopilot announces `count` items."""
        if await self._observe(px4.MISSION_CURRENT, lambda state: state.mission_total == count, timeout_s):
            return OBSERVED
        return unconfirmed(
            f"not announced within {timeout_s:g} s: {count} items (last heard: {self.state().mission_total})"
        )

    async def upload(self, mission: Mission, timeout_s: float) -> TransferResult:
        """Verified transfer of a whole mission; one at a time."""
        async with self._transfer_lock:
            return await transfer(self, mission, timeout_s)

    async def read_back(self, timeout_s: float) -> HeldPlan:
        """Read mission, fence and rally points."""
        deadline_s = self.now_s() + timeout_s
        held = {kind: await self.read_items(kind, max(0.0, deadline_s - self.now_s())) for kind in MavMissionType}
        return HeldPlan(held[MavMissionType.MISSION], held[MavMissionType.FENCE], held[MavMissionType.RALLY])

    async def clear(self, timeout_s: float) -> Outcome:
        """Clear mission, fence and rally points, and see that nothing is left."""
        deadline_s = self.now_s() + timeout_s
        async with self._transfer_lock:
            while True:
                for kind in MavMissionType:
                    await self.write_items(kind, (), max(0.0, deadline_s - self.now_s()))
                try:
                    held = await self.read_back(max(0.0, deadline_s - self.now_s()))
                except LinkTimeoutError as problem:
                    return unconfirmed(str(problem))
                if held == HeldPlan((), (), ()):
                    return OBSERVED
                if self.now_s() >= deadline_s:
                    return refused("the vehicle still holds items after it was told to clear them")
