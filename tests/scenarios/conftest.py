"""The clean day, flown once, and scenarios that a test can spoil."""

import functools
import json
import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.configs import configs_folder
from operations.scenarios.documents import read_scenario
from operations.scenarios.flying import FlownScenario, fly_scenario, with_seed

FOLDER = configs_folder() / "scenarios"


@pytest.fixture(scope="session")
def fly_anew(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FlownScenario]:
    """Fly a scenario that comes with Stork, by its name."""

    def flown(name: str, seed: int | None = None) -> FlownScenario:
        scenario = read_scenario(FOLDER / f"{name}.toml")
        return fly_scenario(scenario if seed is None else with_seed(scenario, seed), tmp_path_factory.mktemp(name))

    return flown


@pytest.fixture(scope="session")
def fly(fly_anew: Callable[..., FlownScenario]) -> Callable[[str], FlownScenario]:
    """Fly a scenario as its file says, once for all tests that ask for it."""
    return functools.cache(fly_anew)


@pytest.fixture(scope="session")
def clean_day(fly: Callable[[str], FlownScenario]) -> FlownScenario:
    """Two orders delivered by two vehicles, nothing wrong."""
    return fly("clean-day")


@pytest.fixture(scope="session")
def document() -> Callable[[str], dict[str, Any]]:
    """A scenario's file as plain values."""

    def content(name: str) -> dict[str, Any]:
        return deepcopy(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))

    return content


@pytest.fixture
def written(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Write a scenario of a test's own beside the days that it names; returns its file."""
    (tmp_path / "meadow").symlink_to(FOLDER / "meadow")

    def write(content: dict[str, Any]) -> Path:
        path = tmp_path / "mine.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.fixture
def stork() -> Callable[..., tuple[int, str]]:
    """Run a `stork` command; returns its exit code and all that it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout + result.stderr

    return run
