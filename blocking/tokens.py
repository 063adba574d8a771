"""Blocking on keyed tokens: records that share a token are in one block, and a block proposes all its pairs.

A block of k records costs k(k − 1)/2 pairs, so one common value can cost more than all the others together, and most of
its pairs are strangers. Blocks above a cap are therefore skipped, and what was skipped is counted and handed back: it
is a loss that somebody has to see. Sizes are counted before any pair is made.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking.pairs import Pairs, within


class Skipped(NamedTuple):
    """What the cap on block size left out.

    Attributes:
        blocks: number of blocks above the cap.
        records: number of records in them.
        pairs: number of pairs in them, whether or not another pass proposes them.
    """

    blocks: int
    records: int
    pairs: int


class Blocks(NamedTuple):
    """Blocks of two records and more.

    Attributes:
        records: (m,) int32, block after block, rising in each.
        sizes: (n_blocks,) int64 records in each.
    """

    records: NDArray[np.int32]
    sizes: NDArray[np.int64]

    @property
    def pairs(self) -> int:
        """How many pairs they hold."""
        return int(_pairs_of(self.sizes).sum())

    def parted(self, cap: int) -> tuple[Blocks, Blocks]:
        """Those of at most `cap` records, and those above."""
        above = self.sizes > cap
        if not above.any():
            return self, Blocks(self.records[:0], self.sizes[:0])
        members = np.repeat(above, self.sizes)
        return Blocks(self.records[~members], self.sizes[~above]), Blocks(self.records[members], self.sizes[above])

    def as_skipped(self) -> Skipped:
        """These as what was left out."""
        return Skipped(len(self.sizes), len(self.records), self.pairs)


def cap_for(sizes: NDArray[np.int64], most_pairs: int) -> int:
    """The largest size of a block such that all blocks up to that size together make at most so many pairs.

    They are counted and not made. Blocks of one record make none, so that the cap is at least 1; where all blocks fit, it
    is the size of the largest.

    Args:
        sizes: (n_blocks,) int64 records in each.
        most_pairs: number of pairs, 0 or more.
    """
    blocks = np.bincount(sizes)
    sizes = np.flatnonzero(blocks)
    made = np.cumsum(_pairs_of(sizes) * blocks[sizes])
    return max(1, int(sizes[made <= most_pairs].max(initial=1)))


def token_join(tokens: NDArray[np.uint64], max_block: int) -> tuple[Pairs, Skipped]:
    """All pairs of records that share a token, from blocks up to the cap, and what the cap left out.

    Args:
        tokens: (n,) uint64; 0 = missing, which is shared with nobody.
        max_block: largest block that is joined, in records.
    """
    blocks, above = blocks_of(tokens).parted(max_block)
    return within(blocks.records, blocks.sizes, len(tokens)), above.as_skipped()


def blocks_of(tokens: NDArray[np.uint64]) -> Blocks:
    """The blocks of two records and more that share a token.

    Args:
        tokens: (n,) uint64; 0 = missing, in no block.
    """
    bits = max(len(tokens) - 1, 1).bit_length()
    return Blocks(*_blocks(tokens, np.sort(_keys(tokens, bits)), bits))


def finer(tokens: NDArray[np.uint64], blocks: Blocks, by: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(n,) uint64 tokens that two records share if they are in one of these blocks and share what it is split by.

    Args:
        tokens: (n,) what the records of a block share.
        blocks: those to be split.
        by: (n,) likewise; 0 = missing, which is shared with nobody.
    """
    out = np.zeros_like(tokens)
    _finer(tokens, blocks.records, by, out)
    return out


def _pairs_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs in a block of each size."""
    pairs: NDArray[np.int64] = sizes * (sizes - 1) // 2
    return pairs


@njit(nogil=True, cache=True)
def _mixed(token: np.uint64) -> np.uint64:
    """A hash. Source: Vigna 2015, SplitMix64's finaliser."""
    mixed = (token ^ (token >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@njit(nogil=True, cache=True)
def _finer(tokens: NDArray[np.uint64], records: NDArray[np.int32], by: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    for record in records:
        if by[record]:
            out[record] = _mixed(tokens[record]) ^ by[record]


@njit(nogil=True, cache=True)
def _keys(tokens: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    """(n_there,) uint64 a hash of each token that is there, its last `bits` replaced by the number of its record.

    In order, these are sorted by block and then by record, except that tokens of equal hashes are mixed.
    """
    keys, n_keys = np.empty(len(tokens), np.uint64), 0
    for record in range(len(tokens)):
        if tokens[record]:
            keys[n_keys] = (_mixed(tokens[record]) >> np.uint64(bits) << np.uint64(bits)) | np.uint64(record)
            n_keys += 1
    return keys[:n_keys]


@njit(nogil=True, cache=True)
def _blocks(tokens: NDArray[np.uint64], keys: NDArray[np.uint64], bits: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Records of the blocks of two and more, block after block, and the sizes of these."""
    order, sizes = np.empty(len(keys), np.int32), np.empty(len(keys) // 2, np.int64)
    own = np.empty(len(keys), np.uint64)
    for place in range(len(keys)):
        order[place] = np.int32(keys[place] & np.uint64((1 << bits) - 1))
        own[place] = tokens[order[place]]  # fetched here, where one need not wait for another
    n_order, n_sizes = 0, 0
    start: int = np.int64(0)  # type: ignore[assignment]  # a literal would be a type of its own, and compile by itself
    while start < len(keys):
        stop = start + 1
        while stop < len(keys) and (keys[stop] ^ keys[start]) >> np.uint64(bits) == 0:
            stop += 1
        size = _same_token(own, order, start, stop)
        if size > 1:
            for place in range(start, start + size):
                order[n_order] = order[place]
                n_order += 1
            sizes[n_sizes] = size
            n_sizes += 1
        start += size
    return order[:n_order].copy(), sizes[:n_sizes].copy()


@njit(nogil=True, cache=True)
def _same_token(tokens: NDArray[np.uint64], records: NDArray[np.int32], start: int, stop: int) -> int:
    """How many of the records from `start` up to `stop` have the token of the first.

    They are moved to the front, and both parts stay in order.

    Args:
        tokens: (m,) those of the records, moved with them.
        records: (m,) changed in place.
        start: the first of records with tokens of one hash.
        stop: behind the last of them.
    """
    token, last = tokens[start], start + 1
    while last < stop and tokens[last] == token:
        last += 1
    if last < stop:  # tokens of one hash, one in some millions
        others, their, n_others = np.empty(stop - last, np.int64), np.empty(stop - last, np.uint64), 0
        for place in range(last, stop):
            if tokens[place] == token:
                records[last], tokens[last] = records[place], token
                last += 1
            else:
                others[n_others], their[n_others] = records[place], tokens[place]
                n_others += 1
        for place in range(n_others):
            records[last + place], tokens[last + place] = others[place], their[place]
    return last - start
