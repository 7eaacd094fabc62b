"""Compile scalar loops with Numba where it is installed (extra ``fast``); leave them as they are where not."""

from collections.abc import Callable
from typing import Any, TypeVar

from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., object])
Answer = TypeVar("Answer")

try:
    import numba

    ACCELERATED = not numba.config.DISABLE_JIT
except ImportError:
    ACCELERATED = False


def jit(function: Function) -> Function:
    """Compile on first call, and keep the machine code beside the module; without Numba return the function."""
    if not ACCELERATED:
        return function
    # Never `forceinline`: Numba 0.68 then drops links found in loops that build lists (longer routes, silently).
    compiled: Function = numba.njit(cache=True, nogil=True)(function)
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
