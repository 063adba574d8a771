"""Which records hang together: connected components over pairs, each named by its smallest member.

Union-find that always hangs the larger root under the smaller. A record's parent is then never greater than the record,
the root of a component is its smallest member, and the labels do not depend on the order of the pairs.
Source: Tarjan & van Leeuwen 1984 (path halving).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


def components(n: int, left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n,) int32 smallest record that each record is connected with; its own number if there is none smaller.

    Args:
        n: number of records.
        left: (n_pairs,) one side of each pair, in any order.
        right: (n_pairs,) the other side.

    Raises:
        ValueError: the sides differ in length.
        IndexError: a pair names a record that is not there.
    """
    if left.shape != right.shape:
        raise ValueError(f"{len(left)} left sides and {len(right)} right sides do not make pairs")
    for side in (left, right):
        if len(side) and not (side.min() >= 0 and side.max() < n):
            raise IndexError(f"a pair names a record outside 0 to {n - 1}")
    return _components(n, left, right)


@njit(nogil=True, cache=True)
def _components(n: int, left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.int32]:
    parent = np.arange(n).astype(np.int32)
    for pair in range(len(left)):
        a, b = _root(parent, left[pair]), _root(parent, right[pair])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b
    for record in range(n):  # parents come before their children, so one step reaches the root
        parent[record] = parent[parent[record]]
    return parent


@njit(nogil=True, cache=True)
def _root(parent: NDArray[np.int32], record: int) -> int:
    """The root above a record; on the way every other record is hung one generation higher."""
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record
