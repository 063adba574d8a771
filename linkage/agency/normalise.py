"""From an extract's columns to features: the canonical texts that filters and tokens are made of.

Work is done once per distinct combination of cells, not per row. A feature is an array of text in which an empty text
is *missing*; missing is never hashed, so that two records without a patronymic have nothing in common by that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jellyfish
import numpy as np
from numpy.typing import NDArray

from linkage.agency.codes import read_content, read_mapped, sex_codes
from linkage.agency.dates import FIRST_YEAR, LAST_YEAR, Dates, as_written, parse_dates
from linkage.agency.extract import Extract, column
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.names import PersonName, person_name
from linkage.agency.names.fold import fold, is_placeholder
from linkage.agency.validate import MAX_AGE, whole_numbers
from linkage.protocol import Protocol

Text = NDArray[np.object_]
Features = Mapping[str, Text]
_NAME_COLUMNS = ("surname", "given_name", "patronymic", "full_name")
_PLACEHOLDER_DAYS = ((1, 1), (15, 6), (30, 6))
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def features(extract: Extract, protocol: Protocol, mapping: FileMapping) -> Features:
    """Every feature of `schema.FEATURES`, (n,) object arrays of text in the extract's row order, "" = missing."""
    return {**_names(extract), **_dates(extract, mapping), **_codes(extract, protocol, mapping)}


def _names(extract: Extract) -> dict[str, Text]:
    people = once_per_value(_read_name, *(column(extract, name) for name in _NAME_COLUMNS))
    out = {name: _gather(people, _getter(name)) for name in _NAME_FEATURES}
    out["names.bag"] = _gather(people, _bag)
    return out


def _read_name(surname: str, given_name: str, patronymic: str, full_name: str) -> PersonName:
    return person_name(surname, given_name, patronymic, full_name)


_NAME_FEATURES: Mapping[str, Callable[[PersonName], str]] = {
    "surname": lambda n: n.surname_key,
    "given_name": lambda n: n.given_name_key,
    "patronymic": lambda n: n.patronymic_key,
    "surname.skeleton": lambda n: n.surname,
    "given_name.skeleton": lambda n: n.given_name,
    "patronymic.skeleton": lambda n: n.patronymic,
    "surname.sound": lambda n: jellyfish.soundex(n.surname_key) if n.surname_key else "",
    "given_name.sound": lambda n: jellyfish.soundex(n.given_name_key) if n.given_name_key else "",
    "given_name.initial": lambda n: n.initial,
}


def _getter(name: str) -> Callable[[PersonName], str]:
    return _NAME_FEATURES[name]


def _bag(name: PersonName) -> str:
    both = name.surname_key and name.given_name_key
    return " ".join(sorted((name.surname_key, name.given_name_key))) if both else ""


def _dates(extract: Extract, mapping: FileMapping) -> dict[str, Text]:
    written = column(extract, "birth_date")
    given, bad = parse_dates(written, mapping.dates.formats)
    dates = without_placeholders(given)
    day = _format(dates.day > 0, "{:04d}-{:02d}-{:02d}", dates.year, dates.month, dates.day)
    compared = bad & (mapping.dates.impossible == "compare")
    return {
        "birth_date": day,
        "birth_date.digits": np.where(compared, as_written(written, mapping.dates.formats), day),
        "birth_date.swapped": _format(
            (dates.day > 0) & (dates.day <= 12) & (dates.day != dates.month),
            "{:04d}-{:02d}-{:02d}",
            dates.year,
            dates.day,
            dates.month,
        ),
        "birth_date.month_day": _format(dates.day > 0, "{:02d}-{:02d}", dates.month, dates.day),
        "birth_date.year_month": _format(dates.month > 0, "{:04d}-{:02d}", dates.year, dates.month),
        **_years(birth_years(extract, dates, mapping)),
    }


def without_placeholders(dates: Dates) -> Dates:
    """Dates whose 1 January, 15 June or 30 June stands for "some day of that year" reduced to the year.

    A day counts as a placeholder in its column when it occurs at least five times and five times as often as a day of
    the year should. Source: names reference, section 5.
    """
    known = int(np.count_nonzero(dates.day))
    month, day = dates.month.copy(), dates.day.copy()
    for placeholder_day, placeholder_month in _PLACEHOLDER_DAYS:
        found = (dates.day == placeholder_day) & (dates.month == placeholder_month)
        if found.sum() >= max(5, 5 * known / 365.25):
            month[found], day[found] = 0, 0
    return Dates(dates.year, month, day)


def birth_years(extract: Extract, dates: Dates, mapping: FileMapping) -> NDArray[np.int16]:
    """(n,) year of birth: of the date, else as given, else event year minus age; 0 = unknown."""
    given, _ = whole_numbers(column(extract, "birth_year"), FIRST_YEAR, LAST_YEAR)
    age, _ = whole_numbers(column(extract, "age"), 0, MAX_AGE)
    events, _ = parse_dates(column(extract, "event_date"), mapping.dates.formats)
    by_age = np.where((age >= 0) & (events.year > 0), events.year - age, 0)
    return np.where(dates.year > 0, dates.year, np.where(given > 0, given, by_age)).astype(np.int16)


def _years(year: NDArray[np.int16]) -> dict[str, Text]:
    return {
        "birth_year": _format(year > 0, "{:04d}", year),
        "birth_year.next": _format(year > 0, "{:04d}", year + 1),
    }


def _codes(extract: Extract, protocol: Protocol, mapping: FileMapping) -> dict[str, Text]:
    places = {name: _coded(name, extract, protocol, mapping) for name in ("citizenship", "region", "district")}
    numbers = {name: once_per_value(_fold_number, column(extract, name)) for name in ("document_number", "case_number")}
    return {**places, **numbers, "sex": sex_codes(column(extract, "sex"), mapping)}


def _coded(name: str, extract: Extract, protocol: Protocol, mapping: FileMapping) -> Text:
    """The code of the protocol or the mapping where the text has one (`Хатлон` is `TJ-KT`); else the text, folded."""
    written = column(extract, name)
    in_content = name in protocol.content
    coded = read_content(name, written, protocol, mapping) if in_content else read_mapped(name, written, mapping)
    return once_per_value(_fold_code, np.where(coded.bad, written, coded.codes))


def _fold_code(text: str) -> str:
    folded = fold(text)
    return "" if is_placeholder(folded) else folded


def _fold_number(text: str) -> str:
    folded = _fold_code(unicodedata.normalize("NFKC", text))
    return _NOT_ALPHANUMERIC.sub("", folded)


def once_per_value(function: Callable[..., Any], *columns: Text) -> Text:
    """The function of the rows' cells, called once per distinct row; (n,) object array."""
    known: dict[tuple[str, ...], Any] = {}
    out = np.empty(len(columns[0]), dtype=object)
    for row, cells in enumerate(zip(*columns, strict=True)):
        if cells not in known:
            known[cells] = function(*cells)
        out[row] = known[cells]
    return out


def _gather(people: Text, read: Callable[[PersonName], str]) -> Text:
    return once_per_value(read, people)


def _format(where: NDArray[np.bool_], pattern: str, *parts: Sequence[int] | NDArray[Any]) -> Text:
    out = np.full(len(where), "", dtype=object)
    rows = np.flatnonzero(where)
    columns = [np.asarray(part)[rows].tolist() for part in parts]
    out[rows] = [pattern.format(*values) for values in zip(*columns, strict=True)]
    return out
