"""The gateway's end of the bus: PUB for deltas, full states and events, ROUTER for snapshots and commands.

Nothing here waits for a reader: one that does not keep up loses frames, and finds out by their numbers.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec
import zmq

from mission.errors import LinkError
from vehicles import messages as m
from vehicles.telemetry import topics
from vehicles.telemetry.bus_keys import GatewayKeys
from vehicles.telemetry.drained import DrainedSocket
from vehicles.telemetry.table import StateTable

_log = logging.getLogger("stork.gateway")

FULL_PERIOD_S = 1.0 / (topics.TELEMETRY.rate_hz or 1.0)
REMEMBERED_EVENTS = 512
MAX_REQUESTS_AT_ONCE = 256
MOST_UNREAD = 200
"""Messages kept for one that does not read them, beside what the system's buffers hold; the next are lost to it."""

Answer = Callable[[m.Request], Awaitable[m.Reply]]


class BusServer:
    """The sockets of one gateway. Use it on the event loop.

    Args:
        table: the vehicles; whoever hears them writes there.
        answer: answers a request.
        keys: who may connect; None lets everybody in, for loopback only.
    """

    def __init__(
        self, shard: str, epoch: int, table: StateTable, answer: Answer, keys: GatewayKeys | None = None
    ) -> None:
        self._epoch = epoch
        self._table = table
        self._answer = answer
        self._keys = keys
        self._event_topic = topics.EVENTS.of(shard)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._pub = self._context.socket(zmq.PUB)
        self._router: DrainedSocket | None = None
        self._events: deque[m.EventFrame] = deque(maxlen=REMEMBERED_EVENTS)
        self._outbox: deque[m.EventFrame] = deque(maxlen=REMEMBERED_EVENTS)
        self._requests: set[asyncio.Task[None]] = set()
        self._full_due_s = 0.0
        self.last_event_number = 0
        self.pub_endpoint = ""
        self.router_endpoint = ""

    def open(self, pub_endpoint: str, router_endpoint: str) -> None:
        """Bind both sockets and begin to answer.

        Raises:
            LinkError: an endpoint is taken.
        """
        if self._keys is not None:
            self._keys.start(self._context)
        self.pub_endpoint = self._bind(self._pub, pub_endpoint)
        router = self._context.socket(zmq.ROUTER)
        self.router_endpoint = self._bind(router, router_endpoint)
        self._router = DrainedSocket(router, self._take_requests)

    def _bind(self, socket: zmq.Socket[bytes], endpoint: str) -> str:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SNDHWM, MOST_UNREAD)
        if self._keys is not None:
            self._keys.secure(socket)
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as problem:
            raise LinkError(f"cannot bind {endpoint}: {problem.strerror}") from problem
        return str(socket.getsockopt_string(zmq.LAST_ENDPOINT))

    async def close(self) -> None:
        """Stop answering and close the sockets. Idempotent."""
        for task in self._requests:
            task.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)
        if self._router is not None:
            self._router.close()
        if self._keys is not None:
            self._keys.stop()
        self._context.destroy(linger=0)

    # -- what is published --------------------------------------------------------------------------------

    def emit(self, event: m.Event) -> None:
        """Number an event, remember it for late joiners, and publish it with the next tick."""
        self.last_event_number += 1
        frame = m.EventFrame(self._epoch, self.last_event_number, event)
        self._events.append(frame)
        self._outbox.append(frame)

    def tick(self) -> None:
        """Publish the events, what is new in the table, and twice a second all of it."""
        while self._outbox:
            self._pub.send(self._event_topic + m.encode(self._outbox.popleft()))
        now_s = time.monotonic()
        self._pub.send(self._table.delta_frame(now_s, time.time()))
        if now_s >= self._full_due_s:
            self._full_due_s = max(self._full_due_s + FULL_PERIOD_S, now_s)
            self._pub.send(self._table.full_frame(now_s, time.time()))

    def snapshot(self, request: m.SnapshotRequest, vehicles: tuple[m.VehicleEntry, ...]) -> m.Snapshot:
        """All that a late joiner needs: the table as of the last tick or later, and the events it has missed."""
        missed = tuple(event for event in self._events if event.number > request.events_after)
        frame = self._table.full_frame(time.monotonic(), time.time())
        return m.Snapshot(request.request_id, self._epoch, vehicles, frame, self.last_event_number, missed)

    # -- what is asked ------------------------------------------------------------------------------------

    def _take_requests(self, messages: list[list[zmq.Frame]]) -> None:
        for identity, *_, payload in messages:
            if len(self._requests) >= MAX_REQUESTS_AT_ONCE:
                _log.error("request dropped: %d are under way", len(self._requests))
                continue
            task = asyncio.create_task(self._reply(identity.bytes, payload))
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)

    async def _reply(self, identity: bytes, payload: zmq.Frame) -> None:
        try:
            request = m.decode_request(payload.bytes)
        except (msgspec.DecodeError, ValueError) as problem:
            _log.error("malformed request dropped: %s", problem)
            return
        reply = self._forbidden(request, payload) or await self._answer(request)
        if self._router is not None:
            self._router.send([identity, m.encode(reply)])

    def _forbidden(self, request: m.Request, payload: zmq.Frame) -> m.Reply | None:
        """The answer to who may hear but not command: his key decides, not what he says of himself."""
        if self._keys is None or isinstance(request, m.SnapshotRequest):
            return None
        user_id = str(payload.get("User-Id"))
        if isinstance(request, m.TakeLease):
            reasons = {key: self._keys.why_not(user_id, key) for key in request.vehicle_ids}
            if not any(reasons.values()):
                return None
            beside = "asked for together with one that it may not command"
            return m.LeaseReply(request.request_id, (), {key: reason or beside for key, reason in reasons.items()})
        reason = self._keys.why_not(user_id, request.vehicle_id)
        return m.CommandResult(request.header.command_id, m.CommandStatus.REFUSED, reason) if reason else None
