"""What the linkage unit holds of people: rows of arrays, and nothing else.

Records stand in one canonical order (agency, then record pseudonym), so that every later index, pair and person
means the same whatever order the bundles and their rows arrived in.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comparators import put_rows
from linkage.errors import FormatError
from linkage.stored import Column

UInt64 = NDArray[np.uint64]
PSEUDONYM_LENGTH = 26
_STRETCH = 1 << 16
_FEW = 32  # one in so many records


class Part(NamedTuple):
    """One agency's encodings, in any order.

    Attributes:
        agency: the agency's name.
        record: (n,) bytes `S26`, record pseudonyms.
        filters: (n, n_filters, n_words) uint64; an all-zero filter is *missing*.
        tokens: (n, n_tokens) uint64; 0 is *missing*.
    """

    agency: str
    record: NDArray[np.bytes_]
    filters: UInt64
    tokens: UInt64


class StoredPart(NamedTuple):
    """One agency's encodings, of which only the pseudonyms are in memory.

    Attributes:
        agency: the agency's name.
        record: (n,) bytes `S26`, record pseudonyms.
        filters: per place on the filter axis (n, n_words) uint64, where it lies.
        tokens: per place on the token axis (n,) uint64, likewise.
    """

    agency: str
    record: NDArray[np.bytes_]
    filters: tuple[Column, ...]
    tokens: tuple[Column, ...]


class Axis(NamedTuple):
    """Columns that are read when they are asked for, and not kept.

    Attributes:
        parts: of each part its columns.
        order: (n_records,) where each record stands in the parts end to end; None: as they lie.
    """

    parts: tuple[tuple[Column, ...], ...]
    order: NDArray[np.int64] | None

    def column(self, place: int) -> UInt64:
        """(n_records, …) one column, in consecutive memory."""
        if self.order is not None and len(self.order) < self.lying:
            return self._at(place, self.order)
        columns = [part[place] for part in self.parts]
        out = np.empty((self.lying, *columns[0].shape[1:]), np.uint64)
        if self.order is None:
            _read_end_to_end(columns, out)
        else:
            put = out.reshape(len(out), columns[0].words)
            for column, rows in zip(columns, self.as_they_lie(np.arange(len(out), dtype=np.int32)), strict=True):
                _front_to_back([(column.reader(_STRETCH), 0)], rows, put)
        return out

    @property
    def lying(self) -> int:
        """How many records there are in the parts, those that are not among these, too."""
        return sum(len(part[0]) for part in self.parts)

    def rows(self, place: int, records: NDArray[np.int64]) -> UInt64:
        """(n_some, …) one column of some records."""
        return self._at(place, records if self.order is None else self.order[records])

    def some(self, records: NDArray[np.int64]) -> Axis:
        """The same of some records; nothing is read."""
        return self._replace(order=records if self.order is None else self.order[records])

    def as_they_lie(self, values: NDArray[np.int32]) -> list[NDArray[np.int32]]:
        """A value for each record, in the order in which the records of each part lie; -1 for those that are not among these."""
        ends = np.cumsum([len(part[0]) for part in self.parts])
        moved = values
        if self.order is not None:
            moved = np.full(ends[-1], -1, np.int32)
            moved[self.order] = values
        return np.split(moved, ends[:-1])

    def _at(self, place: int, at: NDArray[np.int64]) -> UInt64:
        columns = [part[place] for part in self.parts]
        if len(columns) == 1:
            return columns[0].take(at)
        ends = np.cumsum([*map(len, columns)])
        out = np.empty((len(at), *columns[0].shape[1:]), np.uint64)
        of_part = np.searchsorted(ends, at, side="right")
        for number, column in enumerate(columns):
            mine = np.flatnonzero(of_part == number)
            out[mine] = column.take(at[mine] - (ends[number] - len(column)))
        return out


def _read_end_to_end(columns: Sequence[Column], out: UInt64) -> None:
    begin = 0
    for column in columns:
        column.read_into(0, out[begin : begin + len(column)])
        begin += len(column)


class _Column(NamedTuple):
    """One column among others side by side.

    Attributes:
        axis, place: where it lies.
        words: how wide it is.
        at: where it begins.
    """

    axis: UInt64 | Axis
    place: int
    words: int
    at: int


@dataclass(frozen=True)
class Encodings:
    """All agencies' encodings in canonical order.

    Attributes:
        agencies: agency names, sorted.
        source: (n_records,) int16, index into `agencies`.
        record: (n_records,) bytes `S26`, record pseudonyms, unique within an agency.
        filters: (n_records, n_filters, n_words) uint64, an all-zero filter = missing; filters in the protocol's order.
        tokens: (n_records, n_tokens) uint64, 0 = missing; tokens in the protocol's order.
    """

    agencies: tuple[str, ...]
    source: NDArray[np.int16]
    record: NDArray[np.bytes_]
    filters: UInt64 | Axis
    tokens: UInt64 | Axis
    _filled: dict[tuple[int, int], NDArray[np.bool_]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        """Number of records."""
        return len(self.record)

    def place(self, agency: str, record: str) -> int | None:
        """Where an agency's record stands; None if there is no such record."""
        if agency not in self.agencies:
            return None
        number = self.agencies.index(agency)
        first, last = np.searchsorted(self.source, [number, number + 1]).tolist()
        at = first + int(np.searchsorted(self.record[first:last], record.encode()))
        return at if at < last and self.record[at] == record.encode() else None

    def some(self, records: NDArray[np.int64]) -> Encodings:
        """Some of the records, rising; of what is stored nothing is read."""
        axes = (self.filters, self.tokens)
        filters, tokens = (one.some(records) if isinstance(one, Axis) else one[records] for one in axes)
        return Encodings(self.agencies, self.source[records], self.record[records], filters, tokens)

    def token(self, place: int) -> UInt64:
        """(n_records,) one token of the axis, in consecutive memory."""
        return self.tokens.column(place) if isinstance(self.tokens, Axis) else np.ascontiguousarray(self.tokens[:, place])

    def width(self, tokens: Sequence[int], filters: Sequence[slice], room: int = 0) -> int:
        """How many columns tokens and filters are side by side."""
        return self._columns(tokens, filters)[1] + room

    def side_by_side(
        self,
        tokens: Sequence[int],
        filters: Sequence[slice],
        row: NDArray[np.int32],
        several: int,
        room: int = 0,
        into: UInt64 | None = None,
    ) -> UInt64:
        """(several, n_columns) uint64: tokens and then the words of filters of some records, what belongs to one in one stretch.

        Columns are read from front to back, a stretch of each at a time; of a few records only what is theirs is read.

        Args:
            tokens: places on the token axis.
            filters: places on the filter axis, of each filter.
            row: (n_records,) the row in which each record is to stand, each once; -1: in none.
            several: number of rows, all of which are taken.
            room: how many columns more there are, in which nothing stands.
            into: memory that is used again, of at least as many words; new memory if None.
        """
        columns, width = self._columns(tokens, filters)
        words = several * (width + room)
        out = (np.empty(words, np.uint64) if into is None else into[:words]).reshape(several, width + room)
        if not columns:
            return out
        axis = columns[0].axis
        if several * _FEW < (axis.lying if isinstance(axis, Axis) else len(axis)):
            records = np.empty(several, np.int64)
            there = np.flatnonzero(row >= 0)
            records[row[there]] = there
            for one in columns:
                out[:, one.at : one.at + one.words] = _rows(one.axis, one.place, records).reshape(several, one.words)
            return out
        for part, rows in enumerate(axis.as_they_lie(row) if isinstance(axis, Axis) else [row]):
            _front_to_back([(_reader(one, part), one.at) for one in columns], rows, out)
        return out

    def _columns(self, tokens: Sequence[int], filters: Sequence[slice]) -> tuple[list[_Column], int]:
        """Columns side by side, and how wide they are together."""
        each: list[tuple[UInt64 | Axis, int, int]] = [(self.tokens, place, 1) for place in tokens]
        each += [(self.filters, place, self._words) for some in filters for place in range(some.start, some.stop)]
        ends = np.cumsum([0, *(words for _, _, words in each)]).tolist()
        return [_Column(*one, at) for one, at in zip(each, ends, strict=False)], ends[-1]

    @property
    def _words(self) -> int:
        """Words of a filter's place."""
        return self.filters.parts[0][0].words if isinstance(self.filters, Axis) else int(self.filters.shape[2])

    def there(self, place: int) -> NDArray[np.bool_]:
        """(n_records,) whether each record has a value of the token."""
        there: NDArray[np.bool_] = self.token(place) != 0
        return there

    def filled(self, places: slice) -> NDArray[np.bool_]:
        """(n_records,) whether each record has a value of the filter; looked up once, because long filters take long to read."""
        key = (places.start, places.stop)
        if key not in self._filled:
            words = (word for place in range(*key) for word in self.filter(slice(place, place + 1)).T)
            self._filled[key] = functools.reduce(lambda there, word: there | (word != 0), words, np.zeros(len(self), np.bool_))
        return self._filled[key]

    def filter(self, places: slice) -> UInt64:
        """(n_records, n_words) of one filter, all the places that it takes on the axis side by side."""
        if isinstance(self.filters, Axis):
            columns = [self.filters.column(place) for place in range(places.start, places.stop)]
            return columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)
        taken = self.filters[:, places, :]
        return taken.reshape(len(self), taken.shape[1] * taken.shape[2])  # -1 has no meaning where there are no records


def _reader(one: _Column, part: int) -> Callable[[int, int], UInt64]:
    """What gives (n_some, n_words) of a part's rows as they lie, from one up to another."""
    if isinstance(one.axis, Axis):
        return one.axis.parts[part][one.place].reader(_STRETCH)
    column = np.ascontiguousarray(one.axis[:, one.place]).reshape(len(one.axis), one.words)
    return lambda first, last: column[first:last]


def _front_to_back(columns: Sequence[tuple[Callable[[int, int], UInt64], int]], rows: NDArray[np.int32], out: UInt64) -> None:
    """Put a part's columns where they belong, a stretch at a time; where nothing of a stretch belongs anywhere, it is not read.

    Args:
        columns: what reads each, and the first column of `out` that it goes to.
        rows: (n,) the row of `out` for each row of the part; -1: none.
        out: (n_rows, n_columns) uint64, changed in place.
    """
    for begin in range(0, len(rows), _STRETCH):
        to = rows[begin : begin + _STRETCH]
        if to.max() >= 0:
            put_rows([(read_rows(begin, begin + len(to)), at) for read_rows, at in columns], to, out)


def _rows(axis: UInt64 | Axis, place: int, records: NDArray[np.int64]) -> UInt64:
    return axis.rows(place, records) if isinstance(axis, Axis) else axis[records, place]


def combine(parts: Sequence[Part]) -> Encodings:
    """Put the parts of all agencies and periods into canonical order.

    Raises:
        FormatError: one agency names a record twice.
    """
    agencies, source, record, order = _in_order(parts)
    filters, tokens = (_columns([getattr(part, axis) for part in parts], order) for axis in ("filters", "tokens"))
    return Encodings(agencies, source, record, filters, tokens)


def combine_stored(parts: Sequence[StoredPart]) -> Encodings:
    """The same of parts that are not all in memory; their columns are read when they are needed.

    Raises:
        FormatError: one agency names a record twice.
    """
    agencies, source, record, order = _in_order(parts)
    filters, tokens = (Axis(tuple(getattr(part, axis) for part in parts), order) for axis in ("filters", "tokens"))
    return Encodings(agencies, source, record, filters, tokens)


def _in_order(
    parts: Sequence[Part] | Sequence[StoredPart],
) -> tuple[tuple[str, ...], NDArray[np.int16], NDArray[np.bytes_], NDArray[np.int64] | None]:
    """Agencies; source and pseudonym of each record; and where each stands in the parts end to end, None: there already."""
    agencies = tuple(sorted({part.agency for part in parts}))
    source = np.concatenate([np.full(len(part.record), agencies.index(part.agency), np.int16) for part in parts])
    record = np.concatenate([part.record for part in parts]).astype(f"S{PSEUDONYM_LENGTH}", copy=False)
    if _rise(source, record):
        return agencies, source, record, None
    order = np.lexsort((record, source))
    source, record = source[order], record[order]
    if not _rise(source, record):
        raise FormatError("an agency names one record twice", hint="a corrected extract replaces the earlier one of its period")
    return agencies, source, record, order


def _rise(source: NDArray[np.int16], record: NDArray[np.bytes_]) -> bool:
    """Whether every record stands behind the one before it."""
    return bool(np.all((source[1:] > source[:-1]) | ((source[1:] == source[:-1]) & (record[1:] > record[:-1]))))


def _columns(parts: Sequence[UInt64], order: NDArray[np.int64] | None) -> UInt64:
    """The parts' rows in the given order; each entry of the second axis in consecutive memory, as it is read."""
    out = np.empty((parts[0].shape[1], sum(map(len, parts)), *parts[0].shape[2:]), np.uint64)
    for place in range(len(out)):
        column = np.concatenate([part[:, place] for part in parts])
        out[place] = column if order is None else column[order]
    return out.swapaxes(0, 1)
