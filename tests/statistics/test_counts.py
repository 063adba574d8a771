from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.protocol import ready_protocol
from linkage.statistics.attributes import dimensions
from linkage.statistics.cells import KEY, NOT_STATED, SHOWN
from linkage.statistics.counts import count, presence, sources

TIP = ready_protocol("tip")
COLUMNS = (
    *("agency", "person_id", "role", "stage", "event_date", "sex", "age_group"),
    *("region", "article", "form_of_exploitation", "citizenship"),
)
VALUES = (
    st.sampled_from(["court", "police", "ngo", "shelter"]),
    st.sampled_from([f"P{i}" for i in range(6)]),
    st.sampled_from(["victim", "offender"]),
    st.sampled_from(["DET", "ASS", "SUS", "PRO", "CON", "DEP"]),
    st.sampled_from(["", "2018", "2018-03-01", "2018-03-02", "2019-01-31", "2017", "2003-07"]),
    st.sampled_from(["", "F", "M"]),
    st.sampled_from(["", "Y0T17", "Y_GE18"]),
    st.sampled_from(["", "TJ-DU", "TJ-SU", "TJ-KT"]),
    st.sampled_from(["", "130.1", "167", "130.2", "172", "999"]),
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
    assert list(cells.columns) == [*KEY, "count", "low", "high", "hidden"]
    keys = [tuple(row) for row in cells[KEY].itertuples(index=False)]
    assert len(keys) == len(set(keys)), "a cell stands twice"
    assert keys == sorted(keys)
    assert (cells["count"] > 0).all()
    return dict(zip(keys, cells["count"].tolist(), strict=True))


@pytest.fixture
def persons(key):
    def find(cells, year, role, stage, sex="_T", age="_T", unit="PERSON"):
        return cells.get(key("sex_age", unit, year=year, role=role, stage=stage, sex=sex, age_group=age), 0)

    return find


def test_a_worked_example_gives_the_table_written_out_here(records, key, persons):
    frame = records(
        ("police", "1", "Z", "victim", "DET", "2018-03-01", "F", "Y0T17", "TJ-DU"),
        ("ngo", "1", "Z", "victim", "ASS", "2018-05-01", "F", "Y_GE18", "TJ-SU"),
        ("police", "2", "Z", "victim", "DET", "2019-01-10", "", "Y_GE18", "TJ-SU"),
        ("police", "3", "A", "victim", "DET", "2018-07-01", "M", "", ""),
        ("court", "1", "A", "offender", "CON", "2018-09-01", "M", "Y_GE18", ""),
    )
    cells = counted(frame, replace(TIP, statistics=replace(TIP.statistics, dimensions=("region",))))
    girl, boy = list(product(("F", "_T"), ("Y0T17", "_T"))), list(product(("M", "_T"), ("_U", "_T")))
    expected = dict.fromkeys((("ASS", *g) for g in girl), 1) | dict.fromkeys(
        ((s, *g) for s in ("DET", "_T") for g in girl + boy), 1
    )
    expected |= {("DET", "_T", "_T"): 2, ("_T", "_T", "_T"): 2}
    at = {"year": "2018", "role": "victim"}
    everyone = {key("sex_age", **at, stage=stage, sex=sex, age_group=age): n for (stage, sex, age), n in expected.items()}
    everyone |= {key("sex_age", "RECORD", **at, stage=stage): n for stage, n in (("ASS", 1), ("DET", 2), ("_T", 3))}
    for region, group, stages in (("TJ-DU", girl, ("ASS", "DET", "_T")), ("_U", boy, ("DET", "_T"))):
        for stage, (sex, age) in product(stages, group):
            everyone[key("region", **at, stage=stage, sex=sex, age_group=age, region=region)] = 1
    assert {cell: n for cell, n in cells.items() if cell[2] == "2018" and cell[4] == "victim"} == everyone
    assert persons(cells, "2019", "victim", "DET", "F", "Y_GE18") == 1
    assert persons(cells, "_T", "victim", "DET") == 2
    assert persons(cells, "_T", "victim", "DET", "F", "Y0T17") == 1
    # Tajik regions of Z over all years: Sughd twice, Dushanbe once
    assert cells[key("region", year="_T", role="victim", stage="_T", region="TJ-SU")] == 1
    assert cells[key("overlap", role="victim", agency="ngo", other="police")] == 1
    assert cells[key("overlap", role="victim", agency="police", other="police")] == 2


def test_the_totals_of_2018_come_out_of_records_that_repeat_and_disagree(year_2018, persons):
    cells = counted(year_2018)
    convicted = [persons(cells, "2018", "offender", "CON", sex) for sex in ("_T", "F", "M", "_U")]
    assert convicted == [31, 27, 4, 0]
    boys, girls = persons(cells, "2018", "victim", "DET", "M", "Y0T17"), persons(cells, "2018", "victim", "DET", "F", "Y0T17")
    men, women = persons(cells, "2018", "victim", "DET", "M", "Y_GE18"), persons(cells, "2018", "victim", "DET", "F", "Y_GE18")
    assert (boys, girls, men, women) == (6, 5, 15, 14)
    assert persons(cells, "2018", "victim", "DET") == 40
    assert persons(cells, "2018", "victim", "DET", unit="RECORD") == 50
    assert persons(cells, "2018", "offender", "CON", unit="RECORD") == 38


def test_a_person_seen_in_two_years_counts_in_both_and_once_in_all_years(records, persons):
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
    of_victims = cells[(cells["role"] == "victim") & (cells["sex"] == "_T")].reset_index(drop=True)
    assert len(of_victims) > 50
    pd.testing.assert_frame_equal(of_victims, alone[alone["sex"] == "_T"].reset_index(drop=True))


def test_a_person_of_two_articles_and_forms_counts_once_under_each_or_once_in_all(records, key):
    rows = [
        ("police", "1", "Z", "victim", "DET", "2018", "F", "", "TJ-DU", "130.1", "SEX"),
        ("ngo", "1", "Z", "victim", "ASS", "2018", "F", "", "TJ-SU", "172", "LAB"),
        ("ngo", "2", "Z", "victim", "ASS", "2018", "F", "", "TJ-SU", "172", "LAB"),
    ]
    cells = counted(records(*rows))
    at = {"year": "2018", "role": "victim", "stage": "_T"}
    principal = {value: cells.get(key("article", **at, article=value), 0) for value in ("130.1", "172", "_U")}
    several = {value: cells.get(key("article", rule="any", **at, article=value), 0) for value in ("130.1", "172", "_U")}
    assert principal == {"130.1": 1, "172": 0, "_U": 0}, "the most serious, though the other is the more frequent"
    assert several == {"130.1": 1, "172": 1, "_U": 0}
    forms = {value: cells.get(key("form_of_exploitation", **at, form_of_exploitation=value), 0) for value in ("SEX", "LAB")}
    assert forms == {"SEX": 0, "LAB": 1}, "the most frequent"
    assert not [cell for cell in cells if cell[0] == "region" and cell[1] == "any"]


def test_whoever_is_charged_under_any_trafficking_article_stands_under_one(records, key):
    rows = [
        ("police", "1", "Z", "offender", "SUS", "2018", "F", "", "", "130.1"),
        *(("court", str(n), "Z", "offender", "CON", "2018", "F", "", "", "335.1") for n in range(3)),
        ("court", "9", "Y", "offender", "CON", "2018", "F", "", "", "335.1"),
    ]
    cells = counted(records(*rows))
    at = {"year": "2018", "role": "offender", "stage": "CON"}
    assert [cells[key("article", **at, article=article)] for article in ("130.1", "335.1")] == [1, 1]


def test_the_cube_crosses_region_article_and_sex_and_adds_up_to_them(year_2018):
    cells = count(year_2018, TIP)
    cube = cells[cells["table"] == "cube"]
    assert len(cube) > 10
    for name in ("region", "article"):
        by = ["year", "role", "stage", "sex", name]
        single = cells[
            (cells["table"] == name) & (cells["rule"] == "principal") & (cells["age_group"] == "_T") & (cells["sex"] != "_T")
        ]
        assert cube.groupby(by)["count"].sum().to_dict() == single.set_index(by)["count"].to_dict()


def test_intervals_are_not_stated_and_nothing_is_hidden_by_counting(year_2018):
    cells = count(year_2018, TIP)
    assert (cells[["low", "high"]] == NOT_STATED).all(axis=None)
    assert (cells["hidden"] == SHOWN).all()
    assert {str(cells[name].dtype) for name in ("count", "low", "high")} == {"int64"}


def test_the_majority_of_records_settles_an_attribute(records, persons):
    rows = [
        ("court", "1", "Z", "victim", "DET", "2018-03-01", "M"),
        *(("ngo", n, "Z", "victim", "ASS", "2018-03-02", "F") for n in "23"),
    ]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "F") == 1


def test_a_tie_goes_to_the_agency_that_the_protocol_trusts_first(records, persons):
    rows = [("police", "1", "Z", "victim", "DET", "2018", "F"), ("court", "1", "Z", "victim", "HEA", "2018", "M")]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "M") == 1
    police_first = replace(TIP, statistics=replace(TIP.statistics, order=("police", "court")))
    assert persons(counted(records(*rows), police_first), "2018", "victim", "DET", "F") == 1


def test_a_tie_between_agencies_without_a_place_goes_to_the_first_code(records, persons):
    rows = [("zeta", "1", "Z", "victim", "DET", "2018", "M"), ("eta", "1", "Z", "victim", "ASS", "2018", "F")]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "F") == 1


def test_one_record_that_knows_outweighs_any_number_that_do_not(records, persons):
    rows = [("ngo", str(n), "Z", "victim", "DET", "2018") for n in range(4)] + [
        ("zeta", "9", "Z", "victim", "ASS", "2018", "F", "Y_GE18")
    ]
    assert persons(counted(records(*rows)), "2018", "victim", "DET", "F", "Y_GE18") == 1


def test_sex_is_of_the_person_and_is_learned_from_another_year_and_role(records, persons):
    rows = [("police", "1", "Z", "victim", "DET", "2015"), ("court", "1", "Z", "offender", "CON", "2018", "F")]
    assert persons(counted(records(*rows)), "2015", "victim", "DET", "F") == 1


@pytest.mark.parametrize(
    "other", ["2018-12-31", "2018", ""], ids=["later that year", "an imprecise date stands at the year's end", "no date"]
)
def test_the_age_group_is_that_of_the_first_event_that_knows_it(records, other, persons):
    rows = [
        ("court", "0", "Z", "victim", "HEA", "2018-01-01", "", ""),
        ("ngo", "1", "Z", "victim", "ASS", "2018-05-01", "", "Y0T17"),
        ("court", "2", "Z", "victim", "HEA", other, "", "Y_GE18"),
        ("court", "3", "Z", "victim", "HEA", other, "", "Y_GE18"),
    ]
    cells = counted(records(*rows))
    assert persons(cells, "2018", "victim", "ASS", "_T", "Y0T17") == 1
    assert persons(cells, "_T", "victim", "_T", "_T", "Y0T17") == 1


def test_a_record_without_a_date_counts_under_the_unknown_year_and_in_all_years(records, persons):
    cells = counted(records(("police", "1", "Z", "victim", "DET", "", "F")))
    assert persons(cells, "_U", "victim", "DET") == persons(cells, "_T", "victim", "DET") == 1
    assert {cell[2] for cell in cells} == {"_U", "_T"}


def test_codes_of_sex_and_age_group_that_nobody_agreed_on_are_unknown(records, persons):
    cells = counted(records(("police", "1", "Z", "victim", "DET", "2018", "X", "Y99")))
    assert persons(cells, "2018", "victim", "DET", "_U", "_U") == 1


def test_a_protocol_without_stages_and_dates_gets_totals_alone(persons):
    plain = ready_protocol("persons")
    without = replace(plain, content={name: spec for name, spec in plain.content.items() if name != "event_date"})
    frame = pd.DataFrame({"agency": ["a", "b"], "record": ["1", "1"], "person_id": ["Z", "Z"], "role": "person"})
    cells = counted(frame, without)
    assert {(cell[2], cell[5]) for cell in cells} == {("_T", "_T")}
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


@given(ROWS)
@few
def test_a_cell_counts_the_persons_who_are_present_in_it(rows):
    frame = framed(rows)
    present = presence(frame, TIP)
    assert not present.duplicated().any()
    assert set(present["person_id"]) == set(frame["person_id"])
    sizes = present.astype(object).groupby(KEY).size().to_dict()
    assert sizes == {cell: n for cell, n in counted(frame).items() if cell[KEY.index("unit")] == "PERSON"}


@given(ROWS)
@few
def test_a_persons_presence_follows_from_its_own_records_and_the_horizon(rows):
    frame = framed(rows)
    person = rows[0][1]
    together = presence(frame, TIP, horizon=2019).astype(object)
    alone = presence(frame[frame["person_id"] == person], TIP, horizon=2019).astype(object)
    own = together[together["person_id"] == person].sort_values(KEY, ignore_index=True)
    pd.testing.assert_frame_equal(own, alone.sort_values(KEY, ignore_index=True))


def test_persons_may_be_numbers(year_2018):
    numbered = year_2018.assign(person_id=pd.factorize(year_2018["person_id"])[0])
    assert counted(numbered) == counted(year_2018)
    assert set(presence(numbered, TIP)["person_id"]) == set(range(numbered["person_id"].max() + 1))


@given(ROWS, st.randoms(use_true_random=False))
@few
def test_neither_the_order_of_rows_nor_that_of_agencies_changes_a_cell(rows, random):
    frame = framed(rows)
    shuffled = frame.sample(frac=1, random_state=random.randrange(2**32), ignore_index=True)
    by_agency = pd.concat([part for _, part in sorted(frame.groupby("agency"), reverse=True)])
    assert counted(frame) == counted(shuffled) == counted(by_agency)


@given(rows=ROWS, data=st.data())
@few
def test_a_record_given_twice_adds_one_record_and_no_person(key, rows, data):
    again = data.draw(st.sampled_from(rows))
    before, after = counted(framed(rows)), counted(framed([*rows, again]))
    year = again[4][:4] or "_U"
    totals = [cell for cell in {*before, *after} if cell[0] == "sex_age" and cell[6:8] == ("_T", "_T")]
    grown = {key("sex_age", "RECORD", year=y, role=again[2], stage=stage) for y in (year, "_T") for stage in (again[3], "_T")}
    assert {cell: after[cell] - before[cell] for cell in totals if after[cell] != before[cell]} == dict.fromkeys(grown, 1)


@given(ROWS, st.tuples(*VALUES))
@few
def test_an_unrelated_person_adds_its_own_cells_and_changes_no_other(rows, new):
    last = ("court", "of the last year", "victim", "HEA", "2019", *[""] * 6)
    other = (new[0], "somebody else", *new[2:])

    def grown(given):
        before, after = counted(framed([*given, last])), counted(framed([*given, last, other]))
        return {cell: after[cell] - before.get(cell, 0) for cell in after if after[cell] != before.get(cell, 0)}

    assert grown(rows) == grown([])


@given(ROWS)
@few
def test_the_cells_of_every_principal_table_add_up_to_its_total(rows):
    cells = count(framed(rows), TIP)
    people = cells[(cells["unit"] == "PERSON") & (cells["rule"] == "principal")]
    at = ["year", "role", "stage"]
    finest = people[(people["sex"] != "_T") & (people["age_group"] != "_T")]
    total = people[(people["table"] == "sex_age") & (people["sex"] == "_T") & (people["age_group"] == "_T")].set_index(at)["count"]
    for name in ("sex_age", *dimensions(TIP)):
        assert finest[finest["table"] == name].groupby(at)["count"].sum().to_dict() == total.to_dict()


@given(ROWS)
@few
def test_no_cell_of_any_value_is_smaller_than_the_principal_one(rows):
    cells = counted(framed(rows))
    principal = {cell: n for cell, n in cells.items() if cell[0] in {"article", "form_of_exploitation"} and cell[1] == "principal"}
    assert principal
    assert all(cells[(cell[0], "any", *cell[2:])] >= n for cell, n in principal.items())


def test_sources_and_counts_of_no_records_are_empty():
    empty = framed([])
    assert count(empty, TIP).empty
    assert presence(empty, TIP).empty
    assert sources(empty, TIP) == {}
