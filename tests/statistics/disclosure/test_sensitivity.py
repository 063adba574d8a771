import importlib.util
from pathlib import Path

import numpy as np
import pytest

from linkage.protocol import Release
from linkage.statistics.sensitivity import (
    broken_down_small,
    full_groups,
    limits,
    moved_slightly,
    rules_of,
    small,
    threshold,
    withheld,
)
from linkage.statistics.universe import universe

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)


@pytest.mark.parametrize(("thresholds", "expected"), [({"victim": 7}, 7), ({"victim": 3}, 5), ({}, 5), ({"_U": 2, "victim": 9}, 2)])
def test_a_role_without_a_threshold_gets_the_strictest(thresholds, expected):
    assert threshold(Release(thresholds, 400), "_U") == expected


def test_limits_by_role_and_breakdown(protocol):
    named = [{"role": role, **more} for role in ("victim", "offender", "_U") for more in ({}, {"sex": "M"}, {"age_group": "Y0T17"})]
    cells = made.cells_of(*((name, 9) for name in named))
    known = universe(cells)
    found = limits(known, rules_of(protocol))[known.place]
    told = dict(zip(zip(cells["role"], cells["sex"], cells["age_group"], strict=True), found.tolist(), strict=True))
    assert told["offender", "_T", "_T"] == 3
    assert {limit for key, limit in told.items() if key != ("offender", "_T", "_T")} == {5}


def test_a_small_count_of_one_part_may_be_broken_down_and_one_of_two_may_not(protocol):
    def lines(*parts):
        cells = made.cells_of(*(({"sex": sex}, n) for sex, n in zip("FM", parts, strict=False)), ({}, sum(parts)))
        known = universe(cells)
        return {(line.key[5], line.column) for line in broken_down_small(known, small(known, limits(known, rules_of(protocol))))}

    assert lines(3) == set()
    assert {column for _, column in lines(1, 2)} == {"sex"}
    assert lines(4, 4) == set()


def test_what_lies_within_a_withheld_breakdown_is_withheld_too(protocol):
    """Of three persons in all years, two sexes; the one of 2018 would tell that there is a woman."""
    years = [({"year": "2018", "sex": "F"}, 1), ({"year": "2018"}, 1), ({"year": "2019", "sex": "M"}, 2), ({"year": "2019"}, 2)]
    cells = made.cells_of(({"year": "_T", "sex": "F"}, 1), ({"year": "_T", "sex": "M"}, 2), ({"year": "_T"}, 3), *years)
    known = universe(cells)
    rows = withheld(cells, list(broken_down_small(known, small(known, limits(known, rules_of(protocol))))))
    found = rows.set_index(["year", "sex"])["count"].to_dict()
    assert found == {
        **{("_T", "F"): 1, ("_T", "M"): 2, ("2018", "F"): 1, ("2019", "M"): 2},
        **{("2018", "M"): 0, ("2019", "F"): 0},
    }


def test_a_group_of_one_kind_is_found_and_the_whole_country_is_none(protocol):
    cells = made.crossed([[12, 0], [9, 20]])
    known = universe(cells)
    found = {(line.key, line.column) for line in full_groups(known, limits(known, rules_of(protocol)))}
    assert len(found) == 1
    ((key, column),) = found
    assert ("A" in key, "F" in key, column) == (True, True, "sex")
    alone = universe(made.cells_of(({"sex": "F"}, 12), ({}, 12)))
    assert not list(full_groups(alone, limits(alone, rules_of(protocol))))


@pytest.mark.parametrize(("after", "moved"), [(30, False), (31, True), (26, True), (34, True), (35, False), (25, False)])
def test_a_difference_is_a_count_with_the_same_limit(protocol, after, moved):
    before, now = made.cells_of(({}, 30)), made.cells_of(({}, after))
    assert moved_slightly(now, before, rules_of(protocol)).tolist() == [moved]


def test_hidden_counts_of_an_earlier_release_tell_nothing(protocol):
    before = made.cells_of(({}, 30)).assign(hidden="secondary")
    assert not moved_slightly(made.cells_of(({}, 31)), before, rules_of(protocol)).any()


def test_small_is_above_zero_and_below_the_limit():
    known = universe(made.cells_of(*(({"region": f"r{n}", "table": "region"}, n) for n in range(7))))
    found = small(known, np.full(len(known), 5))
    assert sorted(known.count[found & known.published].tolist()) == [1, 2, 3, 4]
