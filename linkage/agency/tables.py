"""Tables out of files: CSV, XLSX and Parquet become columns of text, within limits and with their row numbers.

What a file is, its first bytes say, not its name. Only the columns that the layout asks for are kept; every other
cell is dropped where it is read. A row's number is the number of its record, where the header is the record that
`header_row` names: a quoted cell of several lines is part of one record, and an empty line is a record. Parquet has
no header row; it counts as row 1.

A file is taken as hostile: what would exhaust the memory or shift cells is refused, and no message quotes a cell.
"""

from __future__ import annotations

import codecs
import csv
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from linkage.agency.cells import FORBIDDEN, MAX_CELL, Column, Columns, Text, objects, refuse_cell, refuse_value, text_of, trimmed
from linkage.agency.encodings import byte_order_mark
from linkage.agency.mapping import FileForm
from linkage.agency.plain import Form, read_plain
from linkage.agency.rows import cut_to, is_total
from linkage.agency.workbooks import read_sheet
from linkage.errors import ExtractError

Record = Sequence[str]
Layout = Callable[[Sequence[str]], Mapping[str, int]]
Out = TypeVar("Out")

MAX_COLUMNS = 10_000
MAX_ROWS = 20_000_000
MAX_LINE = 1 << 24  # characters; a file without line ends must not be read whole
MAX_TEXT = 1 << 32  # characters of distinct values in a Parquet file
DELIMITERS = ",;\t|"
_BATCH = 1 << 14  # rows
_TOGETHER = 1 << 8  # rows of a CSV file or workbook; more would keep the collector of garbage busy


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a file that were asked for.

    Attributes:
        header: every column name of the file, trimmed; "" where a column has none.
        rows: (n,) int64, row numbers in the file.
        columns: by field: (n,) text, or the column by its distinct texts; trimmed, "" = missing.
        left_out: how many records are no rows: `empty`, `totals`, and `headers` printed again.
        damaged: row and field of cells that no reader passes on, left empty.
    """

    header: tuple[str, ...]
    rows: NDArray[np.int64]
    columns: Mapping[str, Text | Column] = field(repr=False)
    left_out: Mapping[str, int] = field(default_factory=dict)
    damaged: tuple[tuple[int, str], ...] = ()


def read_table(path: Path, form: FileForm, layout: Layout, *, blank: bool = False) -> Table:
    """The columns that `layout` chooses from the header, as field → position.

    Args:
        path: the file.
        form: how it is written.
        layout: from the header to field → position.
        blank: leave cells that are too long or no text empty, and name them, rather than refuse the file.

    Raises:
        ExtractError: the file cannot be read as a table, or is beyond the limits.
    """
    kind = kind_of(path)
    if kind == "parquet":
        return _parquet(path, layout)
    if kind == "csv" and (plain := _plain(path, form, layout)):
        return plain
    return _records_of(kind)(path, form, lambda records: _gather(records, form, layout, str(path), blank=blank))


def first_records(path: Path, form: FileForm, count: int) -> list[list[str]]:
    """The first records of the file, whatever they hold, for finding the header; of Parquet, the header alone."""
    kind = kind_of(path)
    if kind == "parquet":
        return [list(_open_parquet(path).schema_arrow.names)]
    return _records_of(kind)(
        path, form, lambda records: [[cell.strip() for cell in record] for _, record in islice(records, count)]
    )


def joined_header(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Column names of two rows: the lower one, and the upper one where the lower has none."""
    width = max(len(upper), len(lower))
    above, below = ([*map(str.strip, row), *[""] * (width - len(row))] for row in (upper, lower))
    return [name or other for name, other in zip(below, above, strict=True)]


def check_header(header: Sequence[str], file: str, row: int) -> tuple[str, ...]:
    """The header, trimmed, if its names can tell the columns apart. The names are not quoted: they may be a person's.

    Raises:
        ExtractError: too many columns, a name too long or not text, or a name used twice.
    """
    names = tuple(unicodedata.normalize("NFC", name.strip()) for name in header)
    if len(names) > MAX_COLUMNS:
        raise ExtractError(f"more than {MAX_COLUMNS} columns", file=file, row=row)
    for position, name in enumerate(names):
        refuse_cell(name, file, row, f"column {position + 1}")
    count = Counter(names)
    twice = [str(position + 1) for position, name in enumerate(names) if name and count[name] > 1]
    if twice:
        raise ExtractError(f"columns {', '.join(twice[:20])} share their names", file=file, row=row, hint="name each column once")
    if not any(names):
        raise ExtractError("the header row is empty", file=file, row=row)
    return names


def without_empty_rows(table: Table) -> Table:
    """The table without rows in which no column that is read holds anything."""
    filled = np.zeros(len(table.rows), np.bool_)
    texts = Columns(table.columns)
    for column in texts.values():
        filled |= column != ""
    columns = {name: column[filled] for name, column in texts.items()}
    empty = {"empty": table.left_out.get("empty", 0) + int(np.count_nonzero(~filled))}
    return Table(table.header, table.rows[filled], columns, {**table.left_out, **empty}, table.damaged)


def _start(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(count)
    except OSError:
        raise ExtractError("the file cannot be read", file=str(path), hint="check the path") from None


def kind_of(path: Path) -> Literal["csv", "xlsx", "parquet"]:
    """What the file's first bytes say that it is; text is taken for CSV.

    Raises:
        ExtractError: the file cannot be read, is empty, or is an archive or an old workbook.
    """
    start = _start(path, 8)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if start.startswith((b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!")):
        hint = "save an old workbook as .xlsx or CSV, and unpack archives first"
        raise ExtractError("neither CSV nor XLSX nor Parquet", file=str(path), hint=hint)
    if not start:
        raise ExtractError("the file is empty", file=str(path))
    return "csv"


def _records_of(kind: str) -> Callable[[Path, FileForm, Callable[[Iterator[tuple[int, Record]]], Out]], Out]:
    if kind == "xlsx":
        return lambda path, form, use: read_sheet(path, form, MAX_ROWS, use)
    return _csv


def _gather(records: Iterator[tuple[int, Record]], form: FileForm, layout: Layout, file: str, *, blank: bool) -> Table:
    """The asked columns of the records after the header; equal cells share one text."""
    header = _header(records, form, file)
    names = check_header(header, file, form.header_row)
    chosen = layout(names)
    labels = [_label(position, chosen) for position in range(len(names))]
    columns: list[list[str]] = [[] for _ in chosen]
    rows: list[int] = []
    known: dict[str, str] = {}
    left_out = {"empty": 0, "totals": 0, "headers": 0}
    damaged: list[tuple[int, str]] = []
    kept = (
        (row, _checked(record, row, labels, file, damaged if blank else None))
        for row, record in _rows_of(records, header, left_out)
    )
    while several := list(islice(kept, _TOGETHER)):
        rows.extend(row for row, _ in several)
        for column, position in zip(columns, chosen.values(), strict=True):
            column.extend(_shared([record[position] for _, record in several], known))
    found = {name: objects(column) for name, column in zip(chosen, columns, strict=True)}
    read = set(chosen) & {name for _, name in damaged}
    return Table(names, np.array(rows, np.int64), found, left_out, tuple(place for place in damaged if place[1] in read))


def _shared(cells: Sequence[str], known: dict[str, str]) -> Iterator[str]:
    """The cells trimmed; equal ones are one text, also of other batches and columns."""
    for cell in set(cells).difference(known):
        text = trimmed(cell)
        known[cell] = known.setdefault(text, text)
    return map(known.__getitem__, cells)


def _header(records: Iterator[tuple[int, Record]], form: FileForm, file: str) -> Record:
    """The column names, of one row or of two."""
    found = [record for _, record in islice(records, form.header_row - 1, form.header_row - 1 + form.header_rows)]
    if len(found) < form.header_rows:
        raise ExtractError(f"there is no row {form.header_row + len(found)} for a header", file=file)
    return found[0] if form.header_rows == 1 else joined_header(*found)


def _rows_of(records: Iterator[tuple[int, Record]], header: Record, left_out: dict[str, int]) -> Iterator[tuple[int, Record]]:
    """The records that are rows of the list, as wide as the header where only empty cells stand beyond it."""
    for row, record in records:
        text = "".join(record)
        if not text or text.isspace():
            left_out["empty"] += 1
        elif is_total(record):
            left_out["totals"] += 1
        elif list(record) == list(header):
            left_out["headers"] += 1
        else:
            yield row, cut_to(len(header), record)


def _label(position: int, chosen: Mapping[str, int]) -> str:
    """What a message calls a column: its standard name, else its number, as its own name may be a person's."""
    return next((name for name, at in chosen.items() if at == position), f"column {position + 1}")


def _checked(record: Record, row: int, labels: Sequence[str], file: str, damaged: list[tuple[int, str]] | None) -> Record:
    """The record, or, where damage is noted down, the record with such cells empty.

    Whole-row tests come first, since nearly every row passes them.
    """
    if len(record) != len(labels):
        hint = "a cell that holds the delimiter needs quotes"
        raise ExtractError("more or fewer cells than the header has", file=file, row=row, hint=hint)
    if row > MAX_ROWS:
        raise ExtractError(f"more than {MAX_ROWS} rows", file=file, row=row, hint="split the extract by period")
    text = "".join(record)
    if len(text) <= MAX_CELL and not FORBIDDEN.search(text):
        return record
    if damaged is None:
        for cell, label in zip(record, labels, strict=True):
            refuse_cell(cell, file, row, label)
        return record
    bad = [len(cell) > MAX_CELL or FORBIDDEN.search(cell) is not None for cell in record]
    damaged.extend((row, label) for label, wrong in zip(labels, bad, strict=True) if wrong)
    return ["" if wrong else cell for cell, wrong in zip(record, bad, strict=True)]


def _plain(path: Path, form: FileForm, layout: Layout) -> Table | None:
    """The table, if the file is one that is read whole columns at a time."""
    header = _csv(path, form, lambda records: _header(records, form, str(path)))
    names = check_header(header, str(path), form.header_row)
    found = read_plain(path, Form(*_dialect(path, form), header, form.header_row + form.header_rows), layout(names))
    if found is None or found.rows[-1:].max(initial=0) > MAX_ROWS:
        return None
    return Table(names, found.rows, found.columns, found.left_out)


def _dialect(path: Path, form: FileForm) -> tuple[str, str]:
    """Encoding and delimiter of a CSV file."""
    encoding = form.encoding or byte_order_mark(path) or "utf-8-sig"
    if codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"  # a byte-order mark is never part of the first name
    return encoding, form.delimiter or _guess_delimiter(path, encoding, form.header_row)


def _csv(path: Path, form: FileForm, use: Callable[[Iterator[tuple[int, Record]]], Out]) -> Out:
    """What `use` makes of the numbered records of a CSV file."""
    encoding, delimiter = _dialect(path, form)
    # Undecodable bytes become lone surrogates, so that they are refused where they stand and not a buffer earlier.
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
        return use(_csv_records(stream, delimiter, str(path)))


def _csv_records(stream: IO[str], delimiter: str, file: str, *, strict: bool = True) -> Iterator[tuple[int, Record]]:
    row = 0
    try:
        for row, record in enumerate(csv.reader(_lines(stream, file), delimiter=delimiter, strict=strict), 1):
            yield row, record
    except csv.Error:
        what = "a quote that does not close or stands alone, or a cell that is far too long"
        raise ExtractError(what, file=file, row=row + 1) from None
    except UnicodeError:
        raise ExtractError("bytes that are not text in this encoding", file=file, row=row + 1) from None


def _lines(stream: IO[str], file: str) -> Iterator[str]:
    while line := stream.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise ExtractError(f"a line of more than {MAX_LINE} characters", file=file)
        yield line


def _guess_delimiter(path: Path, encoding: str, header_row: int) -> str:
    """The delimiter that cuts the header into most cells; a comma where none does."""

    def columns(delimiter: str) -> int:
        with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
            records = _csv_records(stream, delimiter, str(path), strict=False)
            return max((len(record) for row, record in islice(records, header_row) if row == header_row), default=0)

    return max(DELIMITERS, key=columns)


def _open_parquet(path: Path) -> Any:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError):
        raise ExtractError("the Parquet file is damaged or cut short", file=str(path)) from None


def _parquet(path: Path, layout: Layout) -> Table:
    source = _open_parquet(path)
    file = str(path)
    names = check_header(source.schema_arrow.names, file, 1)
    chosen = layout(names)
    if source.metadata.num_rows > MAX_ROWS:
        raise ExtractError(f"more than {MAX_ROWS} rows", file=file)
    try:
        columns = _parquet_columns(source, chosen, file)
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        raise ExtractError("the Parquet file is damaged or holds what is no text, number or date", file=file) from None
    return without_empty_rows(Table(names, np.arange(2, source.metadata.num_rows + 2), columns))


def _parquet_columns(source: Any, chosen: Mapping[str, int], file: str) -> dict[str, Text]:
    """Batch by batch and by distinct value: a value that stands in a million rows is decoded once a batch."""
    originals = {name: source.schema_arrow.names[position] for name, position in chosen.items()}
    known: dict[str, str] = {}
    parts: dict[str, list[Text]] = {name: [objects([])] for name in chosen}
    done = size = 0
    for batch in source.iter_batches(_BATCH, columns=list(originals.values())):
        for name, original in originals.items():
            index, values = _distinct_cells(batch.column(original), file, done + 2, name)
            size += sum(map(len, values))
            if size > MAX_TEXT:
                raise ExtractError("the Parquet file unpacks to too much text", file=file, row=done + 2)
            parts[name].append(objects([known.setdefault(value, value) for value in values])[index])
        done += len(batch)
    return {name: np.concatenate(part) for name, part in parts.items()}


def _distinct_cells(array: Any, file: str, first_row: int, name: str) -> tuple[NDArray[np.int64], list[str]]:
    """(rows,) index into the distinct texts of one column of a batch; null is the text ""."""
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    index = coded.indices.cast(pa.int64()).fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)
    texts: list[str] = []
    for position, value in enumerate((*coded.dictionary.to_pylist(), None)):
        text = text_of(value)
        if text is None or len(text) > MAX_CELL or FORBIDDEN.search(text):
            refuse_value(text, file, first_row + int(np.argmax(index == position)), name)
        texts.append((text or "").strip())
    return index, texts
