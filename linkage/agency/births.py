"""When people of an extract were born, as far as each row tells: a day, a month, a year, or an age at an event.

The year is a span: one year where a date or a year was written, two where an age was, since the birthday of the year
may still have been ahead. Everything that uses births reads them here, so that linkage and age groups rest on one
decision about placeholder days.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linkage.agency.cells import Column, Text
from linkage.agency.dates import FIRST_YEAR, LAST_YEAR, SOLAR_HIJRI, Dates, from_solar_hijri, parse_dates
from linkage.agency.extract import Extract, cells
from linkage.agency.heaping import Heap, heaps, without_heaps
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.numbers import whole_numbers

MAX_AGE = 120
_HALF_YEAR = 7

Years = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Births:
    """Births of the rows of an extract.

    Attributes:
        dates: as written, where that is a date, with heaped days reduced to the year.
        bad: (n,) bool, text in the column of birth dates that is no date.
        first, last: (n,) int16, the years between which the birth lies; 0 = unknown.
        by_age: (n,) bool, whether the years come from an age at an event.
        heaps: the days that were tested, and the decision on each.
    """

    dates: Dates = field(repr=False)
    bad: NDArray[np.bool_] = field(repr=False)
    first: Years = field(repr=False)
    last: Years = field(repr=False)
    by_age: NDArray[np.bool_] = field(repr=False)
    heaps: tuple[Heap, ...]


def read_births(extract: Extract, mapping: FileMapping) -> Births:
    """Births by date, else by year, else by age."""
    given, bad = parse_dates(cells(extract, "birth_date"), mapping.dates)
    found = heaps(given) if mapping.dates.heaped == "year" else ()
    dates = without_heaps(given, found)
    first, last = _years_given(extract, mapping)
    by_age_first, by_age_last = _years_by_age(extract, mapping)
    of_date, of_year = dates.year > 0, first > 0
    return Births(
        dates,
        bad,
        np.select([of_date, of_year], [dates.year, first], by_age_first).astype(np.int16),
        np.select([of_date, of_year], [dates.year + dates.open, last], by_age_last).astype(np.int16),
        ~of_date & ~of_year & (by_age_first > 0),
        found,
    )


def likely_years(births: Births, extract: Extract, mapping: FileMapping) -> Years:
    """(n,) the likelier year of the span; 0 = unknown.

    Who is asked for an age in the second half of a year has mostly had the birthday; of a Solar Hijri year nine months
    lie in its first Gregorian year.
    """
    events, _ = parse_dates(cells(extract, "event_date"), mapping.dates)
    late = births.by_age & ((events.month == 0) | (events.month >= _HALF_YEAR))
    return np.where(late, births.last, births.first).astype(np.int16)


def read_birth_years(values: Text | Column, mapping: FileMapping) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(n,) years of birth as written in a column of their own, -1 where missing or bad, and the bad rows."""
    numbers, bad = whole_numbers(values, FIRST_YEAR, LAST_YEAR)
    if mapping.dates.calendar == "solar-hijri":
        hijri, other = whole_numbers(values, *SOLAR_HIJRI)
        return np.where(hijri > 0, hijri, numbers), bad & other
    return numbers, bad


def _years_given(extract: Extract, mapping: FileMapping) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last year of a column of birth years; 0 = unknown."""
    given, _ = read_birth_years(cells(extract, "birth_year"), mapping)
    hijri = (given >= SOLAR_HIJRI[0]) & (given <= SOLAR_HIJRI[1])
    first = np.where(hijri, given + from_solar_hijri(0, 0, 0)[0], np.maximum(given, 0))
    return first, first + hijri


def _years_by_age(extract: Extract, mapping: FileMapping) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last year by the age at the event; 0 = unknown."""
    age, _ = whole_numbers(cells(extract, "age"), 0, MAX_AGE)
    events, _ = parse_dates(cells(extract, "event_date"), mapping.dates)
    last = np.where((age >= 0) & (events.year > 0), events.year - age, 0)
    return np.maximum(last - 1, 0), last
