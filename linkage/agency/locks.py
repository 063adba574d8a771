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

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from linkage.agency.encode import Filters
from linkage.agency.keys import LinkageKeys, fill_key, keyed_hash, lock_key
from linkage.agency.normalise import Features
from linkage.agency.tokens import Texts, Tokens, distinct_values
from linkage.encoding import Copy, Encoding
from linkage.protocol import Protocol

Words = NDArray[np.uint64]
_LOWER_HALF = np.uint64(0xFFFF_FFFF)


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
    e = protocol.encoding
    n = len(record)
    texts = Texts(features)
    out = {copy.label: filters[copy.name] for copy in e.filter_copies}
    out |= {f"token {copy.label}": _under_lock(tokens[copy.name], copy, e)[:, None] for copy in e.token_copies}
    for name in sorted({name for _, spec in e.specs for name in spec.locks}):
        widths = dict(_widths(e, name))
        masks = _masks(texts, name, e, keys, sum(widths.values()))
        closed = tokens[name] == 0
        for label, mask in _slices(masks, widths):
            out[label] = np.where((closed | ~out[label].any(axis=1))[:, None], 0, out[label] ^ mask).astype(np.uint64)
    if e.fill:
        _fill(out, record, keys, _filled(protocol))
    axis = [out[copy.label] for copy in e.filter_copies]
    of_tokens = [out[f"token {copy.label}"] for copy in e.token_copies]
    none = np.zeros((n, 0), np.uint64)
    joined = np.concatenate([none, *axis], axis=1).reshape(n, len(protocol.filters), protocol.words)
    return joined, np.concatenate([none, *of_tokens], axis=1)


def _under_lock(token: NDArray[np.uint64], copy: Copy, e: Encoding) -> NDArray[np.uint64]:
    """What a mask is laid over: the lower half of a token's bits, the upper half zero; 0 = missing.

    Where the lock is shared, equal upper halves then say that both records have a value, and equal halves that it is the
    same: missing is not mistaken for different. Under a hidden lock they would show who shares it: there all bits are kept.
    """
    if copy.lock is None or e.tokens[copy.lock].hidden:
        return token
    return np.where(token == 0, 0, np.maximum(token & _LOWER_HALF, 1)).astype(np.uint64)


def _widths(e: Encoding, name: str) -> Iterator[tuple[str, int]]:
    """Label and words of each copy under a lock."""
    yield from ((copy.label, e.bits_of(copy.name) // 64) for copy in e.filter_copies if copy.lock == name)
    yield from ((f"token {copy.label}", 1) for copy in e.token_copies if copy.lock == name)


def _masks(texts: Texts, name: str, e: Encoding, keys: LinkageKeys, words: int) -> Words:
    """(n, words): SHAKE-256 of the HMAC-SHA256 of the lock's values, worked out once for each distinct value."""
    keyed = keyed_hash(lock_key(keys, name))  # not its domain: two locks of one domain may have one value in one record
    index, messages = distinct_values(texts, e.tokens[name].of)
    return _expanded([*map(keyed, messages), b""], words)[index]  # a record without the lock has no use for its mask


def _expanded(seeds: Iterable[bytes], words: int) -> Words:
    """(n_seeds, words): the keystream of each seed.

    Source: SHAKE-256, FIPS 202.
    """
    streams = [hashlib.shake_256(seed).digest(8 * words) for seed in seeds]
    return np.frombuffer(b"".join(streams), "<u8").astype(np.uint64).reshape(len(streams), words)


def _slices(masks: Words, widths: Mapping[str, int]) -> Iterator[tuple[str, Words]]:
    """The mask's columns, dealt out in order."""
    start = 0
    for label, width in widths.items():
        yield label, masks[:, start : start + width]
        start += width


def _filled(protocol: Protocol) -> tuple[str, ...]:
    """Labels of the copies whose gaps are filled: all locked ones, and open tokens that no comparison needs."""
    e = protocol.encoding
    needed = {name for comparison in protocol.comparisons for name in comparison.needs}

    def hides(copy: Copy) -> bool:
        return copy.lock is not None or copy.name not in needed

    filters = (copy.label for copy in e.filter_copies if copy.lock)
    return (*filters, *(f"token {copy.label}" for copy in e.token_copies if hides(copy)))


def _fill(out: dict[str, Words], record: NDArray[np.bytes_], keys: LinkageKeys, labels: tuple[str, ...]) -> None:
    """Put a string of its own where a copy is missing: the record's keystream, as much of it as it lacks."""
    missing = {label: np.all(out[label] == 0, axis=1) for label in labels}
    start = np.zeros(len(record), np.int64)
    places = {}
    for label, gaps in missing.items():
        places[label] = start[gaps]
        start[gaps] += out[label].shape[1]
    keyed = keyed_hash(fill_key(keys))
    lengths = zip(record.tolist(), start.tolist(), strict=True)
    streams = [hashlib.shake_256(keyed(name)).digest(8 * words) for name, words in lengths]
    stream = np.frombuffer(b"".join(streams), "<u8").astype(np.uint64)
    begin = np.cumsum(start) - start
    for label, gaps in missing.items():
        at = begin[gaps] + places[label]
        filled = out[label].copy()
        filled[gaps] = stream[at[:, None] + np.arange(filled.shape[1])]
        out[label] = filled
