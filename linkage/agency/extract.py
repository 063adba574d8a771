"""An extract: one agency's rows under the standard names, each with the number that it had in its file.

Only columns that the mapping or a standard name asks for are read; the others are named and go no further. Cells are
trimmed text and nothing else is done to them here: an empty text is *missing*.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linkage.agency.cells import Column, Columns, Text, objects, refuse_value, renamed, text_of, trimmed
from linkage.agency.mapping import FIELDS, STANDARD, Mapping
from linkage.agency.repair import REPAIRED, Repair, repair_column
from linkage.agency.tables import MAX_ROWS, Table, check_header, first_records, read_table, without_empty_rows
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
        columns: by standard name, trimmed, "" = missing; always holds `record_id`.
        headers: by standard name: the column's name in the file; constants of the mapping have none.
        ignored: names of the file's columns that were not read; `(column 3)` for one without a name.
        left_out: records that are no rows of the list: `empty`, `totals`, and `headers` printed again.
        damaged: row and field of cells that could not be read as text, left empty because the mapping says so.
        repairs: what was repaired, by standard name.
    """

    file: str
    rows: NDArray[np.int64] = attribute(repr=False)
    columns: Columns = attribute(repr=False)
    headers: AnyMapping[str, str] = attribute(default_factory=dict)
    ignored: tuple[str, ...] = ()
    left_out: AnyMapping[str, int] = attribute(default_factory=dict)
    damaged: tuple[tuple[int, str], ...] = ()
    repairs: AnyMapping[str, Repair] = attribute(default_factory=dict)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)


def read_extract(path: Path, mapping: Mapping = STANDARD, *, numbered: bool = False) -> Extract:
    """The extract in a CSV, XLSX or Parquet file.

    Args:
        path: the file.
        mapping: how it is to be read.
        numbered: give records the numbers of their rows where the file has no ids; for a look at it, not for sealing.

    Raises:
        ExtractError: the file cannot be read as a table, is beyond the limits, or has no column of record ids.
        SchemaError: the mapping names columns that the file lacks, with all of them.
    """
    layout = partial(_positions if numbered else _layout, mapping=mapping, file=str(path))
    table = read_table(path, mapping.file, layout, blank=mapping.rows.unreadable == "blank")
    if numbered:
        table = _with_ids(table)
    return _extract(table, mapping, str(path))


def bears_standard_names(path: Path) -> bool:
    """Whether the file, read without any mapping, has a column of record ids under the standard name.

    Raises:
        ExtractError: the file cannot be read.
    """
    return any(RECORD_ID in (cell.strip() for cell in record) for record in first_records(path, Mapping().file, 1))


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
    return _extract(_with_ids(without_empty_rows(Table(header, rows, columns))), used, name)


def _with_ids(table: Table) -> Table:
    """The table with its row numbers as record ids, where it has none."""
    if RECORD_ID in table.columns:
        return table
    ids = {RECORD_ID: objects([str(row) for row in table.rows.tolist()])}
    return replace(table, columns={**ids, **table.columns})


def column(extract: Extract, name: str) -> Text:
    """(n,) text of a standard name; all missing where the extract has no such column."""
    return extract.columns[name] if name in extract.columns else np.full(len(extract), "", dtype=object)


def cells(extract: Extract, name: str) -> Column:
    """As `column`, by its distinct texts, which are found once."""
    return extract.columns.coded(name) if name in extract.columns else Column(np.zeros(len(extract), np.int32), [""])


def restricted(extract: Extract, names: Collection[str]) -> Extract:
    """The extract without columns of other names."""
    return replace(extract, columns=extract.columns.only(names))


def in_order(extract: Extract, order: NDArray[np.intp]) -> Extract:
    """The extract with its rows in another order."""
    return replace(extract, rows=extract.rows[order], columns=extract.columns.in_order(order))


def _frame_column(series: pd.Series[Any], file: str, name: str) -> Text:
    """(n,) trimmed text of a frame's column."""
    known: dict[str, str] = {}
    cells: list[str] = []
    for row, (value, missing) in enumerate(zip(series.tolist(), series.isna().tolist(), strict=True), 2):
        text = "" if missing is True else text_of(value)
        cell = known.get(text) if text is not None else None
        if cell is None:
            refuse_value(text, file, row, name)
            cell = known[text or ""] = trimmed(text or "")
        cells.append(cell)
    return objects(cells)


def _extract(table: Table, mapping: Mapping, file: str) -> Extract:
    """The table's columns, repaired, and the mapping's constants under the standard names."""
    chosen = _positions(table.header, mapping, file)
    read = Columns(table.columns)
    repaired = {name: repair_column(read.coded(name)) for name in chosen if name in REPAIRED}
    repairs = {name: repair for name, (_, repair) in repaired.items() if repair.cells}
    none = np.zeros(len(table.rows), np.int32)
    constants = {name: renamed(Column(none, []), [text.strip()]) for name, text in mapping.constants.items()}
    columns = read.changed({**{name: column for name, (column, _) in repaired.items()}, **constants})
    used = set(chosen.values())
    ignored = tuple(text or f"(column {at + 1})" for at, text in enumerate(table.header) if at not in used)
    headers = {name: table.header[at] for name, at in chosen.items()}
    return Extract(file, table.rows, columns, headers, ignored, table.left_out, table.damaged, repairs)


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
