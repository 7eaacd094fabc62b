"""How the code is written: files that can be read at one sitting, functions that fit a screen, names that say what."""

import ast
import re
from pathlib import Path
from typing import Any

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONG_FILES: dict[str, str] = {}
"""Path → why it is longer than `LONGEST_FILE` all the same. Every entry is a debt."""
LONG_FUNCTIONS: dict[str, str] = {}
"""`path::function` → why it is longer than `LONGEST_FUNCTION` all the same."""
EMPTY_NAMES = re.compile(r"(^|_)(helper|helpers|util|utils|misc|manager|managers|common)($|_)")
SHORTEST_DOCSTRING = 20
# Written in parts, so that this file does not contain what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("crates", "io"), ("anaconda", "org"))
)


def test_no_file_is_longer_than_one_sitting(modules: list[Any]) -> None:
    """400 lines is long; a file that needs more is two files."""
    lengths = {module.path: len(module.text.splitlines()) for module in modules}
    long = {path: length for path, length in lengths.items() if length > LONGEST_FILE and path not in LONG_FILES}
    assert long == {}


def test_every_function_fits_a_screen(modules: list[Any]) -> None:
    """60 lines from `def` to the end, its docstring not counted: the contract may be as long as it needs."""
    long = {}
    for module in modules:
        for function in functions_of(module.tree):
            length = lines_without_docstring(function)
            name = f"{module.path}::{function.name}"
            if length > LONGEST_FUNCTION and name not in LONG_FUNCTIONS:
                long[name] = length
    assert long == {}


def functions_of(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the `def` to the last statement, less those of the docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        length -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return length


def test_every_module_says_what_it_is_for(product: list[Any]) -> None:
    """A docstring at the top of every module that is installed."""
    silent = [module.path for module in product if len(ast.get_docstring(module.tree) or "") < SHORTEST_DOCSTRING]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing(modules: list[Any]) -> None:
    """helper, util, misc, manager and common are names for what was not thought through."""
    assert [module.path for module in modules if EMPTY_NAMES.search(Path(module.path).stem)] == []


def test_every_allowance_is_still_needed(modules: list[Any]) -> None:
    """An entry of the lists above whose file or function has become short is taken out."""
    lengths = {module.path: len(module.text.splitlines()) for module in modules}
    assert [path for path in LONG_FILES if lengths.get(path, 0) <= LONGEST_FILE] == []
    functions = {
        f"{module.path}::{function.name}": lines_without_docstring(function)
        for module in modules
        for function in functions_of(module.tree)
    }
    assert [name for name in LONG_FUNCTIONS if functions.get(name, 0) <= LONGEST_FUNCTION] == []


def test_no_tracked_file_names_a_package_registry(tracked_files: list[Path], checkout: Path) -> None:
    """Locked versions come from whatever mirror a machine is set up for; hashes say that they are the same."""
    naming = []
    for path in tracked_files:
        content = path.read_bytes()
        if any(host.encode() in content for host in REGISTRY_HOSTS):
            naming.append(path.relative_to(checkout).as_posix())
    assert naming == []


def test_no_folder_of_tests_is_a_package(tracked_files: list[Path], checkout: Path) -> None:
    """Tests are imported by path: an `__init__.py` would give two files of one name the same module."""
    names = [path.relative_to(checkout).as_posix() for path in tracked_files]
    assert [name for name in names if name.startswith("tests/") and name.endswith("__init__.py")] == []
