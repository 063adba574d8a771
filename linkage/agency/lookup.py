"""Look-up in tables of bits: what a value's grams set is an OR of rows, and a record's filter an OR of its values' rows."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators import over_slices

Words = NDArray[np.uint64]
Whole = NDArray[np.int64]
_ROWS = 1 << 14


@njit(nogil=True, cache=True)
def or_rows(table: Words, start: Whole, rows: Whole) -> Words:
    """(n, n_words): for each value the OR of the table's rows named for it, `rows[start[value]]` to before the next one's."""
    out = np.zeros((len(start) - 1, table.shape[1]), np.uint64)
    for value in range(len(out)):
        for place in range(start[value], start[value + 1]):
            for word in range(table.shape[1]):
                out[value, word] |= table[rows[place], word]
    return out


def or_values(table: Words, values: NDArray[np.int32], out: Words) -> None:
    """OR each record's row of the table into its row of `out`, in place.

    Args:
        table: (n_values, n_words).
        values: (n,) the record's value.
        out: (n, n_words).
    """
    over_slices(lambda start, stop: _or_values(table, values[start:stop], out[start:stop]), len(values), _ROWS)


@njit(nogil=True, cache=True)
def _or_values(table: Words, values: NDArray[np.int32], out: Words) -> None:
    for row in range(len(values)):
        for word in range(table.shape[1]):
            out[row, word] |= table[values[row], word]
