"""Which column is which, and in which row the names stand: found from the names alone, in five languages.

The header is the row, or the two rows, that hold most known column names. A row of data has too few of them, and is
never repeated. Agencies put titles above the header, merge cells of it, and print it in the legacy font.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from linkage.agency.column_names import SPELLINGS
from linkage.agency.encodings import Guess, guess_encoding
from linkage.agency.mapping import FileForm
from linkage.agency.names.fold import fold
from linkage.agency.names.repair import repair
from linkage.agency.tables import DELIMITERS, first_records, joined_header, kind_of
from linkage.errors import ExtractError
from linkage.protocol import Protocol
from linkage.schema import RECORD_ID

_SEARCHED_ROWS = 20
_FEWEST = 2


class Header(NamedTuple):
    """What the header of a file says.

    Attributes:
        form: how the file is written.
        encoding: how its encoding was found; None for a workbook or Parquet.
        columns: standard name to column name.
        others: named columns that no standard name was found for.
        names: every column name.
    """

    form: FileForm
    encoding: Guess | None
    columns: Mapping[str, str]
    others: tuple[str, ...]
    names: tuple[str, ...]


class _Candidate(NamedTuple):
    form: FileForm
    record: Sequence[str]
    columns: Mapping[str, str]


_NO_CANDIDATE = _Candidate(FileForm(), (), {})


def find_header(path: Path, protocol: Protocol) -> Header:
    """The row and the delimiter with most known column names.

    Raises:
        ExtractError: the file cannot be read, or no row looks like a header.
    """
    known = known_names(protocol)
    encoding = guess_encoding(path) if kind_of(path) == "csv" else None
    candidates = (candidate for form in _forms(encoding) for candidate in _candidates(path, form, known))
    form, record, columns = max(candidates, key=lambda candidate: len(candidate.columns), default=_NO_CANDIDATE)
    if len(columns) < _FEWEST:
        hint = "write the mapping by hand: docs/extracts.md shows one"
        raise ExtractError(f"no row of the first {_SEARCHED_ROWS} looks like a header", file=str(path), hint=hint)
    names = tuple(name for name in record if name)
    return Header(form, encoding, columns, tuple(name for name in names if name not in columns.values()), names)


def known_names(protocol: Protocol) -> dict[str, str]:
    """Compared spelling → standard name, for what the protocol can use."""
    used = {RECORD_ID, "birth_date", "birth_year", "age", "event_date", *protocol.identifiers, *protocol.content}
    return {_compared(text): name for name, texts in SPELLINGS.items() if name in used for text in (name, *texts)}


def _forms(encoding: Guess | None) -> Iterator[FileForm]:
    """The ways in which the file may be written."""
    if encoding is None:
        yield FileForm()
        return
    yield from (FileForm(delimiter, encoding.name) for delimiter in DELIMITERS)


def _candidates(path: Path, form: FileForm, known: Mapping[str, str]) -> Iterator[_Candidate]:
    """Single rows first: of equals the first counts."""
    records = first_records(path, form, _SEARCHED_ROWS + 1)
    for row, record in enumerate(records[:_SEARCHED_ROWS], 1):
        yield _Candidate(replace(form, header_row=row), record, _matched(record, known))
    for row, (upper, lower) in enumerate(pairwise(records), 1):
        record = joined_header(upper, lower)
        yield _Candidate(replace(form, header_row=row, header_rows=2), record, _matched(record, known))


def _compared(text: str) -> str:
    return "".join(letter for letter in fold(repair(text)) if letter.isalnum())


def _matched(record: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Standard name → column name; the first column wins."""
    columns: dict[str, str] = {}
    for text in record:
        name = known.get(_compared(text))
        if name and record.count(text) == 1:
            columns.setdefault(name, text)
    return columns
