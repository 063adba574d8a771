"""Pairs of records, each once: two columns of row numbers, left < right, sorted by left and then by right.

Every function here returns pairs in that form and expects it, so two lists of the same pairs are equal arrays. A pair
among n records also has a *code*, left · n + right; codes stand in the same order as pairs and make set operations on
pairs into set operations on numbers.
"""

from __future__ import annotations

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


def all_pairs(n: int) -> Pairs:
    """All n(n − 1)/2 pairs of n records."""
    return complete(np.zeros(n, dtype=np.int8))


def complete(groups: NDArray[np.integer]) -> Pairs:
    """All pairs of records of the same group.

    Args:
        groups: (n,) integers, the group of each record.
    """
    order = np.argsort(groups, kind="stable").astype(np.int32)
    _, sizes = np.unique(groups, return_counts=True)
    return within(order, sizes, len(groups))


def within(order: NDArray[np.int32], sizes: NDArray[np.int64], n: int) -> Pairs:
    """All pairs within consecutive groups, already in order: no pair is ever sorted.

    Args:
        order: (m,) int32 records, one group after the other, ascending within a group; none twice.
        sizes: (n_groups,) lengths of the groups, in sum m.
        n: number of records; those not in `order` are in no pair.
    """
    return Pairs(*_within(order, sizes, n))


@njit(nogil=True, cache=True)
def _within(order: NDArray[np.int32], sizes: NDArray[np.int64], n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
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
        return _of_rank(_draw(total, count, generator), n)
    kept = np.ones(total, dtype=np.bool_)
    kept[_draw(total, total - count, generator)] = False
    return _of_rank(np.flatnonzero(kept), n)


def _draw(total: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """(count,) int64 distinct numbers below `total`, rising: as many more are drawn as came twice, until none did."""
    # Sorting is faster here than the hash table of np.unique.
    drawn = _each_once(np.sort(generator.integers(total, size=count, dtype=np.int64)))
    while len(drawn) < count:
        more = np.sort(generator.integers(total, size=count - len(drawn), dtype=np.int64))
        drawn = _each_once(np.insert(drawn, np.searchsorted(drawn, more), more))
    return drawn


@njit(nogil=True, cache=True)
def _each_once(ordered: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct ones of numbers that ascend from 0 or more."""
    out, n_out, before = np.empty(len(ordered), np.int64), 0, np.int64(-1)
    for number in ordered:
        if number != before:
            out[n_out] = number
            n_out, before = n_out + 1, number
    return out[:n_out].copy()


@njit(nogil=True, cache=True)
def _of_rank(ranks: NDArray[np.int64], n: int) -> Pairs:
    """The pairs that stand at these places, ascending, in the list of all pairs of n records."""
    lefts, rights = np.empty(len(ranks), np.int32), np.empty(len(ranks), np.int32)
    left, start = 0, np.int64(0)
    for at in range(len(ranks)):
        while ranks[at] - start >= n - 1 - left:
            start += n - 1 - left
            left += 1
        lefts[at], rights[at] = left, ranks[at] - start + left + 1
    return Pairs(lefts, rights)


def found_among(some: Pairs, others: Pairs) -> NDArray[np.bool_]:
    """(n_some,) whether each pair is one of others."""
    found = np.zeros(len(some.left), np.bool_)
    if len(others.left):
        first, last = np.searchsorted(some.left, others.left[0]), np.searchsorted(some.left, others.left[-1], side="right")
        _mark(some.left[first:last], some.right[first:last], others.left, others.right, found[first:last])
    return found


@njit(nogil=True, cache=True)
def _mark(
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    lefts: NDArray[np.int32],
    rights: NDArray[np.int32],
    found: NDArray[np.bool_],
) -> None:
    """Walk along both lists, which ascend, and mark the pairs of the first that stand in the second."""
    at = 0
    for one in range(len(left)):
        while at < len(lefts) and (lefts[at] < left[one] or (lefts[at] == left[one] and rights[at] < right[one])):
            at += 1
        found[one] = at < len(lefts) and lefts[at] == left[one] and rights[at] == right[one]
