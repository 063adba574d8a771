"""What blocking would cost and bring, before a single pair is compared: to choose passes and the cap on block size by.

Sizes of blocks are counted first, which costs a sort of each token and makes no pair, however large a block is. Only where
the passes propose few enough pairs are these made, to tell which are new and which only one pass proposes, and the joins
run, which look at all pairs. Costs are told as pairs and as tests of tokens and filters, never as seconds: the same lists
give the same answer on every computer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from linkage.bundle.keyring import KeyFolder
from linkage.protocol import Comparison, Protocol
from linkage.records import Encodings, combine_stored
from linkage.unit.candidates import Candidates, TokenPass, candidates, token_passes
from linkage.unit.intake import load_parts, pinned_protocol
from linkage.unit.ledger import read_ledger
from linkage.unit.run import chosen_bundles
from linkage.unit.vectors import has_value
from linkage.unit.workspace import Workspace

MOST_PAIRS = 50_000_000


@dataclass(frozen=True)
class PassCost:
    """What one pass or join would bring. Numbers are None where they were not counted.

    Attributes:
        name: the token, or the joined filters.
        join: whether it is a join, which has no blocks and looks at all pairs.
        blocks: blocks of at least two records, those above the cap among them.
        largest: records in the largest block.
        pairs: pairs that it proposes.
        new: those of them that nothing before it proposes.
        only: those of them that nothing else proposes.
        distinct: pairs that it and all before it propose.
        blocks_left_out, records_left_out, pairs_left_out: what the cap keeps out.
    """

    name: str
    join: bool
    blocks: int | None
    largest: int | None
    pairs: int | None
    new: int | None = None
    only: int | None = None
    distinct: int | None = None
    blocks_left_out: int = 0
    records_left_out: int = 0
    pairs_left_out: int = 0


@dataclass(frozen=True)
class ComparisonCost:
    """What one comparison would cost; at most, because behind locks only those under shared locks are made.

    Attributes:
        name: the comparison.
        pairs: pairs both of whose records have what it needs.
        token_tests: tests of one token against another.
        filter_tests: likenesses of two filters.
    """

    name: str
    pairs: int
    token_tests: int
    filter_tests: int


@dataclass(frozen=True)
class Preview:
    """What candidates would cost.

    Attributes:
        records: number of records.
        all_pairs: n(n − 1)/2.
        max_block: the protocol's cap on block size.
        cap: the largest block that is joined: `max_block`, or less where `most_pairs` asks for it.
        cap_needed: the least cap that leaves nothing out, if passes may propose as many pairs as they like; the protocol's where
            no block is larger.
        pairs: candidate pairs; where they were too many to make, what the passes propose together, a pair counting for each
            pass that proposes it, but never more than all pairs.
        counted: whether pairs were made and joins run.
        passes: passes, then joins, in the protocol's order.
        comparisons: in the protocol's order.
    """

    records: int
    all_pairs: int
    max_block: int
    cap: int
    cap_needed: int
    pairs: int
    counted: bool
    passes: tuple[PassCost, ...]
    comparisons: tuple[ComparisonCost, ...]


def preview(workspace: Workspace, keys: KeyFolder, period: str | None = None, most_pairs: int = MOST_PAIRS) -> Preview:
    """What `run` would propose for comparison, of everything that was received or of one period.

    Raises:
        UsageError: nothing was received for the period.
        TamperedError: a stored bundle is not what was received.
    """
    ledger = read_ledger(workspace.ledger)
    protocol = pinned_protocol(ledger)
    parts = load_parts(workspace, keys, chosen_bundles(ledger, period, workspace))
    return preview_encodings(combine_stored(parts), protocol, most_pairs)


def preview_encodings(encodings: Encodings, protocol: Protocol, most_pairs: int = MOST_PAIRS) -> Preview:
    """The same of encodings.

    Args:
        encodings: of all records.
        protocol: names passes, joins and the cap.
        most_pairs: above this number of proposals no pair is made and no join run.
    """
    most, n = protocol.blocking.max_block, len(encodings)
    sizes = [(one.cap, _sizes(one)) for one in token_passes(encodings, protocol)]
    passes = [one for _, one in sizes]
    proposed = sum(one.pairs or 0 for one in passes)
    found = candidates(encodings, protocol) if proposed <= most_pairs else None
    every = n * (n - 1) // 2
    pairs = min(proposed, every) if found is None else len(found.pairs.left)
    largest = [one.largest or 0 for one in passes]
    return Preview(
        records=n,
        all_pairs=every,
        max_block=most,
        cap=min([most, *(cap for cap, _ in sizes)]),
        cap_needed=max([most, *largest]),
        pairs=pairs,
        counted=found is not None,
        passes=tuple([*passes, *_joins(protocol)] if found is None else _with_pairs(passes, protocol, n, found)),
        comparisons=tuple(_comparison_cost(encodings, one, protocol, found, pairs) for one in protocol.comparisons),
    )


def _sizes(one: TokenPass) -> PassCost:
    """Blocks of a pass, from their sizes alone."""
    out = one.left_out.as_skipped()
    return PassCost(
        name=one.name,
        join=False,
        blocks=len(one.joined.sizes) + out.blocks,
        largest=int(max(one.joined.sizes.max(initial=0), one.left_out.sizes.max(initial=0))),
        pairs=one.joined.pairs,
        blocks_left_out=out.blocks,
        records_left_out=out.records,
        pairs_left_out=out.pairs,
    )


def _joins(protocol: Protocol) -> list[PassCost]:
    names = (" | ".join(join.filters) for join in protocol.blocking.joins)
    return [PassCost(name, join=True, blocks=None, largest=None, pairs=None) for name in names]


def _with_pairs(passes: Sequence[PassCost], protocol: Protocol, n: int, found: Candidates) -> Iterator[PassCost]:
    """Passes and joins with what only the pairs tell; a join that a run would leave out stays uncounted."""
    runs = [True] * len(passes) + [n <= join.max_records for join in protocol.blocking.joins]
    places = np.cumsum(runs) - 1
    for one, run, place in zip([*passes, *_joins(protocol)], runs, places.tolist(), strict=True):
        yield _with_own_pairs(one, found, place) if run else one


def _with_own_pairs(one: PassCost, found: Candidates, place: int) -> PassCost:
    bit, before = np.uint64(1 << place), np.uint64((1 << place) - 1)
    mine, earlier = found.by(place), found.proposed & before != 0
    return replace(
        one,
        pairs=int(mine.sum()),
        new=int((mine & ~earlier).sum()),
        only=int((found.proposed == bit).sum()),
        distinct=int((mine | earlier).sum()),
    )


def _comparison_cost(
    encodings: Encodings, comparison: Comparison, protocol: Protocol, found: Candidates | None, pairs: int
) -> ComparisonCost:
    token_tests, filter_tests = _tests(comparison, protocol)
    made = pairs if found is None else _made(encodings, comparison, protocol, found)
    return ComparisonCost(comparison.name, made, made * token_tests, made * filter_tests)


def _made(encodings: Encodings, comparison: Comparison, protocol: Protocol, found: Candidates) -> int:
    """Pairs both of whose records have what the comparison needs; whether an earlier one makes it idle is not known yet."""
    has = np.ones(len(encodings), np.bool_)
    for name in comparison.needs:
        has &= has_value(encodings, name, protocol)
    return int((has[found.pairs.left] & has[found.pairs.right]).sum())


def _tests(comparison: Comparison, protocol: Protocol) -> tuple[int, int]:
    """Tests of tokens and of filters per pair, every copy under a lock counting; a filter's likeness is worked out once."""
    token_copies = _counter(copy.name for copy in protocol.encoding.token_copies)
    filter_copies = _counter(copy.name for copy in protocol.encoding.filter_copies)
    levels = comparison.levels
    equal = sum(token_copies(name) for level in levels for name in level.token or ())
    several = sum(len(level.any_token or ()) ** 2 for level in levels)
    crossed = 2 * sum(level.crossed_tokens is not None for level in levels)
    alike = sum(map(filter_copies, {level.filter for level in levels if level.filter}))
    return equal + several + crossed, alike + 2 * sum(level.crossed_filters is not None for level in levels)


def _counter(names: Iterator[str]) -> Callable[[str], int]:
    return list(names).count
