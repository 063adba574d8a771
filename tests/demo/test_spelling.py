import pytest

from linkage.demo import spelling
from linkage.demo.names_data import DISTRICTS, FEMALE_NAMES, MALE_NAMES, SURNAME_STEMS

TAJIK_ONLY = set("ғӣқӯҳҷъ")


@pytest.mark.parametrize(
    ("stem", "man", "woman"),
    [("Саид", "Саидов", "Саидова"), ("Мирзо", "Мирзоев", "Мирзоева"), ("Алӣ", "Алиев", "Алиева"), ("Тағой", "Тағоев", "Тағоева")],
)
def test_a_surname_takes_the_suffix_of_its_stem(stem, man, woman):
    assert (spelling.surname(stem, "M"), spelling.surname(stem, "F")) == (man, woman)


def test_a_reformed_surname_keeps_the_stem():
    assert spelling.reformed_surname("Саид", "зода") == "Саидзода"
    assert spelling.reformed_surname("Саид", "ӣ") == "Саидӣ"
    assert spelling.reformed_surname("Мирзо", "ӣ") == "Мирзозода"


def test_patronymics_follow_the_father_and_the_sex():
    assert spelling.patronymic("Карим", "M") == "Каримович"
    assert spelling.patronymic("Завқӣ", "F") == "Завқиевна"
    assert spelling.uzbek_patronymic("Анвар", "M") == "Анвар ўғли"
    assert spelling.uzbek_patronymic("Анвар", "F") == "Анвар қизи"


@pytest.mark.parametrize(
    ("tajik", "russian", "latin", "russian_latin"),
    [
        ("Раҳмонов", "Рахманов", "Rahmonov", "Rakhmanov"),
        ("Ҷамшед", "Джамшед", "Jamshed", "Dzhamshed"),
        ("Ғафуров", "Гафуров", "Ghafurov", "Gafurov"),
        ("Қодирова", "Кодирова", "Qodirova", "Kodirova"),
        ("Хоҷаева", "Ходжаева", "Khojaeva", "Khodzhaeva"),
        ("Неъматов", "Нематов", "Nematov", "Nematov"),
        ("Анвар ўғли", "Анвар угли", None, "Anvar ugli"),
    ],
)
def test_one_name_in_four_spellings(tajik, russian, latin, russian_latin):
    assert spelling.russian(tajik) == russian
    assert latin is None or spelling.latin(tajik) == latin
    assert spelling.russian_latin(tajik) == russian_latin


def test_every_name_can_be_written_in_cp1251_and_in_ascii():
    for name in (*MALE_NAMES, *FEMALE_NAMES, *SURNAME_STEMS):
        assert not set(spelling.russian(name).lower()) & TAJIK_ONLY
        assert spelling.russian(name).encode("cp1251")
        assert spelling.latin(name).isascii()
        assert spelling.latin(name)[0].isupper()


def test_districts_are_written_in_three_ways():
    assert {region for region, *_ in DISTRICTS} == {"TJ-DU", "TJ-GB", "TJ-KT", "TJ-RA", "TJ-SU"}
    for _, tajik, russian, latin in DISTRICTS:
        assert tajik
        assert russian.encode("cp1251")
        assert latin.isascii()
