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

from blocking import Pairs
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.candidates import Candidates, Pass, propose
from linkage.unit.certainty import MODELS, Certainty, Seen, certainty
from linkage.unit.cluster import Labels, Rules, Weighed, cluster
from linkage.unit.compared import Choice, Parts, among, compare_all, kept
from linkage.unit.contradictions import CONTRADICTED, NONE, contradictions
from linkage.unit.cuts import above, cuts
from linkage.unit.estimate import Model
from linkage.unit.executor import IN_MEMORY, Means
from linkage.unit.fit import SEED, Counted, count, fit, refits
from linkage.unit.second_look import Dropped, second_look
from linkage.unit.vectors import Levels, compare
from linkage.unit.weights import MICROBITS, Microbits, Weights, log_odds, weigh, weights

# Inside a group of records that others hold together, a pair that cannot be compared speaks a little against: most matches can.
UNSEEN_PAIR = -2_000_000  # microbits
# Pairs with odds so far below the threshold, one in 65,536, are counted, and not kept: they join nobody.
KEPT_FROM = -16 * MICROBITS
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
        candidates: the pairs kept and where they came from: those with odds of at least one in 65,536, and those of records
            that are counted as one person.
        compared: number of all pairs that were compared.
        counted: what the estimate went by: how often each agreement pattern came among all of them.
        levels: (n_pairs, n_comparisons) int8, −1 = not observed.
        model: the fitted model.
        weights: the model in whole microbits.
        prior: (n_pairs,) microbits of log-odds before any evidence: the model's, or that of records left alone.
        weight: (n_pairs,) microbits, prior included, and `CONTRADICTED` where the pair shows a contradiction.
        apart: (n_pairs,) object array, why a pair that speaks for one person is cut; "" where none is.
        threshold: microbits at which a pair speaks neither for nor against.
        labels: (n_records,) int32 cluster of each record.
        certainty: how sure they are.
    """

    candidates: Candidates
    compared: int
    counted: Counted
    levels: Levels
    model: Model
    weights: Weights
    prior: Microbits
    weight: Microbits
    apart: NDArray[np.object_]
    threshold: int
    labels: Labels
    certainty: Certainty


class _Held(NamedTuple):
    """Pairs that are kept, their levels and what these say."""

    found: Candidates
    levels: Levels
    weighed: Weighed


def as_pairs(several: Sequence[tuple[int, int]]) -> Pairs:
    """Pairs of record indices, each turned to left < right, sorted, each once."""
    ordered = np.array(sorted({(min(pair), max(pair)) for pair in several}), dtype=np.int32).reshape(-1, 2)
    return Pairs(np.ascontiguousarray(ordered[:, 0]), np.ascontiguousarray(ordered[:, 1]))


NOTHING_DECIDED = Decided(as_pairs([]), as_pairs([]))


def link_encodings(
    encodings: Encodings,
    protocol: Protocol,
    decided: Decided = NOTHING_DECIDED,
    known: Model | None = None,
    means: Means = IN_MEMORY,
) -> Linkage:
    """Candidates → comparison vectors → estimated model → weights → clusters.

    Args:
        encodings: of all records.
        protocol: the agreement.
        decided: auditors' decisions.
        known: a model of an earlier run, to be used as it is; estimated anew if None.
        means: where pairs are compared, and kept until there is a model; who is told how far it is.

    Raises:
        ModelError: the fit is degenerate.
    """
    passes, parts = _compared(encodings, protocol, means)
    means.report("count", 0, 1)
    counted = count(encodings, parts, [one.name for one in passes], protocol)
    means.report("estimate", 0, 1)
    model = known or fit(counted)
    table = weights(model)
    pattern = _weighed(counted.candidates.patterns, table, protocol)
    means.report("weigh", 0, 1)
    threshold = log_odds(protocol.clustering.threshold)
    rules = _rules(encodings, protocol, decided)
    keep = above(pattern.weight, pattern.contradiction, CONTRADICTED, min(threshold, 0) + KEPT_FROM)

    def held(choose: Choice) -> _Held:
        pairs, shows = kept(parts, counted.codes, choose)
        seen = Weighed(pattern.weight[shows], pattern.contradiction[shows], pattern.seen[shows])
        return _Held(Candidates(pairs.pairs, passes, pairs.proposed), counted.candidates.patterns[shows], seen)

    def weigh_any(pairs: Pairs, shift: int) -> Weighed:
        return _weighed_any(compare(encodings, pairs, protocol), table, protocol, threshold, shift)

    def clustered(among_these: _Held, rows: Rows, shift: int, under: Rules) -> Labels:
        some = Pairs(among_these.found.pairs.left[rows], among_these.found.pairs.right[rows])
        return cluster(some, among_these.weighed.weight[rows] + shift, threshold, lambda pairs: weigh_any(pairs, shift), under)

    strong = held(lambda _pairs, shown: keep[shown])
    means.report("cluster", 0, 1)
    first = clustered(strong, slice(None), 0, rules)

    def dropped(some: NDArray[np.bool_]) -> Dropped:
        return Dropped(pattern.weight, np.where(keep, 0, among(parts, counted.codes, some)))

    again = second_look(strong.found.pairs, strong.weighed.weight, first, counted.candidates, model, table, threshold, dropped)
    alone = np.bincount(first, minlength=len(first))[first] == 1
    raised = above(pattern.weight + again.prior - table.prior, pattern.contradiction, CONTRADICTED, min(threshold, 0) + KEPT_FROM)
    worth = strong if keep.all() else held(_worth_keeping(keep, raised, alone, first))
    found, levels, weighed = worth
    weight = weighed.weight
    rows = np.flatnonzero(alone[found.pairs.left] & alone[found.pairs.right]) if len(again.rows) else again.rows
    of_rest = replace(rules, must=NOTHING_DECIDED.must)  # 'same' had its turn
    joined = clustered(worth, rows, again.prior - table.prior, of_rest)
    labels = np.where(alone, joined, first).astype(np.int32)
    prior = np.full(len(weight), table.prior, dtype=np.int64)
    prior[rows] = again.prior
    final = weight - table.prior + prior
    means.report("certainty", 0, 1)
    others = [weights(one) for one in refits(counted, model, MODELS, SEED)]

    def weigh_under_all(pairs: Pairs) -> list[Weighed]:
        seen = compare(encodings, pairs, protocol)
        shift = np.where(alone[pairs.left] & alone[pairs.right], again.prior - table.prior, 0)
        return [_weighed_any(seen, one, protocol, threshold, shift) for one in others]

    speaks_for = above(final, weighed.contradiction, CONTRADICTED, threshold)
    apart = cuts(found.pairs, speaks_for, weighed.contradiction, labels, rules, protocol)
    sure = certainty(encodings, Seen(found.pairs, final, found.by_how_many), labels, threshold, weigh_under_all, rules)
    compared = int(counted.candidates.counts.sum())
    return Linkage(found, compared, counted, levels, model, table, prior, final, apart, threshold, labels, sure)


def _compared(encodings: Encodings, protocol: Protocol, means: Means) -> tuple[tuple[Pass, ...], Parts]:
    """All candidates, compared, and what each pass brought; what the passes proposed is not needed after that."""
    means.report("block", 0, 1)
    proposals = propose(encodings, protocol)
    return proposals.passes, compare_all(encodings, proposals, protocol, means)


def _worth_keeping(keep: NDArray[np.bool_], raised: NDArray[np.bool_], alone: NDArray[np.bool_], labels: Labels) -> Choice:
    """Pairs whose pattern speaks loud enough, by the prior of records left alone where both are, and those counted as one person.

    Args:
        keep: (n_patterns,) by the first prior.
        raised: (n_patterns,) by that of records left alone.
        alone: (n_records,) whether a record was left alone by the first look.
        labels: (n_records,) clusters of the first look.
    """

    def choose(pairs: Pairs, shown: NDArray[np.int32]) -> NDArray[np.bool_]:
        both_alone, together = alone[pairs.left] & alone[pairs.right], labels[pairs.left] == labels[pairs.right]
        worth: NDArray[np.bool_] = keep[shown] | (both_alone & raised[shown]) | together
        return worth

    return choose


def _weighed(levels: Levels, table: Weights, protocol: Protocol) -> Weighed:
    """Weights and contradictions of pairs; a contradiction is in the weight, too, so that the pair never counts as a match."""
    shown, weight = contradictions(levels, protocol), weigh(levels, table)
    return Weighed(weight + np.where(shown == NONE, 0, CONTRADICTED), shown, weight != table.prior)


def _weighed_any(levels: Levels, table: Weights, protocol: Protocol, threshold: int, shift: int | Microbits) -> Weighed:
    """Weights of pairs inside a group, those included that show nothing."""
    weighed = _weighed(levels, table, protocol)
    known: Microbits = np.where(weighed.seen, weighed.weight, np.int64(threshold + UNSEEN_PAIR))
    return weighed._replace(weight=known + shift)


def _rules(encodings: Encodings, protocol: Protocol, decided: Decided) -> Rules:
    single = np.array([not protocol.source(agency).duplicates for agency in encodings.agencies], dtype=np.bool_)
    return Rules(encodings.source, single, decided.must, decided.cannot)
