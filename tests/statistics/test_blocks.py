import numpy as np

from linkage.statistics.blocks import Block, tallied, with_totals, written_out
from linkage.statistics.cells import KEY

WORDS = {"sex": ("F", "M", "_T"), "year": ("2018", "2019", "_T")}
PERSONS = np.array(["A", "B", "C"], object)


def ints(*values):
    return np.array(values, np.int64)


def block(**more):
    return Block("sex_age", ints(0, 1, 2), {"year": ints(0, 0, 1), "sex": ints(0, 1, 0)}, **more)


def rows(frame, *names):
    return sorted(tuple(row) for row in frame[list(names)].astype(object).itertuples(index=False))


def test_a_total_repeats_each_row_under_it():
    assert rows(written_out([with_totals(block(), ("sex",), WORDS)], WORDS, PERSONS), "person_id", "year", "sex") == [
        ("A", "2018", "F"),
        ("A", "2018", "_T"),
        ("B", "2018", "M"),
        ("B", "2018", "_T"),
        ("C", "2019", "F"),
        ("C", "2019", "_T"),
    ]


def test_what_a_block_does_not_vary_in_is_the_total():
    written = written_out([block()], WORDS, PERSONS)
    assert list(written.columns) == [*KEY, "person_id"]
    assert set(written["region"]) == set(written["stage"]) == {"_T"}
    assert set(written["rule"]) == {"principal"}


def test_cells_are_the_rows_counted_sorted_by_their_key():
    cells = tallied([block(rule="any"), with_totals(block(unit="RECORD"), ("sex", "year"), WORDS)], WORDS)
    assert [tuple(row) for row in cells[["rule", "year", "sex", "unit", "count"]].itertuples(index=False)] == [
        ("any", "2018", "F", "PERSON", 1),
        ("any", "2018", "M", "PERSON", 1),
        ("any", "2019", "F", "PERSON", 1),
        ("principal", "2018", "F", "RECORD", 1),
        ("principal", "2018", "M", "RECORD", 1),
        ("principal", "2018", "_T", "RECORD", 2),
        ("principal", "2019", "F", "RECORD", 1),
        ("principal", "2019", "_T", "RECORD", 1),
        ("principal", "_T", "F", "RECORD", 2),
        ("principal", "_T", "M", "RECORD", 1),
        ("principal", "_T", "_T", "RECORD", 3),
    ]
