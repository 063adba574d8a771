"""An extract: one agency's rows under the standard names, each with the number that it had in its file.

Only columns that the mapping or a standard name asks for are read; the others are named and go no further. Cells are
trimmed text and nothing else is done to them here: an empty text is *missing*.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linkage.agency.mapping import FIELDS, STANDARD, Mapping
from linkage.agency.tables import (
    MAX_ROWS,
    Table,
    Text,
    check_header,
    objects,
    read_table,
    refuse_value,
    text_of,
    without_empty_rows,
)
from linkage.errors import ExtractError, SchemaError
from linkage.schema import RECORD_ID

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Extract:
    """Rows of an agency; its `repr` shows none of them.

    Attributes:
        file: the file's name as the user gave it.
        rows: (n,) int64, row numbers in the file, header = 1 or the row that the mapping names.
        columns: by standard name: (n,) text, trimmed, "" = missing; always holds `record_id`.
        headers: by standard name: the column's name in the file; constants of the mapping have none.
        ignored: names of the file's columns that were not read; `(column 3)` for one without a name.
        empty: rows without any cell, left out.
    """

    file: str
    rows: NDArray[np.int64] = attribute(repr=False)
    columns: AnyMapping[str, Text] = attribute(repr=False)
    headers: AnyMapping[str, str] = attribute(default_factory=dict)
    ignored: tuple[str, ...] = ()
    empty: int = 0

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)


def read_extract(path: Path, mapping: Mapping = STANDARD) -> Extract:
    """The extract in a CSV, XLSX or Parquet file.

    Raises:
        ExtractError: the file cannot be read as a table, is beyond the limits, or has no column of record ids.
        SchemaError: the mapping names columns that the file lacks, with all of them.
    """
    table = read_table(path, mapping.file, partial(_layout, mapping=mapping, file=str(path)))
    return _extract(table, mapping, str(path))


def from_frame(frame: pd.DataFrame, mapping: Mapping | None = None, name: str = "frame") -> Extract:
    """The extract in a frame, whose rows count from 2 as if its column names were row 1.

    NaN, None and NaT are missing. Without a column of record ids, the row numbers are the ids.

    Raises:
        ExtractError: a cell is neither text, number nor date, or the frame is beyond the limits.
        SchemaError: the mapping names columns that the frame lacks.
    """
    used = mapping or STANDARD
    header = check_header([str(column) for column in frame.columns], name, 1)
    if len(frame) > MAX_ROWS:
        raise ExtractError(f"more than {MAX_ROWS} rows", file=name)
    chosen = _positions(header, used, name)
    if not chosen:
        raise ExtractError("no column bears a standard name", file=name, hint="rename the columns, or pass a mapping")
    columns = {field: _frame_column(frame.iloc[:, at], name, field) for field, at in chosen.items()}
    rows = np.arange(2, len(frame) + 2)
    table = without_empty_rows(Table(header, rows, columns, 0))
    if RECORD_ID not in columns:
        ids = {RECORD_ID: objects([str(row) for row in table.rows.tolist()])}
        table = Table(table.header, table.rows, {**ids, **table.columns}, table.empty)
    return _extract(table, used, name)


def column(extract: Extract, name: str) -> Text:
    """(n,) text of a standard name; all missing where the extract has no such column."""
    found = extract.columns.get(name)
    return np.full(len(extract), "", dtype=object) if found is None else found


def _frame_column(series: pd.Series[Any], file: str, name: str) -> Text:
    """(n,) trimmed text of a frame's column."""
    known: dict[str, str] = {}
    cells: list[str] = []
    for row, (value, missing) in enumerate(zip(series.tolist(), series.isna().tolist(), strict=True), 2):
        text = "" if missing is True else text_of(value)
        cell = known.get(text) if text is not None else None
        if cell is None:
            refuse_value(text, file, row, name)
            cell = known[text or ""] = (text or "").strip()
        cells.append(cell)
    return objects(cells)


def _extract(table: Table, mapping: Mapping, file: str) -> Extract:
    """The table's columns and the mapping's constants under the standard names."""
    chosen = _positions(table.header, mapping, file)
    constants = {name: np.full(len(table.rows), text.strip(), dtype=object) for name, text in mapping.constants.items()}
    used = set(chosen.values())
    ignored = tuple(text or f"(column {at + 1})" for at, text in enumerate(table.header) if at not in used)
    headers = {name: table.header[at] for name, at in chosen.items()}
    return Extract(file, table.rows, {**table.columns, **constants}, headers, ignored, table.empty)


def _layout(header: Sequence[str], mapping: Mapping, file: str) -> dict[str, int]:
    """As `_positions`, for a file, which must say which record is which."""
    chosen = _positions(header, mapping, file)
    if RECORD_ID not in chosen:
        hint = f"name the column under [columns] {RECORD_ID} in the mapping; `headcount check --draft` drafts one"
        raise ExtractError("no column of record ids", file=file, row=mapping.file.header_row, field=RECORD_ID, hint=hint)
    return chosen


def _positions(header: Sequence[str], mapping: Mapping, file: str) -> dict[str, int]:
    """Standard name → position: columns that the mapping names, then columns that bear a standard name themselves.

    Raises:
        SchemaError: the mapping names columns that are not there, or gives a constant for one that is.
    """
    at = {name: position for position, name in enumerate(header) if name}
    named = {name: at.get(text.strip()) for name, text in mapping.columns.items()}
    chosen = {name: position for name, position in named.items() if position is not None}
    taken = set(chosen.values())
    chosen |= {name: at[name] for name in FIELDS if name in at and name not in named and at[name] not in taken}
    problems = [f"columns.{name}: the file has no such column" for name, position in named.items() if position is None]
    problems += [f"constants.{name}: the file has a column of this name" for name in mapping.constants if name in chosen]
    if problems:
        raise SchemaError("\n".join(problems), file=file, hint="compare the mapping with the file's header row")
    return {name: chosen[name] for name in FIELDS if name in chosen}
