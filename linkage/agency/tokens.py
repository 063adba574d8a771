"""Keyed tokens: exact equality of one or several features, and nothing else, made visible to the unit.

A token is the first 64 bits of an HMAC-SHA256 under a key of its own domain; the value 0 is kept for *missing*, and a
token is missing where any of its features is. Two tokens of different domains never match, however equal their texts.
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

from linkage.agency.keys import LinkageKeys, block_key
from linkage.agency.normalise import Features
from linkage.bundle.format import length_prefixed
from linkage.protocol import Protocol, Token

_TOP = 2**64


def encode_tokens(features: Features, keys: LinkageKeys, protocol: Protocol) -> NDArray[np.uint64]:
    """(n, n_tokens) uint64 in the protocol's order of tokens, 0 = missing."""
    columns = [_column(features, name, protocol.encoding.tokens[name], keys) for name in protocol.tokens]
    return np.column_stack(columns).astype(np.uint64)


def _column(features: Features, name: str, token: Token, keys: LinkageKeys) -> NDArray[np.uint64]:
    key = block_key(keys, token.domain or name)
    parts = [features[feature] for feature in token.of]
    known: dict[tuple[str, ...], int] = {}
    out = np.zeros(len(parts[0]), dtype=np.uint64)
    for row, values in enumerate(zip(*parts, strict=True)):
        if "" in values:
            continue
        if values not in known:
            known[values] = hashed(key, values)
        out[row] = known[values]
    return out


def hashed(key: bytes, values: tuple[str, ...]) -> int:
    """64 bits of HMAC-SHA256 over the length-prefixed values, never 0."""
    mac = hmac.digest(key, length_prefixed(*values), hashlib.sha256)
    return int.from_bytes(mac[:8], "big") or _TOP - 1
