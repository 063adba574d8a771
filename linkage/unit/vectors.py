"""Comparison vectors: for each candidate pair and each comparison of the protocol, the level at which it ended.

The unit knows no field: a comparison is a ladder of tests on tokens and filters, and the level is the first rung that
holds. −1 says that the comparison was not made, because a record lacks what it needs or because an earlier comparison
has already told what this one would.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs
from comparators import dice_permille, first_rung, same_token
from linkage.protocol import Comparison, Level, Protocol
from linkage.records import Encodings
from linkage.schema import NOT_OBSERVED

Levels = NDArray[np.int8]
_CHUNK = 1 << 20


def compare(encodings: Encodings, pairs: Pairs, protocol: Protocol) -> Levels:
    """(n_pairs, n_comparisons) int8 levels in the protocol's order, best = 0, last = different, −1 = not observed."""
    out = np.empty((len(pairs.left), len(protocol.comparisons)), dtype=np.int8)
    for start in range(0, len(out), _CHUNK):
        part = Pairs(pairs.left[start : start + _CHUNK], pairs.right[start : start + _CHUNK])
        for column, comparison in enumerate(protocol.comparisons):
            out[start : start + _CHUNK, column] = _levels(encodings, part, comparison, out[start : start + _CHUNK], protocol)
    return out


def level_counts(protocol: Protocol) -> tuple[int, ...]:
    """Number of levels of each comparison, `different` included."""
    return tuple(len(comparison.level_names) for comparison in protocol.comparisons)


def _levels(e: Encodings, pairs: Pairs, comparison: Comparison, earlier: Levels, protocol: Protocol) -> Levels:
    observed = np.ones(len(pairs.left), dtype=np.bool_)
    for name in comparison.needs:
        has = _has(e, name, protocol)
        observed &= has[pairs.left] & has[pairs.right]
    if comparison.only_if:
        observed &= _ended_at(comparison.only_if, earlier, protocol)
    if comparison.unless:
        observed &= ~_ended_at(comparison.unless, earlier, protocol)
    return first_rung([_holds(e, pairs, level, protocol) for level in comparison.levels], observed)


def _has(e: Encodings, name: str, protocol: Protocol) -> NDArray[np.bool_]:
    values = _token(e, name, protocol)[:, None] if name in protocol.encoding.tokens else _filter(e, name, protocol)
    has: NDArray[np.bool_] = np.any(values != 0, axis=1)
    return has


def _ended_at(condition: str, earlier: Levels, protocol: Protocol) -> NDArray[np.bool_]:
    name, _, level = condition.partition("=")
    column = next(i for i, comparison in enumerate(protocol.comparisons) if comparison.name == name)
    names = protocol.comparisons[column].level_names
    return np.equal(earlier[:, column], -1 if level == NOT_OBSERVED else names.index(level))


def _holds(e: Encodings, pairs: Pairs, level: Level, protocol: Protocol) -> NDArray[np.bool_]:
    left, right = pairs
    if level.token:
        token = _token(e, level.token, protocol)
        return same_token(token, token, left, right)
    if level.any_token:
        several = [_token(e, name, protocol) for name in level.any_token]
        alike: NDArray[np.bool_] = np.any([same_token(one, other, left, right) for one in several for other in several], axis=0)
        return alike
    if level.crossed_tokens:
        first, second = (_token(e, name, protocol) for name in level.crossed_tokens)
        return same_token(first, second, left, right) | same_token(second, first, left, right)
    dice = level.dice or 0
    if level.filter:
        bits = _filter(e, level.filter, protocol)
        return dice_permille(bits, bits, left, right) >= dice
    first, second = (_filter(e, name, protocol) for name in level.crossed_filters or ())
    return (dice_permille(first, second, left, right) >= dice) & (dice_permille(second, first, left, right) >= dice)


def _token(e: Encodings, name: str, protocol: Protocol) -> NDArray[np.uint64]:
    return e.tokens[:, protocol.tokens.index(name)]


def _filter(e: Encodings, name: str, protocol: Protocol) -> NDArray[np.uint64]:
    return e.filters[:, protocol.filters.index(name), :]
