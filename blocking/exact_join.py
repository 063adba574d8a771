"""Every pair of filters that are alike, exactly: no blocking key, and so nothing that blocking could lose.

All pairs are looked at, so the cost is quadratic and everything is laid out for the inner loop, which is `scan`. It looks
at sketches, which rule out nearly all pairs; `sketches` says how long they are. Filters stand in order of their number
of ones, so that those out of reach by their number alone stand together and are not looked at.

The test is in whole numbers. The Hamming distance is |a| + |b| − 2 |a∧b|, so that Dice is at least t permille if and
only if 1000 · distance ≤ (1000 − t) (|a| + |b|); and the distance is at least ||a| − |b||.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking.pairs import Pairs, from_codes
from blocking.scan import LANES, LOW, NEVER, Reach, Rule, Side, scanner
from blocking.sketches import Sketch, choose, folded
from comparators import counts, over_slices

_SLICES = 128
_LEAST_GROUPS = 32


class CrossPairs(NamedTuple):
    """Pairs of a row of one list with a row of another, each once, sorted by `one` and then by `other`.

    Attributes:
        one: (n_pairs,) int32.
        other: (n_pairs,) int32.
    """

    one: NDArray[np.int32]
    other: NDArray[np.int32]


def dice_join(filters: NDArray[np.uint64], at_least_permille: int) -> Pairs:
    """All pairs of records whose filters have a Dice coefficient of at least the threshold.

    Source: Dice 1945, 2|a∧b| / (|a|+|b|), compared as 2000 |a∧b| ≥ t (|a|+|b|) in whole numbers.

    Args:
        filters: (n, words) uint64; an all-zero row = missing, which is like nothing.
        at_least_permille: threshold t, 1 to 1000; at 0 everything would be alike, and that is `all_pairs`.

    Raises:
        ValueError: the threshold is outside 1 to 1000.
    """
    return _within(filters, _dice(at_least_permille))


def dice_join_between(one: NDArray[np.uint64], other: NDArray[np.uint64], at_least_permille: int) -> CrossPairs:
    """All pairs of a record of one list with a record of another whose filters are as alike as `dice_join` asks for.

    Args:
        one: (n, words) uint64; an all-zero row = missing, which is like nothing.
        other: (n_other, words) uint64, likewise.
        at_least_permille: threshold t, 1 to 1000.

    Raises:
        ValueError: the threshold is outside 1 to 1000, or the filters differ in words.
    """
    return _between(one, other, _dice(at_least_permille))


def hamming_join(filters: NDArray[np.uint64], at_most: int) -> Pairs:
    """All pairs of records whose filters differ in at most so many bits.

    Source: Hamming 1950, the number of places in which two words differ.

    Args:
        filters: (n, words) uint64; an all-zero row = missing, which is like nothing.
        at_most: number of bits, 0 or more.

    Raises:
        ValueError: the number of bits is negative.
    """
    return _within(filters, _hamming(at_most, filters.shape[1]))


def hamming_join_between(one: NDArray[np.uint64], other: NDArray[np.uint64], at_most: int) -> CrossPairs:
    """All pairs of a record of one list with a record of another whose filters differ in at most so many bits.

    Args:
        one: (n, words) uint64; an all-zero row = missing, which is like nothing.
        other: (n_other, words) uint64, likewise.
        at_most: number of bits, 0 or more.

    Raises:
        ValueError: the number of bits is negative, or the filters differ in words.
    """
    return _between(one, other, _hamming(at_most, one.shape[1]))


def _dice(permille: int) -> Rule:
    if not 1 <= permille <= 1000:
        raise ValueError(f"a Dice threshold of {permille} permille is outside 1 to 1000")
    return Rule(1000, 1000 - permille, 0)


def _hamming(at_most: int, n_words: int) -> Rule:
    if at_most < 0:
        raise ValueError(f"filters cannot differ in {at_most} bits")
    return Rule(1, 0, min(at_most, 64 * n_words))


class _Sorted(NamedTuple):
    """A list's filters (n, n_words) and ones (n,) in order of the ones, and which record each is; missing ones left out."""

    record: NDArray[np.int64]
    filters: NDArray[np.uint64]
    ones: NDArray[np.int64]


def _within(filters: NDArray[np.uint64], rule: Rule) -> Pairs:
    n = len(filters)
    listed = _sorted(filters)
    found = _found(listed, listed, rule, choose(listed.filters, listed.filters, rule))
    return from_codes(_codes(found, listed.record, listed.record, n, True), n)


def _between(one: NDArray[np.uint64], other: NDArray[np.uint64], rule: Rule) -> CrossPairs:
    if one.shape[1] != other.shape[1]:
        raise ValueError(f"filters of {one.shape[1]} and {other.shape[1]} words cannot be compared")
    first, second = _sorted(one), _sorted(other)
    found = _found(first, second, rule, choose(first.filters, second.filters, rule))
    return CrossPairs(*from_codes(_codes(found, first.record, second.record, len(other), False), len(other)))


def _sorted(filters: NDArray[np.uint64]) -> _Sorted:
    ones = counts(filters)
    # Numbers of two bytes are sorted by their digits, in a tenth of the time.
    record = np.argsort(ones.astype(np.uint16) if 64 * filters.shape[1] < 1 << 16 else ones, kind="stable")
    record = record[np.count_nonzero(ones == 0) :]
    return _Sorted(record, filters[record], ones[record].astype(np.int64))


def _found(one: _Sorted, other: _Sorted, rule: Rule, sketch: Sketch) -> NDArray[np.int64]:
    """(n_found,) int64 place in one · 2^32 + place in other of pairs that are alike, in no order; within one list, once."""
    if not (len(one.ones) and len(other.ones)):
        return np.empty(0, np.int64)
    side = _side(one, rule, 0, sketch)
    against = _side(other, rule, rule.fixed, sketch)
    reach = _reach(side, against, rule, one is other)
    scan = scanner(*sketch)

    def work(first: int, last: int) -> NDArray[np.int64]:
        return scan(side, against, reach, rule, first, last)

    n = len(against.most)
    return np.concatenate(over_slices(work, n, max(_LEAST_GROUPS, -(-n // _SLICES))))


@njit(nogil=True, cache=True)
def _codes(found: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64], n: int, within: bool) -> NDArray[np.int64]:
    """(n_found,) int64 left · n + right: the records at the places found, within one list the smaller number to the left."""
    codes = np.empty(len(found), np.int64)
    for place in range(len(found)):
        left, right = one[found[place] >> 32], other[found[place] & LOW]
        codes[place] = right * n + left if within and right < left else left * n + right
    return codes


def _side(listed: _Sorted, rule: Rule, fixed: int, sketch: Sketch) -> Side:
    """A list laid out for the scan; of the rule's fixed part, which counts once, it adds what is given."""
    n, n_chunks = len(listed.ones), -(-len(listed.ones) // LANES)
    rows = np.zeros((n_chunks, LANES, sketch.words), np.uint64)
    rows.reshape(n_chunks * LANES, sketch.words)[:n] = folded(listed.filters, sketch.words)
    slack = np.full(n_chunks * LANES, NEVER)
    most = np.zeros(n_chunks * LANES, np.int64)
    most[:n] = (rule.slope * listed.ones + fixed) // rule.scale
    slack[:n] = -2 - most[:n]  # each side is rounded down, which both together make up for with 1; and 0 shall be negative
    columns = np.ascontiguousarray(rows.transpose(0, 2, 1))
    return Side(listed.filters, listed.ones, rows, columns, slack.reshape(-1, LANES), most.reshape(-1, LANES).max(axis=1))


def _reach(one: Side, other: Side, rule: Rule, same: bool) -> Reach:
    """By number of ones alone: scale · (|b| − |a|) ≤ slope · (|a| + |b|) + fixed, and the other way round."""
    fewest = other.ones[::LANES]
    most = other.ones[np.minimum(np.arange(LANES - 1, len(other.ones) + LANES - 1, LANES), len(other.ones) - 1)]
    near, far = rule.scale - rule.slope, rule.scale + rule.slope
    first = np.searchsorted(far * one.ones, near * fewest - rule.fixed, side="left") // LANES
    if same:
        return Reach(first, np.arange(1, len(other.most) + 1), same)
    last = np.searchsorted(near * one.ones, far * most + rule.fixed, side="right")
    return Reach(first, -(-last // LANES), same)
