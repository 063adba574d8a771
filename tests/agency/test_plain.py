"""A file without quotes is read as the reader of records reads it, or left to that reader."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.agency import tables
from linkage.agency.extract import read_extract
from linkage.agency.mapping import FileForm, Mapping
from linkage.errors import ExtractError

CELL = st.sampled_from(
    ["", " ", "Ali", " Ali ", "'7", "итого", "Total 3", "total", "Гулнора", "surname", "record_id", "a\u0301", "x'", "\u00a0"]
)
ROW = st.lists(CELL, min_size=3, max_size=3) | st.just(["record_id", "surname", "note"]) | st.just(["", "", ""])


def read(path, mapping, monkeypatch, *, plain):
    """What the file gives, or what is said of it."""
    with monkeypatch.context() as patch:
        if not plain:
            patch.setattr(tables, "read_plain", lambda *_: None)
        try:
            found = read_extract(path, mapping)
        except ExtractError as error:
            return str(error)
    columns = {name: values.tolist() for name, values in found.columns.items()}
    return found.rows.tolist(), found.rows.dtype, columns, found.left_out, found.headers, found.ignored, found.damaged


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ROW, max_size=12), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans()
)
def test_every_plain_file_is_read_as_record_by_record(tmp_path, monkeypatch, rows, ending, encoding, ends):
    lines = [",".join(row) for row in (["record_id", "surname", "note"], *rows)]
    path = tmp_path / "list.csv"
    path.write_bytes((ending.join(lines) + ending * ends).encode(encoding))
    mapping = Mapping(file=FileForm(encoding=encoding))
    assert read(path, mapping, monkeypatch, plain=True) == read(path, mapping, monkeypatch, plain=False)


@pytest.mark.parametrize(
    "text",
    [
        'record_id,surname\n1,"Ali"\n',
        "record_id,surname\n1,Ali\n\n2,Vali\n",
        "record_id,surname\n1,Ali,\n",
        "record_id,surname\n1\n",
        "record_id,surname\n1,A\0li\n",
        "record_id,surname\n1,Ali\r2,Vali\r",
        f"record_id,surname\n1,{'a' * 5000}\n",
        "record_id,surname\n",
        "record_id\n1\n\n2\n",
    ],
)
def test_a_file_that_is_out_of_the_ordinary_is_left_to_the_reader_of_records(tmp_path, monkeypatch, text):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode())
    assert read(path, Mapping(), monkeypatch, plain=True) == read(path, Mapping(), monkeypatch, plain=False)


def test_bytes_that_are_no_text_are_told_where_they_stand(tmp_path, monkeypatch):
    path = tmp_path / "list.csv"
    path.write_bytes(b"record_id,surname\n1,Al\xff\n")
    assert read(path, Mapping(), monkeypatch, plain=True) == read(path, Mapping(), monkeypatch, plain=False)


def test_many_blocks_are_one_column(tmp_path, monkeypatch):
    path = tmp_path / "list.csv"
    names = np.random.default_rng(1).integers(0, 50, 120_000)
    rows = "".join(f"{row},name {name},{'n' * 40}\n" for row, name in enumerate(names.tolist()))
    path.write_text(f"record_id,surname,note\n{rows}total,,\n")
    assert read(path, Mapping(), monkeypatch, plain=True) == read(path, Mapping(), monkeypatch, plain=False)
