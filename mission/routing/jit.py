"""Compile scalar loops with Numba where it is installed (extra ``fast``); leave them as they are where not.

Numba keeps machine code in a cache, and makes it anew when the file of the function has changed; but the code holds
what the function calls and reads in other files too. So the cache is in a folder named by the hash of all sources of
this package: after an upgrade no old machine code is found, whatever has changed.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., object])
Answer = TypeVar("Answer")

try:
    import numba

    ACCELERATED = not numba.config.DISABLE_JIT
except ImportError:
    ACCELERATED = False


def fingerprint(folder: Path) -> str:
    """Return a hash of all modules in a folder, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def cache_folder(package: Path, chosen: str) -> Path:
    """Return where machine code made from the present sources is kept.

    Args:
        package: folder of the sources.
        chosen: folder that the user wants caches to be in (``NUMBA_CACHE_DIR``); empty for beside the sources, or in
            the user's cache where those must not be written to.
    """
    base = Path(chosen) if chosen else package / "__pycache__"
    if not chosen and not os.access(base if base.exists() else package, os.W_OK):
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stork"
    return base / f"numba-{fingerprint(package)}"


if ACCELERATED:
    _CACHE_FOLDER = cache_folder(Path(__file__).parent, numba.config.CACHE_DIR)


def jit(function: Function) -> Function:
    """Compile on first call, and keep the machine code in a cache; without Numba return the function."""
    if not ACCELERATED:
        return function
    # Never `forceinline`: Numba 0.68 then drops links found in loops that build lists (longer routes, silently).
    usual = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_CACHE_FOLDER)  # read while the function is decorated, and then no more
    try:
        compiled: Function = numba.njit(cache=True, nogil=True)(function)
    finally:
        numba.config.CACHE_DIR = usual
    return compiled


def bound(function: Callable[..., Answer], *arguments: object) -> Callable[..., Answer]:
    """Return the machine code of a compiled function for arguments of the types that these have.

    Called for long-lived work in microseconds: each call saves finding the types of all arguments anew. Arguments of
    other types are not noticed, and nothing can be said of what comes of them.
    """
    if not ACCELERATED:
        return function
    types = tuple(numba.typeof(argument) for argument in arguments)
    dispatcher: Any = function
    dispatcher.compile(types)
    entry: Callable[..., Answer] = dispatcher.get_overload(types)
    return entry


def indexable(*arrays: NDArray[Any]) -> tuple[Any, ...]:
    """Return arrays in the form that scalar loops index fastest: as they are, or as views where not compiled."""
    return arrays if ACCELERATED else tuple(memoryview(array) for array in arrays)  # type: ignore[arg-type]  # arrays are buffers
