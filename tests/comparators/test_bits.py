"""A filter's population is the number of its ones, whatever its width."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numba import njit

from comparators import counts, popcount

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
