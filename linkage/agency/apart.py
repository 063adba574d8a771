"""Who among records that share a value plainly is somebody else: the kernel of `strangers`.

A record stands as a row of numbers, of texts and of digits, 0 = missing: all that is known of it lies in one or two lines
of the processor's cache, as the records of a group stand anywhere in the list. It is marked as soon as one other record of its
group is plainly of another person; two that are both marked are not compared, which leaves little to do among strangers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Rows = NDArray[np.int32]
DIGITS = 2  # columns of them
PLAINLY = 2  # signs that two people are two


class Known(NamedTuple):
    """What two records are told apart by.

    Attributes:
        rows: (n, 2 + n_own + n_forms) int32: four digits of the year of birth and four of its month and day, a byte for each
            digit; numbers of what few people share; numbers of the forms of all names, one name behind the other.
        bounds: (n_names + 1,) int64 columns of `rows` where the forms of each name begin, and the last end.
        letters: uint32, code points of the texts of each name's first form, one text behind the other.
        start: (n_texts + 1,) int64 where each text begins among the letters, and the last ends.
        first: (n_names,) int64 number among these texts of each name's text 0.
    """

    rows: Rows
    bounds: Whole
    letters: NDArray[np.uint32]
    start: Whole
    first: Whole


@njit(nogil=True, cache=True)
def mark_strangers(known: Known, order: Whole, group: Whole, marked: NDArray[np.bool_]) -> None:
    """Mark, in place, the records that are plainly of another person than a record of their group.

    Args:
        known: of all records.
        order: records, group by group.
        group: (n_groups + 1,) where each group begins in `order`, and the last ends.
        marked: (n,) bool.
    """
    for number in range(len(group) - 1):
        for one in range(group[number], group[number + 1]):
            for other in range(one + 1, group[number + 1]):
                left, right = order[one], order[other]
                if not (marked[left] and marked[right]) and plainly_apart(known, left, right):
                    marked[left] = marked[right] = True


@njit(nogil=True, cache=True)
def plainly_apart(known: Known, left: int, right: int) -> bool:
    """Whether two records plainly are of different people; how far names are apart is asked last and only if it decides."""
    needed = PLAINLY + _any_equal(known.rows, DIGITS, known.bounds[0], left, right)
    for column in range(DIGITS):
        needed -= _other_digits(known.rows[left, column], known.rows[right, column])
    unlike = 0
    for name in range(len(known.first)):
        unlike += _unlike(known, name, left, right)
    if unlike < needed:
        return False
    for name in range(len(known.first)):
        if needed > 0 and _unlike(known, name, left, right):
            form = known.bounds[name]
            one, other = known.first[name] + known.rows[left, form], known.first[name] + known.rows[right, form]
            needed -= not within_a_slip(known.letters, known.start[one : one + 2], known.start[other : other + 2])
    return needed <= 0


@njit(nogil=True, cache=True)
def within_a_slip(letters: NDArray[np.uint32], one: Whole, other: Whole) -> bool:
    """Whether two texts differ in at most one letter left out, added, changed, or exchanged with its neighbour.

    Args:
        letters: of both.
        one: (2,) where the one text begins and ends.
        other: (2,) where the other does.
    """
    begin, end, there, stop = one[0], one[1], other[0], other[1]
    while begin < end and there < stop and letters[begin] == letters[there]:
        begin, there = begin + 1, there + 1
    while begin < end and there < stop and letters[end - 1] == letters[stop - 1]:
        end, stop = end - 1, stop - 1
    if end - begin <= 1 and stop - there <= 1:
        return True
    if end - begin != 2 or stop - there != 2:
        return False
    return bool(letters[begin] == letters[there + 1] and letters[begin + 1] == letters[there])


@njit(nogil=True, cache=True)
def _unlike(known: Known, name: int, left: int, right: int) -> bool:
    """Whether both have the name and no form of it in common."""
    begin, end = known.bounds[name], known.bounds[name + 1]
    return known.rows[left, begin] > 0 and known.rows[right, begin] > 0 and not _any_equal(known.rows, begin, end, left, right)


@njit(nogil=True, cache=True)
def _any_equal(numbers: Rows, begin: int, end: int, left: int, right: int) -> bool:
    found = False
    for place in range(begin, end):
        found |= numbers[left, place] > 0 and numbers[left, place] == numbers[right, place]
    return found


@njit(nogil=True, cache=True)
def _other_digits(left: int, right: int) -> bool:
    """Whether both have the four digits, and more than one differs."""
    unlike, differ = left ^ right, 0
    for place in range(4):
        differ += (unlike >> 8 * place) & 0xFF != 0
    return bool(left and right and differ > 1)
