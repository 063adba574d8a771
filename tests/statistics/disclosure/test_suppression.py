"""The alternation of choice and audit, by the programme and by its fallback."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from linkage.statistics import suppression
from linkage.statistics.attack import Attack
from linkage.statistics.disclosure import protect
from linkage.statistics.disclosure_audit import ranges
from linkage.statistics.margins import Margins
from linkage.statistics.suppression import Task, suppress

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)


def task_of(facts, count, unsafe, closed=(), width=3.0):
    """Sums that are zero, with one count unsafe and some that may not be hidden."""
    size = len(count)
    attack = Attack(
        Margins(sparse.csr_array(np.array(facts, float)), np.ones(len(facts), bool)),
        np.array(count, float),
        np.zeros(size),
        np.full(size, np.inf),
    )
    widths = np.zeros(size)
    widths[unsafe] = width
    own = np.arange(size) == unsafe
    return Task(attack, own, ~own & ~np.isin(np.arange(size), closed), np.array(count) + 1.0, widths, widths)


def test_of_two_others_in_a_sum_the_lighter_is_hidden():
    pattern = suppress(task_of([[1, 1, 1, -1]], [2, 9, 7, 18], unsafe=0))
    assert np.flatnonzero(pattern.hidden).tolist() == [0, 2]
    assert pattern.optimal


def test_a_count_that_no_hiding_protects_is_named():
    pattern = suppress(task_of([[1, 1, -1]], [2, 9, 11], unsafe=0, closed=(1, 2)))
    assert pattern.exposed == (0,)


def test_what_is_hidden_for_nothing_is_shown_again(protocol):
    """Every count that is hidden for others' sake can move, in patterns of which the first choices were not the last."""
    for seed in (10, 18, 39, 43, 110):
        random = np.random.default_rng(seed)
        cells = made.crossed(random.poisson(random.choice([2, 5, 9, 20], (int(random.integers(2, 6)), 2))))
        found = made.attack(protect(cells, protocol, "public"))
        assert found
        assert min(most - least for least, most in found.values()) > 0


@pytest.mark.parametrize("limit", ["ROUNDS", "NODES"])
def test_the_fallback_protects_as_well_and_loses_no_less(monkeypatch, limit):
    random = np.random.default_rng(5)
    table = random.poisson(9, (5, 4)) + 1
    tasks = [grid_task(table, unsafe) for unsafe in ((0, 6, 13), (3, 9, 18))]
    best = [suppress(task) for task in tasks]
    monkeypatch.setattr(suppression, limit, 1 if limit == "ROUNDS" else 0)
    for task, pattern in zip(tasks, best, strict=True):
        found = suppress(task)
        least, most = ranges(task.attack, found.hidden)
        assert (most - least >= task.width - 1e-6).all()
        assert task.weight[found.hidden].sum() >= task.weight[pattern.hidden].sum()


def grid_task(table, unsafe):
    rows, columns = table.shape
    cells = np.arange(table.size).reshape(rows, columns)
    size = table.size + rows + columns
    facts = []
    for line, total in [
        *zip(cells, range(table.size, table.size + rows), strict=True),
        *zip(cells.T, range(table.size + rows, size), strict=True),
    ]:
        fact = np.zeros(size)
        fact[line], fact[total] = 1, -1
        facts.append(fact)
    count = np.concatenate([table.ravel(), table.sum(1), table.sum(0)]).astype(float)
    attack = Attack(
        Margins(sparse.csr_array(np.array(facts)), np.ones(len(facts), bool)), count, np.zeros(size), np.full(size, np.inf)
    )
    own = np.isin(np.arange(size), unsafe)
    width = np.where(own, 4.0, 0.0)
    return Task(attack, own, ~own, count + np.where(np.arange(size) >= table.size, 1000, 1), width, width)


def test_nothing_is_printed_by_the_solver(capfd, protocol):
    for seed in range(5):
        protect(made.crossed(np.random.default_rng(seed).poisson(6, (5, 2))), protocol, "public")
    assert capfd.readouterr() == ("", "")
