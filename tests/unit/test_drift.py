"""Drift: nothing where nothing moved, told per comparison where something did, in whole microbits."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from linkage.canonical import canonical_json
from linkage.unit.drift import BOUND, Moved, described, divergence, drift, lines
from linkage.unit.estimate import Model, PatternCounts
from linkage.unit.model_file import saved

COUNTS = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any)


@given(COUNTS, COUNTS)
def test_divergence_is_jensens_and_shannons_in_microbits_and_symmetric(one, other):
    p, q = np.array(one), np.array(other)
    twin = jensenshannon(p, q, base=2) ** 2
    assert divergence(p, q) == pytest.approx(1e6 * twin, abs=1)
    assert divergence(p, q) == divergence(q, p)
    assert 0 <= divergence(p, q) <= 1_000_000


def test_equal_distributions_are_0_disjoint_ones_1_bit_and_of_no_pairs_there_is_nothing_to_say():
    assert divergence(np.array([3, 1]), np.array([0.75, 0.25])) == 0
    assert divergence(np.array([5, 0]), np.array([0, 7])) == 1_000_000
    assert divergence(np.array([0, 0]), np.array([3, 4])) == 0


def test_the_bound_is_a_population_stability_index_of_a_tenth():
    """Two near distributions at the bound: Jeffreys' divergence in nats is 0.1, within the approximation."""
    p = np.array([0.6, 0.3, 0.1])
    moved = next(q for q in (p + step * np.array([-1, 0.5, 0.5]) for step in np.arange(0, 0.3, 1e-4)) if divergence(p, q) >= BOUND)
    assert ((p - moved) * np.log(p / moved)).sum() == pytest.approx(0.1, rel=0.02)


@pytest.fixture
def model(small_protocol):
    sizes = [len(one.level_names) for one in small_protocol.comparisons]
    m = tuple(np.array([0.9, *[0.1 / (size - 1)] * (size - 1)]) for size in sizes)
    return Model(1e-3, m, tuple(one[::-1].copy() for one in m), 9, True)


def once_each(levels):
    return PatternCounts(levels, np.ones(len(levels), np.int64))


def levels(protocol, n=100):
    return np.zeros((n, len(protocol.comparisons)), np.int8)


def changed(model, key, at, shares):
    return replace(model, **{key: tuple(np.array(shares) if i == at else one for i, one in enumerate(getattr(model, key)))})


def told(protocol, old, new, seen=None):
    seen = levels(protocol) if seen is None else seen
    return described(drift(saved(protocol, old, once_each(levels(protocol))), saved(protocol, new, once_each(seen)), protocol))


def test_of_a_model_and_itself_there_is_no_drift_and_nothing_to_say(model, small_protocol):
    same = told(small_protocol, model, model)
    assert same["prior"] == 0
    assert [set(one.values()) - {one["name"]} for one in same["comparisons"]] == [{0}] * len(small_protocol.comparisons)
    assert list(lines(same)) == []


def test_only_the_comparison_that_moved_is_spoken_of_and_what_of_it_moved(model, small_protocol):
    moved = told(small_protocol, model, changed(model, "m", 2, [0.6, 0.2, 0.1, 0.1]))
    (line,) = lines(moved)
    assert line.startswith("birth: m moved by 0.0")
    assert "u moved" not in line
    assert "candidates" not in line
    assert json.loads(canonical_json(moved)) == moved


def test_a_coincidence_ten_times_as_frequent_shows_in_the_weights_though_its_share_is_small(model, small_protocol):
    old = changed(model, "u", 2, [0.0001, 0.0009, 0.009, 0.99])
    new = changed(model, "u", 2, [0.001, 0.0009, 0.009, 0.9891])
    (one,) = (one for one in told(small_protocol, old, new)["comparisons"] if one["name"] == "birth")
    assert one["u"] < BOUND
    assert one["weight"] == pytest.approx(0.9 * 1e6 * np.log2(10), rel=0.01)
    (line,) = lines(told(small_protocol, old, new))
    assert line == "birth: weights of matches moved by 2.99 bits"


def test_where_candidates_end_otherwise_it_is_said_and_not_observed_counts_as_a_level(model, small_protocol):
    seen = levels(small_protocol)
    seen[:30, 1] = -1
    (line,) = lines(told(small_protocol, model, model, seen))
    assert line.startswith("given: levels of candidates moved by 0.1")


@pytest.mark.parametrize(("factor", "said"), [(1.5, []), (4, ["prior: log-odds of a match moved by +2.00 bits"])])
def test_lambda_is_spoken_of_where_odds_doubled(factor, said, model, small_protocol):
    found = told(small_protocol, model, replace(model, prior=1e-3 * factor))
    assert found["prior"] == pytest.approx(1e6 * np.log2(factor), rel=0.01)
    assert list(lines(found)) == said


def test_a_comparison_at_its_bounds_is_not_spoken_of():
    assert not Moved("x", BOUND, BOUND, BOUND, 1_000_000).far
    assert Moved("x", BOUND + 1, 0, 0, 0).far
    assert Moved("x", 0, 0, 0, 1_000_001).far
