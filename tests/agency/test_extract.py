"""Extracts out of CSV, XLSX, Parquet and frames: every cell under its standard name, every row with its number."""

import codecs
import datetime
import decimal
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.agency import tables, workbooks
from linkage.agency.extract import from_frame, read_extract
from linkage.agency.mapping import FIELDS, STANDARD, FileForm, Mapping
from linkage.errors import ExtractError, LinkageError, SchemaError

CANARY = "Канареева"
PRACTICE = Path(__file__).parents[3] / "shared" / "data" / "tipsim"


def csv_file(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def xlsx_file(path, rows, title=None):
    book = openpyxl.Workbook()
    book.active.title = title or "Лист1"
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def columns_of(extract):
    return {name: column.tolist() for name, column in extract.columns.items()}


def refused(path, mapping=STANDARD, error=ExtractError):
    """The error, after seeing that it does not tell the canary."""
    with pytest.raises(error) as caught:
        read_extract(path, mapping)
    assert CANARY not in f"{caught.value} {caught.value.hint}"
    return caught.value


# CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiter_and_unicode_encoding_are_found_from_the_file(tmp_path, encoding, delimiter, newline):
    rows = [("record_id", "surname"), ("1", "Ҷӯраева"), ("2", f'"{CANARY}{delimiter}Ғ"')]
    path = csv_file(tmp_path / "list.csv", newline.join(delimiter.join(row) for row in rows) + newline, encoding)
    extract = read_extract(path)
    assert columns_of(extract) == {"record_id": ["1", "2"], "surname": ["Ҷӯраева", f"{CANARY}{delimiter}Ғ"]}
    assert extract.rows.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1251", "Рахмонова"), ("koi8_t", "Раҳмонова Ҷ."), ("cp866", "Рахмонова"), ("utf-16-le", "Раҳмонова")]
)
def test_other_encodings_are_read_as_the_mapping_names_them(tmp_path, encoding, name):
    path = csv_file(tmp_path / "list.csv", f"Id;Фамилия\r\n1;{name}\r\n", encoding)
    mapping = Mapping(file=FileForm(";", encoding), columns={"record_id": "Id", "surname": "Фамилия"})
    assert read_extract(path, mapping).columns["surname"].tolist() == [name]


def test_any_single_character_may_delimit(tmp_path):
    path = csv_file(tmp_path / "list.csv", "record_id^surname\n1^Ким\n")
    assert read_extract(path, Mapping(file=FileForm("^"))).columns["surname"].tolist() == ["Ким"]


def test_cells_are_trimmed_and_quotes_keep_delimiters_quotes_and_lines(tmp_path):
    text = 'record_id,surname,district\n1,"  Ким ","a ""b"", c"\n2,"two\nlines",\u00a0x \n3,,\n'
    extract = read_extract(csv_file(tmp_path / "list.csv", text))
    assert columns_of(extract) == {
        "record_id": ["1", "2", "3"],
        "surname": ["Ким", "two\nlines", ""],
        "district": ['a "b", c', "x", ""],
    }


def test_a_row_is_numbered_as_a_record_of_the_file(tmp_path):
    text = 'Журнал\n\nrecord_id,surname\n1,"two\nlines"\n\n , \n4,Ким\n'
    extract = read_extract(csv_file(tmp_path / "list.csv", text), Mapping(file=FileForm(",", header_row=3)))
    assert columns_of(extract)["record_id"] == ["1", "4"]
    assert extract.rows.tolist() == [4, 7]
    assert extract.left_out["empty"] == 2


def test_a_file_with_a_header_alone_is_an_extract_of_no_rows(tmp_path):
    extract = read_extract(csv_file(tmp_path / "list.csv", "record_id;surname"))
    assert len(extract) == 0
    assert columns_of(extract) == {"record_id": [], "surname": []}


def test_a_mark_before_a_quoted_header_is_no_part_of_it(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(codecs.BOM_UTF8 + b'"record_id","surname"\n1,Kim\n')
    assert columns_of(read_extract(path, Mapping(file=FileForm(encoding="UTF8"))))["record_id"] == ["1"]


# Columns


def test_a_file_in_standard_names_needs_no_mapping_and_other_columns_go_no_further(tmp_path):
    header = [*FIELDS, "age_group", "Кличка", ""]
    path = csv_file(tmp_path / "list.csv", ",".join(header) + "\n" + ",".join(["x"] * len(header)) + "\n")
    extract = read_extract(path)
    assert tuple(extract.columns) == FIELDS
    assert extract.ignored == ("age_group", "Кличка", f"(column {len(header)})")


def test_mapped_columns_standard_columns_and_constants_stand_side_by_side(tmp_path):
    path = csv_file(tmp_path / "list.csv", "Код,surname,name,note\n7,Ким,Ли,x\n")
    mapping = Mapping(columns={"record_id": "Код", "given_name": "name"}, constants={"role": " victim "})
    extract = read_extract(path, mapping)
    assert columns_of(extract) == {"record_id": ["7"], "surname": ["Ким"], "given_name": ["Ли"], "role": ["victim"]}
    assert extract.headers == {"record_id": "Код", "surname": "surname", "given_name": "name"}
    assert extract.ignored == ("note",)


def test_a_mapped_column_wins_over_a_column_of_the_standard_name(tmp_path):
    path = csv_file(tmp_path / "list.csv", "record_id,surname,maiden\n1,old,new\n")
    extract = read_extract(path, Mapping(columns={"surname": "maiden"}))
    assert columns_of(extract) == {"record_id": ["1"], "surname": ["new"]}
    assert extract.ignored == ("surname",)


def test_a_file_without_record_ids_is_refused_with_a_hint(tmp_path):
    error = refused(csv_file(tmp_path / "list.csv", f"{CANARY},surname\n1,2\n"))
    assert (error.row, error.field) == (1, "record_id")
    assert "[columns]" in error.hint


def test_every_column_that_the_file_lacks_is_listed(tmp_path):
    mapping = Mapping(columns={"record_id": "Код", "surname": "Фамилия", "age": "age"}, constants={"sex": "F"})
    error = refused(csv_file(tmp_path / "list.csv", f"{CANARY},age,sex\n1,2,3\n"), mapping, SchemaError)
    assert all(place in str(error) for place in ("columns.record_id", "columns.surname", "constants.sex"))
    assert "columns.age" not in str(error)


def test_the_repr_shows_no_cell(tmp_path):
    path = csv_file(tmp_path / "list.csv", f"record_id,surname\n1,{CANARY}\n")
    assert CANARY in read_extract(path).columns["surname"]
    assert CANARY not in repr(read_extract(path))


# Limits and hostile files


@pytest.mark.parametrize(
    ("text", "row", "field"),
    [
        (f"record_id,surname\n1,{CANARY}\n2,{CANARY * 500}\n", 3, "surname"),
        (f"record_id,surname,note\n1,{CANARY},{'x' * 4097}\n", 2, "column 3"),
        (f"record_id,surname\n1,{CANARY}\n2,{'x' * 200_000}\n", 3, None),
        (f"record_id,surname\n1,{CANARY}\0\n", 2, "surname"),
        (f"record_id,surname\n1,{CANARY},3\n", 2, None),
        (f"record_id,surname\n1,a\n{CANARY}\n", 3, None),
        (f'record_id,surname\n1,a\n2,"{CANARY}\n', 3, None),
        (f'record_id,surname\n1,"{CANARY}"x\n', 2, None),
        (f"record_id,{CANARY},{CANARY}\n", 1, None),
        (f"record_id,{CANARY}\0\n", 1, "column 2"),
        (f"record_id,{CANARY * 500}\n", 1, "column 2"),
        (",".join(["record_id", *map(str, range(10_000))]) + "\n", 1, None),
        (",,\n1,2,3\n", 1, None),
    ],
)
def test_what_breaks_a_limit_is_refused_by_row_and_field(tmp_path, text, row, field):
    error = refused(csv_file(tmp_path / "list.csv", text))
    assert (error.file, error.row, error.field) == (str(tmp_path / "list.csv"), row, field)


def test_the_longest_cell_and_the_most_columns_are_still_read(tmp_path):
    header = ["record_id", "surname", *map(str, range(9_998))]
    path = csv_file(tmp_path / "list.csv", ",".join(header) + "\n" + ",".join(["1", "x" * 4096, *[""] * 9_998]) + "\n")
    assert len(read_extract(path).columns["surname"][0]) == 4096


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_bytes_that_are_not_text_are_refused_in_their_own_row(tmp_path, encoding):
    path = tmp_path / "list.csv"
    lines = [f"{number},{CANARY}".encode(encoding) for number in range(1, 1001)]
    path.write_bytes(b"\n".join([b"record_id,surname", *lines[:500], b"501,a\x98\xff", *lines[501:]]))
    error = refused(path, Mapping(file=FileForm(encoding=encoding)))
    assert (error.row, error.field) == (502, "surname")


def test_cut_utf_16_is_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(f"record_id,surname\n1,{CANARY}".encode("utf-16")[:-1])
    assert refused(path).row is not None


def test_a_line_without_end_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_LINE", 1000)
    refused(csv_file(tmp_path / "list.csv", "record_id,surname\n1," + "x," * 1000))


def test_more_rows_than_the_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    assert len(read_extract(csv_file(tmp_path / "list.csv", "record_id\n1\n2\n"))) == 2
    assert refused(csv_file(tmp_path / "list.csv", "record_id\n1\n2\n3\n")).row == 4


@pytest.mark.parametrize(
    "start", [b"", b"\x1f\x8b\x08\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04rest", b"PAR1 not so PAR1"]
)
def test_files_that_are_no_table_are_refused(tmp_path, start):
    path = tmp_path / "list.csv"
    path.write_bytes(start)
    refused(path)


def test_missing_files_and_folders_are_refused(tmp_path):
    refused(tmp_path / "nowhere.csv")
    refused(tmp_path)


def test_a_header_row_beyond_the_end_is_refused(tmp_path):
    refused(csv_file(tmp_path / "list.csv", "record_id\n1\n"), Mapping(file=FileForm(header_row=9)))


# XLSX


def test_a_workbook_is_read_with_its_row_numbers_dates_and_whole_numbers(tmp_path):
    path = xlsx_file(
        tmp_path / "list.xlsx",
        [
            ("Журнал учета",),
            (),
            ("record_id", "surname", "birth_date", "event_date", "age", "article", "Кличка", None),
            (7.0, " Ким ", datetime.date(1999, 1, 15), datetime.datetime(2018, 9, 2, 13, 5), 19, 130.1, "x"),
            (),
            ("8", "Ли", "15.01.1999", None, None, "130.1"),
        ],
    )
    extract = read_extract(path, Mapping(file=FileForm(header_row=3)))
    assert columns_of(extract) == {
        "record_id": ["7", "8"],
        "surname": ["Ким", "Ли"],
        "birth_date": ["1999-01-15", "15.01.1999"],
        "age": ["19", ""],
        "event_date": ["2018-09-02", ""],
        "article": ["130.1", "130.1"],
    }
    assert extract.rows.tolist() == [4, 6]
    assert extract.left_out["empty"] == 1
    assert extract.ignored == ("Кличка",)


def test_the_sheet_is_the_first_or_the_one_named(tmp_path):
    path = xlsx_file(tmp_path / "list.xlsx", [("record_id",), ("1",)], "Один")
    book = openpyxl.load_workbook(path)
    for row in [("record_id",), ("2",)]:
        book.create_sheet("Два").append(row) if "Два" not in book else book["Два"].append(row)
    book.save(path)
    assert columns_of(read_extract(path)) == {"record_id": ["1"]}
    assert columns_of(read_extract(path, Mapping(file=FileForm(sheet="Два")))) == {"record_id": ["2"]}
    assert refused(path, Mapping(file=FileForm(sheet="Три"))).field == "file.sheet"


def test_a_cell_beyond_the_header_is_refused(tmp_path):
    assert refused(xlsx_file(tmp_path / "list.xlsx", [("record_id", "surname"), ("1", "a", CANARY)])).row == 2


def test_a_long_cell_of_a_workbook_is_refused(tmp_path):
    error = refused(xlsx_file(tmp_path / "list.xlsx", [("record_id", "surname"), ("1", CANARY * 500)]))
    assert (error.row, error.field) == (2, "surname")


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is(tmp_path, monkeypatch):
    path = xlsx_file(tmp_path / "list.xlsx", [("record_id",), ("1",)])
    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 1000)
    assert "unpacks" in refused(path).message


def test_a_damaged_workbook_is_refused_without_quoting_it(tmp_path):
    path = xlsx_file(tmp_path / "list.xlsx", [("record_id",), (CANARY,)])
    source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data[: len(data) // 2] if "sheet1" in name else data)
    refused(path)
    path.write_bytes(path.read_bytes()[:300])
    refused(path)


# Parquet


def parquet_file(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_cells_become_text_and_only_asked_columns_are_read(tmp_path):
    path = parquet_file(
        tmp_path / "list.parquet",
        record_id=pa.array([1, 2, None, 4]),
        surname=pa.array([" Ким ", None, None, "Ким"]).dictionary_encode(),
        birth_date=pa.array([datetime.date(1999, 1, 15), None, None, None]),
        event_date=pa.array([datetime.datetime(2018, 9, 2, 1), None, None, None], pa.timestamp("ns")),
        age=pa.array([19.0, float("nan"), None, 20.5]),
        article=pa.array([decimal.Decimal("130.1"), decimal.Decimal("132.0"), None, None]),
        secret=pa.array([[CANARY]] * 4),
    )
    extract = read_extract(path)
    assert columns_of(extract) == {
        "record_id": ["1", "2", "4"],
        "surname": ["Ким", "", "Ким"],
        "birth_date": ["1999-01-15", "", ""],
        "age": ["19", "", "20.5"],
        "event_date": ["2018-09-02", "", ""],
        "article": ["130.1", "132", ""],
    }
    assert extract.rows.tolist() == [2, 3, 5]
    assert extract.left_out["empty"] == 1
    assert extract.ignored == ("secret",)


@pytest.mark.parametrize(
    "bad",
    [
        pa.array(["a", CANARY * 500]),
        pa.array(["a", CANARY + "\0"]),
        pa.array(["a", CANARY * 500]).dictionary_encode(),
        pa.array([[""], [CANARY]]),
    ],
)
def test_a_parquet_cell_beyond_the_limits_is_refused_by_row_and_field(tmp_path, bad):
    error = refused(parquet_file(tmp_path / "list.parquet", record_id=["1", "2"], surname=bad))
    assert error.field in {"surname", None}
    assert error.row in {3, None}


def test_rows_of_many_batches_stay_in_order(tmp_path):
    ids = [f"r{number}" for number in range(40_000)]
    path = tmp_path / "list.parquet"
    pq.write_table(pa.table({"record_id": ids, "sex": ["F", "M"] * 20_000}), path, row_group_size=7_000)
    extract = read_extract(path)
    assert extract.columns["record_id"].tolist() == ids
    assert extract.rows.tolist() == list(range(2, 40_002))


def test_parquet_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = parquet_file(tmp_path / "list.parquet", record_id=[f"{number:0100d}" for number in range(100)])
    monkeypatch.setattr(tables, "MAX_TEXT", 5_000)
    assert "unpacks" in refused(path).message
    monkeypatch.setattr(tables, "MAX_ROWS", 50)
    assert "rows" in refused(path).message


def test_cut_parquet_is_refused(tmp_path):
    path = parquet_file(tmp_path / "list.parquet", record_id=[CANARY])
    path.write_bytes(path.read_bytes()[:-20])
    refused(path)


def test_a_damaged_parquet_page_is_refused(tmp_path):
    path = parquet_file(tmp_path / "list.parquet", record_id=[CANARY * 3, "2"] * 100)
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(bytes(data))
    refused(path)


# Frames


def test_a_frame_is_an_extract_whose_rows_count_from_two():
    frame = pd.DataFrame(
        {
            "record_id": [7, 8],
            "surname": [" Ким ", None],
            "birth_date": pd.to_datetime(["1999-01-15", None]),
            "birth_year": [1999.0, float("nan")],
            "age": pd.array([19, pd.NA], dtype="Int64"),
            "sex": pd.Categorical(["F", None]),
            "event_date": [datetime.date(2018, 9, 2), pd.NaT],
            "note": [object(), object()],
        }
    )
    extract = from_frame(frame, None, "police")
    assert columns_of(extract) == {
        "record_id": ["7", "8"],
        "surname": ["Ким", ""],
        "birth_date": ["1999-01-15", ""],
        "birth_year": ["1999", ""],
        "age": ["19", ""],
        "sex": ["F", ""],
        "event_date": ["2018-09-02", ""],
    }
    assert extract.rows.tolist() == [2, 3]
    assert (extract.file, extract.ignored) == ("police", ("note",))


def test_a_frame_without_record_ids_is_named_by_row_numbers():
    extract = from_frame(pd.DataFrame({"Фамилия": ["Ким", "", "Ли"]}), Mapping(columns={"surname": "Фамилия"}))
    assert columns_of(extract) == {"record_id": ["2", "4"], "surname": ["Ким", "Ли"]}
    assert extract.left_out["empty"] == 1


def test_frames_that_are_no_extract_are_refused():
    for frame, field in [
        (pd.DataFrame({"surname": ["a", [CANARY]]}), "surname"),
        (pd.DataFrame({"surname": ["a", b"bytes"]}), "surname"),
        (pd.DataFrame({"surname": ["a", CANARY * 500]}), "surname"),
        (pd.DataFrame([["a", "b"]], columns=["surname", "surname"]), None),
        (pd.DataFrame({"other": ["a"]}), None),
    ]:
        with pytest.raises(LinkageError) as caught:
            from_frame(frame)
        assert caught.value.field == field
        assert CANARY not in str(caught.value)


def test_a_frame_and_its_csv_are_the_same_extract(tmp_path):
    frame = pd.DataFrame({"record_id": ["1", "2"], "surname": ["Ким", ""], "age": [19, 20]})
    frame.to_csv(tmp_path / "list.csv", index=False)
    from_file, from_memory = read_extract(tmp_path / "list.csv"), from_frame(frame)
    assert columns_of(from_file) == columns_of(from_memory)
    assert np.array_equal(from_file.rows, from_memory.rows)


@pytest.mark.skipif(not PRACTICE.is_dir(), reason="practice data is not here")
def test_native_practice_files_are_read_cell_by_cell():
    folder = PRACTICE / "S_pipeline_seed1"
    form = FileForm(";", "cp1251")
    police = read_extract(
        folder / "native" / "police.csv",
        Mapping(file=form, columns={"record_id": "№ карточки", "case_number": "№ уголовного дела"}),
    )
    sheet = read_extract(
        folder / "native" / "prosecutor.xlsx", Mapping(file=FileForm(header_row=3), columns={"record_id": "Рег. №"})
    )
    assert sheet.left_out["totals"] == 1
    for extract, name in ((police, "police"), (sheet, "prosecutor")):
        tidy = read_extract(folder / "harmonised" / f"{name}.csv")
        assert len(extract) == len(tidy)
        assert extract.columns["record_id"].tolist() == tidy.columns["record_id"].tolist()
    assert "Кличка" in police.ignored
