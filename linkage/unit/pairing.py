"""All pairs that are proposed, part by part, before they are compared: who proposes each, and which locks it shares besides.

A pass brings together records that share a lock, and what it proposes is seen under that lock. Two records of a block
that the pass left out share its lock, too: if anything else proposes them, they are to be seen under it. So the blocks
that were left out are numbered, and a pair that is proposed is marked where both its records are in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blocking import Blocks, Pairs
from comparators import digits_of, groups_in_common
from linkage.protocol import Protocol
from linkage.unit.candidates import Proposals, pairs_of
from linkage.unit.executor import Means, Range
from linkage.unit.parquet import as_numbers, numbers
from linkage.unit.vectors import level_counts
from linkage.unit.views import View, views

BYTES_PER_PAIR = 128
_COLUMNS = ("left", "right", "proposed", "shared")


class Lock(NamedTuple):
    """A lock that the pairs of passes share.

    Attributes:
        token: its place on the token axis.
        place: that of the pass.
        view: what it lets be seen.
        left_out: the blocks that the pass left out; None where it left out none.
    """

    token: int
    place: int
    view: View
    left_out: Blocks | None


class Paired(NamedTuple):
    """Pairs of one part.

    Attributes:
        pairs: sorted, left < right.
        proposed: (n_pairs,) uint64, bit k set where pass k proposed the pair.
        shared: (n_pairs,) uint64, bit k set where both records are in one block that was left out by the k-th pass that left out
            any, of those whose tokens are locks.
    """

    pairs: Pairs
    proposed: NDArray[np.uint64]
    shared: NDArray[np.uint64]


@dataclass(frozen=True)
class Pairing:
    """All pairs, part by part.

    Attributes:
        locks: those of passes, in the order of these.
        parts: of the records on the left.
        batches: one Arrow batch for each part; no more than one is in memory at a time, where they are kept elsewhere.
    """

    locks: tuple[Lock, ...]
    parts: Sequence[Range]
    batches: Sequence[Any]

    def of(self, part: int) -> Paired:
        """The pairs of a part, given its number."""
        batch = self.batches[part]
        left, right, proposed, shared = (as_numbers(batch.column(name)) for name in _COLUMNS)
        return Paired(Pairs(left, right), proposed, shared)

    def __iter__(self) -> Iterator[Paired]:
        """Those of each part."""
        return map(self.of, range(len(self.parts)))


def pair_all(proposals: Proposals, protocol: Protocol, means: Means) -> Pairing:
    """Make every pair that is proposed.

    Args:
        proposals: of every pass and join.
        protocol: the agreement.
        means: where it is done; half of the memory is for the pairs of one part, now and while they are compared.
    """
    locks = _locks(proposals, protocol)
    block = _left_out(locks, len(proposals.table.proposed))
    parts = ranges(proposals, means.memory // 2 // BYTES_PER_PAIR)

    def paired(first: int, last: int) -> Any:
        pairs, proposed = pairs_of(proposals, first, last)
        columns = (*pairs, proposed, groups_in_common(block, *pairs))
        return pa.record_batch([numbers(column) for column in columns], names=list(_COLUMNS))

    return Pairing(locks, parts, means.executor.run("pair", {"pair": paired}, parts, means.report))


def ranges(proposals: Proposals, most: int) -> list[Range]:
    """Records cut into runs of whom at most so many pairs are proposed, or of one record; at least one run."""
    ends = np.concatenate([[0], np.cumsum(proposals.table.proposed)])
    found: list[Range] = []
    first, n = 0, len(proposals.table.proposed)
    while first < n or not found:
        last = max(int(np.searchsorted(ends, ends[first] + most, side="right")) - 1, min(first + 1, n))
        found.append(Range(first, last))
        first = last
    return found


def _locks(proposals: Proposals, protocol: Protocol) -> tuple[Lock, ...]:
    """In the order of their passes; none where what a pair shows is too much for a word."""
    if not digits_of(level_counts(protocol)).fit:
        return ()
    seen = {view.lock[0]: view for view in views(protocol, locked=True) if len(view.lock) == 1}
    first: dict[int, int] = {}
    for place, token in proposals.tokens.items():
        first.setdefault(token, place)
    locks = ((token, place) for token, place in first.items() if token in seen)
    return tuple(Lock(token, place, seen[token], proposals.left_out.get(place)) for token, place in locks)


def _left_out(locks: Sequence[Lock], n: int) -> NDArray[np.int32]:
    """(n, n_locks) number of each record's block, of the locks whose passes left blocks out; −1 = in none of them."""
    some = [lock.left_out for lock in locks if lock.left_out]
    block = np.full((n, len(some)), -1, np.int32)
    for column, blocks in enumerate(some):
        block[blocks.records, column] = np.repeat(np.arange(len(blocks.sizes), dtype=np.int32), blocks.sizes)
    return block
