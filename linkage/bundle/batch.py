"""The one batch of an Arrow stream: a body is that and nothing else, whoever wrote it.

A body of text is read into memory and looked at to the last byte. One of numbers may be larger than the memory, and what is
asked of it is where its columns lie. Arrow tells that of bytes in a row: so it is shown a row of as many bytes, of which
only the beginning is there, which describes the others.
"""

from __future__ import annotations

import struct
from typing import Any

import pyarrow as pa

from linkage.errors import FormatError
from linkage.files import untouched
from linkage.stored import Memory, Ranges, read

END = b"\xff\xff\xff\xff\0\0\0\0"  # of an Arrow stream
_DESCRIPTION, _OF_A_COLUMN = 64 << 10, 1 << 10  # bytes, many times what Arrow takes to describe a batch and a column of it
_ARROW_ERRORS = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, NotImplementedError, EOFError, struct.error)


def read_batch(data: bytes, schema: Any, file: str, rows: int | None) -> Any:
    """The one batch, valid throughout and without nulls.

    Args:
        data: the body.
        schema: what it must have.
        file: name for messages.
        rows: how many it must have, if that is known.

    Raises:
        FormatError: it is not a valid stream of one such batch.
    """
    try:
        batch, end = _only_batch(pa.BufferReader(pa.py_buffer(data)), schema, file)
        batch.validate(full=True)
    except _ARROW_ERRORS:
        raise _not_valid(file) from None
    _refuse_other_end(Memory(data), end, file)
    _refuse_nulls(batch, file)
    _refuse_other_length(batch, rows, file)
    return batch


def find_columns(body: Ranges, schema: Any, file: str, rows: int | None) -> tuple[int, tuple[int, ...]]:
    """The number of rows, and where each column's values begin, all of which are there.

    Args:
        body: of a batch whose values all have a fixed width and are not looked at.
        schema: what it must have.
        file: name for messages.
        rows: how many it must have, if that is known.

    Raises:
        FormatError: it is not a valid stream of one such batch without nulls.
    """
    frame = untouched(max(body.size, 1))
    seen = min(body.size, _DESCRIPTION + _OF_A_COLUMN * len(schema))
    body.read_into(0, memoryview(frame)[:seen])
    shown = pa.py_buffer(frame).slice(0, body.size)
    try:
        batch, end = _only_batch(pa.BufferReader(shown), schema, file)
        batch.validate()  # whether buffers are as long as their values; looking at values would touch what is not there
    except _ARROW_ERRORS:
        raise _not_valid(file) from None
    _refuse_other_end(body, end, file)
    _refuse_nulls(batch, file)
    _refuse_other_length(batch, rows, file)
    return batch.num_rows, tuple(_place(column, shown, file) for column in batch.columns)


def _place(column: Any, shown: Any, file: str) -> int:
    """Where a column's values begin among the bytes that were shown."""
    size = len(column) * column.type.bit_width // 8
    if not size:
        return 0
    values = column.buffers()[1]
    at: int = values.address - shown.address
    if not (0 <= at <= shown.size - size and values.size >= size):
        raise _not_valid(file)
    return at


def _refuse_nulls(batch: Any, file: str) -> None:
    """No bits that say which values are there: all are."""
    if any(column.buffers()[0] is not None or column.null_count for column in batch.columns):
        raise FormatError("a column has nulls", file=file)


def _refuse_other_length(batch: Any, rows: int | None, file: str) -> None:
    if rows is not None and batch.num_rows != rows:
        raise FormatError("the body has another number of rows than the manifest", file=file)


def _not_valid(file: str) -> FormatError:
    return FormatError("the body is not a valid Arrow stream", file=file)


def _only_batch(stream: Any, schema: Any, file: str) -> tuple[Any, int]:
    """The batch, and where it ends."""
    found = pa.ipc.read_schema(pa.ipc.read_message(stream))
    if not found.equals(schema, check_metadata=True):
        raise FormatError("the body's columns are not the protocol's", file=file)
    message = pa.ipc.read_message(stream)
    if _is_compressed(message.metadata.to_pybytes()):
        raise FormatError("the body is compressed", file=file)
    return pa.ipc.read_record_batch(message, found), stream.tell()


def _refuse_other_end(body: Ranges, end: int, file: str) -> None:
    """Only the stream's mark follows the batch."""
    if body.size != end + len(END) or read(body, end, len(END)) != END:
        raise FormatError("the body does not end where its rows end", file=file)


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
