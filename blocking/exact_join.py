"""Every pair of filters that are alike, exactly: no blocking key, and so nothing that blocking could lose.

All pairs are looked at, so the cost is quadratic and everything is laid out for the inner loop. Records are sorted by
their number of ones and cut into tiles of `TILE`; within a tile the words are transposed, so that one word of one record
meets the same word of `TILE` others in consecutive memory, which the compiler turns into vector instructions.

Two things are exact and cheap. The test is in whole numbers: Dice is at least t permille if and only if
2000 |a∧b| ≥ t |a| + t |b|. And a filter shares at most all its ones with a larger one, so if
(2000 − t) |a| < t |b| then the pair, and with sorted tiles everything after it, is out of reach.
Source: length filter, Sehili, Kolb, Borgs, Schnell & Rahm 2015 (P4Join).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking.pairs import Pairs, from_codes
from comparators import counts, over_slices, popcount

TILE = 128
_TILES_AT_A_TIME = 4


class Tiles(NamedTuple):
    """Filters laid out for the join, in order of their number of ones; missing filters are left out.

    A filter's *place* is its rank in that order, tile · TILE + place in the tile. The last tile is filled up with
    zeros, which no threshold calls alike to a filter.

    Attributes:
        words: (n_tiles, n_words, TILE) uint64, transposed within each tile.
        ones: (n_tiles, TILE) int64 number of ones; 0 where filled up.
        fewest: (n_tiles,) int64 smallest number of ones of a filter in the tile.
        most: (n_tiles,) int64 largest number of ones of a filter in the tile.
    """

    words: NDArray[np.uint64]
    ones: NDArray[np.int64]
    fewest: NDArray[np.int64]
    most: NDArray[np.int64]


def dice_join(filters: NDArray[np.uint64], at_least_permille: int) -> Pairs:
    """All pairs of records whose filters have a Dice coefficient of at least the threshold.

    Source: Dice 1945, 2|a∧b| / (|a|+|b|), compared as 2000 |a∧b| ≥ t (|a|+|b|) in whole numbers.

    Args:
        filters: (n, words) uint64; an all-zero row = missing, which is like nothing.
        at_least_permille: threshold t, 1 to 1000; at 0 everything would be alike, and that is `all_pairs`.

    Raises:
        ValueError: the threshold is outside 1 to 1000.
    """
    if not 1 <= at_least_permille <= 1000:
        raise ValueError(f"a Dice threshold of {at_least_permille} permille is outside 1 to 1000")
    ones = counts(filters)
    record = np.argsort(ones, kind="stable")
    record = record[np.count_nonzero(ones == 0) :]
    tiles = _tiles(filters[record], ones[record])

    def work(first: int, last: int) -> NDArray[np.int64]:
        return _join(tiles, first, last, at_least_permille)

    found = over_slices(work, len(tiles.words), _TILES_AT_A_TIME)
    one, other = np.divmod(np.concatenate([np.empty(0, np.int64), *found]), max(tiles.ones.size, 1))
    one, other = record[one], record[other]
    return from_codes(np.minimum(one, other) * len(filters) + np.maximum(one, other), len(filters))


def _tiles(filters: NDArray[np.uint64], ones: NDArray[np.int32]) -> Tiles:
    """Cut filters (n, words), sorted by their number of ones (n,), into tiles."""
    n_tiles = -(-len(filters) // TILE)
    filled = np.zeros((n_tiles * TILE, filters.shape[1]), dtype=np.uint64)
    filled[: len(filters)] = filters
    words = filled.reshape(n_tiles, TILE, filters.shape[1]).transpose(0, 2, 1)
    tiled = np.zeros((n_tiles, TILE), dtype=np.int64)
    tiled.reshape(-1)[: len(ones)] = ones
    return Tiles(np.ascontiguousarray(words), tiled, tiled[:, 0].copy(), tiled.max(axis=1, initial=0))


@njit(nogil=True, cache=True)
def _join(tiles: Tiles, first: int, last: int, permille: int) -> NDArray[np.int64]:
    """(n_found,) int64 pairs alike as place · places + other place, the earlier place in tiles `first` up to `last`."""
    found = np.empty(TILE, np.int64)
    n_found = 0
    shared, alike = np.empty(TILE, np.int64), np.empty(TILE, np.bool_)
    for mine in range(first, last):
        reach = (2000 - permille) * tiles.most[mine]
        for theirs in range(mine, len(tiles.words)):
            if permille * tiles.fewest[theirs] > reach:
                break
            for row in range(TILE):
                own = tiles.ones[mine, row]
                if own == 0:
                    break
                _count_shared(tiles.words[mine, :, row], tiles.words[theirs], shared)
                if _mark_alike(shared, own, tiles.ones[theirs], permille, alike):
                    found = _with_room(found, n_found + TILE)
                    code = (mine * TILE + row) * tiles.ones.size + theirs * TILE
                    n_found = _collect(alike, row + 1 if mine == theirs else 0, code, found, n_found)
    return found[:n_found].copy()


@njit(nogil=True, cache=True)
def _count_shared(row: NDArray[np.uint64], words: NDArray[np.uint64], shared: NDArray[np.int64]) -> None:
    """Set `shared` (TILE,) to the ones that a filter (n_words,) has in common with each of a tile (n_words, TILE)."""
    shared.fill(0)
    for word in range(len(row)):
        mine = row[word]
        theirs = words[word]
        for place in range(TILE):
            shared[place] += popcount(mine & theirs[place])


@njit(nogil=True, cache=True)
def _mark_alike(shared: NDArray[np.int64], own: int, ones: NDArray[np.int64], permille: int, alike: NDArray[np.bool_]) -> bool:
    """Set `alike` (TILE,) and say whether anything is: no branch inside, because almost always nothing is."""
    n_alike = 0
    for place in range(TILE):
        alike[place] = 2000 * shared[place] >= permille * (own + ones[place])
        n_alike += alike[place]
    return n_alike > 0


@njit(nogil=True, cache=True)
def _collect(alike: NDArray[np.bool_], start: int, code: int, found: NDArray[np.int64], n_found: int) -> int:
    """Append `code + place` to `found` for each place from `start` on that is alike; the new number found."""
    for place in range(start, TILE):
        if alike[place]:
            found[n_found] = code + place
            n_found += 1
    return n_found


@njit(nogil=True, cache=True)
def _with_room(found: NDArray[np.int64], needed: int) -> NDArray[np.int64]:
    """The same array, or one at least twice as long that begins with it, if it is shorter than needed."""
    if needed <= len(found):
        return found
    longer = np.empty(max(needed, 2 * len(found)), np.int64)
    for place in range(len(found)):  # a slice assignment would do the same, and compile for two seconds
        longer[place] = found[place]
    return longer
