"""Keyed Bloom filters by table look-up: each distinct gram is hashed once, each distinct value is ORed once.

A gram sets `positions` bits at HMAC-SHA256(key of the domain, gram, i), so that without the key no bit says anything,
and with it no two bits of a gram are related (no double hashing). A value without text has an all-zero filter, the
mark for *missing*.
Source: Schnell, Bachteler & Reiher 2009 (doi:10.1186/1472-6947-9-41) for q-gram filters; security reference, section
3.2, for the positions.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.agency.dates import distinct
from linkage.agency.diffusion import diffuse
from linkage.agency.keys import LinkageKeys, field_key, keyed_hash, uniform
from linkage.agency.normalise import Features
from linkage.bundle.format import length_prefixed, u32
from linkage.encoding import Filter, FilterPart, Grams
from linkage.protocol import Protocol

Filters = Mapping[str, NDArray[np.uint64]]
_CHUNK = 1 << 16


def encode_filters(features: Features, keys: LinkageKeys, protocol: Protocol) -> Filters:
    """Each filter of the protocol by name, (n, n_words) uint64, diffused where it says so; an all-zero filter = missing."""
    return {name: _filter(features, name, spec, keys, protocol) for name, spec in protocol.encoding.filters.items()}


def _filter(features: Features, name: str, spec: Filter, keys: LinkageKeys, protocol: Protocol) -> NDArray[np.uint64]:
    bits = spec.inner_bits or protocol.encoding.bits_of(name)
    keyed = _Keyed(keys, protocol.encoding.scheme, bits)
    columns = (_part(features, part, part.domain or name, keyed) for part in spec.parts)
    combined = functools.reduce(np.bitwise_or, columns)
    return diffuse(combined, keys, name, spec.diffusion, protocol.encoding.bits_of(name)) if spec.diffusion else combined


class _Keyed(NamedTuple):
    """What the positions of a gram hang on besides its domain and text."""

    keys: LinkageKeys
    scheme: str
    bits: int


def _part(features: Features, part: FilterPart, domain: str, keyed: _Keyed) -> NDArray[np.uint64]:
    """(n, n_words): the filter of one feature's grams, worked out once for each distinct value."""
    key = field_key(keyed.keys, domain, keyed.scheme)
    codes, values = distinct(features[part.of])
    grams = [grams_of(value, part.grams) for value in values]
    wanted = [[(gram, _positions(part, len(one))) for gram in one] for one in grams]
    alphabet = sorted({entry for one in wanted for entry in one})
    table = mask_table(alphabet, key, domain, keyed.bits)
    row_of = {entry: row for row, entry in enumerate(alphabet)}
    return _or_rows(table, [[row_of[entry] for entry in one] for one in wanted])[codes]


def _positions(part: FilterPart, n_grams: int) -> int:
    """Positions per gram of a value with so many grams."""
    return max(1, round(part.positions / n_grams)) if part.shared else part.positions


def grams_of(value: str, kind: Grams) -> tuple[str, ...]:
    """The distinct grams of a value, none of an empty one; see `linkage.encoding.FilterPart` for the kinds."""
    if not value:
        return ()
    if kind == "value":
        return (f"={value}",)
    if kind == "years":
        return tuple(f"{int(value) + step}" for step in (-1, 0, 1))
    if kind == "digits":
        return tuple(f"{place}:{digit}" for place, digit in enumerate(value) if digit.isdigit())
    padded = f" {value} "
    return tuple(sorted({padded[start : start + 2] for start in range(len(padded) - 1)}))


def mask_table(alphabet: list[tuple[str, int]], key: bytes, domain: str, bits: int) -> NDArray[np.uint64]:
    """(n_entries, n_words) uint64: for each gram and number of positions, the filter of that gram alone."""
    most = dict(sorted(alphabet))  # the last of a gram asks for the most
    places = {gram: gram_positions(key, domain, gram, positions, bits) for gram, positions in most.items()}
    table = np.zeros((len(alphabet), bits // 64), dtype=np.uint64)
    for row, (gram, positions) in enumerate(alphabet):
        at = np.array(places[gram][:positions])
        np.bitwise_or.at(table[row], at >> 6, np.left_shift(np.uint64(1), (at & 63).astype(np.uint64)))
    return table


def gram_positions(key: bytes, domain: str, gram: str, positions: int, bits: int) -> list[int]:
    """Keyed bit positions of a gram: HMAC-SHA256 mod `bits`, by rejection sampling of 32-bit words.

    Source: security reference, section 3.2: HMAC(k_field, lp(field) ‖ lp(qgram) ‖ u32(i)) mod L.
    """
    prefix = length_prefixed(domain, gram)
    keyed = keyed_hash(key)
    return [int(uniform(keyed(prefix + u32(place)), bits)[0]) for place in range(positions)]


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
