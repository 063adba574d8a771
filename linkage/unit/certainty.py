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
from linkage.unit.draw import MOST_MEMBERS, draw_groups
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
    passes: NDArray[np.int64]


Weigh = Callable[[Pairs], Sequence[Weighed]]


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
    most = _clusters(drawn, labels) - min(len(labels), 1)  # somebody is left
    partitions = replace(drawn, joins=np.minimum(_spread(no_join, DRAWS), most))
    return _summed_up(partitions, labels, missing(passes))


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
    weighed = weigh(inside)
    sure = np.stack([np.clip(one.weight - np.where(one.seen, 0, threshold), -CLIP, CLIP) for one in weighed])
    seeds = np.array([_seed(encodings, record) for record in groups.members[groups.start[:-1]].tolist()], np.int64)
    model = np.arange(DRAWS) % len(sure)
    marked = marks(inside, weighed[0].contradiction, rules)
    drawn = draw_groups(groups, sure, weighed[0].seen.astype(np.int64), marked, model, -_REACH, seeds)
    sizes = np.diff(groups.start)
    place = (np.arange(len(groups.members)) - np.repeat(groups.start[:-1], sizes)).astype(np.int8)
    order = np.argsort(groups.members)
    record = groups.members[order]
    return Partitions(record, numbers[record], place[order], drawn[order], np.zeros(DRAWS, np.int64))


def _seed(encodings: Encodings, record: int) -> int:
    """A group's own seed, by its first record, so that what is drawn in one group moves no other."""
    name = encodings.agencies[encodings.source[record]].encode() + bytes(encodings.record[record])
    return int.from_bytes(hashlib.sha256(SEED.to_bytes(8, "big") + name).digest()[:7], "big")


def _spread(no_join: Missing, draws: int) -> NDArray[np.int64]:
    """(n_draws,) joins that no pass proposed: lognormal about the estimate."""
    normal = np.random.default_rng(SEED).normal(0.0, 1.0, draws)
    return np.rint(no_join.number * np.exp(no_join.spread * normal)).astype(np.int64)


def _summed_up(drawn: Partitions, labels: Labels, no_pair: Missing) -> Certainty:
    counts = _clusters(drawn, labels) - drawn.joins
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
    others = _number(labels) - len(np.unique(labels[drawn.record]))
    clusters: NDArray[np.int64] = others + (drawn.cluster == drawn.place[:, None]).sum(axis=0)  # named by one of its own
    return clusters


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
                together = (drawn[order[one]] == drawn[order[other]]).sum()
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
