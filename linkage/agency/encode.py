"""Keyed Bloom filters by table look-up: each distinct gram is hashed once, each distinct value is ORed once.

A gram sets `positions` bits at HMAC-SHA256(key of the domain, gram, i), so that without the key no bit says anything,
and with it no two bits of a gram are related (no double hashing). A value without text has an all-zero filter, the
mark for *missing*.
Source: Schnell, Bachteler & Reiher 2009 (doi:10.1186/1472-6947-9-41) for q-gram filters; security reference, section
3.2, for the positions.
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

from linkage.agency.dates import distinct
from linkage.agency.keys import LinkageKeys, field_key
from linkage.agency.normalise import Features
from linkage.bundle.format import length_prefixed
from linkage.protocol import Filter, Protocol

_CHUNK = 1 << 16


def encode_filters(features: Features, keys: LinkageKeys, protocol: Protocol) -> NDArray[np.uint64]:
    """(n, n_filters, n_words) uint64 in the protocol's order of filters, an all-zero filter = missing."""
    columns = [_column(features, name, protocol.encoding.filters[name], keys, protocol) for name in protocol.filters]
    return np.stack(columns, axis=1) if columns else np.zeros((len(features["sex"]), 0, protocol.words), np.uint64)


def _column(features: Features, name: str, spec: Filter, keys: LinkageKeys, protocol: Protocol) -> NDArray[np.uint64]:
    domain = spec.domain or name
    key = field_key(keys, domain, protocol.encoding.scheme)
    codes, values = distinct(features[spec.of])
    grams = [grams_of(value, spec.grams) for value in values]
    alphabet = sorted({gram for one in grams for gram in one})
    table = mask_table(alphabet, key, domain, spec.positions, protocol.encoding.bits)
    row_of = {gram: row for row, gram in enumerate(alphabet)}
    filters = _or_rows(table, [[row_of[gram] for gram in one] for one in grams])
    return filters[codes]


def grams_of(value: str, kind: str) -> tuple[str, ...]:
    """The distinct grams of a value: padded `bigrams`, or `digits` each with its place; none of an empty value."""
    if not value:
        return ()
    if kind == "digits":
        return tuple(f"{place}:{digit}" for place, digit in enumerate(value) if digit.isdigit())
    padded = f" {value} "
    return tuple(sorted({padded[start : start + 2] for start in range(len(padded) - 1)}))


def mask_table(alphabet: list[str], key: bytes, domain: str, positions: int, bits: int) -> NDArray[np.uint64]:
    """(n_grams, n_words) uint64: for each gram, the filter of that gram alone."""
    table = np.zeros((len(alphabet), bits // 64), dtype=np.uint64)
    for row, gram in enumerate(alphabet):
        for place in gram_positions(key, domain, gram, positions, bits):
            table[row, place >> 6] |= np.uint64(1 << (place & 63))
    return table


def gram_positions(key: bytes, domain: str, gram: str, positions: int, bits: int) -> list[int]:
    """Keyed bit positions of a gram: HMAC-SHA256 mod `bits`, by rejection sampling of 32-bit words.

    Source: security reference, section 3.2: HMAC(k_field, lp(field) ‖ lp(qgram) ‖ u32(i)) mod L.
    """
    prefix = length_prefixed(domain, gram)
    limit = (1 << 32) - (1 << 32) % bits
    out: list[int] = []
    for place in range(positions):
        words = np.frombuffer(hmac.digest(key, prefix + place.to_bytes(4, "big"), hashlib.sha256), ">u4")
        out.append(int(words[words < limit][0]) % bits)
    return out


def _or_rows(table: NDArray[np.uint64], rows: list[list[int]]) -> NDArray[np.uint64]:
    """(n_values, n_words): the OR of the table's rows named for each value; zero where none is named."""
    out = np.zeros((len(rows), table.shape[1]), dtype=np.uint64)
    filled = [index for index, one in enumerate(rows) if one]
    for start in range(0, len(filled), _CHUNK):
        part = filled[start : start + _CHUNK]
        sizes = np.array([len(rows[index]) for index in part])
        flat = np.concatenate([rows[index] for index in part])
        out[part] = np.bitwise_or.reduceat(table[flat], np.concatenate(([0], np.cumsum(sizes)[:-1])), axis=0)
    return out
