"""A list's features by their distinct texts: what is hashed or compared is worked out once for each text, not for each row."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.agency.cells import Codes, Column, Columns, Text
from linkage.sha256 import AHEAD, Pool

_LENGTH = 4  # bytes of a length before each text


class Texts(Mapping[str, Text]):
    """A list's features by name, as `cells.Columns` has columns, and their texts as they are hashed."""

    def __init__(self, features: Mapping[str, Text | Column | Callable[[], Column]]) -> None:
        """Take features as columns are taken."""
        self._columns = Columns(features)
        self._pools: dict[str, Pool] = {}

    def __getitem__(self, name: str) -> Text:
        """(n,) object array of text."""
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._columns)

    def __len__(self) -> int:
        """Number of features."""
        return len(self._columns)

    def coded(self, name: str) -> Column:
        """The number of each row's text, 0 = missing, and the texts by number."""
        return self._columns.coded(name)

    def pool(self, name: str) -> Pool:
        """The texts by number, each behind its length, as they are hashed."""
        if name not in self._pools:
            self._pools[name] = length_prefixed_pool(self.coded(name).texts)
        return self._pools[name]


def by_text(features: Mapping[str, Text]) -> Texts:
    """The features, if they are not so already."""
    return features if isinstance(features, Texts) else Texts(features)


class Values(NamedTuple):
    """The values of one or several features together, as they are hashed: each text behind its length.

    Attributes:
        pool: the texts of all of them.
        columns: for each feature, (n,) numbers of texts, 0 = missing.
        first: for each feature, the number in the pool of its text 0.
    """

    pool: Pool
    columns: tuple[Codes, ...]
    first: tuple[int, ...]

    def present(self) -> NDArray[np.bool_]:
        """(n,) bool: none of the features is missing."""
        return np.asarray(np.logical_and.reduce([codes > 0 for codes in self.columns]))

    def rows(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n_rows, n_features) int64: the numbers in the pool of these rows' texts."""
        out = np.empty((len(at), len(self.columns)), np.int64)
        for place, (codes, first) in enumerate(zip(self.columns, self.first, strict=True)):
            np.add(codes[at], np.int64(first), out=out[:, place])
        return out


def values_of(texts: Texts, names: Sequence[str]) -> Values:
    """The values of these features together."""
    pools = [texts.pool(name) for name in names]
    first = np.cumsum([0, *(len(pool.start) - 1 for pool in pools)])
    begin = np.cumsum([0, *(len(pool.flat) for pool in pools)])
    starts = [pool.start[:-1] + at for pool, at in zip(pools, begin, strict=False)]
    flat, longest = np.concatenate([*(pool.flat for pool in pools), np.zeros(AHEAD, np.uint8)]), max(pool.longest for pool in pools)
    pool = Pool(flat, np.concatenate([*starts, begin[-1:]]), longest)
    return Values(pool, tuple(texts.coded(name).codes for name in names), tuple(first[:-1].tolist()))


def length_prefixed_pool(texts: Sequence[str]) -> Pool:
    """Each text as `bundle.format.length_prefixed` writes it."""
    composed = texts if all(map(str.isascii, texts)) else [unicodedata.normalize("NFC", text) for text in texts]
    array = pa.array(composed, pa.large_utf8())
    ends = np.frombuffer(array.buffers()[1], np.int64, len(array) + 1)
    start = ends + _LENGTH * np.arange(len(ends))
    flat = np.empty(start[-1], np.uint8)
    lengths = (start[:-1, None] + np.arange(_LENGTH)).ravel()
    flat[lengths] = np.diff(ends).astype(">u4").view(np.uint8)
    is_text = np.ones(len(flat), np.bool_)
    is_text[lengths] = False
    flat[is_text] = np.frombuffer(array.buffers()[2] or b"", np.uint8, int(ends[-1]))
    return Pool(flat, start, int(np.diff(start).max(initial=0)))
