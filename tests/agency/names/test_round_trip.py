"""Two hundred names of the frequency tables, rendered in every scheme, against the original."""

import importlib.util
from itertools import combinations
from pathlib import Path

import pytest

from linkage.agency.names import person_name
from linkage.demo.names_data import FEMALE_NAMES, MALE_NAMES, SURNAME_STEMS

_spec = importlib.util.spec_from_file_location("renderings", Path(__file__).with_name("renderings.py"))
renderings = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(renderings)

HOW_MANY = 200


def full_names():
    """Each stem and given name at least once, as far as two hundred names go: surname, given name."""
    given = [
        (name, female)
        for pair in zip(MALE_NAMES, FEMALE_NAMES, strict=False)
        for name, female in zip(pair, (False, True), strict=True)
    ]
    return [
        (renderings.with_suffix(SURNAME_STEMS[number % len(SURNAME_STEMS)], female), name)
        for number, (name, female) in enumerate(given[:HOW_MANY])
    ]


def keys(surname, given):
    name = person_name(surname, given, "", "")
    return {name.surname.key, *name.surname.readings}, {name.given_name.key, *name.given_name.readings}


def meets(original, rendered):
    return all(not one.isdisjoint(other) for one, other in zip(original, rendered, strict=True))


@pytest.mark.parametrize("scheme", renderings.SCHEMES)
def test_a_rendering_shares_a_key_with_the_original_in_both_names(scheme):
    render, least = renderings.SCHEMES[scheme]
    names = full_names()
    assert len(set(names)) == HOW_MANY
    missed = [names for names in names if not meets(keys(*names), keys(*map(render, names)))]
    assert 1 - len(missed) / HOW_MANY >= least, missed


@pytest.mark.parametrize("scheme", renderings.SCHEMES)
def test_no_two_full_names_collide_in_a_scheme(scheme):
    render, _ = renderings.SCHEMES[scheme]
    names = full_names()
    original, rendered = [keys(*name) for name in names], [keys(*map(render, name)) for name in names]
    assert not [(names[a], names[b]) for a, b in combinations(range(len(names)), 2) if meets(original[a], rendered[b])]
