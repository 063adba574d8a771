"""Counting bits: a filter is a row of 64-bit words, and its population is all that Dice needs to know of it.

Bit k of a filter is bit k mod 64 of word k div 64; bits past the filter's length are zero, so that no kernel has to know
the length. A filter of no bits at all is *missing*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray


@intrinsic
def _ctpop(_typing_context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:
    """The LLVM instruction that the compiler turns into the processor's own, one word or eight at a time."""

    def emit(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), emit


@njit(nogil=True, cache=True)
def popcount(word: np.uint64) -> int:
    """Number of ones in a 64-bit word, 0 to 64; for use inside kernels."""
    return np.int64(_ctpop(word))  # type: ignore[call-arg, return-value]  # numba passes the typing context


def counts(filters: NDArray[np.uint64]) -> NDArray[np.int32]:
    """(n,) int32 number of ones of each filter; 0 = missing.

    Args:
        filters: (n, words) uint64.
    """
    return _counts(np.ascontiguousarray(filters))


@njit(nogil=True, cache=True)
def _counts(filters: NDArray[np.uint64]) -> NDArray[np.int32]:
    n, words = filters.shape
    out = np.empty(n, np.int32)
    for row in range(n):
        ones = 0
        for word in range(words):
            ones += popcount(filters[row, word])
        out[row] = ones
    return out
