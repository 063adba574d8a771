"""The best partition of a small group of records, exactly: the kernel that proves what average linkage finds.

A partition's worth is the sum of the weights above the threshold of all pairs that it puts together (correlation
clustering; Bansal, Blum & Chawla 2004). Among k records there are as many partitions as Bell's number of k; the best is
found over the 2^k subsets, each split into the cluster of its first member and the best partition of the others.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

LARGEST_EXACT = 10


@njit(nogil=True, cache=True)
def best_partition(weights: NDArray[np.int64], cannot: NDArray[np.bool_]) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """(k,) int32 cluster of each record, named by its smallest member; of equally good partitions the one of fewest joins.

    Args:
        weights: (k, k) symmetric microbits above the threshold, clipped; k at most `LARGEST_EXACT`.
        cannot: (k, k) pairs that may not share a cluster.
    """
    size = len(weights)
    subsets = 1 << size
    worth = np.zeros(subsets, np.int64)  # of each subset as one cluster, `size` times its weight less its joins
    allowed = np.ones(subsets, np.bool_)
    for subset in range(1, subsets):
        first = 0
        while not subset >> first & 1:
            first += 1
        rest = subset & (subset - 1)
        worth[subset], allowed[subset] = worth[rest] - (rest > 0), allowed[rest]
        for other in range(first + 1, size):
            if rest >> other & 1:
                worth[subset] += size * weights[first, other]
                allowed[subset] = allowed[subset] and not cannot[first, other]
    best, chosen = np.zeros(subsets, np.int64), np.zeros(subsets, np.int64)
    for subset in range(1, subsets):
        lowest = subset & -subset
        rest = subset ^ lowest
        best[subset], chosen[subset] = best[rest], lowest
        part = rest
        while part:
            cluster = part | lowest
            if allowed[cluster] and worth[cluster] + best[subset ^ cluster] > best[subset]:
                best[subset], chosen[subset] = worth[cluster] + best[subset ^ cluster], cluster
            part = (part - 1) & rest
    labels = np.zeros(size, np.int32)
    left = subsets - 1
    while left:
        cluster = chosen[left]
        name = 0
        while not cluster >> name & 1:
            name += 1
        for member in range(size):
            if cluster >> member & 1:
                labels[member] = name
        left ^= cluster
    return labels
