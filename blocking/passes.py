"""Candidate pairs of many passes at once: each pair once, with the passes that propose it.

A pass is a way of writing down, for every record, the later records that it is proposed with: in a block of records that
share a token they are those behind it. So nothing needs to be sorted as a whole: record by record, the short rising lists
of all passes are merged, and a pair that stands in several of them gets a bit for each. Memory is what the passes take to
write down, three numbers for each record, and the pairs themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking.pairs import Pairs
from blocking.tokens import Skipped, blocks_of
from comparators import over_slices

MOST_PASSES = 64
_MOST_MEMBERS = np.iinfo(np.int32).max
_RECORDS_AT_A_TIME = 1 << 12


class Lists(NamedTuple):
    """What one pass proposes: for each record a stretch of `members`, rising, all greater than the record.

    Attributes:
        start, stop: (n,) int32 stretch of each record; empty where the two are equal.
        members: (m,) int32 records.
    """

    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    members: NDArray[np.int32]


def lists_of_token(tokens: NDArray[np.uint64], max_block: int) -> tuple[Lists, Skipped]:
    """What sharing a token proposes, from blocks up to the cap, and what the cap left out.

    Args:
        tokens: (n,) uint64; 0 = missing, which is shared with nobody.
        max_block: largest block that is joined, in records.
    """
    order, sizes, skipped = blocks_of(tokens, max_block)
    members = order.astype(np.int32)
    start, stop = (np.zeros(len(tokens), np.int32) for _ in range(2))
    start[members] = np.arange(1, len(members) + 1)
    stop[members] = np.repeat(np.cumsum(sizes), sizes)
    return Lists(start, stop, members), skipped


def lists_of_pairs(pairs: Pairs, n: int) -> Lists:
    """Pairs that were found in another way, as a pass."""
    ends = np.searchsorted(pairs.left, np.arange(n + 1, dtype=np.int32))
    return Lists(ends[:-1].astype(np.int32), ends[1:].astype(np.int32), pairs.right)


class Table(NamedTuple):
    """The lists of several passes in one.

    Attributes:
        start, stop: (n, n_passes) int32 stretches of the members.
        members: (m,) int32 the members of all passes end to end.
    """

    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    members: NDArray[np.int32]


def side_by_side(passes: Sequence[Lists], n: int) -> Table:
    """The passes over n records as one table.

    Raises:
        ValueError: there are more passes than a pair has bits for, or more members than can be numbered.
    """
    if len(passes) > MOST_PASSES:
        raise ValueError(f"{len(passes)} passes, at most {MOST_PASSES} can be told apart")
    if sum(len(one.members) for one in passes) > _MOST_MEMBERS:
        raise ValueError(f"blocks of all passes have more than {_MOST_MEMBERS} members")
    offsets = np.cumsum([0, *(len(one.members) for one in passes)])
    start, stop = (np.empty((n, len(passes)), np.int32) for _ in range(2))
    for place, one in enumerate(passes):
        start[:, place], stop[:, place] = one.start + offsets[place], one.stop + offsets[place]
    return Table(start, stop, np.concatenate([np.empty(0, np.int32), *(one.members for one in passes)]))


def merged(table: Table, first: int, last: int) -> tuple[Pairs, NDArray[np.uint64]]:
    """Every pair proposed with a left record from `first` up to `last`, sorted, and the passes that propose each.

    Args:
        table: of all passes.
        first: first of the left records.
        last: behind the last of them.

    Returns:
        The pairs, and (n_pairs,) uint64 whose bit k says that pass k proposes it.
    """

    def work(start: int, stop: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint64]]:
        return _merge(table, first + start, first + stop)

    found = over_slices(work, last - first, _RECORDS_AT_A_TIME)
    none = (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint64))
    left, right, bits = (np.concatenate(column) for column in zip(none, *found, strict=True))
    return Pairs(left, right), bits


@njit(nogil=True, cache=True)
def _merge(table: Table, first: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint64]]:
    most = 0
    for record in range(first, last):
        most += (table.stop[record] - table.start[record]).sum()
    left, right, bits = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.uint64)
    passes = table.start.shape[1]
    at, stop, bit = np.empty(passes, np.int64), np.empty(passes, np.int64), np.empty(passes, np.uint64)
    n_found = 0
    for record in range(first, last):
        lists = _open_lists(table, record, at, stop, bit)
        while lists:
            partner = _smallest(table.members, at, lists)
            left[n_found], right[n_found] = record, partner
            bits[n_found], lists = _take(table.members, at, stop, bit, lists, partner)
            n_found += 1
    return left[:n_found].copy(), right[:n_found].copy(), bits[:n_found].copy()


@njit(nogil=True, cache=True)
def _open_lists(table: Table, record: int, at: NDArray[np.int64], stop: NDArray[np.int64], bit: NDArray[np.uint64]) -> int:
    """Put the record's lists that hold anything side by side; how many these are."""
    lists = 0
    for one in range(table.start.shape[1]):
        at[lists], stop[lists], bit[lists] = table.start[record, one], table.stop[record, one], np.uint64(1) << np.uint64(one)
        lists += table.start[record, one] < table.stop[record, one]
    return lists


@njit(nogil=True, cache=True)
def _smallest(members: NDArray[np.int32], at: NDArray[np.int64], lists: int) -> np.int32:
    """The smallest record that any list has next."""
    smallest: np.int32 = members[at[0]]
    for one in range(1, lists):
        smallest = min(smallest, members[at[one]])
    return smallest


@njit(nogil=True, cache=True)
def _take(
    members: NDArray[np.int32],
    at: NDArray[np.int64],
    stop: NDArray[np.int64],
    bit: NDArray[np.uint64],
    lists: int,
    partner: np.int32,
) -> tuple[np.uint64, int]:
    """Pass over a record in every list that has it next: the bits of these, and how many lists are not yet at their ends."""
    found, still = np.uint64(0), 0
    for one in range(lists):
        here = members[at[one]] == partner
        if here:
            found |= bit[one]
        at[still], stop[still], bit[still] = at[one] + here, stop[one], bit[one]
        still += at[still] < stop[still]
    return found, still
