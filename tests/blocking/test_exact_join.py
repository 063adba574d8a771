"""The join finds every pair at or above the threshold, and no other: to the last pair on the edge."""

from fractions import Fraction
from itertools import combinations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocking import Pairs, all_pairs, dice_join
from blocking.exact_join import TILE
from comparators import dice_permille

WIDTHS = [1, 63, 64, 65, 1023, 1024, 1025]


def naive_dice_join(filters, permille):
    numbers = [sum(int(word) << 64 * k for k, word in enumerate(row)) for row in filters]
    return [
        (i, j)
        for (i, a), (j, b) in combinations(enumerate(numbers), 2)
        if a and b and Fraction(2 * (a & b).bit_count(), a.bit_count() + b.bit_count()) >= Fraction(permille, 1000)
    ]


def packed(positions, width):
    """(n, words) filters with ones at the positions given for each row."""
    bits = np.zeros((len(positions), -(-width // 64) * 64), dtype=np.uint8)
    for row, places in enumerate(positions):
        bits[row, list(places)] = 1
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def noisy_copies(n, width, seed=0):
    """Filters of very different fill, most of them like others, some missing."""
    generator = np.random.default_rng(seed)
    parents = generator.random((max(n // 4, 1), width)) < generator.uniform(0.05, 0.7, (max(n // 4, 1), 1))
    bits = parents[generator.integers(0, len(parents), n)] ^ (generator.random((n, width)) < 0.05)
    bits[generator.random(n) < 0.05] = False
    return packed([np.flatnonzero(row) for row in bits], width)


def as_list(pairs):
    assert pairs.left.dtype == pairs.right.dtype == np.int32
    return list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("permille", [1, 700, 1000])
def test_the_join_is_that_of_the_slow_twin_at_every_width(width, permille):
    filters = noisy_copies(60, width)
    assert as_list(dice_join(filters, permille)) == naive_dice_join(filters, permille)


@pytest.mark.parametrize("n", [0, 1, 2, TILE - 1, TILE, TILE + 1, 2 * TILE, 5 * TILE + 3])
@pytest.mark.parametrize("permille", [1, 500, 800, 1000])
def test_the_join_holds_where_tiles_begin_and_end(n, permille):
    filters = noisy_copies(n, 128, seed=n)
    everything = all_pairs(n)
    alike = dice_permille(filters, filters, *everything) >= permille
    assert as_list(dice_join(filters, permille)) == as_list(Pairs(everything.left[alike], everything.right[alike]))


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.sets(st.integers(0, 64), max_size=8), max_size=12),
    st.sampled_from([1, 250, 333, 334, 400, 500, 666, 667, 750, 800, 999, 1000]),
)
def test_the_join_is_that_of_the_slow_twin_on_small_filters_full_of_ties(rows, permille):
    filters = packed(rows, 65)
    assert as_list(dice_join(filters, permille)) == naive_dice_join(filters, permille)


@pytest.mark.parametrize(
    ("a", "b", "highest"),
    [
        (range(5), range(1, 6), 800),  # exactly 4/5
        (range(10), range(1, 10), 947),  # 18/19 = 947.37 permille
        (range(2), range(1), 666),  # 2/3
        (range(1000), range(999), 999),
        (range(1000), range(1000), 1000),
        (range(1), range(999), 2),  # at the edge of the length filter: all that the smaller one could share
    ],
)
def test_a_pair_on_the_threshold_is_in_and_one_just_below_is_out(a, b, highest):
    filters = packed([a, b], 1024)
    assert as_list(dice_join(filters, highest)) == [(0, 1)]
    if highest < 1000:
        assert as_list(dice_join(filters, highest + 1)) == []


def test_missing_filters_are_like_nothing_not_even_each_other():
    filters = np.zeros((300, 16), dtype=np.uint64)
    assert as_list(dice_join(filters, 1)) == []
    filters[[17, 250]] = 5
    assert as_list(dice_join(filters, 1)) == [(17, 250)]


def test_filters_that_are_all_the_same_are_all_alike():
    n = 2 * TILE + 1
    assert as_list(dice_join(np.full((n, 16), 3, dtype=np.uint64), 1000)) == list(combinations(range(n), 2))


def test_a_column_of_a_larger_array_is_joined_as_it_is():
    filters = noisy_copies(200, 256).reshape(200, 2, 2)
    assert as_list(dice_join(filters[:, 1, :], 800)) == naive_dice_join(filters[:, 1, :], 800)


def test_the_order_of_the_records_changes_nothing_but_their_numbers():
    filters = noisy_copies(400, 256)
    order = np.random.default_rng(1).permutation(400)
    moved = dice_join(filters[order], 750)
    named = {tuple(sorted(pair)) for pair in zip(order[moved.left].tolist(), order[moved.right].tolist(), strict=True)}
    assert named == set(as_list(dice_join(filters, 750)))


def test_the_number_of_threads_changes_nothing():
    filters = noisy_copies(3000, 1024)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = dice_join(filters, 700)
    finally:
        numba.set_num_threads(before)
    together = dice_join(filters, 700)
    assert len(alone.left) > 1000
    assert np.array_equal(alone.left, together.left)
    assert np.array_equal(alone.right, together.right)


@pytest.mark.parametrize("permille", [-1, 0, 1001])
def test_a_threshold_that_is_none_is_refused(permille):
    with pytest.raises(ValueError, match="outside 1 to 1000"):
        dice_join(np.ones((2, 1), dtype=np.uint64), permille)
