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
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators.bits import popcount
from comparators.threads import over_slices, read_only

# Worse than every rung: nothing has been seen of the pair.
UNSEEN = np.iinfo(np.int8).max
_PAIRS_AT_A_TIME = 1 << 15
_MEMBERS_AT_A_TIME = 1 << 13
_SHORT, _LONGEST = 32, 63
_LONG = 16  # words
_CACHED = 4 << 20  # bytes that the caches of a processor hold beside others


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
        ones, others: (n_tests,) int32 columns with room for the numbers of ones of these filters.
        words: (n_tests,) int32 length.
        ladder: (n_tests,) int32.
        rung: (n_tests,) int8.
        dice: (n_tests,) int32 permille that the likeness, or both, must reach.
    """

    one: NDArray[np.int32]
    other: NDArray[np.int32]
    ones: NDArray[np.int32]
    others: NDArray[np.int32]
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
        columns: (n_rows, n_columns) uint64: a record's tokens, 0 = missing, and words of its filters, all zero = missing; in
            the columns that have room for them the filters' numbers of ones are written down.
        left: (n_some,) int32 rows of `columns`.
        right: (n_some,) int32, likewise.
        pairs: (n_some,) int64 rows of `levels`, each once.
        tokens: tests of tokens.
        filters: tests of filters.
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

    plan, order = _plan(tokens, filters), _stretch_by_stretch(right, columns)

    def work(start: int, stop: int) -> None:
        _climb(columns, left, right, pairs, order[start:stop], plan, levels)

    _count_ones_of_all(columns, plan)
    over_slices(work, len(left), _PAIRS_AT_A_TIME)


def _stretch_by_stretch(right: NDArray[np.int32], columns: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(n_some,) an order of pairs in which the rows on their right are looked up in one stretch that the caches hold at a time.

    Pairs that are sorted by their left go through the rows on the right once for each of a few rows on the left.
    """
    if columns.nbytes <= _CACHED:
        return np.arange(len(right))
    rows = max(1, _CACHED * len(columns) // columns.nbytes)
    return np.argsort((right // rows).astype(np.uint16), kind="stable")  # whole numbers of two bytes are sorted by counting


class Digits(NamedTuple):
    """How the rungs of all ladders are written in one word, each in bits of its own, all of them set where nothing was seen.

    Attributes:
        shift: (n_ladders,) int64 the lowest bit of each.
        unseen: (n_ladders,) int64 its bits, shifted down.
    """

    shift: NDArray[np.int64]
    unseen: NDArray[np.int64]

    @property
    def dtype(self) -> type[np.uint32] | type[np.uint64]:
        """The smaller of two kinds of words, if it has room for all."""
        return np.uint32 if self._bits <= _SHORT else np.uint64

    @property
    def fit(self) -> bool:
        """Whether any word has room for all."""
        return self._bits <= _LONGEST

    @property
    def _bits(self) -> int:
        return int(self.shift[-1]) + int(self.unseen[-1]).bit_length()


def digits_of(sizes: Sequence[int]) -> Digits:
    """How rungs are written, given the number of rungs of each ladder."""
    bits = [int(size).bit_length() for size in sizes]
    return Digits(np.cumsum([0, *bits], dtype=np.int64)[:-1], np.array([(1 << one) - 1 for one in bits], np.int64))


def climb_blocks(
    columns: NDArray[np.uint64],
    members: NDArray[np.int32],
    start: NDArray[np.int64],
    known: Sequence[tuple[int, int]],
    tokens: TokenTests,
    filters: FilterTests,
    digits: Digits,
    said: NDArray[Any],
) -> None:
    """Write down where every pair of records of one block stands by these tests; a block lies in one stretch of memory.

    Args:
        columns: (n_rows, n_columns) uint64, as for `climb`, row after row those of the members.
        members: (n_rows,) int32 records, block after block; the last of a block as its complement, which is negative.
        start: (n_records,) int64 where in `said` each record's pairs with the later members of its block begin.
        known: (ladder, rung) that all these pairs reach.
        tokens: tests of tokens.
        filters: tests of filters.
        digits: how rungs are written.
        said: (n_pairs,) words, changed in place.
    """
    first, plan = _where_all_stand(known, digits), _plan(tokens, filters)

    def work(begin: int, end: int) -> None:
        _climb_blocks(columns, members, begin, end, start, first, plan, digits, said)

    _count_ones_of_all(columns, plan)
    over_slices(work, len(members), _MEMBERS_AT_A_TIME)


@njit(nogil=True, cache=True)
def _climb_blocks(
    columns: NDArray[np.uint64],
    members: NDArray[np.int32],
    begin: int,
    end: int,
    start: NDArray[np.int64],
    first: NDArray[np.int64],
    plan: _Plan,
    digits: Digits,
    said: NDArray[Any],
) -> None:
    """The pairs whose left record is among the members from `begin` up to `end`."""
    level, stop = np.empty(len(first), np.int64), begin
    for one in range(begin, end):
        if members[one] < 0:
            continue
        if stop <= one:
            stop = one + 1
            while members[stop] >= 0:
                stop += 1
            stop += 1
        to = start[members[one]]
        for other in range(one + 1, stop):
            said[to] = _word(columns, one, other, first, plan, digits, level)
            to += 1


@njit(nogil=True, cache=True, inline="always")
def _word(
    columns: NDArray[np.uint64], a: int, b: int, first: NDArray[np.int64], plan: _Plan, digits: Digits, level: NDArray[np.int64]
) -> np.int64:
    """Where one pair stands, which began where all do; `level` is room for it."""
    for ladder in range(len(first)):
        level[ladder] = first[ladder]
    _climb_pair(columns, a, b, plan, level)
    word = np.int64(0)
    for ladder in range(len(first)):
        word |= min(level[ladder], digits.unseen[ladder]) << digits.shift[ladder]
    return word


def climb_pairs(
    columns: NDArray[np.uint64],
    pairs: tuple[NDArray[np.int32], NDArray[np.int32]],
    place: NDArray[np.int64],
    known: Sequence[tuple[int, int]],
    tokens: TokenTests,
    filters: FilterTests,
    digits: Digits,
    said: NDArray[Any],
) -> None:
    """As `climb_blocks`, of any pairs.

    Args:
        columns: (n_rows, n_columns) uint64, as for `climb`.
        pairs: left and right, (n_some,) int32 rows of `columns`.
        place: (n_some,) int64 where in `said` each pair is written down.
        known: (ladder, rung) that all these pairs reach.
        tokens: tests of tokens.
        filters: tests of filters.
        digits: how rungs are written.
        said: (n_pairs,) words, changed in place.
    """
    (left, right), first, plan = pairs, _where_all_stand(known, digits), _plan(tokens, filters)
    order = _stretch_by_stretch(right, columns)

    def work(begin: int, end: int) -> None:
        _climb_pairs(columns, left, right, place, order[begin:end], first, plan, digits, said)

    _count_ones_of_all(columns, plan)
    over_slices(work, len(order), _PAIRS_AT_A_TIME)


@njit(nogil=True, cache=True)
def _climb_pairs(
    columns: NDArray[np.uint64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    place: NDArray[np.int64],
    order: NDArray[np.int64],
    first: NDArray[np.int64],
    plan: _Plan,
    digits: Digits,
    said: NDArray[Any],
) -> None:
    """The pairs at the places in `order`."""
    level = np.empty(len(first), np.int64)
    for pair in order:
        said[place[pair]] = _word(columns, left[pair], right[pair], first, plan, digits, level)


def _where_all_stand(known: Sequence[tuple[int, int]], digits: Digits) -> NDArray[np.int64]:
    """(n_ladders,) the best rung of each that is known of all pairs."""
    first = np.full(len(digits.shift), UNSEEN, np.int64)
    for ladder, rung in known:
        first[ladder] = min(first[ladder], rung)
    return first


def lower_to(levels: NDArray[np.int8], bits: NDArray[np.uint64], bit: int, digits: Digits, said: NDArray[Any]) -> None:
    """Lower the levels of the pairs that have a bit to what was said of them.

    Args:
        levels: (n_pairs, n_ladders) int8, changed in place.
        bits: (n_pairs,) uint64.
        bit: which bit.
        digits: how rungs are written.
        said: (n_with,) words, of each pair that has the bit, in the order of the pairs.
    """
    mask = np.uint64(1 << bit)
    several = over_slices(lambda at, to: _how_many(bits[at:to], mask), len(bits), _PAIRS_AT_A_TIME)
    ends, words = np.cumsum([0, *several]), read_only(said)

    def work(at: int, to: int) -> None:
        _lower_to(levels[at:to], bits[at:to], mask, digits, words[ends[at // _PAIRS_AT_A_TIME] :])

    over_slices(work, len(bits), _PAIRS_AT_A_TIME)


@njit(nogil=True, cache=True)
def _how_many(bits: NDArray[np.uint64], mask: np.uint64) -> int:
    found = 0
    for one in bits:
        found += one & mask != 0
    return found


@njit(nogil=True, cache=True)
def _lower_to(levels: NDArray[np.int8], bits: NDArray[np.uint64], mask: np.uint64, digits: Digits, said: NDArray[Any]) -> None:
    at = 0
    for pair in range(len(bits)):
        if bits[pair] & mask == 0:
            continue
        word = np.int64(said[at])
        at += 1
        for ladder in range(levels.shape[1]):
            rung = (word >> digits.shift[ladder]) & digits.unseen[ladder]
            if rung < digits.unseen[ladder] and rung < levels[pair, ladder]:
                levels[pair, ladder] = rung


class _Plan(NamedTuple):
    """Tests as a kernel reads them, in three tables.

    Attributes:
        tokens: (n_tests, 5) int64: the columns of both, the ladder, the rung of equal tokens, and that of two that are there;
            `UNSEEN` where they let a pair stand nowhere.
        likenesses: (n_likenesses, 8) int64: the first columns of both filters, the columns of their numbers of ones, their length,
            the ladder, and the rows of its rungs from the first up to the last.
        rungs: (n_rungs, 2) int64: the rung, and the permille that it takes.
    """

    tokens: NDArray[np.int64]
    likenesses: NDArray[np.int64]
    rungs: NDArray[np.int64]


def _plan(tokens: TokenTests, filters: FilterTests) -> _Plan:
    """The tests, those of one likeness and one ladder together, so that it is worked out once."""
    shown = np.where(tokens.shown >= 0, tokens.shown, UNSEEN)
    rung = np.where(tokens.rung >= 0, tokens.rung, shown)
    first = np.column_stack([tokens.one, tokens.other, tokens.ladder, rung, shown]).astype(np.int64)
    columns = (filters.one, filters.other, filters.ones, filters.others, filters.words, filters.ladder)
    every = np.column_stack([*columns, filters.rung, filters.dice]).astype(np.int64)
    every = every[np.lexsort(every.T[::-1])]
    starts = np.flatnonzero(np.any(np.diff(every[:, :6], axis=0, prepend=-1), axis=1))
    ends = np.append(starts[1:], len(every))[: len(starts)]
    return _Plan(first, np.column_stack([every[starts, :6], starts, ends]), np.ascontiguousarray(every[:, 6:]))


def _count_ones_of_all(columns: NDArray[np.uint64], plan: _Plan) -> None:
    """Write down the numbers of ones of all filters that are tested."""
    one, other, ones, others, words = plan.likenesses.T[:5]
    each = np.unique(np.concatenate([np.column_stack([one, ones, words]), np.column_stack([other, others, words])]), axis=0)
    over_slices(lambda start, stop: _count_ones(columns[start:stop], each), len(columns), _PAIRS_AT_A_TIME)


@njit(nogil=True, cache=True)
def _count_ones(columns: NDArray[np.uint64], each: NDArray[np.int64]) -> None:
    for row in range(len(columns)):
        for one in range(len(each)):
            ones = np.int64(0)
            for word in range(each[one, 0], each[one, 0] + each[one, 2]):
                ones += popcount(columns[row, word])
            columns[row, each[one, 1]] = ones


@njit(nogil=True, cache=True)
def _climb(
    columns: NDArray[np.uint64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    pairs: NDArray[np.int64],
    order: NDArray[np.int64],
    plan: _Plan,
    levels: NDArray[np.int8],
) -> None:
    """The pairs at the places in `order`."""
    for pair in order:
        _climb_pair(columns, left[pair], right[pair], plan, levels[pairs[pair]])


@njit(nogil=True, cache=True, inline="always")
def _climb_pair(columns: NDArray[np.uint64], a: int, b: int, plan: _Plan, level: NDArray[np.integer]) -> None:
    """Lower the levels of one pair; what the processor would often guess wrongly is no branch."""
    for test in range(len(plan.tokens)):
        x, y, ladder = columns[a, plan.tokens[test, 0]], columns[b, plan.tokens[test, 1]], plan.tokens[test, 2]
        rung = plan.tokens[test, 3] if x == y else plan.tokens[test, 4]
        holds = ((x ^ y) >> np.uint64(32) == 0) & (x != 0) & (y != 0) & (rung < level[ladder])
        level[ladder] = rung if holds else level[ladder]
    for test in range(len(plan.likenesses)):
        ladder, first, last = plan.likenesses[test, 5], plan.likenesses[test, 6], plan.likenesses[test, 7]
        if level[ladder] <= plan.rungs[first, 0]:
            continue
        shared, ones = _likeness(columns, a, b, plan, test)
        if plan.likenesses[test, 0] != plan.likenesses[test, 1]:
            crosswise, both = _likeness(columns, b, a, plan, test)
            if crosswise * ones < shared * both:
                shared, ones = crosswise, both
        for row in range(first, last):
            rung = plan.rungs[row, 0]
            holds = (shared >= plan.rungs[row, 1] * ones) & (rung < level[ladder])
            level[ladder] = rung if holds else level[ladder]


@njit(nogil=True, cache=True, inline="always")
def _likeness(columns: NDArray[np.uint64], a: int, b: int, plan: _Plan, test: int) -> tuple[np.int64, np.int64]:
    """2000 times the ones that two filters share, and the ones of both: Dice in permille is the quotient, rounded down.

    Less than nothing where one is missing. Source: as `similarity.dice_permille`.
    """
    one, other, words = plan.likenesses[test, 0], plan.likenesses[test, 1], plan.likenesses[test, 4]
    ones, others = np.int64(columns[a, plan.likenesses[test, 2]]), np.int64(columns[b, plan.likenesses[test, 3]])
    shared, word = np.int64(0), np.int64(0)
    if words >= _LONG:
        x, y = columns[a, one : one + words], columns[b, other : other + words]
        for at in range(words):
            shared += popcount(x[at] & y[at])
        word = words
    while word + 4 <= words:  # written out: the compiler's own loop is made for long ones
        shared += popcount(columns[a, one + word] & columns[b, other + word])
        shared += popcount(columns[a, one + word + 1] & columns[b, other + word + 1])
        shared += popcount(columns[a, one + word + 2] & columns[b, other + word + 2])
        shared += popcount(columns[a, one + word + 3] & columns[b, other + word + 3])
        word += 4
    while word < words:
        shared += popcount(columns[a, one + word] & columns[b, other + word])
        word += 1
    return (2000 * shared if ones and others else np.int64(-1)), max(ones + others, np.int64(1))
