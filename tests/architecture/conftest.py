"""What the tests of the project's shape look at: its tracked files and its modules."""

import ast
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("mission", "vehicles", "sim", "operations")


@dataclass(frozen=True)
class Module:
    """A Python file of the project: its path from the checkout's root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The folder at the root in which it lives."""
        return self.path.split("/", maxsplit=1)[0]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    """Every file that belongs to the project, ignored ones left out; needs git and a checkout."""
    git = shutil.which("git")
    if git is None or not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to the project is not known")
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    names = [name for name in listing.stdout.decode().split("\0") if name]
    return [CHECKOUT / name for name in names if (CHECKOUT / name).is_file()]


@pytest.fixture(scope="session")
def modules(tracked_files: list[Path]) -> list[Module]:
    """Every Python file of the project."""
    found = []
    for path in tracked_files:
        if path.suffix == ".py":
            text = path.read_text(encoding="utf-8")
            found.append(Module(path.relative_to(CHECKOUT).as_posix(), text, ast.parse(text)))
    return found


@pytest.fixture(scope="session")
def product(modules: list[Module]) -> list[Module]:
    """The modules that are installed."""
    return [module for module in modules if module.room in PACKAGES]
