"""Which pairs are worth comparing: the union of keyed blocking passes and, for small inputs, of exact filter joins.

A pass proposes every pair that shares a token; a block larger than the cap would propose mostly strangers, so it is
left out, counted and reported. The same cap holds for all passes: the larger a block, the fewer of its pairs are one
person's, whichever pass it is of. It is lower where all passes together would propose more pairs than the protocol allows.
Where the protocol says how, blocks that are left out are split: those of their pairs are proposed that share one thing more.
A join looks at all pairs and needs no blocking key, which is why it can find a pair that every pass misses; its cost is
quadratic, so the protocol says up to how many records it is run.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blocking import (
    Blocks,
    Lists,
    Pairs,
    Skipped,
    Table,
    blocks_of,
    cap_for,
    dice_join,
    finer,
    lists_of_blocks,
    lists_of_pairs,
    merged,
    side_by_side,
)
from linkage.protocol import Blocking, Protocol
from linkage.records import Encodings

_AND = " & "  # between a token and what its blocks are split by, in the name of a pass
_NO_SIZES = np.empty(0, np.int64)


@dataclass(frozen=True)
class Pass:
    """What one pass or join brought.

    Attributes:
        name: the token, with what its blocks were split by, or the joined filters.
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
        """(n_pairs,) how many passes proposed the pair; passes over the pieces of blocks count with the one that left them out."""
        bits: dict[str, int] = {}
        for place, one in enumerate(self.passes):
            token = one.name.partition(_AND)[0]
            bits[token] = bits.get(token, 0) | 1 << place
        counts = np.zeros(len(self.proposed), np.int64)
        for mask in bits.values():
            counts += self.proposed & np.uint64(mask) != 0
        return counts


@dataclass(frozen=True)
class Proposals:
    """What every pass and join proposes, before a single pair is made.

    Attributes:
        passes: one entry per pass and join, in the protocol's order; a pass that splits blocks follows the one that left them out.
        table: their lists, in the same order.
        tokens: by the place of a pass on `passes`, which token all its pairs share; none for joins.
        left_out: by the same, the blocks that a pass left out, where it left out any; pieces of blocks are not asked again.
    """

    passes: tuple[Pass, ...]
    table: Table
    tokens: Mapping[int, int]
    left_out: Mapping[int, Blocks]


class TokenPass(NamedTuple):
    """Blocks of records that share a token.

    Attributes:
        name: the token, with what its blocks are split by.
        token: place of the token on its axis.
        cap: the largest block that is joined, in records.
        joined: blocks of two records and more, up to the cap.
        left_out: those above it.
    """

    name: str
    token: int
    cap: int
    joined: Blocks
    left_out: Blocks


def token_passes(encodings: Encodings, protocol: Protocol) -> Iterator[TokenPass]:
    """Every pass, and behind it, where it leaves out blocks that the protocol says how to split, passes over their pieces."""
    names, split = protocol.blocking.passes, protocol.blocking.split or {}
    places = [protocol.tokens.index(name) for name in names]
    found = [blocks_of(encodings.token(place)) for place in places]
    cap = _cap([blocks.sizes for blocks in found], protocol.blocking, len(encodings))
    for name, place in zip(names, places, strict=True):
        one = TokenPass(name, place, cap, *found.pop(0).parted(cap))
        yield one
        if len(one.left_out.sizes) and name in split:
            yield from _over_pieces(encodings, one, split[name], protocol)


def _over_pieces(encodings: Encodings, whole: TokenPass, split_by: Sequence[str], protocol: Protocol) -> Iterator[TokenPass]:
    """Passes over the pieces of the blocks that a pass left out, one for each token that these are split by."""
    tokens = encodings.token(whole.token)
    for by in split_by:
        shown = encodings.token(protocol.tokens.index(protocol.shown_under(by, whole.name).label))
        pieces = blocks_of(finer(tokens, whole.left_out, shown))
        yield TokenPass(f"{whole.name}{_AND}{by}", whole.token, whole.cap, *pieces.parted(whole.cap))


def _cap(sizes: Sequence[NDArray[np.int64]], blocking: Blocking, n: int) -> int:
    """The largest block that is joined: smaller than `max_block` where there would be too many pairs."""
    largest, most = blocking.max_block, blocking.most_pairs
    return min(largest, cap_for(np.concatenate([*sizes, _NO_SIZES]), most * max(n, largest))) if most else largest


def propose(encodings: Encodings, protocol: Protocol) -> Proposals:
    """Run every pass, and the joins that the number of records allows."""
    joins = [join for join in protocol.blocking.joins if len(encodings) <= join.max_records]
    names: list[str] = []
    skipped: list[Skipped] = []
    tokens: dict[int, int] = {}
    left_out: dict[int, Blocks] = {}

    def lists() -> Iterator[Lists]:
        for place, one in enumerate(token_passes(encodings, protocol)):
            names.append(one.name)
            skipped.append(one.left_out.as_skipped())
            if len(one.left_out.records) and one.token not in tokens.values():
                left_out[place] = one.left_out
            tokens[place] = one.token
            yield lists_of_blocks(one.joined, len(encodings))
        for join in joins:
            names.append(" | ".join(join.filters))
            skipped.append(Skipped(0, 0, 0))
            yield lists_of_pairs(dice_join(joined_filter(encodings, join.filters, protocol), join.dice), len(encodings))

    several = len(protocol.blocking.passes) + sum(map(len, (protocol.blocking.split or {}).values())) + len(joins)
    table = side_by_side(lists(), several, len(encodings))
    each = zip(names, table.pairs.tolist(), skipped, strict=True)
    return Proposals(tuple(Pass(name, pairs, *out) for name, pairs, out in each), table, tokens, left_out)


def pairs_of(proposals: Proposals, first: int, last: int) -> tuple[Pairs, NDArray[np.uint64]]:
    """The pairs with a left record from `first` up to `last`, and which passes proposed each; see `Candidates`."""
    return merged(proposals.table, first, last)


def candidates(encodings: Encodings, protocol: Protocol) -> Candidates:
    """Every pair that a pass or a join proposes."""
    found = propose(encodings, protocol)
    pairs, proposed = pairs_of(found, 0, len(encodings))
    return Candidates(pairs, found.passes, proposed)


def joined_filter(encodings: Encodings, names: tuple[str, ...], protocol: Protocol) -> NDArray[np.uint64]:
    """(n_records, n_words) uint64: the OR of the named filters."""
    copies = (copy for copy in protocol.encoding.filter_copies if copy.label in names)
    return functools.reduce(np.bitwise_or, (encodings.filter(protocol.places(copy)) for copy in copies))
