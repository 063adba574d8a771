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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs, all_pairs, found_among, random_pairs
from comparators import pattern_codes, patterns, tally
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.candidates import Pass
from linkage.unit.compared import Parts
from linkage.unit.contradictions import NONE, contradictions
from linkage.unit.estimate import Assumed, Model, PatternCounts, estimate, settle
from linkage.unit.vectors import Known, Levels, compare, level_counts

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
        codes: (n_patterns,) numbers of the candidates' patterns, rising.
        candidates: patterns of the candidate pairs, in the same order.
        background: patterns of all pairs, or of so many that stand for them.
        assumed: what is taken for granted before the data speak.
        all_pairs: number of pairs among the records.
        records: number of records.
    """

    codes: NDArray[np.int64]
    candidates: PatternCounts
    background: PatternCounts
    assumed: Assumed
    all_pairs: int
    records: int


def count(encodings: Encodings, parts: Parts, passes: Sequence[Pass], protocol: Protocol) -> Counted:
    """Patterns of the candidates and of the background, and the protocol's assumptions.

    Args:
        encodings: of all records.
        parts: all candidate pairs, compared.
        passes: what proposed them.
        protocol: the agreement.
    """
    n = len(encodings)
    drawn = None if n * (n - 1) // 2 <= ALL_PAIRS_UP_TO else random_pairs(n, SAMPLED_PAIRS, SEED)
    codes, candidates, others = _tallied(parts, len(passes), drawn)
    table = _table(patterns(codes, level_counts(protocol)), candidates[0], protocol, candidates[1])
    background = _background(encodings, others, table, passes, protocol)
    return Counted(codes, table, background, assumed(protocol, [one.name for one in passes]), n * (n - 1) // 2, n)


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


class _Sums(NamedTuple):
    """How often each of the candidates' patterns came: (n_patterns,), and (n_patterns, n_passes) by the pass that proposed."""

    counts: NDArray[np.int64]
    by_pass: NDArray[np.int64]


def _tallied(parts: Parts, n_passes: int, drawn: Pairs | None) -> tuple[NDArray[np.int64], _Sums, Pairs | None]:
    """One walk over all candidates: codes of their patterns, how often each came, and those of the drawn pairs that are none."""
    tallies, candidates = [], np.zeros(0 if drawn is None else len(drawn.left), np.bool_)
    for part in parts:
        tallies.append(tally(part.code, part.proposed, n_passes))
        if drawn is not None:
            candidates |= found_among(drawn, part.pairs)
    codes = np.unique(np.concatenate([one.codes for one in tallies]))
    sums = _Sums(np.zeros(len(codes), np.int64), np.zeros((len(codes), n_passes), np.int64))
    for one in tallies:
        rows = np.searchsorted(codes, one.codes)
        sums.counts[rows] += one.counts
        sums.by_pass[rows] += one.by_bit
    return codes, sums, None if drawn is None else Pairs(drawn.left[~candidates], drawn.right[~candidates])


def _table(
    found: NDArray[np.int8], counts: NDArray[np.int64] | NDArray[np.float64], protocol: Protocol, by_pass: NDArray[np.int64] | None
) -> PatternCounts:
    possible = contradictions(found, protocol) == NONE
    return PatternCounts(found, counts, possible, None if by_pass is None else by_pass.astype(np.float64))


def _background(
    encodings: Encodings, others: Pairs | None, candidates: PatternCounts, passes: Sequence[Pass], protocol: Protocol
) -> PatternCounts:
    """All pairs; beyond `ALL_PAIRS_UP_TO`, the candidates as they are and a sample that stands for all the others.

    Agreement that is rare among strangers is rare in any sample, but whoever agrees is a candidate.
    """
    n = len(encodings)
    if others is None:
        return _seen(compare(encodings, all_pairs(n), protocol), protocol)
    seen = _seen(compare(encodings, others, protocol, locked=False, known=_sharing_nothing(passes, protocol)), protocol)
    share = (n * (n - 1) // 2 - int(candidates.counts.sum())) / len(others.left)
    counts = np.concatenate([candidates.counts.astype(np.float64), seen.counts * share])
    return _table(np.concatenate([candidates.patterns, seen.patterns]), counts, protocol, None)


def _sharing_nothing(passes: Sequence[Pass], protocol: Protocol) -> Known:
    """What is known of pairs that no pass proposed: they share the token of no pass that left nothing out."""
    whole = {protocol.tokens.index(one.name) for one in passes if one.name in protocol.tokens and not one.blocks_left_out}
    return lambda token, _: token in whole


def _seen(levels: Levels, protocol: Protocol) -> PatternCounts:
    sizes = level_counts(protocol)
    found = tally(pattern_codes(levels, sizes))
    return _table(patterns(found.codes, sizes), found.counts, protocol, None)
