"""Two hundred random tables, and somebody who solves for what is hidden."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from linkage.statistics.cells import NOT_STATED, PRIMARY, SECONDARY, SHOWN
from linkage.statistics.disclosure import protect

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

# The rule at threshold 5: anything from 1 to 4 remains possible; two steps where its own total is hidden as small too.
FULL, FLOOR = 3, 2


def random_table(seed):
    random = np.random.default_rng(seed)
    shape = int(random.integers(2, 6)), 2
    return random.poisson(random.choice([2, 5, 9, 20], shape))


def only_the_small_ones(cells):
    small = (cells["count"] > 0) & (cells["count"] < 5)
    return cells.assign(hidden=np.where(small, PRIMARY, SHOWN))


@pytest.fixture(scope="module")
def two_hundred(protocol):
    tables = [made.crossed(random_table(seed)) for seed in range(200)]
    return [(cells, protect(cells, protocol, "public")) for cells in tables]


def narrower(cells, shown):
    """Small counts that the attack leaves less room than the rule."""
    small = {
        key
        for key, hidden in zip(zip(shown["region"], shown["sex"], strict=True), shown["hidden"], strict=True)
        if hidden == PRIMARY
    }
    found = made.attack(shown, least_other(cells, shown))
    return [key for key in small if found[key][1] - found[key][0] < (FULL if whole_is_shown(key, small) else FLOOR)]


def least_other(cells, shown):
    """Where no line was withheld, everybody knows that what is hidden for others' sake is five or more."""
    both = shown.merge(cells[[*made.KEY, "count"]], on=made.KEY, how="left", suffixes=("", "_true"))
    others = both.loc[both["hidden"] == SECONDARY, "count_true"].fillna(0)
    return 5 if (others >= 5).all() else 0


def whole_is_shown(key, small):
    region, sex = key
    return not ({("_T", sex), (region, "_T")} - {key}) & small


def test_no_suppressed_cell_is_found_narrower_than_the_rule(two_hundred):
    assert sum((shown["hidden"] == PRIMARY).any() for _, shown in two_hundred) > 150
    assert not [narrower(cells, shown) for cells, shown in two_hundred if narrower(cells, shown)]


def test_no_suppressed_cell_of_whatever_kind_is_found_exactly(two_hundred):
    exact = [key for _, shown in two_hundred for key, (least, most) in made.attack(shown).items() if most - least < 1]
    assert not exact


def test_suppressing_the_small_cells_alone_fails_the_same_attack(two_hundred):
    with_small = [cells for cells, _ in two_hundred if ((cells["count"] > 0) & (cells["count"] < 5)).any()]
    fallen = sum(bool(narrower(cells, only_the_small_ones(cells))) for cells in with_small)
    assert fallen > 0.7 * len(with_small)


def test_every_shown_count_is_true_and_every_hidden_one_is_gone(two_hundred):
    for cells, shown in two_hundred:
        both = cells.merge(shown, on=made.KEY, suffixes=("_true", ""))
        assert len(both) == len(cells)
        visible = both["hidden"] == SHOWN
        assert (both["count"] == both["count_true"])[visible].all()
        assert (both.loc[~visible, ["count", "low", "high"]] == NOT_STATED).all(axis=None)
        assert (both["count_true"] >= 5)[visible].all()
