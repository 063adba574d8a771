"""Comparison vectors: for each candidate pair and each comparison of the protocol, the level at which it ended.

The unit knows no field and no scheme: a comparison is a ladder of tests on tokens and filters, and the level is the first
rung that holds. What is locked is compared under every lock that the two records share, and the best counts. −1 says that
the comparison was not made, because a record lacks what it needs, because the pair shares no lock, or because an earlier
comparison has already told what this one would. Missing is never taken for different: under a lock that two records
share, the upper halves of their tokens are equal if both have a value, and filters are more alike than chance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from blocking import Pairs
from comparators import UNSEEN, climb, equal_rows, lower
from linkage.encoding import Copy
from linkage.protocol import Protocol
from linkage.records import Encodings
from linkage.unit.contradictions import ended_at
from linkage.unit.views import View, views

Levels = NDArray[np.int8]
# Given a lock's place on the axis and the levels: writes down what is known under it; whether anything is, and then it is all.
Known = Callable[[int, Levels], bool]
_NONE = np.empty(0, np.int64)
_NOT_OBSERVED = -1


def compare(encodings: Encodings, pairs: Pairs, protocol: Protocol, *, locked: bool = True, known: Known | None = None) -> Levels:
    """(n_pairs, n_comparisons) int8 levels in the protocol's order, best = 0, last = different, −1 = not observed.

    Args:
        encodings: of all records.
        pairs: to be compared.
        protocol: the agreement.
        locked: whether to look behind locks; pairs drawn at random share none, and the look would be for nothing.
        known: lowers levels to what the pairs were seen to show under the lock at a place on the axis, and says whether they were
            looked at under it; those that were are not looked at again.
    """
    out = _nothing_seen(len(pairs.left), protocol)
    for view in views(protocol, locked=locked):
        _look(encodings, pairs, view, out, known)
    out[out == UNSEEN] = _NOT_OBSERVED
    _made_only_where_asked(encodings, pairs, out, protocol)
    return out


def level_counts(protocol: Protocol) -> tuple[int, ...]:
    """Number of levels of each comparison, `different` included."""
    return tuple(len(comparison.level_names) for comparison in protocol.comparisons)


def has_value(e: Encodings, name: str, protocol: Protocol) -> NDArray[np.bool_]:
    """(n_records,) whether each record has a value of an unlocked token or filter."""
    return e.there(protocol.tokens.index(name)) if name in protocol.encoding.tokens else e.filled(protocol.places(Copy(name, None)))


def _nothing_seen(n_pairs: int, protocol: Protocol) -> Levels:
    """Where pairs stand before the first look: what is open to all can be seen to differ, what is locked has to be shown."""
    start = [UNSEEN if protocol.behind_locks(one) else len(one.levels) for one in protocol.comparisons]
    return np.tile(np.array(start, np.int8), (n_pairs, 1))


def _look(e: Encodings, pairs: Pairs, view: View, out: Levels, known: Known | None) -> None:
    """Lower the levels of the pairs that share the view's lock to what they show under it."""
    shared = [_sharing(e, pairs, place, out, known) for place in view.lock]
    rows = functools.reduce(np.union1d, shared) if shared else np.arange(len(out))
    rows = lower(out, rows, view.shared, _best(view))
    if not len(rows):
        return
    left, right = pairs.left[rows], pairs.right[rows]
    seen = np.zeros(len(e), np.bool_)
    seen[left] = seen[right] = True
    records = _neighbours_first(e, np.flatnonzero(seen), view)
    place = np.full(len(e), -1, np.int32)
    place[records] = np.arange(len(records), dtype=np.int32)
    left, right = place[left], place[right]
    columns = e.side_by_side(view.tokens, view.filters, place, len(records), len(view.filters))
    climb(columns, left, right, rows, view.of_tokens, view.of_filters, out)


def _sharing(e: Encodings, pairs: Pairs, place: int, out: Levels, known: Known | None) -> NDArray[np.int64]:
    return _NONE if known and known(place, out) else equal_rows(e.token(place), *pairs)


def _neighbours_first(e: Encodings, records: NDArray[np.int64], view: View) -> NDArray[np.int64]:
    """The records in the order of what they share, so that those of one block lie side by side in memory."""
    return records[np.argsort(e.token(view.lock[0])[records])] if len(view.lock) == 1 else records


def _best(view: View) -> list[tuple[int, int]]:
    """Of each ladder that the view's tests speak of, the best rung that they could bring a pair to."""
    best: dict[int, int] = {}
    of_tokens = np.where(view.of_tokens.rung >= 0, view.of_tokens.rung, view.of_tokens.shown)
    for ladders, rungs in ((view.of_tokens.ladder, of_tokens), (view.of_filters.ladder, view.of_filters.rung)):
        for ladder, rung in zip(ladders.tolist(), rungs.tolist(), strict=True):
            best[ladder] = min(best.get(ladder, UNSEEN), rung)
    return sorted(best.items())


def _made_only_where_asked(e: Encodings, pairs: Pairs, out: Levels, protocol: Protocol) -> None:
    """Take back comparisons whose conditions do not hold, in the protocol's order: a condition looks at earlier ones."""
    for column, comparison in enumerate(protocol.comparisons):
        for name in comparison.needs:
            has = has_value(e, name, protocol)
            out[~(has[pairs.left] & has[pairs.right]), column] = _NOT_OBSERVED
        if comparison.only_if:
            out[~ended_at(out, comparison.only_if, protocol), column] = _NOT_OBSERVED
        if comparison.unless:
            out[ended_at(out, comparison.unless, protocol), column] = _NOT_OBSERVED
