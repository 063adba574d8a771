import pandas as pd

from benchmarks.invented import COPIES, IDENTIFIERS, people


def test_a_seed_always_gives_the_same_people_and_another_seed_others():
    assert people(200, 1).equals(people(200, 1))
    assert not people(200, 1).equals(people(200, 2))


def test_a_fifth_of_the_rows_are_copies_and_most_copies_are_spoilt():
    frame = people(1000, 3)
    assert frame["person_id"].nunique() == 1000 * (1 - COPIES)
    assert frame["record_id"].is_unique
    same = frame.duplicated([*IDENTIFIERS, "person_id"]).sum()
    assert 0 < same < 100


def test_every_date_is_one_that_the_calendar_has_or_missing():
    dates = people(2000, 4)["birth_date"]
    given = dates[dates != ""]
    assert 0 < (dates == "").sum() < 100
    assert pd.to_datetime(given, format="%Y-%m-%d", errors="coerce").notna().all()
