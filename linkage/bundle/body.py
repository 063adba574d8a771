"""What a bundle carries: records as Arrow columns, in an order that says nothing.

Rows stand in the order of their record pseudonyms, which are keyed hashes: the agency's own order, and with it the
order of cases, is gone. The schema is fixed by the protocol to the last name and type, so that a reader need not
interpret anything: a body that differs is refused, and so are compression, extra batches and bytes behind the end.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.bundle.format import RECORD_LENGTH
from linkage.errors import FormatError
from linkage.protocol import Protocol
from linkage.schema import ADULT, CONTENT, MINOR, SEX_CODES

UInt64 = NDArray[np.uint64]
RECORD = "record"
_BASE32 = np.isin(np.arange(256), np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8))
# Fields whose list is open still have the form of a code: their values are printed in tables.
_FORMS = {
    "date": re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?"),
    "article": re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?"),
    "country": re.compile(r"[A-Z]{3}"),
}
_ARROW_ERRORS = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, NotImplementedError, EOFError, struct.error)


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
    order = _order(record)
    fixed = [_fixed(record[order]), *(_fixed(filters[order, i].astype("<u8", copy=False)) for i in range(shapes[0][1]))]
    columns = [*fixed, *(pa.array(tokens[order, i], pa.uint64()) for i in range(shapes[1][1]))]
    return _write(columns, _linking_schema(protocol))


class Linking(NamedTuple):
    """A linking body, column by column, each a view of its bytes.

    Attributes:
        record: (n,) `S26`, rising.
        filters: per place on the filter axis (n, n_words) uint64.
        tokens: per place on the token axis (n,) uint64.
    """

    record: NDArray[np.bytes_]
    filters: tuple[UInt64, ...]
    tokens: tuple[UInt64, ...]


def read_linking(data: bytes | memoryview, protocol: Protocol, file: str, *, rows: int | None = None) -> Linking:
    """The columns of a linking body.

    Args:
        data: the body.
        protocol: the agreement that it must follow.
        file: name for messages.
        rows: the number of records that the manifest names; not compared where it is not given.

    Raises:
        FormatError: anything differs from what `linking_body` writes.
    """
    batch = _read(data, _linking_schema(protocol), file, rows)
    n, f, w = batch.num_rows, len(protocol.filters), protocol.words
    record = _values(batch.column(0), f"S{RECORD_LENGTH}", n)
    _refuse_order(record, file)
    filters = (_values(batch.column(1 + i), "<u8", n * w).reshape(n, w) for i in range(f))
    tokens = (_values(batch.column(1 + f + i), "<u8", n) for i in range(len(protocol.tokens)))
    return Linking(record, tuple(filters), tuple(tokens))


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
    order = _order(record)
    texts = [_texts(RECORD, record[order].astype(f"U{RECORD_LENGTH}").astype(object))]
    texts += [_texts(name, columns[name][order]) for name in sorted(columns)]
    schema = _content_schema(protocol)
    _refuse_codes(zip(schema.names[1:], texts[1:], strict=True), protocol, None)
    return _write(texts, schema)


def read_content(
    data: bytes | memoryview, protocol: Protocol, file: str, *, rows: int | None = None
) -> dict[str, NDArray[np.object_]]:
    """The columns of a content body.

    Returns:
        (n,) object arrays of text: `record`, rising, and the protocol's content fields; "" = unknown.

    Raises:
        FormatError: anything differs from what `content_body` writes.
    """
    batch = _read(data, _content_schema(protocol), file, rows)
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


def _order(record: NDArray[np.bytes_]) -> NDArray[np.intp]:
    if record.dtype != np.dtype(f"S{RECORD_LENGTH}"):
        raise FormatError("record pseudonyms have another length")
    order = np.argsort(record, kind="stable")
    _refuse_order(record[order], None)
    return order


def _refuse_order(record: NDArray[np.bytes_], file: str | None) -> None:
    """Rising pseudonyms: no second row of a record, and no order that could carry a message."""
    if not _BASE32[np.ascontiguousarray(record).view(np.uint8)].all():
        raise FormatError("a record pseudonym has characters that pseudonyms do not have", file=file, field=RECORD)
    if not np.all(record[1:] > record[:-1]):
        raise FormatError("a record stands there twice, or out of order", file=file, field=RECORD)


def _fixed(values: NDArray[Any]) -> Any:
    """A fixed-size binary column of one row per first axis."""
    width = values.nbytes // len(values) if len(values) else values.dtype.itemsize * int(np.prod(values.shape[1:]))
    buffers = [None, pa.py_buffer(np.ascontiguousarray(values))]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), buffers)


def _values(column: Any, dtype: str, count: int) -> NDArray[Any]:
    """The column's bytes as numbers or fixed bytes, without a copy; the buffer may be longer than its values."""
    return np.frombuffer(column.buffers()[1], dtype, count) if count else np.empty(0, dtype)


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


def _read(data: bytes | memoryview, schema: Any, file: str, rows: int | None) -> Any:
    """The one batch, valid throughout and without nulls."""
    try:
        batch = _only_batch(pa.BufferReader(pa.py_buffer(data)), schema, file)
        batch.validate(full=True)
    except _ARROW_ERRORS:
        raise FormatError("the body is not a valid Arrow stream", file=file) from None
    if any(column.null_count for column in batch.columns):
        raise FormatError("a column has nulls", file=file)
    if rows is not None and batch.num_rows != rows:
        raise FormatError("the body has another number of rows than the manifest", file=file)
    return batch


def _only_batch(stream: Any, schema: Any, file: str) -> Any:
    found = pa.ipc.read_schema(pa.ipc.read_message(stream))
    if not found.equals(schema, check_metadata=True):
        raise FormatError("the body's columns are not the protocol's", file=file)
    message = pa.ipc.read_message(stream)
    if _is_compressed(message.metadata.to_pybytes()):
        raise FormatError("the body is compressed", file=file)
    batch = pa.ipc.read_record_batch(message, found)
    if stream.read(8) != b"\xff\xff\xff\xff\0\0\0\0" or stream.read(1):
        raise FormatError("the body does not end where its rows end", file=file)
    return batch


def _is_compressed(message: bytes) -> bool:
    """Whether a record batch says that its buffers are compressed: a few bytes could then unpack to fill the memory.

    Source: Arrow `format/Message.fbs` (Message: slot 2 header; RecordBatch: slot 3 compression), FlatBuffers tables.
    """
    root: int = struct.unpack_from("<I", message, 0)[0]
    header = root + _slot(message, root, 2)
    batch: int = header + struct.unpack_from("<I", message, header)[0]
    return _slot(message, batch, 3) != 0


def _slot(message: bytes, table: int, slot: int) -> int:
    """Offset of a table's field from the table's start; 0 = absent."""
    vtable = table - struct.unpack_from("<i", message, table)[0]
    size: int = struct.unpack_from("<H", message, vtable)[0]
    entry = 4 + 2 * slot
    offset: int = struct.unpack_from("<H", message, vtable + entry)[0] if entry < size else 0
    return offset
