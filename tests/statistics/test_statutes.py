import json
import tomllib
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

from linkage.protocol import ready_protocol
from linkage.statistics.articles import parse_article
from linkage.statistics.statutes import SERIOUSNESS, iccs, in_force, seriousness, statutes, subject

CODELISTS = Path(__file__).parents[3] / "shared" / "data" / "codelists.json"


@pytest.mark.parametrize("text", ["130.1", "130-1", "130¹", "130(1)", "130 прим 1", "ст.130(1) ч.2 п.«а»"])
def test_each_spelling_of_the_trafficking_article_has_its_class(text):
    assert iccs(text, "2018", "TJ") == "0204"
    assert subject(text, "2018", "TJ") == "trafficking in persons"


@pytest.mark.parametrize(
    ("article", "when", "expected"),
    [
        ("124", "2018", "0204"),
        ("124", "2018-12-31", "0204"),
        ("124", "2019-01-01", ""),
        ("171", "2018", ""),
        ("171", "2019", "0204"),
        ("171", "2021-11-30", "0204"),
        ("171", "2021-12-01", ""),
        ("166", "2021-12-01", "0204"),
        ("166", "2021-11-30", ""),
        ("170", "2022", "0203"),
        ("173", "2020-06", "0203"),
        ("167", "2022", "0204"),
    ],
)
def test_a_kyrgyz_article_is_what_it_was_on_its_day(article, when, expected):
    assert iccs(article, when, "KG") == expected


def test_a_year_in_which_the_code_changed_is_read_by_its_middle():
    assert [iccs(article, "2021", "KG") for article in ("171", "166")] == ["0204", ""]


@pytest.mark.parametrize("when", ["_T", "_U", ""])
def test_over_all_years_only_an_article_that_was_always_the_same_has_a_class(when):
    assert iccs("130.1", when, "TJ") == "0204"
    assert [iccs(article, when, "KG") for article in ("124", "171", "166")] == ["", "", ""]


def test_an_article_has_a_class_in_a_period_only_if_it_was_the_same_throughout():
    assert iccs("130.1", "2016-2018", "TJ") == "0204"
    assert iccs("173", "2019-2021", "KG") == "0203"
    assert iccs("173", "2018-2020", "KG") == ""


def test_the_same_number_is_another_crime_in_another_country_and_none_in_an_unknown_one():
    assert in_force("167", "2022", "TJ").subject == "trade in minors"
    assert in_force("171", "2020", "TJ") is None
    assert in_force("130.1", "2020", "") is None
    assert in_force("no article", "2020", "TJ") is None


def test_seriousness_follows_the_class_and_the_unknown_stands_last():
    ranked = ["130.1", "130.2", "241.2", "238", "130", "131", "172", "335.1", "999"]
    places = [seriousness(article, "2018", "TJ") for article in ranked]
    assert places == sorted(set(places))
    assert places[-1] == len(SERIOUSNESS)
    assert seriousness("167", "2018", "TJ") == seriousness("132", "2018", "TJ") == 0


def test_the_table_is_sound():
    forms = ready_protocol("tip").content["form_of_exploitation"].codes
    for country in ("TJ", "KG"):
        table = statutes(country)
        assert len(table) > 8
        for statute in table:
            assert parse_article(statute.article).code == statute.article
            assert statute.iccs in SERIOUSNESS
            assert statute.form in {"", *forms}
            assert statute.valid_from < statute.valid_to
            assert statute.subject
        of_one = [(one, two) for one, two in pairwise(table) if (one.article, one.part) == (two.article, two.part)]
        assert all(one.valid_to < two.valid_from for one, two in of_one)


def test_every_class_has_a_word():
    words = tomllib.loads((resources.files("linkage.statistics") / "words" / "en.toml").read_text("utf-8"))["codes"]["iccs"]
    assert set(SERIOUSNESS) <= set(words)


@pytest.mark.skipif(not CODELISTS.exists(), reason="no shared data")
def test_the_concordance_of_the_code_lists_is_all_there():
    entries = json.loads(CODELISTS.read_text("utf-8"))["statute_concordance"]["codes"]
    assert len(entries) > 10
    for entry in entries:
        day = entry.get("valid_from") or entry.get("valid_to") or "2018-01-01"
        for article in entry["article"].split("/"):
            found = in_force(article, day, entry["country"])
            assert (found.iccs, found.minor) == (entry["iccs"], entry.get("victim_age") == "Y0T17" or article == "241.2")
            assert found.valid_from == entry.get("valid_from", "0000-00-00")
            assert found.valid_to == entry.get("valid_to", "9999-99-99")
