from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest

from linkage.demo.names_data import FEMALE_NAMES, MALE_NAMES, SURNAME_STEMS
from linkage.demo.people import confusable, digits_apart, edits, exchanged

SEEDS = range(1, 9)


def test_there_are_names_enough_and_none_twice():
    for names, least in ((MALE_NAMES, 80), (FEMALE_NAMES, 80), (SURNAME_STEMS, 120)):
        assert len(set(names)) == len(names) >= least
    assert not set(MALE_NAMES) & set(FEMALE_NAMES)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_people_share_full_name_and_birth_date_nor_even_the_birth_date(draws, seed):
    people, _ = draws(seed)
    assert len({(one.stem, one.given_name, one.father, one.sex, one.birth) for one in people}) == len(people)
    assert len({one.birth for one in people}) == len(people)
    assert len({one.document for one in people}) == len(people)


@pytest.mark.parametrize("seed", SEEDS)
def test_relatives_and_namesakes_are_there_and_can_be_told_apart(draws, seed):
    people, _ = draws(seed)
    kinds = Counter(one.relation for one in people)
    assert kinds["sibling"] == 6
    assert kinds["name pair"] == kinds["spouse"] == kinds["namesake"] == 2
    pairs = [
        (one, other) for one, other in combinations(people, 2) if one.relation == other.relation != "" and one.stem == other.stem
    ]
    assert len(pairs) == 6
    for one, other in pairs:
        same = {"namesake": (False, True), "spouse": (False, False)}.get(one.relation, (True, False))
        assert (one.father == other.father, one.given_name == other.given_name) == same
        assert digits_apart(one.birth, other.birth) >= 4
        assert abs(one.birth.year - other.birth.year) >= (6 if one.relation == "namesake" else 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_brother_and_sister_called_alike_differ_in_sex_and_year(draws, seed):
    brother, sister = sorted((one for one in draws(seed)[0] if one.relation == "name pair"), key=lambda one: one.sex, reverse=True)
    assert (brother.sex, sister.sex) == ("M", "F")
    assert sister.given_name == brother.given_name + "а"
    assert (brother.stem, brother.father) == (sister.stem, sister.father)
    assert brother.birth.year != sister.birth.year


def test_whoever_could_be_taken_for_another_is_drawn_again(draws):
    one = next(person for person in draws(1)[0] if exchanged(person.birth))
    stranger = replace(one, stem="Шер", given_name="Ойбек", father="Мансур", document="400000000", birth=date(1950, 12, 29))
    assert not confusable(one, stranger)
    assert confusable(one, replace(stranger, document=one.document))
    assert confusable(one, replace(stranger, birth=one.birth))
    assert confusable(one, replace(stranger, birth=exchanged(one.birth)))
    assert confusable(one, replace(one, document="400000000", birth=date(1950, 12, 29), father="Мансур"))


def test_edits_is_the_levenshtein_distance():
    assert edits("", "") == 0
    assert edits("Карим", "карима") == 1
    assert edits("Нигора", "Нигина") == 2
    assert edits("kitten", "sitting") == 3
    assert edits("", "аб") == edits("аб", "") == 2


def test_exchanged_is_another_date_or_none():
    assert exchanged(date(1990, 5, 4)) == date(1990, 4, 5)
    assert exchanged(date(1990, 5, 5)) is None
    assert exchanged(date(1990, 5, 13)) is None
