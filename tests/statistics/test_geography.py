import json
from pathlib import Path

import pytest

from linkage.agency.codes import COUNTRIES
from linkage.protocol import ready_protocol
from linkage.statistics import geography
from linkage.statistics.geography import (
    alpha_3,
    country_name,
    country_of,
    districts,
    find_district,
    flow,
    observation_status,
    unrecognised,
)

CODELISTS = Path(__file__).parents[3] / "shared" / "data" / "codelists.json"


def test_the_country_of_a_protocol_is_that_of_its_regions():
    assert country_of(ready_protocol("tip")) == "TJ"
    assert country_of(ready_protocol("persons")) == ""


def test_every_region_of_the_protocol_is_known():
    assert set(ready_protocol("tip").content["region"].codes) <= set(geography.regions())
    assert {code.partition("-")[0] for code in geography.regions()} == {"TJ", "KG"}


def test_every_country_that_an_agency_may_code_has_a_name():
    assert not [code for code in COUNTRIES if country_name(code) == code]
    assert alpha_3("TJ") == "TJK"
    assert alpha_3("") == alpha_3("??") == ""
    assert country_name("QQQ") == "QQQ"


def test_what_is_no_country_is_listed_once():
    assert unrecognised(["TJK", "QQQ", "_U", "_T", "", "QQQ", "AAA"]) == ("AAA", "QQQ")


@pytest.mark.parametrize(
    ("citizenship", "expected"), [("TJK", "domestic"), ("UZB", "cross-border"), ("XXA", "_U"), ("_U", "_U"), ("QQQ", "_U")]
)
def test_citizenship_tells_domestic_from_cross_border_where_it_tells_anything(citizenship, expected):
    assert flow(citizenship, "TJ") == expected
    assert flow(citizenship, "") == "_U"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Khujand", "Khujand"),
        ("Хуҷанд", "Khujand"),
        ("г. Худжанд", "Khujand"),
        ("ХУЉАНД", "Khujand"),
        ("Ленинабад", "Khujand"),
        ("Jilikul", "Dusti"),
        ("Сарбанд", "Levakant"),
        ("Джиргаталь", "Lakhsh"),
        ("ноҳияи Рӯдакӣ", "Rudaki"),
        ("Бохтар", "Bokhtar"),
        ("ноҳияи Бохтар", "Kushoniyon"),
        ("Дж. Расулов", "Jabbor Rasulov"),
    ],
)
def test_a_district_is_found_by_its_spellings_and_former_names(text, name):
    assert find_district(text).name == name


@pytest.mark.parametrize("text", ["", "Нигде", "г."])
def test_a_place_that_is_no_district_is_not_guessed(text):
    assert find_district(text) is None


def test_no_spelling_names_two_districts():
    assert len(districts()) == 65
    for place in districts():
        assert all(find_district(spelling) == place for spelling in (place.name, *place.spellings))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (("region", "TJ-DU", "2021"), "B"),
        (("region", "TJ-RA", "2023"), "B"),
        (("region", "TJ-DU", "2020"), "A"),
        (("region", "TJ-SU", "2022"), "A"),
        (("district", "Rudaki", "2022"), "B"),
        (("article", "TJ-DU", "2022"), "A"),
        (("region", "TJ-DU", "_T"), "A"),
        (("region", "TJ-DU", "_U"), "A"),
    ],
)
def test_the_series_of_dushanbe_and_its_neighbour_break_in_2021(at, expected):
    assert observation_status(*at) == expected


@pytest.mark.skipif(not CODELISTS.exists(), reason="no shared data")
def test_every_district_of_the_code_lists_is_found_in_its_region_by_all_its_names():
    lists = json.loads(CODELISTS.read_text("utf-8"))
    assert {one["code"] for one in lists["region"]["codes"]} == set(geography.regions())
    for one in lists["tj_district"]["codes"]:
        for name in (one["en"], one["tg"], one["ru"], one["legacy_font"], *one.get("former", ())):
            assert find_district(name).region == one["region"]
