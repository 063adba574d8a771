"""Copies under keystreams: the kernel of `locks`, which takes rows as they are within and leaves them as they leave.

A few rows go through all of it before the next ones are touched, so that what is written stays in the processor's cache until
its gaps are filled; of these rows each word of a copy is a loop over rows that knows no cases, so that the compiler makes vectors
of it. What copies are made of, and the copies, lie column by column, a row's words of a column beside each other.
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
_NONE, _ALL = np.uint64(0), np.uint64(2**64 - 1)


class Plan(NamedTuple):
    """The copies of a row by number, in the order of the protocol's axes: filters, then tokens.

    Attributes:
        width: (n_copies,) int64 words of each.
        before: (n_copies,) int64 words of those before it.
        source: (n_copies,) int64 which column within it is made of.
        filled: (n_copies,) bool, whether a gap is filled; else it stays all zero.
        order: (n_copies,) int64, the copies lock by lock, each lock's in the order in which its mask is dealt out among them; at
            the end those that are under none.
        bounds: (n_locks + 2,) int64 where those of each lock begin in `order`, then those under none, and the end.
        within: (n_sources + 1,) int64, words of all columns within before each, and of all.
    """

    width: Whole
    before: Whole
    source: Whole
    filled: Flags
    order: Whole
    bounds: Whole
    within: Whole


class Within(NamedTuple):
    """Some rows before they are masked.

    Attributes:
        words: (n · n_words,) uint64, what copies are made of, all-zero = missing.
        opened: (n_locks, n) bool, which rows have the lock; what is under a lock that a row lacks is missing.
        seeds: (n_opened, 4) uint64, seeds of the masks, lock by lock, of the rows that have it.
        fill: (n, 4) uint64, seeds of what gaps are filled with.
    """

    words: Words
    opened: Flags
    seeds: Words
    fill: Words


class _Tile(NamedTuple):
    """Room for what is known of a few rows.

    Attributes:
        state: of sponges.
        streams: as many words as all copies of the rows have.
        there: (n_sources, rows) uint64, all ones where the row has the column, else zero.
        shown: (rows,) uint64, the same of one column under one lock.
        left: (rows,) uint64, whether anything of a copy is not zero.
        gaps: (n_copies, rows) bool.
    """

    state: Words
    streams: Words
    there: Words
    shown: Words
    left: Words
    gaps: Flags


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
    n_locks, n = rows.opened.shape
    tile = _Tile(
        np.empty(STATE, np.uint64),
        np.empty(_TILE * plan.width.sum(), np.uint64),
        np.empty((len(plan.within) - 1, _TILE), np.uint64),
        np.empty(_TILE, np.uint64),
        np.empty(_TILE, np.uint64),
        np.empty((len(plan.width), _TILE), np.bool_),
    )
    seed = np.zeros(n_locks, np.int64)
    for lock in range(n_locks - 1):
        seed[lock + 1] = seed[lock] + rows.opened[lock].sum()
    for begin in range(0, n, _TILE):
        end = min(begin + _TILE, n)
        _look(plan, rows.words, begin, end, n, tile)
        for lock in range(n_locks):
            opened = np.flatnonzero(rows.opened[lock, begin:end])
            _draw(plan, lock, rows.seeds[seed[lock] : seed[lock] + len(opened)], opened, tile)
            seed[lock] += len(opened)
            _lay(plan, rows, lock, begin, end, first, total, out, tile)
        _lay(plan, rows, n_locks, begin, end, first, total, out, tile)
        _fill(plan, rows.fill[begin:end], first + begin, total, out, tile)


@njit(nogil=True, cache=True)
def _look(plan: Plan, words: Words, begin: int, end: int, n: int, tile: _Tile) -> None:
    """Which columns the rows have."""
    for source in range(len(tile.there)):
        width, found = plan.within[source + 1] - plan.within[source], tile.there[source]
        found[:] = 0
        for word in range(width):
            some = words[n * plan.within[source] + begin * width + word : n * plan.within[source] + end * width : width]
            for row in range(end - begin):
                found[row] |= some[row]
        for row in range(end - begin):
            found[row] = _ALL if found[row] else _NONE


@njit(nogil=True, cache=True)
def _draw(plan: Plan, lock: int, seeds: Words, opened: Whole, tile: _Tile) -> None:
    """The keystreams under a lock of the rows that have it, each word of all rows beside each other."""
    needed = plan.width[plan.order[plan.bounds[lock] : plan.bounds[lock + 1]]].sum()
    for one in range(0, len(opened), LANES):
        absorb(seeds, one, tile.state)
        squeeze(tile.state, needed, opened[one : one + LANES], _TILE, tile.streams)


@njit(nogil=True, cache=True)
def _lay(plan: Plan, rows: Within, lock: int, begin: int, end: int, first: int, total: int, out: Words, tile: _Tile) -> None:
    """The copies under one lock, or, at the end, those under none, masked where the row has both lock and column."""
    n_locks, n = rows.opened.shape
    used, several = 0, end - begin
    for copy in plan.order[plan.bounds[lock] : plan.bounds[lock + 1]]:
        width, source, there = plan.width[copy], n * plan.within[plan.source[copy]], tile.there[plan.source[copy]]
        start = total * plan.before[copy]
        for row in range(several):
            tile.left[row] = 0
            tile.shown[row] = there[row] if lock == n_locks or rows.opened[lock, begin + row] else _NONE
        for word in range(width):
            within = rows.words[source + begin * width + word : source + end * width : width]
            leaves = out[start + (first + begin) * width + word : start + (first + end) * width : width]
            stream = tile.streams[used * _TILE : (used + 1) * _TILE]
            used += 1
            for row in range(several):
                masked = (within[row] ^ (stream[row] if lock < n_locks else np.uint64(0))) & tile.shown[row]
                leaves[row] = masked
                tile.left[row] |= masked
        for row in range(several):
            tile.gaps[copy, row] = tile.left[row] == 0


@njit(nogil=True, cache=True)
def _fill(plan: Plan, seeds: Words, first: int, total: int, out: Words, tile: _Tile) -> None:
    """Each row's keystream where its copies are missing, in order, as much of it as the row lacks."""
    several, words = len(seeds), plan.width.sum()
    used = np.zeros(_TILE, np.int64)
    for copy in np.flatnonzero(plan.filled):
        for row in range(several):
            used[row] += plan.width[copy] * tile.gaps[copy, row]
    for one in range(0, several, LANES):
        absorb(seeds, one, tile.state)
        squeeze(tile.state, used[one : one + LANES].max(), words * np.arange(one, min(one + LANES, several)), 1, tile.streams)
    for row in range(several):
        used[row] = words * row
    for copy in np.flatnonzero(plan.filled):
        width, start = plan.width[copy], total * plan.before[copy]
        for row in range(several):
            if tile.gaps[copy, row]:
                for word in range(width):
                    out[start + (first + row) * width + word] = tile.streams[used[row] + word]
                used[row] += width
