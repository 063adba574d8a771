"""Groups laid out flat: the same as groups written out, and what may not be together is read from the marks alone."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.unit.groups import CANNOT, CONTRADICT, MUST, bars, gathered, square

NUMBERS = st.lists(st.integers(-2, 5), max_size=30)


def written_out(numbers):
    """The members of every group of two and more, in the order of the groups' numbers."""
    found = (
        [record for record, number in enumerate(numbers) if number == wanted] for wanted in sorted(set(numbers)) if wanted >= 0
    )
    return [members for members in found if len(members) > 1]


@settings(deadline=None)
@given(NUMBERS)
def test_gathered_groups_are_those_that_one_would_write_out(numbers):
    groups, pairs = gathered(np.array(numbers, np.int32))
    expected = written_out(numbers)
    bounds = itertools.pairwise(groups.start.tolist())
    assert [groups.members[at:to].tolist() for at, to in bounds] == expected
    assert groups.start[-1] == len(groups.members)
    every = [pair for members in expected for pair in itertools.combinations(members, 2)]
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == every
    places = [pair for members in expected for pair in itertools.combinations(range(len(members)), 2)]
    assert list(zip(groups.one.tolist(), groups.other.tolist(), strict=True)) == places
    sizes = [len(members) * (len(members) - 1) // 2 for members in expected]
    assert groups.first.tolist() == [0, *itertools.accumulate(sizes)]


def test_nobody_and_records_that_are_alone_make_no_group():
    for numbers in ([], [0, 1, 2], [-1, -1, -1], [-1, 4, -1]):
        groups, pairs = gathered(np.array(numbers, np.int32))
        assert (len(groups.members), groups.start.tolist(), groups.first.tolist(), len(pairs.left)) == (0, [0], [0], 0)


def test_the_types_are_those_that_the_kernels_are_compiled_for():
    for numbers in ([], [3, 3, 1, 1, 1]):
        groups, pairs = gathered(np.array(numbers, np.int32))
        assert [one.dtype for one in groups] == [np.int32, np.int64, np.int32, np.int32, np.int64]
        assert [one.dtype for one in pairs] == [np.int32, np.int32]


def barred(size, marks, numbers=None, group=0):
    """What must be together and what cannot be, as sets of pairs of places; `marks` has one entry for each pair."""
    groups, _ = gathered(np.array(numbers or [0] * size, np.int32))
    must, cannot = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
    bars(groups, group, np.array(marks, np.int8), must, cannot)
    assert np.array_equal(must, must.T)
    assert np.array_equal(cannot, cannot.T)
    return as_set(must), as_set(cannot)


def as_set(table):
    return {(a, b) for a, b in itertools.combinations(range(len(table)), 2) if table[a, b]}


def marked(size, **pairs):
    """One mark for each pair of so many records; `same`, `different` and `contradict` name pairs as text: "01 12"."""
    kinds = {"same": MUST, "different": CANNOT, "contradict": CONTRADICT}
    places = list(itertools.combinations(range(size), 2))
    return [sum(int(kinds[kind]) for kind, named in pairs.items() if f"{a}{b}" in named.split()) for a, b in places]


def test_a_contradiction_bars_two_records():
    assert barred(3, marked(3, contradict="02")) == (set(), {(0, 2)})


def test_same_overrules_the_contradiction_of_the_pair_itself():
    assert barred(2, marked(2, same="01", contradict="01")) == ({(0, 1)}, set())


def test_a_chain_of_same_overrules_a_contradiction_between_its_ends_however_it_is_ordered():
    for chain in ("01 12 23", "03 13 12", "02 23 13"):
        assert barred(4, marked(4, same=chain, contradict="01 02 03 12 13 23"))[1] == set()


def test_a_chain_overrules_nothing_between_one_of_it_and_one_outside():
    assert barred(4, marked(4, same="01 12", contradict="02 23 03"))[1] == {(2, 3), (0, 3)}


def test_two_chains_stay_two():
    assert barred(4, marked(4, same="01 23", contradict="02 13"))[1] == {(0, 2), (1, 3)}


def test_different_stands_whatever_is_the_same():
    assert barred(2, marked(2, same="01", different="01")) == ({(0, 1)}, {(0, 1)})
    assert barred(3, marked(3, same="01 12", different="02", contradict="02"))[1] == {(0, 2)}


def test_marks_of_one_group_do_not_reach_into_another():
    marks = [MUST, MUST, CANNOT, CONTRADICT]
    assert barred(3, marks, numbers=[7, 7, 7, 9, 9])[0] == {(0, 1), (0, 2)}
    assert barred(3, marks, numbers=[7, 7, 7, 9, 9])[1] == {(1, 2)}
    assert barred(2, marks, numbers=[7, 7, 7, 9, 9], group=1) == (set(), {(0, 1)})


def chained(size, same):
    """Whether two places hang together by 'same', pair by pair."""
    label = list(range(size))
    for _ in range(size):
        for a, b in same:
            label[a] = label[b] = min(label[a], label[b])
    return {(a, b) for a, b in itertools.combinations(range(size), 2) if label[a] == label[b]}


def marks_of(size):
    pairs = size * (size - 1) // 2
    return st.tuples(st.just(size), st.lists(st.integers(0, 7), min_size=pairs, max_size=pairs))


@settings(deadline=None, max_examples=300)
@given(st.integers(2, 6).flatmap(marks_of))
def test_bars_are_those_of_the_rule_read_aloud(example):
    size, marks = example
    of = dict(zip(itertools.combinations(range(size), 2), marks, strict=True))
    same = {pair for pair, mark in of.items() if mark & MUST}
    overruled = chained(size, same)
    cannot = {pair for pair, mark in of.items() if mark & CANNOT or (mark & CONTRADICT and pair not in overruled)}
    assert barred(size, marks) == (same, cannot)


def test_a_square_table_holds_a_groups_values_both_ways_and_leaves_its_diagonal():
    groups, pairs = gathered(np.array([0, 1, 0, 1, 0], np.int32))
    values = 10 * pairs.left.astype(np.int64) + pairs.right
    out = np.full((3, 3), -1, np.int64)
    square(groups, 0, values, out)
    assert out.tolist() == [[-1, 2, 4], [2, -1, 24], [4, 24, -1]]
    out = np.full((2, 2), -1, np.int64)
    square(groups, 1, values, out)
    assert out.tolist() == [[-1, 13], [13, -1]]
