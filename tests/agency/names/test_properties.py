"""What must hold of any text at all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.names import person_name
from linkage.agency.names.fold import fold
from linkage.agency.names.scripts import one_script
from linkage.agency.names.skeleton import key, skeleton

LETTERS = "абвгғдеёжзиӣйкқлмнопрстуӯфхҳчҷшъэюяңөүў" + "abcdefghijklmnopqrstuvwxyz' -"
names = st.text(LETTERS, min_size=1, max_size=24)
anything = st.text(max_size=24)


@given(anything)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(anything)
def test_no_text_is_refused_and_the_alphabet_is_closed(text):
    for part in person_name(text, "", "", ""):
        assert set(part) <= set("abcdefghijklmnopqrstuvwxyz?")


@given(names)
def test_case_and_unicode_form_do_not_matter(text):
    expected = person_name("", "", "", text)
    assert person_name("", "", "", text.upper()) == expected
    assert person_name("", "", "", unicodedata.normalize("NFD", text)) == expected
    assert person_name("", "", "", unicodedata.normalize("NFC", text)) == expected


@given(st.text("abvgdeiklmnoprstu'ʻ’`ʼ", min_size=1, max_size=12))
def test_every_kind_of_apostrophe_is_one(text):
    plain = text.translate(dict.fromkeys(map(ord, "ʻ’`ʼ"), "'"))
    assert person_name(text, "", "", "") == person_name(plain, "", "", "")


@given(names)
def test_the_key_of_a_key_is_itself(text):
    letters = skeleton(one_script(fold(text).replace(" ", "")))
    assert key(key(letters)) == key(letters)


@pytest.mark.parametrize(
    "surname", ["García Márquez", "O'Neill", "Müller-Lüdenscheidt", "van der Berg", "Al-Rashid", "王", "Nguyễn"]
)
def test_names_from_elsewhere_keep_their_letters(surname):
    assert len(person_name(surname, "", "", "").surname_key) >= 3 or surname == "王"
    assert person_name(surname, "", "", "") == person_name(surname.upper(), "", "", "")
