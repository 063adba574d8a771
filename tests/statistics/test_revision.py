"""What a change of a count is made of adds up, and each cause shows as itself."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import DataError
from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY
from linkage.statistics.counts import count
from linkage.statistics.revision import PARTS, decompose, triangle
from linkage.statistics.tables import COLUMNS
from linkage.statistics.tables import KEY as TIDY_KEY

TIP = ready_protocol("tip")
few = settings(max_examples=10, deadline=None)
CONTENT = ("role", "stage", "event_date", "sex", "age_group", "region")
ROW = st.tuples(
    st.sampled_from(["victim", "offender"]),
    st.sampled_from(["DET", "SUS", "CON"]),
    st.sampled_from(["", "2018-03-01", "2019-05"]),
    st.sampled_from(["", "F", "M"]),
    st.sampled_from(["", "Y0T17", "Y_GE18"]),
    st.sampled_from(["", "TJ-DU"]),
)


@st.composite
def maps(draw):
    """Some of the same records before and after, with other persons, and some with other content."""

    def one():
        kept = draw(st.lists(st.booleans(), min_size=10, max_size=10).filter(any))
        rows = [draw(ROW) if draw(st.integers(0, 3)) == 0 else row for row in content]
        person = [draw(st.sampled_from("ABCD")) for _ in range(10)]
        frame = pd.DataFrame(rows, columns=CONTENT, dtype=object)
        named = frame.assign(agency=["police", "ngo"] * 5, record=[f"R{i}" for i in range(10)], person_id=person)
        return named[kept].reset_index(drop=True)

    content = draw(st.lists(ROW, min_size=10, max_size=10))
    return one(), one()


def of_persons(frame):
    cells = count(frame, TIP)
    kept = cells[cells["unit"] == "PERSON"]
    return {tuple(row[:-1]): row[-1] for row in kept[[*KEY, "count"]].itertuples(index=False)}


@few
@given(maps())
def test_the_parts_add_up_to_the_change_of_every_published_count(case):
    before, after = case
    told = decompose(before, after, TIP)
    assert (told["before"] + told[list(PARTS)].sum(axis=1) == told["after"]).all()
    old, new = of_persons(before), of_persons(after)
    rows = {tuple(row[: len(KEY)]): (row.before, row.after) for row in told.itertuples(index=False)}
    assert all((old.get(cell, 0), new.get(cell, 0)) == ends for cell, ends in rows.items())
    assert {cell for cell in {*old, *new} if old.get(cell, 0) != new.get(cell, 0)} <= set(rows)


@few
@given(maps(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_persons_change_nothing(case, random):
    before, after = case
    mixed = after.iloc[random.sample(range(len(after)), len(after))]
    renamed = before.assign(person_id=before["person_id"].map(dict(zip("ABCD", "WXYZ", strict=True))))
    pd.testing.assert_frame_equal(decompose(before, after, TIP), decompose(renamed, mixed, TIP))


@pytest.fixture
def victims(records):
    """One victim per letter, recorded in 2018; a letter that stands twice is one person with two records."""

    def build(letters, **content):
        rows = [("police", f"R{i}", letter, "victim", "DET", "2018-02-01", "F", "Y_GE18") for i, letter in enumerate(letters)]
        return records(*rows).assign(**content)

    return build


def total(told, **key):
    wanted = {
        **dict.fromkeys(KEY, "_T"),
        "table": "sex_age",
        "rule": "principal",
        "unit": "PERSON",
        "year": "2018",
        "role": "victim",
    } | key
    [row] = told[(told[list(wanted)] == pd.Series(wanted)).all(axis=1)].itertuples()
    return {name: value for name in PARTS if (value := getattr(row, name))}


def test_each_cause_is_a_part_of_its_own(victims):
    assert total(decompose(victims("ABC"), victims("ABCD"), TIP)) == {"new": 1}
    assert total(decompose(victims("ABCD"), victims("ABC"), TIP)) == {"gone": -1}
    assert total(decompose(victims("ABC"), victims("AAC"), TIP)) == {"merged": -1}
    assert total(decompose(victims("AAC"), victims("ABC"), TIP)) == {"split": 1}
    moved = decompose(victims("ABC"), victims("ABC", event_date="2019-02-01"), TIP)
    assert total(moved) == {"reclassified": -3}
    assert total(moved, year="2019") == {"reclassified": 3}


def test_records_that_change_company_are_split_and_merged(victims):
    assert total(decompose(victims("AABB"), victims("AABC"), TIP)) == {"split": 1}
    same_number = decompose(victims("AABBCC"), victims("ABBACC"), TIP)
    assert total(same_number) == {"split": 2, "merged": -2}
    assert (same_number["before"] == same_number["after"]).all()


def test_a_new_record_that_joins_two_earlier_persons_is_a_merge(victims):
    assert total(decompose(victims("AB"), victims("AAA"), TIP)) == {"merged": -1}


def test_nothing_changed_is_nothing_told(victims):
    assert decompose(victims("AAB"), victims("XXY"), TIP).empty


def test_a_record_that_stands_twice_is_refused(victims):
    twice = pd.concat([victims("A"), victims("B")])
    with pytest.raises(DataError, match="before the revision"):
        decompose(twice, victims("A"), TIP)
    with pytest.raises(DataError, match="after the revision"):
        decompose(victims("A"), twice, TIP)


def tidy(*rows):
    """Tidy CSV of (year, role, value)."""
    base = {**dict.fromkeys(COLUMNS, "_T"), "DATAFLOW": "SEX_AGE", "RULE": "principal", "COUNT_UNIT": "PERSON"}
    frame = pd.DataFrame([{**base, "TIME_PERIOD": year, "ROLE": role, "OBS_VALUE": value} for year, role, value in rows])
    return frame.to_csv(index=False).encode()


def test_a_triangle_says_what_each_release_said_of_a_cell():
    first = tidy(("2018", "victim", "40"), ("2018", "offender", ""))
    second = tidy(("2018", "victim", "38"), ("2018", "offender", "31"), ("2019", "victim", "7"))
    third = tidy(("2018", "offender", "30"), ("2019", "victim", "9"))
    rows = triangle({"r1": first, "r2": second, "r3": third})
    assert list(rows.columns) == [*TIDY_KEY, "r1", "r2", "r3"]
    said = {
        (row.TIME_PERIOD, row.ROLE): [None if pd.isna(one) else int(one) for one in row[-3:]]
        for row in rows.itertuples(index=False)
    }
    assert said == {
        ("2018", "offender"): [None, 31, 30],
        ("2018", "victim"): [40, 38, 0],
        ("2019", "victim"): [None, 7, 9],
    }


def test_what_is_no_tidy_csv_is_refused_by_name():
    for data in (b"", b"a,b\n1,2\n", tidy(("2018", "victim", "many"))):
        with pytest.raises(DataError, match="r1"):
            triangle({"r1": data})
    with pytest.raises(DataError, match="stands twice"):
        triangle({"r1": tidy(("2018", "victim", "1"), ("2018", "victim", "2"))})
