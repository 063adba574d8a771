import pandas as pd
import pytest

from linkage.statistics.cells import KEY
from linkage.statistics.counts import count, presence
from linkage.statistics.redesign import EXACT, OTHER, counted, redesign


def people(number, year, region, *, person="p", sex="F", age="Y_GE18", citizenship="TJK", article="130.1"):
    """So many victims, detected once each."""
    return [
        ("police", f"{person}{n}", f"{person}{n}", "victim", "DET", f"{year}-05-01", sex, age, region, article, "LAB", citizenship)
        for n in range(number)
    ]


@pytest.fixture(scope="module")
def decade(records):
    """Two large regions and two small ones, over four years of which three make a pool; the first ten are seen twice."""
    rows = [*people(40, 2016, "TJ-SU", person="a"), *people(40, 2017, "TJ-KT", person="b"), *people(40, 2019, "TJ-SU", person="c")]
    rows += [
        *people(3, 2016, "TJ-GB", person="d", sex="M"),
        *people(4, 2018, "TJ-RA", person="e"),
        *people(10, 2018, "TJ-SU", person="a"),
    ]
    frame = records(*rows)
    return frame.assign(record=[f"r{n}" for n in range(len(frame))])


def test_the_restricted_tier_asks_for_everything(decade, protocol):
    cells, plan = redesign(decade, protocol, "restricted")
    assert plan == EXACT
    pd.testing.assert_frame_equal(cells, count(decade, protocol))


def test_places_are_counted_over_three_years_and_persons_once_in_them(decade, protocol):
    cells, plan = redesign(decade, protocol, "public")
    assert plan.pools == (("2016-2018", ("2016", "2017", "2018")),)
    regions = cells[
        (cells["table"] == "region") & (cells["stage"] == "DET") & (cells["sex"] == "_T") & (cells["age_group"] == "_T")
    ]
    found = regions.set_index(["year", "region"])["count"].to_dict()
    assert found["2016-2018", "TJ-SU"] == 40, "ten of them were seen in two years"
    assert not {"2016", "2017", "2018"} & {year for year, _ in found}


def test_a_pool_has_its_total_in_sex_by_age(decade, protocol):
    cells, _ = redesign(decade, protocol, "public")
    pool = cells[(cells["year"] == "2016-2018") & (cells["stage"] == "DET") & (cells["sex"] == "_T") & (cells["age_group"] == "_T")]
    regions, total = pool.loc[pool["table"] == "region", "count"].sum(), pool.loc[pool["table"] == "sex_age", "count"].tolist()
    assert total == [regions] == [87]


def test_rare_values_are_counted_together(decade, protocol):
    cells, plan = redesign(decade, protocol, "public")
    assert {("victim", "region", "TJ-GB"), ("victim", "region", "TJ-RA")} <= set(plan.others)
    found = cells.loc[
        (cells["table"] == "region") & (cells["year"] == "_T") & (cells["stage"] == "_T") & (cells["sex"] == "_T"), "region"
    ]
    assert set(found) == {"TJ-SU", "TJ-KT", OTHER}


def test_a_single_rare_value_takes_the_next_one_with_it(records, protocol):
    frame = records(
        *people(40, 2018, "TJ-SU", person="a"), *people(20, 2018, "TJ-KT", person="b"), *people(2, 2018, "TJ-GB", person="c")
    )
    _, plan = redesign(frame, protocol, "public")
    assert [value for _, name, value in plan.others if name == "region"] == ["TJ-GB", "TJ-KT"]


def test_a_table_of_which_one_row_would_be_left_is_left_out(records, protocol):
    frame = records(*people(40, 2018, "TJ-SU", person="a"), *people(2, 2018, "TJ-GB", person="c"))
    cells, plan = redesign(frame, protocol, "public")
    assert ("region", "victim") in plan.dropped
    assert "region" not in set(cells["table"])


def test_a_breakdown_with_too_many_small_cells_is_left_out_and_said_so(records, protocol):
    safe = records(*people(40, 2018, "TJ-SU", person="a"), *people(30, 2018, "TJ-KT", person="b", sex="M"))
    kept, _ = redesign(safe, protocol, "public")
    assert ((kept["table"] == "region") & (kept["sex"] != "_T")).any()
    small = records(
        *people(40, 2018, "TJ-SU", person="a"),
        *people(30, 2018, "TJ-KT", person="b"),
        *people(2, 2018, "TJ-KT", person="c", sex="M"),
    )
    cells, plan = redesign(small, protocol, "public")
    assert not ((cells["table"] == "region") & (cells["sex"] != "_T")).any()
    assert any(table == "region" and column == "sex" for table, _, _, column in plan.collapsed)


def test_who_stands_in_a_cell_is_told_by_the_same_plan(decade, protocol):
    cells, plan = redesign(decade, protocol, "public")
    rows = counted(decade, protocol, plan, presence)
    sizes = rows.groupby(KEY, observed=True).size().rename("n").reset_index().astype(dict.fromkeys(KEY, object))
    both = cells[cells["unit"] == "PERSON"].merge(sizes, on=KEY, how="outer")
    assert len(both) > 50
    assert both.loc[both["count"] != both["n"], ["table", "rule", "year", "region", "sex", "count", "n"]].empty


def test_the_plan_does_not_depend_on_the_order_of_records(decade, protocol):
    one, other = redesign(decade, protocol, "public"), redesign(decade.sample(frac=1, random_state=5), protocol, "public")
    assert one[1] == other[1]
    pd.testing.assert_frame_equal(one[0], other[0])
