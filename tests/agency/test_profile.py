"""What was understood of a column, counted and told without a cell."""

import pytest

from linkage.agency.cells import Columns, objects
from linkage.agency.codes import read_mapped
from linkage.agency.extract import Extract
from linkage.agency.mapping import STANDARD, Mapping
from linkage.agency.profile import linkable_rows, profile_columns, usable_names
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")


def extract(**columns):
    count = len(next(iter(columns.values())))
    data = {"record_id": objects([str(row) for row in range(count)]), **{name: objects(cells) for name, cells in columns.items()}}
    return Extract("list.csv", objects(range(2, count + 2)), Columns(data), {name: name for name in data})


def told(name, cells, mapping=STANDARD):
    return next(column for column in profile_columns(extract(**{name: cells}), TIP, mapping) if column.field == name)


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("Ким", True),
        ("Ким А.", True),
        ("А.", False),
        ("", False),
        ("неизвестно", False),
        ("Ра?монов", False),
        ("Ра?монов Далер", True),
        ("-", False),
    ],
)
def test_a_name_is_usable_with_one_whole_word(text, usable):
    assert usable_names(objects([text])).tolist() == [usable]


@pytest.mark.parametrize(
    ("field", "cells", "filled", "understood"),
    [
        ("birth_date", ["1999-01-15", "31.02.1985", "", "н/д"], 3, 2),
        ("sex", ["ж", "9", "", "м"], 3, 2),
        ("region", ["Хатлон", "где-то", "", "TJ-SU"], 3, 2),
        ("age", ["19", "250", "", "0"], 3, 2),
        ("document_number", ["A1234567", "б/н", "", "000000000"], 3, 1),
        ("record_id", ["1", "1", "2", "3"], 4, 2),
        ("district", ["Вахш", "где-то", "", ""], 2, 2),
    ],
)
def test_the_understood_are_the_filled_that_can_be_used(field, cells, filled, understood):
    column = told(field, cells)
    assert (column.filled, column.understood) == (filled, understood)


def test_names_are_told_by_script_and_by_what_is_wrong_with_them():
    notes = told("surname", ["Ким", "Kim", "Ра?имов", "К.", "неизвестно", "Кim", ""]).notes
    assert notes == (
        "83% Cyrillic, 33% Latin",
        "1 cell(s) with lost letters (?)",
        "1 cell(s) that say unknown",
        "1 cell(s) with initials alone",
        "1 cell(s) in both scripts",
    )


def test_dates_are_told_by_precision():
    assert told("birth_date", ["1999-01-15", "1985-03", "1985", ""]).notes[0] == "known 1 to the day, 1 to the month, 1 to the year"


def test_words_outside_the_mapping_are_counted_where_it_has_some():
    mapping = Mapping(codes={"district": {"Вахш": "Vakhsh"}})
    assert told("district", ["Вахш", "vakhsh", "где-то", ""], mapping).notes[1].startswith("1 cell(s) in words")
    assert read_mapped("district", objects(["где-то"]), mapping).bad.all()


def test_a_row_is_linkable_with_a_usable_name_and_a_year_of_birth():
    rows = extract(
        surname=["Ким", "Ким", "К.", "Ким", ""],
        birth_date=["1999", "", "1999", "", "1999"],
        age=["", "30", "", "30", ""],
        event_date=["", "2018", "", "", ""],
    )
    assert linkable_rows(rows, STANDARD) == 2
