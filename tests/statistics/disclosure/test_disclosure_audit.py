"""What the linear programmes find, on tables whose answers are known."""

import numpy as np
import pytest
from scipy import sparse

from linkage.statistics.attack import Attack, facts_of, plain_gaps, propagated
from linkage.statistics.disclosure_audit import parts, ranges
from linkage.statistics.margins import Margins
from linkage.statistics.suppression import Task, suppress


def table_attack(table, least=0.0, most=np.inf):
    """A table with both margins as counts: cells row by row, row totals, column totals, the whole."""
    table = np.asarray(table, float)
    rows, columns = table.shape
    size = rows * columns + rows + columns + 1
    facts = []
    for r in range(rows):
        fact = np.zeros(size)
        fact[r * columns : (r + 1) * columns], fact[rows * columns + r] = 1, -1
        facts.append(fact)
    for c in range(columns):
        fact = np.zeros(size)
        fact[[r * columns + c for r in range(rows)]], fact[rows * columns + rows + c] = 1, -1
        facts.append(fact)
    whole = np.zeros(size)
    whole[rows * columns : rows * columns + rows], whole[-1] = 1, -1
    matrix = sparse.csr_array(np.array([*facts, whole]))
    count = np.concatenate([table.ravel(), table.sum(1), table.sum(0), [table.sum()]])
    low, high = np.broadcast_to(least, size).astype(float), np.broadcast_to(most, size).astype(float)
    return Attack(Margins(matrix, np.ones(matrix.shape[0], bool)), count, low, high)


def hidden_of(attack, *cells):
    hidden = np.zeros(len(attack.count), bool)
    hidden[list(cells)] = True
    return hidden


def test_three_by_two_with_one_three_and_four_unsafe_needs_six_and_leaves_the_published_intervals():
    """Rows of 10, 13 and 31 and columns of 31 and 23 are the only layout with these intervals: 1 + 9, 3 + 10, 27 + 4.

    Source: reference `statistics.md`, section 6, step 3.
    """
    attack = table_attack([[1, 9], [3, 10], [27, 4]])
    cells, unsafe = 6, [0, 2, 5]
    size = len(attack.count)
    width = np.zeros(size)
    width[unsafe] = 5
    task = Task(
        attack=attack,
        unseen=hidden_of(attack, *unsafe),
        open=np.arange(size) < cells,
        weight=attack.count + 1,
        width=width,
        floor=width,
    )
    pattern = suppress(task)
    assert np.flatnonzero(pattern.hidden).tolist() == [0, 1, 2, 3, 4, 5]
    assert pattern.optimal
    least, most = ranges(attack, pattern.hidden)
    found = [(round(low), round(high)) for low, high in zip(least[:cells], most[:cells], strict=True)]
    assert found == [(0, 10), (0, 10), (0, 13), (0, 13), (8, 31), (0, 23)]


def test_no_line_with_just_one_hidden_cell_is_not_enough():
    """Two blocks of hidden cells with one cell between them: the rows of the first block less its columns are that cell."""
    attack = table_attack([[9, 8, 20, 30], [9, 8, 3, 40], [22, 33, 7, 8], [30, 31, 9, 7]])
    bridge = 6
    hidden = hidden_of(attack, 0, 1, 4, 5, bridge, 10, 11, 14, 15)
    table = hidden[:16].reshape(4, 4)
    assert not (table.sum(0) == 1).any()
    assert not (table.sum(1) == 1).any()
    least, most = ranges(attack, hidden)
    assert (round(least[bridge]), round(most[bridge])) == (3, 3)


def test_two_cells_hidden_as_below_five_whose_sum_is_eight_are_both_four():
    attack = table_attack([[4, 4, 20], [30, 30, 30]], least=1.0, most=4.0)
    least, most = ranges(attack, hidden_of(attack, 0, 1))
    assert (least[:2].tolist(), most[:2].tolist()) == ([4, 4], [4, 4])


def test_bounds_passed_on_are_never_narrower_than_the_programme_finds():
    random = np.random.default_rng(7)
    compared = 0
    for _ in range(30):
        attack = table_attack(random.poisson(6, (4, 4)) + 1)
        hidden = random.random(len(attack.count)) < 0.5
        size = len(hidden)
        reach = propagated(facts_of(attack), hidden)[-1].reach
        least, most = ranges(attack, hidden)
        assert (most - attack.count <= reach[:size] + 1e-6).all()
        assert (attack.count - least <= reach[size:] + 1e-6).all()
        compared += hidden.sum()
    assert compared > 300


def test_each_gap_is_a_sum_that_is_too_small_whatever_the_programme_would_find():
    """The room that a gap grants to hidden counts, and what it grants besides, is at least the width that is left."""
    random = np.random.default_rng(11)
    seen = 0
    for _ in range(20):
        attack = table_attack(random.poisson(5, (4, 3)) + 1)
        hidden = random.random(len(attack.count)) < 0.4
        least, most = ranges(attack, hidden)
        for gap in plain_gaps(facts_of(attack), hidden, np.full(len(hidden), 5.0)):
            assert gap.room[hidden].sum() + gap.given >= most[gap.cell] - least[gap.cell] - 1e-6
            seen += 1
    assert seen > 50


def test_counts_that_share_no_fact_are_parts_of_their_own():
    attack = table_attack([[5, 5, 9, 9], [5, 5, 9, 9], [9, 9, 5, 5], [9, 9, 5, 5]])
    hidden = hidden_of(attack, 0, 1, 4, 5, 10, 11, 14, 15)
    facts = facts_of(attack)
    assert [part.cells.tolist() for part in parts(attack, facts, hidden, propagated(facts, hidden))] == [
        [0, 1, 4, 5],
        [10, 11, 14, 15],
    ]


@pytest.mark.parametrize("seed", range(8))
def test_the_cheapest_pattern_is_found(seed):
    """Against all patterns of a 3 × 3 table, tried one by one, the cheapest first."""
    table = np.random.default_rng(seed).integers(2, 30, (3, 3))
    attack = table_attack(table)
    size, cells = len(attack.count), 9
    width = np.zeros(size)
    width[0] = 4
    weight = attack.count + 1
    pattern = suppress(Task(attack, hidden_of(attack, 0), np.arange(size) < cells, weight, width, width))
    assert pattern.optimal
    assert not pattern.exposed
    in_order = sorted((some for some in subsets(cells) if 0 in some), key=lambda some: weight[some].sum())
    best = next(some for some in in_order if enough(attack, some, 4))
    assert weight[pattern.hidden].sum() == weight[best].sum()


def subsets(cells):
    return [[n for n in range(cells) if code >> n & 1] for code in range(2**cells)]


def enough(attack, some, width):
    table = np.zeros(9)
    table[some] = 1
    table = table.reshape(3, 3)
    if (table.sum(0) == 1).any() or (table.sum(1) == 1).any():
        return False
    least, most = ranges(attack, hidden_of(attack, *some))
    return most[0] - least[0] >= width - 1e-6
