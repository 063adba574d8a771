import pytest

from linkage.protocol import ready_protocol
from linkage.statistics.cells import OVERLAP
from linkage.statistics.counts import count
from linkage.statistics.overlap import histories

TIP = ready_protocol("tip")


@pytest.fixture
def lists(records):
    return records(
        ("police", "1", "A", "victim", "DET", "2018"),
        ("police", "2", "A", "victim", "DET", "2019"),
        ("ngo", "1", "A", "victim", "ASS", "2019"),
        ("ngo", "2", "B", "victim", "ASS", ""),
        ("police", "3", "B", "offender", "SUS", "2018"),
        ("court", "1", "C", "offender", "CON", "2018"),
    )


def test_each_pair_of_agencies_stands_once_by_role_over_all_years(lists):
    cells = count(lists, TIP)
    cells = cells[cells["table"] == OVERLAP]
    assert {(row.role, row.agency, row.other): row.count for row in cells.itertuples()} == {
        ("victim", "ngo", "ngo"): 2,
        ("victim", "ngo", "police"): 1,
        ("victim", "police", "police"): 1,
        ("offender", "court", "court"): 1,
        ("offender", "police", "police"): 1,
    }
    assert set(cells["year"]) == set(cells["stage"]) == {"_T"}


def rows(frame):
    return [tuple(row) for row in frame.itertuples(index=False)]


def test_a_history_says_how_many_persons_were_on_just_these_lists(lists):
    found = histories(lists, TIP, "victim")
    assert list(found.columns) == ["ngo", "police", "count"]
    assert rows(found) == [(True, False, 1), (True, True, 1)]
    assert found["ngo"].dtype == bool
    assert found["count"].dtype == "int64"


def test_the_histories_of_some_years_know_their_records_alone(lists):
    assert rows(histories(lists, TIP, "victim", ["2018"])) == [(True, 1)]
    assert rows(histories(lists, TIP, "victim", ["2019", "2018"])) == [(True, True, 1)]
    assert rows(histories(lists, TIP, "victim", ["2001"])) == []


def test_a_person_of_both_roles_is_in_the_history_of_each_by_the_records_of_that_role(lists):
    assert rows(histories(lists, TIP, "offender")) == [(False, True, 1), (True, False, 1)]


def test_histories_agree_with_the_overlap_table(year_2018):
    cells = count(year_2018, TIP)
    for role in ("victim", "offender"):
        found = histories(year_2018, TIP, role)
        part = cells[(cells["table"] == OVERLAP) & (cells["role"] == role)]
        assert len(part) >= 3
        for row in part.itertuples():
            assert found.loc[found[row.agency] & found[row.other], "count"].sum() == row.count


def test_the_order_of_rows_changes_no_history(year_2018):
    turned = year_2018.iloc[::-1]
    assert rows(histories(year_2018, TIP, "victim")) == rows(histories(turned, TIP, "victim"))
