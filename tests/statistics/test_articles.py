import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency import codes
from linkage.statistics.articles import parse_article

SAME = ["130.1", "130-1", "130–1", "130¹", "130 ¹", "130(1)", "130 (1)", "130 прим 1", "130 прим. 1", "130прим1", "130 прим"]


def named(text):
    found = parse_article(text)
    return found and (found.code, found.part, found.point)


@pytest.mark.parametrize("text", SAME)
def test_an_inserted_article_is_one_however_it_is_written(text):
    found = parse_article(text)
    assert (found.article, found.superscript, found.part, found.point) == ("130", "1", "", "")
    assert found.printed == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ст.130(1) ч.2 п.«а»", ("130.1", "2", "а")),
        ("п. «а» ч. 2 ст. 130.1 УК РТ", ("130.1", "2", "а")),
        ("ст. 130¹, ч. 2", ("130.1", "2", "")),
        ("130.1ч.2п.а", ("130.1", "2", "а")),
        ("часть 3 статьи 130-1 Уголовного кодекса", ("130.1", "3", "")),
        ("моддаи 130(1) қисми 2 банди «а» КҶ ҶТ", ("130.1", "2", "а")),
        ("Моддаи 167, қ. 1", ("167", "1", "")),
        ("124-берене", ("124", "", "")),
        ("124-берененин 2-бөлүгү", ("124", "2", "")),
        ("Жазык кодексинин 171-беренеси", ("171", "", "")),
        ("171-берене 2-бөлүк 1-пункту", ("171", "2", "1")),
        ("Article 130.1 part 2 point a", ("130.1", "2", "a")),
        ("art. 167", ("167", "", "")),
        ("241²", ("241.2", "", "")),
        ("0167", ("167", "", "")),
    ],
)
def test_parts_and_points_are_read_in_each_language_and_order(text, expected):
    assert named(text) == expected


@pytest.mark.parametrize(
    "text", ["", "foo", "130.1; 167", "238/239", "124 ч.2 ч.3", "13000", "130.1.2", "ч.2", "130 bis", "кража 130"]
)
def test_several_articles_or_words_left_over_are_not_guessed_at(text):
    assert parse_article(text) is None


@given(st.text(alphabet="0123456789.-()¹² артстчпбмприм«»", max_size=16))
def test_what_the_agency_reads_is_read_to_the_same_code(text):
    agency = codes.parse_article(text)
    if agency is not None:
        assert parse_article(text).code == agency


def test_the_agency_reads_every_spelling_of_the_inserted_article_but_the_bare_prime():
    assert [codes.parse_article(text) for text in SAME[:-1]] == ["130.1"] * (len(SAME) - 1)


@given(st.integers(1, 9999), st.integers(0, 99))
def test_a_code_is_its_own_spelling(number, inserted):
    code = f"{number}.{inserted}" if inserted else str(number)
    assert parse_article(code).code == code
