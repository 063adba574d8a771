"""What a bundle carries: records as Arrow columns, in an order that says nothing.

Rows stand in the order of their record pseudonyms, which are keyed hashes: the agency's own order, and with it the
order of cases, is gone. The schema is fixed by the protocol to the last name and type, so that a reader need not
interpret anything: a body that differs is refused, and so are compression, extra batches and bytes behind the end.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.bundle.batch import END, find_columns, read_batch
from linkage.bundle.format import RECORD_LENGTH
from linkage.errors import FormatError
from linkage.files import STRETCH, reserve, untouched
from linkage.protocol import Protocol
from linkage.schema import ADULT, CONTENT, MINOR, SEX_CODES
from linkage.stored import Column, Memory, Ranges, whole

UInt64 = NDArray[np.uint64]
RECORD = "record"
_BASE32 = np.isin(np.arange(256), np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8))
# Fields whose list is open still have the form of a code: their values are printed in tables.
_FORMS = {
    "date": re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?"),
    "article": re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?"),
    "country": re.compile(r"[A-Z]{3}"),
}
_ALIGNED = 8
_LARGE = 64 << 20  # bytes; a smaller body may lie in memory


def linking_body(record: NDArray[np.bytes_], filters: UInt64, tokens: UInt64, protocol: Protocol) -> bytes:
    """Encodings as one uncompressed Arrow IPC stream of one batch; the same input rows in any order give the same bytes.

    Args:
        record: (n,) bytes `S26`, record pseudonyms, each once.
        filters: (n, n_filters, n_words) uint64 in the protocol's order; bit j of a filter is bit j % 64 of word
            j // 64 and travels as bit j % 8 of byte j // 8; all zero = missing.
        tokens: (n, n_tokens) uint64 in the protocol's order; 0 = missing.
        protocol: the agreement.

    Raises:
        ValueError: an array does not have the protocol's shape.
        FormatError: a record pseudonym is not one, or stands there twice.
    """
    shapes = (len(record), len(protocol.filters), protocol.words), (len(record), len(protocol.tokens))
    if (filters.shape, tokens.shape) != shapes:
        raise ValueError("filters or tokens do not have the protocol's shape")
    order = rising(record)
    columns = [*(filters[order, i] for i in range(shapes[0][1])), *(tokens[order, i, None] for i in range(shapes[1][1]))]
    out = io.BytesIO()
    write_linking(out, record[order], [(0, columns)], protocol)
    return out.getvalue()


def write_linking(
    out: IO[bytes], record: NDArray[np.bytes_], slices: Iterable[tuple[int, Sequence[UInt64]]], protocol: Protocol
) -> None:
    """Write a linking body a few rows at a time, so that it need not fit in memory; the bytes are those of `linking_body`.

    A batch of Arrow has one column behind the other: each slice's part of a column is written where it belongs.

    Args:
        out: can seek, and is empty.
        record: (n,) bytes `S26`, record pseudonyms, rising.
        slices: of the same rows in order: where a slice begins, and (n_slice, words) of each filter and of each token
            (one word) in the protocol's order; a long filter may be given whole or as several in a row.
        protocol: the agreement.

    Raises:
        FormatError: a record pseudonym is not one, or they do not rise.
    """
    _refuse_order(record, None)
    frame = _framed(_linking_schema(protocol), len(record))
    if frame.end > _LARGE:
        reserve(out, frame.end + len(END))
    out.write(frame.head)
    out.write(np.ascontiguousarray(record).data)
    for start, columns in slices:
        pieces = (piece for words in columns for piece in _as_wide_as(words, protocol.words))
        for at, words in zip(frame.start[1:], pieces, strict=True):
            out.seek(at + start * words.shape[1] * 8)
            out.write(np.ascontiguousarray(words, "<u8").data)
    out.seek(frame.end)
    out.write(END)


def _as_wide_as(words: UInt64, width: int) -> Iterator[UInt64]:
    """A long filter as several of the width of all others; a token as it is."""
    return (words[:, at : at + width] for at in range(0, words.shape[1], width))


class _Frame(NamedTuple):
    """What an Arrow stream of one batch has besides its values.

    Attributes:
        head: the bytes before the first column.
        start: offset of each column, on multiples of eight bytes, in the order of the schema.
        end: offset of the end of the stream's mark.
    """

    head: bytes
    start: tuple[int, ...]
    end: int


def _framed(schema: Any, rows: int) -> _Frame:
    """The frame that Arrow itself writes around so many rows; the values are pages that are never touched."""
    widths = [field.type.bit_width // 8 for field in schema]
    sizes = [-(-rows * width // _ALIGNED) * _ALIGNED for width in widths]
    values = pa.py_buffer(untouched(max(*sizes, _ALIGNED)))
    buffers = [values.slice(0, rows * width) for width in widths]
    columns = [pa.Array.from_buffers(field.type, rows, [None, one]) for field, one in zip(schema, buffers, strict=True)]
    end = _written(columns, schema, 0).size - len(END)
    first = end - sum(sizes)
    head = bytes(_written(columns, schema, first).start)
    return _Frame(head, tuple(itertools.accumulate(sizes[:-1], initial=first)), end)


def _written(columns: Sequence[Any], schema: Any, keep: int) -> _Counted:
    out = _Counted(keep)
    with pa.ipc.new_stream(out, schema, options=pa.ipc.IpcWriteOptions(compression=None)) as stream:
        stream.write_batch(pa.record_batch(columns, schema=schema))
    return out


class _Counted:
    """Takes what is written, counts it, and keeps so many bytes of the beginning."""

    closed = False

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self.size = 0
        self.start = bytearray()

    def write(self, data: Any) -> int:
        """Count the bytes."""
        self.start += memoryview(data)[: self._keep - len(self.start)]
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self.size

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


class Linking(NamedTuple):
    """A linking body: its records, and its other columns where they lie in it.

    Attributes:
        record: (n,) `S26`, rising.
        filters: per place on the filter axis (n, n_words) uint64.
        tokens: per place on the token axis (n,) uint64.
    """

    record: NDArray[np.bytes_]
    filters: tuple[Column, ...]
    tokens: tuple[Column, ...]


def read_linking(data: bytes | Ranges, protocol: Protocol, file: str, *, rows: int | None = None) -> Linking:
    """The columns of a linking body, of which only the records are read.

    Args:
        data: the body.
        protocol: the agreement that it must follow.
        file: name for messages.
        rows: the number of records that the manifest names; not compared where it is not given.

    Raises:
        FormatError: anything differs from what `linking_body` writes.
    """
    body = Memory(data) if isinstance(data, bytes) else data
    n, (first, *others) = find_columns(body, _linking_schema(protocol), file, rows)
    record = np.empty(n, f"S{RECORD_LENGTH}")
    if n:
        body.read_into(first, record.view(np.uint8).data)
    _refuse_order(record, file)
    shapes = [(n, protocol.words)] * len(protocol.filters) + [(n,)] * len(protocol.tokens)
    columns = [Column(body, at, shape) for at, shape in zip(others, shapes, strict=True)]
    return Linking(record, tuple(columns[: len(protocol.filters)]), tuple(columns[len(protocol.filters) :]))


def content_body(record: NDArray[np.bytes_], columns: Mapping[str, NDArray[np.object_]], protocol: Protocol) -> bytes:
    """Coded content as one uncompressed Arrow IPC stream of one batch.

    Args:
        record: (n,) bytes `S26`, record pseudonyms, each once.
        columns: (n,) object arrays of text for exactly the protocol's content fields; "" = unknown.
        protocol: the agreement.

    Raises:
        FormatError: columns are missing or too many, a value is not text or not on its field's code list, or a record
            pseudonym is not one or stands there twice.
    """
    if set(columns) != set(protocol.content):
        raise FormatError("content is exactly the protocol's content fields")
    order = rising(record)
    texts = [_pseudonym_texts(record[order])]
    texts += [_texts(name, columns[name]).take(pa.array(order)) for name in sorted(columns)]
    schema = _content_schema(protocol)
    _refuse_codes(zip(schema.names[1:], texts[1:], strict=True), protocol, None)
    return _write(texts, schema)


def read_content(data: bytes | Ranges, protocol: Protocol, file: str, *, rows: int | None = None) -> dict[str, NDArray[np.object_]]:
    """The columns of a content body.

    Returns:
        (n,) object arrays of text: `record`, rising, and the protocol's content fields; "" = unknown.

    Raises:
        FormatError: anything differs from what `content_body` writes.
    """
    batch = read_batch(data if isinstance(data, bytes) else whole(data), _content_schema(protocol), file, rows)
    _refuse_order(_pseudonyms(batch.column(0), file), file)
    _refuse_codes(zip(batch.schema.names[1:], batch.columns[1:], strict=True), protocol, file)
    return {name: batch.column(name).to_numpy(zero_copy_only=False).astype(object) for name in batch.schema.names}


def _linking_schema(protocol: Protocol) -> Any:
    filters = [(f"filter:{name}", pa.binary(protocol.words * 8)) for name in protocol.filters]
    tokens = [(f"token:{name}", pa.uint64()) for name in protocol.tokens]
    return _schema([(RECORD, pa.binary(RECORD_LENGTH)), *filters, *tokens])


def _content_schema(protocol: Protocol) -> Any:
    return _schema([(name, pa.utf8()) for name in (RECORD, *sorted(protocol.content))])


def _schema(columns: Sequence[tuple[str, Any]]) -> Any:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns])


def rising(record: NDArray[np.bytes_]) -> NDArray[np.intp]:
    """(n,) the order in which records travel: that of their pseudonyms.

    Raises:
        FormatError: a record pseudonym is not one, or stands there twice.
    """
    if record.dtype != np.dtype(f"S{RECORD_LENGTH}"):
        raise FormatError("record pseudonyms have another length")
    beginnings = np.ascontiguousarray(record).view(np.uint8).reshape(-1, RECORD_LENGTH)[:, :8]
    order = np.argsort(np.ascontiguousarray(beginnings).view(">u8")[:, 0].astype(np.uint64))
    ordered = record[order]
    if not np.all(ordered[1:] > ordered[:-1]):
        order = np.argsort(record, kind="stable")  # some begin alike
        ordered = record[order]
    _refuse_order(ordered, None)
    return order


def _refuse_order(record: NDArray[np.bytes_], file: str | None) -> None:
    """Rising pseudonyms: no second row of a record, and no order that could carry a message."""
    letters = np.ascontiguousarray(record).view(np.uint8)
    if not all(_BASE32[letters[at : at + STRETCH]].all() for at in range(0, len(letters), STRETCH)):
        raise FormatError("a record pseudonym has characters that pseudonyms do not have", file=file, field=RECORD)
    if not np.all(record[1:] > record[:-1]):
        raise FormatError("a record stands there twice, or out of order", file=file, field=RECORD)


def _pseudonym_texts(record: NDArray[np.bytes_]) -> Any:
    """Pseudonyms as a column of text."""
    ends = np.arange(0, RECORD_LENGTH * len(record) + 1, RECORD_LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(record), pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(record)))


def _texts(name: str, values: NDArray[np.object_]) -> Any:
    try:
        column = pa.array(values, pa.utf8(), from_pandas=False)
    except (pa.ArrowException, UnicodeEncodeError):
        raise FormatError("a value is not text", field=name) from None
    if not isinstance(column, pa.Array) or column.null_count:
        raise FormatError("a value is missing: unknown is the empty text", field=name)
    return column


def _pseudonyms(column: Any, file: str) -> NDArray[np.bytes_]:
    try:
        values = column.to_numpy(zero_copy_only=False).astype("S")
    except UnicodeEncodeError:
        values = np.empty(0, "S1")
    if values.dtype.itemsize != RECORD_LENGTH and len(column):
        raise FormatError("record pseudonyms have another length", file=file, field=RECORD)
    return np.asarray(values, f"S{RECORD_LENGTH}")


def _refuse_codes(columns: Iterable[tuple[str, Any]], protocol: Protocol, file: str | None) -> None:
    """Closed lists stay closed at the wall, whatever program wrote the body: free text could be a name."""
    for name, column in columns:
        values = set(column.unique().to_pylist()) - {""}
        allowed = _allowed(name, protocol)
        if allowed is not None and not values <= allowed:
            raise FormatError("a value is not on the code list", file=file, field=name)
        form = _FORMS.get(CONTENT[name])
        if form and not all(form.fullmatch(value) for value in values):
            raise FormatError("a value does not have the form of its field", file=file, field=name)


def _allowed(name: str, protocol: Protocol) -> set[str] | None:
    closed = {"code": protocol.content[name].codes, "sex": SEX_CODES, "age_group": (MINOR, ADULT)}
    return set(closed[CONTENT[name]]) if CONTENT[name] in closed else None


def _write(columns: Sequence[Any], schema: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression=None)) as stream:
        stream.write_batch(pa.record_batch(columns, schema=schema))
    return bytes(sink.getvalue().to_pybytes())
