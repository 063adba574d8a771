"""A pattern is a number, and every number is counted once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators import equal_rows, groups_in_common, numbered, pattern_codes, patterns, tally


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
@given(tables())
def test_codes_are_those_of_the_slow_twin_and_lead_back_to_their_patterns(case):
    sizes, levels = case
    codes = pattern_codes(levels, sizes)
    assert codes.tolist() == [naive_code(row, sizes) for row in levels.tolist()]
    assert patterns(codes, sizes).tolist() == levels.tolist()


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
        pattern_codes(np.zeros((1, 2), dtype=np.int8), (2, 2, 2))


def test_equal_rows_are_the_pairs_whose_tokens_are_equal_and_there():
    tokens = np.array([7, 0, 9, 7, 0], dtype=np.uint64)
    left, right = np.array([0, 0, 1, 0, 2], dtype=np.int32), np.array([3, 2, 4, 1, 2], dtype=np.int32)
    assert equal_rows(tokens, left, right).tolist() == [0, 4]
    none = np.empty(0, np.int32)
    assert equal_rows(tokens, none, none).tolist() == []


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.integers(0, 2**62) | st.integers(0, 5), st.integers(0, 7)), max_size=60))
def test_a_tally_says_how_often_each_code_came_and_with_which_bits(rows):
    codes, bits = np.array([code for code, _ in rows], np.int64), np.array([bit for _, bit in rows], np.uint64)
    found = tally(codes, bits, 3)
    assert found.codes.tolist() == sorted({code for code, _ in rows})
    assert found.counts.tolist() == [sum(one == code for one, _ in rows) for code in found.codes.tolist()]
    assert found.by_bit.tolist() == [
        [sum(one == code and bit >> place & 1 for one, bit in rows) for place in range(3)] for code in found.codes.tolist()
    ]


def test_a_tally_of_more_codes_than_its_first_table_holds_is_complete():
    codes = np.tile(np.arange(5000, dtype=np.int64) * 7919, 3)
    found = tally(codes, np.ones(len(codes), np.uint64), 1)
    assert np.array_equal(found.codes, np.arange(5000) * 7919)
    assert (found.counts == 3).all()
    assert (found.by_bit == 3).all()


@pytest.mark.parametrize("several", [1, 5, 600])
def test_codes_are_numbered_by_their_places_among_the_known(several):
    rng = np.random.default_rng(several)
    known = np.unique(rng.integers(0, 2**62, several))
    places = rng.integers(0, len(known), 70_000)
    assert np.array_equal(numbered(known[places], known), places)
    assert numbered(known[:0], known).tolist() == []
    with pytest.raises(ValueError, match="not among the known"):
        numbered(np.array([*known[:1], 2**62]), known)


def test_groups_in_common_are_those_of_both():
    group = np.array([[-1, 0], [3, 1], [3, -1], [3, 1], [4, 0]], np.int32)
    left, right = (np.array(side, np.int32) for side in ([0, 0, 1, 1, 2], [2, 4, 2, 3, 3]))
    assert groups_in_common(group, left, right).tolist() == [0, 2, 1, 3, 1]
    assert groups_in_common(group[:, :0], left, right).tolist() == [0] * 5
