"""Columns that lie one behind the other, put side by side: what a kernel reads of a record should be one stretch of memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators.threads import over_slices, read_only

_ROWS_AT_A_TIME = 1 << 12


def put_rows(columns: Sequence[tuple[NDArray[np.uint64], int]], row: NDArray[np.int32], out: NDArray[np.uint64]) -> None:
    """Put the rows of columns where they belong.

    Columns are read from front to back; where a row belongs is anywhere in memory. A few thousand rows are taken at a time, so
    that their places are still in the cache when the next column comes.

    Args:
        columns: (n, words) uint64 each, and the first column of `out` that it goes to.
        row: (n,) the row of `out` for each, none twice; -1: it is left out.
        out: (n_rows, n_columns) uint64, changed in place.

    Raises:
        IndexError: a row or column is not there.
    """
    if (len(row) and row.max() >= len(out)) or any(at + column.shape[1] > out.shape[1] for column, at in columns):
        raise IndexError("a row or column is not there")

    def work(start: int, stop: int) -> None:
        for column, at in columns:
            _put(read_only(column[start:stop]), row[start:stop], out, at)

    over_slices(work, len(row), _ROWS_AT_A_TIME)


@njit(nogil=True, cache=True)
def _put(column: NDArray[np.uint64], row: NDArray[np.int32], out: NDArray[np.uint64], at: int) -> None:
    for record in range(len(row)):
        to = row[record]
        if to >= 0:
            for word in range(column.shape[1]):
                out[to, at + word] = column[record, word]
