"""Mission, fence and rally lists through MAVSDK: by its `mission_raw` on a good link, else by `plan_exchange`.

`mission_raw` is tried first, for at most `RAW_TIMEOUT_S`. Once it fails, this link's lists go through our own protocol
over MAVSDK's direct messages, which arrives at 30 % loss and names the item that a vehicle refuses.
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
from vehicles.mavsdk_mission_raw import RawPlans
from vehicles.plan_exchange import ITEM_MESSAGES, Exchange, Incoming, Outgoing, PlanReader, PlanWriter

TICK_S = 0.05
RAW_TIMEOUT_S = 5.0
"""PX4 gives up on a transfer after this long; a good link needs a hundredth of it."""
RAW_AGAIN_S = 60.0
"""How long a link on which `mission_raw` failed is taken for a bad one."""
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
        raw: RawPlans,
        *,
        speed_factor: float,
        words: Callable[[float], Awaitable[str]],
    ) -> None:
        self._vehicle_id = vehicle_id
        self._system_id = system_id
        self._direct = direct
        self._raw = raw
        self._raw_again_s = 0.0
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
        if items and self._link_is_good():
            if await self._raw.write(kind, items, min(timeout_s, RAW_TIMEOUT_S)):
                return WriteClaim(WriteStatus.ACKNOWLEDGED)
            self._raw_failed()
        writer = PlanWriter(kind, items, self._speed_factor)
        await self._run(writer, max(0.0, timeout_s - (self._loop.time() - start_s)))
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
        start_s = self._loop.time()
        if self._link_is_good():
            held = await self._raw.read(kind, min(timeout_s, RAW_TIMEOUT_S))
            if held is not None:
                return held
            self._raw_failed()
        reader = PlanReader(kind)
        await self._run(reader, max(0.0, timeout_s - (self._loop.time() - start_s)))
        if reader.items is None:
            raise LinkTimeoutError(
                f"{self._vehicle_id}: the {kind.name.lower()} was not read back within {timeout_s:g} s"
            )
        return reader.items

    def _link_is_good(self) -> bool:
        return self._loop.time() >= self._raw_again_s

    def _raw_failed(self) -> None:
        self._raw_again_s = self._loop.time() + RAW_AGAIN_S

    def select(self, index: int) -> None:
        """Ask for item `index` to be the current one; MISSION_CURRENT tells whether it is."""
        self.send(Outgoing("MISSION_SET_CURRENT", {"seq": index}))
