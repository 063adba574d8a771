"""A filter's population is the number of its ones, whatever its width; a parity is that of the bits that a set names."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numba import njit

from comparators import bits as kernel
from comparators import counts, counts_by_bit, parities, popcount, rows_with

WIDTHS = [1, 63, 64, 65, 1023, 1024, 1025]


def naive_counts(filters):
    return np.array([sum(int(word).bit_count() for word in row) for row in filters], dtype=np.int32)


def full(width):
    """One filter of `width` ones, its last word padded with zeros."""
    ones = (1 << width) - 1
    return np.array([[ones >> shift & 0xFFFF_FFFF_FFFF_FFFF for shift in range(0, width, 64)]], dtype=np.uint64)


@njit
def population(word):
    return popcount(word)


@pytest.mark.parametrize(("word", "ones"), [(0, 0), (1, 1), (1 << 63, 1), (2**64 - 1, 64), (0xAAAA_AAAA_AAAA_AAAA, 32)])
def test_popcount_counts_the_ones_of_a_word_to_the_last_bit(word, ones):
    assert population(np.uint64(word)) == ones


@pytest.mark.parametrize("width", WIDTHS)
def test_a_full_filter_has_as_many_ones_as_bits(width):
    assert counts(full(width)).tolist() == [width]


@settings(deadline=None)  # the first call compiles
@given(hnp.arrays(np.uint64, st.tuples(st.integers(0, 8), st.integers(0, 17))))
def test_counts_are_those_of_the_slow_twin(filters):
    found = counts(filters)
    assert found.dtype == np.int32
    assert found.tolist() == naive_counts(filters).tolist()


def test_a_column_of_a_larger_array_is_counted_as_it_is():
    filters = np.random.default_rng(0).integers(0, 2**63, (9, 3, 5)).astype(np.uint64)
    assert counts(filters[:, 1, :]).tolist() == naive_counts(filters[:, 1, :]).tolist()


def naive_parities(filters, sets):
    """Bit k of a row is bit k mod 64 of word k div 64; bit s of the answer, likewise placed, is their sum mod 2."""
    out = []
    for row in filters.tolist():
        words = [0] * (len(sets) // 64)
        for number, places in enumerate(sets.tolist()):
            ones = sum(row[place // 64] >> place % 64 & 1 for place in places)
            words[number // 64] |= (ones % 2) << number % 64
        out.append(words)
    return out


def some(n, words, n_sets, size, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**64, (n, words), np.uint64), rng.integers(0, 64 * words, (n_sets, size))


@pytest.mark.parametrize("n_sets", [64, 128, 192])
@pytest.mark.parametrize("words", [1, 2, 3])
@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 130])
def test_parities_are_those_of_the_slow_twin(n, words, n_sets):
    for size in (1, 2, 5):
        filters, sets = some(n, words, n_sets, size, seed=size)
        found = parities(filters, sets)
        assert (found.shape, found.dtype) == ((n, n_sets // 64), np.uint64)
        assert found.tolist() == naive_parities(filters, sets)


def test_sets_of_one_bit_each_in_order_give_the_filters_back():
    filters, _ = some(70, 2, 64, 1)
    assert parities(filters, np.arange(128)[:, None]).tolist() == filters.tolist()
    backwards = parities(filters, np.arange(128)[::-1, None].copy())
    assert backwards[:, 0].tolist() == [int(f"{word:064b}"[::-1], 2) for word in filters[:, 1].tolist()]


def test_a_parity_does_not_touch_its_filters_and_takes_a_column_of_a_larger_array():
    filters, sets = some(9 * 3, 5, 64, 4)
    whole = filters.reshape(9, 3, 5)
    before = whole.copy()
    assert parities(whole[:, 1, :], sets).tolist() == naive_parities(before[:, 1, :], sets)
    assert np.array_equal(whole, before)


@pytest.mark.parametrize("rows", [1, 63, 64, 100])
@pytest.mark.parametrize("threads", [1, 2])
def test_neither_threads_nor_slices_change_a_parity(threads, rows, monkeypatch):
    if threads > numba.config.NUMBA_NUM_THREADS:
        pytest.skip("this machine has one core")
    filters, sets = some(130, 3, 128, 5)
    monkeypatch.setattr(kernel, "_ROWS", rows)
    before = numba.get_num_threads()
    numba.set_num_threads(threads)
    try:
        assert parities(filters, sets).tolist() == naive_parities(filters, sets)
    finally:
        numba.set_num_threads(before)


@settings(deadline=None)  # the first call compiles
@given(hnp.arrays(np.uint64, st.integers(0, 40)), st.integers(0, 63))
def test_bits_of_words_are_counted_and_found_as_by_looking_at_each(words, bit):
    ones = [[row for row, word in enumerate(words.tolist()) if word >> place & 1] for place in range(64)]
    assert counts_by_bit(words).tolist() == [*map(len, ones)]
    assert rows_with(words, bit).tolist() == ones[bit]


def test_words_of_several_slices_are_counted_and_found_together(monkeypatch):
    monkeypatch.setattr(kernel, "_WORDS", 7)
    words = np.random.default_rng(2).integers(0, 2**63, 100).astype(np.uint64)
    assert counts_by_bit(words)[5] == len(rows_with(words, 5)) == (words >> np.uint64(5) & np.uint64(1)).sum()
    assert (np.diff(rows_with(words, 5)) > 0).all()
