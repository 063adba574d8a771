"""The file in which a statistics office gets the draws: it says what it is, and damage is told from content."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import DataError
from linkage.files import content_bytes
from linkage.statistics.partitions import FORMAT, Draws, digest_of_persons, partitions_file, read_partitions
from linkage.unit.workspace import PartitionsTable, PersonsTable, partitions_parquet

ABOUT = {"format": FORMAT, "run": "r1", "persons": "abc", "joins_missing": [0, 3]}


def texts(*values):
    return np.array(values, object)


@pytest.fixture
def draws():
    table = PartitionsTable(
        texts("ngo", "ngo", "police"),
        texts("A", "B", "C"),
        np.array([1, 1, 1], np.int32),
        np.array([[0, 0, 2], [0, 1, 1]], np.int8),
    )
    return Draws(table, np.array([0, 3], np.int64), "abc", "r1")


def rewritten(data, about, columns=None):
    table = pq.read_table(pa.BufferReader(data))
    kept = table.select(columns) if columns else table
    sink = pa.BufferOutputStream()
    pq.write_table(kept.replace_schema_metadata({b"headcount": about}), sink)
    return sink.getvalue().to_pybytes()


def test_what_was_written_is_read(draws):
    read = read_partitions(partitions_file(draws), "p")
    assert (read.persons, read.run, read.joins.tolist()) == ("abc", "r1", [0, 3])
    for one, other in zip(read.table, draws.table, strict=True):
        assert one.tolist() == other.tolist()


def test_draws_in_which_nobody_is_doubtful_are_read(draws):
    empty = PartitionsTable(texts(), texts(), np.zeros(0, np.int32), np.zeros((2, 0), np.int8))
    data = partitions_file(Draws(empty, draws.joins, "abc"))
    read = read_partitions(data, "p")
    assert (read.table.labels.shape, read.joins.tolist(), read.run) == ((2, 0), [0, 3], "")
    assert partitions_file(read) == data


def test_the_same_draws_give_the_same_bytes_whatever_the_order_of_records(draws):
    table = PartitionsTable(*(column[::-1] for column in draws.table[:3]), draws.table.labels[:, ::-1])
    assert partitions_file(draws) == partitions_file(draws) == partitions_file(Draws(table, draws.joins, "abc", "r1"))


def test_other_files_are_refused_by_name(draws):
    for data in (b"", b"agency,record\n", content_bytes(partitions_parquet(draws.table)), partitions_file(draws)[:-9]):
        with pytest.raises(DataError, match=r"p\.parquet: this is not a file of partitions") as refused:
            read_partitions(data, "p.parquet")
        assert "export partitions" in refused.value.hint


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": "headcount-partitions/2"}, "format is not headcount-partitions/1"),
        ({"format": None}, "format is not headcount-partitions/1"),
        ({"joins_missing": []}, "metadata is not whole"),
        ({"joins_missing": [1, -1]}, "metadata is not whole"),
        ({"joins_missing": [1, 1.5]}, "metadata is not whole"),
        ({"persons": 5}, "metadata is not whole"),
        ({"run": None}, "metadata is not whole"),
        ({"joins_missing": [1, 2, 3]}, "different numbers of draws"),
    ],
)
def test_metadata_of_another_version_or_broken_is_refused(draws, changed, message):
    with pytest.raises(DataError, match=message):
        read_partitions(rewritten(partitions_file(draws), json.dumps({**ABOUT, **changed}).encode()), "p")


def test_what_is_no_metadata_at_all_is_refused(draws):
    for about in (b"[]", b'"x"', b"\xff", b"{"):
        with pytest.raises(DataError):
            read_partitions(rewritten(partitions_file(draws), about), "p")


def test_a_table_with_other_columns_is_refused(draws):
    data = rewritten(partitions_file(draws), json.dumps(ABOUT).encode(), ["agency", "record", "labels"])
    with pytest.raises(DataError, match="columns"):
        read_partitions(data, "p")


def test_the_digest_of_a_person_map_depends_on_who_is_who_and_not_on_the_order(draws):
    one = PersonsTable(texts("ngo", "police"), texts("A", "B"), texts("P", "Q"))
    assert digest_of_persons(one) == digest_of_persons(PersonsTable(*(column[::-1] for column in one)))
    assert digest_of_persons(one) != digest_of_persons(one._replace(person_id=texts("P", "P")))


def test_no_record_is_in_what_a_log_may_show(draws):
    assert "police" not in repr(draws)
