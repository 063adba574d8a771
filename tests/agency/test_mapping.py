"""A mapping says how a file is written; a wrong one is refused with everything that is wrong."""

import codecs
import tomllib

import openpyxl
import pytest

from linkage.agency.codes import read_content
from linkage.agency.draft_text import draft_mapping
from linkage.agency.extract import read_extract
from linkage.agency.mapping import FIELDS, STANDARD, parse_mapping, read_mapping
from linkage.errors import ExtractError, SchemaError
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")
WHOLE = """
format = "headcount-mapping/1"
[file]
delimiter = ";"
encoding = "cp1251"
sheet = "Лист1"
header_row = 2
[columns]
record_id = "№ карточки"
surname = "Фамилия"
[dates]
formats = ["%d.%m.%Y", "%Y"]
[codes.sex]
"1" = "M"
[constants]
role = "victim"
"""


def problems_of(data):
    with pytest.raises(SchemaError) as caught:
        parse_mapping({"format": "headcount-mapping/1", **data}, "m.toml")
    return str(caught.value)


def test_a_whole_mapping_is_read(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(WHOLE, "utf-8")
    mapping = read_mapping(path)
    assert mapping.file.delimiter == ";"
    assert mapping.file.header_row == 2
    assert mapping.columns["surname"] == "Фамилия"
    assert mapping.dates.formats == ("%d.%m.%Y", "%Y")
    assert mapping.codes["sex"]["1"] == "M"
    assert mapping.constants == {"role": "victim"}


def test_everything_but_the_format_has_a_default():
    assert parse_mapping({"format": "headcount-mapping/1"}, "m.toml") == STANDARD


def test_another_format_is_refused():
    with pytest.raises(SchemaError, match="format"):
        parse_mapping({"format": "headcount-mapping/9"}, "m.toml")


def test_unknown_fields_are_refused_all_at_once():
    message = problems_of(
        {"columns": {"surnam": "A", "age_group": "B"}, "constants": {"rolle": "victim"}, "codes": {"surname": {}}}
    )
    for place in ("columns.surnam", "columns.age_group", "constants.rolle", "codes.surname"):
        assert place in message
    assert "age_group" not in FIELDS


def test_two_fields_on_one_column_are_refused():
    message = problems_of({"columns": {"surname": "ФИО", "given_name": "ФИО ", "age": "Возраст"}})
    assert "columns.surname" in message
    assert "columns.given_name" in message
    assert "columns.age" not in message


def test_two_coded_fields_may_share_a_column_if_each_says_how_it_reads_it(tmp_path):
    shared = {"columns": {"record_id": "№", "role": "Статус", "stage": "Статус"}}
    assert "codes.stage" in problems_of({**shared, "codes": {"role": {"потерпевший": "victim"}}})
    codes = {"role": {"потерпевший": "victim", "обвиняемый": "offender"}, "stage": {"потерпевший": "DET", "обвиняемый": "PRO"}}
    mapping = parse_mapping({"format": "headcount-mapping/1", **shared, "codes": codes}, "m.toml")
    path = tmp_path / "list.csv"
    path.write_text("№,Статус\n1,потерпевший\n2,обвиняемый\n", "utf-8")
    extract = read_extract(path, mapping)
    assert [list(read_content(name, extract.columns[name], TIP, mapping).codes) for name in ("role", "stage")] == [
        ["victim", "offender"],
        ["DET", "PRO"],
    ]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"file": {"delimiter": ";;"}}, "file.delimiter"),
        ({"file": {"delimiter": '"'}}, "file.delimiter"),
        ({"file": {"delimiter": "a"}}, "file.delimiter"),
        ({"file": {"encoding": "cp99999"}}, "file.encoding"),
        ({"file": {"encoding": "rot13"}}, "file.encoding"),
        ({"file": {"header_row": 0}}, "file.header_row"),
        ({"file": {"header_row": "1"}}, "file.header_row"),
        ({"file": {"quote": "'"}}, "file.quote"),
        ({"dates": {"formats": []}}, "dates.formats"),
        ({"dates": {"formats": ["%Y", "%d.%m.%y"]}}, "dates.formats.1"),
        ({"dates": {"formats": ["%d.%m.%y"], "pivot": 1950}}, "dates.pivot"),
        ({"dates": {"calendar": "julian"}}, "dates.calendar"),
        ({"dates": {"heaped": "drop"}}, "dates.heaped"),
        ({"rows": {"unreadable": "ignore"}}, "rows.unreadable"),
        ({"file": {"header_rows": 3}}, "file.header_rows"),
        ({"columns": {"surname": " "}}, "columns.surname"),
        ({"columns": {"surname": "A"}, "constants": {"surname": "B"}}, "constants.surname"),
        ({"constants": {"record_id": "1"}}, "constants.record_id"),
        ({"codes": {"role": "victim"}}, "codes.role"),
        ({"codes": "victim"}, "codes"),
        ({"colums": {}}, "colums"),
    ],
)
def test_a_wrong_entry_is_named_by_its_path(data, place):
    assert place in problems_of(data)


def test_the_spelling_in_a_wrong_code_entry_is_not_quoted():
    assert "Шахноза" not in problems_of({"codes": {"sex": {"Шахноза": 1}}})
    assert "шахноза" not in problems_of({"codes": {"sex": {"Шахноза": "F", "шахноза ": "M"}}}).casefold()


def test_one_spelling_with_two_codes_is_refused():
    assert "codes.sex" in problems_of({"codes": {"sex": {"Ж": "F", "ж ": "M"}}})


def draft_of(path):
    text = draft_mapping(path, TIP)
    return text, parse_mapping(tomllib.loads(text), "draft.toml")


@pytest.mark.parametrize(
    ("header", "encoding", "delimiter"),
    [
        ("№ карточки;Фамилия;Имя;Отчество;Дата рождения;Пол;Гражданство", "cp1251", ";"),
        ("Рақами сабт,Насаб,Ном,Номи падар,Санаи таваллуд,Ҷинс,Шаҳрвандӣ", "utf-8-sig", ","),
        ("REC_NO\tSurname\tGIVEN NAMES\tFather's name\tDate of birth\tSEX\tNationality", "utf-16", "\t"),
    ],
)
def test_a_draft_finds_the_usual_columns_in_three_languages(tmp_path, header, encoding, delimiter):
    path = tmp_path / "list.csv"
    row = delimiter.join(["1", "А" if encoding == "cp1251" else "A", "B", "C", "15.01.1999", "F", "TJK"])
    path.write_text(f"{header}\n{row}\n", encoding)
    _, mapping = draft_of(path)
    assert dict(mapping.columns) == dict(
        zip(
            ("record_id", "surname", "given_name", "patronymic", "birth_date", "sex", "citizenship"),
            header.split(delimiter),
            strict=True,
        )
    )
    assert (mapping.file.encoding, mapping.file.delimiter) == (encoding, delimiter)
    assert mapping.dates.formats == ("%d.%m.%Y", "%Y")
    assert read_extract(path, mapping).columns["birth_date"].tolist() == ["15.01.1999"]


def test_a_draft_names_other_columns_and_never_a_cell(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Журнал учета;;\nФамилия;Имя;Кличка\nКанареева;Желтушка;Кенарева\n", "cp1251")
    text, mapping = draft_of(path)
    assert mapping.file.header_row == 2
    assert '"Кличка"' in text
    assert "record_id" not in mapping.columns
    assert not any(cell in text for cell in ("Канареева", "Желтушка", "Кенарева", "Журнал"))


def test_a_draft_of_a_workbook_finds_the_header_below_a_title(tmp_path):
    book = openpyxl.Workbook()
    for row in [("Журнал",), (), ("Рег. №", "ФИО", "Дата рожд."), ("1", "Канареева Ж.", "28.07.1999")]:
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    text, mapping = draft_of(tmp_path / "list.xlsx")
    assert mapping.file.header_row == 3
    assert mapping.file.delimiter is None
    assert "Канареева" not in text


def test_a_file_without_a_header_gets_no_draft_of_its_first_person(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("1;Канареева;Пол;1999\n2;Кенарева;Вера;1998\n", "utf-8")
    with pytest.raises(ExtractError) as caught:
        draft_mapping(path, TIP)
    assert "Канареева" not in str(caught.value)


def test_column_names_are_quoted_so_that_the_draft_stays_toml(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(codecs.BOM_UTF8 + 'Фамилия;Имя;"a ""b"" \\\x7f]\n[codes"\n1;2;3\n'.encode())
    text, mapping = draft_of(path)
    assert set(mapping.columns) == {"surname", "given_name"}
    assert "\x7f" not in text
