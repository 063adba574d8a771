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
from linkage.unit.certainty import MODELS, Certainty, Kinds, Seen, Weigh, certainty
from linkage.unit.cluster import Labels, Rules, Weighed, cluster
from linkage.unit.compared import Choice, Parts, among, compare_all, kept
from linkage.unit.contradictions import CONTRADICTED, NONE, contradictions
from linkage.unit.cuts import Cuts, above, cuts
from linkage.unit.estimate import Model
from linkage.unit.executor import IN_MEMORY, Means
from linkage.unit.fit import SEED, Counted, count, fit, refits
from linkage.unit.second_look import Dropped, second_look
from linkage.unit.shown import Shown, shown
from linkage.unit.vectors import Levels
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
        pattern: (n_pairs,) int32 which of the counted patterns each pair kept shows.
        by_pattern: what each of these patterns says by the first prior.
        model: the fitted model.
        weights: the model in whole microbits.
        looked_again: (n_pairs,) bool, pairs of records left alone, which are weighed by the second prior.
        second_prior: microbits, the log-odds before any evidence among records left alone.
        cut: why pairs that speak for one person are cut.
        threshold: microbits at which a pair speaks neither for nor against.
        labels: (n_records,) int32 cluster of each record.
        certainty: how sure they are.
    """

    candidates: Candidates
    compared: int
    counted: Counted
    pattern: NDArray[np.int32]
    by_pattern: Weighed
    model: Model
    weights: Weights
    looked_again: NDArray[np.bool_]
    second_prior: int
    cut: Cuts
    threshold: int
    labels: Labels
    certainty: Certainty

    def of(self, rows: slice) -> Linkage:
        """The same of some of the pairs."""
        pairs, proposed = Pairs(*(side[rows] for side in self.candidates.pairs)), self.candidates.proposed[rows]
        found, cut = replace(self.candidates, pairs=pairs, proposed=proposed), self.cut._replace(which=self.cut.which[rows])
        return replace(self, candidates=found, pattern=self.pattern[rows], looked_again=self.looked_again[rows], cut=cut)

    @property
    def levels(self) -> Levels:
        """(n_pairs, n_comparisons) int8, −1 = not observed; like all that is told pair by pair, made when it is asked for."""
        return self.counted.candidates.patterns[self.pattern]

    @property
    def prior(self) -> Microbits:
        """(n_pairs,) microbits of log-odds before any evidence: the model's, or that of records left alone."""
        return np.where(self.looked_again, np.int64(self.second_prior), np.int64(self.weights.prior))

    @property
    def weight(self) -> Microbits:
        """(n_pairs,) microbits, prior included, and `CONTRADICTED` where the pair shows a contradiction."""
        return _shifted(self.by_pattern.weight[self.pattern], self.looked_again, self.second_prior - self.weights.prior)

    @property
    def apart(self) -> NDArray[np.object_]:
        """(n_pairs,) object array, why a pair that speaks for one person is cut; "" where none is."""
        return self.cut.texts


class _Held(NamedTuple):
    """Pairs that are kept, and (n_pairs,) int32 which of the counted patterns each shows."""

    found: Candidates
    pattern: NDArray[np.int32]

    def among(self, counted: Counted) -> Shown:
        """The same, with what the patterns are."""
        return Shown(self.found.pairs, self.pattern, counted.candidates.patterns)


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
    counted = count(encodings, parts, passes, protocol)
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
        return _Held(Candidates(pairs.pairs, passes, pairs.proposed), shows)

    def clustered(among_these: _Held, rows: Rows, shift: int, under: Rules) -> Labels:
        some, weight = among_these.found.pairs, pattern.weight[among_these.pattern[rows]] + shift

        def weigh_pairs(pairs: Pairs) -> Weighed:
            seen = shown(encodings, pairs, among_these.among(counted), protocol)
            weight, contradiction, known = _weighed_any(seen.levels, table, protocol, threshold)
            return Weighed(weight[seen.kind] + shift, contradiction[seen.kind], known[seen.kind])

        return cluster(Pairs(some.left[rows], some.right[rows]), weight, threshold, weigh_pairs, under)

    strong = held(lambda _pairs, shown: keep[shown])
    means.report("cluster", 0, 1)
    first = clustered(strong, slice(None), 0, rules)

    def dropped(some: NDArray[np.bool_]) -> Dropped:
        return Dropped(pattern.weight, np.where(keep, 0, among(parts, counted.codes, some)))

    candidates, weight = strong.found.pairs, pattern.weight[strong.pattern]
    again = second_look(candidates, weight, first, counted.candidates, model, table, threshold, dropped)
    shift = again.prior - table.prior
    alone = np.bincount(first, minlength=len(first))[first] == 1
    raised = above(pattern.weight + shift, pattern.contradiction, CONTRADICTED, min(threshold, 0) + KEPT_FROM)
    worth = strong if keep.all() else held(_worth_keeping(keep, raised, alone, first))
    del strong, candidates, weight
    left, right = worth.found.pairs
    later = alone[left] & alone[right] & bool(len(again.rows))
    of_rest = replace(rules, must=NOTHING_DECIDED.must)  # 'same' had its turn
    joined = clustered(worth, np.flatnonzero(later), shift, of_rest)
    labels = np.where(alone, joined, first).astype(np.int32)
    means.report("certainty", 0, 1)
    others = [weights(one) for one in refits(counted, model, MODELS, SEED)]
    final = _shifted(pattern.weight[worth.pattern], later, shift)
    contradiction = pattern.contradiction[worth.pattern]
    cut = cuts(worth.found.pairs, above(final, contradiction, CONTRADICTED, threshold), contradiction, labels, rules, protocol)
    weigh_under_all = _under_all(encodings, protocol, worth.among(counted), others, alone, shift)
    sure = certainty(encodings, Seen(worth.found.pairs, final, worth.found.by_how_many), labels, threshold, weigh_under_all, rules)
    compared = int(counted.candidates.counts.sum())
    return Linkage(
        worth.found, compared, counted, worth.pattern, pattern, model, table, later, again.prior, cut, threshold, labels, sure
    )


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


def _weighed_any(levels: Levels, table: Weights, protocol: Protocol, threshold: int) -> Weighed:
    """Weights of pairs inside a group, those included that show nothing."""
    weighed = _weighed(levels, table, protocol)
    return weighed._replace(weight=np.where(weighed.seen, weighed.weight, np.int64(threshold + UNSEEN_PAIR)))


def _shifted(weight: Microbits, some: NDArray[np.bool_], shift: int) -> Microbits:
    """(n_pairs,) the weights of some pairs with another prior, and those of the others as they are."""
    return weight + np.where(some, np.int64(shift), np.int64(0))


def _under_all(
    encodings: Encodings, protocol: Protocol, known: Shown, others: Sequence[Weights], alone: NDArray[np.bool_], shift: int
) -> Weigh:
    """How pairs inside groups weigh under other models; each kind is there twice, by either prior.

    Args:
        encodings: of all records.
        protocol: the agreement.
        known: pairs that were compared before, sorted.
        others: the models.
        alone: (n_records,) whether a record was left alone by the first look.
        shift: microbits, how far the prior of these is from the first.
    """
    threshold = log_odds(protocol.clustering.threshold)

    def weigh_pairs(pairs: Pairs) -> Kinds:
        seen = shown(encodings, pairs, known, protocol)
        under = [_weighed_any(seen.levels, one, protocol, threshold) for one in others]
        twice = [
            Weighed(np.append(w, w + shift), np.tile(contradiction, 2), np.tile(there, 2)) for w, contradiction, there in under
        ]
        return Kinds(seen.kind + (alone[pairs.left] & alone[pairs.right]) * np.int32(len(seen.levels)), twice)

    return weigh_pairs


def _rules(encodings: Encodings, protocol: Protocol, decided: Decided) -> Rules:
    single = np.array([not protocol.source(agency).duplicates for agency in encodings.agencies], dtype=np.bool_)
    return Rules(encodings.source, single, decided.must, decided.cannot)
