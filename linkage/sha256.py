"""HMAC-SHA256 under one key of many messages at once, several side by side.

A message is put together from texts of a pool, so that a value of several features is hashed without being written out:
the rows name the texts by number. What depends on the key alone is worked out once. A processor with instructions for
SHA-256 takes two messages at a time, as it works on the one while it waits for the other. For any other, words of one place
of sixteen messages are put beside each other, and the inner loops run over the sixteen: the compiler makes vectors of them,
and a message takes 1.7 times as long.
Source: FIPS 180-4, sections 4.1.2, 4.2.2 and 6.2; RFC 2104; Gulley et al., Intel SHA Extensions (2013).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import isqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic
from numpy.typing import NDArray

from comparators import over_slices, read_only

HAS_INSTRUCTIONS = "+sha" in cpu_target.target_context.codegen().magic_tuple()[2].split(",")  # that numba compiles for
LANES = 2 if HAS_INSTRUCTIONS else 16
BLOCK = 64  # bytes; no key is longer
AHEAD = 16  # bytes that are copied at a time
_WORDS = BLOCK // 4
_FURTHER = _WORDS + AHEAD // 4  # words that reach from the end of any message to that of its last block
_ROWS = 1 << 14
Bytes = NDArray[np.uint8]
Words32 = NDArray[np.uint32]


class Pool(NamedTuple):
    """Byte strings one behind the other.

    Attributes:
        flat: uint8, all of them; with `AHEAD` bytes more behind them it is hashed as it is, and else copied for that.
        start: (n + 1,) int64, where each begins and the last ends.
        longest: bytes of the longest.
    """

    flat: Bytes
    start: NDArray[np.int64]
    longest: int


@dataclass(frozen=True, eq=False)
class Keyed:
    """A key's two halves of HMAC, begun; not shown by `repr`.

    Attributes:
        begun: (2, 8) uint32, the states of inner and outer hash after their first blocks.
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
    hash_into(out, key, pool, rows)
    return out


def hash_into(out: Words32, key: Keyed, pool: Pool, rows: NDArray[np.int64]) -> None:
    """As `keyed_hashes`, into an array that is there."""
    ahead = max(0, int(pool.start[-1]) + AHEAD - len(pool.flat))
    flat = read_only(np.concatenate([pool.flat, np.zeros(ahead, np.uint8)]) if ahead else pool.flat)
    blocks = (pool.longest * rows.shape[1] + 8) // BLOCK + 1
    over_slices(lambda at, stop: _hash(key.begun, flat, pool.start, rows[at:stop], blocks, out[at:stop]), len(rows), _ROWS)


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


def _begun(block: Bytes) -> Words32:
    """(8,) the state after one block."""
    state = np.tile(_INITIAL, LANES)
    _compress(state, np.tile(block.view(np.uint32), LANES), 0, _WORDS)
    return state[:8]


_WORDS32 = types.Array(types.uint32, 1, "C")
_BYTES = ir.VectorType(ir.IntType(8), AHEAD)
_FOUR, _INDEX = ir.VectorType(ir.IntType(32), 4), ir.IntType(64)
_INTO, _OUT_OF = ((5, 4, 1, 0), (7, 6, 3, 2)), ((3, 2, 7, 6), (1, 0, 5, 4))


@intrinsic
def _by_instruction(_typing_context: Any, _state: Any, _laid: Any, _at: Any, _apart: Any) -> tuple[Any, Callable[..., Any]]:
    """One block of each of two messages, by the processor's own instructions, which take four words at a time."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        state, laid = (context.make_array(signature.args[of])(context, builder, arguments[of]).data for of in (0, 1))
        begins = [arguments[2], builder.add(arguments[2], arguments[3])]
        halves = [[_four(builder, state, _INDEX(8 * lane + half)) for half in (0, 4)] for lane in range(LANES)]
        words = [[_four(builder, laid, builder.add(at, _INDEX(4 * four))) for four in range(4)] for at in begins]
        messages = [[_called(builder, "llvm.bswap.v4i32", builder.load(place, align=4)) for place in one] for one in words]
        before = [_mixed(builder, [builder.load(half, align=4) for half in pair], _INTO) for pair in halves]
        after = _rounds_of_four(builder, [pair.copy() for pair in before], messages)
        for pair, old, new in zip(halves, before, after, strict=True):
            sums = [builder.add(one, other) for one, other in zip(old, new, strict=True)]
            for half, value in zip(pair, _mixed(builder, sums, _OUT_OF), strict=True):
                builder.store(value, half, align=4)
        return context.get_dummy_value()

    return types.void(_WORDS32, _WORDS32, types.int64, types.int64), emit


def _called(builder: Any, name: str, *words: Any) -> Any:
    """The compiler's own function of this name."""
    return builder.call(builder.module.declare_intrinsic(name, (), ir.FunctionType(_FOUR, [_FOUR] * len(words))), words)


def _four(builder: Any, array: Any, at: Any) -> Any:
    return builder.bitcast(builder.gep(array, [at]), _FOUR.as_pointer())


def _mixed(builder: Any, pair: Sequence[Any], places: Sequence[Sequence[int]]) -> list[Any]:
    """Two vectors of the words of two: the instructions have a, b, e and f in the one and c, d, g and h in the other."""
    return [_shuffled(builder, pair, four) for four in places]


def _shuffled(builder: Any, pair: Sequence[Any], places: Sequence[int]) -> Any:
    return builder.shuffle_vector(*pair, ir.Constant(_FOUR, list(places)))


def _rounds_of_four(builder: Any, states: Any, messages: Any) -> Any:
    """All 64, four of each message in turn."""
    rounds, first, second = (partial(_called, builder, f"llvm.x86.sha256{name}") for name in ("rnds2", "msg1", "msg2"))
    for four in range(16):
        constants = ir.Constant(_FOUR, _CONSTANTS[4 * four : 4 * four + 4].tolist())
        for state, words in zip(states, messages, strict=True):
            if four >= 4:
                begun = builder.add(first(words[0], words[1]), _shuffled(builder, words[2:], (1, 2, 3, 4)))
                words[:] = [*words[1:], second(begun, words[3])]
            keyed = builder.add(words[min(four, 3)], constants)
            between = rounds(state[1], state[0], keyed)
            state[:] = [rounds(state[0], between, _shuffled(builder, [keyed, keyed], (2, 3, 0, 1))), between]
    return states


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
def _by_vectors(state: Words32, laid: Words32, at: int, apart: int) -> None:
    """One block of each of sixteen messages."""
    work, v = np.empty(64 * LANES, np.uint32), np.empty(8 * LANES, np.uint32)
    for lane in range(LANES):
        for word in range(16):
            work[word * LANES + lane] = _swapped(laid[at + lane * apart + word])
        for word in range(8):
            v[word * LANES + lane] = state[8 * lane + word]
    _expand(work)
    _rounds(v, work)
    for lane in range(LANES):
        for word in range(8):
            state[8 * lane + word] += v[word * LANES + lane]


@njit(inline="always")
def _swapped(word: np.uint32) -> np.uint32:
    """Its bytes the other way round: they are laid out as they come, and a word begins with its highest."""
    return np.uint32(
        word << np.uint32(24)
        | (word & np.uint32(0xFF00)) << np.uint32(8)
        | (word >> np.uint32(8)) & np.uint32(0xFF00)
        | word >> np.uint32(24)
    )


@njit(nogil=True, cache=True)
def _expand(work: Words32) -> None:
    """All 64 words from the first sixteen."""
    for word in range(16, 64):
        for at in range(LANES * word, LANES * word + LANES):
            x, y = work[at - 15 * LANES], work[at - 2 * LANES]
            near = _turned(x, 7) ^ _turned(x, 18) ^ (x >> np.uint32(3))
            far = _turned(y, 17) ^ _turned(y, 19) ^ (y >> np.uint32(10))
            work[at] = np.uint32(work[at - 16 * LANES] + near + work[at - 7 * LANES] + far)


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


@njit(nogil=True, cache=True)
def _by_instructions(state: Words32, laid: Words32, at: int, apart: int) -> None:
    """One block of each of two messages."""
    _by_instruction(state, laid, at, apart)  # type: ignore[call-arg]  # numba passes the typing context


_compress = _by_instructions if HAS_INSTRUCTIONS else _by_vectors


@njit(nogil=True, cache=True)
def _hash(begun: Words32, flat: Bytes, start: NDArray[np.int64], rows: NDArray[np.int64], blocks: int, out: Words32) -> None:
    """Some rows at a time; no message has more than so many blocks."""
    laid, lasts = np.zeros(LANES * blocks * _WORDS + _FURTHER, np.uint32), np.zeros(LANES, np.int64)
    again, state = _outer_blocks(), np.empty(LANES * 8, np.uint32)
    for first in range(0, len(rows), LANES):
        lanes, last = min(LANES, len(rows) - first), np.int64(0)
        for lane in range(lanes):
            lasts[lane] = _lay_out(flat, start, rows, first + lane, laid, lane * blocks * _WORDS)
            last = max(last, lasts[lane])
        _begin(begun, 0, state)
        for block in range(last + 1):
            _compress(state, laid, block * _WORDS, blocks * _WORDS)
            for lane in range(lanes):
                if lasts[lane] == block:
                    for word in range(8):
                        again[lane * _WORDS + word] = _swapped(state[8 * lane + word])
        _begin(begun, 1, state)
        _compress(state, again, 0, _WORDS)
        for lane in range(lanes):
            for word in range(8):
                out[first + lane, word] = state[8 * lane + word]


@njit(nogil=True, cache=True)
def _begin(begun: Words32, half: int, state: Words32) -> None:
    """Every message's state; an assignment of slices would do the same, and compile for three seconds."""
    for lane in range(LANES):
        for word in range(8):
            state[8 * lane + word] = begun[half, word]


@njit(nogil=True, cache=True)
def _lay_out(flat: Bytes, start: NDArray[np.int64], rows: NDArray[np.int64], row: int, laid: Words32, begin: int) -> int:
    """One message from word `begin` on, padded to whole blocks; the number of the last of these.

    What is behind these is spoilt: the message of the next lane is laid out after this one.
    """
    at = 4 * begin
    for part in range(rows.shape[1]):  # a row of its own would have its users counted
        number = rows[row, part]
        size = start[number + 1] - start[number]
        _copy(laid, at, flat, start[number], size)  # type: ignore[call-arg]  # numba passes the typing context
        at += size
    size = at - 4 * begin
    end = (size + 8) // BLOCK
    stop = begin + (end + 1) * _WORDS
    _end(laid, at)  # type: ignore[call-arg]
    laid[stop - 1] = _swapped(np.uint32(8 * (size + BLOCK)))
    return end


@njit(nogil=True, cache=True)
def _outer_blocks() -> Words32:
    """Each message's block of the outer hash, but for the digest that it begins with."""
    again = np.zeros(LANES * _WORDS, np.uint32)
    for lane in range(LANES):
        again[lane * _WORDS + 8] = _swapped(np.uint32(0x8000_0000))
        again[(lane + 1) * _WORDS - 1] = _swapped(np.uint32(8 * (BLOCK + 32)))
    return again


@intrinsic
def _copy(_typing_context: Any, _to: Any, _at: Any, _source: Any, _start: Any, _size: Any) -> tuple[Any, Callable[..., Any]]:
    """Bytes of one array into another, at a byte of it: sixteen at a time, also the last ones, behind which there is room."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, source = _sixteens(context, builder, signature, arguments, 0), _sixteens(context, builder, signature, arguments, 2)
        with cgutils.for_range_slice(builder, _INDEX(0), arguments[4], _INDEX(AHEAD), _INDEX) as (place, _):
            builder.store(builder.load(source(place), align=1), to(place), align=1)
        return context.get_dummy_value()

    source = types.Array(types.uint8, 1, "C", readonly=True)
    return types.void(_WORDS32, types.int64, source, types.int64, types.int64), emit


@intrinsic
def _end(_typing_context: Any, _to: Any, _at: Any) -> tuple[Any, Callable[..., Any]]:
    """The bit that ends a message, at a byte of the array, and zeros to the end of its last block and further."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to = _sixteens(context, builder, signature, arguments, 0)
        for place in range(0, 4 * _FURTHER, AHEAD):
            builder.store(ir.Constant(_BYTES, [0x80 * (place + at == 0) for at in range(AHEAD)]), to(_INDEX(place)), align=1)
        return context.get_dummy_value()

    return types.void(_WORDS32, types.int64), emit


def _sixteens(context: Any, builder: Any, signature: Any, arguments: Any, which: int) -> Callable[[Any], Any]:
    """Where sixteen bytes of an array begin, so many behind the byte whose number is the argument behind it."""
    data = context.make_array(signature.args[which])(context, builder, arguments[which]).data
    begin = builder.gep(builder.bitcast(data, ir.IntType(8).as_pointer()), [arguments[which + 1]])
    return lambda place: builder.bitcast(builder.gep(begin, [place]), _BYTES.as_pointer())
