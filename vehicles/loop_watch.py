"""The watchdog of an event loop: an alarm when it stands still, and the end of the process when it stays so.

MAVSDK sends the ground station's heartbeats from a thread of its own, which nothing in its Python interface stops. A
gateway that decides nothing any more but still beats would keep its vehicles from their own failsafe (fault F-L12).
So the process ends: by faulthandler's C thread, which needs neither the event loop nor the interpreter's lock.
"""

import asyncio
import faulthandler
import os
import threading
import time
from collections.abc import Callable
from typing import Final

PERIOD_S: Final = 0.25
"""How often the loop shows that it runs."""


class LoopWatch:
    """Watches the loop that runs `keep`.

    Args:
        alarm_s: standing still so long calls `on_stall`, from another thread, while it still stands.
        limit_s: standing still so long ends the process; heartbeats end with it.
        on_recovery: called on the loop with the length of a stall that reached `alarm_s` and ended.
    """

    def __init__(
        self,
        alarm_s: float,
        limit_s: float,
        on_stall: Callable[[float], None],
        on_recovery: Callable[[float], None],
    ) -> None:
        self._alarm_s = alarm_s
        self._limit_s = limit_s
        self._on_stall = on_stall
        self._on_recovery = on_recovery
        self._beat_s = time.monotonic()
        self._ended = threading.Event()

    async def keep(self) -> None:
        """Show every `PERIOD_S` that the loop runs, until cancelled."""
        thread = threading.Thread(target=self._look, name="stork-loop-watch", daemon=True)
        self._beat_s = time.monotonic()
        thread.start()
        try:
            while True:
                faulthandler.dump_traceback_later(self._limit_s, exit=True)
                await asyncio.sleep(PERIOD_S)
                now_s = time.monotonic()
                stalled_s, self._beat_s = now_s - self._beat_s - PERIOD_S, now_s
                if stalled_s >= self._limit_s:
                    # The whole process stood still, and the loop woke before the thread that would have ended it.
                    faulthandler.dump_traceback()
                    os._exit(1)
                if stalled_s >= self._alarm_s:
                    self._on_recovery(stalled_s)
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._ended.set()

    def _look(self) -> None:
        """Once per stall, from a thread of its own."""
        told_s = 0.0
        while not self._ended.wait(PERIOD_S / 2):
            beat_s = self._beat_s
            stalled_s = time.monotonic() - beat_s - PERIOD_S
            if stalled_s >= self._alarm_s and told_s != beat_s:
                told_s = beat_s
                self._on_stall(stalled_s)
