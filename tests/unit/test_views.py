"""Views: every test of a protocol stands in one of them, under the lock that lets it be seen, and reads the right columns."""

from collections import Counter

import numpy as np
import pytest

from blocking import all_pairs
from linkage.protocol import SCHEMES, ready_protocol
from linkage.records import Encodings
from linkage.unit.vectors import compare
from linkage.unit.views import views

READY = [(name, scheme) for name in ("tip", "persons") for scheme in SCHEMES]


@pytest.fixture(params=["small", "locked", *READY], ids=str)
def agreed(request, small_protocol, locked_protocol):
    """Every ready protocol under every scheme, and the two that hold every kind of rule."""
    known = {"small": small_protocol, "locked": locked_protocol}
    return known[request.param] if request.param in known else ready_protocol(*request.param)


def visible_locks(protocol):
    tokens = protocol.encoding.tokens
    return {lock for _, spec in protocol.encoding.specs for lock in spec.locks if not tokens[lock].hidden}


def labels_of(name, axis):
    """The entries of an axis that hold a filter or token, without the further places of a long filter."""
    return [label for label in axis if label.partition("@")[0] == name and "+" not in label]


def shown_by(label, protocol):
    """The lock under which an entry is seen; None where all see it."""
    lock = label.partition("@")[2]
    return lock if lock in visible_locks(protocol) else None


def said(protocol):
    """Every test that the protocol asks for, read aloud: (view, kind, one, other, ladder, rung, permille)."""
    for ladder, comparison in enumerate(protocol.comparisons):
        for rung, level in enumerate(comparison.levels):
            for name in level.token or ():
                if name in visible_locks(protocol):
                    yield name, "shared", name, name, ladder, rung, None
                    continue
                for label in labels_of(name, protocol.tokens):
                    yield shown_by(label, protocol), "equal", label, label, ladder, rung, None
            for one in level.any_token or ():
                yield from ((None, "equal", one, other, ladder, rung, None) for other in level.any_token)
            if level.crossed_tokens:
                one, other = level.crossed_tokens
                yield from ((None, "equal", a, b, ladder, rung, None) for a, b in ((one, other), (other, one)))
            if level.filter:
                for label in labels_of(level.filter, protocol.filters):
                    yield shown_by(label, protocol), "alike", label, label, ladder, rung, level.dice
            if level.crossed_filters:
                yield None, "alike", *level.crossed_filters, ladder, rung, level.dice
        names = {name for level in comparison.levels for name in (*level.tokens, *level.filters)} & protocol.encoding.locked
        for name in names:
            if comparison.observed_from is not None:
                for label in labels_of(name, protocol.filters):
                    last = len(comparison.levels)
                    yield shown_by(label, protocol), "alike", label, label, ladder, last, comparison.observed_from
            else:
                for label in labels_of(name, protocol.tokens):
                    yield shown_by(label, protocol), "shown", label, label, ladder, len(comparison.levels), None


def found(protocol, view):
    """The tests of a view, its columns read back to labels."""
    name = protocol.tokens[view.lock[0]] if view.lock else None
    yield from ((name, "shared", name, name, ladder, rung, None) for ladder, rung in view.shared)
    tokens = [protocol.tokens[place] for place in view.tokens]
    for one, other, ladder, rung, shown in zip(*(column.tolist() for column in view.of_tokens), strict=True):
        assert (rung < 0) != (shown < 0), "a test lets a pair stand somewhere, once"
        yield name, "equal" if rung >= 0 else "shown", tokens[one], tokens[other], ladder, max(rung, shown), None
    columns, at = {}, len(tokens)
    for place in view.filters:
        columns[at] = protocol.filters[place.start], (place.stop - place.start) * protocol.words
        at += columns[at][1]
    room = {first: at + number for number, first in enumerate(columns)}
    for one, other, ones, others, words, ladder, rung, dice in zip(*(column.tolist() for column in view.of_filters), strict=True):
        assert (ones, others) == (room[one], room[other]), "their ones are counted behind all columns"
        assert words == columns[one][1] == columns[other][1], "a filter is compared over all its length"
        yield name, "alike", columns[one][0], columns[other][0], ladder, rung, dice


def test_every_test_of_every_comparison_stands_in_one_view_and_no_view_has_another(agreed):
    read = Counter(test for view in views(agreed, locked=True) for test in found(agreed, view))
    expected = Counter(said(agreed))
    assert read == expected
    assert len({test[4] for test in read}) == len(agreed.comparisons), "every comparison is made somewhere"


def test_among_the_protocols_are_all_kinds_of_tests_and_views(small_protocol, locked_protocol):
    """Otherwise the twin above would prove little."""
    protocols = [small_protocol, locked_protocol, *(ready_protocol(*one) for one in READY)]
    tests = [test for one in protocols for view in views(one, locked=True) for test in found(one, view)]
    assert {(test[0] is None, test[1]) for test in tests} >= {
        (True, "equal"),
        (True, "alike"),
        (False, "equal"),
        (False, "alike"),
        (False, "shown"),
        (False, "shared"),
    }
    assert any(test[2] != test[3] for test in tests if test[1] == "alike")
    wide = [one.stop - one.start for protocol in protocols for view in views(protocol, locked=True) for one in view.filters]
    assert max(wide) > 1


def test_a_view_is_opened_by_its_own_lock_and_reads_every_column_once(agreed):
    found_views = views(agreed, locked=True)
    locks = [view.lock for view in found_views]
    assert len(set(locks)) == len(locks)
    assert {agreed.tokens[place] for lock in locks for place in lock} <= visible_locks(agreed)
    assert all(len(lock) <= 1 for lock in locks), "a lock is not locked itself, so it has one place"
    for view in found_views:
        assert len(set(view.tokens)) == len(view.tokens)
        starts = [(place.start, place.stop) for place in view.filters]
        assert len(set(starts)) == len(starts)
        read = {*view.of_tokens.one.tolist(), *view.of_tokens.other.tolist()}
        assert read == set(range(len(view.tokens))), "what no test reads is not fetched"
        assert len({*view.of_filters.one.tolist(), *view.of_filters.other.tolist()}) == len(view.filters)


def test_locks_come_before_what_is_open(locked_protocol):
    locks = [view.lock for view in views(locked_protocol, locked=True)]
    assert len(locks) > 2
    assert locks[-1] == ()
    assert all(locks[:-1])


def test_the_token_of_a_lock_is_not_compared_again_in_its_own_view(locked_protocol):
    """Whoever looks under a lock shares it, and that alone says on which rung the pair stands."""
    place = locked_protocol.tokens.index
    by_lock = {view.lock: view for view in views(locked_protocol, locked=True)}
    assert by_lock[place("surname_year"),].shared == ((0, 0),)
    assert by_lock[place("given_year"),].shared == ((1, 0),)
    assert by_lock[place("date"),].shared == ()
    assert all(not set(view.lock) & set(view.tokens) for view in by_lock.values())


def test_tests_of_one_filter_stand_in_a_row_so_that_it_is_compared_once(agreed):
    for view in views(agreed, locked=True):
        both = list(zip(view.of_filters.one.tolist(), view.of_filters.other.tolist(), strict=True))
        changes = [one for place, one in enumerate(both) if place == 0 or both[place - 1] != one]
        assert len(changes) == len(set(both))


def test_without_a_look_behind_locks_nothing_under_a_lock_is_read(agreed):
    behind = {ladder for ladder, one in enumerate(agreed.comparisons) if agreed.behind_locks(one)}
    for view in views(agreed, locked=False):
        tests = list(found(agreed, view))
        assert tests
        assert not {test[4] for test in tests} & behind
        assert not any("@" in label for test in tests for label in test[2:4])
        assert not view.lock or not (view.tokens or view.filters)
    asked = {test[4] for view in views(agreed, locked=False) for test in found(agreed, view)}
    assert asked == set(range(len(agreed.comparisons))) - behind


def test_a_look_without_locks_never_touches_a_locked_column_and_sees_of_the_rest_what_the_whole_look_sees(locked_protocol):
    rng, n = np.random.default_rng(4), 25
    shape = n, len(locked_protocol.filters), locked_protocol.words
    tokens = rng.integers(0, 3, (n, len(locked_protocol.tokens)), np.uint64)
    names = np.array([f"{at:026d}" for at in range(n)], "S26")
    whole = Encodings(("police",), np.zeros(n, np.int16), names, rng.integers(0, 2**64, shape, np.uint64), tokens)
    behind = [locked_protocol.behind_locks(one) for one in locked_protocol.comparisons]
    assert 0 < sum(behind) < len(behind)
    assert not any(one.only_if or one.unless for one, under in zip(locked_protocol.comparisons, behind, strict=True) if under)
    open_only = Encodings(whole.agencies, whole.source, whole.record, whole.filters.copy(), whole.tokens.copy())
    open_only.filters[:, ["@" in label for label in locked_protocol.filters]] = 0
    open_only.tokens[:, ["@" in label for label in locked_protocol.tokens]] = 0
    pairs = all_pairs(n)
    seen = compare(whole, pairs, locked_protocol, locked=False)
    assert np.array_equal(seen, compare(open_only, pairs, locked_protocol, locked=False))
    assert (seen[:, behind] == -1).all()
    free = [not under and not one.only_if for one, under in zip(locked_protocol.comparisons, behind, strict=True)]
    assert any(free)
    assert np.array_equal(seen[:, free], compare(whole, pairs, locked_protocol)[:, free])
