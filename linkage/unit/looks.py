"""What pairs show under the locks that brought them together, lock by lock and block by block.

For each lock of a pass the columns that it lets be seen are read from front to back, and put in the order of its blocks: then
all pairs of a block are compared while it is in the cache, and no pair has to look for its records. Behind the blocks
that the pass joins come those that it left out, of which those pairs are compared that anything else proposes. What they
show is written down as one word for each, in the order of the pairs, and in the end each pair is lowered to the best of its words.

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
from comparators import Digits, climb_blocks, climb_pairs, counts_by_bit, digits_of, lower_to, rows_with
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.executor import Means, Range
from linkage.unit.pairing import Lock, Paired, Pairing
from linkage.unit.parquet import as_numbers, numbers
from linkage.unit.vectors import Known, Levels, level_counts
from linkage.unit.views import View

_WORD = 8


class _Look(NamedTuple):
    """A lock, and which pairs are seen under it.

    Attributes:
        lock: the lock.
        shared: which bit of `Paired.shared` stands for it; None where its pass left nothing out.
    """

    lock: Lock
    shared: int | None

    def marks(self, pairs: Paired) -> list[tuple[NDArray[np.uint64], int]]:
        """Bits of the pairs, and which bit stands for: the pass proposes it; it is of a block that was left out."""
        return [(pairs.proposed, self.lock.place), *([] if self.shared is None else [(pairs.shared, self.shared)])]


class _Said(NamedTuple):
    """What was said under a lock.

    Attributes:
        look: the lock, and which pairs.
        batch: gives an Arrow batch of words: those of the pairs that the pass proposes, in order, then those of the others.
        start: (2, n_parts + 1) where the words of each part begin among either, and the end.
    """

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
    said: Mapping[int, _Said]

    def known(self, part: int, pairs: Paired) -> Known:
        """What is known of the pairs of a part, given its number."""

        def lowered(token: int, levels: Levels) -> bool:
            if token not in self.said:
                return False
            one = self.said[token]
            words = as_numbers(one.batch().column("word"))
            for (bits, bit), start in zip(one.look.marks(pairs), one.start, strict=False):
                lower_to(levels, bits, bit, self.digits, words[start[part] : start[part + 1]])
            return True

        return lowered


def look(encodings: Encodings, table: Table, pairing: Pairing, protocol: Protocol, means: Means) -> Looks:
    """Compare all pairs by what the locks of passes let be seen.

    Args:
        encodings: of all records.
        table: lists of every pass.
        pairing: all pairs.
        protocol: the agreement.
        means: where it is done; a third of the memory is for the columns of the blocks that are compared at a time.
    """
    digits, looks = digits_of(level_counts(protocol)), _looks(pairing)
    room = _room(encodings, looks, means.memory // 3)

    def looked(first: int, _last: int) -> Any:
        one = looks[first]
        lists, others = table.of(one.lock.place), _of_left_out(pairing, one)
        return pa.record_batch([numbers(_words(encodings, one.lock, lists, others, digits, room))], names=["word"])

    each = [Range(number, number + 1) for number in range(len(looks))]
    batches = means.executor.run("look", {"look": looked}, each, means.report) if looks else []
    starts = _starts(pairing, looks)
    said = (_Said(one, functools.partial(batches.__getitem__, number), starts[number]) for number, one in enumerate(looks))
    return Looks(digits, {one.look.lock.token: one for one in said})


def _room(e: Encodings, looks: list[_Look], memory: int) -> NDArray[np.uint64]:
    """Memory for the columns of the records that are compared at a time, once for all locks.

    Memory that a machine has given back, as a virtual one does within seconds, it gets again at many times what filling it takes.
    """
    widest = max((_width(e, one.lock.view) for one in looks), default=1)
    return np.empty(max(widest, min(memory // _WORD, widest * len(e))), np.uint64)


def _width(e: Encodings, view: View) -> int:
    """Words of a record under a view."""
    return e.width(view.tokens, view.filters, len(view.filters))


def _looks(pairing: Pairing) -> list[_Look]:
    """Lock by lock."""
    bits = iter(range(len(pairing.locks)))
    return [_Look(lock, next(bits) if lock.left_out else None) for lock in pairing.locks]


def _starts(pairing: Pairing, looks: list[_Look]) -> NDArray[np.int64]:
    """(n_looks, 2, n_parts + 1) see `_Said`."""
    counts = np.zeros((len(looks), 2, len(pairing.parts) + 1), np.int64)
    for part, pairs in enumerate(pairing, 1):
        proposed, shared = counts_by_bit(pairs.proposed), counts_by_bit(pairs.shared)
        for number, one in enumerate(looks):
            counts[number, 0, part] = proposed[one.lock.place]
            counts[number, 1, part] = 0 if one.shared is None else shared[one.shared]
    starts = np.cumsum(counts, axis=2)
    starts[:, 1] += starts[:, 0, -1:]
    return starts


def _of_left_out(pairing: Pairing, one: _Look) -> Pairs:
    """The pairs of blocks that the lock's pass left out."""
    found = [(np.empty(0, np.int32), np.empty(0, np.int32))]
    for pairs in pairing if one.shared is not None else ():
        rows = rows_with(pairs.shared, one.shared or 0)
        found.append((pairs.pairs.left[rows], pairs.pairs.right[rows]))
    left, right = zip(*found, strict=True)
    return Pairs(np.concatenate(left), np.concatenate(right))


def _words(e: Encodings, lock: Lock, lists: Lists, others: Pairs, digits: Digits, room: NDArray[np.uint64]) -> NDArray[Any]:
    """What each pair of the lists shows, then what each of the others does; a few blocks at a time."""
    view, lengths = lock.view, list_lengths(lists)
    start = np.cumsum(lengths, dtype=np.int64) - lengths
    n_listed, n_joined = int(lengths.sum(dtype=np.int64)), len(lists.members)
    words = np.empty(n_listed + len(others.left), digits.dtype)
    apart, ends = _inside(lock.left_out, others, len(e))
    members = np.concatenate([np.maximum(lists.members, ~lists.members), apart])
    blocks = np.concatenate([np.flatnonzero(lists.members < 0) + 1, n_joined + ends])
    tests = view.shared, view.of_tokens, view.of_filters, digits
    for begin, end in _stretches(blocks, len(room) // _width(e, view)):
        columns, row = _columns(e, members[begin:end], view, room)
        joined = min(max(n_joined - begin, 0), end - begin)
        if joined:
            climb_blocks(columns[:joined], lists.members[begin : begin + joined], start, *tests, words)
        if joined < end - begin:
            some = np.flatnonzero(row[others.left] >= joined)
            pairs = Pairs(*(row[side[some]] - np.int32(joined) for side in others))
            climb_pairs(columns[joined:], pairs, n_listed + some, *tests, words)
    return words


def _inside(blocks: Blocks | None, pairs: Pairs, n: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The records of the blocks that are in any of the pairs, block after block, and where each block ends."""
    if blocks is None:
        return np.empty(0, np.int32), np.empty(0, np.int64)
    inside = np.zeros(n, np.bool_)
    inside[pairs.left] = inside[pairs.right] = True
    there = inside[blocks.records]
    ends: NDArray[np.int64] = np.cumsum(there, dtype=np.int64)[np.cumsum(blocks.sizes) - 1]
    filled = ends[np.diff(ends, prepend=0) > 0]
    return blocks.records[there], filled


def _columns(
    e: Encodings, members: NDArray[np.int32], view: View, room: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """What the view lets be seen of these records, row after row, and (n_records,) the row of each, −1 = none."""
    row = np.full(len(e), -1, np.int32)
    row[members] = np.arange(len(members), dtype=np.int32)
    into = room if len(members) * _width(e, view) <= len(room) else None  # a block of its own may be larger
    return e.side_by_side(view.tokens, view.filters, row, len(members), len(view.filters), into), row


def _stretches(ends: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Stretches of whole blocks, given where each ends: each of at most so many records, or of one block."""
    begin = 0
    while len(ends) and begin < ends[-1]:
        fitting = int(np.searchsorted(ends, begin + most, side="right"))
        end = int(ends[max(fitting - 1, int(np.searchsorted(ends, begin, side="right")))])
        yield begin, end
        begin = end
