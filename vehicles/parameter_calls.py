"""Drives parameter exchanges over a wire, one at a time: the loop's clock, the deadline, and what an end means."""

import asyncio
import math

import msgspec

from mission.errors import LinkError, LinkTimeoutError
from vehicles.link import OBSERVED, Outcome, refused, unconfirmed
from vehicles.message_wire import MessageWire
from vehicles.parameter_exchange import PARAM_VALUE, ParameterExchange, ParameterValue, carried
from vehicles.px4_profile import RELATIVE_TOLERANCE
from vehicles.round_trip import RoundTrip

TICK_S = 0.02
SETS_TO_BELIEVE = 3
"""Times that another value is read after it was set: the first may be an answer that was under way."""
_VALUE = msgspec.json.Decoder(ParameterValue).decode


class ParameterCalls:
    """Reads and sets parameters of one autopilot. The whole list is never read: it changes at run time.

    Attributes:
        answers: how often the vehicle has answered.
    """

    def __init__(self, vehicle_id: str, wire: MessageWire, round_trip: RoundTrip) -> None:
        self.answers = 0
        self._vehicle_id = vehicle_id
        self._wire = wire
        self._round_trip = round_trip
        self._loop = asyncio.get_running_loop()
        self._one_at_a_time = asyncio.Lock()
        self._exchange: ParameterExchange | None = None
        self._ended = asyncio.Event()
        wire.subscribe(PARAM_VALUE, self._take)

    def _take(self, _name: str, fields_json: str) -> None:
        """On the wire's thread."""
        if self._exchange is not None:
            self._loop.call_soon_threadsafe(self._arrived, fields_json)

    def _arrived(self, fields_json: str) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        try:
            value = _VALUE(fields_json)
        except msgspec.DecodeError:
            return
        exchange.receive(value, self._loop.time())
        if exchange.ended:
            self.answers += 1
            self._ended.set()

    async def _run(self, exchange: ParameterExchange, timeout_s: float) -> None:
        deadline_s = self._loop.time() + timeout_s
        async with self._one_at_a_time:
            self._exchange = exchange
            self._ended.clear()
            try:
                messages = exchange.start(self._loop.time())
                while True:
                    for message in messages:
                        self._wire.send(message)
                    left_s = deadline_s - self._loop.time()
                    if exchange.ended or left_s <= 0.0:
                        return
                    try:
                        async with asyncio.timeout(min(TICK_S, left_s)):
                            await self._ended.wait()
                    except TimeoutError:
                        pass
                    messages = exchange.tick(self._loop.time())
            finally:
                self._exchange = None

    async def read(self, name: str, timeout_s: float) -> int | float:
        """Read one parameter: an int is INT32, a float REAL32.

        Raises:
            LinkTimeoutError: no answer by the deadline, or to `MAX_ASKS` questions: no such parameter, or no link.
            LinkError: a whole number that this wire does not carry.
        """
        exchange = ParameterExchange(name, self._round_trip)
        await self._run(exchange, timeout_s)
        if exchange.answer is None:
            waited = "however often it was asked for" if exchange.given_up else f"within {timeout_s:g} s"
            why = f"parameter {name} was not answered {waited}: unknown to the autopilot, or no link"
            raise LinkTimeoutError(f"{self._vehicle_id}: {why}")
        held = exchange.answer.held
        if held is None:
            raise LinkError(
                f"{self._vehicle_id}: parameter {name} is a whole number that MAVSDK's messages do not carry"
            )
        return held

    async def set(self, name: str, value: float, timeout_s: float) -> Outcome:
        """Set one parameter, observed by reading it again."""
        try:
            if carried(value) is None:
                return refused(f"parameter {name}: MAVSDK's messages do not carry {value}")
        except ValueError as problem:
            return refused(f"parameter {name}: {problem}")
        deadline_s = self._loop.time() + timeout_s
        held: int | float = math.nan
        for _ in range(SETS_TO_BELIEVE):
            # What PX4 refuses it does not answer: half of the time is left to find out why.
            left_s = max(0.0, deadline_s - self._loop.time())
            await self._run(ParameterExchange(name, self._round_trip, set_to=value), left_s / 2.0)
            try:
                held = await self.read(name, max(0.0, deadline_s - self._loop.time()))
            except LinkError as problem:
                return unconfirmed(str(problem))
            if isinstance(held, int) is not isinstance(value, int):
                kind = "INT32" if isinstance(held, int) else "REAL32"
                return refused(f"parameter {name}: the autopilot holds it as {kind}, {held:g}, and takes no {value!r}")
            if math.isclose(held, value, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9):
                return OBSERVED
        return refused(f"parameter {name} reads {held:g} after {value:g} was set")
