"""Average linkage inside one group of records: the kernel under `cluster`.

Two clusters merge while the mean weight of the pairs between them is the largest there is and positive. Means are
compared as fractions of whole numbers and ties go to the smallest indices, so the result is the same everywhere.
Source: average linkage (UPGMA; Sokal & Michener 1958) on match weights, stopped at zero.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def agglomerate(
    weights: NDArray[np.int64], must: NDArray[np.bool_], cannot: NDArray[np.bool_]
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """(k,) int32 cluster of each record, named by its smallest member.

    Args:
        weights: (k, k) symmetric microbits above the threshold, clipped.
        must: (k, k) pairs decided to be the same; merged first, in index order, unless a cannot-link stands between.
        cannot: (k, k) pairs that may not share a cluster.
    """
    size = len(weights)
    total, barred = weights.copy(), cannot.copy()
    members = np.ones(size, np.int64)
    cluster = np.arange(size)
    for left in range(size):
        for right in range(left + 1, size):
            a, b = cluster[left], cluster[right]
            if must[left, right] and a != b and not barred[a, b]:
                merge(min(a, b), max(a, b), total, barred, members, cluster)
    while True:
        left, right = _best(total, barred, members)
        if left < 0:
            return cluster.astype(np.int32)
        merge(left, right, total, barred, members, cluster)


@njit(nogil=True, cache=True)
def _best(
    total: NDArray[np.int64], barred: NDArray[np.bool_], members: NDArray[np.int64]
) -> tuple[int, int]:  # pragma: no cover - compiled
    """The pair of clusters with the largest positive mean weight; (−1, −1) where none is positive."""
    best_left, best_right, best_total, best_pairs = -1, -1, np.int64(0), np.int64(1)
    for left in range(len(members)):
        if members[left] == 0:
            continue
        for right in range(left + 1, len(members)):
            if members[right] == 0 or barred[left, right] or total[left, right] <= 0:
                continue
            pairs = members[left] * members[right]
            if total[left, right] * best_pairs > best_total * pairs:
                best_left, best_right, best_total, best_pairs = left, right, total[left, right], pairs
    return best_left, best_right


@njit(nogil=True, cache=True)
def merge(
    into: int,
    out: int,
    total: NDArray[np.int64],
    barred: NDArray[np.bool_],
    members: NDArray[np.int64],
    cluster: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Add one cluster to another: sums of weights add up, bars stay."""
    for other in range(len(members)):
        if other not in (into, out):
            total[into, other] += total[out, other]
            total[other, into] = total[into, other]
            barred[into, other] |= barred[out, other]
            barred[other, into] = barred[into, other]
        if cluster[other] == out:
            cluster[other] = into
    members[into] += members[out]
    members[out] = 0
