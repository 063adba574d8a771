"""Keystreams over copies: the kernels of `locks`.

The copies of some rows lie column by column in one array of words: a copy of w words begins at its place there, and has
w words for each row. An all-zero copy is *missing* and stays so until the gaps are filled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linkage.agency.keccak import LANES, STATE, absorb, squeeze

Words = NDArray[np.uint64]
Rows = NDArray[np.int64]


class Places(NamedTuple):
    """Where some of the copies lie, in order.

    Attributes:
        start: (n_copies,) int64, place of the first row's first word.
        width: (n_copies,) int64, words of a row.
    """

    start: Rows
    width: Rows


@njit(nogil=True, cache=True)
def lay_masks(words: Words, places: Places, rows: Rows, seeds: Words) -> None:
    """XOR each row's keystream over its copies, of which each uses up its width; what is missing stays all zero.

    Args:
        words: all copies of all rows.
        places: of the copies under one lock.
        rows: (n_open,) the rows that have the lock.
        seeds: (n_open, 4) uint64, seed of each one's keystream.
    """
    total = places.width.sum()
    state, streams = np.empty(STATE, np.uint64), np.empty(total * LANES, np.uint64)
    for first in range(0, len(rows), LANES):
        absorb(seeds, first, state)
        squeeze(state, total, streams)
        used = 0
        for copy in range(len(places.start)):
            start, width = places.start[copy], places.width[copy]
            for lane in range(min(LANES, len(rows) - first)):
                begin = start + rows[first + lane] * width
                if _there(words, begin, width):
                    for word in range(width):
                        words[begin + word] ^= streams[used + word * LANES + lane]
            used += width * LANES


@njit(nogil=True, cache=True)
def close(words: Words, places: Places, rows: Rows) -> None:
    """Make the copies of rows that lack the lock all zero."""
    for copy in range(len(places.start)):
        for row in rows:
            begin = places.start[copy] + row * places.width[copy]
            for word in range(places.width[copy]):
                words[begin + word] = 0


@njit(nogil=True, cache=True)
def fill_gaps(words: Words, places: Places, seeds: Words) -> None:
    """Put each row's keystream where its copies are missing, in order, as much of it as the row lacks.

    Copy by copy, not row by row: a row's copies lie far from each other, eight rows of a copy beside each other.

    Args:
        words: all copies of all rows.
        places: of the copies whose gaps are filled.
        seeds: (n, 4) uint64, seed of each row's keystream.
    """
    state, streams = np.empty(STATE, np.uint64), np.empty(places.width.sum() * LANES, np.uint64)
    lacking, used = np.empty((len(places.start), LANES), np.bool_), np.empty(LANES, np.int64)
    for first in range(0, len(seeds), LANES):
        lanes = min(LANES, len(seeds) - first)
        absorb(seeds, first, state)
        squeeze(state, _find_gaps(words, places, first, lanes, lacking), streams)
        for lane in range(lanes):
            used[lane] = lane
        for copy in range(len(places.start)):
            start, width = places.start[copy], places.width[copy]
            for lane in range(lanes):
                if lacking[copy, lane]:
                    begin = start + (first + lane) * width
                    for word in range(width):
                        words[begin + word] = streams[used[lane] + word * LANES]
                    used[lane] += width * LANES


@njit(nogil=True, cache=True)
def _find_gaps(words: Words, places: Places, first: int, lanes: int, lacking: NDArray[np.bool_]) -> int:
    """Mark the missing copies of some rows; the words that the row which lacks most of them lacks."""
    needed = np.zeros(LANES, np.int64)
    for copy in range(len(places.start)):
        start, width = places.start[copy], places.width[copy]
        for lane in range(lanes):
            lacking[copy, lane] = not _there(words, start + (first + lane) * width, width)
            needed[lane] += width * lacking[copy, lane]
    return int(needed.max())


@njit(nogil=True, cache=True)
def _there(words: Words, begin: int, width: int) -> bool:
    together = np.uint64(0)
    for word in range(width):
        together |= words[begin + word]
    return bool(together)
