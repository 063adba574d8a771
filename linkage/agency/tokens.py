"""Keyed tokens: exact equality of one or several features, and nothing else, made visible to the unit.

A token is the first 64 bits of an HMAC-SHA256 under a key of its own domain; the value 0 is kept for *missing*, and a
token is missing where any of its features is. Two tokens of different domains never match, however equal their texts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from linkage.agency.dates import distinct
from linkage.agency.keys import LinkageKeys, block_key, keyed_hash
from linkage.agency.normalise import Features
from linkage.bundle.format import length_prefixed
from linkage.encoding import Token
from linkage.protocol import Protocol

Tokens = Mapping[str, NDArray[np.uint64]]
_TOP = 2**64


class Texts:
    """Features with each distinct text worked out once: for everything that hashes many combinations of few features."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._known: dict[str, tuple[NDArray[np.int64], list[bytes]]] = {}

    def coded(self, name: str) -> tuple[NDArray[np.int64], list[bytes]]:
        """The number of each row's text, (n,) int64, 0 = missing, and the length-prefixed texts by number."""
        if name not in self._known:
            index, texts = distinct(self._features[name])
            there = np.array([bool(text) for text in texts], np.int64)
            numbers = np.cumsum(there) * there
            self._known[name] = numbers[index], [b"", *(length_prefixed(text) for text in texts if text)]
        return self._known[name]


def encode_tokens(features: Features, keys: LinkageKeys, protocol: Protocol) -> Tokens:
    """Each token of the protocol by name, hidden ones included, (n,) uint64, 0 = missing."""
    texts = Texts(features)
    return {name: _column(texts, name, token, keys) for name, token in protocol.encoding.tokens.items()}


def _column(texts: Texts, name: str, token: Token, keys: LinkageKeys) -> NDArray[np.uint64]:
    keyed = keyed_hash(block_key(keys, token.domain or name))
    index, messages = distinct_values(texts, token.of)
    values = np.array([*map(_shortened, map(keyed, messages)), 0], np.uint64)
    return values[index]


def distinct_values(texts: Texts, names: Sequence[str]) -> tuple[NDArray[np.int64], list[bytes]]:
    """The distinct values of one or several features together, length-prefixed, and where each row's stands among them.

    Returns:
        index: (n,) int64, −1 where any of the features is missing.
        messages: each value once.
    """
    several = [texts.coded(name) for name in names]
    present = np.logical_and.reduce([codes > 0 for codes, _ in several])
    rows = np.flatnonzero(present)
    number = np.zeros(len(rows), np.int64)
    for codes, encoded in several:  # numbers are brought together again before they could grow too large
        number = np.unique(number * len(encoded) + codes[rows], return_inverse=True)[1]
    _, first = np.unique(number, return_index=True)
    index = np.full(len(present), -1, np.int64)
    index[rows] = number
    parts = [[encoded[code] for code in codes[rows[first]].tolist()] for codes, encoded in several]
    return index, [b"".join(one) for one in zip(*parts, strict=True)]


def hashed(key: bytes, values: tuple[str, ...]) -> int:
    """64 bits of HMAC-SHA256 over the length-prefixed values, never 0."""
    return _shortened(hmac.digest(key, length_prefixed(*values), hashlib.sha256))


def _shortened(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big") or _TOP - 1
