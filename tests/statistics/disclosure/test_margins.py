"""The facts that hold of the counts: all of them true, and each kind of them there."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from linkage.statistics.counts import count
from linkage.statistics.margins import coverings, margins, span
from linkage.statistics.redesign import redesign
from linkage.statistics.universe import NAME, universe

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)


def facts(cells):
    """Each fact as (whether it is exact, {the columns of a count that are no total, as text: sign})."""
    known = universe(cells)
    system = margins(known)
    told = []
    for row in range(system.matrix.shape[0]):
        fact = system.matrix[[row]]
        told.append(
            (bool(system.equal[row]), {label(known, cell): int(sign) for cell, sign in zip(fact.indices, fact.data, strict=True)})
        )
    return told


def label(known, cell):
    words = [known.words[column][code] for column, code in zip(NAME, known.codes[cell], strict=True)]
    return " ".join(word for word in words if word not in {"_T", "PERSON", "principal", "2018", "victim"}) or "all"


def test_all_facts_are_true_of_the_counts_they_were_made_of(year_2018, protocol):
    for cells in (count(year_2018, protocol), redesign(year_2018, protocol, "public")[0]):
        known = universe(cells)
        system = margins(known)
        sums = np.rint(system.matrix @ known.count)
        assert system.equal.sum() > 50
        assert (~system.equal).sum() > 50
        assert (sums[system.equal] == 0).all()
        assert (sums[~system.equal] <= 0).all()


def test_sexes_and_regions_add_up():
    told = facts(made.crossed([[6, 7], [8, 9]]))
    assert (True, {"F": 1, "M": 1, "all": -1}) in told
    assert (True, {"A": 1, "B": 1, "all": -1}) in told
    assert (True, {"F A": 1, "M A": 1, "A": -1}) in told
    assert (True, {"F A": 1, "F B": 1, "F": -1}) in told


def test_a_sum_that_nobody_prints_is_a_count_too():
    """Of region by article by sex, the regions by sex follow; and they add up to the printed sexes."""
    cube = [({"table": "cube", "region": r, "article": a, "sex": s}, 5) for r in "AB" for a in ("1", "2") for s in "FM"]
    cells = made.cells_of(*cube, ({"sex": "F"}, 20), ({"sex": "M"}, 20), ({}, 40))
    known = universe(cells)
    assert (~known.published).sum() == 4 + 4 + 4 + 2 + 2
    told = facts(cells)
    assert (True, {"F A 1": 1, "F A 2": 1, "F A": -1}) in told
    assert (True, {"F A": 1, "F B": 1, "F": -1}) in told


def test_any_stage_holds_each_stage_and_all_stages_hold_any():
    told = facts(made.cells_of(({"stage": "DET"}, 20), ({"stage": "ASS"}, 15), ({}, 30)))
    assert (False, {"DET": 1, "all": -1}) in told
    assert (False, {"ASS": 1, "all": -1}) in told
    assert (False, {"all": 1, "DET": -1, "ASS": -1}) in told


def test_years_hold_no_fewer_than_all_years_and_pools_lie_between():
    years = [({"year": year}, n) for year, n in (("2016", 10), ("2017", 12), ("2016-2018", 20), ("2019", 9), ("_U", 6), ("_T", 33))]
    told = facts(made.cells_of(*years))
    assert (False, {"2016-2018": 1, "2016": -1, "2017": -1}) in told
    assert (False, {"2016": 1, "2016-2018": -1}) in told
    assert (False, {"2016-2018": 1, "all": -1}) in told
    assert (False, {"all": 1, "2016-2018": -1, "2019": -1, "_U": -1}) in told


def test_records_add_up_over_stages_and_years_and_nobody_is_without_one():
    counts = [({"stage": s, "unit": u}, n) for s, u, n in (("DET", "PERSON", 9), ("DET", "RECORD", 12), ("ASS", "RECORD", 5))]
    told = facts(made.cells_of(*counts, ({"unit": "RECORD"}, 17)))
    assert (True, {"DET RECORD": 1, "ASS RECORD": 1, "RECORD": -1}) in told
    assert (False, {"DET": 1, "DET RECORD": -1}) in told


def test_any_value_lies_between_the_principal_one_and_the_total():
    counts = [
        ({"table": "article", "rule": rule, "article": a}, n)
        for rule, a, n in (("principal", "1", 8), ("any", "1", 9), ("any", "2", 6))
    ]
    told = facts(made.cells_of(*counts, ({}, 12)))
    assert (False, {"1": 1, "any 1": -1}) in told
    assert (False, {"any 1": 1, "all": -1}) in told
    assert (False, {"all": 1, "any 1": -1, "any 2": -1}) in told


def test_a_cohort_keeps_its_size_and_moves_on_only():
    counts = [(("0", "SUS"), 9), (("0", "CON"), 5), (("0", "_T"), 14), (("1", "SUS"), 6), (("1", "CON"), 8), (("1", "_T"), 14)]
    cells = [({"table": "cohort", "lag": lag, "stage": stage}, n) for (lag, stage), n in counts]
    told = facts(made.cells_of(*cells, ({"stage": "SUS"}, 16), ({}, 30)))
    assert (True, {"0 SUS": 1, "0 CON": 1, "0": -1}) in told
    assert (True, {"0": 1, "1": -1}) in told
    assert (False, {"0 CON": 1, "1 CON": -1}) in told
    assert (False, {"0": 1, "SUS": -1}) in told


def test_overlaps_lie_within_lists_and_lists_within_everybody():
    pairs = {("a", "a"): 20, ("b", "b"): 15, ("a", "b"): 7}
    cells = [({"table": "overlap", "year": "_T", "agency": one, "other": two}, n) for (one, two), n in pairs.items()]
    told = facts(made.cells_of(*cells, ({"year": "_T"}, 28)))
    assert (False, {"a b": 1, "a a": -1}) in told
    assert (False, {"a a": 1, "all": -1}) in told
    assert (False, {"a a": 1, "b b": 1, "a b": -1, "all": -1}) in told
    assert (False, {"all": 1, "a a": -1, "b b": -1}) in told


def test_a_fact_that_is_not_true_of_the_data_is_left_out():
    """More in one year than in all years cannot be; where settling values makes it so, nobody may conclude from it."""
    told = facts(made.cells_of(({"year": "2018"}, 9), ({"year": "_T"}, 8)))
    assert (False, {"2018": 1, "all": -1}) not in told


@pytest.mark.parametrize(("word", "years"), [("2018", {2018}), ("2016-2018", {2016, 2017, 2018}), ("_T", set()), ("_U", set())])
def test_periods_are_read(word, years):
    assert span(word) == years


def test_what_makes_up_longer_periods():
    found = list(coverings(["2016", "2017", "2016-2018", "2019", "_U", "_T"]))
    assert found == [
        ("2016-2018", ("2016", "2017")),
        ("_T", ("2016", "2017", "2019", "_U")),
        ("_T", ("2016-2018", "2019", "_U")),
    ]
