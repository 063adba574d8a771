"""Weights are whole microbits: log2 of odds, summed over what was observed and nothing else."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.unit.estimate import Joint, Model, PatternCounts, match_probability
from linkage.unit.weights import MICROBITS, Weights, log_odds, probability, weigh, weights

M = (np.array([0.8, 0.15, 0.05]), np.array([0.9, 0.1]))
U = (np.array([0.01, 0.09, 0.9]), np.array([0.5, 0.5]))
MODEL = Model(0.001, M, U, 7, True)


def test_the_prior_and_every_level_are_log2_of_odds_in_microbits():
    table = weights(MODEL)
    assert table.prior == round(1e6 * math.log2(0.001 / 0.999))
    assert table.levels[0].tolist() == [round(1e6 * math.log2(m / u)) for m, u in zip(M[0], U[0], strict=True)] + [0]
    assert table.levels[1].tolist() == [round(1e6 * math.log2(0.9 / 0.5)), round(1e6 * math.log2(0.1 / 0.5)), 0]
    assert all(one.dtype == np.int64 for one in table.levels)


def test_silent_levels_weigh_nothing_and_the_others_what_they_did():
    free = weights(MODEL)
    told = weights(replace(MODEL, silent=(np.array([False, False, True]), np.array([False, False]))))
    assert free.levels[0][2] < 0
    assert told.levels[0].tolist() == [*free.levels[0][:2].tolist(), 0, 0]
    assert told.levels[1].tolist() == free.levels[1].tolist()
    assert told.prior == free.prior
    assert weigh(np.array([[2, -1], [-1, -1]], np.int8), told).tolist() == [told.prior, told.prior]


RATIO = np.array([[1.2, 0.5], [0.8, 2.0], [0.25, 8.0], [1.0, 4.0]])
JOINED = replace(MODEL, joint=(Joint(0, 1, RATIO),))


@pytest.mark.parametrize(
    ("levels", "bits"),
    [((0, 0), math.log2(1.2)), ((2, 1), 3), ((2, 0), -2), ((-1, 1), 2), ((0, -1), 0), ((-1, -1), 0)],
)
def test_two_levels_that_come_together_add_their_own_bits(levels, bits):
    pair = np.array([levels], np.int8)
    added = weigh(pair, weights(JOINED)) - weigh(pair, weights(MODEL))
    assert added.tolist() == [round(1e6 * bits)]


LEVELS = st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 1)), min_size=1, max_size=12)


@given(LEVELS)
def test_a_pairs_weight_is_the_prior_and_one_entry_per_observed_comparison(rows):
    table = weights(MODEL)
    expected = [
        table.prior + sum(int(one[level]) for one, level in zip(table.levels, row, strict=True) if level >= 0) for row in rows
    ]
    assert weigh(np.array(rows, np.int8), table).tolist() == expected


@given(LEVELS)
def test_the_weight_is_the_models_match_probability(rows):
    levels = np.array(rows, np.int8)
    table = PatternCounts(levels, np.ones(len(levels)))
    for model in (MODEL, JOINED):
        chances = match_probability(table, model)
        assert [probability(int(weight)) for weight in weigh(levels, weights(model))] == pytest.approx(chances, rel=1e-5)


def test_what_was_not_observed_is_no_evidence():
    assert weigh(np.array([[-1, -1]], np.int8), weights(MODEL)).tolist() == [weights(MODEL).prior]


@pytest.mark.parametrize(("permille", "microbits"), [(500, 0), (800, 2 * MICROBITS), (200, -2 * MICROBITS), (999, 9_964_341)])
def test_a_probability_in_permille_is_log_odds(permille, microbits):
    assert log_odds(permille) == microbits
    assert probability(microbits) == pytest.approx(permille / 1000, abs=1e-6)


@given(st.integers(1, 998))
def test_log_odds_rise_with_the_probability_and_mirror_at_one_half(permille):
    assert log_odds(permille) < log_odds(permille + 1)
    assert log_odds(permille) == -log_odds(1000 - permille)


def test_huge_sums_stay_whole_and_exact():
    table = Weights(-40 * MICROBITS, (np.array([60 * MICROBITS + 1, 0]),) * 30)
    assert weigh(np.zeros((1, 30), np.int8), table).tolist() == [-40 * MICROBITS + 30 * (60 * MICROBITS + 1)]
