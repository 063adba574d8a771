"""The second look: a prior of its own for records left alone, raised where matches are missing and nowhere else."""

import numpy as np
import pytest

from blocking import Pairs
from comparators import pattern_codes, patterns, tally
from linkage.unit import second_look as looking
from linkage.unit.estimate import Model, PatternCounts, match_probability
from linkage.unit.second_look import second_look
from linkage.unit.weights import MICROBITS, log_odds, probability, weigh, weights

M = (np.array([0.70, 0.05, 0.25]), np.array([0.70, 0.05, 0.25]), np.array([0.95, 0.05]))
U = (np.array([0.002, 0.01, 0.988]), np.array([0.004, 0.01, 0.986]), np.array([0.0003, 0.9997]))
SIZES = (3, 3, 2)
THRESHOLD = log_odds(500)


def drawn(rng, shares, n):
    return np.column_stack([np.searchsorted(np.cumsum(p)[:-1], rng.random(n), side="right") for p in shares]).astype(np.int8)


class World:
    """Two lists of `n` persons, of whom `shared` stand in both; every pair of records is a candidate."""

    def __init__(self, n, shared, seed=1, m=M):
        rng = np.random.default_rng(seed)
        left, right = (half.astype(np.int32) for half in np.triu_indices(2 * n, 1))
        self.match = (right == left + n) & (left < shared)
        self.pairs = Pairs(left, right)
        self.levels = drawn(rng, U, len(left))
        self.levels[self.match] = drawn(rng, m, shared)
        self.model = Model(max(shared, 1) / len(left), m, U, 1, True)
        self.table = weights(self.model)
        self.weight = weigh(self.levels, self.table)
        self.labels = np.arange(2 * n, dtype=np.int32)
        linked = self.match & (self.weight >= THRESHOLD)
        self.labels[right[linked]] = left[linked]
        codes = pattern_codes(self.levels, SIZES)
        found = tally(codes, np.zeros(len(codes), np.uint64), 0)
        self.counted = PatternCounts(patterns(found.codes, SIZES), found.counts)

    def look(self):
        return second_look(self.pairs, self.weight, self.labels, self.counted, self.model, self.table, THRESHOLD)

    def alone(self):
        return np.bincount(self.labels, minlength=len(self.labels))[self.labels] == 1


@pytest.fixture(scope="module")
def overlapping():
    """Nearly everybody stands in both lists, and one match in ten looks like a coincidence."""
    return World(400, 380)


@pytest.fixture(scope="module")
def apart():
    """Nobody stands in both lists, and the model does not believe in many matches."""
    return World(400, 0)


def test_it_looks_at_pairs_of_records_left_alone_and_at_no_other(overlapping):
    rows, alone = overlapping.look().rows, overlapping.alone()
    left, right = overlapping.pairs
    assert 0 < len(rows) < len(left)
    assert rows.tolist() == np.flatnonzero(alone[left] & alone[right]).tolist()


def test_where_lists_overlap_almost_wholly_the_prior_rises(overlapping):
    again = overlapping.look()
    assert again.prior > overlapping.table.prior + 2 * MICROBITS


def test_the_new_prior_is_the_share_of_matches_among_pairs_of_the_rest(overlapping):
    """λ among the rest, cut to the patterns that were rejected: odds of (missing matches ÷ pairs) ÷ share of m rejected."""
    again = overlapping.look()
    alone = int(overlapping.alone().sum())
    missing = int(overlapping.match[again.rows].sum())
    share_rejected = missing / overlapping.match.sum()
    truth = missing / (alone * (alone - 1) / 2)
    expected = np.log2(truth / (1 - truth)) - np.log2(share_rejected)
    assert missing > 20
    assert again.prior / MICROBITS == pytest.approx(expected, abs=1.0)


def test_more_missing_matches_are_found_than_strangers(overlapping):
    again = overlapping.look()
    weight = overlapping.weight[again.rows] - overlapping.table.prior + again.prior
    found, match = weight >= THRESHOLD, overlapping.match[again.rows]
    assert not (overlapping.weight[again.rows][match] >= THRESHOLD).any()
    assert (found & match).sum() > 0.5 * match.sum()
    assert (found & ~match).sum() < 0.5 * (found & match).sum()


def test_the_new_weights_are_honest_probabilities(overlapping):
    again = overlapping.look()
    weight = overlapping.weight[again.rows] - overlapping.table.prior + again.prior
    expected = sum(probability(int(one)) for one in weight.tolist())
    assert expected == pytest.approx(overlapping.match[again.rows].sum(), rel=0.35)


def test_where_the_model_misses_nobody_nothing_changes(apart):
    again = apart.look()
    assert not apart.match.any()
    assert (len(again.rows), again.prior) == (0, apart.table.prior)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_a_handful_of_strangers_is_no_match(seed):
    """Ten in both lists and a few in one: some stranger is always the most alike, and the model misses nobody."""
    sure = tuple(np.array([1 - 1e-6 * (len(one) - 1), *[1e-6] * (len(one) - 1)]) for one in M)
    few = World(14, 10, seed, sure)
    again = few.look()
    weight = few.weight[again.rows] - few.table.prior + again.prior
    assert few.alone().sum() == 8
    assert not (weight >= THRESHOLD).any()


def test_it_never_makes_room_for_more_than_so_many_times_the_matches_that_the_model_misses(overlapping):
    again, model = overlapping.look(), overlapping.model
    expected = match_probability(overlapping.counted, model) * overlapping.counted.counts
    rejected = weigh(overlapping.counted.patterns, overlapping.table) < THRESHOLD
    missed, alone = expected[rejected].sum(), overlapping.alone().sum()
    most = looking._MOST_MISSING * missed / (alone * (alone - 1) / 2)
    assert again.prior / MICROBITS <= np.log2(most / (1 - most)) - np.log2(missed / expected.sum()) + 1e-6
    loud = World(400, 380)
    loud.weight = loud.weight + 5 * MICROBITS * ~loud.match
    limit = loud.look().prior / MICROBITS
    assert limit == pytest.approx(np.log2(most / (1 - most)) - np.log2(missed / expected.sum()), abs=1e-3)


def test_where_everybody_found_a_partner_nothing_changes(overlapping):
    everybody = World(400, 380)
    everybody.labels = np.arange(800, dtype=np.int32) % 400
    again = everybody.look()
    assert (len(again.rows), again.prior) == (0, everybody.table.prior)


def test_where_no_pattern_was_rejected_nothing_changes(overlapping):
    sure = World(50, 50)
    sure.counted = PatternCounts(np.zeros((1, 3), np.int8), np.array([50]))
    sure.labels = np.arange(100, dtype=np.int32)
    again = sure.look()
    assert (len(again.rows), again.prior) == (0, sure.table.prior)


def test_no_pairs_and_one_record_are_no_trouble(overlapping):
    none = Pairs(np.empty(0, np.int32), np.empty(0, np.int32))
    for n in (0, 1, 5):
        again = second_look(
            none,
            np.empty(0, np.int64),
            np.arange(n, dtype=np.int32),
            overlapping.counted,
            overlapping.model,
            overlapping.table,
            THRESHOLD,
        )
        assert (len(again.rows), again.prior) == (0, overlapping.table.prior)


def test_the_same_pairs_give_the_same_prior_to_the_microbit(overlapping):
    assert overlapping.look().prior == World(400, 380).look().prior
