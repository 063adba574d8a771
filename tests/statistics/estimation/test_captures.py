import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import ExtractError, UsageError
from linkage.statistics.estimation.captures import (
    captured,
    from_frame,
    from_histories,
    merged,
    read_captures,
    sums_above,
    sums_below,
)

tables = st.integers(1, 5).flatmap(lambda n: st.lists(st.integers(0, 50), min_size=1 << n, max_size=1 << n))


def test_a_table_knows_its_persons_its_overlap_and_the_size_of_each_list(table):
    korea = table("korea")
    assert (korea.persons, korea.overlap) == (123, 72)
    assert korea.sizes == {"b": 77, "c": 71, "d": 59}


def test_histories_are_numbered_by_the_bits_of_their_lists():
    captures = from_histories(("x", "y", "z"), {"100": 1, "011": 2, "111": 4})
    assert captures.counts.tolist() == [0, 1, 0, 0, 0, 0, 2, 4]


def test_lists_are_sorted_so_that_their_order_tells_nothing():
    one = from_histories(("b", "a"), {"10": 3, "01": 5, "11": 7})
    other = from_histories(("a", "b"), {"01": 3, "10": 5, "11": 7})
    assert one.lists == other.lists == ("a", "b")
    assert one.counts.tolist() == other.counts.tolist()


def test_a_history_in_several_rows_is_added_up_and_one_of_no_list_is_left_out():
    captures = from_histories(("a", "b"), {"10": 3, "11": 1})
    frame = pd.DataFrame({"a": [True, True, True, False], "b": [False, False, True, False], "count": [1, 2, 1, 99]})
    assert from_frame(frame).counts.tolist() != captures.counts.tolist()[::-1]
    assert from_frame(frame).counts.tolist() == [0, 3, 0, 1]


def test_a_list_that_holds_nobody_is_no_list():
    frame = pd.DataFrame({"a": [True, True], "b": [True, False], "empty": [True, False], "count": [4, 1]})
    assert from_frame(frame).lists == ("a", "b", "empty")
    assert from_frame(frame.assign(empty=False)).lists == ("a", "b")


@pytest.mark.parametrize("lists", [1, 11])
def test_too_few_and_too_many_lists_are_refused(lists):
    names = tuple(f"l{at:02}" for at in range(lists))
    with pytest.raises(UsageError):
        from_histories(names, {"1" * lists: 5})


@given(tables)
def test_sums_over_histories_are_what_loops_give(counts):
    values, cells = np.array(counts, np.int64), range(len(counts))
    assert sums_above(values).tolist() == [sum(counts[c] for c in cells if c & s == s) for s in cells]
    assert sums_below(values).tolist() == [sum(counts[c] for c in cells if c & s == c) for s in cells]
    assert sums_above(np.stack([values, 2 * values])).tolist() == [sums_above(values).tolist(), (2 * sums_above(values)).tolist()]


def test_lists_taken_as_one_hold_whoever_is_on_either(table):
    korea = table("korea")
    both = merged(korea, [("d", "b")])
    assert both.lists == ("b+d", "c")
    assert both.persons == korea.persons
    assert both.counts.tolist() == [0, 41 + 5 + 6, 5, 54 + 12]
    assert merged(korea, []).counts.tolist() == korea.counts.tolist()


@pytest.mark.parametrize("groups", [[("b", "x")], [("b", "b")], [("b", "c"), ("c", "d")], [("b", "c", "d")]])
def test_lists_that_are_not_there_or_stand_twice_or_leave_only_one_are_refused(groups, table):
    with pytest.raises(UsageError):
        merged(table("korea"), groups)


def test_a_history_has_as_many_lists_as_bits():
    assert captured(3).tolist() == [0, 1, 1, 2, 1, 2, 2, 3]


def text(**columns):
    return pd.DataFrame(columns, dtype=object)


def test_a_file_is_read_as_it_is_documented():
    captures = read_captures(text(b=["1", "0", "1"], a=["0", "1", "1"], count=["5", "6", "7"]), "t.csv")
    assert captures.lists == ("a", "b")
    assert captures.counts.tolist() == [0, 6, 5, 7]


@pytest.mark.parametrize(
    ("columns", "row", "field"),
    [
        ({"a": ["1", "yes"], "b": ["1", "1"], "count": ["5", "6"]}, 3, "a"),
        ({"a": ["1", "0"], "b": ["1", "1"], "count": ["-5", "6"]}, 2, "count"),
        ({"a": ["1", "0"], "b": ["1", "1"], "count": ["5", "6.5"]}, 3, "count"),
        ({"a": ["1", "0"], "b": ["1", "1"]}, None, "count"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_by_row_and_field_and_never_by_value(columns, row, field):
    with pytest.raises(ExtractError) as refused:
        read_captures(text(**columns), "t.csv")
    assert (refused.value.file, refused.value.row, refused.value.field) == ("t.csv", row, field)
    assert "yes" not in str(refused.value)
    assert "6.5" not in str(refused.value)
