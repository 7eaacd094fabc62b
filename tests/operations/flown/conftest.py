"""The `stork` command in a process of its own, as people start it."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 240.0
"""Four times what the demo takes on an idle machine: tests run beside it."""
MARK = "STORK_TEST_RUN"


@dataclass(frozen=True)
class Run:
    """How a command ended.

    Attributes:
        lines: every line of standard output as the JSON object it is.
        left: processes that it started and that outlived it.
    """

    code: int
    lines: tuple[dict[str, Any], ...]
    err: str
    left: tuple[str, ...]

    @property
    def summary(self) -> dict[str, Any]:
        """The last line."""
        return self.lines[-1]

    def ids(self, outcome: str) -> list[str]:
        """Orders that ended so."""
        return [result["order"] for result in self.summary[outcome]]


def no_constant(name: str) -> float:
    """Fail on what JSON does not have."""
    raise AssertionError(f"{name} is not JSON")


def started_with(mark: str) -> tuple[str, ...]:
    """Command lines of all processes that carry the mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return tuple(found)


def run_stork(*arguments: object) -> Run:
    """Run `stork` with ``--json`` and wait for its end."""
    mark = str(uuid.uuid4())
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "operations", *map(str, arguments), "--json"]
    environment = {**os.environ, "PYTHONPATH": path, MARK: mark}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, check=False)
    lines = tuple(json.loads(line, parse_constant=no_constant) for line in ended.stdout.splitlines())
    return Run(ended.returncode, lines, ended.stderr, started_with(mark))


@pytest.fixture(scope="session")
def stork_process() -> Callable[..., Run]:
    """Return `run_stork` to tests."""
    return run_stork


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo writes."""
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="session")
def demo(demo_folder: Path) -> Run:
    """The demo, flown once."""
    return run_stork("demo", "--headless", "--out", demo_folder)
