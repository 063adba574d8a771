"""Levels: the same as a reading of the protocol aloud, pair by pair; and what is missing never agrees."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocking import Pairs, all_pairs
from linkage.protocol import parse_protocol
from linkage.records import Encodings
from linkage.schema import DIFFERENT, NOT_OBSERVED
from linkage.unit.vectors import compare, level_counts


def some_encodings(protocol, n, seed, missing=0.2, values=3):
    """Records whose tokens and filters are drawn from so few values that every level occurs.

    The upper half of a token under a lock is the lock's mask, and something else where the record has no value.
    """
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, values + 1, (n, len(protocol.tokens)), np.uint64)
    under_lock = np.array([copy.lock is not None for copy in protocol.encoding.token_copies], np.bool_)
    tokens += (rng.integers(1, values + 1, tokens.shape, np.uint64) << np.uint64(32)) * under_lock.astype(np.uint64)
    tokens[rng.random(tokens.shape) < missing] = 0
    originals = rng.random((values, 64 * protocol.words)) < 0.25
    pool = np.vstack([originals ^ (rng.random(originals.shape) < flipped) for flipped in (0, 0.05, 0.2)])
    packed = np.packbits(pool, axis=1, bitorder="little").view("<u8")
    filters = packed[rng.integers(0, len(packed), (n, len(protocol.filters)))]
    filters[rng.random(filters.shape[:2]) < missing] = 0
    source, record = np.zeros(n, np.int16), np.array([f"{at:026d}" for at in range(n)], "S26")
    return Encodings(("police",), source, record, np.ascontiguousarray(filters), tokens)


def bits(words):
    return {64 * word + bit for word, value in enumerate(words.tolist()) for bit in range(64) if value >> bit & 1}


def naive_levels(e, protocol, left, right):
    """The ladder as docs/encoding.md tells it: sets of bits and plain numbers."""

    encoding = protocol.encoding

    def token(record, label):
        return int(e.tokens[record, protocol.tokens.index(label)])

    def bloom(record, label):
        return bits(e.filters[record, protocol.filters.index(label)])

    def has(record, name):
        return token(record, name) != 0 if name in protocol.tokens else bool(bloom(record, name))

    def equal(one, other):
        return one == other != 0

    def shares(name):
        """Whether the pair agrees on a token, or on any of its copies under a lock that it shares or nobody sees."""
        labels = copies(name, encoding.tokens[name].locks) if encoding.tokens[name].locks else [name]
        return any(equal(token(left, label), token(right, label)) for label in labels)

    def copies(name, locks):
        return [f"{name}@{lock}" for lock in locks if encoding.tokens[lock].hidden or shares(lock)]

    def alike(one, other, dice):
        return bool(one) and bool(other) and 2000 * len(one & other) >= dice * (len(one) + len(other))

    def any_copy_alike(name, dice):
        """Whether the filter, or a copy under a lock that the pair shares or nobody sees, is alike enough."""
        locks = encoding.filters[name].locks
        if not locks:
            return alike(bloom(left, name), bloom(right, name), dice)
        return any(alike(bloom(left, label), bloom(right, label), dice) for label in copies(name, locks))

    def tests(level):
        yield from (shares(name) for name in level.token or ())
        if level.any_token:
            yield any(equal(token(left, one), token(right, other)) for one in level.any_token for other in level.any_token)
        if level.crossed_tokens:
            one, other = level.crossed_tokens
            yield equal(token(left, one), token(right, other)) or equal(token(left, other), token(right, one))
        if level.filter:
            yield any_copy_alike(level.filter, level.dice)
        if level.crossed_filters:
            one, other = level.crossed_filters
            yield all(alike(bloom(left, a), bloom(right, b), level.dice) for a, b in ((one, other), (other, one)))

    def holds(level):
        return any(tests(level))

    def seen(comparison):
        """Behind locks: whether agreement shows, or a filter is more alike than chance, or both show a value under a lock."""
        names = [name for level in comparison.levels for name in (*level.tokens, *level.filters) if name in encoding.locked]
        if not names or any(holds(level) for level in comparison.levels):
            return True
        if comparison.observed_from is not None:
            return any(any_copy_alike(name, comparison.observed_from) for name in names if name in encoding.filters)
        return any(both_show(label) for name in names for label in copies(name, encoding.tokens[name].locks))

    def both_show(label):
        """Whether both records have a value under a lock that they share: then the upper halves of their tokens are equal."""
        return equal(token(left, label) >> 32, token(right, label) >> 32)

    ended = {}
    for comparison in protocol.comparisons:
        made = seen(comparison) and all(has(record, name) for record in (left, right) for name in comparison.needs)
        for condition, wanted in ((comparison.only_if, True), (comparison.unless, False)):
            if condition:
                name, _, level = condition.partition("=")
                made = made and (ended[name] == level) == wanted
        found = next((level.name for level in comparison.levels if holds(level)), DIFFERENT)
        ended[comparison.name] = found if made else NOT_OBSERVED
    return [
        -1 if ended[comparison.name] == NOT_OBSERVED else comparison.level_names.index(ended[comparison.name])
        for comparison in protocol.comparisons
    ]


@pytest.mark.parametrize("seed", range(4))
def test_levels_are_those_of_the_ladder_read_aloud(seed, small_protocol):
    e, pairs = some_encodings(small_protocol, 30, seed), all_pairs(30)
    found = compare(e, pairs, small_protocol)
    assert (found.shape, found.dtype) == ((435, 4), np.int8)
    assert found.tolist() == [naive_levels(e, small_protocol, a, b) for a, b in zip(*map(np.ndarray.tolist, pairs), strict=True)]


def test_every_level_of_every_comparison_occurs_in_these_examples(small_protocol):
    """Otherwise the twin above would prove little."""
    seen = [set() for _ in small_protocol.comparisons]
    for seed in range(4):
        found = compare(some_encodings(small_protocol, 30, seed), all_pairs(30), small_protocol)
        for column, levels in enumerate(found.T.tolist()):
            seen[column] |= set(levels)
    assert seen == [set(range(-1, size)) for size in level_counts(small_protocol)]


@pytest.mark.parametrize("seed", range(4))
def test_behind_locks_levels_are_those_of_the_ladder_read_aloud(seed, locked_protocol):
    e, pairs = some_encodings(locked_protocol, 30, seed), all_pairs(30)
    found = compare(e, pairs, locked_protocol)
    assert found.tolist() == [naive_levels(e, locked_protocol, a, b) for a, b in zip(*map(np.ndarray.tolist, pairs), strict=True)]


def test_every_level_behind_locks_occurs_in_these_examples(locked_protocol):
    seen = [set() for _ in locked_protocol.comparisons]
    for seed in range(4):
        found = compare(some_encodings(locked_protocol, 30, seed), all_pairs(30), locked_protocol)
        for column, levels in enumerate(found.T.tolist()):
            seen[column] |= set(levels)
    assert seen == [set(range(-1, size)) for size in level_counts(locked_protocol)]


def under(*labels):
    """Equal tokens of the locks of these copies."""
    return {label.partition("@")[2]: (7, 7) for label in labels}


def level_of(protocol, name, tokens=(), filters=()):
    """The level at which two records end that hold these tokens and sets of bits by label, and nothing else."""
    record = np.array([f"{at:026d}" for at in range(2)], "S26")
    blank = np.zeros((2, len(protocol.filters), protocol.words), np.uint64), np.zeros((2, len(protocol.tokens)), np.uint64)
    e = Encodings(("police",), np.zeros(2, np.int16), record, *blank)
    for label, values in dict(tokens).items():
        e.tokens[:, protocol.tokens.index(label)] = values
    for label, sets in dict(filters).items():
        for row, places in enumerate(sets):
            for place in places:
                e.filters[row, protocol.filters.index(label), place >> 6] |= np.uint64(1 << (place & 63))
    column = [comparison.name for comparison in protocol.comparisons].index(name)
    return int(compare(e, all_pairs(2), protocol)[0, column])


SAME, NEAR, APART = (range(10), range(10)), (range(10), range(2, 12)), (range(10), range(8, 18))


def test_a_locked_filter_is_compared_under_a_lock_that_both_share_and_under_no_other(locked_protocol):
    copies = {"surname@date": SAME, "surname@given_year": SAME}
    assert level_of(locked_protocol, "surname", {}, copies) == -1
    assert level_of(locked_protocol, "surname", {"date": (7, 8), "given_year": (0, 0)}, copies) == -1
    assert level_of(locked_protocol, "surname", {"date": (7, 7)}, copies) == 0
    assert level_of(locked_protocol, "surname", {"given_year": (7, 7)}, copies) == 0


def test_of_several_shared_locks_the_best_likeness_counts(locked_protocol):
    """A record whose value is missing under one lock has noise there; the other lock tells."""
    both = {"date": (7, 7), "given_year": (9, 9)}
    for copies in ((APART, NEAR), (NEAR, APART)):
        filters = dict(zip(("surname@date", "surname@given_year"), copies, strict=True))
        assert level_of(locked_protocol, "surname", both, filters) == 1
    assert level_of(locked_protocol, "surname", {"date": (7, 7)}, {"surname@date": APART, "surname@given_year": NEAR}) == -1


def test_under_a_hidden_lock_every_pair_is_compared(locked_protocol):
    assert level_of(locked_protocol, "birth", {}, {"birth@sex": NEAR}) == 0


@pytest.mark.parametrize(("shared", "level"), [(5, -1), (6, 1), (7, 1), (8, 0)])
def test_below_observed_from_a_pair_is_not_observed_and_from_it_on_different(shared, level, locked_protocol):
    """Filters of ten bits each that share six have 600 permille, as `observed_from` asks; from 750 on the rung holds."""
    assert level_of(locked_protocol, "birth", {}, {"birth@sex": (range(10), range(10 - shared, 20 - shared))}) == level


def test_a_token_that_a_level_names_beside_a_filter_makes_the_pair_observed(locked_protocol):
    assert level_of(locked_protocol, "surname", {"surname_year": (5, 5)}) == 0
    assert level_of(locked_protocol, "surname", {"surname_year": (5, 6)}) == -1


MASK, OTHER_MASK = 5 << 32, 6 << 32


@pytest.mark.parametrize("label", ["given@date", "given@surname_year"])
def test_a_locked_token_is_the_same_where_any_copy_is(label, locked_protocol):
    assert level_of(locked_protocol, "given", {**under(label), label: (MASK + 3, MASK + 3)}) == 0
    assert level_of(locked_protocol, "given", {label: (MASK + 3, MASK + 3)}) == -1


@pytest.mark.parametrize("label", ["given@date", "given@surname_year"])
def test_under_a_shared_lock_two_values_are_seen_to_differ(label, locked_protocol):
    assert level_of(locked_protocol, "given", {**under(label), label: (MASK + 3, MASK + 4)}) == 1
    assert level_of(locked_protocol, "given", {label: (MASK + 3, MASK + 4)}) == -1


def test_of_several_copies_one_that_is_the_same_outweighs_one_that_differs(locked_protocol):
    copies = {"given@date": (MASK + 3, MASK + 4), "given@surname_year": (MASK + 3, MASK + 3)}
    assert level_of(locked_protocol, "given", {**under(*copies), **copies}) == 0


@pytest.mark.parametrize("values", [(MASK + 3, OTHER_MASK + 3), (MASK + 3, OTHER_MASK + 4), (MASK + 3, 0), (0, MASK + 3), (0, 0)])
def test_missing_is_not_different(values, locked_protocol):
    """A record without a value has noise or a zero under its lock; that the lock is shared then says nothing of the value."""
    assert level_of(locked_protocol, "given", {"date": (7, 7), "given@date": values}) == -1


def test_a_lock_is_shared_that_nobody_sees_where_two_values_under_it_show(locked):
    """The lock itself need not leave the agencies: the values tell."""
    locked["encoding"]["tokens"]["given"]["locks"] = ["sex"]
    protocol = parse_protocol(locked, "p")
    assert level_of(protocol, "given", {"given@sex": (MASK + 3, MASK + 4)}) == 1
    assert level_of(protocol, "given", {"given@sex": (MASK + 3, OTHER_MASK + 3)}) == -1


def test_a_level_holds_where_any_of_its_tests_does(small):
    small["comparisons"][2]["levels"] = [
        {
            "name": "one way or other",
            "token": ["date", "year"],
            "any_token": ["date", "swapped"],
            "filter": "birth",
            "dice": 800,
        }
    ]
    protocol = parse_protocol(small, "p")
    apart = {"date": (1, 2), "year": (3, 4), "swapped": (5, 6)}
    assert level_of(protocol, "birth", apart, {"birth": APART}) == 1
    for tokens in ({"date": (1, 1)}, {"year": (3, 3)}, {"swapped": (5, 5)}, {"swapped": (2, 6)}):
        assert level_of(protocol, "birth", {**apart, **tokens}, {"birth": APART}) == 0
    assert level_of(protocol, "birth", apart, {"birth": NEAR}) == 0


def test_a_comparison_that_needs_nothing_is_made_of_every_pair(small):
    small["comparisons"][3] = {"name": "year", "levels": [{"name": "same", "token": ["year"]}]}
    protocol = parse_protocol(small, "p")
    assert level_of(protocol, "year", {"year": (5, 5)}) == 0
    assert level_of(protocol, "year", {"year": (0, 5)}) == 1
    assert level_of(protocol, "year", {"year": (0, 0)}) == 1


def test_without_a_look_behind_locks_only_what_is_open_is_compared(locked_protocol):
    """`year` is made where `birth` was not observed, and so of every pair."""
    e, pairs = some_encodings(locked_protocol, 30, 1), all_pairs(30)
    whole, open_only = compare(e, pairs, locked_protocol), compare(e, pairs, locked_protocol, locked=False)
    behind = [locked_protocol.behind_locks(comparison) for comparison in locked_protocol.comparisons]
    assert (whole[:, behind] >= 0).any()
    assert (open_only[:, behind] == -1).all()
    assert np.array_equal(open_only[:, 3], whole[:, 3])
    looked_at = whole[:, 2] == -1
    assert np.array_equal(open_only[looked_at, 4], whole[looked_at, 4])
    assert (open_only[~looked_at, 4] >= 0).any()


def test_level_counts_include_different(small_protocol):
    assert level_counts(small_protocol) == (4, 3, 4, 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_levels_do_not_depend_on_which_record_comes_first(seed):
    protocol = parse_protocol(PLAIN, "p")
    e, pairs = some_encodings(protocol, 12, seed), all_pairs(12)
    turned = Pairs(pairs.right, pairs.left)
    assert np.array_equal(compare(e, pairs, protocol), compare(e, turned, protocol))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_missing_never_agrees(seed):
    """A record that lacks what a comparison needs is not compared, and no rung holds by two things being missing."""
    protocol = parse_protocol(PLAIN, "p")
    e, pairs = some_encodings(protocol, 12, seed, missing=0.6), all_pairs(12)
    found = compare(e, pairs, protocol)
    for column, comparison in enumerate(protocol.comparisons):
        lacking = np.zeros(12, bool)
        for name in comparison.needs:
            if name in protocol.tokens:
                lacking |= e.tokens[:, protocol.tokens.index(name)] == 0
            else:
                lacking |= ~e.filters[:, protocol.filters.index(name)].any(axis=1)
        assert (found[lacking[pairs.left] | lacking[pairs.right], column] == -1).all()


def test_records_of_nothing_are_compared_in_nothing(small_protocol):
    e = some_encodings(small_protocol, 5, 0, missing=1.0)
    assert not e.tokens.any()
    assert not e.filters.any()
    assert (compare(e, all_pairs(5), small_protocol) == -1).all()


def test_a_rung_whose_token_is_missing_does_not_hold(small_protocol):
    """`birth` is needed of both and equal in both, `swapped` of neither: the crossed rung must not hold by two zeros."""
    e = some_encodings(small_protocol, 2, 1, missing=0.0)
    date, swapped = small_protocol.tokens.index("date"), small_protocol.tokens.index("swapped")
    e.tokens[:, date], e.tokens[:, swapped] = (1, 2), (2, 1)
    birth = [comparison.name for comparison in small_protocol.comparisons].index("birth")
    assert compare(e, all_pairs(2), small_protocol)[0, birth] == 1
    e.tokens[:, swapped] = 0
    assert compare(e, all_pairs(2), small_protocol)[0, birth] > 1


def test_no_pairs_have_no_levels(small_protocol):
    none = np.empty(0, np.int32)
    assert compare(some_encodings(small_protocol, 3, 0), Pairs(none, none), small_protocol).shape == (0, 4)


def test_where_a_filter_and_a_token_share_a_name_the_token_is_needed(small_protocol):
    assert "surname" in small_protocol.filters
    assert "surname" in small_protocol.tokens
    e = some_encodings(small_protocol, 2, 3, missing=0.0)
    assert compare(e, all_pairs(2), small_protocol)[0, 0] >= 0
    e.tokens[0, small_protocol.tokens.index("surname")] = 0
    assert compare(e, all_pairs(2), small_protocol)[0, 0] == -1


PLAIN = {
    "format": "headcount-protocol/1",
    "project": "plain",
    "epoch": "2020",
    "title": "for properties",
    "normaliser": "norm/1",
    "identifiers": ["surname", "birth_date"],
    "encoding": {
        "scheme": "fields/1",
        "bits": 64,
        "filters": {
            "one": {"parts": [{"of": "surname.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"}]},
            "two": {"parts": [{"of": "given_name.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"}]},
        },
        "tokens": {"date": {"of": ["birth_date"], "domain": "d"}, "swapped": {"of": ["birth_date.swapped"], "domain": "d"}},
    },
    "comparisons": [
        {
            "name": "name",
            "needs": ["one"],
            "levels": [
                {"name": "crossed", "crossed_filters": ["one", "two"], "dice": 300},
                {"name": "near", "filter": "one", "dice": 1},
            ],
        },
        {
            "name": "date",
            "needs": ["date"],
            "levels": [{"name": "crossed", "crossed_tokens": ["date", "swapped"]}, {"name": "same", "token": ["date"]}],
        },
    ],
    "blocking": {"passes": ["date"], "max_block": 10},
    "clustering": {"method": "average", "threshold": 500},
    "statistics": {"dimensions": []},
    "release": {"thresholds": {}, "valid_days": 1},
}


def test_the_plain_protocol_reaches_its_crossed_rungs():
    protocol = parse_protocol(PLAIN, "p")
    found = [compare(some_encodings(protocol, 12, seed), all_pairs(12), protocol) for seed in range(3)]
    assert set(itertools.chain(*(levels[:, 0].tolist() for levels in found))) >= {-1, 0}
    assert set(itertools.chain(*(levels[:, 1].tolist() for levels in found))) == {-1, 0, 1, 2}
