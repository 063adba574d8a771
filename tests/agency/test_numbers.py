"""Document numbers are letters and digits and nothing else; what stands for none is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.cells import objects, trimmed
from linkage.agency.numbers import fold_number, whole_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("A 12-34 567", "a1234567"),
        ("а1234567", "a1234567"),
        ("А1234567", "a1234567"),
        ("АВ № 1234567", "ab1234567"),
        ("AB1234567", "ab1234567"),
        ("400585485.0", "400585485"),
        ("400585485,00", "400585485"),
        ("'400585485", "400585485"),
        ("ИНН 123450789", "123450789"),
        ("паспорт: А1234567", "a1234567"),
        ("П000837/2015", "п0008372015"),
        ("ＡＢ１２３４５６７", "ab1234567"),
        ("Ж1234567", "ж1234567"),
    ],
)
def test_a_number_is_its_letters_and_digits_with_look_alikes_as_latin_letters(text, number):
    assert fold_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "-", "б/н", "Б/Н", "без номера", "нет", "утерян", "н/д", "000000000", "111-111-111", "123456789", "паспорт", "A0000000"],
)
def test_what_stands_for_no_number_is_none(text):
    assert fold_number(text) == ""


@given(st.text(max_size=30))
def test_any_text_is_folded_once_and_for_all(text):
    once = fold_number(text)
    assert fold_number(once) in (once, "")
    assert once == "" or once.isalnum()


def test_an_apostrophe_before_a_number_is_the_spreadsheets():
    assert [trimmed(text) for text in ("'0123", "'+992 90", "'Алӣ", "'", "12'3", " 'a")] == [
        "0123",
        "+992 90",
        "'Алӣ",
        "'",
        "12'3",
        "'a",
    ]


def test_whole_numbers_lose_the_fraction_of_a_spreadsheet():
    numbers, bad = whole_numbers(objects(["19", "19.0", "19,00", "", "н/д", "19.5", "-1", "200", "м19"]), 0, 120)
    assert numbers.tolist() == [19, 19, 19, -1, -1, -1, -1, -1, -1]
    assert bad.tolist() == [False] * 5 + [True] * 4
