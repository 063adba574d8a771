"""All pairs that are proposed, part by part, before they are compared: who proposes each, and which locks it shares besides.

A pass brings together records that share a lock, and what it proposes is seen under that lock. Two records of a block
that the pass left out share its lock, too: if another pass proposes them, they are to be seen under both. So the blocks
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
        passes: places of the passes over its blocks and over their pieces.
        view: what it lets be seen.
        left_out: the blocks that its pass left out; None where it left out none.
    """

    token: int
    passes: tuple[int, ...]
    view: View
    left_out: Blocks | None


class Paired(NamedTuple):
    """Pairs of one part.

    Attributes:
        pairs: sorted, left < right.
        proposed: (n_pairs,) uint64, bit k set where pass k proposed the pair.
        shared: (n_pairs,) uint64, bit k set where both records are in one block that the pass of the k-th lock left out, and no
            pass over its pieces proposed them.
    """

    pairs: Pairs
    proposed: NDArray[np.uint64]
    shared: NDArray[np.uint64]


@dataclass(frozen=True)
class Pairing:
    """All pairs, part by part.

    Attributes:
        locks: those of passes; bits of `Paired.shared` stand for those of them that left blocks out, in this order.
        parts: of the records on the left.
        batches: one Arrow batch for each part; no more than one is in memory at a time, where they are kept elsewhere.
    """

    locks: tuple[Lock, ...]
    parts: Sequence[Range]
    batches: Sequence[Any]

    def of(self, part: int) -> Paired:
        """The pairs of a part, given its number."""
        left, right, proposed, shared = (as_numbers(self.batches[part].column(name)) for name in _COLUMNS)
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
    block, together = _left_out(locks, len(proposals.table.proposed))
    parts = ranges(proposals, means.memory // 2 // BYTES_PER_PAIR)

    def paired(first: int, last: int) -> Any:
        pairs, proposed = pairs_of(proposals, first, last)
        columns = (*pairs, proposed, groups_in_common(block, *pairs, proposed, together))
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
    passes: dict[int, tuple[int, ...]] = {}
    for place, token in proposals.tokens.items():
        passes[token] = (*passes.get(token, ()), place)
    return tuple(
        Lock(token, places, seen[token], proposals.left_out.get(places[0])) for token, places in passes.items() if token in seen
    )


def _left_out(locks: Sequence[Lock], n: int) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    """Of the locks whose passes left blocks out: (n, n_locks) number of each record's block, −1 = none; bits of their passes."""
    some = [(lock.left_out, lock.passes) for lock in locks if lock.left_out]
    block = np.full((n, len(some)), -1, np.int32)
    for column, (blocks, _) in enumerate(some):
        block[blocks.records, column] = np.repeat(np.arange(len(blocks.sizes), dtype=np.int32), blocks.sizes)
    return block, np.array([sum(1 << place for place in passes) for _, passes in some], np.uint64)
