"""An asyncio loop in a thread of its own, for callers that are not asynchronous, or have a loop of their own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class LoopThread:
    """A context manager: inside it the loop runs, afterwards loop and thread are gone.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, T], within_s: float | None = None) -> T:
        """Run a coroutine in the loop and return its result, or raise what it raises.

        Raises:
            TimeoutError: it took longer than `within_s`; it was cancelled.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(within_s)
        except BaseException:
            future.cancel()
            raise

    def call(self, action: Callable[[], T]) -> T:
        """Call a function between two steps of what runs in the loop, and return what it returns."""
        future: Future[T] = Future()

        def act() -> None:
            try:
                future.set_result(action())
            except BaseException as error:  # the caller's own, and the caller gets it
                future.set_exception(error)

        self._loop.call_soon_threadsafe(act)
        return future.result()
