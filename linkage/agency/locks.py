"""Locks: what two records do not share a lock for, nobody can compare.

A locked filter or token leaves in one copy for each of its locks, combined by XOR with a mask that is drawn from the
lock's value under the agencies' key. Two records with the same value of the lock have the same mask, so that their
copies differ exactly where the values within do; with other values the copies are two random strings. A mask is cut into
slices, one for each copy under its lock, so that no two copies of one record share a slice.

A lock is only as good as it is rare: whoever sees the copies sees what the strangers who share a lock have in common.
`headcount protocol lint` says which locks are too common.

What is missing leaves as a string that no other record has (`fill`), so that gaps in a list are no fingerprint.
Source: our own; the idea is that of salting by record (Niedermeyer, Steinmetzer, Kroll & Schnell 2014), under several salts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comparators import over_slices
from linkage.agency.encode import Filters
from linkage.agency.keys import LinkageKeys, fill_key, lock_key
from linkage.agency.masks import Places, close, fill_gaps, lay_masks
from linkage.agency.normalise import Features
from linkage.agency.texts import Values, by_text, values_of
from linkage.agency.tokens import Tokens
from linkage.encoding import Copy, Encoding
from linkage.protocol import Protocol
from linkage.sha256 import keyed_hashes, pool_of

Words = NDArray[np.uint64]
Rows = NDArray[np.int64]
FilterRows = Mapping[str, Callable[[Rows], Words]]
_LOWER_HALF = np.uint64(0xFFFF_FFFF)
_SLICE, _SLICES = 1 << 11, 8


@dataclass(frozen=True, eq=False)
class Copies:
    """Every copy of every filter and token of a list, not made yet: a list of a million has several gigabytes of them.

    Attributes:
        filters: by name, the inner filters of rows, (n_rows, n_words), all-zero = missing.
        tokens: by name, (n,), 0 = missing.
        values: by lock, the values that its masks are drawn from.
        record: (n,) record pseudonyms; what is missing is filled by them.
        keys: the agencies' keys of the epoch.
        protocol: the agreement.
    """

    filters: FilterRows = field(repr=False)
    tokens: Tokens = field(repr=False)
    values: Mapping[str, Values] = field(repr=False)
    record: NDArray[np.bytes_] = field(repr=False)
    keys: LinkageKeys
    protocol: Protocol

    @cached_property
    def layout(self) -> _Layout:
        """Which copies there are."""
        return _layout(self.protocol)


class _Layout(NamedTuple):
    """Copies by number, in the order of the protocol's axes: filters, then tokens.

    Attributes:
        widths: (n_copies,) int64 words of each.
        before: (n_copies + 1,) int64 words of those before it, of one row.
        under: lock to the copies under it, in the order in which its mask is dealt out among them.
        filled: the copies whose gaps are filled: all locked ones, and open tokens that no comparison needs.
    """

    widths: Rows
    before: Rows
    under: Mapping[str, Rows]
    filled: Rows

    def places(self, several: Rows, n: int) -> Places:
        """Where these copies of `n` rows lie among all copies of them."""
        return Places(n * self.before[several], self.widths[several])


def _layout(protocol: Protocol) -> _Layout:
    e = protocol.encoding
    filters, tokens = e.filter_copies, e.token_copies
    needed = {name for comparison in protocol.comparisons for name in comparison.needs}
    hides = [copy.lock is not None for copy in filters]
    hides += [copy.lock is not None or copy.name not in needed for copy in tokens]
    widths = [*(e.bits_of(copy.name) // 64 for copy in filters), *(1 for _ in tokens)]
    locks = [copy.lock for copy in (*filters, *tokens)]
    names = sorted({lock for lock in locks if lock is not None})
    under = {name: np.array([at for at, lock in enumerate(locks) if lock == name]) for name in names}
    return _Layout(np.array(widths, np.int64), np.cumsum([0, *widths]), under, np.flatnonzero(hides))


def copies_of(
    features: Features, record: NDArray[np.bytes_], filters: FilterRows, tokens: Tokens, keys: LinkageKeys, protocol: Protocol
) -> Copies:
    """What is needed to make any copy of any row; arguments as of `Copies`."""
    texts = by_text(features)
    e = protocol.encoding
    values = {name: values_of(texts, e.tokens[name].of) for name in _layout(protocol).under}
    return Copies(filters, tokens, values, record, keys, protocol)


def lock(
    features: Features, record: NDArray[np.bytes_], filters: Filters, tokens: Tokens, keys: LinkageKeys, protocol: Protocol
) -> tuple[Words, Words]:
    """What leaves the agency: every copy of every filter and token, in the order of the protocol's axes.

    Args:
        features: the records' features.
        record: (n,) record pseudonyms; what is missing is filled by them.
        filters: by name, (n, n_words), all-zero = missing.
        tokens: by name, (n,), 0 = missing.
        keys: the agencies' keys of the epoch.
        protocol: the agreement.

    Returns:
        Filters (n, n_filters, n_words) and tokens (n, n_tokens).
    """
    rows = {name: values.__getitem__ for name, values in filters.items()}
    return written_out(copies_of(features, record, rows, tokens, keys, protocol))


def written_out(copies: Copies) -> tuple[Words, Words]:
    """The filters (n, n_filters, n_words) and tokens (n, n_tokens) of all rows, in the order of the protocol's axes."""
    protocol, n = copies.protocol, len(copies.record)
    filters = np.empty((n, len(protocol.filters), protocol.words), np.uint64)
    tokens = np.empty((n, len(protocol.tokens)), np.uint64)
    places = [protocol.places(copy) for copy in protocol.encoding.filter_copies]
    for start, columns in in_slices(copies, np.arange(n)):
        for place, words in zip(places, columns, strict=False):
            filters[start : start + len(words), place] = words.reshape(len(words), -1, protocol.words)
        for at, words in enumerate(columns[len(places) :]):
            tokens[start : start + len(words), at] = words[:, 0]
    return filters, tokens


def in_slices(copies: Copies, rows: Rows) -> Iterator[tuple[int, list[Words]]]:
    """The rows' copies a few thousand rows at a time: where the slice begins, and (n_slice, n_words) of each copy.

    Copies stand in the order of the protocol's axes, those of filters before those of tokens. They are to be used before
    the next ones are asked for, which take their place in memory.
    """
    together = min(len(rows), _SLICE * _SLICES)
    memory = np.empty((together, copies.layout.before[-1]), np.uint64)
    for begin in range(0, len(rows), max(together, 1)):
        several = rows[begin : begin + together]

        def made(start: int, stop: int) -> tuple[int, list[Words]]:
            return begin + start, _made(copies, several[start:stop], memory[start:stop].reshape(-1))  # noqa: B023

        yield from over_slices(made, len(several), _SLICE)


def _made(copies: Copies, rows: Rows, words: Words) -> list[Words]:
    """Each copy's words of these rows that leave, one copy behind the other in `words`."""
    layout = copies.layout
    edges = itertools.pairwise((len(rows) * layout.before).tolist())
    out = [words[begin:end].reshape(len(rows), -1) for begin, end in edges]
    _put_inner(out, copies, rows)
    for name, several in layout.under.items():
        places = layout.places(several, len(rows))
        there = copies.tokens[name][rows] != 0
        close(words, places, np.flatnonzero(~there))
        lay_masks(words, places, np.flatnonzero(there), _seeds(lock_key(copies.keys, name), copies.values[name], rows[there]))
    if copies.protocol.encoding.fill:
        fill_gaps(words, layout.places(layout.filled, len(rows)), _fill_seeds(copies, rows))
    return out


def _put_inner(out: list[Words], copies: Copies, rows: Rows) -> None:
    """Every copy as it is before its mask."""
    e = copies.protocol.encoding
    filters = {name: inner(rows) for name, inner in copies.filters.items()}
    for words, copy in zip(out, e.filter_copies, strict=False):
        words[:] = filters[copy.name]
    tokens = {name: copies.tokens[name][rows] for name in {copy.name for copy in e.token_copies}}
    lower = {name: np.where(token == 0, 0, np.maximum(token & _LOWER_HALF, 1)) for name, token in tokens.items()}
    for words, copy in zip(out[len(e.filter_copies) :], e.token_copies, strict=True):
        words[:, 0] = (tokens if _is_whole(copy, e) else lower)[copy.name]


def _is_whole(copy: Copy, e: Encoding) -> bool:
    """Whether all of a token's bits leave; else only the lower half of them, the upper half zero.

    Where the lock is shared, equal upper halves then say that both records have a value, and equal halves that it is the
    same: missing is not mistaken for different. Under a hidden lock they would show who shares it: there all bits are kept.
    """
    return copy.lock is None or e.tokens[copy.lock].hidden


def _seeds(key: bytes, values: Values, rows: Rows) -> Words:
    """(n_rows, 4) uint64: HMAC-SHA256 of the lock's values, from which SHAKE-256 draws the mask.

    The key is not that of the lock's domain: two locks of one domain may have one value in one record.
    """
    return keyed_hashes(key, values.pool, values.rows(rows)).astype(">u4").view("<u8").astype(np.uint64)


def _fill_seeds(copies: Copies, rows: Rows) -> Words:
    """(n_rows, 4) uint64: HMAC-SHA256 of the record pseudonyms, from which SHAKE-256 draws what fills the gaps."""
    values = Values(pool_of(copies.record[rows].tolist()), (np.arange(len(rows), dtype=np.int32),), (0,))
    return _seeds(fill_key(copies.keys), values, np.arange(len(rows)))
