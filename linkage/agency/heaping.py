"""Days that stand for "some day of that year", found in the column itself and not assumed.

Who does not know a birthday is written down on 1 January, 15 June or 30 June. A column in which such a day comes far
more often than one day in 365 should is heaped there, and its dates on that day tell the year alone.
Source: names reference, section 5.
"""

from __future__ import annotations

from math import exp, lgamma, log
from typing import NamedTuple

import numpy as np

from linkage.agency.dates import Dates

CANDIDATES = ((1, 1), (15, 6), (30, 6))
_DAYS_OF_YEAR = 365.25
_FEWEST, _LEAST_RATIO, _SIGNIFICANCE = 3, 3.0, 1e-3


class Heap(NamedTuple):
    """One candidate day of a column.

    Attributes:
        day, month: the day of the year.
        found: dates on it.
        expected: how many would be, if birthdays were spread evenly.
        heaped: the decision: at least 3, at least three times the expected number, and with a chance below 1 in 1,000.
    """

    day: int
    month: int
    found: int
    expected: float
    heaped: bool


def heaps(dates: Dates) -> tuple[Heap, ...]:
    """The candidate days of a column and the decision on each."""
    known = int(np.count_nonzero(dates.day))
    expected = known / _DAYS_OF_YEAR
    return tuple(_heap(dates, day, month, expected) for day, month in CANDIDATES)


def without_heaps(dates: Dates, found: tuple[Heap, ...]) -> Dates:
    """Dates on heaped days reduced to the year."""
    month, day = dates.month.copy(), dates.day.copy()
    for heap in found:
        if heap.heaped:
            rows = (dates.day == heap.day) & (dates.month == heap.month)
            month[rows], day[rows] = 0, 0
    return Dates(dates.year, month, day, dates.open)


def _heap(dates: Dates, day: int, month: int, expected: float) -> Heap:
    count = int(np.count_nonzero((dates.day == day) & (dates.month == month)))
    heaped = count >= max(_FEWEST, _LEAST_RATIO * expected) and _chance_of_at_least(count, expected) < _SIGNIFICANCE
    return Heap(day, month, count, expected, heaped)


def _chance_of_at_least(count: int, expected: float) -> float:
    """Poisson: the chance of so many or more; from 3 times the mean upwards the terms fall faster than 1 to 3."""
    if expected <= 0:
        return 1.0
    first = exp(count * log(expected) - expected - lgamma(count + 1))
    return min(1.0, first / (1 - expected / (count + 1)))
