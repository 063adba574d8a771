"""Pairs are sorted, unique, left < right; and sets of pairs are what sets of pairs should be."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocking import Pairs, all_pairs, complete, found_among, from_codes, random_pairs, to_codes


def as_list(found):
    assert found.left.dtype == found.right.dtype == np.int32
    return list(zip(found.left.tolist(), found.right.tolist(), strict=True))


def as_pairs(listed):
    left, right = np.array(listed, dtype=np.int32).reshape(-1, 2).T
    return Pairs(left, right)


def naive_complete(groups):
    return [(a, b) for a, b in combinations(range(len(groups)), 2) if groups[a] == groups[b]]


def pair_lists(n):
    return st.lists(st.sampled_from(list(combinations(range(n), 2))), unique=True).map(sorted)


@settings(deadline=None)  # the first call compiles
@given(pair_lists(9))
def test_codes_lead_back_to_their_pairs(listed):
    assert as_list(from_codes(to_codes(as_pairs(listed), 9), 9)) == listed


def test_codes_in_any_order_and_repeated_are_the_same_pairs():
    assert as_list(from_codes(np.array([7, 1, 7, 2, 1]), 5)) == [(0, 1), (0, 2), (1, 2)]


def test_codes_hold_more_records_than_an_int32_can_square():
    pairs = as_pairs([(0, 1), (2_000_000_000, 2_100_000_000)])
    assert as_list(from_codes(to_codes(pairs, 2_147_483_647), 2_147_483_647)) == as_list(pairs)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 17])
def test_all_pairs_are_all(n):
    assert as_list(all_pairs(n)) == list(combinations(range(n), 2))


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.integers(-3, 3), max_size=30))
def test_complete_holds_the_pairs_within_each_group(groups):
    assert as_list(complete(np.array(groups, dtype=np.int32))) == naive_complete(groups)


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 14), st.integers(0, 100), st.integers(0, 3))
def test_random_pairs_are_distinct_and_as_many_as_asked_for(n, count, seed):
    pairs = as_list(random_pairs(n, count, seed))
    assert len(pairs) == min(count, n * (n - 1) // 2)
    assert pairs == sorted(set(pairs))
    assert all(0 <= left < right < n for left, right in pairs)


def test_the_same_seed_draws_the_same_pairs_and_another_seed_others():
    assert as_list(random_pairs(1000, 50, 7)) == as_list(random_pairs(1000, 50, 7))
    assert as_list(random_pairs(1000, 50, 7)) != as_list(random_pairs(1000, 50, 8))


@pytest.mark.parametrize("count", [3, 12])  # below and above half of the 15 pairs there are
def test_every_pair_is_equally_likely(count):
    seen = np.zeros(36)
    for seed in range(3000):
        seen[to_codes(random_pairs(6, count, seed), 6)] += 1
    share = seen[to_codes(all_pairs(6), 6)] / 3000
    assert np.abs(share - count / 15).max() < 5 * np.sqrt(0.2 * 0.8 / 3000)


def test_random_pairs_of_very_many_records_cost_no_more_than_their_number():
    pairs = random_pairs(1_000_000, 1000, 0)
    assert len(pairs.left) == 1000
    assert pairs.right.max() > 900_000


@settings(deadline=None)  # the first call compiles
@given(pair_lists(9), pair_lists(9))
def test_pairs_are_found_among_others_if_they_are_there(some, others):
    assert found_among(as_pairs(some), as_pairs(others)).tolist() == [pair in others for pair in some]
