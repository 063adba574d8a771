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
    kind = _looked_up(known.pairs.left, known.pairs.right, known.kind, pairs.left, pairs.right)
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
def _looked_up(
    left: NDArray[np.int32], right: NDArray[np.int32], kind: NDArray[np.int32], of_left: NDArray[np.int32], of_right: NDArray[np.int32]
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """(n_asked,) kind of each pair, −1 where it is not among the known ones, which are sorted: found by halving."""
    found = np.empty(len(of_left), np.int32)
    for asked in range(len(of_left)):
        a, b = of_left[asked], of_right[asked]
        low, high = 0, len(left)
        while low < high:
            middle = (low + high) // 2
            if left[middle] < a or (left[middle] == a and right[middle] < b):
                low = middle + 1
            else:
                high = middle
        found[asked] = kind[low] if low < len(left) and left[low] == a and right[low] == b else -1
    return found
