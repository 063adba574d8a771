"""Bytes that are read where they lie, a range at a time, and columns of numbers among them.

A list may be larger than the memory, and its plaintext is to lie in no file. So nobody is handed its bytes: who needs a
column, or some of its rows, reads these into memory of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

UInt64 = NDArray[np.uint64]
_WORD = 8
_NEAR = 64 << 10  # bytes: what lies nearer than this is read with what is between, as whoever decrypts a chunk decrypts all of it
_ROOM = 2 << 20  # bytes of a stretch: what a large cache holds, and so little that its memory is used again and not given back


class Ranges(Protocol):
    """Bytes of which any range can be read, by several threads at once."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def read_into(self, at: int, out: memoryview) -> None:
        """As many bytes as fit, from there on.

        Raises:
            ValueError: there are fewer.
        """
        ...


@dataclass(frozen=True)
class Memory:
    """Bytes that are in memory.

    Attributes:
        data: the bytes.
    """

    data: bytes | memoryview = field(repr=False)

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.data)

    def read_into(self, at: int, out: memoryview) -> None:
        """As many bytes as fit, from there on."""
        _refuse_missing(self, at, out)
        out[:] = memoryview(self.data)[at : at + len(out)]


@dataclass(frozen=True)
class Within:
    """A range of other bytes as if it were all that there is.

    Attributes:
        source: the others.
        start: where the range begins among them.
        size: how long it is.
    """

    source: Ranges
    start: int
    size: int

    def read_into(self, at: int, out: memoryview) -> None:
        """As many bytes as fit, from there on."""
        _refuse_missing(self, at, out)
        self.source.read_into(self.start + at, out)


def _refuse_missing(source: Ranges, at: int, out: memoryview) -> None:
    if not 0 <= at <= source.size - len(out):
        raise ValueError("there are fewer bytes")


def read(source: Ranges, at: int, size: int) -> bytes:
    """So many bytes from there on; fewer only where there are no more."""
    out = bytearray(max(min(size, source.size - at), 0))
    if out:
        source.read_into(at, memoryview(out))
    return bytes(out)


def whole(source: Ranges) -> bytes:
    """All of them."""
    return read(source, 0, source.size)


def stretches(source: Ranges) -> Iterator[memoryview]:
    """All of them in order, a stretch at a time, each in the memory of the one before it."""
    room = memoryview(bytearray(min(source.size, _ROOM)))
    for at in range(0, source.size, _ROOM):
        stretch = room[: source.size - at]
        source.read_into(at, stretch)
        yield stretch


@dataclass(frozen=True)
class Column:
    """A column of numbers where it lies.

    Attributes:
        source: the bytes among which it lies, eight for each number, the lowest first.
        at: where it begins.
        shape: (n,), or (n, n_words).
    """

    source: Ranges = field(repr=False)
    at: int
    shape: tuple[int, ...]

    def __len__(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @property
    def words(self) -> int:
        """Numbers in a row."""
        return self.shape[1] if len(self.shape) > 1 else 1

    def __array__(self, dtype: None = None, copy: bool | None = None) -> UInt64:
        """(n, …) all of it."""
        out = np.empty(self.shape, np.uint64)
        self.read_into(0, out)
        return out

    def read_into(self, first: int, out: UInt64) -> None:
        """As many rows as fit, from the first on.

        Args:
            first: a row.
            out: (n_some, …) in consecutive memory.
        """
        if out.size:
            self.source.read_into(self.at + first * self.words * _WORD, out.data.cast("B"))

    def reader(self, most: int) -> Reader:
        """Reads up to so many rows at a time."""
        return Reader(self, np.empty((min(most, len(self)), self.words), np.uint64))

    def take(self, rows: NDArray[np.int64]) -> UInt64:
        """(n_some, …) some rows, in any order; of others no more is read than what lies close by."""
        order = np.argsort(rows, kind="stable")
        rising = rows[order]
        out = np.empty((len(rows), self.words), np.uint64)
        read_rows = self.reader(self._most)
        for begin, end in self._close_by(rising):
            first = int(rising[begin])
            out[order[begin:end]] = read_rows(first, int(rising[end - 1]) + 1)[rising[begin:end] - first]
        return out.reshape(len(rows), *self.shape[1:])

    @property
    def _most(self) -> int:
        """For how many rows there is room."""
        return max(1, _ROOM // (self.words * _WORD))

    def _close_by(self, rising: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Rows that are best read together, from a place up to another in the list of them."""
        near = max(1, _NEAR // (self.words * _WORD))
        ends = [*(np.flatnonzero(np.diff(rising) > near) + 1).tolist(), len(rising)]
        begin = 0
        for end in ends:
            while begin < end:
                fitting = int(np.searchsorted(rising[begin:end], rising[begin] + self._most))
                yield begin, begin + fitting
                begin += fitting


@dataclass(frozen=True)
class Reader:
    """Reads stretches of a column, each into the memory of the one before it.

    Attributes:
        column: the column.
        room: (most, words) where they are put.
    """

    column: Column
    room: UInt64

    def __call__(self, first: int, last: int) -> UInt64:
        """(n_some, words) the rows from the first up to the last; good until the next are read."""
        out = self.room[: last - first]
        self.column.read_into(first, out)
        return out
