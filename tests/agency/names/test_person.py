"""Names in their roles: the worked examples of the specification, and what must stay apart."""

import csv
from pathlib import Path

import pytest

from linkage.agency.names import MISSING_NAME, person_name

NAME_PAIRS = Path(__file__).parents[4] / "shared" / "data" / "name_pairs.tsv"


def keys(full_name):
    name = person_name("", "", "", full_name)
    return name.surname_key, name.given_name_key, name.patronymic_key


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        (("Раҳмонов Ҷамшед", "Рахмонов Джамшед", "Rahmonov Jamshed", "Rakhmonov Dzhamshed"), ("rahman", "jamwid", "")),
        (("Ғафуров Қодир", "Гафуров Кодир", "Gafurov Kodir"), ("gafur", "kadir", "")),
        (("Саидзода Гулнора", "Саидова Гулнора", "Saidova Gulnora"), ("said", "gulnara", "")),
        (("Тӯраев Сардор Анвар ўғли", "Turayev Sardor Anvarovich"), ("tura", "sardar", "anvar")),
        (("Хоҷаев Файзулло", "Ходжаев Файзулла"), ("haja", "faizula", "")),
        (("Муҳиддинов Илёс", "Мухиддинов Ильяс"), ("muhidin", "ilis", "")),
        (("Жээнбеков Сооронбай", "Jeenbekov Sooronbai"), ("jinbik", "saranbai", "")),
    ],
)
def test_one_person_has_one_key_in_both_scripts(spellings, expected):
    assert {keys(spelling) for spelling in spellings} == {expected}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Каримов Ҳасан", "Каримов Ҳусейн"),
        ("Раҳимова Фотима", "Раҳимова Зуҳро"),
        ("Назаров Фирӯз", "Назарова Фирӯза"),
        ("Назаров Нодир", "Назарова Нодира"),
    ],
)
def test_twins_and_brother_and_sister_stay_apart(one, other):
    assert keys(one) != keys(other)


def test_father_and_son_differ_by_the_role_of_the_same_stem():
    son = person_name("Раҳмонов", "Карим", "Раҳмонович", "")
    father = person_name("Раҳмонов", "Раҳмон", "Каримович", "")
    assert (son.given_name_key, son.patronymic_key) == (father.patronymic_key, father.given_name_key)
    assert son.given_name_key != father.given_name_key


def test_a_suffix_overrules_the_column():
    moved = person_name("Абдушариф", "Хоҷаев", "Сардорович", "")
    assert (moved.surname_key, moved.given_name_key, moved.patronymic_key) == ("haja", "abduwarif", "sardar")


def test_one_latin_letter_in_a_cyrillic_name_changes_nothing():
    assert keys("Саидoва Гулнoра") == keys("Саидова Гулнора")


def test_a_lost_letter_is_never_hashed_and_an_initial_is_kept_as_initial():
    name = person_name("Ра?монов", "К.", "", "")
    assert name == MISSING_NAME._replace(initial="k")


@pytest.mark.parametrize("cell", ["", "-", "—", "неизвестно", "НОМАЪЛУМ", "unknown", "?"])
def test_a_placeholder_is_missing(cell):
    assert person_name(cell, cell, cell, cell) == MISSING_NAME


@pytest.mark.skipif(not NAME_PAIRS.exists(), reason="shared data are absent")
def test_quality_floor_on_the_labelled_pairs():
    with NAME_PAIRS.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    equal = [set(keys(row["a"])) == set(keys(row["b"])) for row in rows]
    same = [row["same"] == "1" for row in rows]
    found = sum(e for e, s in zip(equal, same, strict=True) if s)
    false = sum(e for e, s in zip(equal, same, strict=True) if not s)
    assert found >= 0.72 * sum(same)
    assert false <= 1
