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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comparators import over_slices
from linkage.agency.cells import Codes
from linkage.agency.encode import Filters
from linkage.agency.keys import LinkageKeys, fill_key, lock_key
from linkage.agency.masks import Plan, Within, lay_copies
from linkage.agency.normalise import Features
from linkage.agency.texts import Values, by_text, values_of
from linkage.agency.tokens import Tokens
from linkage.encoding import Copy, Encoding
from linkage.protocol import Protocol
from linkage.sha256 import Keyed, Pool, hash_into, hashes_under, under

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
        codes: by name of each feature that locks are made of, (n,) the number of each row's text, 0 = missing.
        values: by lock, the values that its masks are drawn from.
        record: (n,) record pseudonyms; what is missing is filled by them.
        keys: the agencies' keys of the epoch.
        protocol: the agreement.
    """

    filters: FilterRows = field(repr=False)
    tokens: Tokens = field(repr=False)
    codes: Mapping[str, Codes] = field(repr=False)
    values: Mapping[str, Values] = field(repr=False)
    record: NDArray[np.bytes_] = field(repr=False)
    keys: LinkageKeys
    protocol: Protocol

    @cached_property
    def layout(self) -> _Layout:
        """Which copies there are."""
        return _layout(self.protocol)


class _Layout(NamedTuple):
    """The copies of a row, and what they are made of.

    Attributes:
        plan: of the kernel.
        words: of a row, in all copies.
        locks: names, in the order of the plan.
        tokens: name, and whether all bits of it leave, of each word within that is a token's; those of filters come before.
    """

    plan: Plan
    words: int
    locks: tuple[str, ...]
    tokens: tuple[tuple[str, bool], ...]


def _layout(protocol: Protocol) -> _Layout:
    e = protocol.encoding
    copies = (*e.filter_copies, *e.token_copies)
    needed = {name for comparison in protocol.comparisons for name in comparison.needs}
    wide = [e.bits_of(copy.name) // 64 for copy in e.filter_copies]
    width = np.array([*wide, *(1 for _ in e.token_copies)], np.int64)
    hides = [copy.lock is not None for copy in e.filter_copies]
    hides += [copy.lock is not None or copy.name not in needed for copy in e.token_copies]
    names = sorted({copy.lock for copy in copies if copy.lock is not None})
    lock = np.array([names.index(copy.lock) if copy.lock is not None else len(names) for copy in copies])
    tokens = tuple(dict.fromkeys((copy.name, _is_whole(copy, e)) for copy in e.token_copies))
    source = [list(e.filters).index(copy.name) for copy in e.filter_copies]
    source += [len(e.filters) + tokens.index((copy.name, _is_whole(copy, e))) for copy in e.token_copies]
    within = np.cumsum([0, *(e.bits_of(name) // 64 for name in e.filters), *(1 for _ in tokens)])
    order, bounds = np.argsort(lock, kind="stable"), np.searchsorted(np.sort(lock), np.arange(len(names) + 2))
    filled = np.array(hides, np.bool_) & e.fill
    plan = Plan(width, np.cumsum(width) - width, np.array(source, np.int64), filled, order, bounds, within)
    return _Layout(plan, int(width.sum()), tuple(names), tokens)


def copies_of(
    features: Features, record: NDArray[np.bytes_], filters: FilterRows, tokens: Tokens, keys: LinkageKeys, protocol: Protocol
) -> Copies:
    """What is needed to make any copy of any row; arguments as of `Copies`."""
    texts = by_text(features)
    made_of = {name: protocol.encoding.tokens[name].of for name in _layout(protocol).locks}
    codes = {name: texts.coded(name).codes for names in made_of.values() for name in names}
    values = {name: values_of(texts, names) for name, names in made_of.items()}
    return Copies(filters, tokens, codes, values, record, keys, protocol)


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
    return written_out(copies_of(features, record, rows, tokens, keys, protocol), np.arange(len(record)))


def written_out(copies: Copies, rows: Rows) -> tuple[Words, Words]:
    """The filters (n, n_filters, n_words) and tokens (n, n_tokens) of these rows, in the order of the protocol's axes."""
    protocol, n = copies.protocol, len(rows)
    filters = np.empty((n, len(protocol.filters), protocol.words), np.uint64)
    tokens = np.empty((n, len(protocol.tokens)), np.uint64)
    places = [protocol.places(copy) for copy in protocol.encoding.filter_copies]
    for start, columns in in_slices(copies, rows):
        for place, words in zip(places, columns, strict=False):
            filters[start : start + len(words), place] = words.reshape(len(words), -1, protocol.words)
        for at, words in enumerate(columns[len(places) :]):
            tokens[start : start + len(words), at] = words[:, 0]
    return filters, tokens


def in_slices(copies: Copies, rows: Rows) -> Iterator[tuple[int, list[Words]]]:
    """The rows' copies some thousand rows at a time: where the slice begins, and (n_slice, n_words) of each copy.

    Copies stand in the order of the protocol's axes, those of filters before those of tokens. They are to be used before
    the next ones are asked for, which take their place in memory.
    """
    plan, n_words = copies.layout.plan, copies.layout.words
    together = min(len(rows), _SLICE * _SLICES)
    memory = np.empty(together * n_words, np.uint64)
    masks = [under(lock_key(copies.keys, name)) for name in copies.layout.locks]
    fill = under(fill_key(copies.keys))
    for begin in range(0, len(rows), max(together, 1)):
        several = rows[begin : begin + together]
        words = memory[: len(several) * n_words]

        def lay(start: int, stop: int) -> None:
            within = _within(copies, several[start:stop], masks, fill)  # noqa: B023
            lay_copies(plan, within, start, len(several), words)  # noqa: B023

        over_slices(lay, len(several), _SLICE)
        places = zip((len(several) * plan.before).tolist(), plan.width.tolist(), strict=True)
        yield begin, [words[at : at + len(several) * width].reshape(-1, width) for at, width in places]


def _within(copies: Copies, rows: Rows, masks: list[Keyed], fill: Keyed) -> Within:
    """What the copies of these rows are made of, and what they are masked and filled with."""
    ends, encoding = copies.layout.plan.within * len(rows), copies.protocol.encoding
    words = np.empty(ends[-1], np.uint64)
    for at, name in enumerate(encoding.filters):
        words[ends[at] : ends[at + 1]] = copies.filters[name](rows).ravel()
    tokens = {name: copies.tokens[name][rows] for name in {*copies.layout.locks, *(name for name, _ in copies.layout.tokens)}}
    for at, (name, whole) in enumerate(copies.layout.tokens, len(encoding.filters)):
        token = tokens[name]
        words[ends[at] : ends[at + 1]] = token if whole else np.where(token == 0, 0, np.maximum(token & _LOWER_HALF, 1))
    opened = np.zeros((len(masks), len(rows)), np.bool_)
    for at, name in enumerate(copies.layout.locks):
        opened[at] = tokens[name] != 0
    return Within(words, opened, _seeds(copies, rows, masks, opened), _fill_seeds(fill, copies.record[rows]))


def _is_whole(copy: Copy, e: Encoding) -> bool:
    """Whether all of a token's bits leave; else only the lower half of them, the upper half zero.

    Where the lock is shared, equal upper halves then say that both records have a value, and equal halves that it is the
    same: missing is not mistaken for different. Under a hidden lock they would show who shares it: there all bits are kept.
    """
    return copy.lock is None or e.tokens[copy.lock].hidden


def _seeds(copies: Copies, rows: Rows, masks: list[Keyed], opened: NDArray[np.bool_]) -> Words:
    """(n_opened, 4) uint64, lock by lock: HMAC-SHA256 of the lock's values, from which SHAKE-256 draws the mask.

    The key is not that of the lock's domain: two locks of one domain may have one value in one record.
    """
    codes = {name: column[rows] for name, column in copies.codes.items()}
    digests, begin = np.empty((np.count_nonzero(opened), 8), np.uint32), 0
    for name, mask, has_it in zip(copies.layout.locks, masks, opened, strict=True):
        columns = tuple(codes[feature] for feature in copies.protocol.encoding.tokens[name].of)
        values, some = copies.values[name]._replace(columns=columns), np.flatnonzero(has_it)
        hash_into(digests[begin : begin + len(some)], mask, values.pool, values.rows(some))
        begin += len(some)
    return _as_seeds(digests)


def _fill_seeds(key: Keyed, record: NDArray[np.bytes_]) -> Words:
    """(n_rows, 4) uint64: HMAC-SHA256 of the record pseudonyms, from which SHAKE-256 draws what fills the gaps."""
    flat, size = np.ascontiguousarray(record).view(np.uint8), record.dtype.itemsize
    pool = Pool(flat, np.arange(0, len(flat) + 1, size), size)
    return _as_seeds(hashes_under(key, pool, np.arange(len(record))[:, None]))


def _as_seeds(digests: NDArray[np.uint32]) -> Words:
    """(n, 4) uint64: the bytes of digests as little-endian words."""
    return digests.astype(">u4", copy=False).view("<u8").astype(np.uint64, copy=False)
