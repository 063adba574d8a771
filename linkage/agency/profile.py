"""What a file's columns hold, and what of it was understood: shares and counts, decisions, and never a cell.

A column is *understood* as far as its filled cells can be used: a date that is one, a word with a code, a name without
lost letters. A row is *linkable* if it has a usable name and tells a year of birth; without these two lists have little
to agree on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.agency.births import MAX_AGE, Births, read_birth_years, read_births
from linkage.agency.cells import Text, distinct
from linkage.agency.codes import read_content, read_mapped, read_sex
from linkage.agency.dates import Dates, parse_dates
from linkage.agency.extract import Extract, column
from linkage.agency.mapping import Mapping as FileMapping
from linkage.agency.names.fold import fold, is_placeholder, split
from linkage.agency.numbers import fold_number, whole_numbers
from linkage.protocol import Protocol
from linkage.schema import CONTENT, IDENTIFIERS, RECORD_ID

Rows = NDArray[np.bool_]
NAMES = ("surname", "given_name", "full_name")
_HOLDING = 0.02  # least share of a script to be told


class ColumnProfile(NamedTuple):
    """One column.

    Attributes:
        field: its standard name.
        header: its name in the file; None for a constant of the mapping.
        filled: rows in which it holds anything.
        understood: rows in which that can be used.
        notes: what else there is to say: precision, repairs, decisions.
    """

    field: str
    header: str | None
    filled: int
    understood: int
    notes: tuple[str, ...]


def profile_columns(extract: Extract, protocol: Protocol, mapping: FileMapping) -> tuple[ColumnProfile, ...]:
    """Every column that is read, in the extract's order."""
    return tuple(_profile(name, extract, protocol, mapping) for name in extract.columns)


def linkable_rows(extract: Extract, mapping: FileMapping) -> int:
    """Rows with a usable name and a year of birth."""
    named = np.logical_or.reduce([usable_names(column(extract, name)) for name in NAMES])
    return int(np.count_nonzero(named & (read_births(extract, mapping).first > 0)))


def usable_names(values: Text) -> Rows:
    """(n,) bool: the cell holds a name of which no letter is lost and that is more than an initial."""
    index, texts = distinct(values)
    return np.array([*(_is_usable(text) for text in texts), False], np.bool_)[index]


def _is_usable(text: str) -> bool:
    folded = fold(text)
    if is_placeholder(folded):
        return False
    return any(not part.initial and "?" not in part.text for part in split(folded))


def _profile(name: str, extract: Extract, protocol: Protocol, mapping: FileMapping) -> ColumnProfile:
    values = extract.columns[name]
    understood, notes = _look(name, extract, protocol, mapping)
    filled = values != ""
    repair = extract.repairs.get(name)
    if name not in extract.headers:
        notes = []  # the same in every row
    told = [
        *([f"{repair.mojibake} cell(s) were Cyrillic read with the wrong table: repaired"] if repair and repair.mojibake else []),
        *([f"{repair.legacy} cell(s) in the legacy Tajik font: repaired"] if repair and repair.legacy else []),
        *notes,
    ]
    header = extract.headers.get(name)
    return ColumnProfile(name, header, int(np.count_nonzero(filled)), int(np.count_nonzero(filled & understood)), tuple(told))


def _look(name: str, extract: Extract, protocol: Protocol, mapping: FileMapping) -> tuple[Rows, list[str]]:
    """Rows in which the column can be used, and what to say of it."""
    values = extract.columns[name]
    kind = IDENTIFIERS.get(name) or CONTENT.get(name)
    if name == RECORD_ID:
        index, texts = distinct(values)
        return np.bincount(index, minlength=len(texts))[index] == 1, []
    if kind in {"name", "full_name"}:
        return usable_names(values), [*_name_notes(values)]
    if kind == "date":
        return _look_at_dates(name, extract, mapping)
    if kind in {"age", "year"}:
        number = whole_numbers(values, 0, MAX_AGE)[0] if kind == "age" else read_birth_years(values, mapping)[0]
        return number >= 0, []
    if kind == "number":
        index, texts = distinct(values)
        return np.array([*(bool(fold_number(text)) for text in texts), False], np.bool_)[index], []
    return _look_at_codes(name, values, protocol, mapping)


def _look_at_codes(name: str, values: Text, protocol: Protocol, mapping: FileMapping) -> tuple[Rows, list[str]]:
    index, texts = distinct(values)
    notes = [f"{len([text for text in texts if text])} different spelling(s)"]
    if name in protocol.content:
        return ~read_content(name, values, protocol, mapping).bad, notes
    if name == "sex":
        return ~read_sex(values, mapping).bad, notes
    mapped = read_mapped(name, values, mapping)
    meant = {fold(code) for code in mapping.codes.get(name, {}).values()}
    unmapped = sum(fold(text) not in meant for text in values[mapped.bad].tolist()) if meant else 0
    free = [f"{unmapped} cell(s) in words that the mapping does not bring to one spelling"] if unmapped else []
    return np.ones(len(index), np.bool_), [*notes, *free]


def _look_at_dates(name: str, extract: Extract, mapping: FileMapping) -> tuple[Rows, list[str]]:
    values = extract.columns[name]
    dates, bad = parse_dates(values, mapping.dates)
    notes = [*_precision(dates)]
    if name == "birth_date":
        notes += [*_heap_notes(read_births(extract, mapping))]
    return ~bad, notes


def _precision(dates: Dates) -> Iterator[str]:
    """How far the dates are known."""
    known = dates.year > 0
    shares = {"day": dates.day > 0, "month": (dates.day == 0) & (dates.month > 0), "year": known & (dates.month == 0)}
    told = [f"{int(np.count_nonzero(rows))} to the {name}" for name, rows in shares.items() if rows.any()]
    if told:
        yield f"known {', '.join(told)}"


def _heap_notes(births: Births) -> Iterator[str]:
    for heap in births.heaps:
        if heap.found:
            decision = "heaped, taken for the year alone" if heap.heaped else "not heaped, kept"
            yield f"{heap.day:02d}.{heap.month:02d}: {heap.found} date(s), {heap.expected:.1f} expected: {decision}"


def _name_notes(values: Text) -> Iterator[str]:
    """Scripts, and cells with lost letters, initials alone or a word for unknown."""
    filled = [text for text in values.tolist() if text]
    folded = {text: fold(text) for text in set(filled)}
    counts = {
        "with lost letters (?)": sum("?" in folded[text] and not is_placeholder(folded[text]) for text in filled),
        "that say unknown": sum(is_placeholder(folded[text]) for text in filled),
        "with initials alone": sum(_initials_alone(folded[text]) for text in filled),
        "in both scripts": sum(_scripts(text) == {"Cyrillic", "Latin"} for text in filled),
    }
    scripts = [script for text in filled for script in _scripts(text)]
    shares = {script: scripts.count(script) / max(1, len(filled)) for script in ("Cyrillic", "Latin")}
    told = [f"{share:.0%} {script}" for script, share in shares.items() if share >= _HOLDING]
    yield from ([", ".join(told)] if told else [])
    yield from (f"{count} cell(s) {what}" for what, count in counts.items() if count)


def _initials_alone(folded: str) -> bool:
    parts = split(folded)
    return bool(parts) and not is_placeholder(folded) and all(part.initial for part in parts)


def _scripts(text: str) -> set[str]:
    cyrillic = any("\u0400" <= letter <= "\u052f" for letter in text)
    latin = any(letter.isalpha() and letter < "\u0250" for letter in text)
    return {name for name, found in (("Cyrillic", cyrillic), ("Latin", latin)) if found}
