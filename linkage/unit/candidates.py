"""Which pairs are worth comparing: the union of keyed blocking passes and, for small inputs, of exact filter joins.

A pass proposes every pair that shares a token; a block larger than the cap would propose mostly strangers, so it is
left out, counted and reported. The same cap holds for all passes: the larger a block, the fewer of its pairs are one
person's, whichever pass it is of. Where the protocol says how, blocks that are left out are split: those of their pairs are
proposed that share one thing more. The cap is lower where all this together would be more pairs than the protocol allows.
A join looks at all pairs and needs no blocking key, which is why it can find a pair that every pass misses; its cost is
quadratic, so the protocol says up to how many records it is run.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
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
    lists_of_blocks,
    lists_of_pairs,
    merged,
    pieces_of,
    side_by_side,
)
from linkage.protocol import Protocol
from linkage.records import Encodings

_AND = " & "  # between a token and what its blocks are split by, in the name of a pass


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


def token_passes(encodings: Encodings, protocol: Protocol) -> list[TokenPass]:
    """Every pass, and behind it, where it leaves out blocks that the protocol says how to split, passes over their pieces.

    The cap is the largest at which all of them together propose no more pairs than they may. A lower cap leaves out more blocks,
    whose pieces are not known before: so it is lowered by what is known, until nothing new is to be split.
    """
    blocking, places = protocol.blocking, [protocol.tokens.index(name) for name in protocol.blocking.passes]
    whole = [blocks_of(encodings.token(place)) for place in places]
    most = (blocking.most_pairs or 0) * max(len(encodings), blocking.max_block)
    before, cap = len(encodings), _cap(whole, blocking.max_block, most)
    pieces: dict[str, Blocks] = {}
    while True:
        found: list[TokenPass] = []
        for name, place, blocks in zip(blocking.passes, places, whole, strict=True):
            one = TokenPass(name, place, cap, *blocks.parted(cap))
            found += [one, *_over_pieces(encodings, one, before, protocol, pieces)]
        if not most or sum(one.joined.pairs for one in found) <= most:
            return found
        before, cap = cap, _cap([*whole, *pieces.values()], cap, most)


def _cap(several: Iterable[Blocks], largest: int, most: int) -> int:
    """Up to which size blocks are joined: at most `largest`, and such that these make no more pairs than `most`; 0: any number."""
    sizes = np.concatenate([*(blocks.sizes for blocks in several), np.empty(0, np.int64)])
    above = sizes[sizes > cap_for(sizes, most)] if most else sizes[:0]
    return min(largest, int(above.min()) - 1) if len(above) else largest


def _over_pieces(
    encodings: Encodings, whole: TokenPass, before: int, protocol: Protocol, pieces: dict[str, Blocks]
) -> Iterator[TokenPass]:
    """Passes over the pieces of the blocks that a pass left out, one for each token that these are split by.

    Args:
        encodings: of all records.
        whole: the pass.
        before: the cap before this one; blocks above it were split already.
        protocol: says what blocks are split by.
        pieces: by name, the pieces of blocks that were split so far, to which those of others are added.
    """
    if not len(whole.left_out.sizes):
        return
    newly = whole.left_out.parted(before)[0]
    for by in (protocol.blocking.split or {}).get(whole.name, ()):
        name = f"{whole.name}{_AND}{by}"
        if len(newly.sizes):
            shown = encodings.token(protocol.tokens.index(protocol.shown_under(by, whole.name).label))
            both = [pieces_of(newly, shown), *([pieces[name]] if name in pieces else [])]
            pieces[name] = Blocks(*(np.concatenate(columns) for columns in zip(*both, strict=True)))
        yield TokenPass(name, whole.token, whole.cap, *pieces[name].parted(whole.cap))


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
