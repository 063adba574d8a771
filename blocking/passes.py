"""Candidate pairs of many passes at once: each pair once, with the passes that propose it.

A pass is a way of writing down, for every record, the later records that it is proposed with: in a block of records that
share a token they are those behind it. So nothing needs to be sorted as a whole: record by record, the short rising lists
of all passes are merged, and a pair that stands in several of them gets a bit for each. Memory is what the passes take to
write down, two numbers for each record, and the pairs themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking.pairs import Pairs
from blocking.tokens import Blocks
from comparators import over_slices

MOST_PASSES = 64
_RECORDS_AT_A_TIME = 1 << 12


class Lists(NamedTuple):
    """What one pass proposes: for each record a stretch of `members`, rising, all greater than the record.

    Attributes:
        place: (n,) int32 where each record's stretch begins; -1: nobody is proposed with it.
        members: (m,) int32 records; the last of a stretch as its complement, which is negative.
    """

    place: NDArray[np.int32]
    members: NDArray[np.int32]


def lists_of_blocks(blocks: Blocks, n: int) -> Lists:
    """What blocks propose, each all its pairs; the members lie block after block.

    Args:
        blocks: no record in two of them.
        n: number of records.
    """
    members, place = blocks.records.copy(), np.full(n, -1, np.int32)
    ends = np.cumsum(blocks.sizes)
    members[ends - 1] = ~members[ends - 1]
    place[blocks.records[:-1]] = np.arange(1, len(members), dtype=np.int32)
    place[blocks.records[ends - 1]] = -1
    return Lists(place, members)


def lists_of_pairs(pairs: Pairs, n: int) -> Lists:
    """Pairs that were found in another way, as a pass."""
    ends = np.searchsorted(pairs.left, np.arange(n + 1, dtype=np.int32)).astype(np.int32)
    members = pairs.right.copy()
    last = ends[1:][ends[1:] > ends[:-1]] - 1
    members[last] = ~members[last]
    return Lists(np.where(ends[1:] > ends[:-1], ends[:-1], np.int32(-1)), members)


def list_lengths(lists: Lists) -> NDArray[np.int32]:
    """(n,) int32 how many records are proposed with each."""
    return _lengths(lists.place, lists.members)


@njit(nogil=True, cache=True)
def _lengths(place: NDArray[np.int32], members: NDArray[np.int32]) -> NDArray[np.int32]:
    still, lengths = np.empty(len(members), np.int32), np.zeros(len(place), np.int32)
    for at in range(len(members) - 1, -1, -1):
        still[at] = 1 if members[at] < 0 else still[at + 1] + 1
    for record in range(len(place)):
        if place[record] >= 0:
            lengths[record] = still[place[record]]
    return lengths


class Table(NamedTuple):
    """The lists of several passes in one.

    Attributes:
        place: (n_passes, n) int32, as those of `Lists`, each counted from the beginning of its own pass.
        members: (m,) int32 the members of all passes end to end.
        start: (n_passes + 1,) int64 where those of each pass begin.
        pairs: (n_passes,) int64 how many pairs each proposes.
        proposed: (n,) int64 how many pairs are proposed with each record on the left, a pair counting for each pass.
    """

    place: NDArray[np.int32]
    members: NDArray[np.int32]
    start: NDArray[np.int64]
    pairs: NDArray[np.int64]
    proposed: NDArray[np.int64]

    def of(self, one: int) -> Lists:
        """The lists of one pass."""
        return Lists(self.place[one], self.members[self.start[one] : self.start[one + 1]])


def side_by_side(passes: Iterable[Lists], several: int, n: int) -> Table:
    """The passes over n records as one table, into which each is written as it comes.

    Args:
        passes: up to as many as `several` says, each of no more members than there are records, or of more if it is the last.
        several: for how many passes there is room.
        n: number of records.

    Raises:
        ValueError: there are more passes than a pair has bits for.
    """
    if several > MOST_PASSES:
        raise ValueError(f"{several} passes, at most {MOST_PASSES} can be told apart")
    place, start, pairs = np.empty((several, n), np.int32), np.zeros(several + 1, np.int64), np.zeros(several, np.int64)
    members, proposed = np.empty(several * n, np.int32), np.zeros(n, np.int64)  # memory that nothing is written to costs nothing
    made = 0
    for one, lists in enumerate(passes):
        start[one + 1] = start[one] + len(lists.members)
        if start[one + 1] > len(members):  # of a join
            members = np.concatenate([members[: start[one]], np.empty(len(lists.members) + several * n, np.int32)])
        place[one], members[start[one] : start[one + 1]] = lists.place, lists.members
        lengths = list_lengths(lists)
        pairs[one] = lengths.sum(dtype=np.int64)
        proposed += lengths
        made = one + 1
    return Table(place[:made], members[: start[made]], start[: made + 1], pairs[:made], proposed)


def merged(table: Table, first: int, last: int) -> tuple[Pairs, NDArray[np.uint64]]:
    """Every pair proposed with a left record from `first` up to `last`, sorted, and the passes that propose each.

    Args:
        table: of all passes.
        first: first of the left records.
        last: behind the last of them.

    Returns:
        The pairs, and (n_pairs,) uint64 whose bit k says that pass k proposes it.
    """
    room = np.concatenate([[0], np.cumsum(table.proposed[first:last])])
    columns = np.empty(room[-1], np.int32), np.empty(room[-1], np.int32), np.empty(room[-1], np.uint64)

    def work(start: int, stop: int) -> int:
        return _merge(table, first + start, first + stop, *(column[room[start] : room[stop]] for column in columns))

    several = over_slices(work, last - first, _RECORDS_AT_A_TIME)
    ends = np.cumsum([0, *several]).tolist()
    # What pairs of several passes left free behind each slice is closed up.
    for number, begin in enumerate(room[: last - first : _RECORDS_AT_A_TIME].tolist()):
        for column in columns:
            column[ends[number] : ends[number + 1]] = column[begin : begin + several[number]]
    left, right, bits = (column[: ends[-1]] for column in columns)
    return Pairs(left, right), bits


@njit(nogil=True, cache=True)
def _merge(table: Table, first: int, last: int, left: NDArray[np.int32], right: NDArray[np.int32], bits: NDArray[np.uint64]) -> int:
    """Write down the pairs, for which there is room; how many they are."""
    at, bit = np.empty(len(table.place), np.int64), np.empty(len(table.place), np.uint64)
    n_found = 0
    for record in range(first, last):
        lists = _open_lists(table, record, at, bit)
        while lists:
            partner = _smallest(table.members, at, lists)
            left[n_found], right[n_found] = record, partner
            bits[n_found], lists = _take(table.members, at, bit, lists, partner)
            n_found += 1
    return n_found


@njit(nogil=True, cache=True)
def _open_lists(table: Table, record: int, at: NDArray[np.int64], bit: NDArray[np.uint64]) -> int:
    """Put the record's lists that hold anything side by side; how many these are."""
    lists = 0
    for one in range(len(table.place)):
        place = table.place[one, record]
        if place >= 0:
            at[lists], bit[lists] = table.start[one] + place, np.uint64(1) << np.uint64(one)
            lists += 1
    return lists


@njit(nogil=True, cache=True)
def _smallest(members: NDArray[np.int32], at: NDArray[np.int64], lists: int) -> np.int32:
    """The smallest record that any list has next."""
    smallest: np.int32 = max(members[at[0]], ~members[at[0]])
    for one in range(1, lists):
        smallest = min(smallest, max(members[at[one]], ~members[at[one]]))
    return smallest


@njit(nogil=True, cache=True)
def _take(
    members: NDArray[np.int32], at: NDArray[np.int64], bit: NDArray[np.uint64], lists: int, partner: np.int32
) -> tuple[np.uint64, int]:
    """Pass over a record in every list that has it next: the bits of these, and how many lists are not yet at their ends."""
    found, still = np.uint64(0), 0
    for one in range(lists):
        next_one, here = members[at[one]], False
        if max(next_one, ~next_one) == partner:
            found |= bit[one]
            here = True
        at[still], bit[still] = at[one] + here, bit[one]
        still += not (here and next_one < 0)
    return found, still
