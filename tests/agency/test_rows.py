"""Totals, repeated headers, merged cells and headers of two rows: what agencies put around their lists."""

import openpyxl
import pytest

from linkage.agency import workbooks
from linkage.agency.extract import read_extract
from linkage.agency.mapping import FileForm, Mapping, RowForm
from linkage.agency.rows import is_total
from linkage.errors import ExtractError

CANARY = "Канареева"


def workbook(path, rows, *merged):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "ИТОГО",
        "Итого:",
        "итого 419",
        "Всего записей: 12",
        "Всего по листу",
        "Ҳамагӣ",
        "ҳамагӣ 12 нафар",
        "Њамагї",
        "Жами",
        "jami: 5",
        "Total",
        "TOTAL = 7",
        "Бардыгы",
    ],
)
def test_a_word_for_total_makes_a_row_of_totals(text):
    assert is_total(["", text, "419", ""])


@pytest.mark.parametrize("text", ["Всеволод", "Итогова", "Totalov", "12", "POL-1", "Жамила", "Всеволодова Итого", "", "Ҷамъ Алӣ"])
def test_other_words_do_not(text):
    assert not is_total([text, "419"])
    assert not is_total(["POL-1", "Итого"])


def test_totals_and_repeated_headers_are_left_out_and_counted(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("record_id,surname\n1,Ким\nИтого,1\n\nrecord_id,surname\n2,Ли\nҲамагӣ: 2,\nИТОГО\n", "utf-8")
    extract = read_extract(path)
    assert extract.columns["record_id"].tolist() == ["1", "2"]
    assert extract.rows.tolist() == [2, 6]
    assert extract.left_out == {"empty": 1, "totals": 3, "headers": 1}


def test_empty_cells_beyond_the_header_are_dropped_and_filled_ones_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("record_id,surname\n1,Ким,,\n", "utf-8")
    assert read_extract(path).columns["surname"].tolist() == ["Ким"]
    path.write_text(f"record_id,surname\n1,Ким,,{CANARY}\n", "utf-8")
    with pytest.raises(ExtractError):
        read_extract(path)


def test_a_cell_merged_downwards_counts_for_each_of_its_rows(tmp_path):
    rows = [
        ("Журнал",),
        ("record_id", "surname", "case_number"),
        ("1", "Ким", "7/2018"),
        ("2", "Ли", None),
        ("3", "Цой", None),
        ("4", "Пак", "8/2018"),
    ]
    path = workbook(tmp_path / "list.xlsx", rows, "A1:C1", "C3:C5")
    extract = read_extract(path, Mapping(file=FileForm(header_row=2)))
    assert extract.columns["case_number"].tolist() == ["7/2018", "7/2018", "7/2018", "8/2018"]


def test_a_cell_merged_sideways_stays_in_its_first_column(tmp_path):
    path = workbook(tmp_path / "list.xlsx", [("record_id", "surname", "given_name"), ("1", "Ким", None)], "B2:C2")
    extract = read_extract(path)
    assert (extract.columns["surname"].tolist(), extract.columns["given_name"].tolist()) == (["Ким"], [""])


def test_a_sheet_that_claims_to_be_merged_beyond_reason_is_read_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_MERGED", 3)
    path = workbook(tmp_path / "list.xlsx", [("record_id", "surname"), ("1", "Ким"), ("2", None)], "B2:B900")
    assert read_extract(path).columns["surname"].tolist() == ["Ким", ""]


def test_a_header_of_two_rows_is_read_as_one(tmp_path):
    rows = [("№", "ФИО", None, "Пол"), (None, "Фамилия", "Имя", None), ("1", "Ким", "Анна", "ж")]
    columns = {"record_id": "№", "surname": "Фамилия", "given_name": "Имя", "sex": "Пол"}
    mapping = Mapping(file=FileForm(header_rows=2), columns=columns)
    for path in (workbook(tmp_path / "list.xlsx", rows, "B1:C1", "A1:A2", "D1:D2"), tmp_path / "list.csv"):
        if path.suffix == ".csv":
            path.write_text("\n".join(",".join(cell or "" for cell in row) for row in rows), "utf-8")
        extract = read_extract(path, mapping)
        assert {name: column.tolist() for name, column in extract.columns.items()} == {
            "record_id": ["1"], "surname": ["Ким"], "given_name": ["Анна"], "sex": ["ж"],
        }  # fmt: skip
        assert extract.rows.tolist() == [3]


def test_damaged_cells_are_refused_or_blanked_and_named(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"record_id,surname,note\n1,Kim,a\n2,\xff\xfe,b\n3,Li," + b"x" * 5000 + b"\n")
    with pytest.raises(ExtractError) as caught:
        read_extract(path)
    assert (caught.value.row, caught.value.field) == (3, "surname")
    extract = read_extract(path, Mapping(rows=RowForm("blank")))
    assert extract.columns["surname"].tolist() == ["Kim", "", "Li"]
    assert extract.damaged == ((3, "surname"),)  # what is not read cannot be damaged
