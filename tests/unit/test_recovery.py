"""A population is drawn from a known λ, m and u, a few thousand matches in four million pairs; the estimate must find them."""

import itertools
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from linkage.errors import ModelError
from linkage.unit import estimate as estimating
from linkage.unit.estimate import Assumed, PatternCounts, estimate

M = (
    np.array([0.85, 0.10, 0.05]),
    np.array([0.92, 0.05, 0.03]),
    np.array([0.97, 0.03]),
    np.array([0.9, 0.1]),
    np.array([0.8, 0.2]),
)
U = (
    np.array([0.002, 0.008, 0.99]),
    np.array([0.01, 0.02, 0.97]),
    np.array([0.0005, 0.9995]),
    np.array([0.5, 0.5]),
    np.array([0.002, 0.998]),
)
MATCHES, PAIRS, RECORDS = 3000, 4_000_000, 2829
MISSING = 0.05
SEEDS = range(6)
INDEPENDENT = np.ones((3, 3))

LAMBDA_WITHIN = 0.03  # of itself; exactly 3,000 matches are drawn, so all of the error is the estimate's
M_WITHIN = 0.025  # three binomial standard errors of a share of 3,000
U_WITHIN = 0.07  # of itself: three standard errors of the rarest level, 2,000 pairs in four million


class Population(NamedTuple):
    """All pairs as pattern counts, and those among them that a blocking would propose."""

    everything: PatternCounts
    candidates: PatternCounts


def nothing_much(sizes, dependent=()):
    n = len(sizes)
    return Assumed(
        strangers=tuple(np.full(size, 0.5) for size in sizes),
        errors=((0.0, 1.0),) * n,
        silent=tuple(np.zeros(size, np.bool_) for size in sizes),
        known=(False,) * n,
        locked=(False,) * n,
        blind=(np.zeros(0, np.bool_),) * n,
        dependent=dependent,
    )


def chances(patterns, shares, ratio):
    """Probability of each pattern; `ratio` is how much more often levels of the first two come together."""
    out = np.pad(ratio, (0, 1), constant_values=1.0)[patterns[:, 0], patterns[:, 1]]
    for column, one in enumerate(shares):
        out = out * np.append((1 - MISSING) * one, MISSING)[patterns[:, column]]
    return out / out.sum()


def population(seed, m=M, u=U, ratio=INDEPENDENT):
    generator = np.random.Generator(np.random.PCG64(seed))
    patterns = np.array(list(itertools.product(*(range(-1, len(one)) for one in m))), np.int8)
    matches = generator.multinomial(MATCHES, chances(patterns, m, ratio))
    others = generator.multinomial(PAIRS - MATCHES, chances(patterns, u, INDEPENDENT))
    counts = matches + others
    proposed = (counts > 0) & ((patterns == 0).sum(axis=1) >= 2)
    every = counts > 0
    return Population(PatternCounts(patterns[every], counts[every]), PatternCounts(patterns[proposed], counts[proposed]))


def together(one, other, share):
    """Both values change at once in this share of matches: their marginal m, and the ratio by which levels come together."""
    joint = (1 - share) * np.outer(one, other)
    joint[-1, -1] += share
    first, second = joint.sum(axis=1), joint.sum(axis=0)
    return first, second, joint / np.outer(first, second)


def fitted(found, background, dependent=()):
    return estimate(found, background, nothing_much([len(one) for one in M], dependent), PAIRS, RECORDS)


def relative(found):
    return found.prior * PAIRS / MATCHES


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("blocked", [False, True], ids=["all pairs", "candidates"])
def test_lambda_m_and_u_are_recovered_within_the_stated_tolerances(seed, blocked):
    everything, candidates = population(seed)
    model = fitted(candidates if blocked else everything, everything)
    assert model.converged
    assert relative(model) == pytest.approx(1, abs=LAMBDA_WITHIN)
    for found, true in zip(model.m, M, strict=True):
        assert found == pytest.approx(true, abs=M_WITHIN)
    for found, true in zip(model.u, U, strict=True):
        assert found == pytest.approx(true, rel=U_WITHIN)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("seed", SEEDS)
def test_of_two_comparisons_that_go_together_the_ratio_is_recovered_and_lambda_is_not_biased(seed, share):
    first, second, ratio = together(M[0], M[1], share)
    everything, _ = population(seed, (first, second, *M[2:]), ratio=ratio)
    model = fitted(everything, everything, ((0, 1),))
    (joint,) = model.joint
    assert model.converged
    assert relative(model) == pytest.approx(1, abs=LAMBDA_WITHIN)
    assert model.m[0] == pytest.approx(first, abs=M_WITHIN)
    assert model.m[1] == pytest.approx(second, abs=M_WITHIN)
    corners = np.ix_([0, 2], [0, 2])  # the levels where most matches are; rarer ones are drawn towards 1
    assert joint.ratio[:3][corners][0, 0] == pytest.approx(ratio[0, 0], rel=0.05)
    assert joint.ratio[:3][corners][1, 1] == pytest.approx(ratio[2, 2], rel=0.2)
    assert joint.ratio[0, 2] < 0.4
    assert joint.ratio[2, 0] < 0.5


@pytest.mark.parametrize("share", [0.2, 0.3])
def test_taken_for_independent_they_count_one_event_twice_and_matches_are_missed(share):
    first, second, ratio = together(M[0], M[1], share)
    missed = []
    for seed in SEEDS:
        everything, _ = population(seed, (first, second, *M[2:]), ratio=ratio)
        alone, jointly = (relative(fitted(everything, everything, pairs)) for pairs in ((), ((0, 1),)))
        assert alone < jointly
        missed.append(1 - alone)
    assert np.mean(missed) > 0.025


def test_where_they_do_not_go_together_saying_that_they_may_changes_nothing_much():
    for seed in SEEDS:
        everything, _ = population(seed)
        alone, jointly = (fitted(everything, everything, pairs) for pairs in ((), ((0, 1),)))
        assert jointly.prior == pytest.approx(alone.prior, rel=0.01)
        assert jointly.joint[0].ratio[0, 0] == pytest.approx(1, abs=0.02)


def test_what_nothing_else_identifies_cannot_be_learnt_to_go_together():
    """The limit: whom only a date and a sex identify once both names changed looks like a stranger, and is taken for one."""
    first, second, ratio = together(M[0], M[1], 0.2)
    m, u = (first, second, *M[2:4]), U[:4]
    everything, _ = population(1, m, u, ratio)
    model = estimate(everything, everything, nothing_much((3, 3, 2, 2), ((0, 1),)), PAIRS, RECORDS)
    assert relative(model) < 0.85
    assert model.joint[0].ratio[2, 2] == pytest.approx(1, abs=0.2)


def test_stopped_at_the_cap_is_said_to_be_stopped_and_not_settled(monkeypatch):
    everything, _ = population(0)
    settled = fitted(everything, everything)
    assert settled.converged
    assert settled.iterations > 5
    monkeypatch.setattr(estimating, "MAX_ITERATIONS", 5)
    stopped = fitted(everything, everything)
    assert (stopped.iterations, stopped.converged) == (5, False)
    assert stopped.prior == pytest.approx(settled.prior, rel=0.5)


def test_comparisons_that_hardly_tell_anybody_apart_do_not_settle_within_the_real_cap():
    """Two comparisons on which strangers agree nearly as often as matches: the likelihood is flat, and EM creeps."""
    m, u = (np.array([0.55, 0.45]),) * 3, (np.array([0.4, 0.6]),) * 3
    patterns = np.array(list(itertools.product(range(2), repeat=3)), np.int8)
    counts = np.rint(
        1e6
        * (
            0.3 * np.prod([m[0][patterns[:, c]] for c in range(3)], axis=0)
            + 0.7 * np.prod([u[0][patterns[:, c]] for c in range(3)], axis=0)
        )
    )
    flat = PatternCounts(patterns, counts)
    model = estimate(flat, flat, nothing_much((2, 2, 2)), 1_000_000, 1415)
    assert (model.iterations, model.converged) == (estimating.MAX_ITERATIONS, False)


def test_matches_that_agree_less_than_strangers_are_refused():
    """Everybody agrees on everything but a few: whoever is rare is not therefore a person."""
    patterns = np.array([[0, 0], [1, 1]], np.int8)
    same = PatternCounts(patterns, np.array([999_000, 1_000]))
    with pytest.raises(ModelError, match="degenerate"):
        estimate(same, same, nothing_much((2, 2)), 1_000_000, 1415)


def test_behind_locks_strangers_are_told_by_passes_that_say_nothing_of_what_is_compared():
    """Two passes bring strangers together: one by chance, one because they agree. Only the first tells how often they do."""
    everything, _ = population(3)
    by_chance = np.rint(everything.counts * 0.01).astype(np.int64)
    alike = np.where(everything.patterns[:, 0] == 0, everything.counts, 0)
    table = replace(everything, by_pass=np.column_stack([by_chance, alike]))
    said = np.array([0.0005, 0.004, 0.9955])  # less than strangers show
    told = nothing_much([len(one) for one in M])
    told = replace(
        told,
        strangers=(20_000 * said, *told.strangers[1:]),
        locked=(True, False, False, False, False),
        blind=(np.array([True, False]), *(np.zeros(2, np.bool_),) * 4),
    )
    model = estimate(table, table, told, PAIRS, RECORDS)
    assert model.u[0][:2] == pytest.approx(U[0][:2], rel=0.15)
    blind_to_nothing = replace(told, blind=(np.zeros(2, np.bool_),) * 5)
    assert estimate(table, table, blind_to_nothing, PAIRS, RECORDS).u[0] == pytest.approx(said)
