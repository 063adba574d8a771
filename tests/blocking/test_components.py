"""Records that hang together carry the number of their smallest member."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from blocking import components


def naive_components(n, pairs):
    labels = list(range(n))
    for _ in range(n):
        for a, b in pairs:
            labels[a] = labels[b] = min(labels[a], labels[b])
    return labels


def columns(pairs):
    return np.array(pairs, dtype=np.int32).reshape(-1, 2).T


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=25))
def test_labels_are_those_of_the_slow_twin_whatever_the_order_of_the_pairs(pairs):
    expected = naive_components(15, pairs)
    found = components(15, *columns(pairs))
    assert found.dtype == np.int32
    assert found.tolist() == expected
    assert components(15, *columns(pairs[::-1])[::-1]).tolist() == expected


def test_a_long_chain_is_one_component_from_either_end():
    chain = [(k, k + 1) for k in range(9999)]
    assert components(10_000, *columns(chain)).max() == 0
    assert components(10_000, *columns(chain[::-1])).max() == 0


def test_many_records_fall_into_the_components_that_scipy_finds():
    n = 20_000
    left, right = np.random.default_rng(0).integers(0, n, (2, 9000)).astype(np.int32)
    count, theirs = connected_components(coo_array((np.ones(9000), (left, right)), shape=(n, n)), directed=False)
    ours = components(n, left, right)
    _, smallest = np.unique(theirs, return_index=True)
    assert len(smallest) == count
    assert np.array_equal(ours, smallest[theirs])


@pytest.mark.parametrize("n", [0, 1, 3])
def test_without_pairs_everybody_stands_alone(n):
    assert components(n, *columns([])).tolist() == list(range(n))


@pytest.mark.parametrize("pair", [(-1, 0), (0, 3), (3, 0)])
def test_a_pair_that_names_no_record_is_refused(pair):
    with pytest.raises(IndexError, match="outside 0 to 2"):
        components(3, *columns([pair]))


def test_sides_of_different_length_are_refused():
    with pytest.raises(ValueError, match="do not make pairs"):
        components(3, columns([(0, 1)])[0], columns([])[0])
