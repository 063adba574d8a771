"""Which pairs are worth comparing: the union of keyed blocking passes and, for small inputs, of exact filter joins.

A pass proposes every pair that shares a token; a block larger than the cap would propose mostly strangers, so it is
left out, counted and reported, as are the largest blocks of a pass that would propose more pairs than the protocol allows.
A join looks at all pairs and needs no blocking key, which is why it can find a pair that every pass misses; its cost is
quadratic, so the protocol says up to how many records it is run.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blocking import Lists, Pairs, Skipped, Table, cap_for, dice_join, lists_of_pairs, lists_of_token, merged, side_by_side
from linkage.protocol import Protocol
from linkage.records import Encodings


@dataclass(frozen=True)
class Pass:
    """What one pass or join brought.

    Attributes:
        name: the token, or the joined filters.
        pairs: pairs that it proposed.
        blocks_left_out, records_left_out, pairs_left_out: what the cap on block size kept out.
    """

    name: str
    pairs: int
    blocks_left_out: int = 0
    records_left_out: int = 0
    pairs_left_out: int = 0


@dataclass(frozen=True)
class Candidates:
    """Candidate pairs and how they came about.

    Attributes:
        pairs: sorted, unique, left < right.
        passes: one entry per pass and join, in the protocol's order.
        proposed: (n_pairs,) uint64, bit k set where pass k of `passes` proposed the pair.
    """

    pairs: Pairs
    passes: tuple[Pass, ...]
    proposed: NDArray[np.uint64]

    def by(self, place: int) -> NDArray[np.bool_]:
        """(n_pairs,) whether the pass at this place proposed the pair."""
        shared: NDArray[np.bool_] = (self.proposed >> np.uint64(place)) & np.uint64(1) == 1
        return shared

    @property
    def by_how_many(self) -> NDArray[np.int64]:
        """(n_pairs,) how many passes proposed the pair."""
        return np.bitwise_count(self.proposed).astype(np.int64)


@dataclass(frozen=True)
class Proposals:
    """What every pass and join proposes, before a single pair is made.

    Attributes:
        passes: one entry per pass and join, in the protocol's order.
        table: their lists, in the same order.
    """

    passes: tuple[Pass, ...]
    table: Table


def propose(encodings: Encodings, protocol: Protocol) -> Proposals:
    """Run every pass, and the joins that the number of records allows."""
    joins = [join for join in protocol.blocking.joins if len(encodings) <= join.max_records]
    names = [*protocol.blocking.passes, *(" | ".join(join.filters) for join in joins)]
    left_out = [Skipped(0, 0, 0)] * len(names)

    def lists() -> Iterator[Lists]:
        for place, name in enumerate(protocol.blocking.passes):
            found, left_out[place] = _token_pass(encodings, name, protocol)
            yield found
        for join in joins:
            yield lists_of_pairs(dice_join(joined_filter(encodings, join.filters, protocol), join.dice), len(encodings))

    table = side_by_side(lists(), len(names), len(encodings))
    each = zip(names, table.pairs.tolist(), left_out, strict=True)
    return Proposals(tuple(Pass(name, pairs, *out) for name, pairs, out in each), table)


def pairs_of(proposals: Proposals, first: int, last: int) -> tuple[Pairs, NDArray[np.uint64]]:
    """The pairs with a left record from `first` up to `last`, and which passes proposed each; see `Candidates`."""
    return merged(proposals.table, first, last)


def candidates(encodings: Encodings, protocol: Protocol) -> Candidates:
    """Every pair that a pass or a join proposes."""
    found = propose(encodings, protocol)
    pairs, proposed = pairs_of(found, 0, len(encodings))
    return Candidates(pairs, found.passes, proposed)


def _token_pass(encodings: Encodings, name: str, protocol: Protocol) -> tuple[Lists, Skipped]:
    tokens = encodings.token(protocol.tokens.index(name))
    return lists_of_token(tokens, largest_block(tokens, protocol))


def largest_block(tokens: NDArray[np.uint64], protocol: Protocol) -> int:
    """The largest block that a pass over these tokens joins, in records: fewer than `max_block` where its pairs would be too many.

    Args:
        tokens: (n_records,) of all records.
        protocol: says how many pairs a pass may bring for each of them.
    """
    largest, most = protocol.blocking.max_block, protocol.blocking.most_pairs
    return min(largest, cap_for(tokens, most * max(len(tokens), largest))) if most else largest


def joined_filter(encodings: Encodings, names: tuple[str, ...], protocol: Protocol) -> NDArray[np.uint64]:
    """(n_records, n_words) uint64: the OR of the named filters."""
    copies = (copy for copy in protocol.encoding.filter_copies if copy.label in names)
    return functools.reduce(np.bitwise_or, (encodings.filter(protocol.places(copy)) for copy in copies))
