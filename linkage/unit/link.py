"""The job's heart, without a file in sight: encodings and decisions in, persons and reasons out.

The same encodings, protocol and decisions give the same result to the bit, whatever the number of threads or the
order in which bundles and rows arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs, all_pairs, random_pairs, to_codes
from comparators import count_patterns
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.candidates import Candidates, candidates
from linkage.unit.cluster import Labels, Rules, cluster
from linkage.unit.estimate import Assumed, Model, PatternCounts, estimate
from linkage.unit.second_look import second_look
from linkage.unit.vectors import Levels, compare, level_counts
from linkage.unit.weights import Microbits, Weights, log_odds, weigh, weights

ALL_PAIRS_UP_TO = 3_000_000
SAMPLED_PAIRS = 2_000_000
ASSUMED_PAIRS = 20_000
SEED = 20_180_730
# Inside a group of records that others hold together, a pair that cannot be compared speaks a little against: most matches can.
UNSEEN_PAIR = -2_000_000  # microbits
Rows = slice | NDArray[np.int64]


class Decided(NamedTuple):
    """Auditors' decisions as pairs of record indices, left < right.

    Attributes:
        must: decided to be the same person.
        cannot: decided to be different persons.
    """

    must: Pairs
    cannot: Pairs


@dataclass(frozen=True)
class Linkage:
    """All that a run found out.

    Attributes:
        candidates: the pairs compared and where they came from.
        levels: (n_pairs, n_comparisons) int8, −1 = not observed.
        model: the fitted model.
        weights: the model in whole microbits.
        prior: (n_pairs,) microbits of log-odds before any evidence: the model's, or that of records left alone.
        weight: (n_pairs,) microbits, prior included.
        threshold: microbits at which a pair speaks neither for nor against.
        labels: (n_records,) int32 cluster of each record.
    """

    candidates: Candidates
    levels: Levels
    model: Model
    weights: Weights
    prior: Microbits
    weight: Microbits
    threshold: int
    labels: Labels


def as_pairs(several: Sequence[tuple[int, int]]) -> Pairs:
    """Pairs of record indices, each turned to left < right, sorted, each once."""
    ordered = np.array(sorted({(min(pair), max(pair)) for pair in several}), dtype=np.int32).reshape(-1, 2)
    return Pairs(np.ascontiguousarray(ordered[:, 0]), np.ascontiguousarray(ordered[:, 1]))


NOTHING_DECIDED = Decided(as_pairs([]), as_pairs([]))


def link_encodings(encodings: Encodings, protocol: Protocol, decided: Decided = NOTHING_DECIDED) -> Linkage:
    """Candidates → comparison vectors → estimated model → weights → clusters.

    Raises:
        ModelError: the fit is degenerate.
    """
    found = candidates(encodings, protocol)
    levels = compare(encodings, found.pairs, protocol)
    counted = _patterns(levels, protocol)
    model = _fit(encodings, found.pairs, counted, protocol)
    table = weights(model, [one.never_against or one.against is not None for one in protocol.comparisons])
    weight = weigh(levels, table)
    threshold = log_odds(protocol.clustering.threshold)
    rules = _rules(encodings, protocol, decided)

    def weigh_any(pairs: Pairs) -> Microbits:
        weighed = weigh(compare(encodings, pairs, protocol), table)
        return np.where(weighed == table.prior, threshold + UNSEEN_PAIR, weighed)

    def clustered(rows: Rows, shift: int, under: Rules) -> Labels:
        some = Pairs(found.pairs.left[rows], found.pairs.right[rows])
        return cluster(some, weight[rows] + shift, threshold, lambda pairs: weigh_any(pairs) + shift, under)

    first = clustered(slice(None), 0, rules)
    again = second_look(found.pairs, weight, first, counted, model, table, threshold)
    alone = np.bincount(first, minlength=len(first))[first] == 1
    joined = clustered(again.rows, again.prior - table.prior, replace(rules, must=NOTHING_DECIDED.must))  # 'same' had its turn
    labels = np.where(alone, joined, first).astype(np.int32)
    prior = np.full(len(weight), table.prior, dtype=np.int64)
    prior[again.rows] = again.prior
    return Linkage(found, levels, model, table, prior, weight - table.prior + prior, threshold, labels)


def _fit(encodings: Encodings, pairs: Pairs, counted: PatternCounts, protocol: Protocol) -> Model:
    n = len(encodings)
    every = n * (n - 1) // 2
    return estimate(counted, _background(encodings, pairs, counted, protocol, every), assumed(protocol), every, n)


def _background(encodings: Encodings, pairs: Pairs, counted: PatternCounts, protocol: Protocol, every: int) -> PatternCounts:
    """All pairs; beyond `ALL_PAIRS_UP_TO`, the candidates as they are and a sample that stands for all the others.

    Agreement that is rare among strangers is rare in any sample, but whoever agrees is a candidate.
    """
    n = len(encodings)
    if every <= ALL_PAIRS_UP_TO:
        return _patterns(compare(encodings, all_pairs(n), protocol), protocol)
    drawn = random_pairs(n, SAMPLED_PAIRS, SEED)
    others = np.flatnonzero(~np.isin(to_codes(drawn, n), to_codes(pairs, n)))
    sampled = Pairs(drawn.left[others], drawn.right[others])
    seen = _patterns(compare(encodings, sampled, protocol, locked=False), protocol)
    share = (every - len(pairs.left)) / len(others)
    counts = np.concatenate([counted.counts.astype(np.float64), seen.counts * share])
    return PatternCounts(np.concatenate([counted.patterns, seen.patterns]), counts)


def assumed(protocol: Protocol) -> Assumed:
    """The protocol's assumptions, those about strangers worth `ASSUMED_PAIRS` pairs."""
    strangers = (np.array(one.strangers_per_level, dtype=np.float64) for one in protocol.comparisons)
    return Assumed(
        strangers=tuple(ASSUMED_PAIRS * shares / shares.sum() for shares in strangers),
        gross_errors=tuple(comparison.gross_errors / 10_000 for comparison in protocol.comparisons),
        against=tuple(comparison.against for comparison in protocol.comparisons),
        known=tuple(one.as_assumed or protocol.behind_locks(one) for one in protocol.comparisons),
    )


def _patterns(levels: Levels, protocol: Protocol) -> PatternCounts:
    patterns, counts, _ = count_patterns(levels, level_counts(protocol))
    return PatternCounts(patterns, counts)


def _rules(encodings: Encodings, protocol: Protocol, decided: Decided) -> Rules:
    single = np.array([not protocol.source(agency).duplicates for agency in encodings.agencies], dtype=np.bool_)
    return Rules(encodings.source, single, decided.must, decided.cannot)
