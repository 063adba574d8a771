"""Dice in whole permille: exact on the threshold, −1 where a filter is missing."""

from fractions import Fraction

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators import dice_permille

WIDTHS = [1, 63, 64, 65, 1023, 1024, 1025]


def naive_dice_permille(filters, other, left, right):
    def one(a, b):
        a, b = (sum(int(word) << 64 * k for k, word in enumerate(row)) for row in (a, b))
        if not a or not b:
            return -1
        return int(Fraction(1000 * 2 * (a & b).bit_count(), a.bit_count() + b.bit_count()))

    return [one(filters[a], other[b]) for a, b in zip(left, right, strict=True)]


def packed(positions, width):
    """(n, words) filters with ones at the positions given for each row."""
    bits = np.zeros((len(positions), -(-width // 64) * 64), dtype=np.uint8)
    for row, places in enumerate(positions):
        bits[row, list(places)] = 1
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def random_filters(n, width, seed=0, share=1 / 3):
    generator = np.random.default_rng(seed)
    return packed([np.flatnonzero(generator.random(width) < share) for _ in range(n)], width)


def columns(pairs):
    return np.array(pairs, dtype=np.int32).reshape(-1, 2).T


@pytest.mark.parametrize("width", WIDTHS)
def test_dice_is_that_of_the_slow_twin_at_every_width(width):
    filters = random_filters(12, width, share=0.6)
    filters[3] = 0
    left, right = columns([(a, b) for a in range(12) for b in range(12)])
    found = dice_permille(filters, filters, left, right)
    assert found.dtype == np.int16
    assert found.tolist() == naive_dice_permille(filters, filters, left, right)


@st.composite
def two_columns(draw):
    width = draw(st.sampled_from(WIDTHS))
    row = st.sets(st.integers(0, width - 1), max_size=12)
    one, two = (draw(st.lists(row, min_size=1, max_size=6)) for _ in range(2))
    pair = st.tuples(st.integers(0, len(one) - 1), st.integers(0, len(two) - 1))
    return packed(one, width), packed(two, width), columns(draw(st.lists(pair, max_size=10)))


@settings(deadline=None)  # the first call compiles
@given(two_columns())
def test_dice_is_that_of_the_slow_twin_between_two_columns(case):
    filters, other, (left, right) = case
    found = dice_permille(filters, other, left, right)
    assert found.tolist() == naive_dice_permille(filters, other, left, right)
    assert found.tolist() == dice_permille(other, filters, right, left).tolist()


@pytest.mark.parametrize(
    ("a", "b", "permille"),
    [
        (range(5), range(1, 6), 800),  # 2·4 / 10, exactly on 800
        (range(3), range(1), 500),
        (range(2), range(1), 666),  # two thirds, rounded down
        (range(1000), range(999), 999),  # never rounded up to a perfect 1000
        (range(1000), range(1000), 1000),
        (range(5), range(5, 9), 0),
    ],
)
def test_dice_is_rounded_down(a, b, permille):
    filters = packed([a, b], 1024)
    assert dice_permille(filters, filters, *columns([(0, 1)])).tolist() == [permille]


def test_a_missing_filter_is_like_nothing_not_even_itself():
    filters = np.zeros((3, 16), dtype=np.uint64)
    filters[2, 0] = 1
    assert dice_permille(filters, filters, *columns([(0, 1), (0, 0), (0, 2), (2, 1), (2, 2)])).tolist() == [-1, -1, -1, -1, 1000]


def test_no_pairs_have_no_similarities():
    assert dice_permille(random_filters(2, 64), random_filters(2, 64), *columns([])).shape == (0,)


def test_a_column_of_a_larger_array_is_compared_as_it_is():
    filters = random_filters(40, 1024).reshape(10, 4, 16)
    left, right = columns([(a, b) for a in range(10) for b in range(10)])
    one, two = filters[:, 1, :], filters[:, 3, :]
    assert dice_permille(one, two, left, right).tolist() == naive_dice_permille(one, two, left, right)


def test_the_number_of_threads_changes_nothing():
    filters = random_filters(50, 1024)
    generator = np.random.default_rng(1)
    left, right = generator.integers(0, 50, (2, 200_000)).astype(np.int32)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = dice_permille(filters, filters, left, right)
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(alone, dice_permille(filters, filters, left, right))
    table = np.array(naive_dice_permille(filters, filters, *columns([(a, b) for a in range(50) for b in range(50)])))
    assert np.array_equal(alone, table[left * 50 + right])


@pytest.mark.parametrize("pair", [(-1, 0), (0, 2), (2, 0)])
def test_a_pair_that_names_no_record_is_refused(pair):
    filters = random_filters(2, 64)
    with pytest.raises(IndexError, match="outside 0 to 1"):
        dice_permille(filters, filters, *columns([pair]))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="1 and 2 words"):
        dice_permille(random_filters(2, 64), random_filters(2, 128), *columns([(0, 1)]))
    with pytest.raises(ValueError, match="do not make pairs"):
        dice_permille(random_filters(2, 64), random_filters(2, 64), columns([(0, 1)])[0], columns([])[1])
