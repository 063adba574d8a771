"""A pair stands on the best rung that any test brings it to, whatever the order of tests, columns and threads."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators import UNSEEN, FilterTests, TokenTests, climb, climb_blocks, climb_pairs, digits_of, ladders, lower_to

LADDERS, WORDS = 3, 2


def columns_of(rng, n, tokens, filters, words=WORDS):
    """(n, tokens + (words + 1) * filters): tokens of few values in both halves, filters of few bits, gaps in both, and room."""
    both = rng.integers(0, 3, (n, tokens)).astype(np.uint64) << np.uint64(32) | rng.integers(0, 3, (n, tokens)).astype(np.uint64)
    bits = rng.integers(0, 2**63, (n, words * filters), np.uint64) & rng.integers(0, 2**63, (n, words * filters), np.uint64)
    bits = np.where(np.repeat(rng.random((n, filters)) < 0.2, words, axis=1), 0, bits)
    return np.concatenate([both, bits, np.full((n, filters), 99)], axis=1).astype(np.uint64)


def some_tests(rng, tokens, filters, of_tokens, of_filters, words=WORDS):
    one, other = rng.integers(0, tokens, (2, of_tokens)).astype(np.int32)
    rung, shown = rng.integers(-1, 4, (2, of_tokens)).astype(np.int8)
    chosen = rng.integers(0, filters, (2, of_filters)).astype(np.int32)
    (first, second), (ones, others) = tokens + words * chosen, tokens + words * filters + chosen
    width = np.full(of_filters, words, np.int32)
    ladder = [rng.integers(0, LADDERS, size).astype(np.int32) for size in (of_tokens, of_filters)]
    dice = rng.integers(1, 900, of_filters).astype(np.int32)
    return (
        TokenTests(one, other, ladder[0], rung, shown),
        FilterTests(first, second, ones, others, width, ladder[1], rng.integers(0, 5, of_filters).astype(np.int8), dice),
    )


def alike(a, one, b, other, words):
    x, y = (
        {bit for word in range(words) for bit in range(64 * word, 64 * word + 64) if int(side[at + word]) >> bit % 64 & 1}
        for side, at in ((a, one), (b, other))
    )
    return 2000 * len(x & y) // (len(x) + len(y)) if x and y else -1


def naive(columns, left, right, tokens, filters, levels):
    """Every test on every pair, in plain numbers."""
    out = levels.copy()
    for row, (a, b) in enumerate(zip(columns[left], columns[right], strict=True)):
        for one, other, ladder, rung, shown in zip(*tokens, strict=True):
            x, y = int(a[one]), int(b[other])
            if x and y and x == y and rung >= 0:
                out[row, ladder] = min(out[row, ladder], rung)
            elif x and y and x >> 32 == y >> 32 and shown >= 0:
                out[row, ladder] = min(out[row, ladder], shown)
        for one, other, _, _, words, ladder, rung, dice in zip(*filters, strict=True):
            if min(alike(a, one, b, other, words), alike(a, other, b, one, words)) >= dice:
                out[row, ladder] = min(out[row, ladder], rung)
    return out


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 5, 16, 19]))
def test_levels_are_those_of_the_slow_twin(seed, words):
    rng = np.random.default_rng(seed)
    columns = columns_of(rng, 12, 4, 3, words)
    tokens, filters = some_tests(rng, 4, 3, 6, 6, words)
    left, right = rng.integers(0, 12, (2, 40)).astype(np.int32)
    levels = np.full((60, LADDERS), UNSEEN, np.int8)
    pairs = rng.permutation(60)[:40]
    expected = naive(columns, left, right, tokens, filters, levels[pairs])
    climb(columns, left, right, pairs, tokens, filters, levels)
    assert np.array_equal(levels[pairs], expected)
    assert (np.delete(levels, pairs, axis=0) == UNSEEN).all()


@pytest.mark.parametrize("cached", [1, 2000])
def test_what_a_cache_holds_changes_nothing(cached, monkeypatch):
    rng = np.random.default_rng(2)
    columns = columns_of(rng, 300, 4, 3)
    tokens, filters = some_tests(rng, 4, 3, 6, 6)
    left, right = rng.integers(0, 300, (2, 5000)).astype(np.int32)
    levels, pairs = np.full((5000, LADDERS), UNSEEN, np.int8), rng.permutation(5000)
    climb(columns, left, right, pairs, tokens, filters, levels)
    again = np.full_like(levels, UNSEEN)
    monkeypatch.setattr(ladders, "_CACHED", cached)
    climb(columns, left, right, pairs, tokens, filters, again)
    assert np.array_equal(levels, again)
    assert (levels < UNSEEN).any()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_nothing(threads):
    rng = np.random.default_rng(1)
    columns = columns_of(rng, 300, 4, 3)
    tokens, filters = some_tests(rng, 4, 3, 6, 6)
    left, right = rng.integers(0, 300, (2, 100_000)).astype(np.int32)
    levels, pairs = np.full((100_000, LADDERS), UNSEEN, np.int8), np.arange(100_000)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(min(threads, before))
        climb(columns, left, right, pairs, tokens, filters, levels)
    finally:
        numba.set_num_threads(before)
    again = np.full_like(levels, UNSEEN)
    for start in range(0, 100_000, 777):
        rows = pairs[start : start + 777]
        climb(columns, left[rows], right[rows], rows, tokens, filters, again)
    assert np.array_equal(levels, again)
    assert (levels < UNSEEN).any(axis=1).mean() > 0.5


def test_a_pair_outside_the_columns_or_the_levels_is_refused():
    rng = np.random.default_rng(1)
    columns = columns_of(rng, 3, 1, 1)
    tokens, filters = some_tests(rng, 1, 1, 1, 1)
    levels, zero, one = np.zeros((1, LADDERS), np.int8), np.zeros(1, np.int32), np.zeros(1, np.int64)
    with pytest.raises(IndexError, match="outside 0 to 2"):
        climb(columns, zero + 3, zero, one, tokens, filters, levels)
    with pytest.raises(IndexError, match="outside 0 to 0"):
        climb(columns, zero, zero, one + 1, tokens, filters, levels)
    with pytest.raises(ValueError, match="do not make pairs"):
        climb(columns, zero, zero[:0], one, tokens, filters, levels)


def blocks_of(rng, n):
    """Records in blocks of one to seven, the last of each as its complement, and the pairs of each block."""
    cuts = np.unique(np.append(rng.integers(1, n, n // 3), n))
    order = np.concatenate([np.sort(one) for one in np.split(rng.permutation(n), cuts[:-1])]).astype(np.int32)
    several = np.split(np.arange(n), cuts[:-1])
    pairs = sorted((order[a], order[b], a, b) for one in several for a in one for b in one if a < b)
    members = order.copy()
    members[cuts - 1] = ~members[cuts - 1]
    return members, np.array(pairs, np.int64).reshape(-1, 4)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_pairs_of_blocks_stand_where_they_stand_one_by_one(seed, longer):
    rng = np.random.default_rng(seed)
    members, pairs = blocks_of(rng, 40)
    columns = columns_of(rng, 40, 4, 3)
    tokens, filters = some_tests(rng, 4, 3, 6, 6)
    digits = digits_of([5] * (12 if longer else LADDERS))
    assert digits.dtype == (np.uint64 if longer else np.uint32)
    levels = np.full((len(pairs), len(digits.shift)), UNSEEN, np.int8)
    levels[:, 1] = 2
    climb(columns, pairs[:, 2].astype(np.int32), pairs[:, 3].astype(np.int32), np.arange(len(pairs)), tokens, filters, levels)
    start = np.searchsorted(pairs[:, 0], np.arange(40))
    said = np.empty(len(pairs), digits.dtype)
    climb_blocks(columns, members, start, [(1, 2)], tokens, filters, digits, said)
    one_by_one, order = np.empty_like(said), rng.permutation(len(pairs))
    left, right = pairs[order, 2].astype(np.int32), pairs[order, 3].astype(np.int32)
    climb_pairs(columns, (left, right), order, [(1, 2)], tokens, filters, digits, one_by_one)
    assert np.array_equal(one_by_one, said)
    found, bits = np.full((2 * len(pairs), levels.shape[1]), UNSEEN, np.int8), np.tile(np.array([5, 2], np.uint64), len(pairs))
    lower_to(found, bits, 2, digits, said)
    assert np.array_equal(found[::2], levels)
    assert (found[1::2] == UNSEEN).all()
    lower_to(found, bits, 1, digits, np.zeros_like(said))
    assert (found[1::2] == 0).all()


def test_ladders_may_have_more_rungs_than_fit_in_a_word():
    assert digits_of([7] * 21).fit
    assert not digits_of([7] * 22).fit
