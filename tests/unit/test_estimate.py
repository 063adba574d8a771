"""Known parameters go in as data; the estimator must find them."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from linkage.errors import ModelError
from linkage.unit.estimate import MAX_ITERATIONS, Assumed, Model, PatternCounts, estimate, match_probability

M = (np.array([0.85, 0.10, 0.05]), np.array([0.92, 0.05, 0.03]), np.array([0.97, 0.03]), np.array([0.9, 0.1]))
U = (np.array([0.002, 0.008, 0.99]), np.array([0.01, 0.02, 0.97]), np.array([0.0005, 0.9995]), np.array([0.5, 0.5]))
SIZES = (3, 3, 2, 2)


def taken_for_granted(sizes, pairs=0.5, **changes):
    """Assumptions that say nothing but that every level can occur."""
    n = len(sizes)
    plainly = {"errors": ((0.0, 1.0),) * n, "known": (False,) * n, "locked": (False,) * n}
    plainly |= {"silent": tuple(np.zeros(size, np.bool_) for size in sizes), "blind": (np.zeros(0, np.bool_),) * n}
    return Assumed(**{"strangers": tuple(np.full(size, pairs) for size in sizes), **plainly, **changes})


NOTHING_MUCH = taken_for_granted(SIZES)


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
    blank = PatternCounts(np.array([[-1, -1, -1, -1]], dtype=np.int8), np.array([1]))
    assert match_probability(blank, Model(prior, M, U, 1, True)) == pytest.approx([prior])


def test_what_one_person_cannot_show_is_no_match_however_much_agrees():
    two = PatternCounts(np.zeros((2, 4), np.int8), np.array([1, 1]), possible=np.array([True, False]))
    chances = match_probability(two, Model(0.01, M, U, 1, True))
    assert chances[0] > 0.99
    assert chances[1] == 0


def test_a_silent_level_is_no_evidence():
    silent = (np.array([True, False, True]), *NOTHING_MUCH.silent[1:])
    patterns = PatternCounts(np.array([[0, -1, -1, -1], [2, -1, -1, -1], [1, -1, -1, -1]], np.int8), np.ones(3))
    chances = match_probability(patterns, Model(0.25, M, U, 1, True, silent))
    assert chances[:2] == pytest.approx([0.25, 0.25])
    assert chances[2] > 0.25


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
    said = (np.array([1.0, 4.0, 95.0]),) * 2 + (np.array([1.0, 99.0]),) * 2
    model = estimate(empty, empty, replace(NOTHING_MUCH, strangers=said), 0, 1)
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


def share_at_different(table, model, column):
    """Of the pairs that a model takes for matches, the share that ends at *different*, where the comparison was observed."""
    matches, level = match_probability(table, model) * table.counts, table.patterns[:, column]
    return matches[level == len(model.m[column]) - 1].sum() / matches[level >= 0].sum()


def test_the_least_share_of_errors_is_a_floor_the_largest_a_ceiling_and_between_them_the_data_decide():
    everything, all_pairs, n_records = simulated()
    errors = ((0.2, 1.0), (0.001, 1.0), (0.0, 0.01), (0.0, 1.0))
    bounded = estimate(everything, everything, replace(NOTHING_MUCH, errors=errors), all_pairs, n_records)
    assert bounded.m[0][-1] == pytest.approx(0.2)
    assert bounded.m[1][-1] == pytest.approx(M[1][-1], abs=0.01)
    assert share_at_different(everything, bounded, 2) == pytest.approx(0.01, rel=0.02)
    assert bounded.m[2][-1] <= 0.01 < M[2][-1]
    assert bounded.m[0][0] / bounded.m[0][1] == pytest.approx(M[0][0] / M[0][1], rel=0.15)
    assert all(one.sum() == pytest.approx(1) for one in bounded.m)


def test_patterns_without_any_information_are_a_degenerate_fit():
    blank = PatternCounts(np.full((1, 4), -1, np.int8), np.array([10_000], np.int64))
    with pytest.raises(ModelError, match="degenerate"):
        estimate(blank, blank, NOTHING_MUCH, 10_000, 142)


def test_lists_in_which_everybody_agrees_with_everybody_are_a_degenerate_fit():
    alike = PatternCounts(np.zeros((1, 4), np.int8), np.array([10_000]))
    with pytest.raises(ModelError, match="degenerate"):
        estimate(alike, alike, NOTHING_MUCH, 10_000, 142)


def test_the_same_fit_is_no_error_where_there_are_too_few_pairs_to_judge_it():
    """Of four records all may well be one person."""
    alike = PatternCounts(np.zeros((1, 4), np.int8), np.array([6]))
    assert estimate(alike, alike, NOTHING_MUCH, 6, 4).prior <= 0.5


def test_lists_in_which_nobody_agrees_with_anybody_hold_no_matches_and_are_no_error():
    strangers = PatternCounts(np.array([[2, 2, 1, 1]], np.int8), np.array([10_000]))
    assert estimate(strangers, strangers, NOTHING_MUCH, 10_000, 142).prior * 10_000 < 0.1


SAID = np.array([0.003, 0.012, 0.985])


def behind_a_lock(proposed, **changes):
    """u of the first comparison, locked, where one blind pass proposed this share of the pairs of each pattern."""
    everything, all_pairs, n_records = simulated()
    table = replace(everything, by_pass=(everything.counts * proposed(everything.patterns)).astype(np.float64)[:, None])
    blind = (np.ones(1, np.bool_), *(np.zeros(1, np.bool_),) * 3)
    told = replace(NOTHING_MUCH, strangers=(20_000 * SAID, *NOTHING_MUCH.strangers[1:]), locked=(True, False, False, False))
    return estimate(table, everything, replace(told, blind=blind, **changes), all_pairs, n_records).u[0]


def test_behind_locks_u_is_what_strangers_show_whom_a_blind_pass_brought_together_by_chance():
    assert behind_a_lock(lambda patterns: np.full(len(patterns), 0.1)) == pytest.approx(U[0], rel=0.1)


def test_behind_locks_u_is_never_less_than_half_of_what_was_assumed():
    """Among few strangers nobody may happen to agree; that it cannot happen does not follow."""
    found = behind_a_lock(lambda patterns: 0.1 * (patterns[:, 0] == 2))
    assert found[:2] == pytest.approx(0.5 * SAID[:2], rel=0.05)


def test_behind_locks_a_pass_most_of_whose_pairs_are_matches_tells_nothing_of_strangers():
    """What a rare lock leaves beside matches are relatives, who agree more often than strangers do."""
    found = behind_a_lock(lambda patterns: 1.0 * ((patterns == 0).sum(axis=1) >= 3))
    assert found == pytest.approx(SAID)


def test_behind_locks_what_is_taken_as_assumed_is_learnt_from_nobody():
    found = behind_a_lock(lambda patterns: np.full(len(patterns), 0.1), known=(True, False, False, False))
    assert found == pytest.approx(SAID)
