"""What the linkage unit holds of people: rows of arrays, and nothing else.

Records stand in one canonical order (agency, then record pseudonym), so that every later index, pair and person
means the same whatever order the bundles and their rows arrived in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.errors import FormatError

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
    filters: UInt64
    tokens: UInt64

    def __len__(self) -> int:
        """Number of records."""
        return len(self.record)

    def token(self, place: int) -> UInt64:
        """(n_records,) one token of the axis, in consecutive memory."""
        return np.ascontiguousarray(self.tokens[:, place])

    def filter(self, places: slice) -> UInt64:
        """(n_records, n_words) of one filter, all the places that it takes on the axis side by side; a view."""
        taken = self.filters[:, places, :]
        return taken.reshape(len(self), taken.shape[1] * taken.shape[2])  # -1 has no meaning where there are no records


def combine(parts: Sequence[Part]) -> Encodings:
    """Put the parts of all agencies and periods into canonical order.

    Raises:
        FormatError: one agency names a record twice.
    """
    agencies = tuple(sorted({part.agency for part in parts}))
    source = np.concatenate([np.full(len(part.record), agencies.index(part.agency), np.int16) for part in parts])
    record = np.concatenate([part.record for part in parts]).astype(f"S{PSEUDONYM_LENGTH}")
    order = np.lexsort((record, source))
    source, record = source[order], record[order]
    if np.any((source[1:] == source[:-1]) & (record[1:] == record[:-1])):
        raise FormatError("an agency names one record twice", hint="a corrected extract replaces the earlier one of its period")
    filters, tokens = (_columns([getattr(part, axis) for part in parts], order) for axis in ("filters", "tokens"))
    return Encodings(agencies, source, record, filters, tokens)


def _columns(parts: Sequence[UInt64], order: NDArray[np.int64]) -> UInt64:
    """The parts' rows in the given order; each entry of the second axis in consecutive memory, as it is read."""
    shape = (parts[0].shape[1], len(order), *parts[0].shape[2:])
    out = np.empty(shape, np.uint64)
    for place in range(shape[0]):
        np.concatenate([part[:, place] for part in parts], out=out[place])
        out[place] = out[place][order]
    return out.swapaxes(0, 1)
