import re
import string
import tomllib
from pathlib import Path

import pytest

import linkage.statistics
from linkage.statistics.page_grids import NOT_KNOWN
from linkage.statistics.page_words import page_words, role_of, stage_in_chart, year_of
from linkage.statistics.words import LANGUAGES

HERE = Path(linkage.statistics.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]


def own(language):
    return tomllib.loads((HERE / "words" / f"page.{language}.toml").read_text("utf-8"))


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_texts_with_the_same_places(language):
    english, other = own("en")["page"], own(language)["page"]
    assert list(english) == list(other)
    assert [places(text) for text in english.values()] == [places(text) for text in other.values()]
    assert len(english) > 50


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_translated_and_not_copied(language):
    english, other = own("en")["page"], own(language)["page"]
    assert not [key for key, text in english.items() if len(text) > 20 and other[key] == text]


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_names_the_same_codes_but_for_short_names_in_charts(language):
    english, other = own("en")["codes"], own(language)["codes"]
    assert list(english) == list(other)
    assert all(list(english[kind]) == list(other[kind]) for kind in english if kind != "chart_stage")


def test_tajik_is_written_with_its_own_letters():
    letters = set("".join(own("tg")["page"].values()).lower())
    assert set("ғӣқӯҳҷ") <= letters
    assert not letters & set("ѓїќўњљ" + "щыц" + "\u0306\u0304")


def test_every_text_of_the_page_is_used_and_every_one_used_is_there():
    sources = [path.read_text("utf-8") for path in (*HERE.glob("*.py"), *(HERE / "templates").iterdir())]
    code = "\n".join(sources)
    for key in own("en")["page"]:
        assert (
            re.search(rf"page\.{key}\b", code)
            or re.search(rf"page\.{key.rpartition('_')[0]}_", code)
            or key in {*NOT_KNOWN, "quality", "revision"}
        ), key
    for key in re.findall(r'"page\.(\w+)"', code):
        assert key in own("en")["page"] or any(one.startswith(key) for one in own("en")["page"]), key


def test_short_names_serve_charts_alone_and_yield_to_the_protocols_own(protocol):
    words = page_words("ru", protocol)
    assert stage_in_chart(words, "PRO") == "привлечены"
    assert words.code("stage", "PRO") == "привлечены к уголовной ответственности"
    assert stage_in_chart(page_words("en", protocol), "PRO") == "prosecuted"


def test_years_and_roles_are_said_in_words(protocol):
    words = page_words("en", protocol)
    assert [year_of(words, code) for code in ("2018", "2016-2018", "_T", "_U")] == [
        "2018",
        "2016–2018",
        "all years",
        "year unknown",
    ]
    assert [role_of(words, code) for code in ("victim", "_T")] == ["Victims", "Persons"]
