"""What blocking saves and loses, on a case that can be counted on the fingers."""

import math

import numpy as np
import pytest

from blocking import Pairs, all_pairs, pairs_completeness, pairs_quality, reduction_ratio


def as_pairs(listed):
    left, right = np.array(listed, dtype=np.int32).reshape(-1, 2).T
    return Pairs(left, right)


NONE = as_pairs([])
TRUTH = as_pairs([(0, 1), (0, 2), (1, 2), (3, 4)])
CANDIDATES = as_pairs([(0, 1), (0, 3), (1, 2), (1, 4), (3, 4)])


def test_five_candidates_of_ten_pairs_spare_half_of_the_work():
    assert reduction_ratio(len(CANDIDATES.left), 5) == 0.5


def test_three_of_four_true_pairs_are_candidates():
    assert pairs_completeness(CANDIDATES, TRUTH, 5) == 0.75


def test_three_of_five_candidates_are_true_pairs():
    assert pairs_quality(CANDIDATES, TRUTH, 5) == pytest.approx(0.6)


def test_all_pairs_lose_nothing_and_spare_nothing():
    assert pairs_completeness(all_pairs(5), TRUTH, 5) == 1.0
    assert reduction_ratio(10, 5) == 0.0


def test_no_candidates_lose_everything():
    assert pairs_completeness(NONE, TRUTH, 5) == 0.0


def test_a_ratio_of_nothing_is_not_a_number():
    assert math.isnan(reduction_ratio(0, 1))
    assert math.isnan(pairs_completeness(CANDIDATES, NONE, 5))
    assert math.isnan(pairs_quality(NONE, TRUTH, 5))
