"""Drives exchanges over a wire: lists of items one at a time, commands as they come.

The sans-IO sides decide what is said; here are the loop's clock, the deadline, and whom a message is for.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from mission.errors import LinkTimeoutError
from mission.model.mission import MavMissionType, MissionItem
from vehicles import px4
from vehicles.command_exchange import COMMAND_ACK, ECHO_S, CommandAnswer, CommandExchange, Place
from vehicles.gripper_exchange import GripperExchange
from vehicles.link import WriteClaim, WriteStatus
from vehicles.message_wire import MessageWire, Outgoing
from vehicles.plan_exchange import ITEM_MESSAGES, Exchange, Incoming
from vehicles.plan_reader import PlanReader
from vehicles.plan_writer import PlanWriter
from vehicles.round_trip import RoundTrip

TICK_S = 0.02
_INCOMING = msgspec.json.Decoder(Incoming).decode
_ANSWER = msgspec.json.Decoder(CommandAnswer).decode
_OURS = (0, px4.OWN_SYSTEM_ID)
"""Targets of a message that is meant for us: everybody, or this ground station."""


class PlanLists:
    """Writes, reads and clears the three lists of one autopilot, one exchange at a time.

    Args:
        words: gives what the vehicle has said since a monotonic time, to go with a refusal.

    Attributes:
        answers: how often the vehicle has answered.
    """

    def __init__(
        self,
        vehicle_id: str,
        wire: MessageWire,
        round_trip: RoundTrip,
        *,
        speed_factor: float,
        words: Callable[[float], Awaitable[str]],
    ) -> None:
        self._vehicle_id = vehicle_id
        self._wire = wire
        self._round_trip = round_trip
        self._speed_factor = speed_factor
        self._words = words
        self._loop = asyncio.get_running_loop()
        self._one_at_a_time = asyncio.Lock()
        self._exchange: Exchange | None = None
        self.answers = 0
        self._ended = asyncio.Event()
        for name in ITEM_MESSAGES:
            wire.subscribe(name, self._take)

    def _take(self, name: str, fields_json: str) -> None:
        """On the wire's thread. These messages come only in exchanges, so they may wake the loop one by one."""
        if self._exchange is not None:
            self._loop.call_soon_threadsafe(self._arrived, name, fields_json)

    def _arrived(self, name: str, fields_json: str) -> None:
        exchange = self._exchange
        if exchange is None or exchange.ended:
            return
        try:
            message = _INCOMING(fields_json)
        except msgspec.DecodeError:
            return
        if message.target_system in _OURS:
            self.answers += 1
            self._say(exchange.receive(name, message, self._loop.time()))
            self._notice_the_end(exchange)

    def _notice_the_end(self, exchange: Exchange) -> None:
        if exchange.ended:
            self._ended.set()

    def _say(self, messages: Sequence[Outgoing]) -> None:
        for message in messages:
            self._wire.send(message)

    async def _run(self, exchange: Exchange, timeout_s: float) -> None:
        """Drive an exchange until it has ended or the deadline has come."""
        async with self._one_at_a_time:
            deadline_s = self._loop.time() + timeout_s
            self._exchange = exchange
            self._ended.clear()
            try:
                self._say(exchange.start(self._loop.time()))
                while not exchange.ended and (left_s := deadline_s - self._loop.time()) > 0.0:
                    try:
                        async with asyncio.timeout(min(TICK_S, left_s)):
                            await self._ended.wait()
                    except TimeoutError:
                        self._say(exchange.tick(self._loop.time()))
            finally:
                self._exchange = None
                if not exchange.ended:
                    self._say(exchange.abandon())

    async def write(self, kind: MavMissionType, items: Sequence[MissionItem], timeout_s: float) -> WriteClaim:
        """Write one list; an empty one clears it."""
        start_s = self._loop.time()
        writer = PlanWriter(kind, items, self._round_trip, self._speed_factor)
        await self._run(writer, timeout_s)
        if writer.claim is None:
            return WriteClaim(WriteStatus.FAILED, f"{kind.name.lower()}: not acknowledged within {timeout_s:g} s")
        if writer.claim.status is not WriteStatus.REJECTED:
            return writer.claim
        words = await self._words(start_s)
        return WriteClaim(WriteStatus.REJECTED, writer.claim.reason + (f" ({words})" if words else ""))

    async def read(self, kind: MavMissionType, timeout_s: float) -> tuple[MissionItem, ...]:
        """Read one list.

        Raises:
            LinkTimeoutError: it could not be read before the deadline.
        """
        reader = PlanReader(kind, self._round_trip, self._speed_factor)
        await self._run(reader, timeout_s)
        if reader.items is None:
            raise LinkTimeoutError(
                f"{self._vehicle_id}: the {kind.name.lower()} was not read back within {timeout_s:g} s"
            )
        return reader.items

    def select(self, index: int) -> None:
        """Ask for item `index` to be the current one; MISSION_CURRENT tells whether it is."""
        self._wire.send(Outgoing("MISSION_SET_CURRENT", {"seq": index}))


class CommandCalls:
    """Sends commands to one autopilot and waits for their answers.

    Attributes:
        answers: how often the vehicle has answered.
    """

    def __init__(self, wire: MessageWire, round_trip: RoundTrip) -> None:
        self._wire = wire
        self._round_trip = round_trip
        self._loop = asyncio.get_running_loop()
        self.answers = 0
        self._open: dict[CommandExchange | GripperExchange, asyncio.Event] = {}
        self._last_sent_s: dict[px4.Command, float] = defaultdict(lambda: -ECHO_S)
        wire.subscribe(COMMAND_ACK, self._take)

    def _take(self, _name: str, fields_json: str) -> None:
        if self._open:
            self._loop.call_soon_threadsafe(self._arrived, fields_json)

    def _arrived(self, fields_json: str) -> None:
        try:
            answer = _ANSWER(fields_json)
        except msgspec.DecodeError:
            return
        if answer.target_system not in _OURS:
            return
        self.answers += 1
        for exchange, ended in self._open.items():
            self._say(exchange, exchange.receive(answer, self._loop.time()))
            if exchange.ended:
                ended.set()

    def _say(self, exchange: CommandExchange | GripperExchange, messages: Sequence[Outgoing]) -> None:
        for message in messages:
            self._last_sent_s[exchange.command] = self._loop.time()
            self._wire.send(message)

    async def run(
        self, command: px4.Command, params: Sequence[float], timeout_s: float, *, place: Place | None = None
    ) -> px4.CommandAck | None:
        """Command; returns the final answer, or None when none came in time."""
        echoes = self._loop.time() - self._last_sent_s[command] < ECHO_S
        exchange = CommandExchange(command, params, self._round_trip, echoes=echoes, place=place)
        await self._drive(exchange, timeout_s)
        return exchange.result

    async def drive_gripper(self, gripper: int, timeout_s: float, *, opens: bool) -> GripperExchange:
        """Open or close a gripper; returns the exchange, which knows what was answered."""
        exchange = GripperExchange(gripper, self._round_trip, opens=opens)
        await self._drive(exchange, timeout_s)
        return exchange

    async def _drive(self, exchange: CommandExchange | GripperExchange, timeout_s: float) -> None:
        now_s = self._loop.time()
        deadline_s, ended = now_s + timeout_s, asyncio.Event()
        self._open[exchange] = ended
        try:
            self._say(exchange, exchange.start(now_s))
            while not exchange.ended and (left_s := deadline_s - self._loop.time()) > 0.0:
                try:
                    async with asyncio.timeout(min(TICK_S, left_s)):
                        await ended.wait()
                except TimeoutError:
                    self._say(exchange, exchange.tick(self._loop.time()))
        finally:
            del self._open[exchange]
