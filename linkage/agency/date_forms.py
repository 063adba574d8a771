"""How the dates of a file are written, found from the file: formats, century, spreadsheet numbers, calendar.

A format counts by how many dates it reads that no better one reads. Where days and months cannot be told apart because
no date says which is which, that is noted: a person has to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from linkage.agency.cells import objects
from linkage.agency.dates import DEFAULT_FORMATS, ISO, SOLAR_HIJRI, Calendar, DateForm, fits, parse_dates
from linkage.agency.extract import Extract, column
from linkage.agency.names.fold import fold, is_placeholder
from linkage.protocol import Protocol

DATE_FORMATS = (
    *("%d.%m.%Y", ISO, "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y/%m/%d", "%d %m %Y", "%Y%m%d"),
    *("%m.%Y", "%m/%Y", "%Y-%m", "%Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y"),
)
_EXCHANGED = {"%d/%m/%Y": "%m/%d/%Y", "%d-%m-%Y": "%m-%d-%Y", "%d/%m/%y": "%m/%d/%y"}
_OTHER = {**_EXCHANGED, **{other: form for form, other in _EXCHANGED.items()}}
_ANY_PIVOT = 2000
_LATEST_PIVOT = 2030
_LEAST_HIJRI, _LEAST_HIJRI_SHARE = 3, 0.02
_LUNAR_FROM = 1370
_HIJRI_YEAR = re.compile(r"(?<![0-9])(1[34][0-9]{2})(?![0-9])")


class DateGuess(NamedTuple):
    """How dates are written, and what there is to say about it.

    Attributes:
        form: for the mapping.
        counts: by format, and for `serials` and `solar-hijri`: how many distinct dates it reads.
        undecided: formats of which day and month could as well be exchanged.
        lunar: distinct years from 1370 that could also be of the lunar calendar, which is not converted.
    """

    form: DateForm
    counts: dict[str, int]
    undecided: tuple[str, ...]
    lunar: int


def guess_date_form(extract: Extract, protocol: Protocol) -> DateGuess:
    """How the birth and event dates of the extract are written."""
    texts = {text for name in ("birth_date", "event_date") for text in column(extract, name).tolist()}
    left = {text for text in texts if not is_placeholder(fold(text))}
    if not left:
        return DateGuess(DateForm(), {}, (), 0)
    calendar = _calendar(left)
    form = DateForm((), pivot=_ANY_PIVOT, calendar=calendar)
    counts: dict[str, int] = {}
    undecided: list[str] = []
    for chosen, read, tie in _choices(left, form):
        counts[chosen] = len(read)
        undecided += [chosen] if tie else []
        left -= read
    serials = {text for text in left if fits(text, replace(form, serials=True))}
    counts |= {"serials": len(serials)} if serials else {}
    formats = tuple(dict.fromkeys((*counts.keys() - {"serials"}, "%Y"))) if counts else DEFAULT_FORMATS
    formats = tuple(sorted(formats, key=lambda one: (-counts.get(one, 0), DATE_FORMATS.index(one))))
    pivot = _pivot(texts, formats, protocol) if any("%y" in one for one in formats) else None
    lunar = len({year for text in texts for year in _years(text) if year >= _LUNAR_FROM}) if calendar == "solar-hijri" else 0
    return DateGuess(DateForm(formats, pivot, bool(serials), calendar), counts, tuple(undecided), lunar)


def _choices(texts: set[str], form: DateForm) -> Iterator[tuple[str, set[str], bool]]:
    """Formats with the dates that each reads, the one that reads most of the rest first; and whether that was a draw."""
    left, open_formats = set(texts), list(DATE_FORMATS)
    while open_formats and left:
        reads = {one: {text for text in left if fits(text, replace(form, formats=(one,)))} for one in open_formats}
        best = max(open_formats, key=lambda one: len(reads[one]))
        if not reads[best]:
            return
        other = _OTHER.get(best)
        yield best, reads[best], other in reads and len(reads.get(other or "", ())) == len(reads[best])
        left -= reads[best]
        open_formats = [one for one in open_formats if one not in {best, other}]


def _calendar(texts: set[str]) -> Calendar:
    """Solar Hijri, where more than a few dates have such years; a single one is a slip of the pen."""
    hijri = sum(any(SOLAR_HIJRI[0] <= year <= SOLAR_HIJRI[1] for year in _years(text)) for text in texts)
    return "solar-hijri" if hijri >= max(_LEAST_HIJRI, _LEAST_HIJRI_SHARE * len(texts)) else "gregorian"


def _years(text: str) -> list[int]:
    return [int(year) for year in _HIJRI_YEAR.findall(text)]


def _pivot(texts: set[str], formats: tuple[str, ...], protocol: Protocol) -> int:
    """The last year of the file's full dates, else of the protocol's epoch: later two-digit years are of the century before."""
    whole = DateForm(tuple(one for one in formats if "%y" not in one) or DEFAULT_FORMATS)
    dates, _ = parse_dates(objects(sorted(texts)), whole)
    latest = int(dates.year.max(initial=0))
    epoch = [int(year) for year in re.findall(r"[0-9]{4}", protocol.epoch)]
    return max(2000, latest, *epoch) if latest or epoch else _LATEST_PIVOT
