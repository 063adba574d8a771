"""HMAC-SHA256 under one key of many messages at once: sixteen side by side, so that vector instructions serve them all.

A message is put together from texts of a pool, so that a value of several features is hashed without being written out:
the rows name the texts by number. Words of one place of sixteen messages stand beside each other, and the inner loops run
over the sixteen: the compiler makes vectors of them. What depends on the key alone is worked out once.
Source: FIPS 180-4, sections 4.1.2, 4.2.2 and 6.2; RFC 2104.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from comparators import over_slices, read_only

LANES = 16
BLOCK = 64  # bytes; no key is longer
_ROWS = 1 << 14
Words32 = NDArray[np.uint32]


class Pool(NamedTuple):
    """Byte strings one behind the other.

    Attributes:
        flat: uint8, all of them.
        start: (n + 1,) int64, where each begins and the last ends.
        longest: bytes of the longest.
    """

    flat: NDArray[np.uint8]
    start: NDArray[np.int64]
    longest: int


@dataclass(frozen=True, eq=False)
class Keyed:
    """A key's two halves of HMAC, begun; not shown by `repr`.

    Attributes:
        begun: (2, 8 · 16) uint32, the states of inner and outer hash after their first blocks.
    """

    begun: Words32 = field(repr=False)


def pool_of(strings: Sequence[bytes]) -> Pool:
    """Byte strings as a pool."""
    start = np.zeros(len(strings) + 1, np.int64)
    np.cumsum([len(one) for one in strings], out=start[1:])
    return Pool(np.frombuffer(b"".join(strings), np.uint8), start, max(map(len, strings), default=0))


def keyed_hashes(key: bytes, pool: Pool, rows: NDArray[np.int64]) -> Words32:
    """(n, 8) uint32: HMAC-SHA256 of each row's strings one behind the other, as big-endian words.

    Args:
        key: at most 64 bytes.
        pool: the strings.
        rows: (n, n_parts) int64, numbers of strings.
    """
    return hashes_under(under(key), pool, rows)


def under(key: bytes) -> Keyed:
    """What depends on the key alone, for one that is used again and again."""
    padded = np.frombuffer(key.ljust(BLOCK, b"\0"), np.uint8)
    return Keyed(np.stack([_begun(padded ^ np.uint8(0x36)), _begun(padded ^ np.uint8(0x5C))]))


def hashes_under(key: Keyed, pool: Pool, rows: NDArray[np.int64]) -> Words32:
    """As `keyed_hashes`."""
    out = np.empty((len(rows), 8), np.uint32)
    blocks, flat = (pool.longest * rows.shape[1] + 8) // BLOCK + 1, read_only(pool.flat)
    over_slices(lambda at, stop: _hash(key.begun, flat, pool.start, rows[at:stop], blocks, out[at:stop]), len(rows), _ROWS)
    return out


def is_compiled() -> bool:
    """Whether an earlier run left these kernels compiled; where none did, the first messages take some seconds."""
    cache: Any = getattr(_hash, "_cache")  # noqa: B009  # numba has no public name for it
    return any(Path(cache.cache_path).glob("sha256._hash-*.nbi"))


def _roots(power: int, count: int) -> Words32:
    """The first 32 bits of the fractional parts of the square or cube roots of the first primes."""
    primes = [number for number in range(2, 320) if all(number % other for other in range(2, isqrt(number) + 1))]
    return np.array([_root(prime << 32 * power, power) & 0xFFFF_FFFF for prime in primes[:count]], np.uint32)


def _root(number: int, power: int) -> int:
    """The whole part of a root, bit by bit."""
    found = 0
    for bit in reversed(range(64)):
        if (found | 1 << bit) ** power <= number:
            found |= 1 << bit
    return found


_INITIAL, _CONSTANTS = _roots(2, 8), _roots(3, 64)


def _begun(block: NDArray[np.uint8]) -> Words32:
    """(8 · 16,) the state after one block, alike for all messages."""
    work = np.zeros(64 * LANES, np.uint32)
    work[: 16 * LANES] = np.repeat(block.view(">u4"), LANES)
    state = np.repeat(_INITIAL, LANES)
    _compress(state, work, np.empty_like(state))
    return state


@njit(nogil=True, cache=True)
def _hash(
    begun: Words32, flat: NDArray[np.uint8], start: NDArray[np.int64], rows: NDArray[np.int64], blocks: int, out: Words32
) -> None:
    """Sixteen rows at a time; no message has more than so many blocks."""
    laid = np.empty(blocks * 16 * LANES, np.uint32)
    state, variables = np.empty(8 * LANES, np.uint32), np.empty(8 * LANES, np.uint32)
    work, lasts = np.empty(64 * LANES, np.uint32), np.empty(LANES, np.int64)
    for first in range(0, len(rows), LANES):
        lanes = min(LANES, len(rows) - first)
        _lay_out(flat, start, rows, first, lanes, laid, lasts)
        for word in range(8 * LANES):  # an assignment of slices would do the same, and compile for three seconds
            state[word] = begun[0, word]
        last = np.int64(0)
        for lane in range(lanes):
            last = max(last, lasts[lane])
        for block in range(last + 1):
            for word in range(16 * LANES):
                work[word] = laid[block * 16 * LANES + word]
            _compress(state, work, variables)
            for lane in range(lanes):
                if lasts[lane] == block:
                    for word in range(8):
                        out[first + lane, word] = state[word * LANES + lane]
        _hash_again(begun, out, first, lanes, state, work, variables)


@njit(nogil=True, cache=True)
def _lay_out(
    flat: NDArray[np.uint8],
    start: NDArray[np.int64],
    rows: NDArray[np.int64],
    first: int,
    lanes: int,
    laid: Words32,
    lasts: NDArray[np.int64],
) -> None:
    """The messages padded to whole blocks, word w of lane l at place 16 w + l, and the number of each one's last block."""
    lasts[:] = 0
    for lane in range(lanes):
        at, word = 0, np.uint32(0)
        for part in range(rows.shape[1]):
            number = rows[first + lane, part]
            for place in range(start[number], start[number + 1]):
                word = np.uint32((word << np.uint32(8)) | flat[place])
                at += 1
                if at & 3 == 0:
                    laid[((at >> 2) - 1) * LANES + lane] = word
        end = (at + 8) // BLOCK
        laid[(at >> 2) * LANES + lane] = np.uint32(((word << np.uint32(8)) | np.uint32(0x80)) << np.uint32(24 - 8 * (at & 3)))
        for place in range((at >> 2) + 1, 16 * end + 15):
            laid[place * LANES + lane] = 0
        laid[(16 * end + 15) * LANES + lane] = 8 * (at + BLOCK)
        lasts[lane] = end


@njit(nogil=True, cache=True)
def _hash_again(begun: Words32, out: Words32, first: int, lanes: int, state: Words32, work: Words32, variables: Words32) -> None:
    """The outer hash over the inner digests, in place."""
    work[8 * LANES : 9 * LANES] = 0x8000_0000
    work[9 * LANES : 15 * LANES] = 0
    work[15 * LANES : 16 * LANES] = 8 * (BLOCK + 32)
    for lane in range(lanes):
        for word in range(8):
            work[word * LANES + lane] = out[first + lane, word]
    for word in range(8 * LANES):
        state[word] = begun[1, word]
    _compress(state, work, variables)
    for lane in range(lanes):
        for word in range(8):
            out[first + lane, word] = state[word * LANES + lane]


@njit(inline="always")
def _turned(word: np.uint32, bits: int) -> np.uint32:
    return np.uint32((word >> np.uint32(bits)) | (word << np.uint32(32 - bits)))


@njit(nogil=True, cache=True)
def _round(
    a: np.uint32, b: np.uint32, c: np.uint32, d: np.uint32, e: np.uint32, f: np.uint32, g: np.uint32, h: np.uint32, w: np.uint32
) -> tuple[np.uint32, np.uint32]:
    """What replaces d and h; all other variables only change their names."""
    first = np.uint32(h + (_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)) + ((e & f) ^ (~e & g)) + w)
    second = np.uint32((_turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)))
    return np.uint32(d + first), np.uint32(first + second)


@njit(nogil=True, cache=True)
def _compress(state: Words32, work: Words32, v: Words32) -> None:
    """One block of sixteen messages; `work` begins with its words and is used up."""
    for word in range(16, 64):
        for at in range(LANES * word, LANES * word + LANES):
            x, y = work[at - 15 * LANES], work[at - 2 * LANES]
            near = _turned(x, 7) ^ _turned(x, 18) ^ (x >> np.uint32(3))
            far = _turned(y, 17) ^ _turned(y, 19) ^ (y >> np.uint32(10))
            work[at] = np.uint32(work[at - 16 * LANES] + near + work[at - 7 * LANES] + far)
    for at in range(8 * LANES):
        v[at] = state[at]
    _rounds(v, work)
    for at in range(8 * LANES):
        state[at] += v[at]


@njit(nogil=True, cache=True)
def _rounds(v: Words32, work: Words32) -> None:
    """All 64, eight at a time: after eight every variable has its name again."""
    for first in range(0, 64, 8):
        c0, c1, c2, c3 = _CONSTANTS[first], _CONSTANTS[first + 1], _CONSTANTS[first + 2], _CONSTANTS[first + 3]
        c4, c5, c6, c7 = _CONSTANTS[first + 4], _CONSTANTS[first + 5], _CONSTANTS[first + 6], _CONSTANTS[first + 7]
        for k in range(LANES):
            at = LANES * first + k
            a, b, c, d, e, f, g, h = v[k], v[16 + k], v[32 + k], v[48 + k], v[64 + k], v[80 + k], v[96 + k], v[112 + k]
            d, h = _round(a, b, c, d, e, f, g, h, np.uint32(work[at] + c0))
            c, g = _round(h, a, b, c, d, e, f, g, np.uint32(work[at + 16] + c1))
            b, f = _round(g, h, a, b, c, d, e, f, np.uint32(work[at + 32] + c2))
            a, e = _round(f, g, h, a, b, c, d, e, np.uint32(work[at + 48] + c3))
            h, d = _round(e, f, g, h, a, b, c, d, np.uint32(work[at + 64] + c4))
            g, c = _round(d, e, f, g, h, a, b, c, np.uint32(work[at + 80] + c5))
            f, b = _round(c, d, e, f, g, h, a, b, np.uint32(work[at + 96] + c6))
            e, a = _round(b, c, d, e, f, g, h, a, np.uint32(work[at + 112] + c7))
            v[k], v[16 + k], v[32 + k], v[48 + k] = a, b, c, d
            v[64 + k], v[80 + k], v[96 + k], v[112 + k] = e, f, g, h
