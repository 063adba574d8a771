"""Where pairs end on ladders of tests: one pass over the pairs of one group of columns, all its tests at once.

A *test* looks at one or two columns of both records and, where it holds, lets the pair stand on a rung of a ladder, 0 being
the best. A pair's level on a ladder is the best rung of any test. That is a minimum, so it does not matter in which order
tests, columns or groups of columns come: each call lowers the levels that stand there already, and what a pair cannot
gain by any more is not looked at.

Records stand in rows, the columns of a group side by side, because a pair's records lie anywhere in memory: what is
read of a record should be one stretch of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators.bits import popcount
from comparators.threads import over_slices

# Worse than every rung: nothing has been seen of the pair.
UNSEEN = np.iinfo(np.int8).max
_MISSING = np.int64(-1)
_PAIRS_AT_A_TIME = 1 << 15


class TokenTests(NamedTuple):
    """Equality of tokens; row i of each array is one test.

    Attributes:
        one, other: (n_tests,) int32 columns: the left record's `one` is held against the right record's `other`.
        ladder: (n_tests,) int32.
        rung: (n_tests,) int8, where equal tokens that are not missing let a pair stand; −1: nowhere.
        shown: (n_tests,) int8, where two values let it stand that are both there: the upper halves of the columns are
            equal; −1: nowhere.
    """

    one: NDArray[np.int32]
    other: NDArray[np.int32]
    ladder: NDArray[np.int32]
    rung: NDArray[np.int8]
    shown: NDArray[np.int8]


class FilterTests(NamedTuple):
    """Likeness of filters; row i of each array is one test.

    Attributes:
        one, other: (n_tests,) int32 first columns: the left record's filter at `one` is held against the right record's at
            `other`, and, where the two differ, also the right's at `one` against the left's at `other`.
        words: (n_tests,) int32 length.
        ladder: (n_tests,) int32.
        rung: (n_tests,) int8.
        dice: (n_tests,) int32 permille that the likeness, or both, must reach.
    """

    one: NDArray[np.int32]
    other: NDArray[np.int32]
    words: NDArray[np.int32]
    ladder: NDArray[np.int32]
    rung: NDArray[np.int8]
    dice: NDArray[np.int32]


def lower(
    levels: NDArray[np.int8], pairs: NDArray[np.int64], known: Sequence[tuple[int, int]], best: Sequence[tuple[int, int]]
) -> NDArray[np.int64]:
    """Lower the levels of some pairs to what is known of all of them; which of them could still gain by tests.

    Args:
        levels: (n_pairs, n_ladders) int8, changed in place.
        pairs: (n_some,) int64 rows of `levels`, each once.
        known: (ladder, rung) that each of the pairs reaches.
        best: (ladder, rung) the best that tests could bring a pair to.

    Returns:
        (n_gaining,) int64 rows of `levels`, in the same order.
    """
    reached, possible = (np.array(list(one), np.int64).reshape(-1, 2) for one in (known, best))
    slices = over_slices(lambda at, to: _lower(levels, pairs[at:to], reached, possible), len(pairs), _PAIRS_AT_A_TIME)
    return np.concatenate([np.empty(0, np.int64), *slices])


@njit(nogil=True, cache=True)
def _lower(
    levels: NDArray[np.int8], pairs: NDArray[np.int64], known: NDArray[np.int64], best: NDArray[np.int64]
) -> NDArray[np.int64]:
    gaining, n_gaining = np.empty(len(pairs), np.int64), 0
    for pair in pairs:
        level = levels[pair]
        for one in range(len(known)):
            level[known[one, 0]] = min(level[known[one, 0]], known[one, 1])
        gains = False
        for one in range(len(best)):
            gains |= level[best[one, 0]] > best[one, 1]
        gaining[n_gaining] = pair
        n_gaining += gains
    return gaining[:n_gaining].copy()


def climb(
    columns: NDArray[np.uint64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    pairs: NDArray[np.int64],
    tokens: TokenTests,
    filters: FilterTests,
    levels: NDArray[np.int8],
) -> None:
    """Lower the pairs' levels to the best rung that they reach by these tests.

    Args:
        columns: (n_rows, n_columns) uint64: a record's tokens, 0 = missing, and words of its filters, all zero = missing.
        left: (n_some,) int32 rows of `columns`.
        right: (n_some,) int32, likewise.
        pairs: (n_some,) int64 rows of `levels`, each once.
        tokens: tests of tokens.
        filters: tests of filters, those of one filter in a row: it is compared once.
        levels: (n_pairs, n_ladders) int8, changed in place; `UNSEEN` where nothing has been seen.

    Raises:
        ValueError: the pairs differ in length.
        IndexError: a pair names a row that is not there.
    """
    if not len(left) == len(right) == len(pairs):
        raise ValueError(f"{len(left)} left sides, {len(right)} right sides and {len(pairs)} places do not make pairs")
    for side, rows in ((left, len(columns)), (right, len(columns)), (pairs, len(levels))):
        if len(side) and not (side.min() >= 0 and side.max() < rows):
            raise IndexError(f"a pair names a row outside 0 to {rows - 1}")

    def work(start: int, stop: int) -> None:
        _climb(columns, left[start:stop], right[start:stop], pairs[start:stop], tokens, filters, levels)

    over_slices(work, len(left), _PAIRS_AT_A_TIME)


@njit(nogil=True, cache=True)
def _climb(
    columns: NDArray[np.uint64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    pairs: NDArray[np.int64],
    tokens: TokenTests,
    filters: FilterTests,
    levels: NDArray[np.int8],
) -> None:
    for pair in range(len(left)):
        a, b, level = columns[left[pair]], columns[right[pair]], levels[pairs[pair]]
        _climb_tokens(a, b, tokens, level)
        _climb_filters(a, b, filters, level)


@njit(nogil=True, cache=True)
def _climb_tokens(a: NDArray[np.uint64], b: NDArray[np.uint64], tests: TokenTests, level: NDArray[np.int8]) -> None:
    for test in range(len(tests.one)):
        x, y = a[tests.one[test]], b[tests.other[test]]
        if x == 0 or y == 0:
            continue
        ladder = tests.ladder[test]
        if x == y and tests.rung[test] >= 0:
            level[ladder] = min(level[ladder], tests.rung[test])
        elif (x ^ y) >> np.uint64(32) == 0 and tests.shown[test] >= 0:
            level[ladder] = min(level[ladder], tests.shown[test])


@njit(nogil=True, cache=True)
def _climb_filters(a: NDArray[np.uint64], b: NDArray[np.uint64], tests: FilterTests, level: NDArray[np.int8]) -> None:
    one, other, dice = np.int32(-1), np.int32(-1), _MISSING
    for test in range(len(tests.one)):
        if level[tests.ladder[test]] <= tests.rung[test]:
            continue
        if tests.one[test] != one or tests.other[test] != other:
            one, other = tests.one[test], tests.other[test]
            dice = _dice(a, one, b, other, tests.words[test])
            if one != other:
                dice = min(dice, _dice(a, other, b, one, tests.words[test]))
        if dice >= tests.dice[test]:
            level[tests.ladder[test]] = tests.rung[test]


@njit(nogil=True, cache=True)
def _dice(a: NDArray[np.uint64], one: np.int32, b: NDArray[np.uint64], other: np.int32, words: np.int32) -> np.int64:
    """Dice of two filters, rounded down to permille; −1 where one is missing. Source: as `similarity.dice_permille`."""
    shared, ones, others = np.int64(0), np.int64(0), np.int64(0)
    for word in range(words):
        x, y = a[one + word], b[other + word]
        shared += popcount(x & y)
        ones += popcount(x)
        others += popcount(y)
    return 2000 * shared // (ones + others) if ones and others else _MISSING
