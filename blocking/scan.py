"""The inner loop of the exact join: eight filters against eight at a time, by a lower bound of their Hamming distance.

A *sketch* of a filter is its words folded upon each other by XOR, so that `words` are left. The sketch of a∧¬b ∨ ¬a∧b is
what a fold of a and a fold of b differ in, and a bit of it is set only where at least one bit below it differs: two
sketches differ in no more bits than their filters. Two words of such a difference laid upon each other by OR have no
more bits than both together; counting the bits of words laid in pairs is again a lower bound, tighter per instruction.
No bound loses a pair, and what passes is counted in full.

Eight filters' words lie side by side and stay in registers while the other side's run past. The instructions are
LLVM's, for vectors of eight words: it turns them into the processor's own, AVX-512's or NEON's or what there is, and the
answer is the same. Numba by itself would count one word at a time.
Source: XOR folding, Swamidass & Baldi 2007; length filter, Sehili, Kolb, Borgs, Schnell & Rahm 2015 (P4Join).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from comparators import popcount

LANES = 8
NEVER = 1 << 40
LOW = (1 << 32) - 1
_CHUNKS_AT_A_TIME = 256  # of sketches that run past: they stay in the second cache while the groups of a slice take turns
_PASSED_AT_A_TIME = 4096
_UPPER = np.uint64(sum(1 << (LANES * mine + theirs) for theirs in range(LANES) for mine in range(theirs)))

_WORD, _BYTE, _INDEX = ir.IntType(64), ir.IntType(8), ir.IntType(32)
_VECTOR = ir.VectorType(_WORD, LANES)
Emitter = Callable[..., Any]


class Side(NamedTuple):
    """Filters of one list, in order of their number of ones, missing ones left out; a filter's *place* is its rank.

    Sketches are filled up to whole chunks of `LANES` with zeros.

    Attributes:
        filters: (n, n_words) uint64.
        ones: (n,) int64 number of ones.
        rows: (n_chunks, LANES, words) uint64 sketches, one after the other.
        columns: (n_chunks, words, LANES) uint64 the same, word by word.
        slack: (n_chunks, LANES) int64 −2 − what the filter adds to the distance that a pair may have; `NEVER` filled up.
        most: (n_chunks,) int64 largest that one of the chunk adds.
    """

    filters: NDArray[np.uint64]
    ones: NDArray[np.int64]
    rows: NDArray[np.uint64]
    columns: NDArray[np.uint64]
    slack: NDArray[np.int64]
    most: NDArray[np.int64]


class Rule(NamedTuple):
    """A pair is alike if and only if `scale` · Hamming distance ≤ `slope` · (ones of one + ones of other) + `fixed`."""

    scale: int
    slope: int
    fixed: int


class Reach(NamedTuple):
    """The chunks of one side that a chunk of the other can have a pair with.

    Attributes:
        first: (n_chunks of the other,) int64.
        last: (n_chunks of the other,) int64, excluded.
        same: both sides are one, and each pair is wanted once: only earlier places.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    same: bool


Scan = Callable[[Side, Side, Reach, Rule, int, int], NDArray[np.int64]]


@functools.cache
def scanner(words: int, laid: int) -> Scan:
    """The scan over sketches of `words`, of which the first 2 · `laid` are laid upon each other two by two.

    It takes the side whose sketches run past, the side of the groups, reach, rule, and the first and last group, and
    returns (n_found,) int64 place of one · 2^32 + place of other, in no order. Each shape of sketch is compiled by itself,
    when it is first used, and kept on disk.
    """

    def scan(one: Side, other: Side, reach: Reach, rule: Rule, begin: int, end: int) -> NDArray[np.int64]:
        rows, most, columns, slack = one.rows, one.most, other.columns, other.slack
        none: int = np.int64(0)  # type: ignore[assignment]  # a literal would be a type of its own, and compile by itself
        passed, n_passed = np.empty(_PASSED_AT_A_TIME, np.int64), none
        found, n_found = np.empty(_PASSED_AT_A_TIME, np.int64), none
        for start in range(0, len(most), _CHUNKS_AT_A_TIME):
            for group in range(begin, end):
                chunk = max(start, reach.first[group])
                stop = min(start + _CHUNKS_AT_A_TIME, reach.last[group])
                while chunk < stop:
                    chunk, which = _next_alike(rows, most, columns, slack, group, chunk, stop, words, laid)  # type: ignore
                    if reach.same and chunk == group:
                        which &= _UPPER
                    n_passed = _note(which, chunk, group, passed, n_passed)
                    chunk += 1
                    if n_passed > _PASSED_AT_A_TIME - LANES * LANES:
                        found = _with_room(found, n_found + n_passed)
                        n_found = _confirm(one, other, rule, passed[:n_passed], found, n_found)
                        n_passed = none
        found = _with_room(found, n_found + n_passed)
        return found[: _confirm(one, other, rule, passed[:n_passed], found, n_found)].copy()

    # Numba keeps and links compiled code by this name; under one name, kernels that two processes kept would be taken for
    # each other in a third.
    scan.__qualname__ = f"scan_{words}_{laid}"
    compiled: Scan = njit(nogil=True, cache=True)(scan)
    return compiled


@njit(nogil=True, cache=True)
def _note(which: np.uint64, chunk: int, group: int, passed: NDArray[np.int64], n_passed: int) -> int:
    """Append the pairs `which`, as place of one · 2^32 + place of other, to `passed`; the new number passed."""
    corner = (chunk * LANES << 32) + group * LANES
    while which:
        lane = np.int64(popcount((which & (~which + np.uint64(1))) - np.uint64(1)))
        which &= which - np.uint64(1)
        passed[n_passed] = corner + (lane // LANES << 32) + lane % LANES
        n_passed += 1
    return n_passed


@njit(nogil=True, cache=True)
def _confirm(one: Side, other: Side, rule: Rule, passed: NDArray[np.int64], found: NDArray[np.int64], n_found: int) -> int:
    """Append the pairs of `passed` that are alike, all words counted, in whole numbers, to `found`; the new number found."""
    mine, theirs, my_ones, their_ones = one.filters, other.filters, one.ones, other.ones
    for pair in passed:
        row, column = pair >> 32, pair & LOW
        if row >= len(my_ones):  # filled up
            continue
        distance = 0
        for word in range(mine.shape[1]):
            distance += popcount(mine[row, word] ^ theirs[column, word])
        if rule.scale * distance <= rule.slope * (my_ones[row] + their_ones[column]) + rule.fixed:
            found[n_found] = pair
            n_found += 1
    return n_found


@njit(nogil=True, cache=True)
def _with_room(found: NDArray[np.int64], needed: int) -> NDArray[np.int64]:
    """The same array, or one at least twice as long that begins with it, if it is shorter than needed."""
    if needed <= len(found):
        return found
    longer = np.empty(max(needed, 2 * len(found)), np.int64)
    for place in range(len(found)):  # a slice assignment would do the same, and compile for two seconds
        longer[place] = found[place]
    return longer


@intrinsic(prefer_literal=True)
def _next_alike(
    _typing: Any, rows: Any, most: Any, columns: Any, slack: Any, group: Any, chunk: Any, stop: Any, words: Any, laid: Any
) -> tuple[Any, Emitter]:
    """(int64, uint64) the first chunk before `stop` of which any may be alike to any of the group, or `stop`; and which.

    Bit 8 · place in chunk + place in group of the second is set where the two may be alike.
    """
    result = types.Tuple((types.int64, types.uint64))  # type: ignore[no-untyped-call]
    sketch = words.literal_value, laid.literal_value

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = zip(signature.args, arguments[:4], strict=False)
        data = [context.make_array(kind)(context, builder, array).data for kind, array in arrays]
        return context.make_tuple(builder, result, _search(builder, data, arguments[4:7], *sketch))

    return result(rows, most, columns, slack, types.int64, types.int64, types.int64, words, laid), emit


def _search(builder: Any, data: list[Any], where: list[Any], words: int, laid: int) -> tuple[Any, Any]:
    """Chunk after chunk until one holds something or there is none: where, and what."""
    (rows, most, columns, slack), (group, chunk, stop) = data, where
    place = builder.mul(group, _WORD(LANES * words))
    others = [_vector_at(builder, columns, builder.add(place, _WORD(LANES * word))) for word in range(words)]
    least = _vector_at(builder, slack, builder.mul(group, _WORD(LANES)))
    before, (ask, look, hold, done) = builder.block, [builder.append_basic_block(name) for name in ("ask", "look", "hold", "done")]
    builder.branch(ask)
    builder.position_at_end(ask)
    at = builder.phi(_WORD)
    builder.cbranch(builder.icmp_signed("<", at, stop), look, done)
    builder.position_at_end(look)
    start = builder.sub(least, _spread(builder, builder.load(builder.gep(most, [at]))))
    below = _below(builder, rows, at, others, start, laid)
    following = builder.add(at, _WORD(1))
    none = builder.icmp_unsigned("==", _negative(builder, functools.reduce(builder.or_, below)), _BYTE(0))
    builder.cbranch(none, ask, hold)
    at.add_incoming(chunk, before)
    at.add_incoming(following, look)
    builder.position_at_end(hold)
    masks = [builder.zext(_negative(builder, vector), _WORD) for vector in below]
    held = functools.reduce(builder.or_, (builder.shl(mask, _WORD(LANES * lane)) for lane, mask in enumerate(masks)))
    builder.branch(done)
    builder.position_at_end(done)
    which = builder.phi(_WORD)
    which.add_incoming(_WORD(0), ask)
    which.add_incoming(held, hold)
    return at, which


def _below(builder: Any, rows: Any, chunk: Any, others: list[Any], start: Any, laid: int) -> list[Any]:
    """For each of a chunk, the lower bounds of its distances to the group, less what is allowed: negative = may be alike."""
    words = len(others)
    place = builder.mul(chunk, _WORD(LANES * words))
    found = []
    for lane in range(LANES):
        at = [builder.gep(rows, [builder.add(place, _WORD(lane * words + word))]) for word in range(words)]
        differ = [builder.xor(other, _spread(builder, builder.load(mine))) for other, mine in zip(others, at, strict=True)]
        pairs = [builder.or_(differ[2 * pair], differ[2 * pair + 1]) for pair in range(laid)]
        found.append(functools.reduce(builder.add, (_ones(builder, each) for each in pairs + differ[2 * laid :]), start))
    return found


def _vector_at(builder: Any, words: Any, place: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(words, [place]), _VECTOR.as_pointer()), align=LANES)


def _spread(builder: Any, word: Any) -> Any:
    """A vector of one word eight times."""
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(nothing, word, _INDEX(0))
    return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES))


def _ones(builder: Any, vector: Any) -> Any:
    name, kind = f"llvm.ctpop.v{LANES}i64", ir.FunctionType(_VECTOR, [_VECTOR])
    count = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
    return builder.call(count, [vector])


def _negative(builder: Any, vector: Any) -> Any:
    """A byte with a bit for each of eight words: whether it is negative."""
    return builder.bitcast(builder.icmp_signed("<", vector, ir.Constant(_VECTOR, [0] * LANES)), _BYTE)
