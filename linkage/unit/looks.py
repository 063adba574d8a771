"""What pairs show under the locks that brought them together, lock by lock and block by block.

For each lock of a pass the columns that it lets be seen are read from front to back, and put in the order of its blocks: then
all pairs of a block are compared while it is in the cache, and no pair has to look for its records. First come the pairs
that the pass proposes, then those of blocks that it left out and another pass proposes. What they show is written down as
one word for each, in the order of the pairs, and in the end each pair is lowered to the best of its words.

What is left to `vectors` are locks that are no pass.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blocking import Blocks, Lists, Pairs, Table, list_lengths
from comparators import Digits, climb_blocks, climb_pairs, digits_of, lower_to
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.executor import Means, Range
from linkage.unit.pairing import Paired, Pairing
from linkage.unit.parquet import as_numbers, numbers
from linkage.unit.vectors import Known, Levels, level_counts
from linkage.unit.views import View

_WORD = 8
_NONE = np.empty(0, np.int64)


class _Look(NamedTuple):
    """Some pairs seen under one lock.

    Attributes:
        token: the lock's place on the token axis.
        view: what it lets be seen.
        left_out: the blocks that the pairs are of, where no pass proposes them for sharing the lock.
        bit: which pass it is that proposes them, or which lock that they share without.
    """

    token: int
    view: View
    left_out: Blocks | None
    bit: int

    def at(self, pairs: Paired) -> NDArray[np.bool_]:
        """(n_pairs,) which pairs these are."""
        these: NDArray[np.bool_] = self.marks(pairs) & np.uint64(1 << self.bit) != 0
        return these

    def marks(self, pairs: Paired) -> NDArray[np.uint64]:
        """(n_pairs,) what has the bit set where a pair is one of these."""
        return pairs.proposed if self.left_out is None else pairs.shared


class _Said(NamedTuple):
    """What was said of the pairs of a look: one Arrow batch of words, in the order of the pairs, and where each part begins."""

    look: _Look
    batch: Callable[[], Any]
    start: NDArray[np.int64]


@dataclass(frozen=True)
class Looks:
    """What was seen of all pairs.

    Attributes:
        digits: how rungs are written.
        said: by the lock's place on the token axis.
    """

    digits: Digits
    said: Mapping[int, tuple[_Said, ...]]

    def known(self, part: int, pairs: Paired) -> Known:
        """What is known of the pairs of a part, given its number."""

        def lowered(token: int, levels: Levels) -> NDArray[np.int64] | None:
            for one in self.said.get(token, ()):
                words = as_numbers(one.batch().column("word"))
                lower_to(levels, one.look.marks(pairs), one.look.bit, self.digits, words[one.start[part] : one.start[part + 1]])
            return _NONE if token in self.said else None

        return lowered


def look(encodings: Encodings, table: Table, pairing: Pairing, protocol: Protocol, means: Means) -> Looks:
    """Compare all pairs by what the locks of passes let be seen.

    Args:
        encodings: of all records.
        table: lists of every pass.
        pairing: all pairs.
        protocol: the agreement.
        means: where it is done; a quarter of the memory is for the columns of the blocks that are compared at a time.
    """
    digits, looks = digits_of(level_counts(protocol)), _looks(pairing)
    most = means.memory // 4

    def looked(first: int, _last: int) -> Any:
        one = looks[first]
        if one.left_out is None:
            words = _of_lists(encodings, table.of(one.bit), one.view, digits, most)
        else:
            words = _of_pairs(encodings, _some(pairing, one), one.left_out, one.view, digits, most)
        return pa.record_batch([numbers(words)], names=["word"])

    each = [Range(number, number + 1) for number in range(len(looks))]
    batches = means.executor.run("look", {"look": looked}, each, means.report) if looks else []
    starts = _starts(pairing, looks)
    said: dict[int, tuple[_Said, ...]] = {}
    for number, one in enumerate(looks):
        told = _Said(one, functools.partial(batches.__getitem__, number), starts[number])
        said[one.token] = (*said.get(one.token, ()), told)
    return Looks(digits, said)


def _looks(pairing: Pairing) -> list[_Look]:
    """Lock by lock."""
    bits = iter(range(len(pairing.locks)))
    looks = []
    for lock in pairing.locks:
        looks += [_Look(lock.token, lock.view, None, place) for place in lock.passes]
        looks += [_Look(lock.token, lock.view, lock.left_out, next(bits))] if lock.left_out else []
    return looks


def _starts(pairing: Pairing, looks: list[_Look]) -> NDArray[np.int64]:
    """(n_looks, n_parts + 1) how many of the pairs of each look stand before each part, and all."""
    counts = np.zeros((len(looks), len(pairing.parts) + 1), np.int64)
    for part, pairs in enumerate(pairing, 1):
        counts[:, part] = [np.count_nonzero(one.at(pairs)) for one in looks]
    return np.cumsum(counts, axis=1)


def _some(pairing: Pairing, one: _Look) -> Pairs:
    """The pairs of a look."""
    found = [(pairs.pairs.left[rows], pairs.pairs.right[rows]) for pairs in pairing for rows in [np.flatnonzero(one.at(pairs))]]
    left, right = (np.concatenate(side) for side in zip(*found, strict=True))
    return Pairs(left, right)


def _of_lists(e: Encodings, lists: Lists, view: View, digits: Digits, memory: int) -> NDArray[Any]:
    """(n_pairs,) what each pair of the lists shows, a few blocks at a time."""
    lengths = list_lengths(lists)
    ends = np.cumsum(lengths, dtype=np.int64)
    words = np.empty(int(ends[-1]) if len(ends) else 0, digits.dtype)
    start = ends - lengths
    last = np.flatnonzero(lists.members < 0)
    for begin, end in _stretches(last + 1, _rows_in(e, view, memory)):
        members = lists.members[begin:end]
        columns, _ = _columns(e, np.maximum(members, ~members), view)
        climb_blocks(columns, members, start, view.shared, view.of_tokens, view.of_filters, digits, words)
    return words


def _of_pairs(e: Encodings, pairs: Pairs, blocks: Blocks, view: View, digits: Digits, memory: int) -> NDArray[Any]:
    """(n_pairs,) what each of these pairs shows, both of whose records are in one of the blocks; a few blocks at a time."""
    words = np.empty(len(pairs.left), digits.dtype)
    members, ends = _inside(blocks, pairs, len(e))
    for begin, end in _stretches(ends, _rows_in(e, view, memory)):
        columns, row = _columns(e, members[begin:end], view)
        some = np.flatnonzero(row[pairs.left] >= 0)
        left, right = row[pairs.left[some]], row[pairs.right[some]]
        climb_pairs(columns, Pairs(left, right), some, view.shared, view.of_tokens, view.of_filters, digits, words)
    return words


def _inside(blocks: Blocks, pairs: Pairs, n: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The records of the blocks that are in any of the pairs, block after block, and where each block ends."""
    inside = np.zeros(n, np.bool_)
    inside[pairs.left] = inside[pairs.right] = True
    there = inside[blocks.records]
    ends: NDArray[np.int64] = np.cumsum(there, dtype=np.int64)[np.cumsum(blocks.sizes) - 1]
    filled = ends[np.diff(ends, prepend=0) > 0]
    return blocks.records[there], filled


def _columns(e: Encodings, members: NDArray[np.int32], view: View) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """What the view lets be seen of these records, row after row, and (n_records,) the row of each, −1 = none."""
    row = np.full(len(e), -1, np.int32)
    row[members] = np.arange(len(members), dtype=np.int32)
    return e.side_by_side(view.tokens, view.filters, row, len(members), len(view.filters)), row


def _rows_in(e: Encodings, view: View, memory: int) -> int:
    """For how many records' columns there is room."""
    return max(1, memory // (_WORD * e.width(view.tokens, view.filters, len(view.filters))))


def _stretches(ends: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Stretches of whole blocks, given where each ends: each of at most so many records, or of one block."""
    begin = 0
    while len(ends) and begin < ends[-1]:
        fitting = int(np.searchsorted(ends, begin + most, side="right"))
        end = int(ends[max(fitting - 1, int(np.searchsorted(ends, begin, side="right")))])
        yield begin, end
        begin = end
