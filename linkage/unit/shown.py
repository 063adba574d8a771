"""What pairs inside groups show: most were compared as candidates and are looked up, and only the others are compared now.

All that a pair says depends on its levels, and there are few different ones. So pairs are held as numbers of *kinds*, and
whatever is worked out, under one model or under many, is worked out once for each kind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking import Pairs
from comparators import pattern_codes, patterns
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.vectors import Levels, compare, level_counts


class Shown(NamedTuple):
    """Pairs and what they show.

    Attributes:
        pairs: any pairs; sorted, where others are looked up among them.
        kind: (n_pairs,) int32 which of the kinds each pair is of.
        levels: (n_kinds, n_comparisons) int8 of each kind.
    """

    pairs: Pairs
    kind: NDArray[np.int32]
    levels: Levels


def shown(encodings: Encodings, pairs: Pairs, known: Shown, protocol: Protocol) -> Shown:
    """What some pairs show; kinds that are known keep their numbers.

    Args:
        encodings: of all records.
        pairs: of which it is asked, in any order.
        known: pairs that were compared before, sorted.
        protocol: the agreement.
    """
    kind = _looked_up(known, pairs)
    anew = np.flatnonzero(kind < 0)
    if not len(anew):
        return Shown(pairs, kind, known.levels)
    sizes = level_counts(protocol)
    levels = _compared(encodings, Pairs(pairs.left[anew], pairs.right[anew]), protocol)
    codes, place = np.unique(pattern_codes(levels, sizes), return_inverse=True)
    kind[anew] = len(known.levels) + place
    return Shown(pairs, kind, np.concatenate([known.levels, patterns(codes, sizes)]))


def _compared(encodings: Encodings, pairs: Pairs, protocol: Protocol) -> Levels:
    """The levels of a few pairs, without a look at records that are in none of them."""
    inside = np.zeros(len(encodings), np.bool_)
    inside[pairs.left] = inside[pairs.right] = True
    place = np.cumsum(inside, dtype=np.int32) - 1
    among = Pairs(place[pairs.left], place[pairs.right])
    return compare(encodings.some(np.flatnonzero(inside)), among, protocol)


@njit(nogil=True, cache=True)
def _looked_up(known: Shown, pairs: Pairs) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """(n_pairs,) kind of each pair, −1 where it is not among the known ones, which are sorted: found by halving."""
    found = np.empty(len(pairs.left), np.int32)
    for row in range(len(found)):
        left, right = pairs.left[row], pairs.right[row]
        low, high = 0, len(known.kind)
        while low < high:
            middle = (low + high) // 2
            before = known.pairs.left[middle]
            if before < left or (before == left and known.pairs.right[middle] < right):
                low = middle + 1
            else:
                high = middle
        there = low < len(known.kind) and known.pairs.left[low] == left and known.pairs.right[low] == right
        found[row] = known.kind[low] if there else -1
    return found
