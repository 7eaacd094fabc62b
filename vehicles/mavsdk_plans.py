"""Mission, fence and rally lists through MAVSDK: `plan_exchange` driven over its direct messages.

MAVSDK's own transfer is not used: on a lossy link it reports failures that succeeded, never sends the last item
again, takes the acknowledgement of another list for its own, and blocks a thread that cannot be called off.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from mavsdk.exceptions import MavsdkError
from mavsdk.plugins.mavlink_direct import MavlinkDirect, MavlinkMessage

from mission.errors import LinkTimeoutError
from mission.model.mission import MavMissionType, MissionItem
from vehicles import px4
from vehicles.link import WriteClaim, WriteStatus
from vehicles.plan_exchange import ITEM_MESSAGES, Exchange, Incoming, Outgoing, PlanReader, PlanWriter

TICK_S = 0.05
_INCOMING = msgspec.json.Decoder(Incoming).decode


class MavsdkPlans:
    """Writes, reads and clears the three lists of one autopilot, one exchange at a time.

    Args:
        words: gives what the vehicle has said since a monotonic time, to go with a refusal.
    """

    def __init__(
        self,
        vehicle_id: str,
        system_id: int,
        direct: MavlinkDirect,
        speed_factor: float,
        words: Callable[[float], Awaitable[str]],
    ) -> None:
        self._vehicle_id = vehicle_id
        self._system_id = system_id
        self._direct = direct
        self._speed_factor = speed_factor
        self._words = words
        self._loop = asyncio.get_running_loop()
        self._one_at_a_time = asyncio.Lock()
        self._arrivals: asyncio.Queue[tuple[str, str]] | None = None
        for name in ITEM_MESSAGES:
            direct.subscribe_message(name, self._take)

    def _take(self, message: MavlinkMessage, _user_data: object) -> None:
        """On MAVSDK's thread. These messages come only in exchanges, so they may wake the loop one by one."""
        if message.component_id == px4.AUTOPILOT_COMPONENT and self._arrivals is not None:
            self._loop.call_soon_threadsafe(self._arrived, message.message_name, message.fields_json)

    def _arrived(self, name: str, fields_json: str) -> None:
        if self._arrivals is not None:
            self._arrivals.put_nowait((name, fields_json))

    def send(self, message: Outgoing) -> None:
        """Send one message to the autopilot; a link that cannot send is as silent as one that loses."""
        fields = {
            "target_system": self._system_id,
            "target_component": px4.AUTOPILOT_COMPONENT,
            **message.fields,
        }
        native = MavlinkMessage(
            message.name, 0, 0, self._system_id, px4.AUTOPILOT_COMPONENT, json.dumps(fields, allow_nan=False)
        )
        try:
            self._direct.send_message(native)
        except MavsdkError:
            return

    async def _run(self, exchange: Exchange, timeout_s: float) -> bool:
        """Drive an exchange; False when the deadline came first."""
        loop = self._loop
        deadline_s = loop.time() + timeout_s
        async with self._one_at_a_time:
            arrivals: asyncio.Queue[tuple[str, str]] = asyncio.Queue(maxsize=0)
            self._arrivals = arrivals
            try:
                outgoing = exchange.start(loop.time())
                while True:
                    for message in outgoing:
                        self.send(message)
                    if exchange.ended:
                        return True
                    left_s = deadline_s - loop.time()
                    if left_s <= 0.0:
                        return False
                    outgoing = await self._next(exchange, arrivals, min(TICK_S, left_s))
            finally:
                self._arrivals = None

    async def _next(
        self, exchange: Exchange, arrivals: asyncio.Queue[tuple[str, str]], wait_s: float
    ) -> list[Outgoing]:
        """What the next message, or `wait_s` of silence, makes the exchange send."""
        try:
            async with asyncio.timeout(wait_s):
                name, fields_json = await arrivals.get()
        except TimeoutError:
            return exchange.tick(self._loop.time())
        try:
            incoming = _INCOMING(fields_json)
        except msgspec.DecodeError:
            return []
        if incoming.target_system not in (0, px4.OWN_SYSTEM_ID):
            return []  # meant for another ground station
        return exchange.receive(name, incoming, self._loop.time())

    async def write(self, kind: MavMissionType, items: Sequence[MissionItem], timeout_s: float) -> WriteClaim:
        """Write one list; an empty one clears it."""
        start_s = self._loop.time()
        writer = PlanWriter(kind, items, self._speed_factor)
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
        reader = PlanReader(kind)
        await self._run(reader, timeout_s)
        if reader.items is None:
            raise LinkTimeoutError(
                f"{self._vehicle_id}: the {kind.name.lower()} was not read back within {timeout_s:g} s"
            )
        return reader.items

    def select(self, index: int) -> None:
        """Ask for item `index` to be the current one; MISSION_CURRENT tells whether it is."""
        self.send(Outgoing("MISSION_SET_CURRENT", {"seq": index}))
