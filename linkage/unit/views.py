"""What a pair of records shows, lock by lock: the protocol's comparisons taken apart into tests.

A pair is compared by what stands open in both records and, under every lock that they share, by the copies that the lock
guards; the best counts. So the comparisons of a protocol are the same as a list of *views*: the open one, and one for each
lock, with the columns that it lets be seen, the tests on them, and what sharing the lock says by itself. A view needs
nothing of the others: the columns of one lock are read, used and let go before those of the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from comparators import FilterTests, TokenTests
from linkage.encoding import Copy
from linkage.protocol import Comparison, Protocol

_NOWHERE = -1


class View(NamedTuple):
    """What can be seen under one lock.

    Attributes:
        lock: places on the token axis, of which a pair must share one; empty where everybody sees.
        tokens: places on the token axis: the columns that the tests read first.
        filters: places on the filter axis, each a filter: the columns after them, and after these one for each filter's ones.
        shared: (ladder, rung) where a pair stands by sharing the lock.
        of_tokens, of_filters: the tests, by columns.
    """

    lock: tuple[int, ...]
    tokens: tuple[int, ...]
    filters: tuple[slice, ...]
    shared: tuple[tuple[int, int], ...]
    of_tokens: TokenTests
    of_filters: FilterTests


class _Test(NamedTuple):
    """One test before its columns are numbered: of tokens where `dice` is −1, of filters else."""

    view: str | None
    one: Copy
    other: Copy
    ladder: int
    rung: int
    dice: int = _NOWHERE
    shown: int = _NOWHERE


def views(protocol: Protocol, *, locked: bool) -> tuple[View, ...]:
    """The views of a protocol, those of locks first: what they tell, the open one need not look for.

    Args:
        protocol: the agreement.
        locked: whether to look behind locks; else the comparisons that do are left out.
    """
    asked = [place for place, one in enumerate(protocol.comparisons) if locked or not protocol.behind_locks(one)]
    tests = [test for ladder in asked for test in _tests(protocol.comparisons[ladder], ladder, protocol)]
    found = (_view(name, [test for test in tests if test.view == name], protocol) for name in (*_visible_locks(protocol), None))
    return tuple(view for view in found if view.shared or len(view.of_tokens.one) or len(view.of_filters.one))


def _visible_locks(protocol: Protocol) -> tuple[str, ...]:
    locks = {name for _, spec in protocol.encoding.specs for name in spec.locks}
    return tuple(sorted(name for name in locks if not protocol.encoding.tokens[name].hidden))


def _tests(comparison: Comparison, ladder: int, protocol: Protocol) -> Iterator[_Test]:
    """The tests of a comparison; that of a token which is a lock belongs to the lock's own view, as its `shared`."""
    locks = _visible_locks(protocol)
    for rung, level in enumerate(comparison.levels):
        for name in level.token or ():
            if name in locks:
                yield _Test(name, Copy(name, None), Copy(name, None), ladder, rung)
            else:
                yield from (_Test(_seen_under(copy, locks), copy, copy, ladder, rung) for copy in _copies(name, "tokens", protocol))
        several = [Copy(name, None) for name in level.any_token or ()]
        yield from (_Test(None, one, other, ladder, rung) for one in several for other in several)
        if level.crossed_tokens:
            first, second = (Copy(name, None) for name in level.crossed_tokens)
            yield from (_Test(None, first, second, ladder, rung), _Test(None, second, first, ladder, rung))
        for copy in _copies(level.filter, "filters", protocol) if level.filter else ():
            yield _Test(_seen_under(copy, locks), copy, copy, ladder, rung, level.dice or 0)
        if level.crossed_filters:
            first, second = (Copy(name, None) for name in level.crossed_filters)
            yield _Test(None, first, second, ladder, rung, level.dice or 0)
    yield from _differences(comparison, ladder, protocol)


def _differences(comparison: Comparison, ladder: int, protocol: Protocol) -> Iterator[_Test]:
    """The tests that say of locked values that both are there, so that a pair is seen to differ if it stands nowhere better."""
    different, locks = len(comparison.levels), _visible_locks(protocol)
    for name in sorted(comparison.reads & protocol.encoding.locked):
        if comparison.observed_from is None and name in protocol.encoding.tokens:
            for copy in _copies(name, "tokens", protocol):
                yield _Test(_seen_under(copy, locks), copy, copy, ladder, _NOWHERE, shown=different)
        elif comparison.observed_from is not None and name in protocol.encoding.filters:
            for copy in _copies(name, "filters", protocol):
                yield _Test(_seen_under(copy, locks), copy, copy, ladder, different, comparison.observed_from)


def _copies(name: str, axis: Literal["tokens", "filters"], protocol: Protocol) -> list[Copy]:
    e = protocol.encoding
    return [copy for copy in (e.token_copies if axis == "tokens" else e.filter_copies) if copy.name == name]


def _seen_under(copy: Copy, locks: Sequence[str]) -> str | None:
    """The lock whose view shows a copy; where a lock is hidden nobody sees who shares it, and all are compared."""
    return copy.lock if copy.lock in locks else None


def _view(name: str | None, tests: Sequence[_Test], protocol: Protocol) -> View:
    lock = tuple(protocol.tokens.index(copy.label) for copy in _copies(name, "tokens", protocol)) if name else ()
    shared = tuple((one.ladder, one.rung) for one in tests if name and one.one.name == name)
    of_tokens = [one for one in tests if one.dice == _NOWHERE and one.one.name != name]
    of_filters = sorted((one for one in tests if one.dice != _NOWHERE), key=lambda one: (one.one, one.other, one.ladder, one.rung))
    tokens = sorted({protocol.tokens.index(side.label) for one in of_tokens for side in (one.one, one.other)})
    copies = sorted({side for one in of_filters for side in (one.one, one.other)}, key=lambda copy: copy.label)
    places = tuple(protocol.places(copy) for copy in copies)
    widths = [protocol.encoding.bits_of(copy.name) // 64 for copy in copies]
    ends = (len(tokens) + np.cumsum([0, *widths])).tolist()
    starts, ones = dict(zip(copies, ends, strict=False)), {copy: ends[-1] + number for number, copy in enumerate(copies)}

    def column(copy: Copy) -> int:
        return tokens.index(protocol.tokens.index(copy.label))

    first = TokenTests(
        one=np.array([column(one.one) for one in of_tokens], np.int32),
        other=np.array([column(one.other) for one in of_tokens], np.int32),
        ladder=np.array([one.ladder for one in of_tokens], np.int32),
        rung=np.array([one.rung for one in of_tokens], np.int8),
        shown=np.array([one.shown for one in of_tokens], np.int8),
    )
    second = FilterTests(
        one=np.array([starts[one.one] for one in of_filters], np.int32),
        other=np.array([starts[one.other] for one in of_filters], np.int32),
        ones=np.array([ones[one.one] for one in of_filters], np.int32),
        others=np.array([ones[one.other] for one in of_filters], np.int32),
        words=np.array([widths[copies.index(one.one)] for one in of_filters], np.int32),
        ladder=np.array([one.ladder for one in of_filters], np.int32),
        rung=np.array([one.rung for one in of_filters], np.int8),
        dice=np.array([one.dice for one in of_filters], np.int32),
    )
    return View(lock, tuple(tokens), places, shared, first, second)
