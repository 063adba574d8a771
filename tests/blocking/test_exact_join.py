"""The join finds every pair at or above the threshold, and no other: to the last pair on the edge."""

from fractions import Fraction
from itertools import combinations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocking import CrossPairs, Pairs, all_pairs, dice_join, dice_join_between, exact_join, hamming_join, hamming_join_between
from blocking.scan import LANES
from blocking.sketches import Sketch
from comparators import dice_permille

WIDTHS = [1, 63, 64, 65, 256, 1023, 1024, 1025, 4096]
SHAPES = [(1, 0), (2, 1), (3, 0), (5, 2), (8, 4), (13, 6), (16, 0), (16, 8)]  # of sketches of 16 words


def naive_dice_join(filters, permille):
    numbers = [sum(int(word) << 64 * k for k, word in enumerate(row)) for row in filters]
    return [
        (i, j)
        for (i, a), (j, b) in combinations(enumerate(numbers), 2)
        if a and b and Fraction(2 * (a & b).bit_count(), a.bit_count() + b.bit_count()) >= Fraction(permille, 1000)
    ]


def naive_hamming_join(filters, at_most):
    every = combinations(range(len(filters)), 2)
    return [(i, j) for i, j in every if differ(filters[i], filters[j]) <= at_most and filters[i].any() and filters[j].any()]


def differ(a, b):
    return int(np.bitwise_count(a ^ b).sum())


def naive_between(naive, one, other, threshold):
    """Of the pairs of both lists in one, those of a record of the first with one of the second."""
    both = naive(np.concatenate([one, other]), threshold)
    return [(i, j - len(one)) for i, j in both if i < len(one) <= j]


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


@pytest.mark.parametrize("n", [0, 1, 2, LANES - 1, LANES, LANES + 1, 2 * LANES, 32 * LANES, 33 * LANES + 3, 300 * LANES + 5])
@pytest.mark.parametrize("permille", [1, 500, 800, 1000])
def test_the_join_holds_where_groups_and_slices_begin_and_end(n, permille):
    filters = noisy_copies(n, 128, seed=n)
    everything, found = all_pairs(n), dice_join(filters, permille)
    alike = dice_permille(filters, filters, *everything) >= permille
    assert found.left.dtype == found.right.dtype == np.int32
    assert np.array_equal(found, Pairs(everything.left[alike], everything.right[alike]))


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
    n = 129
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


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_of_the_sketch_loses_or_adds_a_pair(shape, monkeypatch):
    filters = noisy_copies(250, 1024, seed=3)
    expected = {permille: naive_dice_join(filters, permille) for permille in (1, 600, 900)}
    assert {0} < {len(found) for found in expected.values()} or len(expected[900]) > 100
    monkeypatch.setattr(exact_join, "choose", lambda *_: Sketch(*shape))
    for permille, pairs in expected.items():
        assert as_list(dice_join(filters, permille)) == pairs


@pytest.mark.parametrize("words", [20, 64])
def test_long_filters_are_joined_under_their_longest_and_shortest_sketches(words, monkeypatch):
    filters = noisy_copies(60, 64 * words)
    expected = naive_dice_join(filters, 800)
    for shape in ((1, 0), (words, 0)):
        monkeypatch.setattr(exact_join, "choose", lambda *_, shape=shape: Sketch(*shape))
        assert as_list(dice_join(filters, 800)) == expected


@pytest.mark.parametrize("at_most", [0, 1, 7, 40, 100, 1 << 50])
@pytest.mark.parametrize("width", [64, 65, 1024])
def test_the_hamming_join_is_that_of_the_slow_twin(width, at_most):
    filters = noisy_copies(60, width)
    assert as_list(hamming_join(filters, at_most)) == naive_hamming_join(filters, at_most)


@pytest.mark.parametrize(("n", "n_other"), [(0, 0), (0, 9), (9, 0), (1, 1), (7, 300), (300, 7), (270, 333)])
@pytest.mark.parametrize("permille", [1, 800, 1000])
def test_the_join_between_lists_is_that_of_the_slow_twin(n, n_other, permille):
    both = noisy_copies(n + n_other, 128, seed=n)
    one, other = both[:n], both[n:]
    found = dice_join_between(one, other, permille)
    assert isinstance(found, CrossPairs)
    assert as_list(Pairs(*found)) == naive_between(naive_dice_join, one, other, permille)
    turned = dice_join_between(other, one, permille)
    assert sorted(zip(turned.other.tolist(), turned.one.tolist(), strict=True)) == as_list(Pairs(*found))


@pytest.mark.parametrize("at_most", [5, 12, 30])
def test_the_hamming_join_between_lists_is_that_of_the_slow_twin(at_most):
    both = noisy_copies(200, 128)
    expected = naive_between(naive_hamming_join, both[:80], both[80:], at_most)
    assert as_list(Pairs(*hamming_join_between(both[:80], both[80:], at_most))) == expected
    assert expected


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.sets(st.integers(0, 64), max_size=8), max_size=20),
    st.integers(0, 20),
    st.sampled_from([1, 250, 334, 500, 667, 800, 1000]),
    st.integers(0, 20),
)
def test_joins_between_lists_are_those_of_the_slow_twins_on_small_filters_full_of_ties(rows, cut, permille, at_most):
    filters = packed(rows, 65)
    one, other = filters[:cut], filters[cut:]
    assert as_list(Pairs(*dice_join_between(one, other, permille))) == naive_between(naive_dice_join, one, other, permille)
    assert as_list(Pairs(*hamming_join_between(one, other, at_most))) == naive_between(naive_hamming_join, one, other, at_most)


def test_a_list_joined_with_itself_holds_each_pair_both_ways_and_each_record_with_itself():
    filters = noisy_copies(300, 256)
    alone, twice = as_list(dice_join(filters, 750)), as_list(Pairs(*dice_join_between(filters, filters, 750)))
    themselves = [(row, row) for row in range(300) if filters[row].any()]
    assert twice == sorted([*alone, *((b, a) for a, b in alone), *themselves])


def test_lists_of_filters_of_different_length_are_refused():
    with pytest.raises(ValueError, match="16 and 8 words"):
        dice_join_between(np.ones((2, 16), np.uint64), np.ones((2, 8), np.uint64), 800)


def test_a_negative_number_of_bits_is_refused():
    with pytest.raises(ValueError, match="-1 bits"):
        hamming_join(np.ones((2, 1), np.uint64), -1)


def test_filters_without_a_word_are_all_missing():
    assert as_list(dice_join(np.empty((5, 0), np.uint64), 1)) == []
