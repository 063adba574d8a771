"""Groups of records and what stands between the records of each, laid out flat, so that one kernel walks over all of them.

A group is a handful of records that could be one person or several. Everything that decides is between two records of one
group: a weight, and marks that say what must be together and what cannot be. A kernel takes them group by group and sets up
small square tables for each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking import Pairs, complete

# What is marked between two records of a group.
MUST, CANNOT, CONTRADICT = np.int8(1), np.int8(2), np.int8(4)


class Groups(NamedTuple):
    """Groups of at least two records.

    Attributes:
        members: (m,) int32 records, group after group, rising within each.
        start: (n_groups + 1,) int64 where each group's members begin; the last is m.
        one, other: (n_pairs,) int32 places of a pair's records within their group, one < other; group after group.
        first: (n_groups + 1,) int64 where each group's pairs begin; the last is n_pairs.
    """

    members: NDArray[np.int32]
    start: NDArray[np.int64]
    one: NDArray[np.int32]
    other: NDArray[np.int32]
    first: NDArray[np.int64]


def gathered(groups: NDArray[np.int32]) -> tuple[Groups, Pairs]:
    """Groups of two and more, in the order of their numbers, and all pairs within them, in the same order.

    Args:
        groups: (n_records,) number of each record's group; records of a negative one are in none.
    """
    sizes = np.bincount(groups[groups >= 0], minlength=1)
    inside = np.flatnonzero((groups >= 0) & (sizes[np.maximum(groups, 0)] > 1)).astype(np.int32)
    members = inside[np.argsort(groups[inside], kind="stable")]
    several = sizes[sizes > 1]
    start = np.concatenate([[0], np.cumsum(several)])
    first = np.concatenate([[0], np.cumsum(several * (several - 1) // 2)])
    # In the order of members, complete() gives pairs sorted by group and then by place.
    flat = complete(np.repeat(np.arange(len(several), dtype=np.int32), several))
    base = np.repeat(start[:-1], several)[flat.left].astype(np.int32)
    made = Groups(members, start, flat.left - base, flat.right - base, first)
    return made, Pairs(members[flat.left], members[flat.right])


@njit(nogil=True, cache=True)
def bars(
    groups: Groups, group: int, marks: NDArray[np.int8], must: NDArray[np.bool_], cannot: NDArray[np.bool_]
) -> None:  # pragma: no cover - compiled
    """Set what must be together and what cannot be in one group; 'same', and chains of it, overrule a contradiction.

    Args:
        groups: all groups.
        group: number of the group.
        marks: (n_pairs,) sums of `MUST`, `CANNOT` and `CONTRADICT`.
        must: (k, k), all false.
        cannot: (k, k), all false.
    """
    size = len(must)
    chain = np.arange(size)
    for pair in range(groups.first[group], groups.first[group + 1]):
        if marks[pair] & MUST:
            a, b = groups.one[pair], groups.other[pair]
            must[a, b] = must[b, a] = True
            low, high = min(chain[a], chain[b]), max(chain[a], chain[b])
            for member in range(size):
                if chain[member] == high:
                    chain[member] = low
    for pair in range(groups.first[group], groups.first[group + 1]):
        a, b = groups.one[pair], groups.other[pair]
        if marks[pair] & CANNOT or (marks[pair] & CONTRADICT and chain[a] != chain[b]):
            cannot[a, b] = cannot[b, a] = True


@njit(nogil=True, cache=True)
def square(groups: Groups, group: int, values: NDArray[np.int64], out: NDArray[np.int64]) -> None:  # pragma: no cover - compiled
    """Set a symmetric (k, k) table of the values between the records of one group; its diagonal is left as it is."""
    for pair in range(groups.first[group], groups.first[group + 1]):
        a, b = groups.one[pair], groups.other[pair]
        out[a, b] = out[b, a] = values[pair]
