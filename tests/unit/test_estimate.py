"""Known parameters go in as data; the estimator must find them."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from linkage.errors import ModelError
from linkage.unit.estimate import MAX_ITERATIONS, Assumed, PatternCounts, estimate, match_probability

M = (np.array([0.85, 0.10, 0.05]), np.array([0.92, 0.05, 0.03]), np.array([0.97, 0.03]), np.array([0.9, 0.1]))
U = (np.array([0.002, 0.008, 0.99]), np.array([0.01, 0.02, 0.97]), np.array([0.0005, 0.9995]), np.array([0.5, 0.5]))
SIZES = (3, 3, 2, 2)
NOTHING_MUCH = Assumed(tuple(np.full(size, 0.5) for size in SIZES), (0.0,) * 4, (None,) * 4, (False,) * 4)


def counted(levels):
    codes, counts = np.unique(np.ravel_multi_index(tuple(levels.T + 1), [size + 1 for size in SIZES]), return_counts=True)
    patterns = np.column_stack(np.unravel_index(codes, [size + 1 for size in SIZES])) - 1
    return PatternCounts(patterns.astype(np.int8), counts.astype(np.int64))


def drawn(generator, probabilities, n, missing):
    levels = np.column_stack([np.searchsorted(np.cumsum(p)[:-1], generator.random(n), side="right") for p in probabilities])
    levels[generator.random(levels.shape) < missing] = -1
    return levels


@functools.cache
def simulated(n_records=3000, n_matches=1500, missing=0.05, seed=7):
    """Agreement patterns of all pairs: the matches and, of the others, all that could be candidates."""
    generator = np.random.Generator(np.random.PCG64(seed))
    all_pairs = n_records * (n_records - 1) // 2
    matches, others = drawn(generator, M, n_matches, missing), drawn(generator, U, all_pairs - n_matches, missing)
    return counted(np.vstack([matches, others])), all_pairs, n_records


def test_known_parameters_are_recovered():
    everything, all_pairs, n_records = simulated()
    model = estimate(everything, everything, NOTHING_MUCH, all_pairs, n_records)
    assert model.converged
    assert model.prior == pytest.approx(1500 / all_pairs, rel=0.03)
    for found, true in zip(model.m, M, strict=True):
        assert found == pytest.approx(true, abs=0.03)
    for found, true in zip(model.u, U, strict=True):
        assert found == pytest.approx(true, rel=0.15, abs=1e-4)


def test_matches_among_random_pairs_do_not_spoil_u():
    """In a small list, agreeing on the third comparison is more often a match than chance; u must be that of chance."""
    everything, all_pairs, n_records = simulated(n_records=600, n_matches=400)
    naive = everything.counts[everything.patterns[:, 2] == 0].sum() / everything.counts[everything.patterns[:, 2] >= 0].sum()
    model = estimate(everything, everything, NOTHING_MUCH, all_pairs, n_records)
    assert naive > 2 * U[2][0]
    assert model.u[2][0] == pytest.approx(U[2][0], rel=0.4)


def test_candidates_that_leave_out_most_strangers_give_the_same_prior():
    everything, all_pairs, n_records = simulated()
    agrees = (everything.patterns == 0).sum(axis=1) >= 2
    candidates = PatternCounts(everything.patterns[agrees], everything.counts[agrees])
    model = estimate(candidates, everything, NOTHING_MUCH, all_pairs, n_records)
    assert model.prior == pytest.approx(1500 / all_pairs, rel=0.05)


def test_what_is_not_observed_is_no_evidence():
    prior = 0.25
    patterns = np.array([[-1, -1, -1, -1]], dtype=np.int8)
    assert match_probability(patterns, prior, M, U) == pytest.approx([prior])


def test_shares_sum_to_one_and_are_never_zero():
    everything, all_pairs, n_records = simulated(missing=0.3)
    model = estimate(everything, everything, NOTHING_MUCH, all_pairs, n_records)
    for one in (*model.m, *model.u):
        assert one.sum() == pytest.approx(1.0)
        assert (one > 0).all()


def test_the_number_of_steps_is_reported_and_capped():
    everything, all_pairs, n_records = simulated()
    assert 1 < estimate(everything, everything, NOTHING_MUCH, all_pairs, n_records).iterations < MAX_ITERATIONS


def test_without_any_pair_the_assumption_is_the_model():
    empty = PatternCounts(np.empty((0, 4), np.int8), np.empty(0, np.int64))
    assumed = Assumed((np.array([1.0, 4.0, 95.0]),) * 2 + (np.array([1.0, 99.0]),) * 2, (0.0,) * 4, (None,) * 4, (False,) * 4)
    model = estimate(empty, empty, assumed, 0, 1)
    assert model.iterations == 0
    assert model.u[0] == pytest.approx([0.01, 0.04, 0.95])
    assert all(one_m[0] > one_u[0] for one_m, one_u in zip(model.m, model.u, strict=True))


def test_what_is_known_of_strangers_stands_however_many_are_seen():
    """Behind locks only those strangers are seen that agree on something, so the pairs must not decide what chance is."""
    everything, all_pairs, n_records = simulated()
    said = (np.array([5.0, 15.0, 480.0]), *NOTHING_MUCH.strangers[1:])
    told = replace(NOTHING_MUCH, strangers=said, known=(True, False, False, False))
    model = estimate(everything, everything, told, all_pairs, n_records)
    assert model.u[0] == pytest.approx([0.01, 0.03, 0.96])
    assert model.u[1] == pytest.approx(U[1], rel=0.15)
    assert estimate(everything, everything, NOTHING_MUCH, all_pairs, n_records).u[0] == pytest.approx(U[0], rel=0.15)


def test_a_sample_that_stands_for_all_pairs_may_have_shares_of_pairs():
    everything, all_pairs, n_records = simulated()
    thinned = PatternCounts(everything.patterns, everything.counts / 8)
    one, other = (estimate(everything, background, NOTHING_MUCH, all_pairs, n_records) for background in (everything, thinned))
    for whole, sampled in zip(one.u, other.u, strict=True):
        assert sampled == pytest.approx(whole, rel=0.05, abs=1e-4)


def test_gross_errors_are_a_floor_and_not_a_ceiling():
    everything, all_pairs, n_records = simulated()
    floors = estimate(everything, everything, replace(NOTHING_MUCH, gross_errors=(0.2, 0.001, 0.0, 0.0)), all_pairs, n_records)
    assert floors.m[0][-1] == pytest.approx(0.2)
    assert floors.m[1][-1] == pytest.approx(M[1][-1], abs=0.01)


def test_patterns_without_any_information_are_a_degenerate_fit():
    blank = PatternCounts(np.full((1, 4), -1, np.int8), np.array([10_000], np.int64))
    with pytest.raises(ModelError, match="degenerate"):
        estimate(blank, blank, NOTHING_MUCH, 10_000, 142)


def test_bits_against_a_match_are_kept_and_the_rest_of_that_comparison_says_nothing():
    everything, all_pairs, n_records = simulated()
    told = replace(NOTHING_MUCH, against=(None, None, None, 12))
    model = estimate(everything, everything, told, all_pairs, n_records)
    assert np.log2(model.m[3][0]) - np.log2(model.u[3][0]) == pytest.approx(-12)
    assert model.m[3].sum() == pytest.approx(1)
    free = estimate(everything, everything, NOTHING_MUCH, all_pairs, n_records)
    assert free.m[3][0] > 100 * model.m[3][0]
