from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pytest

from linkage.demo.lists import _typed_wrong
from linkage.demo.names_data import FEMALE_NAMES, MALE_NAMES, NAME_PAIRS
from linkage.demo.people import edits, exchanged

SEEDS = range(1, 9)
GIVEN_NAMES = {*MALE_NAMES, *FEMALE_NAMES, *(name for pair in NAME_PAIRS for name in pair)}


def fits(record, person):
    """Whether a careful reader, who knows typing errors and exchanged dates, could take the row for the person's."""
    slack = 2 if record.flaw == "typo" else 0
    if record.document:
        return record.document == person.document
    stems = {person.stem, person.other_stem} - {""}
    names = (
        record.person.sex == person.sex
        and edits(record.given_name, person.given_name) <= slack
        and any(edits(record.surname[: len(stem.rstrip("йӣ"))], stem.rstrip("йӣ")) <= slack for stem in stems)
        and (not record.patronymic or record.patronymic.startswith(person.father.rstrip("йӣ")))
    )
    if record.precision == "day":
        return names and record.birth in (person.birth, exchanged(person.birth))
    return names and (record.precision == "" or abs(record.birth.year - person.birth.year) <= 1)


def shared(one, other):
    """What two rows of one person agree on."""
    exact = "day" in (one.precision, other.precision)
    return {
        "given name": one.given_name == other.given_name,
        "surname": one.surname[:4] == other.surname[:4],
        "patronymic": bool(one.patronymic and other.patronymic) and one.person is other.person,
        "birth": bool(one.precision and other.precision) and (one.birth == other.birth or not exact),
        "document": bool(one.document) and one.document == other.document,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_fits_its_person_and_nobody_else(draws, seed):
    people, records = draws(seed)
    for record in records:
        assert [person.number for person in people if fits(record, person)] == [record.person.number]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_of_a_person_with_several_has_one_beside_it_that_agrees_on_three_things(draws, seed):
    by_person = defaultdict(list)
    for record in draws(seed)[1]:
        by_person[record.person.number].append(record)
    several = [rows for rows in by_person.values() if len(rows) > 1]
    assert len(several) > 30
    for rows in several:
        for row in rows:
            assert max(sum(shared(row, other).values()) for other in rows if other is not row) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_few_rows_are_wrong_and_at_most_one_of_a_person(draws, seed):
    _, records = draws(seed)
    flaws = Counter(record.flaw for record in records)
    assert 0 < flaws["typo"] + flaws["swapped"] <= 0.04 * len(records)
    assert 0 < flaws["no birth"] <= 0.05 * len(records)
    wrong = Counter(record.person.number for record in records if record.flaw not in ("", "married"))
    assert max(wrong.values()) == 1
    assert not any(record.flaw and record.person.relation for record in records)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bride_is_told_by_everything_but_her_surname(draws, seed):
    by_person = defaultdict(list)
    for record in draws(seed)[1]:
        if record.person.other_stem:
            by_person[record.person.number].append(record)
    assert len(by_person) == 2
    for rows in by_person.values():
        assert {row.agency for row in rows} == {"police", "prosecutor", "court"}
        assert len({(row.given_name, row.patronymic, row.birth, row.document) for row in rows}) == 1
        assert len({row.surname for row in rows}) == 2
        assert {row.agency for row in rows if row.flaw == "married"} == {"police"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_case_moves_from_police_to_prosecutor_to_court_within_2018(draws, seed):
    first = {}
    for record in draws(seed)[1]:
        assert date(2018, 1, 1) <= record.event <= date(2018, 12, 31)
        key = record.person.number, record.agency
        first[key] = min(record.event, first.get(key, record.event))
    ordered = [(number, "police", "prosecutor") for number, agency in first if agency == "prosecutor"]
    ordered += [(number, "prosecutor", "court") for number, agency in first if agency == "court"]
    known = [(first[number, one], first[number, other]) for number, one, other in ordered if (number, one) in first]
    assert len(known) > 20
    assert all(earlier < later for earlier, later in known)


def test_a_row_without_a_birth_date_tells_patronymic_or_document(draws):
    rows = [record for seed in SEEDS for record in draws(seed)[1] if not record.precision]
    assert rows
    assert all(row.flaw == "no birth" and (row.patronymic or row.document) for row in rows)


def test_some_ngo_rows_tell_only_the_age_or_the_year(draws):
    told = Counter((record.agency, record.precision) for seed in SEEDS for record in draws(seed)[1])
    ngo = [("ngo_shelter", "age"), ("ngo_shelter", "year"), ("ngo_hotline", "age"), ("ngo_hotline", "year")]
    assert all(told[key] for key in [*ngo, ("ombudsperson", "year")])
    assert not [key for key in told if key[0] not in ("ngo_shelter", "ngo_hotline", "ombudsperson") and key[1] in ("age", "year")]


def test_a_typing_error_changes_a_name_keeps_its_ends_and_makes_no_other_name():
    rng = np.random.default_rng(7)
    for name in ("Мавзуна", "Фаррух", "Салим"):
        made = {_typed_wrong(rng, name, len(name) - 1) for _ in range(200)}
        assert len(made) > 3
        assert all(one != name and one[0] == name[0] and one[-1] == name[-1] and edits(one, name) <= 2 for one in made)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_typing_error_turns_a_given_name_into_another(draws, seed):
    typed = [record for record in draws(seed)[1] if record.flaw == "typo"]
    assert all(record.given_name == record.person.given_name or record.given_name not in GIVEN_NAMES for record in typed)
    assert all(edits(record.given_name, record.person.given_name) <= 2 for record in typed)
