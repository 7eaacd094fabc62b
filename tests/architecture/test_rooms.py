"""Which room may import which: the contracts of pyproject.toml hold, and each of them bites."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MAVSDK_ROOM = "vehicles/mavsdk_"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages of `folder`, by that folder's pyproject.toml."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(
        [*command, "--no-cache", "--no-logo", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_contract_is_kept(checkout: Path) -> None:
    """The arrows point from operations to mission; the verifier is independent; decisions do no input or output."""
    result = lint_imports(checkout)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def hollow(checkout: Path, tmp_path: Path) -> Path:
    """The project with every module emptied: its shape, and none of its imports."""
    for room in ("mission", "vehicles", "sim", "operations"):
        for path in (checkout / room).rglob("*.py"):
            copy = tmp_path / path.relative_to(checkout)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.touch()
    shutil.copy(checkout / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("mission/model/geo.py", "import sim"),
        ("vehicles/__init__.py", "import operations"),
        ("mission/verification/__init__.py", "import mission.routing"),
        ("mission/verification/__init__.py", "import mission.compile"),
        ("mission/model/orders.py", "import numpy"),
        ("sim/__init__.py", "import mavsdk"),
        ("mission/routing/__init__.py", "import asyncio"),
        ("mission/assignment/__init__.py", "import random"),
    ],
)
def test_an_import_against_the_arrows_breaks_a_contract(hollow: Path, module: str, statement: str) -> None:
    """One forbidden import in an otherwise clean project is found, and named."""
    (hollow / module).write_text(statement + "\n")
    result = lint_imports(hollow)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout
    assert statement.removeprefix("import ") in result.stdout


def test_only_the_mavsdk_link_imports_mavsdk(product: list[Any]) -> None:
    """MAVSDK runs in gateway processes; its importers are `vehicles/mavsdk_*.py`, and nobody else."""
    importers = {module.path for module in product if "mavsdk" in imported_roots(module.tree)}
    assert importers
    assert {path for path in importers if not path.startswith(MAVSDK_ROOM)} == set()


def imported_roots(tree: ast.Module) -> set[str]:
    """Top-level names of everything that a module imports, wherever in it."""
    roots: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            roots.add(node.module.split(".")[0])
    return roots
