from itertools import permutations

import numpy as np
import pytest

from linkage.statistics.estimation.captures import from_histories
from linkage.statistics.estimation.choice import downhill, every_model, hidden_of_best, ranked
from linkage.statistics.estimation.loglinear import FITTED, fit, space


@pytest.mark.parametrize(
    ("n_lists", "order", "number"), [(2, 2, 1), (3, 2, 8), (4, 2, 64), (5, 2, 1024), (4, 4, 113), (5, 5, 6893)]
)
def test_every_hierarchical_model_is_listed_once(n_lists, order, number):
    """113 and 6893 with all lists and without the interaction of all: the Dedekind numbers less what holds fewer lists."""
    models = every_model(space(n_lists, order))
    assert len(models) == number
    assert len(np.unique(models, axis=0)) == number


def test_a_hierarchical_model_has_every_part_of_what_it_has():
    among = space(4, 4)
    for model in every_model(among):
        held = {one for one, chosen in zip(among.interactions, model, strict=True) if chosen}
        assert all(part in held for one in held for part in among.interactions if part & one == part)


@pytest.mark.parametrize(("name", "best"), [("korea", ("b:c", "c:d")), ("new_orleans", ()), ("western_us", ("A:E",))])
def test_the_model_of_the_smallest_bic_is_the_published_one(name, best, table, model):
    captures = table(name)
    among = space(len(captures.lists))
    found = ranked(captures.counts, among)
    assert (found.models[0] == model(captures, among, best)).all()
    assert (np.diff(found.fits.bic[found.fits.code == FITTED]) > -1e-6).all()


@pytest.mark.parametrize("name", ["korea", "new_orleans", "western_us"])
def test_going_downhill_ends_at_the_best_model_of_these_tables(name, table):
    captures = table(name)
    among = space(len(captures.lists))
    way = downhill(captures.counts, among)
    assert (way.models[0] == ranked(captures.counts, among).models[0]).all()
    assert len(way.models) < len(every_model(among))


def drawn(captures, number, seed=7):
    return np.random.default_rng(seed).multinomial(captures.persons, captures.counts / captures.persons, size=number)


@pytest.mark.parametrize(("name", "order"), [("korea", 2), ("western_us", 2), ("new_orleans", 2), ("korea", 3)])
def test_what_is_left_unfitted_is_never_the_best_model(name, order, table):
    captures = table(name)
    among = space(len(captures.lists), order)
    models, tables = every_model(among), drawn(captures, 25)
    fast = hidden_of_best(tables, among, ranked(captures.counts, among))
    for row, counts in enumerate(tables):
        fits = fit(counts[None, :].repeat(len(models), axis=0), models, among)
        assert fast[row] == pytest.approx(fits.hidden[np.round(fits.bic, 6).argmin()], rel=1e-6)


def test_many_tables_go_downhill_as_each_would_alone(table):
    captures, among = table("six"), space(6)
    tables = drawn(captures, 12)
    together = hidden_of_best(tables, among, ranked(captures.counts, among))
    alone = [downhill(counts, among).fits.hidden[0] for counts in tables]
    assert together == pytest.approx(alone, rel=1e-6)


def test_a_table_whose_lists_never_meet_has_no_estimate():
    captures, among = from_histories(("a", "b", "c"), {"100": 9, "010": 8, "001": 7}), space(3)
    assert hidden_of_best(captures.counts[None, :], among, ranked(captures.counts, among))[0] == np.inf


def test_where_one_list_holds_everybody_nobody_is_left():
    captures, among = from_histories(("a", "b", "c"), {"100": 9, "110": 8, "101": 7, "111": 3}), space(3)
    found = ranked(captures.counts, among)
    assert (found.fits.code != FITTED).all()
    assert hidden_of_best(captures.counts[None, :], among, found)[0] == pytest.approx(0, abs=1e-3)
    many = space(6)
    of_six = np.zeros(64, np.int64)
    of_six[[0b100000, 0b110000, 0b101000, 0b100100, 0b100010, 0b100001]] = 5
    assert hidden_of_best(of_six[None, :], many, ranked(of_six, many))[0] == pytest.approx(0, abs=1e-3)


def test_the_order_of_lists_does_not_change_which_model_is_best(table):
    western, among = table("western_us"), space(5)
    names = western.lists
    first = set()
    for order in list(permutations(range(5)))[::17]:
        histories = {
            "".join("01"[code >> at & 1] for at in order): int(count) for code, count in enumerate(western.counts) if count
        }
        moved = from_histories(tuple(names[at] for at in order), histories)
        found = ranked(moved.counts, among)
        first.add((found.models[0].tobytes(), round(float(found.fits.hidden[0]), 6)))
    assert len(first) == 1
