"""CSV files without quotes, whole columns at a time: most large lists are such files, and Arrow reads them many times as fast.

Everything else is for the reader of records in `tables`, which says what is wrong with a file and where. So a file is left
to it as soon as anything is out of the ordinary: a quote, a cell too long, a row with more or fewer cells than the header.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
from numpy.typing import NDArray

from linkage.agency.cells import MAX_CELL, Column, Text, objects, renamed, trimmed
from linkage.agency.rows import is_total
from linkage.files import mapped, stretches
from linkage.schema import RECORD_ID

_BLOCK, _LARGE = 4 << 20, 1 << 30  # bytes
_MARKS = b"\t\n\v\f\r\x1c\x1d\x1e\x1f '"  # what the trimming of an ASCII cell can begin or end at
_TOTALS = b"jJtTgGsS"  # what an ASCII word for *total* begins with
_IS_MARK = np.isin(np.arange(256), np.frombuffer(_MARKS, np.uint8)) | (np.arange(256) >= 0x80)


class Form(NamedTuple):
    """How a file is written.

    Attributes:
        encoding: as Python names it.
        delimiter: one character.
        header: the names of all columns, as they are written.
        first: number of the first record after the header.
    """

    encoding: str
    delimiter: str
    header: Sequence[str]
    first: int


class Plain(NamedTuple):
    """The rows of a file without quotes.

    Attributes:
        rows: (n,) int64, numbers of records.
        columns: by field; trimmed.
        left_out: how many records are no rows, as `tables` counts them.
    """

    rows: NDArray[np.int64]
    columns: Mapping[str, Text | Column]
    left_out: Mapping[str, int]


def read_plain(path: Path, form: Form, chosen: Mapping[str, int]) -> Plain | None:
    """The columns `chosen`, field → position, or None where anything in the file is out of the ordinary."""
    data = _as_utf8(path, form.encoding)
    if data is None or len(form.header) < 2 or not _is_ordinary(data):
        return None
    names = [str(place) for place in range(len(form.header))]
    try:
        table = pv.read_csv(
            pa.py_buffer(data),
            pv.ReadOptions(block_size=_BLOCK, skip_rows=form.first - 1, column_names=names),
            pv.ParseOptions(delimiter=form.delimiter, quote_char=False, ignore_empty_lines=False),
            pv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_utf8()), strings_can_be_null=False),
        )
    except pa.ArrowException:
        return None
    if any((pc.max(pc.binary_length(column)).as_py() or 0) > MAX_CELL for column in table.columns):
        return None
    kept, left_out = _told_apart(table, form.header)
    rows = np.flatnonzero(kept)
    if len(rows) < len(kept):
        table = table.take(pa.array(rows))
    columns = {name: (_each if name == RECORD_ID else _coded)(table.column(at)) for name, at in chosen.items()}
    return Plain(rows + form.first, columns, left_out)


def _as_utf8(path: Path, encoding: str) -> memoryview | None:
    """The file's text as UTF-8, or None; a large file in another encoding is not held in memory twice."""
    with path.open("rb") as stream:
        data = mapped(stream)
    if codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}:
        return data
    try:
        return memoryview(str(data, encoding).encode()) if len(data) <= _LARGE else None
    except UnicodeError:
        return None


def _is_ordinary(data: memoryview) -> bool:
    """Whether there are no quotes or NULs, and lines end as Arrow and `csv` both see it."""
    ends_in_return = False
    for stretch in stretches(data):
        block = bytes(stretch)
        alone = block.count(b"\r") - block.count(b"\r\n") - block.endswith(b"\r")
        if b'"' in block or b"\0" in block or alone or (ends_in_return and not block.startswith(b"\n")):
            return False
        ends_in_return = block.endswith(b"\r")
    return not ends_in_return


def _told_apart(table: Any, header: Sequence[str]) -> tuple[NDArray[np.bool_], Mapping[str, int]]:
    """(n,) which records are rows of the list, and how many are not.

    Nearly every row's first cell begins as no word for *total*, no header and no blank does, and is not looked at any further.
    """
    kept, left_out = np.ones(table.num_rows, np.bool_), {"empty": 0, "totals": 0, "headers": 0}
    odd = _odd(table.column(0), header[0])
    texts = table.column(0).take(pa.array(odd)).to_pylist()
    why = {text: "whole" if not text.strip() or text == header[0] else "totals" if is_total([text]) else "" for text in set(texts)}
    whole = odd[[why[text] == "whole" for text in texts]]
    records = zip(*(column.to_pylist() for column in table.take(pa.array(whole)).columns), strict=True)
    found = [(int(row), why[text]) for row, text in zip(odd, texts, strict=True) if why[text] == "totals"]
    found += [(int(row), _why(record, header)) for row, record in zip(whole, records, strict=True)]
    for row, reason in found:
        if reason:
            kept[row] = False
            left_out[reason] += 1
    return kept, left_out


def _why(record: Sequence[str], header: Sequence[str]) -> str:
    """Why a record is no row of the list; "" where it is one."""
    if not "".join(record).strip():
        return "empty"
    if is_total(record):
        return "totals"
    return "headers" if list(record) == list(header) else ""


def _odd(column: Any, header: str) -> NDArray[np.int64]:
    """The rows whose cell has to be looked at."""
    looked_at = _IS_MARK | np.isin(np.arange(256), np.frombuffer(_TOTALS + header.encode()[:1], np.uint8))
    odd, before = [np.empty(0, np.int64)], 0
    for chunk in column.chunks:
        ends, flat = _bytes_of(chunk)
        filled = ends[1:] > ends[:-1]
        found = ~filled
        found[filled] = looked_at[flat[ends[:-1][filled]]]
        odd.append(np.flatnonzero(found) + before)
        before += len(chunk)
    return np.concatenate(odd)


def _bytes_of(chunk: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where each text begins and the last ends, and the bytes of all."""
    _, ends, flat = chunk.buffers()
    offsets = np.frombuffer(ends, np.int64)[chunk.offset : chunk.offset + len(chunk) + 1] if len(chunk) else np.zeros(1, np.int64)
    return offsets, np.frombuffer(flat or b"", np.uint8)


def _each(column: Any) -> Text:
    """(n,) text of a column in which hardly any two cells are equal."""
    texts = column.to_pylist()
    if any(_IS_MARK[flat[ends[0] : ends[-1]]].any() for ends, flat in map(_bytes_of, column.chunks)):
        texts = [*map(trimmed, texts)]
    return objects(texts)


def _coded(column: Any) -> Column:
    """The column by its distinct texts."""
    found = column.combine_chunks().dictionary_encode()
    texts = found.dictionary.to_pylist()
    return renamed(Column(found.indices.to_numpy(), texts), [*map(trimmed, texts)])
