"""How sure the persons are: partitions drawn at random, and what they say of the count, of precision and of recall.

One partition is published; others would fit the evidence nearly as well. So the groups of records in which anything is
doubtful are divided anew, some hundreds of times, each time under one of several models that other lists of this kind
would have given (`fit.refits`). What every draw counts, and the joins that no pass proposed (`missing`), give the linkage
interval: it holds for the count of persons, and every published cell can be counted over the same draws.

Three things are in the interval: doubtful pairs, the model's own uncertainty, and pairs that were never compared. What is
not: errors that all models share.
Source: partitions and the interval as in the statistics reference, section 3; linkage averaging after Sadinle 2018.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking import Pairs
from linkage.records import Encodings
from linkage.unit.cluster import CLIP, Labels, Rules, Weighed, group, marks
from linkage.unit.draw import MOST_MEMBERS, Said, draw_groups
from linkage.unit.groups import gathered
from linkage.unit.missing import Missing, forest, missing
from linkage.unit.weights import MICROBITS, Microbits

DRAWS = 400
MODELS = 16
SEED = 20_180_731
_REACH = 7 * MICROBITS  # less likely pairs join nobody
_SURE = 10 * MICROBITS
_LARGEST_GROUP = 60
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Partitions:
    """How the doubtful groups were divided in each draw; all other records are as published.

    Attributes:
        record: (n_doubtful,) int32 record indices, rising.
        group: (n_doubtful,) int32 group of each, named by its smallest record; no draw joins two groups.
        place: (n_doubtful,) int8 place of each within its group.
        cluster: (n_doubtful, n_draws) int8 cluster of each in each draw: the place within its group of the first member.
        joins: (n_draws,) int64 joins of persons that no pass proposed.
    """

    record: NDArray[np.int32]
    group: NDArray[np.int32]
    place: NDArray[np.int8]
    cluster: NDArray[np.int8]
    joins: NDArray[np.int64]

    @property
    def labels(self) -> NDArray[np.int32]:
        """(n_draws, n_doubtful) int32 cluster of each in each draw, named by its smallest record; made when it is asked for."""
        named = np.zeros((len(self.record), int(self.place.max(initial=0)) + 1), np.int32)
        row = np.unique(self.group, return_inverse=True)[1]
        named[row, self.place] = self.record
        return named[row[:, None], self.cluster].T


@dataclass(frozen=True)
class Certainty:
    """What a run says of its own errors, without truth.

    Attributes:
        persons: as published.
        estimated: median over the draws, missing joins taken off.
        low, high: linkage interval of the count, 95 %.
        precision: permille of the published pairs that are expected to be of one person.
        recall: permille of the pairs of one person that are expected to be published.
        blocking_kept: permille of the pairs of one person that are expected to have been compared or joined by others.
        joins_missing: expected joins of persons that no pass proposed.
        doubtful: records in groups in which something was drawn.
        partitions: the draws.
    """

    persons: int
    estimated: int
    low: int
    high: int
    precision: int
    recall: int
    blocking_kept: int
    joins_missing: int
    doubtful: int
    partitions: Partitions


class Seen(NamedTuple):
    """Candidate pairs as they were weighed.

    Attributes:
        pairs: left < right.
        weight: (n_pairs,) microbits.
        passes: (n_pairs,) how many passes proposed each.
    """

    pairs: Pairs
    weight: Microbits
    passes: NDArray[np.integer]


class Kinds(NamedTuple):
    """What pairs say under each of several models, each kind of pair once.

    Attributes:
        kind: (n_pairs,) int32 what kind each pair is of.
        under: per model, weights of the kinds.
    """

    kind: NDArray[np.int32]
    under: Sequence[Weighed]


Weigh = Callable[[Pairs], Kinds]


def certainty(encodings: Encodings, seen: Seen, labels: Labels, threshold: int, weigh: Weigh, rules: Rules) -> Certainty:
    """Draw partitions and sum them up.

    Args:
        encodings: of all records.
        seen: the candidates.
        labels: (n_records,) the published clusters.
        threshold: microbits at which a pair speaks neither for nor against.
        weigh: weights of any pairs, under each of the models.
        rules: sources and decisions.
    """
    groups = _doubtful(seen, labels, threshold, rules)
    drawn = _drawn(encodings, groups, threshold, weigh, rules)
    linked = labels[seen.pairs.left] == labels[seen.pairs.right]
    left, right, passes = seen.pairs.left[linked], seen.pairs.right[linked], seen.passes[linked]
    no_join = missing(passes[forest(left, right, passes, len(labels))])
    clusters = _clusters(drawn, labels)
    most = clusters - min(len(labels), 1)  # somebody is left
    partitions = replace(drawn, joins=np.minimum(_spread(no_join, DRAWS), most))
    return _summed_up(partitions, clusters, labels, missing(passes))


def _doubtful(seen: Seen, labels: Labels, threshold: int, rules: Rules) -> Labels:
    """(n_records,) group of each record in which something is doubtful; −1 for all others."""
    groups = group(seen.pairs, seen.weight, min(threshold, 0) - _REACH, rules, _LARGEST_GROUP)
    inside = groups[seen.pairs.left] == groups[seen.pairs.right]
    weight = seen.weight[inside]
    apart = labels[seen.pairs.left[inside]] != labels[seen.pairs.right[inside]]
    unsure = (np.abs(weight) < _SURE) | ((weight > 0) == apart)
    marked = np.zeros(len(groups), np.bool_)
    marked[groups[seen.pairs.left[inside][unsure]]] = True
    drawable = np.bincount(groups, minlength=len(groups)) <= MOST_MEMBERS  # only decisions hold more together
    return np.where((marked & drawable)[groups], groups, -1).astype(np.int32)


def _drawn(encodings: Encodings, numbers: Labels, threshold: int, weigh: Weigh, rules: Rules) -> Partitions:
    """Draws go by how likely a pair is one person, whatever the threshold; a pair that shows nothing weighs as in clustering."""
    groups, inside = gathered(numbers)
    kind, under = weigh(inside)
    sure = np.stack([np.clip(one.weight - np.where(one.seen, 0, threshold), -CLIP, CLIP) for one in under])
    marked = marks(inside, under[0].contradiction[kind], rules)
    order = np.argsort(groups.members)
    rows = np.empty(len(order), np.int64)
    rows[order] = np.arange(len(order))
    model, seeds = np.arange(DRAWS) % len(sure), _seeds(encodings, groups.members[groups.start[:-1]])
    drawn = draw_groups(groups, rows, Said(kind, sure, under[0].seen), marked, model, -_REACH, seeds)
    place = (np.arange(len(order)) - np.repeat(groups.start[:-1], np.diff(groups.start))).astype(np.int8)
    record = groups.members[order]
    return Partitions(record, numbers[record], place[order], drawn, np.zeros(DRAWS, np.int64))


def _seeds(encodings: Encodings, first: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n_groups,) each group's own seed, by its first record, so that what is drawn in one group moves no other."""
    begun = [hashlib.sha256(SEED.to_bytes(8, "big") + agency.encode()) for agency in encodings.agencies]
    seeds = np.empty(len(first), np.int64)
    for row, (source, name) in enumerate(zip(encodings.source[first].tolist(), encodings.record[first].tolist(), strict=True)):
        one = begun[source].copy()
        one.update(name)
        seeds[row] = int.from_bytes(one.digest()[:7], "big")
    return seeds


def _spread(no_join: Missing, draws: int) -> NDArray[np.int64]:
    """(n_draws,) joins that no pass proposed: lognormal about the estimate."""
    normal = np.random.default_rng(SEED).normal(0.0, 1.0, draws)
    return np.rint(no_join.number * np.exp(no_join.spread * normal)).astype(np.int64)


def _summed_up(drawn: Partitions, clusters: NDArray[np.int64], labels: Labels, no_pair: Missing) -> Certainty:
    counts = clusters - drawn.joins
    low, middle, high = np.percentile(counts, (_INTERVAL[0], 50.0, _INTERVAL[1]))
    certain = _pairs_of(np.delete(labels, drawn.record))
    of_published, of_drawn, of_both = _pairs(labels[drawn.record], drawn)
    total = certain + of_drawn
    return Certainty(
        persons=_number(labels),
        estimated=round(float(middle)),
        low=round(float(low)),
        high=round(float(high)),
        precision=_permille(certain + of_both, certain + of_published),
        recall=_permille(certain + of_both, total + no_pair.number),
        blocking_kept=_permille(total, total + no_pair.number),
        joins_missing=round(float(np.median(drawn.joins))),
        doubtful=len(drawn.record),
        partitions=drawn,
    )


def _clusters(drawn: Partitions, labels: Labels) -> NDArray[np.int64]:
    """(n_draws,) persons in each draw, missing joins left aside."""
    doubtful = np.zeros(len(labels), np.bool_)
    doubtful[labels[drawn.record]] = True
    others = _number(labels) - np.count_nonzero(doubtful)
    clusters: NDArray[np.int64] = others + _named(drawn.cluster, drawn.place)
    return clusters


@njit(nogil=True, cache=True)
def _named(drawn: NDArray[np.int8], place: NDArray[np.int8]) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """(n_draws,) how many clusters are named by one of these records, as each is by one of its own.

    Args:
        drawn: (n, n_draws) clusters.
        place: (n,) of each record.
    """
    counts = np.zeros(drawn.shape[1], np.int64)
    for row in range(len(drawn)):
        for draw in range(len(counts)):
            counts[draw] += drawn[row, draw] == place[row]
    return counts


def _pairs(published: Labels, drawn: Partitions) -> tuple[float, float, float]:
    """Pairs within the published clusters, and on average within the drawn ones and within both.

    Args:
        published: (n_doubtful,) published clusters of the records that were drawn.
        drawn: the draws.
    """
    order = np.argsort(drawn.group, kind="stable")
    start = np.append(np.flatnonzero(np.diff(drawn.group[order], prepend=-1)), len(order))
    of_drawn, of_both = _pairs_drawn(drawn.cluster, published, order, start)
    return float(_pairs_of(published)), float(of_drawn) / DRAWS, float(of_both) / DRAWS


@njit(nogil=True, cache=True)
def _pairs_drawn(
    drawn: NDArray[np.int8], published: Labels, order: NDArray[np.int64], start: NDArray[np.int64]
) -> tuple[np.int64, np.int64]:  # pragma: no cover - compiled
    """Pairs within the drawn clusters, and within the drawn and the published ones, over all draws together.

    Args:
        drawn: (n, n_draws) clusters.
        published: (n,) clusters.
        order: (n,) rows, group after group.
        start: (n_groups + 1,) where each group begins in that order.
    """
    of_drawn, of_both = np.int64(0), np.int64(0)
    for group_of in range(len(start) - 1):
        for one in range(start[group_of], start[group_of + 1]):
            for other in range(one + 1, start[group_of + 1]):
                together, left, right = np.int64(0), drawn[order[one]], drawn[order[other]]
                for draw in range(len(left)):
                    together += left[draw] == right[draw]
                of_drawn += together
                of_both += together * (published[order[one]] == published[order[other]])
    return of_drawn, of_both


def _number(labels: Labels) -> int:
    """How many clusters there are: each is named by one of its own."""
    return int((labels == np.arange(len(labels))).sum())


def _pairs_of(labels: NDArray[np.integer]) -> int:
    sizes = np.bincount(labels).astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _permille(part: float, whole: float) -> int:
    return round(1000 * part / whole) if whole else 1000
