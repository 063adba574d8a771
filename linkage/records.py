"""What the linkage unit holds of people: rows of arrays, and nothing else.

Records stand in one canonical order (agency, then record pseudonym), so that every later index, pair and person
means the same whatever order the bundles and their rows arrived in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.errors import FormatError
from linkage.files import let_go

UInt64 = NDArray[np.uint64]
PSEUDONYM_LENGTH = 26


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
    """One agency's encodings where they lie, column by column.

    Attributes:
        agency: the agency's name.
        record: (n,) bytes `S26`, record pseudonyms.
        filters: per place on the filter axis (n, n_words) uint64.
        tokens: per place on the token axis (n,) uint64.
        body: the bytes that the columns are views of.
    """

    agency: str
    record: NDArray[np.bytes_]
    filters: tuple[UInt64, ...]
    tokens: tuple[UInt64, ...]
    body: memoryview


class Axis(NamedTuple):
    """Columns that are put together when they are asked for, and not kept.

    Attributes:
        parts: of each part its columns.
        bodies: what they are views of.
        order: (n_records,) where each record stands in the parts end to end.
    """

    parts: tuple[tuple[UInt64, ...], ...]
    bodies: tuple[memoryview, ...]
    order: NDArray[np.int64]

    def column(self, place: int) -> UInt64:
        """(n_records, …) one column, in consecutive memory."""
        return self.rows(place, np.arange(len(self.order)))

    def rows(self, place: int, records: NDArray[np.int64]) -> UInt64:
        """(n_some, …) one column of some records."""
        at = self.order[records]
        ends = np.cumsum([len(part[place]) for part in self.parts])
        out = np.empty((len(records), *self.parts[0][place].shape[1:]), np.uint64)
        of_part = np.searchsorted(ends, at, side="right")
        for number, part in enumerate(self.parts):
            mine = np.flatnonzero(of_part == number) if len(self.parts) > 1 else slice(None)
            out[mine] = part[place][at[mine] - (ends[number] - len(part[place]))]
        for body in self.bodies:
            let_go(body)
        return out


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

    def token(self, place: int) -> UInt64:
        """(n_records,) one token of the axis, in consecutive memory."""
        return self.tokens.column(place) if isinstance(self.tokens, Axis) else np.ascontiguousarray(self.tokens[:, place])

    def side_by_side(self, tokens: Sequence[int], filters: Sequence[slice], records: NDArray[np.int64]) -> UInt64:
        """(n_some, n_columns) uint64: tokens and then the words of filters of some records, what belongs to one in one stretch."""
        widths = [1] * len(tokens) + [self._words * (places.stop - places.start) for places in filters]
        out = np.empty((len(records), sum(widths)), np.uint64)
        ends = np.cumsum([0, *widths]).tolist()
        for place, start in zip(tokens, ends, strict=False):
            out[:, start] = _rows(self.tokens, place, records)
        for places, start in zip(filters, ends[len(tokens) :], strict=False):
            for number, place in enumerate(range(places.start, places.stop)):
                at = start + number * self._words
                out[:, at : at + self._words] = _rows(self.filters, place, records)
        return out

    @property
    def _words(self) -> int:
        """Words of a filter's place."""
        return int(self.filters.parts[0][0].shape[1] if isinstance(self.filters, Axis) else self.filters.shape[2])

    def there(self, place: int) -> NDArray[np.bool_]:
        """(n_records,) whether each record has a value of the token."""
        there: NDArray[np.bool_] = self.token(place) != 0
        return there

    def filled(self, places: slice) -> NDArray[np.bool_]:
        """(n_records,) whether each record has a value of the filter; looked up once, because long filters take long to read."""
        key = (places.start, places.stop)
        if key not in self._filled:
            self._filled[key] = np.any(self.filter(places) != 0, axis=1)
        return self._filled[key]

    def filter(self, places: slice) -> UInt64:
        """(n_records, n_words) of one filter, all the places that it takes on the axis side by side."""
        if isinstance(self.filters, Axis):
            return np.concatenate([self.filters.column(place) for place in range(places.start, places.stop)], axis=1)
        taken = self.filters[:, places, :]
        return taken.reshape(len(self), taken.shape[1] * taken.shape[2])  # -1 has no meaning where there are no records

    def place(self, agency: str, record: str) -> int | None:
        """Where an agency's record stands; None if there is no such record."""
        if agency not in self.agencies:
            return None
        number = self.agencies.index(agency)
        first, last = np.searchsorted(self.source, [number, number + 1]).tolist()
        at = first + int(np.searchsorted(self.record[first:last], record.encode()))
        return at if at < last and self.record[at] == record.encode() else None


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
    bodies = tuple(part.body for part in parts)
    filters, tokens = (Axis(tuple(getattr(part, axis) for part in parts), bodies, order) for axis in ("filters", "tokens"))
    return Encodings(agencies, source, record, filters, tokens)


def _in_order(
    parts: Sequence[Part] | Sequence[StoredPart],
) -> tuple[tuple[str, ...], NDArray[np.int16], NDArray[np.bytes_], NDArray[np.int64]]:
    """Agencies; source and pseudonym of each record; and where each stands in the parts end to end."""
    agencies = tuple(sorted({part.agency for part in parts}))
    source = np.concatenate([np.full(len(part.record), agencies.index(part.agency), np.int16) for part in parts])
    record = np.concatenate([part.record for part in parts]).astype(f"S{PSEUDONYM_LENGTH}", copy=False)
    order = np.lexsort((record, source))
    source, record = source[order], record[order]
    if np.any((source[1:] == source[:-1]) & (record[1:] == record[:-1])):
        raise FormatError("an agency names one record twice", hint="a corrected extract replaces the earlier one of its period")
    return agencies, source, record, order


def _columns(parts: Sequence[UInt64], order: NDArray[np.int64]) -> UInt64:
    """The parts' rows in the given order; each entry of the second axis in consecutive memory, as it is read."""
    out = np.empty((parts[0].shape[1], len(order), *parts[0].shape[2:]), np.uint64)
    for place in range(len(out)):
        out[place] = np.concatenate([part[:, place] for part in parts])[order]
    return out.swapaxes(0, 1)
