"""Clusters: what average linkage joins, what decisions and source rules forbid, and that nothing else moves."""

import numpy as np
import pytest

from blocking import Pairs
from linkage.unit.cluster import LARGEST_COMPONENT, Rules, cluster
from linkage.unit.weights import MICROBITS


def make(pairs):
    ordered = sorted((min(p), max(p)) for p in pairs)
    columns = np.array(ordered, dtype=np.int32).reshape(-1, 2)
    return Pairs(np.ascontiguousarray(columns[:, 0]), np.ascontiguousarray(columns[:, 1]))


def rules(n, must=(), cannot=(), source=None, single=(False,)):
    return Rules(np.array(source or [0] * n, np.int16), np.array(single), make(must), make(cannot))


def clustered(n, bits, *, otherwise=-20, **constraints):
    """Clusters of n records as sets; `bits` maps a pair to its weight."""
    weight_of = {(min(p), max(p)): value for p, value in bits.items()}
    candidates = make(weight_of)

    def weigh_pairs(pairs):
        values = [weight_of.get((a, b), otherwise) for a, b in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)]
        return np.array(np.array(values) * MICROBITS, dtype=np.int64)

    labels = cluster(candidates, weigh_pairs(candidates), 0, weigh_pairs, rules(n, **constraints))
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def sets(*groups):
    return {frozenset(group) for group in groups}


def test_two_police_records_and_one_ngo_record_of_one_victim_are_one_person():
    assert clustered(3, {(0, 1): 9, (0, 2): 8, (1, 2): 7}, source=[0, 0, 1], single=(False, False)) == sets({0, 1, 2})


def test_records_without_any_evidence_stay_apart():
    assert clustered(3, {}) == sets({0}, {1}, {2})


def test_a_chance_likeness_does_not_chain_two_persons():
    """0-1-2 and 3-4-5 are two families; one strong pair across them is outvoted by the eight others."""
    families = {(0, 1): 10, (0, 2): 10, (1, 2): 10, (3, 4): 10, (3, 5): 10, (4, 5): 10}
    assert clustered(6, {**families, (2, 3): 10}) == sets({0, 1, 2}, {3, 4, 5})


def test_a_pair_that_was_no_candidate_is_weighed_inside_its_component():
    assert clustered(3, {(0, 1): 6, (1, 2): 5}) == sets({0, 1}, {2})
    assert clustered(3, {(0, 1): 6, (1, 2): 5}, otherwise=4) == sets({0, 1, 2})


def test_a_pair_decided_to_be_different_is_never_one_person():
    assert clustered(2, {(0, 1): 12}, cannot=[(0, 1)]) == sets({0}, {1})


def test_a_pair_decided_to_be_the_same_always_is():
    assert clustered(2, {(0, 1): -30}, must=[(0, 1)]) == sets({0, 1})


def test_different_beats_same():
    assert clustered(2, {(0, 1): 12}, must=[(0, 1)], cannot=[(0, 1)]) == sets({0}, {1})
    broken = clustered(3, {}, must=[(0, 1), (1, 2)], cannot=[(0, 2)])
    assert not any({0, 2} <= group for group in broken)


def test_a_source_without_duplicates_gives_each_person_one_record():
    bits = {(0, 1): 12, (0, 2): 11, (1, 2): 9}
    assert clustered(3, bits, source=[0, 0, 1], single=(True, False)) == sets({0, 2}, {1})


def test_equal_weights_are_settled_by_the_smallest_indices():
    assert clustered(3, {(0, 1): 5, (1, 2): 5}) == sets({0, 1}, {2})


@pytest.mark.parametrize("extra", [{(6, 7): 9}, {(6, 7): -9}])
def test_a_change_in_one_component_moves_no_other(extra):
    bits = {(0, 1): 10, (1, 2): 3, (3, 4): 8}
    before = clustered(8, bits)
    after = clustered(8, {**bits, **extra})
    assert {group for group in after if max(group) < 6} == {group for group in before if max(group) < 6}


def test_a_long_chain_of_likenesses_falls_apart_instead_of_growing_without_bound():
    n = LARGEST_COMPONENT + 50
    groups = clustered(n, {(i, i + 1): 3 + 9 * (i % 2) for i in range(n - 1)})
    assert max(map(len, groups)) <= 3


def test_clusters_do_not_depend_on_where_a_record_stands():
    generator = np.random.Generator(np.random.PCG64(3))
    bits = {(a, b): int(generator.integers(-11, 11)) + 0.001 * (a * 31 + b) for a in range(12) for b in range(a + 1, 12)}
    expected = clustered(12, bits)
    order = generator.permutation(12)
    place = {int(old): new for new, old in enumerate(order)}
    moved = clustered(12, {(place[a], place[b]): value for (a, b), value in bits.items()})
    assert {frozenset(int(order[i]) for i in group) for group in moved} == expected
