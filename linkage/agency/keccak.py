"""SHAKE-256 of many seeds at once: four sponges side by side, so that one vector instruction serves all of them.

The state of a sponge is 25 words of 64 bits. Words of one place of four sponges stand beside each other, and the permutation
is written out for the compiler in vectors of four: a loop over the sponges takes it 1.7 times as long on AVX2, and
eight, of which no processor without AVX-512 holds many, likewise. All seeds are 32 bytes, which fit one block.
Source: FIPS 202, sections 3.2 and 6.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Words = NDArray[np.uint64]
LANES = 4
RATE = 17  # words of a block
STATE = 25 * LANES
_WORD = 8  # bytes
_ROUNDS, _AT_ONCE = 24, 2  # two rounds, as then the words of the one need not be moved to where the other has them
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


def _turns() -> list[int]:
    """(25,) by how many bits each word is turned, word x + 5 y at that place: FIPS 202, algorithm 2."""
    out, x, y = [0] * 25, 1, 0
    for step in range(24):
        out[x + 5 * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return out


_CONSTANTS, _TURNS = _round_constants(), _turns()


@njit(nogil=True, cache=True)
def absorb(seeds: Words, first: int, state: Words) -> None:
    """Begin sponges on up to four seeds from `first` on, (n, 4) uint64 little-endian; where there are fewer, some stay idle."""
    state[:] = 0
    for lane in range(min(LANES, len(seeds) - first)):
        for word in range(4):
            state[word * LANES + lane] = seeds[first + lane, word]
        state[4 * LANES + lane] = _SUFFIX
        state[(RATE - 1) * LANES + lane] = _LAST_BIT


@njit(nogil=True, cache=True)
def squeeze(state: Words, words: int, at: NDArray[np.int64], apart: int, out: Words) -> None:
    """The first words of four streams, or of fewer: word w of lane l at place `at[l] + apart · w` of `out`."""
    for done in range(0, words, RATE):
        permute(state)
        for lane in range(len(at)):
            for word in range(min(RATE, words - done)):
                out[at[lane] + apart * (done + word)] = state[word * LANES + lane]


_VECTOR, _INDEX = ir.VectorType(ir.IntType(64), LANES), ir.IntType(64)


@njit(nogil=True, cache=True)
def permute(state: Words) -> None:
    """Keccak-f[1600] on four states in place.

    It has a stack of its own, aligned to vectors: not all words fit the registers, and where a stack happens to begin between
    two vectors, half of what is put there lies across two lines of the cache.
    """
    _permute(state)  # type: ignore[call-arg]  # numba passes the typing context


@intrinsic
def _permute(_typing_context: Any, _state: Any) -> tuple[Any, Callable[..., Any]]:
    """The permutation in the compiler's own language."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        builder.function.attributes.alignstack = _WORD * LANES
        builder.function.attributes.add("noinline")
        outside = [builder.gep(builder.bitcast(words, _VECTOR.as_pointer()), [_INDEX(place)]) for place in range(25)]
        inside = [cgutils.alloca_once(builder, _VECTOR) for _ in range(25)]  # type: ignore[no-untyped-call]
        constants = ir.Constant(ir.ArrayType(_VECTOR, _ROUNDS), [[constant] * LANES for constant in _CONSTANTS.tolist()])
        table = cgutils.global_constant(builder, "keccak_constants", constants)  # type: ignore[no-untyped-call]
        _move(builder, outside, inside)
        with cgutils.for_range(builder, _INDEX(_ROUNDS // _AT_ONCE)) as loop:
            a = [builder.load(place) for place in inside]
            for number in range(_AT_ONCE):
                at = builder.add(builder.mul(loop.index, _INDEX(_AT_ONCE)), _INDEX(number))
                a = _round(builder, a, builder.load(builder.gep(table, [_INDEX(0), at])))
            for place, word in zip(inside, a, strict=True):
                builder.store(word, place)
        _move(builder, inside, outside)
        return context.get_dummy_value()

    return types.void(types.Array(types.uint64, 1, "C")), emit


def _move(builder: Any, source: Sequence[Any], target: Sequence[Any]) -> None:
    """Vectors from here to there; arrays begin at multiples of a word, and not of a vector."""
    for here, there in zip(source, target, strict=True):
        word = builder.load(here, align=_WORD)
        builder.store(word, there, align=_WORD)


def _round(builder: Any, a: Sequence[Any], constant: Any) -> list[Any]:
    """One round; in FIPS 202, section 3.2, `c` and `d` are θ's, `b` is what ρ and π give, and the rest is χ and ι."""
    c = [_xor(builder, *a[x::5]) for x in range(5)]
    d = [_xor(builder, c[x - 1], _turned(builder, c[(x + 1) % 5], 1)) for x in range(5)]
    out = []
    for y in range(5):
        places = [(x + 3 * y) % 5 + 5 * x for x in range(5)]
        b = [_turned(builder, _xor(builder, a[place], d[place % 5]), _TURNS[place]) for place in places]
        out += [_xor(builder, b[x], builder.and_(builder.not_(b[(x + 1) % 5]), b[(x + 2) % 5])) for x in range(5)]
    return [_xor(builder, out[0], constant), *out[1:]]


def _xor(builder: Any, *words: Any) -> Any:
    return reduce(builder.xor, words)


def _turned(builder: Any, word: Any, bits: int) -> Any:
    left, right = (ir.Constant(_VECTOR, [by] * LANES) for by in (bits, 64 - bits))
    return builder.or_(builder.shl(word, left), builder.lshr(word, right)) if bits else word
