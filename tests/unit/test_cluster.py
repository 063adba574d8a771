"""Clusters: what average linkage joins, what decisions and source rules forbid, and that nothing else moves."""

import numpy as np
import pytest

from blocking import Pairs
from linkage.unit.agglomerate import agglomerate
from linkage.unit.cluster import CLIP, LARGEST_COMPONENT, Rules, Weighed, cluster
from linkage.unit.contradictions import NONE
from linkage.unit.weights import MICROBITS


def make(pairs):
    ordered = sorted((min(p), max(p)) for p in pairs)
    columns = np.array(ordered, dtype=np.int32).reshape(-1, 2)
    return Pairs(np.ascontiguousarray(columns[:, 0]), np.ascontiguousarray(columns[:, 1]))


def rules(n, must=(), cannot=(), source=None, single=(False,)):
    return Rules(np.array(source or [0] * n, np.int16), np.array(single), make(must), make(cannot))


def clustered(n, bits, *, otherwise=-20, contradicted=(), **constraints):
    """Clusters of n records as sets; `bits` maps a pair to its weight, `contradicted` are pairs that show a contradiction."""
    weight_of = {(min(p), max(p)): value for p, value in bits.items()}
    never = {(min(p), max(p)) for p in contradicted}
    candidates = make(weight_of)

    def weigh_pairs(pairs):
        named = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
        values = np.array([weight_of.get(one, otherwise) for one in named], dtype=np.float64)
        shown = np.array([0 if one in never else NONE for one in named], dtype=np.int8)
        return Weighed(np.rint(values * MICROBITS).astype(np.int64), shown, np.ones(len(named), np.bool_))

    labels = cluster(candidates, weigh_pairs(candidates).weight, 0, weigh_pairs, rules(n, **constraints))
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


def test_a_contradiction_parts_two_records_however_much_speaks_for_them():
    assert clustered(2, {(0, 1): 12}) == sets({0, 1})
    assert clustered(2, {(0, 1): 12}, contradicted=[(0, 1)]) == sets({0}, {1})


@pytest.mark.parametrize("others", [1, 3, 12])
def test_a_contradiction_is_not_chained_around_through_others(others):
    """However many records resemble both, the two are never one person; above ten records average linkage sees to it."""
    n = 2 + others
    everybody = {(a, b): 12 for a in range(n) for b in range(a + 1, n)}
    found = clustered(n, everybody, contradicted=[(0, 1)])
    assert not any({0, 1} <= group for group in found)
    assert len(found) == 2


def test_a_decision_same_overrules_the_contradiction_of_the_pair_itself():
    assert clustered(2, {(0, 1): -30}, contradicted=[(0, 1)], must=[(0, 1)]) == sets({0, 1})


def test_decisions_same_overrule_a_contradiction_between_the_ends_of_their_chain():
    """Who says that A is B and that B is C says that A is C."""
    assert clustered(3, {}, contradicted=[(0, 2)], must=[(0, 1), (1, 2)]) == sets({0, 1, 2})


def test_a_decision_same_lets_no_third_record_in_that_contradicts_either():
    bits = {(0, 2): 12, (1, 2): 12}
    assert clustered(3, bits, contradicted=[(1, 2)], must=[(0, 1)]) == sets({0, 1}, {2})


def test_different_beats_a_decision_same_and_what_it_overrules():
    found = clustered(3, {}, contradicted=[(0, 2)], must=[(0, 1), (1, 2)], cannot=[(0, 2)])
    assert not any({0, 2} <= group for group in found)


def worth(groups, bits):
    """What a division is worth: the clipped bits of all pairs that it puts together."""
    return sum(
        min(max(value, -CLIP / MICROBITS), CLIP / MICROBITS) for p, value in bits.items() if any(set(p) <= one for one in groups)
    )


def divisions(records):
    """Every division of some records into groups."""
    if not records:
        yield []
        return
    first, *others = records
    for smaller in divisions(others):
        yield [{first}, *smaller]
        for at, one in enumerate(smaller):
            yield [*smaller[:at], {first, *one}, *smaller[at + 1 :]]


@pytest.mark.parametrize("seed", range(25))
def test_no_division_of_a_small_group_is_worth_more_and_none_of_its_rules_is_broken(seed):
    """All records hang together by a chain, so that they are one group; what is forbidden is drawn at random."""
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for a in range(6) for b in range(a + 1, 6)]
    bits = {p: float(np.round(rng.normal(1 if p[1] - p[0] == 1 else -1, 6), 3)) for p in pairs} | {
        (a, a + 1): 3.0 for a in range(5)
    }
    never = [p for p in pairs if rng.random() < 0.15]
    cannot, contradicted = never[::2], never[1::2]
    found = clustered(6, bits, cannot=cannot, contradicted=contradicted)
    allowed = [one for one in divisions(list(range(6))) if not any(set(p) <= group for p in never for group in one)]
    assert len(list(divisions(list(range(6))))) == 203
    assert not any(set(p) <= group for p in never for group in found)
    assert worth(found, bits) == pytest.approx(max(worth(one, bits) for one in allowed))


def test_average_linkage_alone_would_miss_the_best_of_some_of_them():
    """0 and 1 resemble each other most, but either goes better with two others: the best division parts them."""
    bits = {(0, 1): 10, (0, 2): 9, (0, 3): 9, (2, 3): 9, (1, 4): 9, (1, 5): 9, (4, 5): 9}
    bits |= {(a, b): -9 for a in (2, 3) for b in (4, 5)} | {(0, 4): -6, (0, 5): -6, (1, 2): -6, (1, 3): -6}
    weights, none = np.zeros((6, 6), np.int64), np.zeros((6, 6), np.bool_)
    for (a, b), value in bits.items():
        weights[a, b] = weights[b, a] = value * MICROBITS
    assert len(set(agglomerate(weights, none, none)[:2].tolist())) == 1
    assert clustered(6, bits) == sets({0, 2, 3}, {1, 4, 5})
