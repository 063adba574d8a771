"""From weighted pairs to persons: each record in one cluster, over all sources and within each.

Components over the pairs that speak for a match say who could be one person at all; inside a component *every* pair is
weighed, also those that were never candidates, and average linkage decides. In a component of up to `LARGEST_EXACT` records
the best of all partitions is found, too, and taken where average linkage missed it (two components in a thousand on practice
lists), so that there nothing better exists. So one chance likeness does not chain two
families into one person, and a change in one component moves no other. Decisions come first: a pair decided to be
different is never in one cluster, a pair decided to be the same always is unless that would break a 'different'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking import Pairs, components, to_codes
from linkage.unit.agglomerate import agglomerate
from linkage.unit.contradictions import NONE
from linkage.unit.groups import CANNOT, CONTRADICT, MUST, Groups, bars, gathered, square
from linkage.unit.partition import LARGEST_EXACT, best_partition
from linkage.unit.weights import MICROBITS, Microbits

LARGEST_COMPONENT = 300
CLIP = 12 * MICROBITS
_STEP = 2 * MICROBITS
Labels = NDArray[np.int32]
Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """What clusters must respect.

    Attributes:
        source: (n_records,) int16 source of each record.
        single: (n_sources,) bool, whether a source holds each person at most once.
        must, cannot: decided pairs of records.
    """

    source: NDArray[np.int16]
    single: NDArray[np.bool_]
    must: Pairs
    cannot: Pairs

    @cached_property
    def must_codes(self) -> NDArray[np.int64]:
        """Codes of the pairs decided to be the same, made once for all groups."""
        return to_codes(self.must, len(self.source))

    @cached_property
    def cannot_codes(self) -> NDArray[np.int64]:
        """Codes of the pairs decided to be different."""
        return to_codes(self.cannot, len(self.source))


class Weighed(NamedTuple):
    """What pairs of records say.

    Attributes:
        weight: (n_pairs,) microbits.
        contradiction: (n_pairs,) int8, which contradiction a pair shows, −1 = none.
        seen: (n_pairs,) bool, whether anything of the pair could be compared.
    """

    weight: Microbits
    contradiction: NDArray[np.int8]
    seen: NDArray[np.bool_]


def cluster(pairs: Pairs, weight: Microbits, threshold: int, weigh_pairs: Callable[[Pairs], Weighed], rules: Rules) -> Labels:
    """(n_records,) int32 cluster of each record, named by its smallest member.

    Args:
        pairs: candidate pairs.
        weight: (n_pairs,) their weights in microbits.
        threshold: microbits at which a pair speaks neither for nor against.
        weigh_pairs: weights and contradictions of any further pairs.
        rules: sources and decisions.
    """
    groups, inside = gathered(group(pairs, weight, threshold, rules))
    weighed = weigh_pairs(inside)
    above = np.clip(weighed.weight - threshold, -CLIP, CLIP)
    labels = np.arange(len(rules.source), dtype=np.int32)
    labels[groups.members] = over_groups(groups, above, marks(inside, weighed.contradiction, rules))
    return labels


def marks(inside: Pairs, contradicted: NDArray[np.int8], rules: Rules) -> NDArray[np.int8]:
    """(n_pairs,) int8 what is marked between records of one group: sums of `MUST`, `CANNOT` and `CONTRADICT`.

    Args:
        inside: pairs within groups.
        contradicted: (n_pairs,) the contradiction that a pair shows, −1 = none.
        rules: sources and decisions.
    """
    left, right = rules.source[inside.left], rules.source[inside.right]
    codes = to_codes(inside, len(rules.source))
    apart = ((left == right) & rules.single[left]) | np.isin(codes, rules.cannot_codes)
    found: NDArray[np.int8] = MUST * np.isin(codes, rules.must_codes) + CANNOT * apart + CONTRADICT * (contradicted != NONE)
    return found


@njit(nogil=True, cache=True)
def over_groups(groups: Groups, above: Microbits, marked: NDArray[np.int8]) -> Labels:  # pragma: no cover - compiled
    """(m,) int32 record that names the cluster of each member, its smallest.

    Args:
        groups: all groups.
        above: (n_pairs,) microbits above the threshold, clipped.
        marked: (n_pairs,) as `marks` gives them.
    """
    labels = np.empty(len(groups.members), np.int32)
    for one in range(len(groups.start) - 1):
        members = groups.members[groups.start[one] : groups.start[one + 1]]
        size = len(members)
        weights = np.zeros((size, size), np.int64)
        must, cannot = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
        square(groups, one, above, weights)
        bars(groups, one, marked, must, cannot)
        found = _partition(weights, must, cannot)
        for place in range(size):
            labels[groups.start[one] + place] = members[found[place]]
    return labels


@njit(nogil=True, cache=True)
def _partition(weights: Microbits, must: Marks, cannot: Marks) -> Labels:  # pragma: no cover - compiled
    """(k,) int32 place of the first member of each member's cluster."""
    found = agglomerate(weights, must, cannot)
    if len(weights) > LARGEST_EXACT or must.any():
        return found
    best = best_partition(weights, cannot)
    return best if _worth(weights, best) > _worth(weights, found) else found


@njit(nogil=True, cache=True)
def _worth(weights: Microbits, labels: Labels) -> np.int64:  # pragma: no cover - compiled
    """Twice the sum of the weights within clusters."""
    worth = np.int64(0)
    for one in range(len(labels)):
        for other in range(len(labels)):
            if labels[one] == labels[other]:
                worth += weights[one, other]
    return worth


def group(pairs: Pairs, weight: Microbits, threshold: int, rules: Rules, largest: int = LARGEST_COMPONENT) -> Labels:
    """(n_records,) int32 component of each record over pairs at or above the threshold, and decided pairs.

    A component of more than `largest` records is a chain of likenesses; inside it the threshold rises, two bits at a
    time, until it falls apart. Decided pairs hold at every threshold.
    """
    n, bar, must = len(rules.source), threshold, rules.must
    strong = weight >= bar
    left, right, weight = pairs.left[strong], pairs.right[strong], weight[strong]
    labels = components(n, np.concatenate([left, must.left]), np.concatenate([right, must.right]))
    while True:
        too_large = (np.bincount(labels, minlength=n) > largest)[labels]
        inside = too_large[left]
        if not inside.any():
            return labels
        bar += _STEP
        inside &= weight >= bar
        left, right, weight = left[inside], right[inside], weight[inside]
        apart = components(n, np.concatenate([left, must.left]), np.concatenate([right, must.right]))
        labels = np.where(too_large, apart, labels)
