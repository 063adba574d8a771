"""How often strangers agree: every feature has facts, nothing is counted twice, and a filter fills as simulation says."""

import itertools

import numpy as np
import pytest

from linkage.coincidence import FACTS, SHARED_BY_RELATIVES, coincidence, fill, grams, sendable, strangers, told_by
from linkage.encoding import FilterPart
from linkage.schema import FEATURES, IDENTIFIERS


def test_every_feature_has_facts_and_nothing_else_has():
    assert set(FACTS) == set(FEATURES)


@pytest.mark.parametrize("feature", FEATURES)
def test_facts_are_possible(feature):
    facts = FACTS[feature]
    assert 0 < coincidence([feature]) <= 25
    assert facts.bigrams >= 2
    assert 0 <= facts.digits <= 10
    assert set(facts.made_of) <= set(IDENTIFIERS)


@pytest.mark.parametrize(
    ("twice", "once"),
    [
        (["surname", "surname.skeleton"], ["surname.skeleton"]),
        (["birth_date", "birth_year"], ["birth_date"]),
        (["birth_date", "birth_date.month_day", "birth_date.year_month"], ["birth_date"]),
        (["names.bag", "surname.sound"], ["names.bag"]),
        (["given_name", "sex"], ["given_name"]),
        (["district", "region"], ["district"]),
        (["place", "region"], ["region"]),
        (["district", "place"], ["district"]),
        (["address", "region"], ["address"]),
        (["names.sounds", "surname.sound", "given_name.sound"], ["surname.sound", "given_name.sound"]),
        (["email", "email"], ["email"]),
        (["sex", "sex"], ["sex"]),
    ],
)
def test_what_another_feature_tells_is_not_counted_again(twice, once):
    assert coincidence(twice) == pytest.approx(coincidence(once))


def test_what_is_independent_adds_up():
    assert coincidence(["birth_year", "birth_date.month_day"]) == pytest.approx(coincidence(["birth_date"]))
    assert coincidence(["surname", "district"]) == pytest.approx(coincidence(["surname"]) + coincidence(["district"]))
    assert coincidence([]) == 0


def test_more_features_never_make_strangers_agree_more_often():
    for one, other in itertools.permutations(FEATURES, 2):
        assert coincidence([one, other]) >= coincidence([one]) - 1e-9


def test_strangers_are_the_others_times_the_chance_to_agree():
    assert strangers(["birth_year"], 1_000) == pytest.approx(999 / 2**5.5)
    assert strangers(["birth_year"], 1) == 0
    assert strangers([], 10) == 9


def test_a_case_is_a_group_of_one_size_however_long_the_list():
    few, many = strangers(["case_number"], 1_000), strangers(["case_number"], 50_000)
    assert few == pytest.approx(many, rel=0.01) == pytest.approx(6, rel=0.01)
    assert strangers(["case_number"], 4) == 3


def test_parts_are_those_that_the_features_tell():
    assert told_by([]) == frozenset()
    assert told_by(["surname", "birth_date"]) == {"surname", "year", "month", "day"}
    assert told_by(["names.sounds"]) == {"surname", "given_name", "sex"}
    assert told_by(["address"]) == {"region", "district", "street"}
    assert told_by(["place"]) == told_by(["region"]) == {"region"}, "it may be no more than the region"


def test_relatives_share_parts_that_some_feature_tells():
    assert told_by(FEATURES) >= SHARED_BY_RELATIVES
    assert told_by(["patronymic", "address", "phone", "email", "case_number"]) >= {"patronymic", "street", "phone", "email", "case"}
    assert SHARED_BY_RELATIVES.isdisjoint(told_by(["surname", "given_name", "birth_date", "sex", "district"]))


def test_figures_agree_with_what_a_brief_study_of_lists_would_expect():
    """Bits between hand-worn bounds, so that a slip of the pen in the table is seen."""
    for feature, low, high in (
        ("birth_date", 13, 15),
        ("surname", 5, 6),
        ("given_name", 7, 8),
        ("names.bag", 12, 13),
        ("sex", 0.5, 1),
    ):
        assert low <= coincidence([feature]) <= high


@pytest.mark.parametrize(
    ("sent", "there", "missing"),
    [
        (["full_name"], ["surname", "patronymic.sound", "names.bag"], ["sex", "birth_year"]),
        (["age"], ["birth_year", "birth_year.next"], ["birth_date", "birth_date.digits"]),
        (["birth_date"], ["birth_year", "birth_date.swapped"], ["surname"]),
        (["tax_number"], ["tax_number"], ["document_number"]),
        (["region"], ["place", "region"], ["district", "address"]),
        (["district"], ["place", "district"], ["region", "postcode"]),
        (["given_name"], ["names.sounds"], ["phone", "email"]),
    ],
)
def test_a_feature_can_be_sent_if_something_that_it_is_made_of_can(sent, there, missing):
    assert sendable(sent).issuperset(there)
    assert sendable(sent).isdisjoint(missing)


def test_every_feature_can_be_sent_if_all_identifiers_are():
    assert sendable(IDENTIFIERS) == set(FEATURES)


@pytest.mark.parametrize(
    ("feature", "kind", "number"),
    [
        ("surname", "bigrams", 6.3),
        ("surname", "value", 1),
        ("surname", "digits", 0),
        ("surname", "years", 0),
        ("birth_date.digits", "digits", 8),
        ("birth_year", "years", 3),
        ("birth_date", "years", 0),
    ],
)
def test_grams_are_those_of_a_typical_value(feature, kind, number):
    assert grams(FilterPart(feature, kind, 1)) == number


def test_fill_is_that_of_drawn_positions():
    parts = (
        FilterPart("birth_date.digits", "digits", 20),
        FilterPart("birth_year", "years", 10),
        FilterPart("sex", "value", 50, shared=True),
    )
    rng, bits = np.random.default_rng(1), 512
    drawn = [len(set(rng.integers(0, bits, 8 * 20 + 3 * 10 + 50).tolist())) / bits for _ in range(400)]
    assert fill(parts, bits) == pytest.approx(np.mean(drawn), abs=0.005)


def test_shared_positions_are_those_of_a_value_and_others_those_of_a_gram():
    shared, plain = FilterPart("birth_date", "digits", 16, shared=True), FilterPart("birth_date", "digits", 2)
    assert fill([shared], 64) == pytest.approx(fill([plain], 64))
    assert fill([FilterPart("surname", "digits", 16, shared=True)], 64) == 0
