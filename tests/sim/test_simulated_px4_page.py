"""docs/simulated-px4.md names tests as its evidence: each of them exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "simulated-px4.md"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def functions_of(path: Path) -> set[str]:
    """Names of all test functions of a file."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_test_that_the_page_names_exists() -> None:
    """Paths count from tests/; whoever renames a test mends the page."""
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert named
    missing = [f"{path}::{name}" for path, name in named if name not in functions_of(ROOT / "tests" / path)]
    assert missing == []


def test_every_row_names_a_test_or_says_that_there_is_none() -> None:
    """The last cell is never empty: a test, or **none** with what is lacking."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|") and not line.startswith(("|---", "| PX4 |"))]
    assert rows
    bare = [row for row in rows if not NAMED.search(row.split("|")[-2]) and "**none**" not in row.split("|")[-2]]
    assert bare == []
