"""Slow twins: the same answers in numpy or plain Python, as somebody would write them who wants only to be right."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from linkage.agency.diffusion import index_sets
from linkage.agency.encode import gram_positions, grams_of
from linkage.agency.keys import LinkageKeys, block_key, diffuse_key, field_key
from linkage.agency.normalise import Features
from linkage.agency.tokens import hashed
from linkage.encoding import Filter, FilterPart
from linkage.protocol import Protocol

_ROWS_AT_A_TIME = 64


def dice_join(filters: NDArray[np.uint64], permille: int) -> list[tuple[int, int]]:
    """Pairs of rows with a Dice coefficient of at least the threshold, by numpy's popcount over all pairs."""
    return [(left, right) for left, right in dice_join_between(filters, filters, permille) if left < right]


def dice_join_between(one: NDArray[np.uint64], other: NDArray[np.uint64], permille: int) -> list[tuple[int, int]]:
    """Likewise for a row of one list and a row of another."""
    mine, theirs = (np.bitwise_count(filters).sum(axis=1, dtype=np.int64) for filters in (one, other))
    found: list[tuple[int, int]] = []
    for start in range(0, len(one), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        shared = np.bitwise_count(one[part, None, :] & other[None, :, :]).sum(axis=2, dtype=np.int64)
        alike = 2000 * shared >= permille * (mine[part, None] + theirs[None, :])
        alike &= (mine[part, None] > 0) & (theirs[None, :] > 0)
        left, right = np.nonzero(alike)
        found += zip((left + start).tolist(), right.tolist(), strict=True)
    return found


def dice_permille(filters: NDArray[np.uint64], left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n_pairs,) Dice in permille, −1 = missing."""
    ones = np.bitwise_count(filters).sum(axis=1, dtype=np.int64)
    shared = np.bitwise_count(filters[left] & filters[right]).sum(axis=1, dtype=np.int64)
    both = ones[left] + ones[right]
    missing = (ones[left] == 0) | (ones[right] == 0)
    return np.where(missing, -1, 2000 * shared // np.maximum(both, 1))


def token_join(tokens: NDArray[np.uint64], max_block: int) -> list[tuple[int, int]]:
    """Pairs of rows that share a token, from a dictionary of blocks."""
    blocks: dict[int, list[int]] = defaultdict(list)
    for row, token in enumerate(tokens.tolist()):
        if token:
            blocks[token].append(row)
    return sorted(pair for rows in blocks.values() if len(rows) <= max_block for pair in itertools.combinations(rows, 2))


def encode_filters(known: Features, keys: LinkageKeys, protocol: Protocol) -> dict[str, NDArray[np.uint64]]:
    """By name, (n, n_words): every gram of every row hashed anew, every parity counted."""
    return {name: _filters(known, keys, protocol, name, spec) for name, spec in protocol.encoding.filters.items()}


def _filters(known: Features, keys: LinkageKeys, protocol: Protocol, name: str, spec: Filter) -> NDArray[np.uint64]:
    inner_bits = spec.inner_bits or protocol.encoding.bits_of(name)
    out = np.zeros((len(known["sex"]), protocol.encoding.bits_of(name) // 64), np.uint64)
    sets = (
        index_sets(diffuse_key(keys), name, inner_bits, spec.diffusion, protocol.encoding.bits_of(name)) if spec.diffusion else None
    )
    for row in range(len(out)):
        places = {place for part in spec.parts for place in _places(known[part.of][row], part, keys, protocol, name, inner_bits)}
        if sets is not None:
            places = {bit for bit, one in enumerate(sets.tolist()) if sum(place in places for place in one) % 2}
        for place in places:
            out[row, place >> 6] |= np.uint64(1 << (place & 63))
    return out


def _places(value: str, part: FilterPart, keys: LinkageKeys, protocol: Protocol, name: str, bits: int) -> Iterator[int]:
    domain = part.domain or name
    key = field_key(keys, domain, protocol.encoding.scheme)
    grams = grams_of(value, part.grams)
    for gram in grams:
        each = max(1, round(part.positions / len(grams))) if part.shared else part.positions
        yield from gram_positions(key, domain, gram, each, bits)


def encode_tokens(known: Features, keys: LinkageKeys, protocol: Protocol) -> dict[str, NDArray[np.uint64]]:
    """By name, (n,): every token of every row hashed anew."""
    out = {}
    for name, token in protocol.encoding.tokens.items():
        key = block_key(keys, token.domain or name)
        rows = zip(*(known[feature] for feature in token.of), strict=True)
        out[name] = np.array([0 if "" in values else hashed(key, values) for values in rows], np.uint64)
    return out
