"""From comparison vectors to a fitted model, and to others that the same lists could have given.

`count` brings together what an estimate goes by: the candidates' agreement patterns, the background that stands for all
pairs, and the protocol's assumptions. `fit` estimates. `refits` asks how sure that is: the pairs are drawn again, and what
was only assumed of strangers is taken to be half or twice as much, so that weights move from fit to fit as they would from
one list of this kind to another. How far the count of persons moves with them is the calibration's part in its interval.
Source: the bootstrap (Efron 1979), by Poisson weights; the spread of the assumptions is a judgement, see `_ASSUMED_SPREAD`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from blocking import Pairs, all_pairs, random_pairs, to_codes
from comparators import count_patterns
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.candidates import Candidates
from linkage.unit.contradictions import NONE, contradictions
from linkage.unit.estimate import Assumed, Model, PatternCounts, estimate, settle
from linkage.unit.vectors import Levels, compare, level_counts

ALL_PAIRS_UP_TO = 3_000_000
SAMPLED_PAIRS = 2_000_000
ASSUMED_PAIRS = 20_000
SEED = 20_180_730
# Standard deviation of the natural logarithm of what is assumed of strangers at each level: 95 % lie within a factor of 2.7.
_ASSUMED_SPREAD = 0.5


@dataclass(frozen=True)
class Counted:
    """What an estimate goes by.

    Attributes:
        candidates: patterns of the candidate pairs.
        background: patterns of all pairs, or of so many that stand for them.
        assumed: what is taken for granted before the data speak.
        all_pairs: number of pairs among the records.
        records: number of records.
    """

    candidates: PatternCounts
    background: PatternCounts
    assumed: Assumed
    all_pairs: int
    records: int


def count(encodings: Encodings, found: Candidates, levels: Levels, protocol: Protocol) -> Counted:
    """Patterns of the candidates and of the background, and the protocol's assumptions."""
    n = len(encodings)
    candidates = _patterns(levels, protocol, found)
    background = _background(encodings, found.pairs, candidates, protocol)
    return Counted(candidates, background, assumed(protocol, [one.name for one in found.passes]), n * (n - 1) // 2, n)


def fit(counted: Counted) -> Model:
    """The model of these lists.

    Raises:
        ModelError: the fit is degenerate.
    """
    return estimate(counted.candidates, counted.background, counted.assumed, counted.all_pairs, counted.records)


def refits(counted: Counted, model: Model, several: int, seed: int) -> tuple[Model, ...]:
    """Models that other lists of this kind would have given, each settled from the fitted one.

    They come in pairs, what is assumed of strangers raised in one as it is lowered in the other, so that a few of them do not
    lean to one side by chance (antithetic variates; Hammersley & Morton 1956).
    """
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(several // 2):
        shift = [generator.normal(0.0, _ASSUMED_SPREAD, len(one)) for one in counted.assumed.strangers]
        for sign in (1.0, -1.0):
            strangers = tuple(one * np.exp(sign * by) for one, by in zip(counted.assumed.strangers, shift, strict=True))
            other = replace(counted.assumed, strangers=strangers)
            candidates = _drawn_again(counted.candidates, generator)
            found.append(settle(model, candidates, counted.background, other, counted.all_pairs))
    return tuple(found)


def _drawn_again(table: PatternCounts, generator: np.random.Generator) -> PatternCounts:
    """The patterns with as many pairs as another draw would bring; a pattern that came once may come not at all or twice."""
    weight = generator.poisson(table.counts) / np.maximum(table.counts, 1)
    by_pass = None if table.by_pass is None else table.by_pass * weight[:, None]
    return replace(table, counts=table.counts * weight, by_pass=by_pass)


def assumed(protocol: Protocol, passes: Sequence[str]) -> Assumed:
    """The protocol's assumptions, those about strangers worth `ASSUMED_PAIRS` pairs; passes as they stand in the candidates."""
    names = [one.name for one in protocol.comparisons]
    strangers = (np.array(one.strangers_per_level, dtype=np.float64) for one in protocol.comparisons)
    return Assumed(
        strangers=tuple(ASSUMED_PAIRS * shares / shares.sum() for shares in strangers),
        errors=tuple((one.gross_errors / 10_000, one.most_errors / 10_000) for one in protocol.comparisons),
        silent=tuple(np.isin(one.level_names, one.silent) for one in protocol.comparisons),
        known=tuple(one.as_assumed for one in protocol.comparisons),
        locked=tuple(protocol.behind_locks(one) for one in protocol.comparisons),
        blind=tuple(np.isin(passes, protocol.blind_passes(one)) for one in protocol.comparisons),
        dependent=tuple((names.index(first), names.index(second)) for first, second in protocol.estimation.dependent),
    )


def _patterns(levels: Levels, protocol: Protocol, found: Candidates | None = None) -> PatternCounts:
    patterns, counts, row = count_patterns(levels, level_counts(protocol))
    by_pass = None
    if found:
        columns = [np.bincount(row[found.by(one)], minlength=len(patterns)) for one in range(len(found.passes))]
        by_pass = np.stack(columns, axis=1).astype(np.float64)
    return PatternCounts(patterns, counts, contradictions(patterns, protocol) == NONE, by_pass)


def _background(encodings: Encodings, pairs: Pairs, counted: PatternCounts, protocol: Protocol) -> PatternCounts:
    """All pairs; beyond `ALL_PAIRS_UP_TO`, the candidates as they are and a sample that stands for all the others.

    Agreement that is rare among strangers is rare in any sample, but whoever agrees is a candidate.
    """
    n = len(encodings)
    every = n * (n - 1) // 2
    if every <= ALL_PAIRS_UP_TO:
        return _patterns(compare(encodings, all_pairs(n), protocol), protocol)
    drawn = random_pairs(n, SAMPLED_PAIRS, SEED)
    others = np.flatnonzero(~np.isin(to_codes(drawn, n), to_codes(pairs, n)))
    sampled = Pairs(drawn.left[others], drawn.right[others])
    seen = _patterns(compare(encodings, sampled, protocol, locked=False), protocol)
    share = (every - len(pairs.left)) / len(others)
    counts = np.concatenate([counted.counts.astype(np.float64), seen.counts * share])
    patterns = np.concatenate([counted.patterns, seen.patterns])
    return PatternCounts(patterns, counts, contradictions(patterns, protocol) == NONE)
