"""Blocking native calls under a deadline, on an executor of our own.

asyncio's default executor is small, and MAVSDK's own asyncio layer queues every call on it.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from mission.errors import LinkTimeoutError

_Result = TypeVar("_Result")


class NativeCalls:
    """Runs one vehicle's blocking calls, and knows which of them still run after their caller gave up."""

    def __init__(self, vehicle_id: str, executor: ThreadPoolExecutor) -> None:
        self.vehicle_id = vehicle_id
        self._executor = executor
        self._lock = threading.Lock()
        self._running = 0

    async def run(self, call: Callable[[], _Result], timeout_s: float, what: str) -> _Result:
        """Run `call` on a thread.

        Raises:
            LinkTimeoutError: it did not end in time; its thread goes on until MAVSDK gives up by itself.
        """
        native = self._submit(call)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(native)
        except TimeoutError:
            raise LinkTimeoutError(f"{self.vehicle_id}: no end of {what} within {timeout_s:g} s") from None

    def start(self, call: Callable[[], object]) -> None:
        """Run `call` on a thread and forget it."""
        self._submit(call)

    def _submit(self, call: Callable[[], _Result]) -> Future[_Result]:
        native = self._executor.submit(call)
        with self._lock:
            self._running += 1
        native.add_done_callback(self._ended)
        return native

    def _ended(self, _native: "Future[_Result]") -> None:
        with self._lock:
            self._running -= 1

    async def drained(self, timeout_s: float) -> bool:
        """Wait for calls whose callers have given up; False when some still run.

        The native object must not be destroyed under a call that runs.
        """
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + timeout_s
        while self._running:
            if loop.time() >= deadline_s:
                return False
            await asyncio.sleep(0.02)
        return True
