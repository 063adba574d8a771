"""Intervals against a slow twin that applies every draw to the person map and counts again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import DataError
from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY, NOT_STATED
from linkage.statistics.cohort import last_year
from linkage.statistics.counts import count, presence
from linkage.statistics.intervals import with_intervals
from linkage.statistics.partitions import Draws, digest_of_persons
from linkage.unit.workspace import PartitionsTable, PersonsTable

TIP = ready_protocol("tip")
CONTENT = ("role", "stage", "event_date", "sex", "age_group", "region", "article", "form_of_exploitation", "citizenship")
VALUES = (
    st.sampled_from(["victim", "victim", "offender"]),
    st.sampled_from(["DET", "ASS", "SUS", "CON"]),
    st.sampled_from(["", "2018-03-01", "2018-05", "2019-01-31"]),
    st.sampled_from(["", "F", "M"]),
    st.sampled_from(["", "Y0T17", "Y_GE18"]),
    st.sampled_from(["", "TJ-DU", "TJ-SU"]),
    st.sampled_from(["130.1", "167"]),
    st.sampled_from(["", "SEX", "LAB"]),
    st.sampled_from(["TJK"]),
)
few = settings(max_examples=10, deadline=None)


def draws_of(frame, group, labels, joins):
    """Draws of the records whose `group` is not −1; `labels` (n_draws, n_records) are record numbers within groups."""
    doubtful = np.flatnonzero(np.array(group) >= 0)
    persons = PersonsTable(*(frame[name].to_numpy(object) for name in PersonsTable._fields))
    table = PartitionsTable(
        frame["agency"].to_numpy(object)[doubtful],
        frame["record"].to_numpy(object)[doubtful],
        np.array(group, np.int32)[doubtful],
        np.array(labels, np.int8).reshape(len(joins), -1)[:, doubtful],
    )
    return Draws(table, np.array(joins, np.int64), digest_of_persons(persons))


def slowly(frame, draws, protocol=TIP):
    """Low and high of every cell, by counting the whole frame once for each draw."""
    horizon = last_year(frame, protocol)
    published = sizes(frame, horizon, protocol)
    counts = []
    for labels in draws.table.labels:
        drawn = dict(
            zip(zip(draws.table.agency, draws.table.record, strict=True), zip(draws.table.group, labels, strict=True), strict=True)
        )
        name = [(row.agency, row.record) for row in frame.itertuples()]
        person = [str(drawn[one]) if one in drawn else person for one, person in zip(name, frame["person_id"], strict=True)]
        counts.append(sizes(frame.assign(person_id=person), horizon, protocol))
    ends = {}
    for cell in {cell for one in (published, *counts) for cell in one}:
        values = sorted(one.get(cell, 0) for one in counts)
        low, high = (values[-(-len(values) * permille // 1000) - 1] for permille in (25, 975))
        ends[cell] = (published.get(cell, 0), min(low, published.get(cell, 0)), max(high, published.get(cell, 0)))
    return {cell: one for cell, one in ends.items() if one[2]}


def sizes(frame, horizon, protocol):
    seen = presence(frame, protocol, horizon=horizon)
    return {tuple(key): n for key, n in seen.astype(dict.fromkeys(KEY, object)).groupby(KEY).size().items()}


def found(cells):
    persons = cells[cells["unit"] == "PERSON"]
    keys = [tuple(row) for row in persons[KEY].itertuples(index=False)]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, zip(persons["count"], persons["low"], persons["high"], strict=True), strict=True))


NONE_MISSING, SOME_MISSING = st.just(0), st.integers(0, 6)


@st.composite
def drawn_maps(draw, joins):
    """A frame whose published persons lie within groups, and draws that divide the doubtful groups otherwise."""
    rows = draw(st.lists(st.tuples(*VALUES), min_size=1, max_size=14))
    n, number = len(rows), draw(st.integers(1, 30))
    agency = draw(st.lists(st.sampled_from(["court", "police", "ngo"]), min_size=n, max_size=n))
    group = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    doubtful = draw(st.sets(st.integers(0, 4)))
    person = [f"P{one}{draw(st.integers(0, 1))}" for one in group]
    frame = pd.DataFrame(rows, columns=CONTENT, dtype=object).assign(
        agency=agency, record=[f"R{i:02}" for i in range(n)], person_id=person
    )
    size = [group.count(one) for one in group]
    labels = [[draw(st.integers(0, size[i] - 1)) for i in range(n)] for _ in range(number)]
    marked = [one if one in doubtful else -1 for one in group]
    return frame, draws_of(frame, marked, labels, draw(st.lists(joins, min_size=number, max_size=number)))


@few
@given(drawn_maps(NONE_MISSING))
def test_without_missing_joins_every_end_is_what_counting_each_draw_anew_gives(case):
    frame, draws = case
    assert found(with_intervals(count(frame, TIP), frame, draws, TIP)) == slowly(frame, draws)


@few
@given(drawn_maps(SOME_MISSING), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_persons_change_nothing(case, random):
    frame, draws = case
    order = random.sample(range(len(frame)), len(frame))
    shuffled = frame.iloc[order].reset_index(drop=True)
    mixed = random.sample(range(len(draws.table.record)), len(draws.table.record))
    table = PartitionsTable(*(column[mixed] for column in draws.table[:3]), draws.table.labels[:, mixed])
    other = Draws(table, draws.joins, draws.persons)
    one = with_intervals(count(frame, TIP), frame, draws, TIP)
    pd.testing.assert_frame_equal(one, with_intervals(count(shuffled, TIP), shuffled, other, TIP))


@few
@given(drawn_maps(SOME_MISSING))
def test_every_interval_holds_its_count_and_is_not_negative(case):
    frame, draws = case
    cells = with_intervals(count(frame, TIP), frame, draws, TIP)
    persons = cells[cells["unit"] == "PERSON"]
    assert (persons["low"] >= 0).all()
    assert (persons["low"] <= persons["count"]).all()
    assert (persons["count"] <= persons["high"]).all()
    assert cells[["count", "low", "high"]].dtypes.eq("int64").all()
    assert list(cells.columns) == list(count(frame, TIP).columns)
    assert cells[KEY].equals(cells[KEY].sort_values(KEY, ignore_index=True))


@pytest.fixture
def victims(records):
    """Twenty victims of one year, two records each, of police and an NGO; the NGO knows no age and has ten more records."""
    rows = []
    for i in range(20):
        rows.append(("police", f"R{i:02}", f"P{i:02}", "victim", "DET", "2018-02-01", "F", "Y_GE18", "TJ-DU"))
        rows.append(("ngo", f"S{i:02}", f"P{i:02}", "victim", "ASS", "2018-03-01", "F", "", "TJ-DU"))
    rows += [("ngo", f"T{i:02}", f"Q{i:02}", "victim", "ASS", "2018-03-01", "F", "", "TJ-DU") for i in range(10)]
    return records(*rows)


def certain(frame, joins):
    return draws_of(frame, [-1] * len(frame), [[0] * len(frame)] * len(joins), joins)


def cell(cells, table="sex_age", **key):
    wanted = {
        "table": table,
        "rule": "principal",
        "unit": "PERSON",
        **dict.fromkeys(set(KEY) - {"table", "rule", "unit"}, "_T"),
        **key,
    }
    [row] = cells[(cells[list(wanted)] == pd.Series(wanted)).all(axis=1)].itertuples()
    return row.count_, row.low, row.high


@pytest.fixture
def ends(victims):
    def find(joins, **key):
        cells = with_intervals(count(victims, TIP), victims, certain(victims, joins), TIP)
        return cell(cells.rename(columns={"count": "count_"}), **key)

    return find


def test_missing_joins_take_from_a_year_as_many_persons_as_they_join(ends):
    assert ends([4] * 40, year="2018", role="victim") == (30, 26, 30)


def test_where_nobody_is_doubtful_and_nothing_is_missing_both_ends_are_the_count(ends):
    assert ends([0] * 40, year="2018", role="victim") == (30, 30, 30)


def test_a_missed_join_of_two_stages_takes_from_neither(ends):
    assert ends([4] * 40, year="2018", role="victim", stage="DET") == (20, 20, 20)
    assert ends([4] * 40, year="2018", role="victim", stage="ASS") == (30, 30, 30)


def test_a_missed_join_brings_persons_to_the_overlap_of_their_agencies(ends):
    count, low, high = ends([4] * 40, table="overlap", role="victim", agency="ngo", other="police")
    assert (count, low, high) == (20, 20, 24)


def test_a_missed_join_takes_a_record_from_those_whose_age_is_unknown(ends):
    assert ends([4] * 40, year="2018", role="victim", age_group="_U") == (10, 6, 10)
    assert ends([4] * 40, year="2018", role="victim", age_group="Y_GE18") == (20, 20, 20)


def test_joins_never_take_the_last_person_from_a_cell(records):
    frame = records(*((agency, "R1", "P1", "victim", "DET", "2018-02-01", "F", "Y_GE18") for agency in ("ngo", "police")))
    cells = with_intervals(count(frame, TIP), frame, certain(frame, [5] * 40), TIP)
    assert cell(cells.rename(columns={"count": "count_"}), year="2018", role="victim") == (1, 1, 1)


def test_counts_of_records_have_no_interval(victims):
    cells = with_intervals(count(victims, TIP), victims, certain(victims, [4] * 40), TIP)
    of_records = cells[cells["unit"] == "RECORD"]
    assert len(of_records) > 0
    assert (of_records[["low", "high"]] == NOT_STATED).all(axis=None)


def test_a_cell_that_is_zero_as_published_stands_there_where_it_may_not_be(records):
    """Two records are published as one woman; in half of the draws the second is a man of his own."""
    frame = records(
        ("police", "R1", "P1", "victim", "DET", "2018-02-01", "F", "Y_GE18"),
        ("police", "R2", "P1", "victim", "DET", "2018-02-01", "F", "Y_GE18"),
        ("police", "R3", "P1", "victim", "DET", "2018-02-01", "M", "Y_GE18"),
    )
    cells = with_intervals(count(frame, TIP), frame, draws_of(frame, [0, 0, 0], [[0, 0, 0], [0, 0, 2]] * 20, [0] * 40), TIP)
    renamed = cells.rename(columns={"count": "count_"})
    assert cell(renamed, year="2018", role="victim", sex="M") == (0, 0, 1)
    assert cell(renamed, year="2018", role="victim", sex="F") == (1, 1, 1)
    assert cell(renamed, year="2018", role="victim") == (1, 1, 2)


def test_records_that_are_certain_go_with_their_persons_first_doubtful_record(records):
    """The published person has three records, of which the unit doubts two; in every draw these are two persons."""
    frame = records(
        ("court", "R1", "P1", "offender", "CON", "2019-02-01", "F", "Y_GE18"),
        ("police", "R2", "P1", "offender", "SUS", "2018-02-01", "F", "Y_GE18"),
        ("police", "R3", "P1", "offender", "SUS", "2018-02-01", "F", "Y_GE18"),
    )
    cells = with_intervals(count(frame, TIP), frame, draws_of(frame, [-1, 7, 7], [[0, 0, 1]] * 40, [0] * 40), TIP)
    renamed = cells.rename(columns={"count": "count_"})
    assert cell(renamed, year="2018", role="offender") == (1, 1, 2)
    assert cell(renamed, year="2019", role="offender") == (1, 1, 1)
    assert cell(renamed, table="overlap", role="offender", agency="court", other="police") == (1, 1, 1)


def test_partitions_of_another_person_map_are_refused(victims):
    draws = certain(victims, [0])
    other = victims.assign(person_id=victims["person_id"].replace("P01", "P02"))
    with pytest.raises(DataError, match="not of this person map"):
        with_intervals(count(other, TIP), other, draws, TIP)


def test_partitions_that_speak_of_unknown_records_are_refused(victims):
    draws = draws_of(victims.assign(record="X" + victims["record"]), [0] * len(victims), [[0] * len(victims)], [0])
    of_this_map = Draws(draws.table, draws.joins, certain(victims, [0]).persons)
    with pytest.raises(DataError, match="ngo 30, police 20"):
        with_intervals(count(victims, TIP), victims, of_this_map, TIP)


def test_clusters_beyond_their_group_are_refused(victims):
    n = len(victims)
    with pytest.raises(DataError, match="not within their groups"):
        with_intervals(count(victims, TIP), victims, draws_of(victims, [0] * n, [[n] * n], [0]), TIP)
