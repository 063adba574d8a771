"""What no blocking pass proposed, estimated from what hangs on a single one.

Each join of records that was found was proposed by some number of passes: many share several locks or tokens with their
partner, some share only one. What hangs on one pass would not have been found without it; so there will be joins that would
have needed one pass more. On practice lists from six agencies, registers and surveys there were between a fifth and nine
tenths as many of these as of joins that hang on one pass. About two thirds are taken, with a spread that covers most of this range.
Source: the jackknife estimate of unseen species, f1 (m − 1)/m (Burnham & Overton 1978), which counts all of what was seen once;
passes overlap, which species do not, so the share and its spread are set on practice lists (docs/certainty.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_SHARE_OF_ONCE = 0.65
_SPREAD = 0.35


class Missing(NamedTuple):
    """How many were not found.

    Attributes:
        number: the estimate.
        spread: standard deviation of its natural logarithm.
    """

    number: float
    spread: float


def missing(passes: NDArray[np.integer]) -> Missing:
    """Estimate how many joins or pairs no pass proposed.

    Args:
        passes: (n_found,) by how many passes each that was found was proposed.
    """
    once = int((passes == 1).sum())
    return Missing(_SHARE_OF_ONCE * once, float(np.sqrt(_SPREAD**2 + 1.0 / max(once, 1))))


def forest(left: NDArray[np.int32], right: NDArray[np.int32], passes: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    """Rows of the pairs that join persons, those first that most passes proposed: a maximum spanning forest.

    Args:
        left: (n_pairs,) records of linked pairs.
        right: (n_pairs,) their partners.
        passes: (n_pairs,) how many passes proposed each.
        n: number of records.
    """
    order = np.lexsort((right, left, -passes))
    return order[_joins(left[order], right[order], n)]


@njit(nogil=True, cache=True)
def _joins(left: NDArray[np.int32], right: NDArray[np.int32], n: int) -> NDArray[np.bool_]:  # pragma: no cover - compiled
    """(n_pairs,) whether each pair joins what those before it have not joined."""
    parent = np.arange(n)
    joins = np.zeros(len(left), np.bool_)
    for pair in range(len(left)):
        one, other = _root(parent, left[pair]), _root(parent, right[pair])
        joins[pair] = one != other
        parent[other] = one
    return joins


@njit(nogil=True, cache=True)
def _root(parent: NDArray[np.int64], record: int) -> int:  # pragma: no cover - compiled
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record
