"""Copies under keystreams: the kernel of `locks`, which takes rows as they are within and leaves them as they leave.

A few rows go through all of it before the next ones are touched, so that what is written stays in the processor's cache until
its gaps are filled. The copies of a list lie column by column in one array of words, a row's words of a copy beside each other.
An all-zero copy is *missing*.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linkage.agency.keccak import LANES, STATE, absorb, squeeze

Words = NDArray[np.uint64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
_TILE = 128  # rows, a multiple of the lanes


class Plan(NamedTuple):
    """The copies of a row by number, in the order of the protocol's axes: filters, then tokens.

    Attributes:
        width: (n_copies,) int64 words of each.
        before: (n_copies,) int64 words of those before it.
        source: (n_copies,) int64 where it begins among the words within.
        filled: (n_copies,) bool, whether a gap is filled; else it stays all zero.
        order: (n_copies,) int64, the copies lock by lock, each lock's in the order in which its mask is dealt out among them; at
            the end those that are under none.
        bounds: (n_locks + 2,) int64 where those of each lock begin in `order`, then those under none, and the end.
    """

    width: Whole
    before: Whole
    source: Whole
    filled: Flags
    order: Whole
    bounds: Whole


class Within(NamedTuple):
    """Some rows before they are masked.

    Attributes:
        words: (n, n_words) uint64, what copies are made of, all-zero = missing.
        opened: (n_locks, n) bool, which rows have the lock; what is under a lock that a row lacks is missing.
        seeds: (n_opened, 4) uint64, seeds of the masks, lock by lock, of the rows that have it.
        fill: (n, 4) uint64, seeds of what gaps are filled with.
    """

    words: Words
    opened: Flags
    seeds: Words
    fill: Words


@njit(nogil=True, cache=True)
def lay_copies(plan: Plan, rows: Within, first: int, total: int, out: Words) -> None:
    """Every copy of these rows as it leaves.

    A row's keystream under a lock is used up by all copies under it, missing or not; the one that fills gaps only by gaps.

    Args:
        plan: the copies.
        rows: the rows.
        first: number of the first of them among those that `out` holds.
        total: rows that `out` holds.
        out: (total · words of a row,) uint64.
    """
    state, streams = np.empty(STATE, np.uint64), np.empty(plan.width.sum() * LANES, np.uint64)
    gaps, some = np.empty((len(plan.width), _TILE), np.bool_), np.empty(_TILE, np.int64)
    n_locks, n = rows.opened.shape
    seed = np.zeros(n_locks, np.int64)
    for lock in range(n_locks - 1):
        seed[lock + 1] = seed[lock] + rows.opened[lock].sum()
    for begin in range(0, n, _TILE):
        end = min(begin + _TILE, n)
        gaps[:] = True
        for lock in range(n_locks):
            several = 0
            for row in range(begin, end):
                some[several] = row
                several += rows.opened[lock, row]
            _lay_masks(plan, rows, lock, some[:several], seed[lock], begin, first, total, out, state, streams, gaps)
            seed[lock] += several
        _lay_open(plan, rows.words, begin, end, first, total, out, gaps)
        _fill(plan, rows.fill, begin, end, first, total, out, state, streams, gaps)


@njit(nogil=True, cache=True)
def _lay_masks(
    plan: Plan, rows: Within, lock: int, some: Whole, seed: int, begin: int, first: int, total: int, out: Words, state: Words,
    streams: Words, gaps: Flags,
) -> None:  # fmt: skip
    """The copies under one lock of rows that have it, eight at a time."""
    here = plan.order[plan.bounds[lock] : plan.bounds[lock + 1]]
    needed = plan.width[here].sum()
    for eight in range(0, len(some), LANES):
        absorb(rows.seeds, seed + eight, state)
        squeeze(state, needed, streams)
        used = 0
        for copy in here:
            width, source, start = plan.width[copy], plan.source[copy], total * plan.before[copy]
            for lane in range(min(LANES, len(some) - eight)):
                row = some[eight + lane]
                left, place = np.uint64(0), start + (first + row) * width
                if _there(rows.words, row, source, width):
                    for word in range(width):
                        masked = rows.words[row, source + word] ^ streams[used + word * LANES + lane]
                        out[place + word] = masked
                        left |= masked
                gaps[copy, row - begin] = left == 0
            used += width * LANES


@njit(nogil=True, cache=True)
def _lay_open(plan: Plan, words: Words, begin: int, end: int, first: int, total: int, out: Words, gaps: Flags) -> None:
    """The copies that are under no lock."""
    for copy in plan.order[plan.bounds[-2] :]:
        width, source, start = plan.width[copy], plan.source[copy], total * plan.before[copy]
        for row in range(begin, end):
            if _there(words, row, source, width):
                gaps[copy, row - begin] = False
                place = start + (first + row) * width
                for word in range(width):
                    out[place + word] = words[row, source + word]


@njit(nogil=True, cache=True)
def _fill(
    plan: Plan, seeds: Words, begin: int, end: int, first: int, total: int, out: Words, state: Words, streams: Words, gaps: Flags
) -> None:
    """Each row's keystream where its copies are missing, in order, as much of it as the row lacks; zeros where none is filled."""
    used = np.empty(LANES, np.int64)
    for eight in range(begin, end, LANES):
        lanes = min(LANES, end - eight)
        absorb(seeds, eight, state)
        squeeze(state, _most_lacking(plan, gaps[:, eight - begin : eight - begin + lanes]), streams)
        for lane in range(lanes):
            used[lane] = lane
        for copy in range(len(plan.width)):
            width, start = plan.width[copy], total * plan.before[copy]
            for lane in range(lanes):
                if gaps[copy, eight - begin + lane]:
                    place = start + (first + eight + lane) * width
                    for word in range(width):
                        out[place + word] = streams[used[lane] + word * LANES] if plan.filled[copy] else np.uint64(0)
                    used[lane] += width * LANES * plan.filled[copy]


@njit(nogil=True, cache=True)
def _most_lacking(plan: Plan, gaps: Flags) -> int:
    """The words that the row with most gaps needs to fill them."""
    most = 0
    for lane in range(gaps.shape[1]):
        needed = 0
        for copy in range(len(plan.width)):
            needed += plan.width[copy] * (gaps[copy, lane] and plan.filled[copy])
        most = max(most, needed)
    return most


@njit(nogil=True, cache=True)
def _there(words: Words, row: int, source: int, width: int) -> bool:
    together = np.uint64(0)
    for word in range(source, source + width):
        together |= words[row, word]
    return bool(together)
