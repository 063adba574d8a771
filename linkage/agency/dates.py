"""A date is read once, as far as it is known: a year, a year and month, or a day.

Unknown parts are zero and stay zero; nothing is filled in. Registers write "some time in 1985" as `00.00.1985`, so
zeros are read as unknown and not refused. What cannot be a date is marked *bad* beside the dates and left missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from linkage.agency.names.fold import fold, is_placeholder

Text = NDArray[np.object_]
ISO = "%Y-%m-%d"
DEFAULT_FORMATS = (ISO, "%Y-%m", "%Y")
FIRST_YEAR, LAST_YEAR = 1900, 2100
_PARTS = {"%Y": "year", "%m": "month", "%d": "day"}
_DIRECTIVE = re.compile("(%.?)")
_ADJACENT = re.compile("%[Ymd]%[Ymd]")
_TIME = re.compile(r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$")


@dataclass(frozen=True, eq=False)
class Dates:
    """Dates as far as they are known; 0 = unknown part, all 0 = missing.

    Attributes:
        year: (n,) int16, from 1900 to 2100.
        month: (n,) int8, from 1 to 12.
        day: (n,) int8, from 1 to 31; known only where the month is.
    """

    year: NDArray[np.int16] = field(repr=False)
    month: NDArray[np.int8] = field(repr=False)
    day: NDArray[np.int8] = field(repr=False)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.year)


def distinct(values: Text) -> tuple[NDArray[np.int64], list[str]]:
    """Where each row's text stands among the distinct texts, (n,) int64, and those texts in order of appearance."""
    known: dict[str, int] = {}
    index = np.fromiter((known.setdefault(value, len(known)) for value in values), np.int64, len(values))
    return index, list(known)


def parse_dates(values: Text, formats: Sequence[str] = DEFAULT_FORMATS) -> tuple[Dates, NDArray[np.bool_]]:
    """Dates in the formats, tried in order; `yyyy-mm-dd` is always tried last, since date cells of files arrive so.

    Args:
        values: (n,) text; "" and placeholders such as "н/д" are missing. A time of day after the date is dropped.
        formats: `%Y`, `%m`, `%d` and literal text, each with a `%Y`; see `format_problem`.

    Returns:
        The dates, and (n,) bool: the row holds text that is no date in any format.
    """
    index, texts = distinct(values)
    tried = tuple(dict.fromkeys((*formats, ISO)))
    read = [_read(text, tried) for text in texts]
    parts = np.array([found or (0, 0, 0) for found in read], np.int16).reshape(-1, 3)[index]
    bad = np.array([found is None for found in read], np.bool_)[index]
    return Dates(parts[:, 0], parts[:, 1].astype(np.int8), parts[:, 2].astype(np.int8)), bad


def as_written(values: Text, formats: Sequence[str] = DEFAULT_FORMATS) -> Text:
    """(n,) text: the digits of a full date as `yyyy-mm-dd`, also where no calendar has that day; "" for all else."""
    index, texts = distinct(values)
    tried = tuple(dict.fromkeys((*formats, ISO)))
    found = np.array([*(_digits(text, tried) for text in texts), ""], dtype=object)
    return found[index]


def iso(dates: Dates) -> Text:
    """(n,) text: `yyyy-mm-dd`, `yyyy-mm` or `yyyy` as far as known, "" = missing."""
    rows = zip(dates.year.tolist(), dates.month.tolist(), dates.day.tolist(), strict=True)
    out = np.empty(len(dates), dtype=object)
    out[:] = [_iso(*row) for row in rows]
    return out


def fits(text: str, form: str) -> bool:
    """Whether the text tells at least a year in this one format."""
    found = _read(text, (form,))
    return found is not None and found[0] > 0


def format_problem(form: str) -> str | None:
    """What is wrong with a date format, or None.

    Two-digit years are refused: which century they mean is not a matter of format.
    """
    used = [piece for piece in _DIRECTIVE.split(form) if piece.startswith("%")]
    if "%y" in used:
        return "two-digit years (%y) are not read; write years in full"
    if any(piece not in _PARTS for piece in used) or len(set(used)) != len(used):
        return "only %Y, %m and %d, each once"
    if "%Y" not in used or ("%d" in used and "%m" not in used):
        return "a year is needed, and a month where there is a day"
    return None


def _read(text: str, formats: Sequence[str]) -> tuple[int, int, int] | None:
    """Year, month and day with 0 for unknown; None where the text is no date."""
    if is_placeholder(fold(text)):
        return 0, 0, 0
    return next((found for found in _readings(text, formats) if _possible(*found)), None)


def _digits(text: str, formats: Sequence[str]) -> str:
    """The first reading that has a day, possible or not."""
    return next((_iso(*found) for found in _readings(text, formats) if found[2]), "")


def _readings(text: str, formats: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Year, month and day under each format that the text fits."""
    bare = _TIME.sub("", text.strip())
    for form in formats:
        match = _pattern(form).fullmatch(bare)
        if match:
            parts = {name: int(digits) for name, digits in match.groupdict().items()}
            yield parts["year"], parts.get("month", 0), parts.get("day", 0)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """The format as an expression; without separators, months and days must have both digits."""
    short = "{2}" if _ADJACENT.search(form) else "{1,2}"
    width = {"%Y": "{4}", "%m": short, "%d": short}
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
