import numpy as np
import pandas as pd
import pytest

from linkage.errors import DataError
from linkage.protocol import ready_protocol
from linkage.statistics.estimation.averaging import MOST_TABLES, tables
from linkage.statistics.partitions import Draws, digest_of_persons
from linkage.unit.workspace import PartitionsTable, PersonsTable

TIP = ready_protocol("tip")


@pytest.fixture
def frame():
    """Person A on two lists by a link that is in doubt, persons B and C on one each; one of them an offender, one of 2017."""
    rows = [
        ("police", "p1", "A", "victim", "DET", "2018-02-02"),
        ("ngo", "n1", "A", "victim", "ASS", "2018-03-03"),
        ("police", "p2", "B", "victim", "DET", "2018-02-02"),
        ("ngo", "n2", "C", "victim", "ASS", "2018-03-03"),
        ("ngo", "n3", "B", "victim", "ASS", "2017-03-03"),
        ("court", "c1", "B", "offender", "CON", "2018-03-03"),
    ]
    columns = ["agency", "record", "person_id", "role", "stage", "event_date"]
    rest = {name: "" for name in TIP.content if name not in columns}
    return pd.DataFrame(rows, columns=columns, dtype=object).assign(**rest)


def draws(frame, *labels, joins=None):
    """In group 0, n1 and p1; the first draw may join them, the next part them."""
    table = PartitionsTable(
        np.array(["ngo", "police"], object), np.array(["n1", "p1"], object), np.zeros(2, np.int32), np.array(labels, np.int16)
    )
    return of(frame, table, joins)


def of(frame, table, joins=None):
    persons = PersonsTable(*(frame[name].to_numpy(object) for name in PersonsTable._fields))
    return Draws(table, np.array(joins or [0] * len(table.labels), np.int64), digest_of_persons(persons))


def test_the_published_table_stands_first_and_counts_one_role_and_the_years_asked(frame):
    (found,) = tables(frame, TIP, "victim", ["2018"])
    assert found.lists == ("ngo", "police")
    assert found.counts.tolist() == [0, 1, 1, 1]
    (longer,) = tables(frame, TIP, "victim", None)
    assert longer.counts.tolist() == [0, 1, 0, 2]


def test_each_draw_gives_a_table_in_which_only_doubtful_records_differ(frame):
    together, apart = tables(frame, TIP, "victim", ["2018"], draws(frame, (0, 0), (0, 1)))[1:]
    assert together.counts.tolist() == [0, 1, 1, 1]
    assert apart.counts.tolist() == [0, 2, 2, 0]


def test_a_drawn_table_is_that_of_the_persons_drawn(frame):
    """Counted from scratch: everybody is as published, but for the two who are apart."""
    apart = frame.assign(person_id=["A1", "A2", *frame["person_id"][2:]])
    for years in (["2018"], ["2017", "2018"], None):
        (wanted,) = tables(apart, TIP, "victim", years)
        assert tables(frame, TIP, "victim", years, draws(frame, (0, 1)))[1].counts.tolist() == wanted.counts.tolist()


def test_a_missed_join_makes_of_two_persons_one_on_both_lists(frame):
    """The only join that was found is of the police and an NGO: one more like it takes one off each and adds one to both."""
    lone = frame[frame["record"].isin(["p1", "n1", "p2", "n2"])]
    joined = tables(lone, TIP, "victim", ["2018"], draws(lone, (0, 0), joins=[1]))[1]
    assert joined.counts.tolist() == [0, 0, 0, 2]


def test_no_table_counts_fewer_than_nobody(frame):
    found = tables(frame, TIP, "victim", ["2018"], draws(frame, (0, 0), (0, 1), joins=[9, 9]))
    assert all((one.counts >= 0).all() for one in found)


def test_where_nobody_is_doubtful_every_table_is_the_published_one(frame):
    nobody = PartitionsTable(np.empty(0, object), np.empty(0, object), np.empty(0, np.int32), np.empty((3, 0), np.int16))
    found = tables(frame, TIP, "victim", None, of(frame, nobody))
    assert len(found) == 4
    assert {tuple(one.counts.tolist()) for one in found} == {tuple(found[0].counts.tolist())}


def test_doubtful_records_outside_the_role_and_years_change_no_table(frame):
    other = PartitionsTable(
        np.array(["court"], object), np.array(["c1"], object), np.zeros(1, np.int32), np.zeros((3, 1), np.int16)
    )
    found = tables(frame, TIP, "victim", ["2018"], of(frame, other))
    assert {tuple(one.counts.tolist()) for one in found} == {tuple(found[0].counts.tolist())}


def test_no_more_than_two_hundred_tables_are_averaged_over(frame):
    assert len(tables(frame, TIP, "victim", None, draws(frame, *[(0, 0)] * 250))) == 1 + MOST_TABLES


def test_draws_of_another_person_map_are_refused(frame):
    other = frame.assign(person_id=["X", *frame["person_id"][1:]])
    with pytest.raises(DataError):
        tables(frame, TIP, "victim", None, draws(other, (0, 0)))


def test_the_order_of_rows_changes_no_table(frame):
    one = tables(frame, TIP, "victim", None, draws(frame, (0, 0), (0, 1)))
    other = tables(frame.iloc[::-1], TIP, "victim", None, draws(frame, (0, 0), (0, 1)))
    assert [each.counts.tolist() for each in one] == [each.counts.tolist() for each in other]
