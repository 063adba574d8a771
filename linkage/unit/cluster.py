"""From weighted pairs to persons: each record in one cluster, over all sources and within each.

Components over the pairs that speak for a match say who could be one person at all; inside a component *every* pair is
weighed, also those that were never candidates, and average linkage decides. So one chance likeness does not chain two
families into one person, and a change in one component moves no other. Decisions come first: a pair decided to be
different is never in one cluster, a pair decided to be the same always is unless that would break a 'different'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs, complete, components
from linkage.unit.agglomerate import agglomerate
from linkage.unit.weights import MICROBITS, Microbits

LARGEST_COMPONENT = 300
_CLIP = 12 * MICROBITS
_STEP = 2 * MICROBITS
Labels = NDArray[np.int32]
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


def cluster(pairs: Pairs, weight: Microbits, threshold: int, weigh_pairs: Callable[[Pairs], Microbits], rules: Rules) -> Labels:
    """(n_records,) int32 cluster of each record, named by its smallest member.

    Args:
        pairs: candidate pairs.
        weight: (n_pairs,) their weights in microbits.
        threshold: microbits at which a pair speaks neither for nor against.
        weigh_pairs: weights of any further pairs.
        rules: sources and decisions.
    """
    groups = group(pairs, weight, threshold, rules)
    inside = complete(groups)
    above = np.clip(weigh_pairs(inside) - threshold, -_CLIP, _CLIP)
    by_group = np.argsort(groups[inside.left], kind="stable")
    labels = np.arange(len(groups), dtype=np.int32)
    marked = _Marks(_codes(rules.must, len(groups)), _codes(rules.cannot, len(groups)))
    edges = np.flatnonzero(np.diff(groups[inside.left][by_group], prepend=-1))
    for rows in np.split(by_group, edges[1:]) if len(edges) else []:
        left, right = inside.left[rows], inside.right[rows]
        members = np.append(left[0], right[left == left[0]])
        labels[members] = members[_partition(members, left, right, above[rows], marked, rules)]
    return labels


@dataclass(frozen=True)
class _Marks:
    """Decided pairs as sorted codes left * n + right."""

    must: NDArray[np.int64]
    cannot: NDArray[np.int64]


def group(pairs: Pairs, weight: Microbits, threshold: int, rules: Rules) -> Labels:
    """(n_records,) int32 component of each record over pairs at or above the threshold, and decided pairs.

    A component larger than `LARGEST_COMPONENT` is a chain of likenesses; inside it the threshold rises, two bits at a
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
        too_large = sizes[labels] > LARGEST_COMPONENT
        if not too_large.any() or not (strong & too_large[pairs.left]).any():
            return labels
        bar[too_large] += _STEP


def _partition(
    members: NDArray[np.int32],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    above: Microbits,
    marked: _Marks,
    rules: Rules,
) -> Labels:
    """(k,) position in `members` of each member's cluster."""
    size, n = len(members), len(rules.source)
    codes = left.astype(np.int64) * n + right
    at = (np.searchsorted(members, left), np.searchsorted(members, right))
    source = rules.source[members]
    cannot = (source[:, None] == source[None, :]) & rules.single[source][:, None]
    np.fill_diagonal(cannot, val=False)
    must, decided_apart = (_square(size, at, np.isin(codes, decided)) for decided in (marked.must, marked.cannot))
    return agglomerate(_square(size, at, above), must, cannot | decided_apart)


def _square(size: int, at: tuple[NDArray[np.int64], NDArray[np.int64]], values: NDArray[Cell]) -> NDArray[Cell]:
    """(k, k) symmetric matrix of the pairs' values, zero on the diagonal."""
    out = np.zeros((size, size), dtype=values.dtype)
    out[at], out[at[::-1]] = values, values
    return out


def _codes(pairs: Pairs, n: int) -> NDArray[np.int64]:
    return np.unique(pairs.left.astype(np.int64) * n + pairs.right)
