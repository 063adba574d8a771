"""Keyed tokens: exact equality of one or several features, and nothing else, made visible to the unit.

A token is the first 64 bits of an HMAC-SHA256 under a key of its own domain; the value 0 is kept for *missing*, and a
token is missing where any of its features is. Two tokens of different domains never match, however equal their texts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from comparators import over_slices
from linkage.agency.keys import LinkageKeys, block_key
from linkage.agency.normalise import Features
from linkage.agency.texts import Texts, by_text, values_of
from linkage.bundle.format import length_prefixed
from linkage.encoding import Token
from linkage.protocol import Protocol
from linkage.sha256 import hashes_under, under

Tokens = Mapping[str, NDArray[np.uint64]]
_TOP, _ROWS = 2**64, 1 << 12


def encode_tokens(features: Features, keys: LinkageKeys, protocol: Protocol) -> Tokens:
    """Each token of the protocol by name, hidden ones included, (n,) uint64, 0 = missing."""
    texts = by_text(features)
    return {name: _column(texts, token, block_key(keys, token.domain or name)) for name, token in protocol.encoding.tokens.items()}


def _column(texts: Texts, token: Token, key: bytes) -> NDArray[np.uint64]:
    """Of one feature each distinct text is hashed once; of several each row's, as few rows have all of them in common."""
    values, keyed = values_of(texts, token.of), under(key)
    if len(token.of) == 1:
        of_texts = np.zeros(len(values.pool.start) - 1, np.uint64)
        of_texts[1:] = _shortened(hashes_under(keyed, values.pool, np.arange(1, len(of_texts))[:, None]))
        return of_texts[values.columns[0]]
    rows = np.flatnonzero(values.present())
    out = np.zeros(len(values.columns[0]), np.uint64)

    def fill_in(start: int, stop: int) -> None:
        some = rows[start:stop]
        out[some] = _shortened(hashes_under(keyed, values.pool, values.rows(some)))

    over_slices(fill_in, len(rows), _ROWS)
    return out


def _shortened(digests: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """(n,) uint64: the first 64 bits of each digest, never 0."""
    words = digests[:, :2].astype(np.uint64)
    joined = (words[:, 0] << np.uint64(32)) | words[:, 1]
    return np.where(joined == 0, np.uint64(_TOP - 1), joined)


def hashed(key: bytes, values: tuple[str, ...]) -> int:
    """64 bits of HMAC-SHA256 over the length-prefixed values of one record, never 0."""
    digest = hmac.digest(key, length_prefixed(*values), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") or _TOP - 1
