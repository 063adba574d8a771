"""From tests to comparison levels: a comparison is a ladder of rungs, best first.

The level of a pair is the index of the first rung that holds; where none holds it is the number of rungs, *different*;
−1 says that the comparison was not made. The levels of one pair over all comparisons are its agreement pattern. There
are few patterns and many pairs, so whatever depends on levels only is worked out once for each pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NOT_OBSERVED = -1
_MOST_RUNGS = np.iinfo(np.int8).max
_MOST_CODES = 1 << 63


class PatternCounts(NamedTuple):
    """The agreement patterns that occur.

    Attributes:
        patterns: (n_patterns, n_comparisons) int8, each once, in order of their codes.
        counts: (n_patterns,) int64 number of pairs with the pattern, at least 1.
        inverse: (n_pairs,) int32 row of `patterns` that a pair has.
    """

    patterns: NDArray[np.int8]
    counts: NDArray[np.int64]
    inverse: NDArray[np.int32]


def first_rung(holds: Sequence[NDArray[np.bool_]], observed: NDArray[np.bool_]) -> NDArray[np.int8]:
    """(n_pairs,) int8 level of each pair: index of its first rung that holds, `len(holds)` = different, −1 = not observed.

    Args:
        holds: for each rung, best first, (n_pairs,) bool.
        observed: (n_pairs,) bool, whether the comparison could be made at all.

    Raises:
        ValueError: there are more rungs than an int8 can number.
    """
    if len(holds) > _MOST_RUNGS:
        raise ValueError(f"{len(holds)} rungs, at most {_MOST_RUNGS} can be numbered")
    level = np.full(len(observed), len(holds), dtype=np.int8)
    for rung in reversed(range(len(holds))):
        level[holds[rung]] = rung
    level[~observed] = NOT_OBSERVED
    return level


def same_token(
    tokens_a: NDArray[np.uint64], tokens_b: NDArray[np.uint64], left: NDArray[np.int32], right: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """(n_pairs,) bool, whether `tokens_a[left]` equals `tokens_b[right]` and neither is missing.

    Args:
        tokens_a: (n,) uint64; 0 = missing.
        tokens_b: (n,) uint64; the same array, or another token to compare with (day and month exchanged).
        left: (n_pairs,) records.
        right: (n_pairs,) records.
    """
    a = tokens_a[left]
    equal: NDArray[np.bool_] = (a == tokens_b[right]) & (a != 0)
    return equal


def pattern_codes(levels: NDArray[np.int8], sizes: tuple[int, ...]) -> NDArray[np.int64]:
    """(n_pairs,) int64 code of each pattern, from 0; codes stand in the same order as patterns read left to right.

    A code is a number in mixed radix: comparison c is a digit from 0 (not observed) to `sizes[c]` (different), the
    first comparison the most significant.

    Args:
        levels: (n_pairs, n_comparisons) int8; −1 = not observed.
        sizes: number of levels of each comparison, *different* included.

    Raises:
        ValueError: a level is outside its comparison, or the codes would not fit in 63 bits.
    """
    _check_sizes(sizes, levels.shape[1])
    codes = np.zeros(len(levels), dtype=np.int64)
    for column, size in enumerate(sizes):
        digit = levels[:, column]
        if len(digit) and not (digit.min() >= NOT_OBSERVED and digit.max() < size):
            raise ValueError(f"comparison {column} has a level outside -1 to {size - 1}")
        codes *= size + 1
        codes += digit
        codes += 1
    return codes


def patterns(codes: NDArray[np.int64], sizes: tuple[int, ...]) -> NDArray[np.int8]:
    """(n_patterns, n_comparisons) int8 levels that the codes stand for: the inverse of `pattern_codes`.

    Args:
        codes: (n_patterns,) int64.
        sizes: number of levels of each comparison, *different* included.

    Raises:
        ValueError: the codes of these sizes would not fit in 63 bits.
    """
    _check_sizes(sizes, len(sizes))
    out = np.empty((len(codes), len(sizes)), dtype=np.int8)
    rest = codes
    for column in reversed(range(len(sizes))):
        rest, digit = np.divmod(rest, sizes[column] + 1)
        out[:, column] = digit - 1
    return out


def count_patterns(levels: NDArray[np.int8], sizes: tuple[int, ...]) -> PatternCounts:
    """The agreement patterns that occur, how often, and which pair has which.

    Args:
        levels: (n_pairs, n_comparisons) int8; −1 = not observed.
        sizes: number of levels of each comparison, *different* included.

    Raises:
        ValueError: a level is outside its comparison, or the codes would not fit in 63 bits.
    """
    codes = pattern_codes(levels, sizes)
    distinct, counts = np.unique(codes, return_counts=True)
    # Patterns are few: looking each pair up among them is faster than the sort by which np.unique would invert.
    inverse = np.searchsorted(distinct, codes).astype(np.int32)
    return PatternCounts(patterns(distinct, sizes), counts.astype(np.int64), inverse)


def _check_sizes(sizes: tuple[int, ...], n_comparisons: int) -> None:
    if len(sizes) != n_comparisons:
        raise ValueError(f"{n_comparisons} comparisons, but {len(sizes)} sizes")
    codes = 1
    for size in sizes:
        codes *= size + 1
    if codes > _MOST_CODES:
        raise ValueError("the patterns of these comparisons are too many to be numbered in 63 bits")
