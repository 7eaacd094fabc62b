"""Compile scalar loops with Numba where it is installed (extra ``fast``); leave them as they are where not."""

from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])

try:
    import numba

    ACCELERATED = not numba.config.DISABLE_JIT
except ImportError:
    ACCELERATED = False


def jit(function: Function) -> Function:
    """Compile on first call, and keep the machine code beside the module; without Numba return the function."""
    if not ACCELERATED:
        return function
    compiled: Function = numba.njit(cache=True, nogil=True)(function)
    return compiled
