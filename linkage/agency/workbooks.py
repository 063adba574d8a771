"""Sheets of a workbook as numbered rows of text; a merged cell counts for every row that it spans.

A workbook is an archive and may be made to exhaust the memory, so its size is judged before it is unpacked.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import openpyxl
from openpyxl.utils.cell import range_boundaries

from linkage.agency.cells import text_of
from linkage.agency.mapping import FileForm
from linkage.errors import ExtractError, LinkageError

Record = Sequence[str]
Merged = Mapping[int, Mapping[int, int]]
Out = TypeVar("Out")

MAX_UNPACKED = 1 << 30  # bytes of an unpacked workbook
MAX_MERGED = 1 << 20  # cells that a sheet may fill by merging
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_CHUNK, _OVERLAP = 1 << 20, 64


def read_sheet(path: Path, form: FileForm, max_rows: int, use: Callable[[Iterator[tuple[int, Record]]], Out]) -> Out:
    """What `use` makes of the numbered rows of the sheet that the form names.

    Raises:
        ExtractError: the workbook is damaged, has no such sheet, or unpacks to too much.
    """
    file = str(path)
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's warnings quote cells
            _check_unpacked(stream, file)
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            sheet = _sheet(book, form.sheet, file)
            merged = _merged_below(stream, sheet, form.header_row + form.header_rows - 1)
            return use(_filled(_records(sheet, form, max_rows, file), merged))
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


def _records(sheet: Any, form: FileForm, max_rows: int, file: str) -> Iterator[tuple[int, Record]]:
    """Rows as text; those after the header are as wide as it, unless a cell beyond it is filled."""
    sheet.reset_dimensions()  # a declared size may be wrong
    last_header_row = form.header_row + form.header_rows - 1
    width = 0
    for row, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if row > max_rows:
            raise ExtractError(f"more than {max_rows} rows", file=file, row=row)
        record = [text_of(value) or "" for value in values]
        while record and not record[-1].strip():
            record.pop()
        if form.header_row <= row <= last_header_row:
            width = max(width, len(record))
        elif row > last_header_row:
            record.extend([""] * (width - len(record)))
        yield row, record


def _merged_below(stream: IO[bytes], sheet: Any, header_row: int) -> Merged:
    """Row → column → row whose cell it shares, both counted from 1 and 0, for cells merged downwards below the header."""
    merged: dict[int, dict[int, int]] = {}
    size = 0
    for reference in _references(stream, sheet):
        left, top, _right, bottom = range_boundaries(reference)
        size += max(0, bottom - top)
        if size > MAX_MERGED:
            return {}
        if top > header_row:
            for row in range(top + 1, bottom + 1):
                merged.setdefault(row, {})[left - 1] = top
    return merged


def _references(stream: IO[bytes], sheet: Any) -> Iterator[str]:
    """The ranges that the sheet declares as merged, found in its bytes without building a tree of it."""
    place = stream.tell()
    with zipfile.ZipFile(stream) as archive, archive.open(sheet._worksheet_path) as member:
        rest = b""
        while chunk := member.read(_CHUNK):
            text = rest + chunk
            found = list(_MERGED.finditer(text))
            yield from (match[1].decode() for match in found)
            rest = text[max(found[-1].end() if found else 0, len(text) - _OVERLAP) :]
    stream.seek(place)


def _filled(records: Iterator[tuple[int, Record]], merged: Merged) -> Iterator[tuple[int, Record]]:
    """The rows with the cells that merging left empty."""
    if not merged:
        yield from records
        return
    anchors = {top for columns in merged.values() for top in columns.values()}
    seen: dict[int, Record] = {}
    for row, record in records:
        filled = list(record)
        for column, top in merged.get(row, {}).items():
            source = seen.get(top, ())
            if column < len(source) and column < len(filled) and not filled[column]:
                filled[column] = source[column]
        if row in anchors:
            seen[row] = filled
        yield row, filled
