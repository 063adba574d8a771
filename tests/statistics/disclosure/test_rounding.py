import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from linkage.errors import UsageError
from linkage.statistics.cells import KEY, NOT_STATED, SHOWN
from linkage.statistics.counts import count, presence
from linkage.statistics.disclosure import protect
from linkage.statistics.rounding import Rounding, cell_keys, record_keys, rounded

_spec = importlib.util.spec_from_file_location("made", Path(__file__).with_name("made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def keyed_2018(year_2018, protocol):
    keys = cell_keys(presence(year_2018, protocol), year_2018, record_keys(year_2018, SECRET))
    return count(year_2018, protocol), keys


def random_keys(cells, seed):
    random = np.random.default_rng(seed)
    return cells[KEY].assign(key=random.integers(0, 2**32, len(cells)))


@pytest.mark.parametrize("base", [3, 5])
def test_every_count_becomes_one_of_the_two_multiples_beside_it(keyed_2018, protocol, base):
    cells, keys = keyed_2018
    shown = protect(cells, protocol, "public", rounding=Rounding(base, keys))
    assert (shown["count"] % base == 0).all()
    assert ((shown["count"] - cells["count"]).abs() < base).all()
    assert (shown["count"] == cells["count"])[cells["count"] % base == 0].all()
    assert (shown["hidden"] == SHOWN).all()
    assert (shown[["low", "high"]] == NOT_STATED).all(axis=None)


def test_the_same_persons_are_rounded_alike_in_every_table(keyed_2018):
    cells, keys = keyed_2018
    both = rounded(cells, Rounding(5, keys)).merge(keys, on=KEY)
    same = both[both["unit"] == "PERSON"].groupby("key")["count"]
    assert (same.nunique() == 1).all()
    assert (same.size() > 1).sum() > 20


def test_a_persons_key_is_the_sum_of_its_records_and_a_cells_that_of_its_persons(records, protocol):
    frame = records(
        *(("police", f"r{n}", "one" if n < 2 else "two", "victim", "DET", "2018-01-01", "F", "Y_GE18") for n in range(3))
    )
    keys = record_keys(frame, SECRET)
    found = cell_keys(presence(frame, protocol), frame, keys)
    assert set(found["key"]) == {int(keys.astype(np.int64).sum()) % 2**32}


def test_keys_depend_on_the_secret_and_on_nothing_else(records):
    frame = records(("police", "r1", "a"), ("ngo", "r1", "b"))
    one, other = record_keys(frame, SECRET), record_keys(frame, SECRET[::-1])
    assert one[0] != one[1], "two agencies' records of one name are two records"
    assert (one != other).all()
    np.testing.assert_array_equal(record_keys(frame.iloc[::-1], SECRET), one[::-1])


def test_a_short_secret_is_refused(records):
    with pytest.raises(UsageError):
        record_keys(records(("police", "r1", "a")), b"short")


def test_rounding_keeps_the_expectation():
    cells = made.cells_of(*(({"region": f"{n:05}", "table": "region"}, 7) for n in range(6000)))
    mean = rounded(cells, Rounding(5, random_keys(cells, 1)))["count"].mean()
    assert abs(mean - 7) < 0.1


@pytest.mark.parametrize("base", [3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_on_request_the_cells_of_a_table_add_up(base, seed):
    cells = made.crossed(np.random.default_rng(seed).poisson(8, (4, 2)) + 1)
    keys = random_keys(cells, seed)
    shown = rounded(cells, Rounding(base, keys, additive=True)).set_index(["region", "sex"])["count"]
    regions, sexes = [region for region in set(cells["region"]) if region != "_T"], ["F", "M"]
    assert all(shown[region, "F"] + shown[region, "M"] == shown[region, "_T"] for region in [*regions, "_T"])
    assert all(sum(shown[region, sex] for region in regions) == shown["_T", sex] for sex in [*sexes, "_T"])
    exact = cells.set_index(["region", "sex"])["count"]
    assert ((shown - exact).abs() < base).all()


def test_by_its_keys_alone_a_table_need_not_add_up():
    cells = made.crossed([[7, 8], [9, 11]])
    sums = []
    for seed in range(20):
        shown = rounded(cells, Rounding(5, random_keys(cells, seed))).set_index(["region", "sex"])["count"]
        sums.append(shown["A", "F"] + shown["A", "M"] - shown["A", "_T"])
    assert any(sums)


def test_keys_of_other_cells_are_refused(keyed_2018):
    cells, keys = keyed_2018
    with pytest.raises(UsageError):
        rounded(cells, Rounding(5, keys.iloc[1:]))


def test_another_base_is_refused():
    cells = made.cells_of(({}, 7))
    with pytest.raises(UsageError):
        rounded(cells, Rounding(7, random_keys(cells, 0)))


def test_presence_and_count_name_the_same_cells(keyed_2018):
    cells, keys = keyed_2018
    persons = pd.MultiIndex.from_frame(cells.loc[cells["unit"] == "PERSON", KEY])
    assert set(persons) == set(pd.MultiIndex.from_frame(keys[KEY]))
