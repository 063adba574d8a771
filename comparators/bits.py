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

from comparators.threads import over_slices, read_only

_ROWS, _WORDS = 1 << 12, 1 << 16


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


def counts_by_bit(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(64,) int64 how many of the words have each bit.

    Args:
        words: (n,) uint64.
    """
    slices = over_slices(lambda start, stop: _counts_by_bit(read_only(words[start:stop])), len(words), _WORDS)
    return np.sum(slices, axis=0) if slices else np.zeros(64, np.int64)


@njit(nogil=True, cache=True)
def _counts_by_bit(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    found = np.zeros(64, np.int64)
    for word in words:
        left = word
        while left:  # from the lowest one to the highest: most words have one or two
            found[popcount((left & (~left + np.uint64(1))) - np.uint64(1))] += 1
            left &= left - np.uint64(1)
    return found


def rows_with(words: NDArray[np.uint64], bit: int) -> NDArray[np.int64]:
    """(n_with,) int64, rising: the rows of the words that have a bit.

    Args:
        words: (n,) uint64.
        bit: 0 to 63.
    """
    mask, several = np.uint64(1 << bit), read_only(words)
    found = over_slices(lambda start, stop: start + _rows_with(several[start:stop], mask), len(words), _WORDS)
    return np.concatenate([np.empty(0, np.int64), *found])


@njit(nogil=True, cache=True)
def _rows_with(words: NDArray[np.uint64], mask: np.uint64) -> NDArray[np.int64]:
    rows, n_rows = np.empty(len(words), np.int64), 0
    for row in range(len(words)):
        rows[n_rows] = row
        n_rows += words[row] & mask != 0
    return rows[:n_rows].copy()


def parities(filters: NDArray[np.uint64], sets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(n, n_sets / 64) uint64: bit s of a row is the parity of those of its bits that set s names.

    Records are taken 64 at a time and turned on their side, so that one word holds one bit of all of them.

    Args:
        filters: (n, words) uint64.
        sets: (n_sets, size) int64 bit positions; the number of sets is a multiple of 64.
    """
    out = np.empty((len(filters), len(sets) // 64), np.uint64)
    source = np.ascontiguousarray(filters)
    over_slices(lambda start, stop: _parities(source[start:stop], sets, out[start:stop]), len(filters), _ROWS)
    return out


@njit(nogil=True, cache=True)
def _parities(filters: NDArray[np.uint64], sets: NDArray[np.int64], out: NDArray[np.uint64]) -> None:
    inner, outer = np.empty(64 * filters.shape[1], np.uint64), np.empty(len(sets), np.uint64)
    block = np.empty(64, np.uint64)
    for start in range(0, len(filters), 64):
        rows = min(64, len(filters) - start)
        for word in range(filters.shape[1]):
            for row in range(64):
                block[row] = filters[start + row, word] if row < rows else np.uint64(0)
            _turn(block)
            for row in range(64):
                inner[64 * word + row] = block[row]
        for one in range(len(sets)):
            parity = np.uint64(0)
            for place in range(sets.shape[1]):
                parity ^= inner[sets[one, place]]
            outer[one] = parity
        for word in range(out.shape[1]):
            for row in range(64):
                block[row] = outer[64 * word + row]
            _turn(block)
            for row in range(rows):
                out[start + row, word] = block[row]


@njit(nogil=True, cache=True)
def _turn(block: NDArray[np.uint64]) -> None:
    """Transpose a block of 64 words as a 64 × 64 matrix of bits, in place.

    Source: Warren, Hacker's Delight, section 7-3, for 64 bits.
    """
    width = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while width:
        row = 0
        while row < 64:
            swapped = ((block[row] >> np.uint64(width)) ^ block[row + width]) & mask
            block[row] ^= swapped << np.uint64(width)
            block[row + width] ^= swapped
            row = (row + width + 1) & ~width
        width >>= 1
        mask ^= mask << np.uint64(width)
