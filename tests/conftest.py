"""What holds for every test: it leaves nothing running, and says why when it is skipped.

Warnings are errors by pyproject.toml. This file adds guards that fail the test which left something behind, by
name: an asyncio task, a socket, a ZeroMQ context, or a child process. `tests/architecture/test_guards.py` proves
that each guard bites.
"""

import asyncio
import contextlib
import gc
import inspect
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

CHECKOUT = Path(__file__).resolve().parents[1]
PROC = Path("/proc/self")
GRACE_S = 1.0
"""How long a child process may take to end by itself after its test."""

# Both without a deadline: on shared cores the time of one example says nothing. `ci` draws the same examples every
# time, so that a red build is red for everybody; `dev` looks for new ones. Both print the blob that reproduces.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("STORK_HYPOTHESIS", "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine lacks, with what to do about it, and watch the tasks of every asynchronous test."""
    missing = {"real_data": _why_no_real_data(), "sitl": _why_no_px4()}
    for item in items:
        for marker, reason in missing.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
        if not isinstance(item, pytest.Function) or "no_task_left_running" in item.fixturenames:
            continue
        if _is_asynchronous(item):
            item.fixturenames.insert(0, "no_task_left_running")


def _why_no_real_data() -> str:
    folder = Path(os.environ.get("STORK_DATA_DIR", CHECKOUT.parent / "shared" / "data"))
    return "" if folder.is_dir() else f"no real sample data at {folder}: set STORK_DATA_DIR to its folder"


def _why_no_px4() -> str:
    named = os.environ.get("STORK_PX4_DIR")
    if not named:
        return "no PX4: set STORK_PX4_DIR to a PX4 SITL build"
    return "" if Path(named).is_dir() else f"STORK_PX4_DIR={named} is not a folder"


def _is_asynchronous(item: pytest.Function) -> bool:
    test = item.obj
    inner = getattr(getattr(test, "hypothesis", None), "inner_test", test)
    return inspect.iscoroutinefunction(inner)


@pytest.fixture
async def no_task_left_running() -> AsyncIterator[None]:
    """Fail a test that ends while a task which it started is still pending."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)  # tasks that were cancelled just now get their turn to end
    left = [task for task in asyncio.all_tasks() - before - {asyncio.current_task()} if not task.done()]
    names = sorted(f"{task.get_name()} ({getattr(task.get_coro(), '__qualname__', '?')})" for task in left)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    if names:
        pytest.fail(f"left asyncio tasks running: {', '.join(names)}", pytrace=False)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that ends with a child process, socket or ZeroMQ context which was not there before."""
    children, sockets, zmq_threads = _children(), _sockets(), _zmq_threads()
    yield
    left = [*_left_processes(children), *_left_sockets(sockets)]
    if _zmq_threads() > zmq_threads:
        left.append("a ZeroMQ context that was not terminated")
    if left:
        gc.collect()  # so that Python's own warning, which names the line, belongs to this test as well
        pytest.fail(f"left behind: {'; '.join(left)}", pytrace=False)


def _children() -> set[int]:
    """Process ids of this process's children. Listing them all through psutil would cost every test 10 ms."""
    found: set[int] = set()
    for listing in PROC.glob("task/*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has just ended
            found.update(int(pid) for pid in listing.read_text().split())
    return found


def _left_processes(before: set[int]) -> list[str]:
    """End the children that are new since `before`, and their children; describe those that had to be ended."""
    started: list[psutil.Process] = []
    for pid in _children() - before:
        with contextlib.suppress(psutil.NoSuchProcess):
            child = psutil.Process(pid)
            if "multiprocessing.resource_tracker" not in " ".join(child.cmdline()):  # lives as long as we do
                started += [child, *child.children(recursive=True)]
    _, running = psutil.wait_procs(started, timeout=GRACE_S if started else 0)
    described = []
    for process in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            described.append(f"child process {process.pid} ({' '.join(process.cmdline())[:120]})")
            process.kill()
    psutil.wait_procs(running, timeout=GRACE_S if running else 0)
    return described


def _sockets() -> set[str]:
    """This process's sockets, as the kernel names them: ``socket:[12345]``."""
    found: set[str] = set()
    for descriptor in PROC.glob("fd/*"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile, as the listing's own is
            link = str(descriptor.readlink())
            if link.startswith("socket:"):
                found.add(link)
    return found


def _left_sockets(before: set[str]) -> list[str]:
    left = _sockets() - before
    if not left:
        return []
    addresses = {}
    for connection in psutil.Process().net_connections(kind="all"):
        with contextlib.suppress(FileNotFoundError):
            addresses[str((PROC / f"fd/{connection.fd}").readlink())] = connection.laddr
    return [f"{link} bound to {addresses.get(link) or 'nothing'}" for link in sorted(left)]


def _zmq_threads() -> int:
    """Number of ZeroMQ's own threads: a context that was used and not terminated keeps at least two."""
    if "zmq" not in sys.modules:
        return 0
    count = 0
    for name in PROC.glob("task/*/comm"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            count += name.read_text().startswith("ZMQbg")
    return count
