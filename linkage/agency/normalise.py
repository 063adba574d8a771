"""From an extract's columns to features: the canonical texts that filters and tokens are made of.

Work is done once per distinct cell, not per row. A feature is an array of text in which an empty text
is *missing*; missing is never hashed, so that two records without a patronymic have nothing in common by that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from linkage.agency.births import likely_years, read_births
from linkage.agency.cells import Column, Text, renamed, spelt_out, with_none
from linkage.agency.codes import read_content, read_mapped, sex_codes
from linkage.agency.dates import as_written
from linkage.agency.extract import Extract, cells
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.names.columns import name_columns
from linkage.agency.names.fold import fold, is_placeholder
from linkage.agency.numbers import fold_number
from linkage.agency.texts import Texts
from linkage.protocol import Protocol
from linkage.schema import IDENTIFIERS

Features = Mapping[str, Text]
_NAME_COLUMNS = ("surname", "given_name", "patronymic", "full_name")
_CODES = tuple(name for name, kind in IDENTIFIERS.items() if kind == "code")
_NUMBERS = tuple(name for name, kind in IDENTIFIERS.items() if kind == "number")


def features(extract: Extract, protocol: Protocol, mapping: FileMapping) -> Texts:
    """Every feature of `schema.FEATURES`, (n,) text in the extract's row order, "" = missing."""
    names = name_columns(*(cells(extract, name) for name in _NAME_COLUMNS))
    return Texts({**names, **_dates(extract, mapping), **_codes(extract, protocol, mapping)})


def _dates(extract: Extract, mapping: FileMapping) -> dict[str, Text | Column]:
    births = read_births(extract, mapping)
    dates, known = births.dates, births.dates.day > 0
    year, month, day = (part.astype(np.int64) for part in (dates.year, dates.month, dates.day))
    swappable = known & (day <= 12) & (day != month)
    born = _numbered(known, 10_000 * year + 100 * month + day, _full)
    compared = births.bad & (mapping.dates.impossible == "compare")
    written = as_written(cells(extract, "birth_date"), mapping.dates) if compared.any() else None
    return {
        "birth_date": born,
        "birth_date.digits": born if written is None else np.where(compared, written, spelt_out(born)),
        "birth_date.swapped": _numbered(swappable, 10_000 * year + 100 * day + month, _full),
        "birth_date.month_day": _numbered(known, 100 * month + day, lambda number: f"{number // 100:02d}-{number % 100:02d}"),
        "birth_date.year_month": _numbered(month > 0, 100 * year + month, lambda number: f"{number // 100:04d}-{number % 100:02d}"),
        **_years(likely_years(births, extract, mapping)),
    }


def _years(year: NDArray[np.int16]) -> dict[str, Column]:
    return {
        "birth_year": _numbered(year > 0, year.astype(np.int64), lambda number: f"{number:04d}"),
        "birth_year.next": _numbered(year > 0, year.astype(np.int64) + 1, lambda number: f"{number:04d}"),
    }


def _full(number: int) -> str:
    """`yyyy-mm-dd` of the number yyyymmdd."""
    return f"{number // 10_000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"


def _numbered(where: NDArray[np.bool_], numbers: NDArray[np.int64], spell: Callable[[int], str]) -> Column:
    """The text of each row's number, which is not 0 and spelt as no other is, worked out once for each; missing elsewhere."""
    found, row = with_none(np.where(where, numbers, 0))
    return Column(row, ["", *map(spell, found[1:].tolist())])


def _codes(extract: Extract, protocol: Protocol, mapping: FileMapping) -> dict[str, Column]:
    codes = {name: _coded(name, cells(extract, name), protocol, mapping) for name in _CODES}
    numbers = {name: _each(cells(extract, name), fold_number) for name in _NUMBERS}
    sex = cells(extract, "sex")
    sexes = renamed(sex, sex_codes(_once(sex), mapping).tolist())
    return {**codes, "place": _first_of(codes["district"], codes["region"]), **numbers, "sex": sexes}


def _coded(name: str, written: Column, protocol: Protocol, mapping: FileMapping) -> Column:
    """The code of the protocol or the mapping where the text has one (`Хатлон` is `TJ-KT`); else the text, folded."""
    in_content = name in protocol.content
    read = read_content(name, _once(written), protocol, mapping) if in_content else read_mapped(name, _once(written), mapping)
    codes = np.where(read.bad, np.array(written.texts, dtype=object), read.codes)
    return renamed(written, [_fold_code(text) for text in codes.tolist()])


def _once(column: Column) -> Column:
    """A column in which each distinct text stands once."""
    return Column(np.arange(len(column.texts), dtype=np.int32), column.texts)


def _each(column: Column, read: Callable[[str], str]) -> Column:
    return renamed(column, [read(text) for text in column.texts])


def _first_of(one: Column, other: Column) -> Column:
    """The one, or the other where the one is missing."""
    texts = [*one.texts, *other.texts]
    return renamed(Column(np.where(one.codes > 0, one.codes, len(one.texts) + other.codes).astype(np.int32), texts), texts)


def _fold_code(text: str) -> str:
    folded = fold(text)
    return "" if is_placeholder(folded) else folded
