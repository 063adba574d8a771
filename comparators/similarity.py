"""How alike two filters are: the Dice coefficient, in whole permille.

Whole numbers, because a level is decided by comparing with a threshold: in floating point the pairs that lie exactly on
the threshold fall on either side of it, and on another side elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators.bits import counts, popcount
from comparators.threads import over_slices

UNDEFINED = -1
_PAIRS_AT_A_TIME = 1 << 16


def dice_permille(
    filters: NDArray[np.uint64], other: NDArray[np.uint64], left: NDArray[np.int32], right: NDArray[np.int32]
) -> NDArray[np.int16]:
    """(n_pairs,) int16 Dice of `filters[left]` with `other[right]`, rounded down to permille, 0 to 1000; −1 = missing.

    A pair is at or above a threshold of t permille exactly if this is at least t.

    Source: Dice 1945, 2|a∧b| / (|a|+|b|); for filters, Schnell, Bachteler & Reiher 2009.

    Args:
        filters: (n, words) uint64; an all-zero row = missing. A column of a larger array may be given as it is.
        other: (n_other, words) uint64; the same array, or another column to compare with (names in swapped order).
        left: (n_pairs,) rows of `filters`.
        right: (n_pairs,) rows of `other`.

    Raises:
        ValueError: the filters differ in words, or the pairs in length.
        IndexError: a pair names a row that is not there.
    """
    _check(filters, other, left, right)
    one = _counted(filters)
    two = one if other is filters else _counted(other)
    out = np.empty(len(left), np.int16)

    def work(start: int, stop: int) -> None:
        _dice_permille(one, two, left[start:stop], right[start:stop], out[start:stop])

    over_slices(work, len(left), _PAIRS_AT_A_TIME)
    return out


class _Counted(NamedTuple):
    """Filters (n, words) uint64 in consecutive memory and their numbers of ones (n,) int32."""

    filters: NDArray[np.uint64]
    ones: NDArray[np.int32]


def _counted(filters: NDArray[np.uint64]) -> _Counted:
    filters = np.ascontiguousarray(filters)
    return _Counted(filters, counts(filters))


def _check(filters: NDArray[np.uint64], other: NDArray[np.uint64], left: NDArray[np.int32], right: NDArray[np.int32]) -> None:
    """Refuse what a kernel, which checks no bounds, would read past."""
    if filters.shape[1] != other.shape[1]:
        raise ValueError(f"filters of {filters.shape[1]} and {other.shape[1]} words cannot be compared")
    if left.shape != right.shape:
        raise ValueError(f"{len(left)} left sides and {len(right)} right sides do not make pairs")
    for side, rows in ((left, len(filters)), (right, len(other))):
        if len(side) and not (side.min() >= 0 and side.max() < rows):
            raise IndexError(f"a pair names a record outside 0 to {rows - 1}")


@njit(nogil=True, cache=True)
def _dice_permille(one: _Counted, two: _Counted, left: NDArray[np.int32], right: NDArray[np.int32], out: NDArray[np.int16]) -> None:
    for pair in range(len(left)):
        a, b = left[pair], right[pair]
        if one.ones[a] == 0 or two.ones[b] == 0:
            out[pair] = UNDEFINED
            continue
        shared = 0
        for word in range(one.filters.shape[1]):
            shared += popcount(one.filters[a, word] & two.filters[b, word])
        out[pair] = 2000 * shared // (np.int64(one.ones[a]) + two.ones[b])
