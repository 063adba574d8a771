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
    # Codes mostly come as a few sorted runs end to end, which the stable sort merges instead of sorting anew.
    left, right = np.divmod(_distinct(codes), max(n, 1))
    return Pairs(left.astype(np.int32), right.astype(np.int32))


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
        return _of_rank(_draw(total, count, generator), n)
    kept = np.ones(total, dtype=np.bool_)
    kept[_draw(total, total - count, generator)] = False
    return _of_rank(np.flatnonzero(kept), n)


def _draw(total: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """(count,) int64 distinct numbers below `total`, rising: as many more are drawn as came twice, until none did."""
    drawn = _distinct(generator.integers(total, size=count, dtype=np.int64))
    while len(drawn) < count:
        drawn = _distinct(np.concatenate([drawn, generator.integers(total, size=count - len(drawn), dtype=np.int64)]))
    return drawn


def _distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers, rising, each once: sorting is faster here than the hash table of np.unique."""
    ordered = np.sort(numbers, kind="stable")
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _of_rank(ranks: NDArray[np.int64], n: int) -> Pairs:
    """The pairs that stand at these places, ascending, in the list of all pairs of n records."""
    partners = np.arange(n - 1, -1, -1, dtype=np.int64)
    starts = np.cumsum(partners) - partners
    left = np.searchsorted(starts[: n - 1], ranks, side="right") - 1
    right = ranks - starts[left] + left + 1
    return Pairs(left.astype(np.int32), right.astype(np.int32))
