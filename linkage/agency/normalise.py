"""From an extract's columns to features: the canonical texts that filters and tokens are made of.

Work is done once per distinct combination of cells, not per row. A feature is an array of text in which an empty text
is *missing*; missing is never hashed, so that two records without a patronymic have nothing in common by that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.agency.births import likely_years, read_births
from linkage.agency.codes import read_content, read_mapped, sex_codes
from linkage.agency.dates import as_written
from linkage.agency.extract import Extract, column
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.names import person_name
from linkage.agency.names.features import NAME_FEATURES
from linkage.agency.names.fold import fold, is_placeholder
from linkage.agency.numbers import fold_number
from linkage.protocol import Protocol
from linkage.schema import IDENTIFIERS

Text = NDArray[np.object_]
Features = Mapping[str, Text]
_NAME_COLUMNS = ("surname", "given_name", "patronymic", "full_name")
_CODES = tuple(name for name, kind in IDENTIFIERS.items() if kind == "code")
_NUMBERS = tuple(name for name, kind in IDENTIFIERS.items() if kind == "number")


def features(extract: Extract, protocol: Protocol, mapping: FileMapping) -> Features:
    """Every feature of `schema.FEATURES`, (n,) object arrays of text in the extract's row order, "" = missing."""
    return {**_names(extract), **_dates(extract, mapping), **_codes(extract, protocol, mapping)}


def _names(extract: Extract) -> dict[str, Text]:
    """The features of each distinct combination of name cells, spread over the rows that hold it."""
    cells = list(zip(*(column(extract, name) for name in _NAME_COLUMNS), strict=True))
    known: dict[tuple[str, ...], int] = {}
    index = np.fromiter((known.setdefault(row, len(known)) for row in cells), np.int64, len(cells))
    people = [person_name(*row) for row in known]
    return {name: np.array([read(person) for person in people], dtype=object)[index] for name, read in NAME_FEATURES.items()}


def _dates(extract: Extract, mapping: FileMapping) -> dict[str, Text]:
    births = read_births(extract, mapping)
    dates, known = births.dates, births.dates.day > 0
    day = _format(known, "{:04d}-{:02d}-{:02d}", dates.year, dates.month, dates.day)
    compared = births.bad & (mapping.dates.impossible == "compare")
    swappable = known & (dates.day <= 12) & (dates.day != dates.month)
    return {
        "birth_date": day,
        "birth_date.digits": np.where(compared, as_written(column(extract, "birth_date"), mapping.dates), day),
        "birth_date.swapped": _format(swappable, "{:04d}-{:02d}-{:02d}", dates.year, dates.day, dates.month),
        "birth_date.month_day": _format(known, "{:02d}-{:02d}", dates.month, dates.day),
        "birth_date.year_month": _format(dates.month > 0, "{:04d}-{:02d}", dates.year, dates.month),
        **_years(likely_years(births, extract, mapping)),
    }


def _years(year: NDArray[np.int16]) -> dict[str, Text]:
    return {
        "birth_year": _format(year > 0, "{:04d}", year),
        "birth_year.next": _format(year > 0, "{:04d}", year + 1),
    }


def _codes(extract: Extract, protocol: Protocol, mapping: FileMapping) -> dict[str, Text]:
    codes = {name: _coded(name, extract, protocol, mapping) for name in _CODES}
    place = np.where(codes["district"] == "", codes["region"], codes["district"])
    numbers = {name: once_per_value(fold_number, column(extract, name)) for name in _NUMBERS}
    return {**codes, "place": place, **numbers, "sex": sex_codes(column(extract, "sex"), mapping)}


def _coded(name: str, extract: Extract, protocol: Protocol, mapping: FileMapping) -> Text:
    """The code of the protocol or the mapping where the text has one (`Хатлон` is `TJ-KT`); else the text, folded."""
    written = column(extract, name)
    in_content = name in protocol.content
    coded = read_content(name, written, protocol, mapping) if in_content else read_mapped(name, written, mapping)
    return once_per_value(_fold_code, np.where(coded.bad, written, coded.codes))


def _fold_code(text: str) -> str:
    folded = fold(text)
    return "" if is_placeholder(folded) else folded


def once_per_value(function: Callable[..., Any], *columns: Text) -> Text:
    """The function of the rows' cells, called once per distinct row; (n,) object array."""
    known: dict[tuple[str, ...], Any] = {}
    out = np.empty(len(columns[0]), dtype=object)
    for row, cells in enumerate(zip(*columns, strict=True)):
        if cells not in known:
            known[cells] = function(*cells)
        out[row] = known[cells]
    return out


def _format(where: NDArray[np.bool_], pattern: str, *parts: Sequence[int] | NDArray[Any]) -> Text:
    out = np.full(len(where), "", dtype=object)
    rows = np.flatnonzero(where)
    columns = [np.asarray(part)[rows].tolist() for part in parts]
    out[rows] = [pattern.format(*values) for values in zip(*columns, strict=True)]
    return out
