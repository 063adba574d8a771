"""Tables of a run as Parquet: in order, under pinned parameters, so that equal tables give equal bytes on every machine.

A table is written some rows at a time, so that neither it nor its file need be in memory whole. Texts that all have one
length, as pseudonyms and person IDs have, are fixed bytes side by side and never objects of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import csv

from linkage.errors import TamperedError

ROW_GROUP = 1 << 17
_PINNED: Mapping[str, Any] = {
    "version": "2.6",
    "data_page_version": "1.0",
    "compression": "zstd",
    "compression_level": 1,  # pseudonyms: in less than half the time of 3, and smaller
    "write_statistics": False,
    "write_page_checksum": True,
    "store_schema": False,
}
_ROW_BITS, _ROW_MASK = 31, (1 << 31) - 1
Texts = NDArray[np.object_]
Names = NDArray[np.bytes_]


class Chosen(NamedTuple):
    """A column of texts that occur several times, written without a copy of each.

    Attributes:
        texts: (n,) texts, in the order in which rows are to be sorted by them.
        rows: (n_rows,) which of them stands in each row.
    """

    texts: Texts | Names
    rows: NDArray[np.integer[Any]]


Column = Texts | Names | Chosen


def written(
    part: Callable[[slice], Any], rows: int, at_once: int = ROW_GROUP, plain: Sequence[str] = ()
) -> Callable[[IO[bytes]], None]:
    """What writes a table as Parquet under pinned parameters, so that equal tables give equal bytes.

    Args:
        part: the Arrow table of some rows; all parts have one schema, and their rows are in order.
        rows: how many there are.
        at_once: rows of a part, and of a row group.
        plain: columns that are not worth a dictionary, because hardly two values are equal.
    """

    def write(out: IO[bytes]) -> None:
        first = part(slice(0, at_once))
        coded = [name for name in first.column_names if name not in plain]
        with pq.ParquetWriter(out, first.schema, **_PINNED, use_dictionary=coded) as file:
            file.write_table(first, row_group_size=at_once)
            for start in range(at_once, rows, at_once):
                file.write_table(part(slice(start, start + at_once)), row_group_size=at_once)

    return write


def order_of(*keys: Column) -> NDArray[np.intp] | slice:
    """The order of rows by these columns, first column first; fixed bytes and chosen texts stand in order already."""
    if not all(isinstance(key, np.ndarray) and key.dtype == np.object_ for key in keys):
        return slice(None)
    return np.lexsort(tuple(key.astype(str) for key in reversed(keys) if isinstance(key, np.ndarray)))


def taken(column: Column, rows: slice | NDArray[np.intp]) -> Column:
    """Some rows of a column of texts."""
    return column._replace(rows=column.rows[rows]) if isinstance(column, Chosen) else column[rows]


def texts(values: Column) -> Any:
    """A column of texts as Arrow has it."""
    if isinstance(values, Chosen):
        return _chosen(values)
    if values.dtype == np.object_:
        return _built(values.tolist())
    width, octets = values.dtype.itemsize, np.ascontiguousarray(values)
    if octets.view(np.uint8).reshape(len(values), width)[:, -1:].all():
        ends = np.arange(0, width * len(values) + 1, width, dtype=np.int32)
        return pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(octets))
    return _built(values.astype(str).tolist())  # some are shorter


def _built(values: Sequence[str]) -> Any:
    """As `pa.array`, which however loads pandas first, to ask it whether the values are of its own."""
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def _chosen(values: Chosen) -> Any:
    """Only the texts that occur, and which of them stands in each row: a few rows of a long list are told in time of their own."""
    place = np.arange(len(values.rows), dtype=np.int64)
    keys = np.sort(values.rows.astype(np.int64) << _ROW_BITS | place)  # in half the time of a sort that says where each went
    rows = keys >> _ROW_BITS
    begins = np.diff(rows, prepend=-1) != 0
    number = np.empty(len(rows), np.int32)
    number[keys & _ROW_MASK] = np.cumsum(begins, dtype=np.int32) - np.int32(1)
    return pa.DictionaryArray.from_arrays(numbers(number), texts(values.texts[rows[begins]]))


def numbers(values: NDArray[Any]) -> Any:
    """A column of numbers as Arrow has it, without a copy; `pa.array` loads pandas first, as for texts."""
    kept = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(kept)])


def write_csv(table: Any, out: IO[bytes]) -> None:
    """Write texts that need no quotes, as names, pseudonyms and IDs are, as CSV with a header."""
    out.write(f"{','.join(table.column_names)}\n".encode())
    csv.write_csv(table, out, csv.WriteOptions(include_header=False, quoting_style="none"))


def read(data: bytes, name: str) -> Any:
    """The table in a file's bytes.

    Raises:
        TamperedError: there is none.
    """
    try:
        with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
            return file.read()
    except (pa.ArrowException, OSError, ValueError):
        raise TamperedError("the file is not a Parquet table", file=name) from None


def refuse_other_columns(table: Any, expected: Mapping[str, Any], name: str) -> None:
    """Refuse a table of other columns or types, or with missing values.

    Raises:
        TamperedError: it is one.
    """
    found = dict(zip(table.column_names, table.schema.types, strict=True))
    if found != expected or any(column.null_count for column in table.columns):
        raise TamperedError("the table's columns are not those of this file", file=name)


def as_texts(column: Any) -> Texts:
    """Equal texts become one object: a pair costs eight bytes per column, not a string each."""
    coded = as_chosen(column)
    return coded.texts[coded.rows] if len(coded.rows) else np.empty(0, dtype=object)


def as_chosen(column: Any) -> Chosen:
    """The distinct texts of a column in the order in which they come, and which of them stands in each row."""
    coded = column.combine_chunks().dictionary_encode()
    return Chosen(np.array([*coded.dictionary.to_pylist()], dtype=object), as_numbers(coded.indices))


def as_numbers(column: Any) -> NDArray[Any]:
    """The values of a column of numbers of which none is missing, without a copy, and without pandas, which `to_numpy` loads."""
    return np.frombuffer(
        column.buffers()[1], column.type.to_pandas_dtype(), len(column), column.offset * column.type.bit_width // 8
    )


def as_bytes(column: Any) -> NDArray[np.uint8]:
    """(n, width) the bytes of a column of values that all have one width."""
    whole = column.combine_chunks()
    width = whole.type.byte_width
    return np.frombuffer(whole.buffers()[1], np.uint8, len(whole) * width, whole.offset * width).reshape(len(whole), width)


def as_names(column: Any) -> Names:
    """(n,) fixed bytes, as long as the longest of the texts."""
    whole = column.combine_chunks()
    if not len(whole):
        return np.empty(0, "S1")
    _, offsets, octets = whole.buffers()
    ends = np.frombuffer(offsets, np.int32)[whole.offset : whole.offset + len(whole) + 1]
    size = np.diff(ends)
    out = np.zeros((len(whole), int(size.max(initial=1))), np.uint8)
    out[np.arange(out.shape[1]) < size[:, None]] = np.frombuffer(octets or b"", np.uint8)[ends[0] : ends[-1]]
    return out.reshape(-1).view(f"S{out.shape[1]}")
