"""From weighted pairs to persons: each record in one cluster, over all sources and within each.

Components over the pairs that speak for a match say who could be one person at all; inside a component *every* pair is
weighed, also those that were never candidates, and average linkage decides. In a component of up to `LARGEST_EXACT` records
the best of all partitions is found, too, and taken where average linkage missed it (two components in a thousand on practice
lists), so that there nothing better exists. So one chance likeness does not chain two
families into one person, and a change in one component moves no other. Decisions come first: a pair decided to be
different is never in one cluster, a pair decided to be the same always is unless that would break a 'different'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs, complete, components, to_codes
from linkage.unit.agglomerate import agglomerate
from linkage.unit.contradictions import NONE
from linkage.unit.partition import LARGEST_EXACT, best_partition
from linkage.unit.weights import MICROBITS, Microbits

LARGEST_COMPONENT = 300
CLIP = 12 * MICROBITS
_STEP = 2 * MICROBITS
Labels = NDArray[np.int32]
Marks = NDArray[np.bool_]
At = tuple[NDArray[np.int64], NDArray[np.int64]]
Cell = TypeVar("Cell", np.int64, np.bool_)


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
    groups = group(pairs, weight, threshold, rules)
    inside = complete(groups)
    weighed = weigh_pairs(inside)
    above = np.clip(weighed.weight - threshold, -CLIP, CLIP)
    labels = np.arange(len(groups), dtype=np.int32)
    for rows, members in by_group(groups, inside):
        among = Pairs(inside.left[rows], inside.right[rows])
        labels[members] = members[_partition(members, among, above[rows], weighed.contradiction[rows], rules)]
    return labels


def by_group(groups: Labels, inside: Pairs) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Rows of the pairs of each group, and its members, rising; a group of one has no pairs and is left out.

    Args:
        groups: (n_records,) group of each record.
        inside: all pairs within groups, as `complete` gives them.
    """
    order = np.argsort(groups[inside.left], kind="stable")
    edges = np.flatnonzero(np.diff(groups[inside.left][order], prepend=-1))
    for rows in np.split(order, edges[1:]) if len(edges) else []:
        left, right = inside.left[rows], inside.right[rows]
        yield rows, np.append(left[0], right[left == left[0]])


def group(pairs: Pairs, weight: Microbits, threshold: int, rules: Rules, largest: int = LARGEST_COMPONENT) -> Labels:
    """(n_records,) int32 component of each record over pairs at or above the threshold, and decided pairs.

    A component of more than `largest` records is a chain of likenesses; inside it the threshold rises, two bits at a
    time, until it falls apart. Decided pairs hold at every threshold.
    """
    n = len(rules.source)
    bar = np.full(n, threshold, dtype=np.int64)
    while True:
        strong = weight >= bar[pairs.left]
        left = np.concatenate([pairs.left[strong], rules.must.left])
        right = np.concatenate([pairs.right[strong], rules.must.right])
        labels = components(n, left, right)
        sizes = np.bincount(labels, minlength=n)
        too_large = sizes[labels] > largest
        if not too_large.any() or not (strong & too_large[pairs.left]).any():
            return labels
        bar[too_large] += _STEP


def _partition(members: NDArray[np.int32], pairs: Pairs, above: Microbits, contradicted: NDArray[np.int8], rules: Rules) -> Labels:
    """(k,) position in `members` of each member's cluster."""
    at = (np.searchsorted(members, pairs.left), np.searchsorted(members, pairs.right))
    must, cannot = barred(members, pairs, at, contradicted, rules)
    weights = square(len(members), at, above)
    found = agglomerate(weights, must, cannot)
    if len(members) > LARGEST_EXACT or must.any():
        return found
    best = best_partition(weights, cannot)
    return best if _worth(weights, best) > _worth(weights, found) else found


def _worth(weights: Microbits, labels: Labels) -> int:
    """Sum of the weights within clusters."""
    return int(weights[labels[:, None] == labels[None, :]].sum())


def barred(members: NDArray[np.int32], pairs: Pairs, at: At, contradicted: NDArray[np.int8], rules: Rules) -> tuple[Marks, Marks]:
    """(k, k) what must be together, and what cannot be, in one group.

    Args:
        members: (k,) record indices, rising.
        pairs: all pairs of them.
        at: where the pairs' records stand in `members`.
        contradicted: (n_pairs,) the contradiction that a pair shows, −1 = none.
        rules: sources and decisions; decisions 'same', and chains of them, overrule a contradiction.
    """
    size = len(members)
    codes = to_codes(pairs, len(rules.source))
    must, decided_apart = (square(size, at, np.isin(codes, decided)) for decided in (rules.must_codes, rules.cannot_codes))
    source = rules.source[members]
    single = (source[:, None] == source[None, :]) & rules.single[source][:, None]
    np.fill_diagonal(single, val=False)
    contradict = square(size, at, contradicted != NONE)
    if must.any() and contradict.any():
        chained = components(size, *(side.astype(np.int32) for side in np.nonzero(must)))
        contradict &= chained[:, None] != chained[None, :]
    return must, single | decided_apart | contradict


def square(size: int, at: At, values: NDArray[Cell]) -> NDArray[Cell]:
    """(k, k) symmetric matrix of the pairs' values, zero on the diagonal."""
    out = np.zeros((size, size), dtype=values.dtype)
    out[at], out[at[::-1]] = values, values
    return out
