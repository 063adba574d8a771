"""What no pass proposed: the formula, and that the joins it goes by are the best-supported ones."""

from itertools import combinations

import numpy as np
import pytest

from linkage.unit import missing as estimating
from linkage.unit.missing import forest, missing

SHARE, SPREAD = estimating._SHARE_OF_ONCE, estimating._SPREAD


@pytest.mark.parametrize(
    ("passes", "once"), [([1, 1, 1, 2, 5, 1, 1, 1], 6), ([2, 3, 7], 0), ([], 0), ([1] * 900, 900), ([1], 1), ([4, 1], 1)]
)
def test_a_share_of_what_hangs_on_a_single_pass_is_missing_the_less_surely_the_less_there_is(passes, once):
    found = missing(np.array(passes, np.int64))
    assert found.number == pytest.approx(SHARE * once)
    assert found.spread**2 == pytest.approx(SPREAD**2 + 1 / max(once, 1))
    assert 0 < SHARE <= 1, "the jackknife, which counts all of what was seen once, is the most there can be"


def test_what_several_passes_proposed_says_nothing_of_what_is_missing():
    once = np.ones(30, np.int64)
    assert missing(once) == missing(np.append(once, [2, 3, 4] * 100))


def graph(seed, n=6):
    """Some pairs of n records, in disorder, and by how many passes each was proposed."""
    rng = np.random.default_rng(seed)
    pairs = [p for p in combinations(range(n), 2) if rng.random() < 0.5]
    rng.shuffle(pairs)
    left, right = (np.array([p[side] for p in pairs], np.int32) for side in (0, 1))
    return left, right, rng.integers(1, 4, len(pairs)), n


def parts(n, pairs):
    """The groups of records that some pairs hold together, by flooding."""
    left, found = set(range(n)), []
    while left:
        group, waiting = set(), {min(left)}
        while waiting:
            one = waiting.pop()
            group.add(one)
            waiting |= {b if a == one else a for a, b in pairs if one in (a, b)} - group
        found.append(frozenset(group))
        left -= group
    return set(found)


@pytest.mark.parametrize("seed", range(20))
def test_the_forest_holds_together_what_all_pairs_do_with_no_pair_to_spare_and_no_other_has_more_passes(seed):
    left, right, passes, n = graph(seed)
    pairs = list(zip(left.tolist(), right.tolist(), strict=True))
    rows, groups = forest(left, right, passes, n), parts(n, pairs)
    assert parts(n, [pairs[row] for row in rows.tolist()]) == groups
    assert len(set(rows.tolist())) == len(rows) == n - len(groups)
    others = (some for some in combinations(range(len(pairs)), len(rows)) if parts(n, [pairs[row] for row in some]) == groups)
    assert passes[rows].sum() == max(sum(int(passes[row]) for row in some) for some in others)


@pytest.mark.parametrize("seed", range(5))
def test_which_pairs_make_the_forest_does_not_depend_on_the_order_of_rows(seed):
    left, right, passes, n = graph(seed)
    order = np.random.default_rng(99).permutation(len(left))
    one = {(int(left[row]), int(right[row])) for row in forest(left, right, passes, n)}
    turned = (left[order], right[order], passes[order])
    assert {(int(turned[0][row]), int(turned[1][row])) for row in forest(*turned, n)} == one


def test_a_triangle_that_one_strong_pair_and_two_weak_ones_make_hangs_on_one_weak_pair():
    """Of three records only two joins count them once, so only one of the two weak pairs is a join that could have been missed."""
    triangle = (np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32), np.array([5, 1, 1]))
    rows = forest(*triangle, 3)
    assert rows.tolist() == [0, 1]
    assert missing(triangle[2][rows]).number == pytest.approx(SHARE)


def test_no_pairs_make_no_forest():
    none = np.empty(0, np.int32)
    assert forest(none, none, none, 4).tolist() == []
