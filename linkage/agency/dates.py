"""A date is read once, as far as it is known: a year, a year and month, or a day.

Unknown parts are zero and stay zero; nothing is filled in. Registers write "some time in 1985" as `00.00.1985`, so
zeros are read as unknown and not refused. What cannot be a date is marked *bad* beside the dates and left missing.
What a date alone cannot say, the form says: the century of two digits, whether a number is a spreadsheet's day, and
whether years about 1370 are Solar Hijri ones, of which one without a day is a span of two years.
Source: names reference, section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linkage.agency.cells import Column, Text, distinct, numbered, objects
from linkage.agency.names.fold import fold, is_placeholder

ISO = "%Y-%m-%d"
DEFAULT_FORMATS = (ISO, "%Y-%m", "%Y")
FIRST_YEAR, LAST_YEAR = 1900, 2100
SOLAR_HIJRI = (1300, 1410)
_PARTS = {"%Y": "year", "%y": "year", "%m": "month", "%d": "day"}
_DIRECTIVE = re.compile("(%.?)")
_ADJACENT = re.compile("%[Yymd]%[Yymd]")
_SERIAL = re.compile(r"([1-7][0-9]{4})(?:[.,]0+)?")
_SERIAL_ZERO = date(1899, 12, 30)
_YEAR_WORD = re.compile(r"(?<=[0-9])\s*(?:г\.?\s*р|года|год|гг|г|сол|с|й|йил|жыл)\.?$")
_HIJRI_LEAP, _HIJRI_CYCLE = 8, 33
_NOTHING = (0, 0, 0, 0)
_CACHED = 1 << 16
_FORBID = {"extra": "forbid"}
Calendar = Literal["gregorian", "solar-hijri"]
_TIME = re.compile(r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$")


@dataclass(frozen=True)
class DateForm:
    """How dates are written.

    Attributes:
        formats: tried in order; `%Y` and `%m.%Y` give partial dates.
        pivot: the last year that two digits (`%y`) can mean; needed where a format has them.
        serials: whether numbers of five digits are days as a spreadsheet counts them.
        calendar: `solar-hijri` where years from 1300 to 1410 are of that calendar.
        heaped: what becomes of birth dates on a day that the column names far too often (1 January): their `year` alone
            is used, or the day is kept (`keep`).
        impossible: what becomes of a birth date that no calendar has (31.02.1985): `refuse` the row, or `compare` its
            digits with those of other dates and know nothing else of it.
    """

    formats: tuple[str, ...] = DEFAULT_FORMATS
    pivot: int | None = None
    serials: bool = False
    calendar: Calendar = "gregorian"
    heaped: Literal["year", "keep"] = "year"
    impossible: Literal["refuse", "compare"] = "refuse"

    __pydantic_config__ = _FORBID


@dataclass(frozen=True, eq=False)
class Dates:
    """Dates as far as they are known; 0 = unknown part, all 0 = missing.

    Attributes:
        year: (n,) int16, from 1900 to 2100.
        month: (n,) int8, from 1 to 12.
        day: (n,) int8, from 1 to 31; known only where the month is.
        open: (n,) bool, whether the year can also be the one after it: a Solar Hijri year without a day.
    """

    year: NDArray[np.int16] = field(repr=False)
    month: NDArray[np.int8] = field(repr=False)
    day: NDArray[np.int8] = field(repr=False)
    open: NDArray[np.bool_] = field(repr=False)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.year)


def parse_dates(values: Text | Column, form: DateForm = DateForm()) -> tuple[Dates, NDArray[np.bool_]]:
    """Dates in the form's formats, tried in order; `yyyy-mm-dd` is always tried last, since date cells of files arrive so.

    Args:
        values: (n,) text; "" and placeholders such as "н/д" are missing. A time of day after the date is dropped.
        form: its formats are `%Y`, `%y`, `%m`, `%d` and literal text; see `format_problem`.

    Returns:
        The dates, and (n,) bool: the row holds text that is no date in any format.
    """
    index, texts = distinct(values)
    read = [_read(text, form) for text in texts]
    parts = np.array([found or _NOTHING for found in read], np.int16).reshape(-1, 4)[index]
    bad = np.array([found is None for found in read], np.bool_)[index]
    return Dates(parts[:, 0], parts[:, 1].astype(np.int8), parts[:, 2].astype(np.int8), parts[:, 3] > 0), bad


def as_written(values: Text | Column, form: DateForm = DateForm()) -> Text:
    """(n,) text: the digits of a full date as `yyyy-mm-dd`, also where no calendar has that day; "" for all else."""
    index, texts = distinct(values)
    found = np.array([*(_digits(text, form) for text in texts), ""], dtype=object)
    return found[index]


def iso(dates: Dates) -> Text:
    """(n,) text: `yyyy-mm-dd`, `yyyy-mm` or `yyyy` as far as known, "" = missing."""
    numbers = 10_000 * dates.year.astype(np.int64) + 100 * dates.month.astype(np.int64) + dates.day
    found, row = numbered(numbers)
    texts: Text = objects([_iso(number // 10_000, number // 100 % 100, number % 100) for number in found.tolist()])[row]
    return texts


def fits(text: str, form: DateForm) -> bool:
    """Whether the text tells at least a year in this form, `yyyy-mm-dd` not counted unless it is a format of it."""
    found = _read(text, form, also=())
    return found is not None and found[0] > 0


def format_problem(form: str) -> str | None:
    """What is wrong with a date format, or None."""
    used = [piece for piece in _DIRECTIVE.split(form) if piece.startswith("%")]
    years = {"%Y", "%y"} & set(used)
    if any(piece not in _PARTS for piece in used) or len(set(used)) != len(used) or len(years) > 1:
        return "only %Y or %y, %m and %d, each once"
    if not years or ("%d" in used and "%m" not in used):
        return "a year is needed, and a month where there is a day"
    return None


def from_solar_hijri(year: int, month: int, day: int) -> tuple[int, int, int, int]:
    """The Gregorian date, with 0 for what is not known and 1 at the end where the year can also be the next.

    A year begins about 21 March, so that one without a day is a part of two Gregorian years; 8 years of 33 are leap.
    Source: the arithmetic form of the calendar (33-year cycle), exact for 1300 to 1410.
    """
    if day == 0:
        return (year + 622 if month >= 11 else year + 621), 0, 0, int(month in {0, 10})
    days = (month - 1) * 31 - max(0, month - 7) + day - 1
    return (*_calendar(_new_year(year) + timedelta(days=days)), 0)


def _new_year(year: int) -> date:
    """1 Farvardin: counted in days from that of 1300, which was 21 March 1921."""
    leap = sum(_is_leap(before) for before in range(SOLAR_HIJRI[0], year))
    return date(1921, 3, 21) + timedelta(days=365 * (year - SOLAR_HIJRI[0]) + leap)


def _is_leap(year: int) -> bool:
    return (25 * year + 11) % _HIJRI_CYCLE < _HIJRI_LEAP


def _calendar(day: date) -> tuple[int, int, int]:
    return day.year, day.month, day.day


@lru_cache(_CACHED)
def _read(text: str, form: DateForm, also: tuple[str, ...] = (ISO,)) -> tuple[int, int, int, int] | None:
    """Year, month and day with 0 for unknown, and whether the year is open; None where the text is no date."""
    if is_placeholder(fold(text)):
        return _NOTHING
    for year, month, day in _readings(text, form, also):
        if form.calendar == "solar-hijri" and SOLAR_HIJRI[0] <= year <= SOLAR_HIJRI[1]:
            if month <= 12 and day <= 31 - (month > 6) - (month == 12 and not _is_leap(year)):
                return from_solar_hijri(year, month, day)
        elif _possible(year, month, day):
            return year, month, day, 0
    return None


def _digits(text: str, form: DateForm) -> str:
    """The first reading that has a day, possible or not."""
    return next((_iso(*found) for found in _readings(text, form, (ISO,)) if found[2]), "")


def _readings(text: str, form: DateForm, also: tuple[str, ...]) -> Iterator[tuple[int, int, int]]:
    """Year, month and day under each format that the text fits, with or without a word for *year* at its end."""
    bare = _TIME.sub("", text.strip())
    for written in dict.fromkeys((*form.formats, *also)):
        match = _pattern(written).fullmatch(bare) or _pattern(written).fullmatch(_YEAR_WORD.sub("", bare))
        if match:
            parts = {name: int(digits) for name, digits in match.groupdict().items()}
            year = _century(parts["year"], form.pivot) if "%y" in written else parts["year"]
            yield year, parts.get("month", 0), parts.get("day", 0)
    serial = _SERIAL.fullmatch(bare) if form.serials else None
    if serial:
        yield _calendar(_SERIAL_ZERO + timedelta(days=int(serial[1])))


def _century(two_digits: int, pivot: int | None) -> int:
    """The last year up to the pivot that ends in these digits; 0 without a pivot."""
    return pivot - (pivot - two_digits) % 100 if pivot else 0


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """The format as an expression; without separators, months and days must have both digits."""
    short = "{2}" if _ADJACENT.search(form) else "{1,2}"
    width = {"%Y": "{4}", "%y": "{2}", "%m": short, "%d": short}
    pieces = _DIRECTIVE.split(form)
    return re.compile("".join(f"(?P<{_PARTS[p]}>[0-9]{width[p]})" if p in _PARTS else re.escape(p) for p in pieces))


def _possible(year: int, month: int, day: int) -> bool:
    if year == 0:
        return month == 0 and day == 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return False
    if day == 0:
        return month <= 12
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _iso(year: int, month: int, day: int) -> str:
    if day:
        return f"{year:04d}-{month:02d}-{day:02d}"
    if month:
        return f"{year:04d}-{month:02d}"
    return f"{year:04d}" if year else ""
