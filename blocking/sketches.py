"""Which sketch the exact join looks through first: how many words are left of a filter, and how many of them in pairs.

A short sketch costs little on every pair of filters and lets strangers through, each of whom then costs a full count; how
many depends on the data and the threshold. So a few thousand pairs are drawn, and the sketch is taken whose cost on
these, counted in instructions, is least. The clock is not asked: the choice is the same on every machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from blocking.scan import LANES, Rule
from comparators import popcount

_ALL_UP_TO = 16
_LONGER = (20, 24, 28, 32, 40, 48, 56, 64)
_DRAWN = 4096
_LEAST_DRAWN = 64
_PAIRS_PER_DRAWN = 1 << 15
_FULL_COUNT = 200  # vector instructions in whose time one pair that was let through is counted in full


class Sketch(NamedTuple):
    """Words left of a filter, of which the first 2 · `laid` are counted in pairs."""

    words: int
    laid: int

    @property
    def instructions(self) -> int:
        """Vector instructions for eight pairs of filters: XOR, count and add of each word; two words laid together save two."""
        return 3 * self.words - 2 * self.laid + 1


def sizes_of(n_words: int) -> tuple[int, ...]:
    """Every number of words to which filters of so many are folded; the last is all of them."""
    return (*(size for size in (*range(1, _ALL_UP_TO + 1), *_LONGER) if size < n_words), n_words)


def choose(one: NDArray[np.uint64], other: NDArray[np.uint64], rule: Rule) -> Sketch:
    """The sketch that costs least on drawn pairs; a middling one where there is little to do and nothing worth a draw.

    Args:
        one: (n, n_words) uint64, none missing.
        other: (n_other, n_words) uint64, none missing.
        rule: which pairs are alike.
    """
    drawn = min(_DRAWN, len(one) * len(other) // _PAIRS_PER_DRAWN)
    if drawn < _LEAST_DRAWN:
        middling = min(one.shape[1], _ALL_UP_TO // 2)
        return Sketch(middling, middling // 2)
    generator = np.random.Generator(np.random.PCG64(0))
    left, right = generator.integers(len(one), size=drawn), generator.integers(len(other), size=drawn)
    sizes = sizes_of(one.shape[1])
    passed = _passed(one[left], other[right], rule, np.array(sizes)).tolist()
    costs = {
        sketch: sketch.instructions * drawn + LANES * _FULL_COUNT * let_through
        for size, both in zip(sizes, passed, strict=True)
        for sketch, let_through in zip((Sketch(size, 0), Sketch(size, size // 2)), both, strict=True)
    }
    return min(costs, key=costs.__getitem__)


def folded(filters: NDArray[np.uint64], words: int) -> NDArray[np.uint64]:
    """(n, words) uint64: word w is the XOR of the words w, w + words, w + 2 · words … of each filter (n, n_words)."""
    return filters if words == filters.shape[1] else _folded(filters, words)


@njit(nogil=True, cache=True)
def _folded(filters: NDArray[np.uint64], words: int) -> NDArray[np.uint64]:
    out = np.zeros((len(filters), words), np.uint64)
    for row in range(len(filters)):
        for word in range(filters.shape[1]):
            out[row, word % words] ^= filters[row, word]
    return out


@njit(nogil=True, cache=True)
def _passed(one: NDArray[np.uint64], other: NDArray[np.uint64], rule: Rule, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n_sizes, 2) int64 how many of the pairs one[k], other[k] pass a sketch of each size: word by word, and laid in pairs."""
    passed = np.zeros((len(sizes), 2), np.int64)
    words = one.shape[1]
    differ, left = np.empty(words, np.uint64), np.empty(words, np.uint64)
    for pair in range(len(one)):
        ones = 0
        for word in range(words):
            differ[word] = one[pair, word] ^ other[pair, word]
            ones += popcount(one[pair, word]) + popcount(other[pair, word])
        allowed = (rule.slope * ones + rule.fixed) // rule.scale
        for place in range(len(sizes)):
            apart, laid = _bounds(differ, left, sizes[place])
            passed[place, 0] += apart <= allowed
            passed[place, 1] += laid <= allowed
    return passed


@njit(nogil=True, cache=True)
def _bounds(differ: NDArray[np.uint64], left: NDArray[np.uint64], size: int) -> tuple[int, int]:
    """Lower bounds of the number of ones of a difference from its `size` words `left`, word by word and laid in pairs."""
    apart, laid = 0, 0
    for word in range(size):
        left[word] = differ[word]
    for word in range(size, len(differ)):
        left[word % size] ^= differ[word]
    for word in range(size):
        apart += popcount(left[word])
    for word in range(0, size - 1, 2):
        laid += popcount(left[word] | left[word + 1])
    if size % 2:
        laid += popcount(left[size - 1])
    return apart, laid
