from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.protocol import ready_protocol
from linkage.statistics.counts import CELL, count, dimensions, sources

TIP = ready_protocol("tip")
COLUMNS = (
    *("agency", "person_id", "role", "stage", "event_date", "sex", "age_group"),
    *("region", "article", "form_of_exploitation", "citizenship"),
)
VALUES = (
    st.sampled_from(["court", "police", "ngo", "shelter"]),
    st.sampled_from([f"P{i}" for i in range(6)]),
    st.sampled_from(["victim", "offender"]),
    st.sampled_from(["DET", "ASS", "CON"]),
    st.sampled_from(["", "2018", "2018-03-01", "2018-03-02", "2019-01-31", "2017"]),
    st.sampled_from(["", "F", "M"]),
    st.sampled_from(["", "Y0T17", "Y_GE18"]),
    st.sampled_from(["", "TJ-DU", "TJ-SU", "TJ-KT"]),
    st.sampled_from(["", "130.1", "167"]),
    st.sampled_from(["", "SEX", "LAB"]),
    st.sampled_from(["", "TJK", "KGZ"]),
)
ROWS = st.lists(st.tuples(*VALUES), min_size=1, max_size=40)
few = settings(max_examples=12, deadline=None)


def framed(rows):
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    return frame.assign(record=[f"R{number}" for number in range(len(rows))])


def counted(frame, protocol=TIP):
    cells = count(frame, protocol)
    keys = [tuple(row) for row in cells[CELL].itertuples(index=False)]
    assert len(keys) == len(set(keys)), "a cell stands twice"
    assert keys == sorted(keys)
    assert (cells["count"] > 0).all()
    return dict(zip(keys, cells["count"].tolist(), strict=True))


def persons(cells, year, role, stage, sex="_T", age="_T", unit="PERSON"):
    return cells.get(("sex_age", year, role, stage, sex, age, "_T", unit), 0)


def test_a_worked_example_gives_the_table_written_out_here(records):
    frame = records(
        ("police", "1", "Z", "victim", "DET", "2018-03-01", "F", "Y0T17", "TJ-DU"),
        ("ngo", "1", "Z", "victim", "ASS", "2018-05-01", "F", "Y_GE18", "TJ-SU"),
        ("police", "2", "Z", "victim", "DET", "2019-01-10", "", "Y_GE18", "TJ-SU"),
        ("police", "3", "A", "victim", "DET", "2018-07-01", "M", "", ""),
        ("court", "1", "A", "offender", "CON", "2018-09-01", "M", "Y_GE18", ""),
    )
    cells = counted(frame, replace(TIP, statistics=replace(TIP.statistics, dimensions=("region",))))
    assert {key: n for key, n in cells.items() if key[1:3] == ("2018", "victim")} == {
        ("region", "2018", "victim", "ASS", "_T", "_T", "TJ-DU", "PERSON"): 1,
        ("region", "2018", "victim", "DET", "_T", "_T", "TJ-DU", "PERSON"): 1,
        ("region", "2018", "victim", "DET", "_T", "_T", "_U", "PERSON"): 1,
        ("region", "2018", "victim", "_T", "_T", "_T", "TJ-DU", "PERSON"): 1,
        ("region", "2018", "victim", "_T", "_T", "_T", "_U", "PERSON"): 1,
        ("sex_age", "2018", "victim", "ASS", "F", "Y0T17", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "ASS", "F", "_T", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "ASS", "_T", "Y0T17", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "ASS", "_T", "_T", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "ASS", "_T", "_T", "_T", "RECORD"): 1,
        ("sex_age", "2018", "victim", "DET", "F", "Y0T17", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "DET", "F", "_T", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "DET", "M", "_T", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "DET", "M", "_U", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "DET", "_T", "Y0T17", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "DET", "_T", "_U", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "DET", "_T", "_T", "_T", "PERSON"): 2,
        ("sex_age", "2018", "victim", "DET", "_T", "_T", "_T", "RECORD"): 2,
        ("sex_age", "2018", "victim", "_T", "F", "Y0T17", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "_T", "F", "_T", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "_T", "M", "_T", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "_T", "M", "_U", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "_T", "_T", "Y0T17", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "_T", "_T", "_U", "_T", "PERSON"): 1,
        ("sex_age", "2018", "victim", "_T", "_T", "_T", "_T", "PERSON"): 2,
        ("sex_age", "2018", "victim", "_T", "_T", "_T", "_T", "RECORD"): 3,
    }
    assert persons(cells, "2019", "victim", "DET", "F", "Y_GE18") == 1
    assert persons(cells, "_T", "victim", "DET") == 2
    assert persons(cells, "_T", "victim", "DET", "F", "Y0T17") == 1
    # Tajik regions of Z over all years: Sughd twice, Dushanbe once
    assert cells["region", "_T", "victim", "_T", "_T", "_T", "TJ-SU", "PERSON"] == 1


def test_the_totals_of_2018_come_out_of_records_that_repeat_and_disagree(year_2018):
    cells = counted(year_2018)
    convicted = [persons(cells, "2018", "offender", "CON", sex) for sex in ("_T", "F", "M", "_U")]
    assert convicted == [31, 27, 4, 0]
    boys, girls = persons(cells, "2018", "victim", "DET", "M", "Y0T17"), persons(cells, "2018", "victim", "DET", "F", "Y0T17")
    men, women = persons(cells, "2018", "victim", "DET", "M", "Y_GE18"), persons(cells, "2018", "victim", "DET", "F", "Y_GE18")
    assert (boys, girls, men, women) == (6, 5, 15, 14)
    assert persons(cells, "2018", "victim", "DET") == 40
    assert persons(cells, "2018", "victim", "DET", unit="RECORD") == 50
    assert persons(cells, "2018", "offender", "CON", unit="RECORD") == 38


def test_a_person_seen_in_two_years_counts_in_both_and_once_in_all_years(records):
    cells = counted(
        records(
            ("police", "1", "Z", "victim", "DET", "2018-03-01", "F", "Y_GE18"),
            ("ngo", "1", "Z", "victim", "DET", "2019-03-01", "F", "Y_GE18"),
        )
    )
    assert [persons(cells, year, "victim", "DET") for year in ("2018", "2019", "_T")] == [1, 1, 1]
    assert persons(cells, "_T", "victim", "DET", unit="RECORD") == 2


def test_a_victim_who_is_also_an_offender_counts_in_each_and_no_cell_crosses_the_two(year_2018):
    both = set(year_2018.loc[year_2018["role"] == "victim", "person_id"]) & set(
        year_2018.loc[year_2018["role"] == "offender", "person_id"]
    )
    assert both == {"O00"}
    cells = count(year_2018, TIP)
    assert set(cells["role"]) == {"victim", "offender"}
    alone = count(year_2018[year_2018["role"] == "victim"], TIP)
    total = {"table": "sex_age", "year": "2018", "stage": "_T", "sex": "_T", "role": "victim", "age_group": "_T", "unit": "PERSON"}
    assert picked(cells, total) == picked(alone, total) == 41


def picked(cells, key):
    chosen = pd.Series(True, index=cells.index)
    for name, value in key.items():
        chosen &= cells[name] == value
    return cells.loc[chosen, "count"].sum()


def test_the_majority_of_records_settles_an_attribute(records):
    rows = [
        ("court", "1", "Z", "victim", "DET", "2018-03-01", "M"),
        *(("ngo", n, "Z", "victim", "ASS", "2018-03-02", "F") for n in "23"),
    ]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "F") == 1


def test_a_tie_goes_to_the_agency_that_the_protocol_trusts_first(records):
    rows = [("police", "1", "Z", "victim", "DET", "2018", "F"), ("court", "1", "Z", "victim", "HEA", "2018", "M")]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "M") == 1
    police_first = replace(TIP, statistics=replace(TIP.statistics, order=("police", "court")))
    assert persons(counted(records(*rows), police_first), "2018", "victim", "DET", "F") == 1


def test_a_tie_between_agencies_without_a_place_goes_to_the_first_code(records):
    rows = [("zeta", "1", "Z", "victim", "DET", "2018", "M"), ("eta", "1", "Z", "victim", "ASS", "2018", "F")]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "F") == 1


def test_one_record_that_knows_outweighs_any_number_that_do_not(records):
    rows = [("ngo", str(n), "Z", "victim", "DET", "2018") for n in range(4)] + [
        ("zeta", "9", "Z", "victim", "ASS", "2018", "F", "Y_GE18")
    ]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "F", "Y_GE18") == 1


def test_sex_is_of_the_person_and_is_learned_from_another_year_and_role(records):
    rows = [("police", "1", "Z", "victim", "DET", "2015"), ("court", "1", "Z", "offender", "CON", "2018", "F")]
    assert persons(counted(records(*rows)), "2015", "victim", "DET", "F") == 1


@pytest.mark.parametrize(
    "other", ["2018-12-31", "2018", ""], ids=["later that year", "an imprecise date stands at the year's end", "no date"]
)
def test_the_age_group_is_that_of_the_first_event_that_knows_it(records, other):
    rows = [
        ("court", "0", "Z", "victim", "HEA", "2018-01-01", "", ""),
        ("ngo", "1", "Z", "victim", "ASS", "2018-05-01", "", "Y0T17"),
        ("court", "2", "Z", "victim", "HEA", other, "", "Y_GE18"),
        ("court", "3", "Z", "victim", "HEA", other, "", "Y_GE18"),
    ]
    cells = counted(records(*rows))
    assert persons(cells, "2018", "victim", "ASS", "_T", "Y0T17") == 1
    assert persons(cells, "_T", "victim", "_T", "_T", "Y0T17") == 1


def test_a_record_without_a_date_counts_under_the_unknown_year_and_in_all_years(records):
    cells = counted(records(("police", "1", "Z", "victim", "DET", "", "F")))
    assert persons(cells, "_U", "victim", "DET") == persons(cells, "_T", "victim", "DET") == 1
    assert {key[1] for key in cells} == {"_U", "_T"}


def test_codes_of_sex_and_age_group_that_nobody_agreed_on_are_unknown(records):
    cells = counted(records(("police", "1", "Z", "victim", "DET", "2018", "X", "Y99")))
    assert persons(cells, "2018", "victim", "DET", "_U", "_U") == 1


def test_a_protocol_without_stages_and_dates_gets_totals_alone():
    plain = ready_protocol("persons")
    without = replace(plain, content={name: spec for name, spec in plain.content.items() if name != "event_date"})
    frame = pd.DataFrame({"agency": ["a", "b"], "record": ["1", "1"], "person_id": ["Z", "Z"], "role": "person"})
    cells = counted(frame, without)
    assert {(key[1], key[3]) for key in cells} == {("_T", "_T")}
    assert persons(cells, "_T", "person", "_T") == 1


def test_the_source_of_each_stage_is_the_agencies_counted_there(year_2018):
    named = sources(year_2018, TIP)
    assert named["2018", "victim", "DET"] == ("police",)
    assert named["2018", "victim", "_T"] == ("migration", "ngo", "police")
    assert named["_T", "offender", "_T"] == ("court", "police", "prosecutor")


@given(rows=ROWS)
@few
def test_the_slow_twin_counts_the_same(counted_slowly, rows):
    plain = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    assert counted(framed(rows)) == counted_slowly(plain, TIP.statistics.order, dimensions(TIP))


@given(ROWS, st.randoms(use_true_random=False))
@few
def test_neither_the_order_of_rows_nor_that_of_agencies_changes_a_cell(rows, random):
    frame = framed(rows)
    shuffled = frame.sample(frac=1, random_state=random.randrange(2**32), ignore_index=True)
    by_agency = pd.concat([part for _, part in sorted(frame.groupby("agency"), reverse=True)])
    assert counted(frame) == counted(shuffled) == counted(by_agency)


@given(ROWS, st.data())
@few
def test_a_record_given_twice_adds_one_record_and_no_person(rows, data):
    again = data.draw(st.sampled_from(rows))
    before, after = counted(framed(rows)), counted(framed([*rows, again]))
    year = again[4][:4] or "_U"
    totals = {key for key in {*before, *after} if key[4:7] == ("_T", "_T", "_T")}
    grown = {("sex_age", y, again[2], stage, "_T", "_T", "_T", "RECORD") for y in (year, "_T") for stage in (again[3], "_T")}
    assert {key: after[key] - before[key] for key in totals if after[key] != before[key]} == dict.fromkeys(grown, 1)


@given(ROWS, st.tuples(*VALUES))
@few
def test_an_unrelated_person_adds_one_to_its_own_cells_and_to_no_other(rows, new):
    agency, _, role, stage, date, sex, age, region, article, form, citizenship = new
    before, after = counted(framed(rows)), counted(framed([*rows, (agency, "somebody else", *new[2:])]))
    grown = set()
    for year in (date[:4] or "_U", "_T"):
        for at in ((year, role, stage), (year, role, "_T")):
            grown |= {("sex_age", *at, s, a, "_T", "PERSON") for s in (sex or "_U", "_T") for a in (age or "_U", "_T")}
            grown |= {("sex_age", *at, "_T", "_T", "_T", "RECORD")}
            values = {"region": region, "article": article, "form_of_exploitation": form, "citizenship": citizenship}
            grown |= {(name, *at, "_T", "_T", value or "_U", "PERSON") for name, value in values.items()}
    change = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    assert {key: n for key, n in change.items() if n} == dict.fromkeys(grown, 1)


@given(ROWS)
@few
def test_the_cells_of_every_table_add_up_to_its_total(rows):
    cells = count(framed(rows), TIP)
    people = cells[cells["unit"] == "PERSON"]
    at = ["year", "role", "stage"]
    total = people[(people["table"] == "sex_age") & (people["sex"] == "_T") & (people["age_group"] == "_T")].set_index(at)["count"]
    inner = (
        people[(people["table"] == "sex_age") & (people["sex"] != "_T") & (people["age_group"] != "_T")].groupby(at)["count"].sum()
    )
    assert inner.to_dict() == total.to_dict()
    for name in dimensions(TIP):
        assert people[people["table"] == name].groupby(at)["count"].sum().to_dict() == total.to_dict()
