"""What must hold of any text at all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.names import person_name
from linkage.agency.names.alternates import FAMILIES, base
from linkage.agency.names.features import NAME_FEATURES
from linkage.agency.names.fold import fold
from linkage.agency.names.person import MOST_READINGS
from linkage.agency.names.repair import repair
from linkage.agency.names.scripts import one_script
from linkage.agency.names.skeleton import key, skeleton
from linkage.schema import FEATURES

CYRILLIC = "абвгдеёжзиӣйкқлмнопрстуӯфхҳчҷшъэюяңөүўғ"
LETTERS = CYRILLIC + "abcdefghijklmnopqrstuvwxyz' -"
names = st.text(LETTERS, min_size=1, max_size=24)
anything = st.text(max_size=24)
ALPHABET = set("abcdefghijklmnopqrstuvwxyz?")
TO_LEGACY = str.maketrans("ҳҷқғӣ", "њљќѓї")


def forms(person):
    for name in (person.surname, person.given_name, person.patronymic):
        yield from (name.skeleton, name.key, name.base, name.initial, *name.readings)
    yield from (person.joined, person.unsexed)


@given(anything)
def test_folding_and_repairing_twice_change_nothing(text):
    assert fold(fold(text)) == fold(text)
    assert repair(repair(text)) == repair(text)


@given(anything)
def test_no_text_is_refused_and_the_alphabet_is_closed(text):
    for person in (person_name(text, "", "", ""), person_name("", "", "", text)):
        assert set("".join(forms(person))) <= ALPHABET
        assert "?" not in "".join((person.surname.key, person.given_name.key, person.patronymic.key))


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


@given(st.text(CYRILLIC, min_size=1, max_size=16))
def test_the_legacy_font_is_another_way_to_type_the_same(text):
    assert person_name(text.translate(TO_LEGACY), "", "", "") == person_name(text, "", "", "")


@given(st.lists(names, min_size=1, max_size=3))
def test_spaces_of_any_kind_and_number_do_not_matter(tokens):
    assert person_name("", "", "", " ".join(tokens)) == person_name("", "", "", "  \u00a0" + "\u200b \t".join(tokens) + " ")


@given(st.sampled_from("Карим Азиз Нодир Лола".split()), st.sampled_from("Саидов Назарзода Ҳакимова".split()))  # noqa: SIM905
def test_a_suffix_makes_the_order_of_tokens_immaterial(given_name, surname):
    assert person_name("", "", "", f"{given_name} {surname}") == person_name("", "", "", f"{surname} {given_name}")


@given(names)
def test_keys_of_keys_and_skeletons_of_skeletons_are_themselves(text):
    letters = skeleton(one_script(fold(text).replace(" ", "")))
    assert key(key(letters)) == key(letters)


@given(names)
def test_readings_are_few_and_never_the_key_itself(text):
    for name in person_name("", "", "", text)[:3]:
        assert len(set(name.readings)) == len(name.readings) <= MOST_READINGS
        assert name.key not in name.readings
        assert bool(name.key) or not (name.readings or name.base)


@given(names)
def test_a_base_is_a_class(text):
    name = person_name("", text, "", "").given_name
    assert bool(base(name.key)) == bool(name.key)


def test_a_name_stands_in_one_family_only():
    spelt = [spelling for family in FAMILIES for spelling in family]
    assert len(set(spelt)) == len(spelt)


def test_every_name_feature_is_in_the_schema():
    assert set(NAME_FEATURES) <= set(FEATURES)
    known = {name for name in FEATURES if name.split(".")[0] in {"surname", "given_name", "patronymic", "names"}}
    assert set(NAME_FEATURES) == known


@pytest.mark.parametrize(
    "surname", ["García Márquez", "O'Neill", "Müller-Lüdenscheidt", "van der Berg", "Al-Rashid", "王", "Nguyễn", "Yılmaz", "Łukasz"]
)
def test_names_from_elsewhere_keep_their_letters(surname):
    assert len(person_name(surname, "", "", "").surname.key) >= 3 or surname == "王"
    assert [*forms(person_name(surname, "", "", ""))] == [*forms(person_name(surname.upper(), "", "", ""))]
