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
import re
import unicodedata
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import islice
from math import isfinite, isnan
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from linkage.agency.mapping import FileForm
from linkage.errors import ExtractError, LinkageError

Text = NDArray[np.object_]
Record = Sequence[str]
Layout = Callable[[Sequence[str]], Mapping[str, int]]
Out = TypeVar("Out")

MAX_CELL = 4096  # characters
MAX_COLUMNS = 10_000
MAX_ROWS = 10_000_000
MAX_LINE = 1 << 24  # characters; a file without line ends must not be read whole
MAX_UNPACKED = 1 << 30  # bytes of an unpacked workbook
MAX_TEXT = 1 << 32  # characters of distinct values in a Parquet file
DELIMITERS = ",;\t|"
_BATCH = 1 << 14  # rows
_FORBIDDEN = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a file that were asked for.

    Attributes:
        header: every column name of the file, trimmed; "" where a column has none.
        rows: (n,) int64, row numbers in the file.
        columns: by field: (n,) text, trimmed, "" = missing.
        empty: rows without any cell, left out.
    """

    header: tuple[str, ...]
    rows: NDArray[np.int64]
    columns: Mapping[str, Text] = field(repr=False)
    empty: int


def read_table(path: Path, form: FileForm, layout: Layout) -> Table:
    """The columns that `layout` chooses from the header, as field → position.

    Raises:
        ExtractError: the file cannot be read as a table, or is beyond the limits.
    """
    kind = kind_of(path)
    if kind == "parquet":
        return _parquet(path, layout)
    reader = _xlsx if kind == "xlsx" else _csv
    return reader(path, form, lambda records: _gather(records, form.header_row, layout, str(path)))


def first_records(path: Path, form: FileForm, count: int) -> list[list[str]]:
    """The first records of the file, whatever they hold, for finding the header; of Parquet, the header alone."""
    kind = kind_of(path)
    if kind == "parquet":
        return [list(_open_parquet(path).schema_arrow.names)]
    reader = _xlsx if kind == "xlsx" else _csv
    return reader(path, form, lambda records: [[cell.strip() for cell in record] for _, record in islice(records, count)])


def byte_order_mark(path: Path) -> str | None:
    """The encoding that the file's byte-order mark tells, or None."""
    start = _start(path, 4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else None


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


def refuse_cell(text: str, file: str, row: int, name: str) -> None:
    """Stop at a cell that no reader should pass on.

    Raises:
        ExtractError: the cell is too long, or holds a NUL or what is not text.
    """
    if len(text) > MAX_CELL:
        raise ExtractError(f"a cell of more than {MAX_CELL} characters", file=file, row=row, field=name)
    found = _FORBIDDEN.search(text)
    if found:
        what = "a NUL character" if found[0] == "\0" else "bytes that are not text in this encoding"
        raise ExtractError(what, file=file, row=row, field=name)


def text_of(value: Any) -> str | None:
    """A cell as text: dates as ISO without a time of day, whole numbers without a fraction; None where it is no scalar."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, date):
        return date(value.year, value.month, value.day).isoformat()
    if isinstance(value, int | float | np.integer | np.floating | Decimal):
        return _number(value)
    return str(value) if isinstance(value, time | timedelta) else None


def refuse_value(text: str | None, file: str, row: int, name: str) -> None:
    """Stop at a value that `text_of` cannot read, or whose text no reader should pass on.

    Raises:
        ExtractError: as `refuse_cell`, and where there is no text.
    """
    if text is None:
        raise ExtractError("a cell that is neither text, number nor date", file=file, row=row, field=name)
    refuse_cell(text, file, row, name)


def objects(values: Sequence[Any]) -> Text:
    """(n,) object array of the values as they are."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def without_empty_rows(table: Table) -> Table:
    """The table without rows in which no column that is read holds anything."""
    filled = np.zeros(len(table.rows), np.bool_)
    for column in table.columns.values():
        filled |= column != ""
    columns = {name: column[filled] for name, column in table.columns.items()}
    return Table(table.header, table.rows[filled], columns, table.empty + int(np.count_nonzero(~filled)))


def _number(value: Any) -> str:
    if isinstance(value, int | np.integer):
        return str(int(value))
    if not isfinite(value):
        return "" if isnan(value) else str(value)
    return str(int(value)) if value == int(value) else f"{value:f}" if isinstance(value, Decimal) else str(value)


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


def _gather(records: Iterator[tuple[int, Record]], header_row: int, layout: Layout, file: str) -> Table:
    """The asked columns of the records after the header; equal cells share one text."""
    header = next((record for row, record in records if row == header_row), None)
    if header is None:
        raise ExtractError(f"there is no row {header_row} for a header", file=file)
    names = check_header(header, file, header_row)
    chosen = layout(names)
    labels = [_label(position, chosen) for position in range(len(names))]
    columns: list[list[str]] = [[] for _ in chosen]
    targets = list(zip(columns, chosen.values(), strict=True))
    rows: list[int] = []
    known: dict[str, str] = {}
    empty = 0
    for row, record in records:
        text = "".join(record)
        if not text or text.isspace():
            empty += 1
            continue
        _check_record(record, text, row, labels, file)
        rows.append(row)
        for column, position in targets:
            cell = record[position].strip()
            column.append(known.setdefault(cell, cell))
    found = {name: objects(column) for name, column in zip(chosen, columns, strict=True)}
    return Table(names, np.array(rows, np.int64), found, empty)


def _label(position: int, chosen: Mapping[str, int]) -> str:
    """What a message calls a column: its standard name, else its number, as its own name may be a person's."""
    return next((name for name, at in chosen.items() if at == position), f"column {position + 1}")


def _check_record(record: Record, text: str, row: int, labels: Sequence[str], file: str) -> None:
    """Whole-row tests first, since nearly every row passes them; `text` is the row's cells joined."""
    if len(record) != len(labels):
        hint = "a cell that holds the delimiter needs quotes"
        raise ExtractError("more or fewer cells than the header has", file=file, row=row, hint=hint)
    if row > MAX_ROWS:
        raise ExtractError(f"more than {MAX_ROWS} rows", file=file, row=row, hint="split the extract by period")
    if len(text) > MAX_CELL or _FORBIDDEN.search(text):
        for cell, label in zip(record, labels, strict=True):
            refuse_cell(cell, file, row, label)


def _csv(path: Path, form: FileForm, use: Callable[[Iterator[tuple[int, Record]]], Out]) -> Out:
    """What `use` makes of the numbered records of a CSV file."""
    encoding = form.encoding or byte_order_mark(path) or "utf-8-sig"
    if codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"  # a byte-order mark is never part of the first name
    delimiter = form.delimiter or _guess_delimiter(path, encoding, form.header_row)
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


def _xlsx(path: Path, form: FileForm, use: Callable[[Iterator[tuple[int, Record]]], Out]) -> Out:
    """What `use` makes of the numbered rows of a sheet."""
    file = str(path)
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's warnings quote cells
            _check_unpacked(stream, file)
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            return use(_sheet_records(_sheet(book, form.sheet, file), form.header_row, file))
    except LinkageError:
        raise
    except Exception:  # a damaged workbook fails in as many ways as it has parts, and the reason may quote a cell
        raise ExtractError("the workbook cannot be read", file=file, hint="open it and save it again as .xlsx or CSV") from None


def _check_unpacked(stream: IO[bytes], file: str) -> None:
    """Refuse an archive that unpacks to too much; zipfile never reads more of a member than it declares."""
    with zipfile.ZipFile(stream) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MAX_UNPACKED:
        raise ExtractError(f"the workbook unpacks to more than {MAX_UNPACKED >> 20} MiB", file=file, hint="save it as CSV")
    stream.seek(0)


def _sheet(book: Any, name: str | None, file: str) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if not sheets or (name is not None and name not in sheets):
        raise ExtractError("the workbook has no such sheet", file=file, field="file.sheet")
    return sheets[name] if name is not None else next(iter(sheets.values()))


def _sheet_records(sheet: Any, header_row: int, file: str) -> Iterator[tuple[int, Record]]:
    """Rows as text; those after the header are as wide as it, unless a cell beyond it is filled."""
    sheet.reset_dimensions()  # a declared size may be wrong
    width: int | None = None
    for row, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if row > MAX_ROWS:
            raise ExtractError(f"more than {MAX_ROWS} rows", file=file, row=row)
        record = [text_of(value) or "" for value in values]
        while record and not record[-1].strip():
            record.pop()
        if width is not None:
            record.extend([""] * (width - len(record)))
        if row == header_row:
            width = len(record)
        yield row, record


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
    return without_empty_rows(Table(names, np.arange(2, source.metadata.num_rows + 2), columns, 0))


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
        if text is None or len(text) > MAX_CELL or _FORBIDDEN.search(text):
            refuse_value(text, file, first_row + int(np.argmax(index == position)), name)
        texts.append((text or "").strip())
    return index, texts
