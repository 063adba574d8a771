"""Publishing is one step; what is read is what was written; one process writes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.canonical import digest_of_bytes
from linkage.errors import LockedError, TamperedError, UsageError
from linkage.files import content_bytes
from linkage.unit import workspace as module
from linkage.unit.known import Change, changes_parquet, changes_table, known_persons
from linkage.unit.workspace import (
    PairsTable,
    PartitionsTable,
    PersonsTable,
    create,
    current,
    open_workspace,
    pairs_parquet,
    pairs_table,
    partitions_parquet,
    partitions_table,
    persons_parquet,
    persons_table,
    publish,
    published,
    read_run_file,
    writing,
)

FILES = {"persons.parquet": b"one", "model.json": b"two"}


@pytest.fixture
def made(workspace):
    return create(workspace.path)


def test_a_published_run_is_read_back_by_its_digest(made):
    run = publish(made, "first", FILES, {"records": 3})
    assert current(made) == run
    assert run.manifest["records"] == 3
    assert {name: read_run_file(run, name) for name in FILES} == FILES
    assert made.pointer.read_text() == f"first {run.digest}\n"


def test_before_the_first_run_nothing_is_current(made):
    assert current(made) is None
    with pytest.raises(UsageError):
        published(made)


def test_publishing_the_same_run_again_changes_no_byte(made, tree):
    publish(made, "first", FILES, {})
    before = tree()
    publish(made, "first", FILES, {})
    assert tree() == before


def test_a_run_of_the_same_id_with_other_content_is_refused(made, tree):
    publish(made, "first", FILES, {})
    before = tree()
    with pytest.raises(TamperedError):
        publish(made, "first", {**FILES, "model.json": b"three"}, {})
    assert tree() == before


def test_republishing_a_damaged_run_is_refused(made):
    run = publish(made, "first", FILES, {})
    (run.directory / "model.json").write_bytes(b"2wo")
    with pytest.raises(TamperedError):
        publish(made, "first", FILES, {})


@pytest.mark.parametrize("name", ["../out", "", ".hidden", "a/b", "manifest.json"])
def test_a_file_cannot_be_named_out_of_its_run(made, tree, name):
    before = tree()
    with pytest.raises(ValueError, match="file names"):
        publish(made, "first", {name: b""}, {})
    assert tree() == before


STEPS = [
    ("make_private_directory", 1),
    *((step, call) for step in ("write_digested", "write_atomically") for call in (1, 2)),
    ("sync_directory", 1),
]


@pytest.mark.parametrize(("step", "call"), STEPS)
def test_whichever_step_of_publishing_fails_the_old_run_stays_and_a_retry_works(made, monkeypatch, step, call):
    old = publish(made, "old", FILES, {})
    calls = []
    whole = getattr(module, step)

    def fails(*args, **options):
        calls.append(args)
        if len(calls) == call:
            raise OSError(28, "no space")
        return whole(*args, **options)

    new_files = {**FILES, "model.json": b"new"}
    with monkeypatch.context() as patched:
        patched.setattr(module, step, fails)
        with pytest.raises(OSError, match="no space"):
            publish(made, "new", new_files, {})
    assert current(made) == old
    assert not list(made.runs.glob(".*"))
    assert read_run_file(publish(made, "new", new_files, {}), "model.json") == b"new"
    assert current(made).run_id == "new"


def test_what_a_killed_process_left_half_written_is_cleared(made):
    half = made.runs / ".older.partial"
    half.mkdir()
    (half / "persons.parquet").write_bytes(b"on")
    publish(made, "first", FILES, {})
    assert sorted(path.name for path in made.runs.iterdir()) == ["first"]


def test_a_run_written_but_not_yet_current_is_taken_up_by_the_retry(made, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(module, "sync_directory", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish(made, "first", FILES, {})
    assert (made.runs / "first").is_dir()
    assert current(made) is None
    publish(made, "first", FILES, {})
    assert current(made).run_id == "first"


def test_every_flipped_bit_of_a_run_file_is_noticed(made):
    run = publish(made, "first", FILES, {})
    path = run.directory / "persons.parquet"
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        path.write_bytes(bytes(byte ^ (1 << bit % 8 if i == bit // 8 else 0) for i, byte in enumerate(whole)))
        with pytest.raises(TamperedError):
            read_run_file(run, "persons.parquet")


def test_a_missing_or_foreign_run_file_is_noticed(made):
    run = publish(made, "first", FILES, {})
    (run.directory / "extra").write_bytes(b"x")
    (run.directory / "model.json").unlink()
    for name in ("extra", "model.json"):
        with pytest.raises(TamperedError):
            read_run_file(run, name)


@pytest.mark.parametrize(
    "change", ["", "first", "first {d}", "../first {d}\n", "first {d}\nmore", "other {d}\n", "first {z}\n", "\xff"]
)
def test_a_changed_pointer_is_noticed(made, change):
    run = publish(made, "first", FILES, {})
    made.pointer.write_bytes(change.format(d=run.digest, z="0" * 64).encode("latin-1"))
    with pytest.raises(TamperedError):
        current(made)


def test_a_changed_manifest_is_noticed(made):
    run = publish(made, "first", FILES, {"records": 3})
    path = run.directory / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"records":3', b'"records":4'))
    with pytest.raises(TamperedError):
        current(made)


def test_a_second_writer_is_refused_while_the_first_writes(made):
    code = (
        "from pathlib import Path; from linkage.unit.workspace import *\n"
        "from linkage.errors import LockedError\n"
        f"try:\n  with writing(Workspace(Path({str(made.path)!r}))): print('in')\n"
        "except LockedError: print('locked')"
    )
    with writing(made):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        assert done.stdout == "locked\n"
        with pytest.raises(LockedError), writing(made):
            pass
    with writing(made):
        pass


def test_only_the_owner_may_enter_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        made = create(tmp_path / "W")
        publish(made, "first", FILES, {})
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o077 for path in [made.path, *made.path.rglob("*")]}
    assert modes == {0}


def test_a_folder_with_something_else_in_it_is_not_made_a_workspace(tmp_path, tree):
    (tmp_path / "W").mkdir()
    (tmp_path / "W" / "thesis.txt").write_text("mine")
    before = tree()
    with pytest.raises(UsageError):
        create(tmp_path / "W")
    with pytest.raises(UsageError):
        create(tmp_path / "W" / "thesis.txt")
    assert tree() == before


def test_a_folder_without_a_ledger_is_no_workspace(made):
    with pytest.raises(UsageError):
        open_workspace(made.path)


def test_a_workspace_that_lost_its_ledger_is_not_taken_for_a_new_one(made):
    publish(made, "first", FILES, {})
    for opening in (open_workspace, create):
        with pytest.raises(TamperedError):
            opening(made.path)


def texts(*values):
    return np.array(values, dtype=object)


PERSONS = PersonsTable(texts("police", "ngo", "ngo"), texts("A", "C", "B"), texts("x", "y", "x"))
PAIRS = PairsTable(
    left_agency=texts("police", "ngo"),
    left_record=texts("B", "A"),
    right_agency=texts("police", "police"),
    right_record=texts("C", "B"),
    comparisons=("surname", "birth_date"),
    levels=np.array([[0, -1], [3, 2]], np.int8),
    prior=np.array([-7, -8], np.int64),
    weight=np.array([2**40, -5], np.int64),
    same=np.array([True, False]),
    apart=texts("", "weak bridge"),
)


def test_persons_come_back_sorted_by_agency_and_record():
    back = persons_table(content_bytes(persons_parquet(PERSONS)))
    assert [column.tolist() for column in back] == [["ngo", "ngo", "police"], ["B", "C", "A"], ["x", "y", "x"]]


def test_persons_come_back_as_fixed_bytes_for_the_next_run():
    known = known_persons(content_bytes(persons_parquet(PERSONS)))
    assert known.agencies == ("ngo", "police")
    assert (known.source.tolist(), known.record.tolist(), known.person.tolist()) == (
        [0, 0, 1],
        [b"B", b"C", b"A"],
        [b"x", b"y", b"x"],
    )


def test_what_is_the_same_object_is_made_once_and_written_twice(made):
    calls = []

    def content(out):
        calls.append(out)
        out.write(b"one")

    run = publish(made, "first", {"persons.parquet": content, "known.parquet": content}, {})
    assert len(calls) == 1
    assert {name: read_run_file(run, name) for name in run.manifest["files"]} == dict.fromkeys(run.manifest["files"], b"one")
    assert set(run.manifest["files"].values()) == {digest_of_bytes(b"one")}
    assert len({path.stat().st_mode for path in run.directory.iterdir()}) == 1


def test_pairs_come_back_sorted_with_levels_and_weights_in_their_rows():
    back = pairs_table(content_bytes(pairs_parquet(PAIRS)))
    assert back.left_record.tolist() == ["A", "B"]
    assert back.comparisons == ("surname", "birth_date")
    assert back.levels.tolist() == [[3, 2], [0, -1]]
    assert back.levels.dtype == np.int8
    assert (back.prior.tolist(), back.weight.tolist(), back.same.tolist()) == ([-8, -7], [-5, 2**40], [False, True])
    assert back.apart.tolist() == ["weak bridge", ""]


PARTITIONS = PartitionsTable(
    agency=texts("police", "ngo", "ngo"),
    record=texts("A", "C", "B"),
    group=np.array([3, 3, 7], np.int32),
    labels=np.array([[0, 0, 0], [1, 0, 0]], np.int8),
)


def test_draws_come_back_sorted_with_each_records_labels_in_its_row():
    back = partitions_table(content_bytes(partitions_parquet(PARTITIONS)))
    assert (back.agency.tolist(), back.record.tolist()) == (["ngo", "ngo", "police"], ["B", "C", "A"])
    assert (back.group.tolist(), back.group.dtype) == ([7, 3, 3], np.int32)
    assert (back.labels.tolist(), back.labels.dtype) == ([[0, 0, 0], [0, 0, 1]], np.int8)


def test_draws_in_which_nobody_is_doubtful_come_back_empty():
    none = PartitionsTable(texts(), texts(), np.empty(0, np.int32), np.empty((400, 0), np.int8))
    assert partitions_table(content_bytes(partitions_parquet(none))).labels.shape == (0, 0)


@pytest.mark.parametrize("column", ["agency", "record", "group", "labels"])
def test_draws_without_one_of_their_columns_are_refused(column):
    table = pq.read_table(pa.BufferReader(content_bytes(partitions_parquet(PARTITIONS))))
    sink = pa.BufferOutputStream()
    pq.write_table(table.drop_columns([column]), sink)
    with pytest.raises(TamperedError):
        partitions_table(bytes(sink.getvalue().to_pybytes()))


@pytest.mark.parametrize(
    "labels",
    [
        pa.array([1, 2, 3], pa.int16()),
        pa.array([[0, 0], [0, 0], [0, 1]], pa.list_(pa.int16())),
        pa.array([b"00", None, b"01"], pa.binary(2)),
        pa.array([b"00", b"0", b"01"], pa.binary()),
    ],
)
def test_draws_whose_labels_are_not_a_byte_per_draw_are_refused(labels):
    table = pq.read_table(pa.BufferReader(content_bytes(partitions_parquet(PARTITIONS))))
    sink = pa.BufferOutputStream()
    pq.write_table(table.set_column(3, "labels", labels), sink)
    with pytest.raises(TamperedError):
        partitions_table(bytes(sink.getvalue().to_pybytes()))


def test_changes_come_back():
    changes = (Change("merged", "p", "q"), Change("split", "p", "r"))
    assert changes_table(content_bytes(changes_parquet(changes[::-1]))) == changes
    assert changes_table(content_bytes(changes_parquet(()))) == ()


def test_empty_tables_come_back_empty():
    none = PersonsTable(texts(), texts(), texts())
    assert len(persons_table(content_bytes(persons_parquet(none))).record) == 0
    no_pairs = PairsTable(
        *(column[:0] for column in PAIRS[:4]), ("surname",), np.empty((0, 1), np.int8), *(column[:0] for column in PAIRS[6:])
    )
    assert pairs_table(content_bytes(pairs_parquet(no_pairs))).levels.shape == (0, 1)


def test_the_order_of_rows_does_not_show_in_the_bytes():
    turned = PersonsTable(*(column[::-1] for column in PERSONS))
    assert content_bytes(persons_parquet(turned)) == content_bytes(persons_parquet(PERSONS))


def test_pages_carry_checksums_and_no_time_or_schema_of_ours(tmp_path):
    path = tmp_path / "p.parquet"
    path.write_bytes(content_bytes(pairs_parquet(PAIRS)))
    assert pq.ParquetFile(path, page_checksum_verification=True).metadata.metadata is None


def test_a_table_with_other_columns_or_nulls_is_refused():
    with pytest.raises(TamperedError):
        persons_table(content_bytes(pairs_parquet(PAIRS)))
    with pytest.raises(TamperedError):
        pairs_table(content_bytes(persons_parquet(PERSONS)))
    with pytest.raises(TamperedError):
        persons_table(content_bytes(persons_parquet(PERSONS._replace(record=texts("A", None, "B")))))
    with pytest.raises(TamperedError):
        persons_table(b"PAR1 not a table PAR1")


def test_a_run_keeps_the_digest_of_each_file(made):
    run = publish(made, "first", FILES, {})
    assert run.manifest["files"] == {name: digest_of_bytes(data) for name, data in FILES.items()}


def test_an_emptied_ledger_is_a_lost_one(made):
    publish(made, "first", FILES, {})
    made.ledger.touch()
    for opening in (open_workspace, create):
        with pytest.raises(TamperedError):
            opening(made.path)
