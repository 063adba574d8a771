"""Columns are what Arrow makes of the same values; a table in parts has the rows of the whole; nothing loads pandas."""

import csv
import io
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.files import content_bytes
from linkage.unit.parquet import (
    Chosen,
    as_chosen,
    as_names,
    as_numbers,
    as_texts,
    numbers,
    order_of,
    taken,
    texts,
    write_csv,
    written,
)

WORDS = ["BB", "A", "", "CCC", "BB"]
EVEN = ["b" * 26, "a" * 26, "b" * 26]


def objects(values):
    return np.array(values, dtype=object)


@pytest.mark.parametrize("values", [WORDS, EVEN, ["ж", "A"], []], ids=str)
def test_texts_are_one_column_whether_objects_fixed_bytes_or_chosen(values):
    expected = pa.array(values, pa.string())
    assert texts(objects(values)).equals(expected)
    distinct, rows = np.unique(values, return_inverse=True) if values else (np.empty(0, "U1"), np.empty(0, np.int64))
    assert texts(Chosen(distinct.astype(object), rows)).cast(pa.string()).equals(expected)
    if all(one.isascii() for one in values):
        assert texts(np.array(values, "S")).equals(expected)
        assert texts(np.array(values, "S26")[::-1]).equals(pa.array(values[::-1], pa.string()))


def test_a_missing_text_is_a_null():
    assert texts(objects(["A", None])).null_count == 1


def test_of_chosen_texts_only_those_that_occur_are_written():
    column = texts(Chosen(np.array(["A", "B", "C", "D"], "S1"), np.array([3, 1, 3], np.int32)))
    assert column.dictionary.to_pylist() == ["B", "D"]
    assert column.to_pylist() == ["D", "B", "D"]


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.uint64, np.bool_])
@pytest.mark.parametrize("size", [0, 1, 9, 64])
def test_numbers_are_what_arrow_makes_of_them(kind, size):
    values = np.random.default_rng(size).integers(0, 2 if kind is np.bool_ else 100, 2 * size).astype(kind)
    for one in (values, values[::2]):
        assert numbers(one).equals(pa.array(one))
        if kind is not np.bool_:
            assert np.array_equal(as_numbers(pa.array(one)), one)
            assert np.array_equal(as_numbers(pa.array(one).slice(1)), one[1:])


@pytest.mark.parametrize("values", [WORDS, EVEN, ["", ""], []], ids=str)
def test_a_column_read_as_fixed_bytes_as_texts_or_by_number_has_the_same_values(values):
    for column in (
        pa.chunked_array([pa.array(values, pa.string())]),
        pa.chunked_array([pa.array(["x", *values, "y"], pa.string()).slice(1, len(values))]),
        pa.chunked_array([pa.array(values[:2], pa.string()), pa.array(values[2:], pa.string())]),
    ):
        assert [one.decode() for one in as_names(column).tolist()] == values
        assert as_texts(column).tolist() == values
        chosen = as_chosen(column)
        assert [chosen.texts[row] for row in chosen.rows] == values
        assert chosen.texts.tolist() == list(dict.fromkeys(values))


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 10])
def test_a_table_in_parts_has_the_rows_of_the_whole_in_groups_of_the_same_size(rows):
    column = np.arange(rows, dtype=np.int64)
    data = content_bytes(written(lambda some: pa.table({"n": numbers(column[some])}), rows, 3))
    file = pq.ParquetFile(pa.BufferReader(data))
    assert file.read()["n"].to_pylist() == column.tolist()
    assert [file.metadata.row_group(at).num_rows for at in range(file.metadata.num_row_groups)] == (
        [3] * (rows // 3) + [rows % 3] * (rows % 3 > 0) if rows else [0] * file.metadata.num_row_groups
    )


def test_a_row_group_names_only_what_it_has():
    names = np.array([f"{number:026}" for number in range(100)], "S26")
    column = Chosen(names, np.arange(100, dtype=np.int32))
    data = content_bytes(written(lambda some: pa.table({"n": texts(taken(column, some))}), 100, 10))
    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=["n"])
    assert [len(file.read_row_group(at)["n"].chunk(0).dictionary) for at in range(10)] == [10] * 10
    assert file.read()["n"].to_pylist() == names.astype(str).tolist()


def test_texts_are_put_in_order_and_what_stands_in_order_is_left():
    order = order_of(objects(["b", "a", "a"]), objects(["x", "z", "y"]))
    assert order.tolist() == [2, 1, 0]
    assert order_of(np.array(["b", "a"], "S1")) == order_of(Chosen(objects(["a"]), np.array([0]))) == slice(None)


def test_csv_is_that_of_the_standard_library_and_a_text_that_needs_quotes_is_refused():
    rows = [("police", "A" * 26, "b" * 26), ("ngo", "", "c")]
    table = pa.table([pa.array(column) for column in zip(*rows, strict=True)], ["agency", "record", "person_id"])
    found, expected = io.BytesIO(), io.StringIO()
    write_csv(table, found)
    csv.writer(expected, lineterminator="\n").writerows([table.column_names, *rows])
    assert found.getvalue().decode() == expected.getvalue()
    for text in ("a,b", 'a"b', "a\nb"):
        with pytest.raises(pa.ArrowInvalid):
            write_csv(pa.table({"agency": [text]}), io.BytesIO())


def test_who_reads_a_run_loads_no_kernels_and_nobody_loads_pandas():
    code = """
import io, sys
import numpy as np
from linkage.files import content_bytes
from linkage.unit.parquet import Chosen, write_csv
from linkage.unit.workspace import partitions_parquet, persons_columns, persons_parquet, persons_table
name, agency = np.array(["A" * 26, "B" * 26], "S26"), Chosen(np.array(["ngo"], object), np.array([0, 0]))
data = content_bytes(persons_parquet((agency, name, name)))
persons_table(data), write_csv(persons_columns(data), io.BytesIO())
content_bytes(partitions_parquet((agency, name, np.array([0, 0], np.int32), np.zeros((3, 2), np.int8))))
assert not {"pandas", "numba"} & set(sys.modules)
from linkage.unit.known import changes_parquet, known_persons
known_persons(data), content_bytes(changes_parquet(()))
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
