"""A reader's end of the bus: one gateway's telemetry into a view, its events in order, answers to questions.

A late joiner subscribes and asks for a snapshot at once; whatever overtakes what, the view is right, and says whether
it is whole (`TelemetryView`). A gap, or a gateway that came back, is mended by another snapshot, which also brings the
events that were missed. Several readers may share one view: their gateways are one fleet.
"""

import asyncio
import contextlib
import time
import uuid
from collections import deque
from collections.abc import Callable

import msgspec
import zmq

from mission.errors import LinkTimeoutError
from vehicles import messages as m
from vehicles.telemetry import topics
from vehicles.telemetry.bus_keys import ClientKeys
from vehicles.telemetry.drained import DrainedSocket
from vehicles.telemetry.subscriber import TelemetryView
from vehicles.telemetry.wire import WireError

SNAPSHOT_TIMEOUT_S = 5.0
RESYNC_PERIOD_S = 0.1
"""Least time between two snapshots that gaps ask for."""
MOST_UNREAD = 200
"""Frames kept by the library for a reader that stands still; more are lost, and missed by their numbers."""
BEHIND_FRAMES = 4
"""A reader that finds more than this waiting skips to the newest full frame."""
FIRST_EVENT_BYTES = 2


class BusReader:
    """Reads one gateway, on the running event loop, from `open` to `close`.

    Args:
        pub_endpoint, router_endpoint: the gateway's.
        view: where its telemetry goes.
        gateway_id: the only gateway that is believed on this connection; None believes any, one host's only.
        keys: needed where the gateway has some.

    Attributes:
        on_changed: hears which vehicles' states changed.
        on_event: hears every event, in order.
        missed_events: events that were published and never reached this reader.
        bad_frames: frames that were not of this build, or spoke for another gateway.
        skipped_frames: frames that a slow reader left out on its way to the newest.
    """

    def __init__(
        self,
        pub_endpoint: str,
        router_endpoint: str,
        view: TelemetryView,
        *,
        gateway_id: str | None = None,
        keys: ClientKeys | None = None,
    ) -> None:
        self.router_endpoint = router_endpoint
        self.view = view
        self.on_changed: Callable[[tuple[str, ...]], None] = lambda _vehicle_ids: None
        self.on_event: Callable[[m.Event], None] = lambda _event: None
        self.missed_events = 0
        self.bad_frames = 0
        self.skipped_frames = 0
        self._pub_endpoint = pub_endpoint
        self._gateway_id = gateway_id
        self._keys = keys
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets: list[DrainedSocket] = []
        self._event_epoch = 0
        self._event_number = 0
        self._held_events: deque[m.EventFrame] = deque()
        self._doubt = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[m.Reply]] = {}
        self._mending: asyncio.Task[None] | None = None

    async def open(self) -> m.Snapshot:
        """Subscribe and take the first snapshot; nothing falls in between.

        Raises:
            LinkTimeoutError: the gateway does not answer, or does not know our key.
        """
        shard = self._gateway_id or ""
        suffix = f"{shard}|".encode("ascii") if shard else b""
        self._dealer = self._connect(zmq.DEALER, self.router_endpoint, self._take_replies)
        telemetry = tuple(topic.prefix + suffix for topic in (topics.DELTAS, topics.TELEMETRY))
        self._connect(zmq.SUB, self._pub_endpoint, self._take_telemetry, telemetry)
        self._connect(zmq.SUB, self._pub_endpoint, self._take_events, (topics.EVENTS.prefix + suffix,))
        snapshot = await self.snapshot()
        self._mending = asyncio.create_task(self._keep_whole(), name="stork-resync")
        return snapshot

    def _connect(
        self,
        kind: int,
        endpoint: str,
        take: Callable[[list[list[zmq.Frame]]], None],
        subscriptions: tuple[bytes, ...] = (),
    ) -> DrainedSocket:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVHWM, MOST_UNREAD)
        for prefix in subscriptions:
            socket.setsockopt(zmq.SUBSCRIBE, prefix)
        if self._keys is not None:
            self._keys.secure(socket)
        socket.connect(endpoint)
        drained = DrainedSocket(socket, take)
        self._sockets.append(drained)
        return drained

    async def close(self) -> None:
        """Close the sockets; whoever waits for an answer is cancelled. Idempotent."""
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.gather(self._mending, return_exceptions=True)
        for waiting in self._waiting.values():
            waiting.cancel()
        for socket in self._sockets:
            socket.close()
        self._context.destroy(linger=0)

    # -- what is heard ------------------------------------------------------------------------------------

    def _take_telemetry(self, messages: list[list[zmq.Frame]]) -> None:
        frames = [parts[0].bytes for parts in messages]
        if len(frames) > BEHIND_FRAMES:  # behind: what came before the newest full state is of no use any more
            fulls = [index for index, frame in enumerate(frames) if frame.startswith(topics.TELEMETRY.prefix)]
            first = fulls[-1] if fulls else 0
            self.skipped_frames += first
            del frames[:first]
        for frame in frames:
            self._take_frame(frame)
        if not self.view.whole:
            self._doubt.set()

    def _take_frame(self, frame: bytes) -> None:
        try:
            changed = self.view.take(frame, time.monotonic(), self._gateway_id)
        except WireError:
            self.bad_frames += 1
            return
        self.on_changed(changed)

    def _take_events(self, messages: list[list[zmq.Frame]]) -> None:
        for parts in messages:
            payload = parts[0].bytes
            try:
                frame = m.decode_event(payload[payload.index(b"|", FIRST_EVENT_BYTES) + 1 :])
            except (msgspec.DecodeError, ValueError):
                self.bad_frames += 1
                continue
            unexpected = frame.epoch > self._event_epoch or frame.number > self._event_number + 1
            if frame.epoch >= self._event_epoch and (unexpected or self._held_events):
                self._held_events.append(frame)  # the snapshot brings what is between, in order
                self._doubt.set()
            else:
                self._take_event(frame)

    def _take_event(self, frame: m.EventFrame) -> None:
        if frame.epoch < self._event_epoch:
            return
        if frame.epoch > self._event_epoch:
            self._event_epoch, self._event_number = frame.epoch, 0
        if frame.number <= self._event_number:
            return
        self.missed_events += frame.number - self._event_number - 1
        self._event_number = frame.number
        self.on_event(frame.event)

    def _take_replies(self, messages: list[list[zmq.Frame]]) -> None:
        for parts in messages:
            try:
                reply = m.decode_reply(parts[-1].bytes)
            except (msgspec.DecodeError, ValueError):
                self.bad_frames += 1
                continue
            key = reply.command_id if isinstance(reply, m.CommandResult) else reply.request_id
            waiting = self._waiting.get(key)
            if waiting is not None and not waiting.done():
                waiting.set_result(reply)

    # -- what is asked ------------------------------------------------------------------------------------

    async def ask(self, key: str, request: m.Request, timeout_s: float) -> m.Reply | None:
        """Ask, and wait for the answer with this id (command or request); None when there is none."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[key] = waiting
        try:
            async with asyncio.timeout(timeout_s):
                self._dealer.send([m.encode(request)])
                return await asyncio.shield(waiting)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(key, None)

    async def _asked_for_snapshot(self, events_after: int, timeout_s: float) -> m.Snapshot:
        request = m.SnapshotRequest(str(uuid.uuid4()), events_after)
        reply = await self.ask(request.request_id, request, timeout_s)
        if not isinstance(reply, m.Snapshot):
            raise LinkTimeoutError(f"no snapshot from {self.router_endpoint} within {timeout_s:g} s")
        return reply

    async def snapshot(self, timeout_s: float = SNAPSHOT_TIMEOUT_S) -> m.Snapshot:
        """All that the gateway knows now; telemetry and missed events are taken in.

        Raises:
            LinkTimeoutError: no answer.
        """
        reply = await self._asked_for_snapshot(self._event_number, timeout_s)
        if reply.epoch != self._event_epoch and self._event_number:
            reply = await self._asked_for_snapshot(0, timeout_s)  # our number was another incarnation's
        self._take_frame(reply.telemetry)
        if self._event_epoch == 0:  # what happened before we came, and is forgotten, was not missed
            self._event_epoch = reply.epoch
            self._event_number = reply.events[0].number - 1 if reply.events else reply.last_event_number
        for frame in reply.events:
            self._take_event(frame)
        self._release_held()
        return reply

    def _release_held(self) -> None:
        while self._held_events:
            self._take_event(self._held_events.popleft())

    async def _keep_whole(self) -> None:
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            with contextlib.suppress(LinkTimeoutError):
                await self.snapshot()
            self._release_held()
            await asyncio.sleep(RESYNC_PERIOD_S)
