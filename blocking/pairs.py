"""Pairs of records, each once: two columns of row numbers, left < right, sorted by left and then by right.

Every function here returns pairs in that form and expects it, so two lists of the same pairs are equal arrays. A pair
among n records also has a *code*, left · n + right; codes stand in the same order as pairs and make set operations on
pairs into set operations on numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators import over_slices

_RECORDS_AT_A_TIME = 1 << 18
_NO_MORE = (1 << 63) - 1


class Pairs(NamedTuple):
    """Pairs of records.

    Attributes:
        left: (n_pairs,) int32.
        right: (n_pairs,) int32, each greater than its left.
    """

    left: NDArray[np.int32]
    right: NDArray[np.int32]


def to_codes(pairs: Pairs, n: int) -> NDArray[np.int64]:
    """(n_pairs,) int64 code left · n + right of each pair among n records."""
    return pairs.left.astype(np.int64) * n + pairs.right


def from_codes(codes: NDArray[np.int64], n: int) -> Pairs:
    """The pairs among n records that the codes stand for; codes may come in any order and more than once."""
    # Numpy sorts whole numbers by vector instructions, faster than a stable sort merges even runs that are in order.
    return Pairs(*_apart(np.sort(codes), n))


@njit(nogil=True, cache=True)
def _apart(codes: NDArray[np.int64], n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Left and right of each distinct code; codes ascend."""
    lefts, rights = np.empty(len(codes), np.int32), np.empty(len(codes), np.int32)
    n_pairs, before = 0, np.int64(-1)
    for code in codes:
        if code != before:
            lefts[n_pairs] = code // n
            rights[n_pairs] = code - lefts[n_pairs] * np.int64(n)
            n_pairs, before = n_pairs + 1, code
    return lefts[:n_pairs].copy(), rights[:n_pairs].copy()


def union(several: Sequence[Pairs], n: int) -> Pairs:
    """Every pair that is in at least one of several lists of pairs among n records; merged, because each is in order."""
    if not several:
        return Pairs(np.empty(0, np.int32), np.empty(0, np.int32))
    left, right = (np.concatenate(side) for side in zip(*several, strict=True))
    lengths = np.array([len(pairs.left) for pairs in several])
    begins = np.cumsum(lengths) - lengths

    def work(start: int, stop: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        edges = np.array((start, stop), np.int32)  # of another type, they would have the whole list converted
        cuts = np.array([np.searchsorted(pairs.left, edges) for pairs in several])
        return _merged(left, right, begins + cuts[:, 0], begins + cuts[:, 1])

    lefts, rights = zip(*over_slices(work, max(n, 1), _RECORDS_AT_A_TIME), strict=True)
    return Pairs(np.concatenate(lefts), np.concatenate(rights))


@njit(nogil=True, cache=True)
def _merged(
    left: NDArray[np.int32], right: NDArray[np.int32], at: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The distinct pairs of several stretches of `left` and `right`, from `at` (n_lists,) to `ends` (n_lists,), each in order."""
    heads, least, most = np.empty(len(at), np.int64), _NO_MORE, 0
    for place in range(len(at)):
        heads[place] = _head(left, right, at[place], ends[place])
        least = min(least, heads[place])
        most += ends[place] - at[place]
    lefts, rights, n_pairs = np.empty(most, np.int32), np.empty(most, np.int32), 0
    while least != _NO_MORE:
        lefts[n_pairs], rights[n_pairs] = least >> 32, least & 0xFFFFFFFF
        n_pairs += 1
        following = _NO_MORE
        for place in range(len(at)):
            if heads[place] == least:
                at[place] += 1
                heads[place] = _head(left, right, at[place], ends[place])
            following = min(following, heads[place])
        least = following
    return lefts[:n_pairs].copy(), rights[:n_pairs].copy()


@njit(nogil=True, cache=True)
def _head(left: NDArray[np.int32], right: NDArray[np.int32], at: int, end: int) -> int:
    """The pair at a place as one number, left · 2^32 + right; the largest number past the end."""
    return (np.int64(left[at]) << 32) + right[at] if at < end else _NO_MORE


def all_pairs(n: int) -> Pairs:
    """All n(n − 1)/2 pairs of n records."""
    return complete(np.zeros(n, dtype=np.int8))


def complete(groups: NDArray[np.integer]) -> Pairs:
    """All pairs of records of the same group.

    Args:
        groups: (n,) integers, the group of each record.
    """
    order = np.argsort(groups, kind="stable")
    _, sizes = np.unique(groups, return_counts=True)
    return within(order, sizes, len(groups))


def within(order: NDArray[np.int64], sizes: NDArray[np.int64], n: int) -> Pairs:
    """All pairs within consecutive groups, already in order: no pair is ever sorted.

    Args:
        order: (m,) records, one group after the other, ascending within a group; none twice.
        sizes: (n_groups,) lengths of the groups, in sum m.
        n: number of records; those not in `order` are in no pair.
    """
    return Pairs(*_within(order, sizes, n))


@njit(nogil=True, cache=True)
def _within(order: NDArray[np.int64], sizes: NDArray[np.int64], n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Record after record, the members of its group that come after it."""
    member, place_of, n_pairs, at = np.empty(len(order), np.int32), np.full(n, -1, np.int32), 0, 0
    for size in sizes:
        for place in range(at, at + size):
            member[place] = order[place]
            place_of[order[place]] = place
        at += size
        if size:
            member[at - 1] = ~member[at - 1]  # a negative number ends its group
        n_pairs += size * (size - 1) // 2
    left, right, n_pairs = np.empty(n_pairs, np.int32), np.empty(n_pairs, np.int32), 0
    for record in range(n):
        place = place_of[record]
        while place >= 0 and member[place] >= 0:
            place += 1
            left[n_pairs] = record
            right[n_pairs] = max(member[place], ~member[place])
            n_pairs += 1
    return left, right


def random_pairs(n: int, count: int, seed: int) -> Pairs:
    """Distinct pairs of n records, every set of `count` of them equally likely; the same seed draws the same pairs.

    Args:
        n: number of records.
        count: number of pairs; all there are, if there are fewer.
        seed: of the generator, PCG64.
    """
    total = n * (n - 1) // 2
    if count >= total:
        return all_pairs(n)
    generator = np.random.Generator(np.random.PCG64(seed))
    if 2 * count <= total:
        return _of_rank(np.sort(_draw(total, count, generator)), n)
    kept = np.ones(total, dtype=np.bool_)
    kept[_draw(total, total - count, generator)] = False
    return _of_rank(np.flatnonzero(kept), n)


def _draw(total: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """(count,) int64 distinct numbers below `total`, in the order of their first draw."""
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < count:
        more = generator.integers(total, size=count - len(drawn), dtype=np.int64)
        drawn = np.concatenate([drawn, more])
        _, first = np.unique(drawn, return_index=True)
        drawn = drawn[np.sort(first)]
    return drawn


def _of_rank(ranks: NDArray[np.int64], n: int) -> Pairs:
    """The pairs that stand at these places, ascending, in the list of all pairs of n records."""
    partners = np.arange(n - 1, -1, -1, dtype=np.int64)
    starts = np.cumsum(partners) - partners
    left = np.searchsorted(starts[: n - 1], ranks, side="right") - 1
    right = ranks - starts[left] + left + 1
    return Pairs(left.astype(np.int32), right.astype(np.int32))
