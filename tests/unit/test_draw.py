"""Draws of partitions: as often together as the weights say, the same for a seed, and as a slow twin draws them."""

from itertools import combinations

import numpy as np
import pytest

from linkage.unit.draw import Said, draw_groups, draw_partitions
from linkage.unit.groups import CANNOT, CONTRADICT, MUST, bars, gathered
from linkage.unit.weights import MICROBITS, probability

MANY = 4000
LEAST = -7 * MICROBITS


def square(size, bits, otherwise=0.0):
    """(k, k) symmetric microbits of some pairs, in bits."""
    out = np.full((size, size), round(otherwise * MICROBITS), np.int64)
    np.fill_diagonal(out, 0)
    for (a, b), value in bits.items():
        out[a, b] = out[b, a] = round(value * MICROBITS)
    return out


def marks(size, *pairs):
    out = np.zeros((size, size), np.bool_)
    for a, b in pairs:
        out[a, b] = out[b, a] = True
    return out


def drawn(weights, *, draws=MANY, seed=1, must=(), cannot=(), unseen=(), models=None, least=LEAST):
    size = weights.shape[-1]
    several = weights if weights.ndim == 3 else weights[None]
    model = np.zeros(draws, np.int64) if models is None else models
    return draw_partitions(several, ~marks(size, *unseen), marks(size, *must), marks(size, *cannot), model, least, seed)


def together(labels, one, other):
    return float((labels[:, one] == labels[:, other]).mean())


def four_deviations(chance, draws=MANY):
    return 4 * (chance * (1 - chance) / draws) ** 0.5 + 1e-12


@pytest.mark.parametrize("bits", [-6.5, -3.0, -1.0, 0.0, 0.7, 2.0, 4.5])
def test_two_records_are_together_as_often_as_their_match_probability_says(bits):
    chance = probability(round(bits * MICROBITS))
    assert together(drawn(square(2, {(0, 1): bits})), 0, 1) == pytest.approx(chance, abs=four_deviations(chance))


def test_two_groups_are_together_as_often_as_the_mean_weight_between_them_says():
    found = drawn(square(3, {(0, 1): 12, (0, 2): 3, (1, 2): -1}), must=[(0, 1)])
    chance = probability(1 * MICROBITS)
    assert together(found, 0, 2) == together(found, 1, 2) == pytest.approx(chance, abs=four_deviations(chance))


def test_what_two_pairs_of_records_do_is_independent():
    found = drawn(square(4, {(0, 1): 0, (2, 3): 0}, otherwise=-12))
    one, other = (found[:, a] == found[:, b] for a, b in ((0, 1), (2, 3)))
    assert (one & other).mean() == pytest.approx(0.25, abs=four_deviations(0.25))


def test_decided_the_same_is_together_in_every_draw_and_what_cannot_be_in_none():
    weights = square(4, {}, otherwise=1.0)
    found = drawn(weights, must=[(0, 1)], cannot=[(2, 3), (1, 2)])
    assert together(found, 0, 1) == 1
    assert together(found, 2, 3) == together(found, 1, 2) == together(found, 0, 2) == 0
    assert 0 < together(found, 0, 3) < 1


def test_what_cannot_be_outweighs_what_must_also_by_a_chain():
    found = drawn(square(3, {}, otherwise=5.0), must=[(0, 1), (1, 2)], cannot=[(0, 2)])
    assert together(found, 0, 2) == 0
    assert together(found, 0, 1) == 1


def test_two_that_could_not_be_compared_are_together_only_where_a_third_holds_them():
    found = drawn(square(3, {(0, 1): 2, (1, 2): 2, (0, 2): 2}), unseen=[(0, 2)])
    both, by_third = found[:, 0] == found[:, 2], (found[:, 0] == found[:, 1]) & (found[:, 1] == found[:, 2])
    assert 0 < both.mean() < 1
    assert (both == by_third).all()
    assert together(drawn(square(2, {(0, 1): 12}), unseen=[(0, 1)]), 0, 1) == 0


def test_below_the_least_weight_nobody_is_joined_and_at_it_somebody_is():
    at = drawn(square(2, {(0, 1): -2}), least=-2 * MICROBITS)
    below = drawn(square(2, {(0, 1): -2}), least=-2 * MICROBITS + 1)
    assert together(below, 0, 1) == 0 < together(at, 0, 1)


def test_each_draw_goes_by_the_weights_of_its_own_model():
    models = np.arange(MANY) % 2
    found = drawn(np.stack([square(2, {(0, 1): 12}), square(2, {(0, 1): -12})]), models=models)
    assert together(found[models == 0], 0, 1) > 0.99
    assert together(found[models == 1], 0, 1) == 0


def test_the_same_seed_draws_the_same_and_another_draws_another():
    weights = square(6, {}, otherwise=0.0)
    assert np.array_equal(drawn(weights, seed=7), drawn(weights, seed=7))
    assert not np.array_equal(drawn(weights, seed=7), drawn(weights, seed=8))


def test_a_larger_number_of_draws_begins_with_those_of_a_smaller():
    weights = square(6, {}, otherwise=0.0)
    assert np.array_equal(drawn(weights, draws=50), drawn(weights)[:50])


def test_neither_weights_nor_rules_are_changed():
    weights, seen, must, cannot = square(4, {}, 1.0)[None], ~marks(4, (0, 2)), marks(4, (0, 1)), marks(4, (2, 3))
    before = [one.copy() for one in (weights, seen, must, cannot)]
    draw_partitions(weights, seen, must, cannot, np.zeros(20, np.int64), LEAST, 1)
    assert all(np.array_equal(a, b) for a, b in zip(before, (weights, seen, must, cannot), strict=True))


def uniforms(seed):
    """SplitMix64 in whole numbers of any size, as its authors wrote it."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = state
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
        mixed ^= mixed >> 31
        yield (mixed >> 11) / 2**53


def slow_draws(weights, seen, must, cannot, model, least, seed):
    """Clusters as sets of records; every sum and every bar is looked up among the records themselves."""
    random, size, out = uniforms(seed), weights.shape[1], []
    for number in model.tolist():
        clusters, refused = [{at} for at in range(size)], set()

        def may(one, other, refused=refused):
            return not any(cannot[a, b] or frozenset((a, b)) in refused for a in one for b in other)

        def mean(one, other, number=number):
            return sum(int(weights[number, a, b]) for a in one for b in other) / (len(one) * len(other))

        for a, b in combinations(range(size), 2):
            one, other = (next(group for group in clusters if at in group) for at in (a, b))
            if must[a, b] and one is not other and may(one, other):
                clusters = [group for group in clusters if group not in (one, other)] + [one | other]
        while True:
            open_pairs = [
                (one, other)
                for one, other in combinations(sorted(clusters, key=min), 2)
                if may(one, other) and any(seen[a, b] for a in one for b in other) and mean(one, other) >= least
            ]
            if not open_pairs:
                break
            one, other = max(open_pairs, key=lambda pair: mean(*pair))
            if next(random) * (1 + 2 ** -(mean(one, other) / 1e6)) < 1:
                clusters = [group for group in clusters if group not in (one, other)] + [one | other]
            else:
                refused.update(frozenset((a, b)) for a in one for b in other)
        out.append([min(next(group for group in clusters if at in group)) for at in range(size)])
    return out


@pytest.mark.parametrize("seed", range(8))
def test_the_draws_are_those_of_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 8))
    pairs = list(combinations(range(size), 2))
    weights = np.stack([square(size, {p: float(rng.integers(-6, 7)) for p in pairs}) for _ in range(2)])
    must, cannot, unseen = (marks(size, *[p for p in pairs if rng.random() < share]) for share in (0.1, 0.15, 0.2))
    model = np.arange(60) % 2
    found = draw_partitions(weights, ~unseen, must, cannot, model, LEAST, 1000 + seed)
    assert found.dtype == np.int16
    assert found.tolist() == slow_draws(weights, ~unseen, must, cannot, model, LEAST, 1000 + seed)


def test_draws_beyond_what_is_remembered_of_earlier_ones_are_those_of_the_slow_twin():
    """Among nine records that hardly join there are many ways to go, and hardly two draws go the same."""
    size, rng, model = 9, np.random.default_rng(3), np.zeros(220, np.int64)
    weights = square(size, {p: float(rng.uniform(-3, -1)) for p in combinations(range(size), 2)})[None]
    none = marks(size)
    found, expected = (
        draw_partitions(weights, ~none, none, none, model, LEAST, 5),
        slow_draws(weights, ~none, none, none, model, LEAST, 5),
    )
    assert found.tolist() == expected
    assert len(set(map(tuple, expected))) > 100


@pytest.mark.parametrize("seed", range(6))
def test_groups_are_drawn_as_each_alone_and_written_where_they_are_asked_for(seed):
    """Two records, which most groups are, have a kernel of their own."""
    rng = np.random.default_rng(seed)
    groups, inside = gathered(np.repeat(np.arange(6, dtype=np.int32), rng.integers(2, 6, 6)))
    kinds, pairs, members = 9, len(inside.left), len(groups.members)
    said = Said(
        rng.integers(0, kinds, pairs).astype(np.int32),
        np.rint(rng.uniform(-9, 9, (3, kinds)) * MICROBITS).astype(np.int64),
        rng.random(kinds) < 0.8,
    )
    marked = rng.choice(np.array([0, 0, 0, MUST, CANNOT, CONTRADICT], np.int8), pairs)
    rows, model, seeds = rng.permutation(members), np.arange(40) % 3, rng.integers(0, 2**50, 6)
    found = draw_groups(groups, rows, said, marked, model, LEAST, seeds)
    for one in range(6):
        size = int(groups.start[one + 1] - groups.start[one])
        weights, seen = np.zeros((3, size, size), np.int64), marks(size)
        must, cannot = marks(size), marks(size)
        for pair in range(groups.first[one], groups.first[one + 1]):
            a, b = groups.one[pair], groups.other[pair]
            weights[:, a, b] = weights[:, b, a] = said.weights[:, said.kind[pair]]
            seen[a, b] = seen[b, a] = said.seen[said.kind[pair]]
        bars(groups, one, marked, must, cannot)
        alone = draw_partitions(weights, seen, must, cannot, model, LEAST, int(seeds[one]))
        assert np.array_equal(found[rows[groups.start[one] : groups.start[one + 1]]], alone.T)
