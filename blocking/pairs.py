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
    """Every pair that is in at least one of several lists of pairs among n records."""
    return from_codes(np.concatenate([np.empty(0, np.int64), *(to_codes(pairs, n) for pairs in several)]), n)


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
    ends = np.repeat(np.cumsum(sizes), sizes)
    partners = np.zeros(n, dtype=np.int64)
    partners[order] = ends - np.arange(1, len(order) + 1)
    starts = np.cumsum(partners) - partners
    left = np.repeat(np.arange(n, dtype=np.int32), partners)
    return Pairs(left, _later_members(order, ends, starts, len(left)))


@njit(nogil=True, cache=True)
def _later_members(order: NDArray[np.int64], ends: NDArray[np.int64], starts: NDArray[np.int64], n_pairs: int) -> NDArray[np.int32]:
    """(n_pairs,) int32: from `starts[record]` on, the members of the record's group after it."""
    right = np.empty(n_pairs, np.int32)
    for place in range(len(order)):
        at = starts[order[place]]
        for later in range(place + 1, ends[place]):
            right[at] = order[later]
            at += 1
    return right


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
