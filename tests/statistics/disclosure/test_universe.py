import importlib.util
from pathlib import Path

import numpy as np

from linkage.statistics.universe import universe

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)


def test_a_count_printed_in_two_tables_is_one():
    cells = made.cells_of(({"sex": "F"}, 7), ({"sex": "F", "table": "region"}, 7), ({}, 7))
    known = universe(cells)
    assert known.published.sum() == 2
    assert len(known.place) == 3
    np.testing.assert_array_equal(known.count[known.place], cells["count"])


def test_the_cell_above_is_found_by_arithmetic():
    known = universe(made.crossed([[6, 7], [8, 9]]))
    women = np.flatnonzero(known.has("sex", "F") & known.has("region", "A"))
    assert known.count[known.moved(women, sex="_T")].tolist() == [13]
    assert known.count[known.moved(women, sex="_T", region="_T")].tolist() == [30]
    assert known.moved(women, sex="_U").tolist() == [-1]


def test_sums_of_what_is_printed_are_there_and_not_published():
    """Regions by sex alone: the sexes and the whole follow."""
    cells = made.crossed([[6, 7], [8, 9]])
    known = universe(cells[(cells["region"] != "_T") & (cells["sex"] != "_T")])
    follow = known.count[~known.published]
    assert sorted(follow.tolist()) == [13, 14, 16, 17, 30]


def test_persons_under_several_values_are_not_added():
    several = [({"table": "article", "rule": "any", "article": a}, 8) for a in ("1", "2")]
    known = universe(made.cells_of(*several, ({}, 12)))
    assert known.published.all()
