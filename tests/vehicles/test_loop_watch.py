"""An event loop that stands still is told while it does, and after (fault F-S15)."""

import asyncio
import threading

from vehicles.loop_watch import LoopWatch


async def test_a_stall_is_told_while_it_lasts_and_when_it_ends() -> None:
    """The alarm comes from another thread, since the loop cannot give it; the recovery tells how long it was."""
    during, after = threading.Event(), []
    recovered = asyncio.Event()

    def on_recovery(stalled_s: float) -> None:
        after.append(stalled_s)
        recovered.set()

    watch = LoopWatch(0.2, 60.0, lambda _stalled_s: during.set(), on_recovery)
    keeping = asyncio.create_task(watch.keep())
    await asyncio.sleep(0)
    assert during.wait(20.0)  # this blocks the loop: it is the stall
    async with asyncio.timeout(20.0):
        await recovered.wait()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert after[0] >= 0.2


async def test_a_loop_that_runs_is_left_alone() -> None:
    """Work in small pieces is no stall."""
    told: list[float] = []
    watch = LoopWatch(30.0, 60.0, told.append, told.append)
    keeping = asyncio.create_task(watch.keep())
    for _ in range(60):
        await asyncio.sleep(0.01)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert told == []
