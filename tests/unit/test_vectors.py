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
from linkage.unit import vectors
from linkage.unit.vectors import compare, level_counts


def some_encodings(protocol, n, seed, missing=0.2, values=3):
    """Records whose tokens and filters are drawn from so few values that every level occurs."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, values + 1, (n, len(protocol.tokens)), np.uint64)
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

    def token(record, name):
        return int(e.tokens[record, protocol.tokens.index(name)])

    def bloom(record, name):
        return bits(e.filters[record, protocol.filters.index(name)])

    def has(record, name):
        return token(record, name) != 0 if name in protocol.tokens else bool(bloom(record, name))

    def equal(one, other):
        return one == other != 0

    def alike(one, other, dice):
        return bool(one) and bool(other) and 2000 * len(one & other) >= dice * (len(one) + len(other))

    def holds(level):
        if level.token:
            return equal(token(left, level.token), token(right, level.token))
        if level.crossed_tokens:
            one, other = level.crossed_tokens
            return equal(token(left, one), token(right, other)) or equal(token(left, other), token(right, one))
        if level.filter:
            return alike(bloom(left, level.filter), bloom(right, level.filter), level.dice)
        one, other = level.crossed_filters
        return alike(bloom(left, one), bloom(right, other), level.dice) and alike(bloom(left, other), bloom(right, one), level.dice)

    ended = {}
    for comparison in protocol.comparisons:
        made = all(has(record, name) for record in (left, right) for name in comparison.needs)
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


def test_chunks_join_without_a_seam(small_protocol, monkeypatch):
    e, pairs = some_encodings(small_protocol, 20, 2), all_pairs(20)
    whole = compare(e, pairs, small_protocol)
    for chunk in (1, 7, 189, 190, 191):
        monkeypatch.setattr(vectors, "_CHUNK", chunk)
        assert np.array_equal(compare(e, pairs, small_protocol), whole)


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
            "one": {"of": "surname.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"},
            "two": {"of": "given_name.skeleton", "grams": "bigrams", "positions": 3, "domain": "name"},
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
            "levels": [{"name": "crossed", "crossed_tokens": ["date", "swapped"]}, {"name": "same", "token": "date"}],
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
