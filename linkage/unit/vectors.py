"""Comparison vectors: for each candidate pair and each comparison of the protocol, the level at which it ended.

The unit knows no field and no scheme: a comparison is a ladder of tests on tokens and filters, and the level is the first
rung that holds. What is locked is compared under every lock that the two records share, and the best counts. −1 says that
the comparison was not made, because a record lacks what it needs, because the pair shares no lock, or because an earlier
comparison has already told what this one would. Missing is never taken for different: under a lock that two records
share, the upper halves of their tokens are equal if both have a value, and filters are more alike than chance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs
from comparators import dice_permille, first_rung, same_token
from linkage.encoding import Copy
from linkage.protocol import Comparison, Level, Protocol
from linkage.records import Encodings
from linkage.unit.contradictions import ended_at

Levels = NDArray[np.int8]
Likeness = Callable[[str], NDArray[np.int16]]
_CHUNK = 1 << 20
_UNSEEN = -1
_LOWER_HALF = np.uint64(0xFFFF_FFFF)


def compare(encodings: Encodings, pairs: Pairs, protocol: Protocol, *, locked: bool = True) -> Levels:
    """(n_pairs, n_comparisons) int8 levels in the protocol's order, best = 0, last = different, −1 = not observed.

    Args:
        encodings: of all records.
        pairs: to be compared.
        protocol: the agreement.
        locked: whether to look behind locks; pairs drawn at random share none, and the look would be for nothing.
    """
    out = np.full((len(pairs.left), len(protocol.comparisons)), _UNSEEN, dtype=np.int8)
    for start in range(0, len(out), _CHUNK):
        part = Pairs(pairs.left[start : start + _CHUNK], pairs.right[start : start + _CHUNK])
        for column, comparison in enumerate(protocol.comparisons):
            if locked or not protocol.behind_locks(comparison):
                out[start : start + _CHUNK, column] = _levels(encodings, part, comparison, out[start : start + _CHUNK], protocol)
    return out


def level_counts(protocol: Protocol) -> tuple[int, ...]:
    """Number of levels of each comparison, `different` included."""
    return tuple(len(comparison.level_names) for comparison in protocol.comparisons)


def _levels(e: Encodings, pairs: Pairs, comparison: Comparison, earlier: Levels, protocol: Protocol) -> Levels:
    likeness = functools.cache(lambda name: _likeness(e, pairs, name, protocol))
    holds = [_holds(e, pairs, level, protocol, likeness) for level in comparison.levels]
    observed = _comparable(e, pairs, comparison, holds, protocol, likeness)
    for name in comparison.needs:
        has = has_value(e, name, protocol)
        observed &= has[pairs.left] & has[pairs.right]
    if comparison.only_if:
        observed &= ended_at(earlier, comparison.only_if, protocol)
    if comparison.unless:
        observed &= ~ended_at(earlier, comparison.unless, protocol)
    return first_rung(holds, observed)


def _comparable(
    e: Encodings, pairs: Pairs, comparison: Comparison, holds: list[NDArray[np.bool_]], protocol: Protocol, likeness: Likeness
) -> NDArray[np.bool_]:
    """Whether a pair can be seen to agree or to differ: always, if nothing is locked; else where both show a value."""
    locked = comparison.reads & protocol.encoding.locked
    if not locked:
        return np.ones(len(pairs.left), dtype=np.bool_)
    if comparison.observed_from is not None:
        filters = (name for name in sorted(locked) if name in protocol.encoding.filters)
        seen = (likeness(name) >= comparison.observed_from for name in filters)
    else:
        copies = (copy for copy in protocol.encoding.token_copies if copy.name in locked)
        seen = (_both_show(e, pairs, copy, protocol) for copy in copies)
    return functools.reduce(np.logical_or, (*holds, *seen))


def has_value(e: Encodings, name: str, protocol: Protocol) -> NDArray[np.bool_]:
    """(n_records,) whether each record has a value of an unlocked token or filter."""
    values = _token(e, name, protocol)[:, None] if name in protocol.encoding.tokens else _filter(e, Copy(name, None), protocol)
    has: NDArray[np.bool_] = np.any(values != 0, axis=1)
    return has


def _holds(e: Encodings, pairs: Pairs, level: Level, protocol: Protocol, likeness: Likeness) -> NDArray[np.bool_]:
    """Whether any of the level's tests holds."""
    return functools.reduce(np.logical_or, _tests(e, pairs, level, protocol, likeness))


def _tests(e: Encodings, pairs: Pairs, level: Level, protocol: Protocol, likeness: Likeness) -> Iterator[NDArray[np.bool_]]:
    left, right = pairs
    for name in level.token or ():
        yield _equal(e, pairs, name, protocol)
    several = [_token(e, name, protocol) for name in level.any_token or ()]
    yield from (same_token(one, other, left, right) for one in several for other in several)
    if level.crossed_tokens:
        first, second = (_token(e, name, protocol) for name in level.crossed_tokens)
        yield same_token(first, second, left, right) | same_token(second, first, left, right)
    if level.filter:
        yield likeness(level.filter) >= (level.dice or 0)
    if level.crossed_filters:
        one, other = (_filter(e, Copy(name, None), protocol) for name in level.crossed_filters)
        dice = level.dice or 0
        yield (dice_permille(one, other, left, right) >= dice) & (dice_permille(other, one, left, right) >= dice)


def _equal(e: Encodings, pairs: Pairs, name: str, protocol: Protocol) -> NDArray[np.bool_]:
    """Whether the token is equal, or one of its copies: copies under a lock are equal only where the lock is, too."""
    copies = [copy for copy in protocol.encoding.token_copies if copy.name == name]
    columns = (_token(e, copy.label, protocol) for copy in copies)
    equal: NDArray[np.bool_] = np.any([same_token(column, column, *pairs) for column in columns], axis=0)
    return equal


def _both_show(e: Encodings, pairs: Pairs, copy: Copy, protocol: Protocol) -> NDArray[np.bool_]:
    """Whether the pair shares the copy's lock and both have a value under it."""
    column = _token(e, copy.label, protocol)
    left, right = column[pairs.left], column[pairs.right]
    shown: NDArray[np.bool_] = ((left ^ right) <= _LOWER_HALF) & (left != 0) & (right != 0)
    return shown


def _likeness(e: Encodings, pairs: Pairs, name: str, protocol: Protocol) -> NDArray[np.int16]:
    """(n_pairs,) Dice of the filter in permille; of a locked one the best over the shared locks, −1 where none is shared."""
    best = np.full(len(pairs.left), -1, np.int16)
    for copy in protocol.encoding.filter_copies:
        if copy.name == name:
            bits = _filter(e, copy, protocol)
            rows = np.flatnonzero(_shares_lock(e, pairs, copy, protocol))
            best[rows] = np.maximum(best[rows], dice_permille(bits, bits, pairs.left[rows], pairs.right[rows]))
    return best


def _shares_lock(e: Encodings, pairs: Pairs, copy: Copy, protocol: Protocol) -> NDArray[np.bool_]:
    """Whether the pair agrees on the copy's lock; where no lock is to be seen, everybody may."""
    if copy.lock is None or protocol.encoding.tokens[copy.lock].hidden:
        return np.ones(len(pairs.left), dtype=np.bool_)
    return _equal(e, pairs, copy.lock, protocol)


def _token(e: Encodings, label: str, protocol: Protocol) -> NDArray[np.uint64]:
    return e.tokens[:, protocol.tokens.index(label)]


def _filter(e: Encodings, copy: Copy, protocol: Protocol) -> NDArray[np.uint64]:
    return e.filter(protocol.places(copy))
