"""The best partition of a small group: as good as the best of all that there are, and never what is forbidden."""

from itertools import combinations

import numpy as np
import pytest

from linkage.unit.agglomerate import agglomerate
from linkage.unit.partition import LARGEST_EXACT, best_partition

BELL = (1, 1, 2, 5, 15, 52, 203)


def every_partition(size):
    """The labels of every partition of so many records, each named by its smallest member: restricted growth, one by one."""

    def grown(labels):
        if len(labels) == size:
            yield tuple(labels)
            return
        for name in sorted({*labels, len(labels)}):
            yield from grown([*labels, name])

    return list(grown([]))


def worth(weights, labels):
    return sum(int(weights[a, b]) for a, b in combinations(range(len(labels)), 2) if labels[a] == labels[b])


def joins(labels):
    return len(labels) - len(set(labels))


def group(size, seed, forbidden=0.2, spread=8):
    """Symmetric weights of few values, so that there are ties, and pairs that may not share a cluster."""
    rng = np.random.default_rng([size, seed])
    weights, cannot = np.zeros((size, size), np.int64), np.zeros((size, size), np.bool_)
    for a, b in combinations(range(size), 2):
        weights[a, b] = weights[b, a] = rng.integers(-spread, spread + 1)
        cannot[a, b] = cannot[b, a] = rng.random() < forbidden
    return weights, cannot


@pytest.mark.parametrize("size", range(1, 7))
def test_there_are_as_many_partitions_as_bells_number_says(size):
    assert len(set(every_partition(size))) == len(every_partition(size)) == BELL[size]


@pytest.mark.parametrize("size", range(1, 7))
@pytest.mark.parametrize("forbidden", [0.0, 0.3, 1.0])
def test_no_partition_that_is_allowed_is_worth_more(size, forbidden):
    for seed in range(12):
        weights, cannot = group(size, seed, forbidden)
        allowed = [
            one
            for one in every_partition(size)
            if not any(one[a] == one[b] and cannot[a, b] for a, b in combinations(range(size), 2))
        ]
        found = tuple(best_partition(weights, cannot).tolist())
        assert found in allowed
        assert worth(weights, found) == max(worth(weights, one) for one in allowed)


@pytest.mark.parametrize("seed", range(20))
def test_of_equally_good_partitions_it_is_one_of_fewest_joins(seed):
    weights, none = group(6, seed, spread=2)[0], np.zeros((6, 6), np.bool_)
    best = max(worth(weights, one) for one in every_partition(6))
    good = [one for one in every_partition(6) if worth(weights, one) == best]
    assert joins(best_partition(weights, none).tolist()) == min(map(joins, good))


def test_a_third_record_of_which_as_much_speaks_for_as_against_stays_alone():
    weights = np.array([[0, 4, 2], [4, 0, -2], [2, -2, 0]], np.int64)
    assert best_partition(weights, np.zeros((3, 3), np.bool_)).tolist() == [0, 0, 2]
    assert best_partition(np.zeros((5, 5), np.int64), np.zeros((5, 5), np.bool_)).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("size", [7, LARGEST_EXACT])
def test_average_linkage_is_never_worth_more_and_what_is_forbidden_stays_so(size):
    nobody = np.zeros((size, size), np.bool_)
    better = 0
    for seed in range(60):
        weights, cannot = group(size, seed)
        best, average = best_partition(weights, cannot), agglomerate(weights, nobody, cannot)
        better += worth(weights, best) - worth(weights, average) > 0
        assert worth(weights, best) >= worth(weights, average)
        assert not (cannot & (best[:, None] == best[None, :])).any()
    assert better > 0, "average linkage was always right: the example proves little"


def test_a_cluster_is_named_by_its_smallest_member_and_numbers_are_of_the_right_kind():
    weights, cannot = group(8, 1)
    found = best_partition(weights, cannot)
    assert found.dtype == np.int32
    assert all(name == np.flatnonzero(found == name)[0] for name in found)


def test_records_in_another_order_are_divided_as_well():
    weights, cannot = group(7, 5)
    order = np.random.default_rng(1).permutation(7)
    moved = best_partition(weights[np.ix_(order, order)], cannot[np.ix_(order, order)])
    assert worth(weights[np.ix_(order, order)], moved) == worth(weights, best_partition(weights, cannot))
