"""Blocking on keyed tokens: records that share a token are in one block, and a block proposes all its pairs.

A block of k records costs k(k − 1)/2 pairs, so one common value can cost more than all the others together, and most of
its pairs are strangers. Blocks above a cap are therefore skipped, and what was skipped is counted and handed back: it
is a loss that somebody has to see. Sizes are counted before any pair is made.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking.pairs import Pairs, within

_KEYS_IN_A_PART, _MOST_PARTS = 10, 13  # bits


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
    keys, start = _keys(tokens, bits, min(max(bits - _KEYS_IN_A_PART, 0), _MOST_PARTS))
    for begin, end in itertools.pairwise(start.tolist()):
        keys[begin:end].sort()  # in the cache: of ten million a third of the time that all at once take
    return Blocks(*_blocks(tokens, keys, bits))


def pieces_of(blocks: Blocks, by: NDArray[np.uint64]) -> Blocks:
    """What blocks fall into where only records stay together that share one thing more; pieces of one record are none.

    Args:
        blocks: those to be split.
        by: (n,) uint64 what they are split by, of every record; 0 = missing, which is shared with nobody.
    """
    return Blocks(*_pieces(blocks.records, blocks.sizes, by))


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
def _keys(tokens: NDArray[np.uint64], bits: int, parts: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """(n_there,) uint64 a hash of each token that is there, its last `bits` replaced by the number of its record; parted.

    In order, these are sorted by block and then by record, except that tokens of equal hashes are mixed.

    Args:
        tokens: (n,) uint64; 0 = missing.
        bits: so many have room for the number of any record.
        parts: the first so many bits are those of a key's part, and parts stand in order; the second array is where each begins,
            and the last ends.
    """
    start, shift = np.zeros((1 << parts) + 1, np.int64), np.uint64(63 - parts)  # one bit less, for there may be none
    for token in tokens:
        if token:
            start[(_mixed(token) >> np.uint64(1) >> shift) + np.uint64(1)] += 1
    for part in range(1 << parts):
        start[part + 1] += start[part]
    keys, at = np.empty(start[-1], np.uint64), start[:-1].copy()
    for record in range(len(tokens)):
        if tokens[record]:
            mixed = _mixed(tokens[record])
            to = mixed >> np.uint64(1) >> shift
            keys[at[to]] = (mixed >> np.uint64(bits) << np.uint64(bits)) | np.uint64(record)
            at[to] += 1
    return keys, start


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


@njit(nogil=True, cache=True)
def _pieces(
    records: NDArray[np.int32], sizes: NDArray[np.int64], by: NDArray[np.uint64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Records of the pieces of two and more, piece after piece, and the sizes of these; each block is sorted in the cache."""
    own = np.empty(len(records), np.uint64)
    for place in range(len(records)):
        own[place] = by[records[place]]
    largest = np.int64(0)
    for size in sizes:
        largest = max(largest, size)
    order, out, n_order, n_out = np.empty(len(records), np.int32), np.empty(len(records) // 2, np.int64), 0, 0
    tokens, rows = np.empty((2, largest), np.uint64), np.empty((2, largest), np.int32)
    start = np.int64(0)
    for size in sizes:
        there = 0
        for place in range(start, start + size):
            tokens[0, there], rows[0, there] = own[place], records[place]
            there += own[place] != 0
        side, begin = _sorted_side(tokens, rows, there), 0
        for end in range(1, there + 1):
            if end < there and tokens[side, end] == tokens[side, begin]:
                continue
            if end - begin > 1:
                for place in range(begin, end):
                    order[n_order] = rows[side, place]
                    n_order += 1
                out[n_out] = end - begin
                n_out += 1
            begin = end
        start += size
    return order[:n_order].copy(), out[:n_out].copy()


@njit(nogil=True, cache=True)
def _sorted_side(tokens: NDArray[np.uint64], rows: NDArray[np.int32], n: int) -> int:
    """Sort n rows by their tokens, equal ones staying in order; which side they are on at the end: runs are merged to and fro.

    Args:
        tokens: (2, at least n); they stand on side 0.
        rows: the same shape; moved with them.
        n: how many.
    """
    side, run = 0, 1
    while run < n:
        for begin in range(0, n, 2 * run):
            one, other = begin, min(begin + run, n)
            middle, end = other, min(begin + 2 * run, n)
            for to in range(begin, end):
                first = other >= end or (one < middle and tokens[side, one] <= tokens[side, other])
                at = one if first else other
                tokens[1 - side, to], rows[1 - side, to] = tokens[side, at], rows[side, at]
                one, other = one + first, other + (not first)
        side, run = 1 - side, 2 * run
    return side
