"""A level is the first rung that holds; a pattern is a number; every pattern is counted once."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators import count_patterns, first_rung, pattern_codes, patterns, same_token


def naive_level(holds, observed):
    if not observed:
        return -1
    return next((rung for rung, held in enumerate(holds) if held), len(holds))


def naive_code(levels, sizes):
    code = 0
    for level, size in zip(levels, sizes, strict=True):
        code = code * (size + 1) + level + 1
    return code


@st.composite
def tables(draw):
    """Sizes, and levels (n_pairs, n_comparisons) that are within them."""
    sizes = tuple(draw(st.lists(st.integers(1, 6), max_size=6)))
    rows = draw(st.lists(st.tuples(*(st.integers(-1, size - 1) for size in sizes)), max_size=20))
    return sizes, np.array(rows, dtype=np.int8).reshape(len(rows), len(sizes))


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 5).flatmap(lambda rungs: st.lists(st.tuples(*[st.booleans()] * (rungs + 1)), min_size=1)))
def test_the_level_is_the_first_rung_that_holds(rows):
    *holds, observed = np.array(rows, dtype=np.bool_).T
    found = first_rung(holds, observed)
    assert found.dtype == np.int8
    assert found.tolist() == [naive_level(row[:-1], row[-1]) for row in rows]


def test_a_pair_that_was_not_compared_has_no_level_even_if_a_rung_holds():
    assert first_rung([np.array([True, True])], np.array([True, False])).tolist() == [0, -1]


def test_more_rungs_than_an_int8_can_number_are_refused():
    rung = np.array([False])
    assert first_rung([rung] * 127, ~rung).tolist() == [127]
    with pytest.raises(ValueError, match="128 rungs"):
        first_rung([rung] * 128, ~rung)


def test_a_missing_token_is_the_same_as_nothing():
    one, two = np.array([7, 0, 9], dtype=np.uint64), np.array([7, 0, 7], dtype=np.uint64)
    left, right = np.array([0, 0, 0, 1, 2], dtype=np.int32), np.array([0, 1, 2, 1, 2], dtype=np.int32)
    assert same_token(one, two, left, right).tolist() == [True, False, True, False, False]


@settings(deadline=None)  # the first call compiles
@given(tables())
def test_codes_are_those_of_the_slow_twin_and_lead_back_to_their_patterns(case):
    sizes, levels = case
    codes = pattern_codes(levels, sizes)
    assert codes.tolist() == [naive_code(row, sizes) for row in levels.tolist()]
    assert patterns(codes, sizes).tolist() == levels.tolist()


@settings(deadline=None)  # the first call compiles
@given(tables())
def test_every_pattern_that_occurs_is_counted_once_in_order(case):
    sizes, levels = case
    found = count_patterns(levels, sizes)
    expected = sorted(Counter(map(tuple, levels.tolist())).items())
    assert [(tuple(row), count) for row, count in zip(found.patterns.tolist(), found.counts.tolist(), strict=True)] == expected
    assert found.patterns[found.inverse].tolist() == levels.tolist()
    assert (found.patterns.dtype, found.counts.dtype, found.inverse.dtype) == (np.int8, np.int64, np.int32)


def test_codes_use_all_63_bits_and_not_one_more():
    sizes = (1,) * 63
    most = np.zeros((1, 63), dtype=np.int8)
    assert pattern_codes(most, sizes).tolist() == [2**63 - 1]
    assert patterns(pattern_codes(most, sizes), sizes).tolist() == most.tolist()
    with pytest.raises(ValueError, match="63 bits"):
        pattern_codes(np.zeros((1, 64), dtype=np.int8), (1,) * 64)
    with pytest.raises(ValueError, match="63 bits"):
        patterns(np.zeros(1, dtype=np.int64), (1,) * 64)


@pytest.mark.parametrize("level", [-2, 3])
def test_a_level_outside_its_comparison_is_refused(level):
    with pytest.raises(ValueError, match="comparison 1 has a level outside -1 to 2"):
        pattern_codes(np.array([[0, level]], dtype=np.int8), (3, 3))


def test_sizes_must_be_those_of_the_comparisons():
    with pytest.raises(ValueError, match="2 comparisons, but 3 sizes"):
        count_patterns(np.zeros((1, 2), dtype=np.int8), (2, 2, 2))
