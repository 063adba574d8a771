"""Agreement patterns: the levels of one pair over all comparisons, and how often each pattern comes.

There are few patterns and many pairs, so whatever depends on levels only is worked out once for each pattern. A pattern is
also a number, its code, and codes are counted without sorting the pairs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators.threads import over_slices, read_only

NOT_OBSERVED = -1
_MOST_CODES = 1 << 63
_PAIRS = 1 << 16
_NO_BITS = np.empty(0, np.uint64)


def equal_rows(tokens: NDArray[np.uint64], left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n_found,) int64, rising: the pairs whose tokens are equal and not missing.

    Args:
        tokens: (n,) uint64; 0 = missing.
        left: (n_pairs,) records.
        right: (n_pairs,) records.
    """
    found = over_slices(lambda start, stop: start + _equal_rows(tokens, left[start:stop], right[start:stop]), len(left), _PAIRS)
    return np.concatenate([np.empty(0, np.int64), *found])


def groups_in_common(group: NDArray[np.int32], left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.uint64]:
    """(n_pairs,) uint64: bit k where both records are in one group of column k.

    Args:
        group: (n, n_columns) int32 number of the group that a record is in, of each of up to 64 columns; -1: in none.
        left: (n_pairs,) records.
        right: (n_pairs,) records.
    """
    found = np.zeros(len(left), np.uint64)
    if group.shape[1]:
        over_slices(lambda at, to: _groups_in_common(group, left[at:to], right[at:to], found[at:to]), len(left), _PAIRS)
    return found


@njit(nogil=True, cache=True)
def _groups_in_common(
    group: NDArray[np.int32], left: NDArray[np.int32], right: NDArray[np.int32], found: NDArray[np.uint64]
) -> None:
    for pair in range(len(left)):
        a, b, bits = group[left[pair]], group[right[pair]], np.uint64(0)
        for column in range(group.shape[1]):
            bits |= np.uint64((a[column] == b[column]) & (a[column] >= 0)) << np.uint64(column)
        found[pair] = bits


@njit(nogil=True, cache=True)
def _equal_rows(tokens: NDArray[np.uint64], left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.int64]:
    found = np.empty(len(left), np.int64)
    n_found = 0
    for pair in range(len(left)):
        token = tokens[left[pair]]
        found[n_found] = pair
        n_found += (token == tokens[right[pair]]) & (token != 0)
    return found[:n_found].copy()


def pattern_codes(levels: NDArray[np.int8], sizes: tuple[int, ...]) -> NDArray[np.int64]:
    """(n_pairs,) int64 code of each pattern, from 0; codes stand in the same order as patterns read left to right.

    A code is a number in mixed radix: comparison c is a digit from 0 (not observed) to `sizes[c]` (different), the
    first comparison the most significant.

    Args:
        levels: (n_pairs, n_comparisons) int8; −1 = not observed.
        sizes: number of levels of each comparison, *different* included.

    Raises:
        ValueError: a level is outside its comparison, or the codes would not fit in 63 bits.
    """
    _check_sizes(sizes, levels.shape[1])
    codes = np.empty(len(levels), np.int64)
    digits, radix = np.ascontiguousarray(levels), np.array(sizes, np.int64)
    slices = over_slices(lambda start, stop: _codes(digits[start:stop], radix, codes[start:stop]), len(levels), _PAIRS)
    wrong = max(slices, default=NOT_OBSERVED)
    if wrong >= 0:
        raise ValueError(f"comparison {wrong} has a level outside -1 to {sizes[wrong] - 1}")
    return codes


@njit(nogil=True, cache=True)
def _codes(levels: NDArray[np.int8], sizes: NDArray[np.int64], codes: NDArray[np.int64]) -> int:
    """Set the codes; a comparison of which a level cannot be, −1 if all can."""
    wrong = -1
    for pair in range(len(levels)):
        code = np.int64(0)
        for column in range(len(sizes)):
            level = levels[pair, column]
            if level < -1 or level >= sizes[column]:
                wrong = column
            code = code * (sizes[column] + 1) + level + 1
        codes[pair] = code
    return wrong


def patterns(codes: NDArray[np.int64], sizes: tuple[int, ...]) -> NDArray[np.int8]:
    """(n_patterns, n_comparisons) int8 levels that the codes stand for: the inverse of `pattern_codes`.

    Args:
        codes: (n_patterns,) int64.
        sizes: number of levels of each comparison, *different* included.

    Raises:
        ValueError: the codes of these sizes would not fit in 63 bits.
    """
    _check_sizes(sizes, len(sizes))
    out = np.empty((len(codes), len(sizes)), dtype=np.int8)
    rest = codes
    for column in reversed(range(len(sizes))):
        rest, digit = np.divmod(rest, sizes[column] + 1)
        out[:, column] = digit - 1
    return out


class Tally(NamedTuple):
    """How often each code came.

    Attributes:
        codes: (n_codes,) int64, rising, each once.
        counts: (n_codes,) int64, at least 1.
        by_bit: (n_codes, n_bits) int64, how often it came with each bit set.
    """

    codes: NDArray[np.int64]
    counts: NDArray[np.int64]
    by_bit: NDArray[np.int64]


def tally(codes: NDArray[np.int64], bits: NDArray[np.uint64] = _NO_BITS, n_bits: int = 0) -> Tally:
    """Count codes, of which there are few distinct ones, and the bits that they come with; nothing is sorted but these few.

    Args:
        codes: (n,) int64, not negative.
        bits: (n,) uint64; none, where none are counted.
        n_bits: how many bits are counted, 0 to 64.
    """
    found, counts, by_bit = _tally(read_only(codes), read_only(bits), n_bits)
    order = np.argsort(found)
    return Tally(found[order], counts[order], by_bit[order])


def numbered(codes: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int32]:
    """(n,) int32 the place of each code among the known ones, which are distinct and not negative.

    Raises:
        ValueError: a code is not among them.
    """
    slots, several = _rehashed(known), read_only(codes)
    out = np.empty(len(codes), np.int32)
    slices = over_slices(lambda start, stop: _numbered(several[start:stop], known, slots, out[start:stop]), len(codes), _PAIRS)
    if not all(slices):
        raise ValueError("a code is not among the known ones")
    return out


@njit(nogil=True, cache=True)
def _numbered(codes: NDArray[np.int64], known: NDArray[np.int64], slots: NDArray[np.int64], out: NDArray[np.int32]) -> bool:
    """Set the places; whether all codes are known."""
    all_known = True
    for row in range(len(codes)):
        out[row] = slots[_slot(slots, known, codes[row])]
        all_known &= out[row] >= 0
    return all_known


@njit(nogil=True, cache=True)
def _tally(
    codes: NDArray[np.int64], bits: NDArray[np.uint64], n_bits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The same in the order in which codes first come, by a hash table that doubles when it is half full."""
    slots = np.full(1 << 10, -1, np.int64)
    found, counts, by_bit = np.empty(1 << 9, np.int64), np.zeros(1 << 9, np.int64), np.zeros((1 << 9, n_bits), np.int64)
    n_found = 0
    for row in range(len(codes)):
        slot = _slot(slots, found, codes[row])
        if slots[slot] < 0:
            if n_found == len(found):
                slots = _rehashed(found)
                found, counts, by_bit = _doubled(found), _doubled(counts), _doubled_rows(by_bit)
                slot = _slot(slots, found, codes[row])
            slots[slot] = n_found
            found[n_found] = codes[row]
            n_found += 1
        place = slots[slot]
        counts[place] += 1
        for bit in range(n_bits):
            by_bit[place, bit] += np.int64((bits[row] >> np.uint64(bit)) & np.uint64(1))
    return found[:n_found].copy(), counts[:n_found].copy(), by_bit[:n_found].copy()


@njit(nogil=True, cache=True)
def _slot(slots: NDArray[np.int64], found: NDArray[np.int64], code: np.int64) -> np.int64:
    """Where a code stands, or the empty slot where it would. Source: multiplicative hashing, Knuth, volume 3, 6.4."""
    mask = len(slots) - 1
    slot = np.int64((np.uint64(code) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) & mask
    while slots[slot] >= 0 and found[slots[slot]] != code:
        slot = (slot + 1) & mask
    return slot


@njit(nogil=True, cache=True)
def _rehashed(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Twice as many slots and more as codes, their number a power of two."""
    several = 4
    while several < 4 * len(found):
        several *= 2
    slots = np.full(several, -1, np.int64)
    for place in range(len(found)):
        slots[_slot(slots, found, found[place])] = place
    return slots


@njit(nogil=True, cache=True)
def _doubled(values: NDArray[np.int64]) -> NDArray[np.int64]:
    longer = np.zeros(2 * len(values), np.int64)
    for place in range(len(values)):
        longer[place] = values[place]
    return longer


@njit(nogil=True, cache=True)
def _doubled_rows(values: NDArray[np.int64]) -> NDArray[np.int64]:
    longer = np.zeros((2 * len(values), values.shape[1]), np.int64)
    for row in range(len(values)):
        for column in range(values.shape[1]):
            longer[row, column] = values[row, column]
    return longer


def _check_sizes(sizes: tuple[int, ...], n_comparisons: int) -> None:
    if len(sizes) != n_comparisons:
        raise ValueError(f"{n_comparisons} comparisons, but {len(sizes)} sizes")
    codes = 1
    for size in sizes:
        codes *= size + 1
    if codes > _MOST_CODES:
        raise ValueError("the patterns of these comparisons are too many to be numbered in 63 bits")
