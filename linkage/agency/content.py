"""From an extract to the content section: what happened to people, in the protocol's codes, and nothing that names them.

The age group is computed here, at the agency, so that no birth date has to leave it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linkage.agency.births import MAX_AGE, Births, read_births
from linkage.agency.cells import Text
from linkage.agency.codes import read_content
from linkage.agency.dates import Dates, iso, parse_dates
from linkage.agency.extract import Extract, cells
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.numbers import whole_numbers
from linkage.protocol import Protocol
from linkage.schema import ADULT, ADULT_AGE, CONTENT, MINOR

Days = NDArray[np.int64]


def code_content(extract: Extract, protocol: Protocol, mapping: FileMapping) -> dict[str, Text]:
    """The protocol's content fields, in its order: (n,) text each, in the extract's row order.

    A code that is missing or unreadable is "". `event_date` is `yyyy-mm-dd`, or `yyyy` where the day is not known,
    or "" where nothing is. Unreadable cells are for `check_rows` to refuse first.
    """
    return {name: _field(name, extract, protocol, mapping) for name in protocol.content}


def _field(name: str, extract: Extract, protocol: Protocol, mapping: FileMapping) -> Text:
    kind = CONTENT[name]
    if kind == "age_group":
        return age_groups(extract, mapping)
    values = cells(extract, name)
    if kind == "date":
        return _day_or_year(parse_dates(values, mapping.dates)[0])
    return read_content(name, values, protocol, mapping).codes


def age_groups(extract: Extract, mapping: FileMapping) -> Text:
    """(n,) text: `Y0T17` or `Y_GE18` at the event, "" where the record leaves it open.

    A date of which the day is unknown, or a placeholder in its column, is an interval, so that age is one too: the group
    is known where both ends fall on one side. Where birth and event do not settle it, the age at the event as recorded does.
    Source: names reference, section 5 (the class is unknown, not guessed).
    """
    births = read_births(extract, mapping)
    event, _ = parse_dates(cells(extract, "event_date"), mapping.dates)
    born_first, born_last = _span(births)
    youngest, oldest = _whole_years(born_last, _first(event)), _whole_years(born_first, _last(event))
    known = (births.first > 0) & ~births.by_age & (event.year > 0) & (oldest >= 0) & (youngest <= MAX_AGE)
    recorded, _ = whole_numbers(cells(extract, "age"), 0, MAX_AGE)
    adult = known & (youngest >= ADULT_AGE)
    minor = known & (oldest < ADULT_AGE)
    settled = adult | minor
    adult |= ~settled & (recorded >= ADULT_AGE)
    minor |= ~settled & (recorded >= 0) & (recorded < ADULT_AGE)
    return np.select([adult, minor], [ADULT, MINOR], "").astype(object)


def _span(births: Births) -> tuple[Days, Days]:
    """(n,) first and last day that the birth can mean, as yyyymmdd; a placeholder day means its whole year."""
    dates = births.dates
    return _first(replace(dates, year=births.first)), _last(replace(dates, year=births.last))


def _first(dates: Dates) -> Days:
    """(n,) first day that the date can mean, as yyyymmdd."""
    return _ordered(dates, 1, 1)


def _last(dates: Dates) -> Days:
    """(n,) last day that the date can mean, as yyyymmdd; a 31st that no month has sorts the same."""
    return _ordered(dates, 12, 31)


def _ordered(dates: Dates, month: int, day: int) -> Days:
    months = np.where(dates.month > 0, dates.month, month).astype(np.int64)
    days = np.where(dates.day > 0, dates.day, day).astype(np.int64)
    return dates.year.astype(np.int64) * 10_000 + months * 100 + days


def _whole_years(born: Days, event: Days) -> Days:
    """(n,) birthdays between two days given as yyyymmdd; who is born on 29 February has theirs on 1 March."""
    return (event - born) // 10_000


def _day_or_year(dates: Dates) -> Text:
    none = np.zeros(len(dates), np.int8)
    return np.where(dates.day > 0, iso(dates), iso(Dates(dates.year, none, none, dates.open))).astype(object)
