"""SHAKE-256 of many seeds at once: eight sponges side by side, so that one vector instruction serves all of them.

The state of a sponge is 25 words of 64 bits. Words of one place of eight sponges stand beside each other, and the inner
loop of the permutation runs over the eight: the compiler makes vectors of it. All seeds are 32 bytes, which fit one block.
Source: FIPS 202, sections 3.2 and 6.2.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]
LANES = 8
RATE = 17  # words of a block
STATE = 25 * LANES
_ROUNDS = 24
_SUFFIX, _LAST_BIT = np.uint64(0x1F), np.uint64(1 << 63)


def _round_constants() -> Words:
    """(24,) uint64, by the shift register of FIPS 202, algorithm 5."""
    out, register = [], 1
    for _ in range(_ROUNDS):
        constant = 0
        for place in range(7):
            constant |= (register & 1) << ((1 << place) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        out.append(constant)
    return np.array(out, np.uint64)


_CONSTANTS = _round_constants()


@njit(nogil=True, cache=True)
def absorb(seeds: Words, first: int, state: Words) -> None:
    """Begin sponges on up to eight seeds from `first` on, (n, 4) uint64 little-endian; where there are fewer, some stay idle."""
    state[:] = 0
    for lane in range(min(LANES, len(seeds) - first)):
        for word in range(4):
            state[word * LANES + lane] = seeds[first + lane, word]
        state[4 * LANES + lane] = _SUFFIX
        state[(RATE - 1) * LANES + lane] = _LAST_BIT


@njit(nogil=True, cache=True)
def squeeze(state: Words, words: int, out: Words) -> None:
    """The first words of eight streams: word w of lane l at place 8 w + l of `out`."""
    done = 0
    while done < words:
        permute(state)
        for place in range(min(RATE, words - done) * LANES):
            out[done * LANES + place] = state[place]
        done += RATE


@njit(inline="always")
def _turned(word: np.uint64, bits: int) -> np.uint64:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@njit(nogil=True, cache=True)
def permute(s: Words) -> None:
    """Keccak-f[1600] on eight states in place; `a` is named by column and row, `b` is a row after its turn."""
    for number in range(_ROUNDS):
        constant = _CONSTANTS[number]
        for k in range(LANES):
            a00, a10, a20, a30, a40 = s[k], s[8 + k], s[16 + k], s[24 + k], s[32 + k]
            a01, a11, a21, a31, a41 = s[40 + k], s[48 + k], s[56 + k], s[64 + k], s[72 + k]
            a02, a12, a22, a32, a42 = s[80 + k], s[88 + k], s[96 + k], s[104 + k], s[112 + k]
            a03, a13, a23, a33, a43 = s[120 + k], s[128 + k], s[136 + k], s[144 + k], s[152 + k]
            a04, a14, a24, a34, a44 = s[160 + k], s[168 + k], s[176 + k], s[184 + k], s[192 + k]
            c0, c1, c2 = a00 ^ a01 ^ a02 ^ a03 ^ a04, a10 ^ a11 ^ a12 ^ a13 ^ a14, a20 ^ a21 ^ a22 ^ a23 ^ a24
            c3, c4 = a30 ^ a31 ^ a32 ^ a33 ^ a34, a40 ^ a41 ^ a42 ^ a43 ^ a44
            d0, d1, d2 = c4 ^ _turned(c1, 1), c0 ^ _turned(c2, 1), c1 ^ _turned(c3, 1)
            d3, d4 = c2 ^ _turned(c4, 1), c3 ^ _turned(c0, 1)
            b0, b1, b2 = a00 ^ d0, _turned(a11 ^ d1, 44), _turned(a22 ^ d2, 43)
            b3, b4 = _turned(a33 ^ d3, 21), _turned(a44 ^ d4, 14)
            s[k], s[8 + k], s[16 + k] = b0 ^ (~b1 & b2) ^ constant, b1 ^ (~b2 & b3), b2 ^ (~b3 & b4)
            s[24 + k], s[32 + k] = b3 ^ (~b4 & b0), b4 ^ (~b0 & b1)
            b0, b1, b2 = _turned(a30 ^ d3, 28), _turned(a41 ^ d4, 20), _turned(a02 ^ d0, 3)
            b3, b4 = _turned(a13 ^ d1, 45), _turned(a24 ^ d2, 61)
            s[40 + k], s[48 + k], s[56 + k] = b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4)
            s[64 + k], s[72 + k] = b3 ^ (~b4 & b0), b4 ^ (~b0 & b1)
            b0, b1, b2 = _turned(a10 ^ d1, 1), _turned(a21 ^ d2, 6), _turned(a32 ^ d3, 25)
            b3, b4 = _turned(a43 ^ d4, 8), _turned(a04 ^ d0, 18)
            s[80 + k], s[88 + k], s[96 + k] = b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4)
            s[104 + k], s[112 + k] = b3 ^ (~b4 & b0), b4 ^ (~b0 & b1)
            b0, b1, b2 = _turned(a40 ^ d4, 27), _turned(a01 ^ d0, 36), _turned(a12 ^ d1, 10)
            b3, b4 = _turned(a23 ^ d2, 15), _turned(a34 ^ d3, 56)
            s[120 + k], s[128 + k], s[136 + k] = b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4)
            s[144 + k], s[152 + k] = b3 ^ (~b4 & b0), b4 ^ (~b0 & b1)
            b0, b1, b2 = _turned(a20 ^ d2, 62), _turned(a31 ^ d3, 55), _turned(a42 ^ d4, 39)
            b3, b4 = _turned(a03 ^ d0, 41), _turned(a14 ^ d1, 2)
            s[160 + k], s[168 + k], s[176 + k] = b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4)
            s[184 + k], s[192 + k] = b3 ^ (~b4 & b0), b4 ^ (~b0 & b1)
