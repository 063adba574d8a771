"""Every issue of every row, by row, field and code, and never a value."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from linkage.agency.cells import Columns
from linkage.agency.codes import COUNTRIES, parse_article, read_content, sex_codes
from linkage.agency.extract import Extract, read_extract
from linkage.agency.mapping import FileForm, Mapping
from linkage.agency.validate import ISSUE_CODES, check_rows
from linkage.errors import SchemaError
from linkage.protocol import ready_protocol

TIP, PERSONS = ready_protocol("tip"), ready_protocol("persons")
STANDARD = Mapping()
PRACTICE = Path(__file__).parents[3] / "shared" / "data" / "tipsim"
GOOD = {"record_id": "A1", "surname": "Канареева", "role": "victim", "stage": "DET"}


def texts(*values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def extract(*rows):
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: texts(*(row.get(name, "") for row in rows)) for name in names}
    return Extract("list.csv", np.arange(2, len(rows) + 2), Columns(columns))


def found(*rows, protocol=TIP, mapping=STANDARD):
    return [(issue.row, issue.field, issue.code) for issue in check_rows(extract(*rows), protocol, mapping)]


def test_a_sound_row_has_no_issue():
    full = {"birth_date": "1999-01-15", "birth_year": "1999", "age": "19", "sex": "зан", "event_date": "2018-09-02"}
    assert (
        found({**GOOD, **full, "citizenship": "TJK", "article": "130.1", "region": "Согд", "form_of_exploitation": "sexual"}) == []
    )


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("record_id", "", "record-id-missing"),
        ("birth_date", "31.02.1999", "date-unreadable"),
        ("event_date", "2018-13-01", "date-unreadable"),
        ("birth_year", "99", "year-implausible"),
        ("birth_year", "1999.5", "year-implausible"),
        ("birth_year", "2101", "year-implausible"),
        ("age", "121", "age-implausible"),
        ("age", "-1", "age-implausible"),
        ("age", "12.5", "age-implausible"),
        ("sex", "1", "sex-unmapped"),
        ("sex", "2", "sex-unmapped"),
        ("sex", "0", "sex-unmapped"),
        ("sex", "жм", "sex-unmapped"),
        ("role", "witness", "code-unknown"),
        ("role", "", "content-missing"),
        ("role", "н/д", "content-missing"),
        ("stage", "", "content-missing"),
        ("region", "Atlantis", "code-unknown"),
        ("form_of_exploitation", "QQQ", "code-unknown"),
        ("citizenship", "Таджикистан", "country-unknown"),
        ("citizenship", "tjk", "country-unknown"),
        ("citizenship", "ZZZ", "country-unknown"),
        ("article", "130.1, 167", "article-unreadable"),
        ("article", "часть 2", "article-unreadable"),
    ],
)
def test_each_fault_has_its_code(field, value, code):
    assert found({**GOOD, field: value}) == [(2, field, code)]


@pytest.mark.parametrize(
    ("field", "value"), [("age", "0"), ("age", "120"), ("birth_year", "1900"), ("birth_year", "н/д"), ("sex", "?")]
)
def test_values_at_the_edge_and_unknown_ones_are_no_issue(field, value):
    assert found({**GOOD, field: value}) == []


def test_a_year_that_contradicts_the_date_is_an_issue():
    assert found({**GOOD, "birth_date": "1999-01-15", "birth_year": "1998"}) == [(2, "birth_year", "year-conflict")]


def test_rows_of_one_record_id_each_name_another():
    rows = [GOOD, {**GOOD, "record_id": "A2"}, GOOD, GOOD]
    issues = check_rows(extract(*rows), TIP, STANDARD)
    assert [(issue.row, issue.code) for issue in issues] == [(row, "record-id-duplicate") for row in (2, 4, 5)]
    assert [issue.message.split()[1] for issue in issues] == ["4", "2", "2"]


def test_two_missing_ids_are_missing_and_not_duplicates():
    assert {code for *_, code in found({**GOOD, "record_id": ""}, {**GOOD, "record_id": ""})} == {"record-id-missing"}


def test_a_row_without_any_identifier_is_an_issue():
    assert found({**GOOD, "surname": ""}) == [(2, "record_id", "no-identifier")]


def test_a_missing_required_column_is_one_issue_at_the_header():
    mapping = Mapping(file=FileForm(header_row=3))
    rows = [{"record_id": str(number), "surname": "Канареева", "role": "victim"} for number in range(50)]
    assert found(*rows, mapping=mapping) == [(3, "stage", "column-missing")]


def test_every_issue_of_every_row_comes_in_order():
    rows = [{**GOOD, "sex": "1", "age": "x"}, {**GOOD, "record_id": "", "role": "witness"}]
    assert found(*rows) == [
        (2, "age", "age-implausible"),
        (2, "sex", "sex-unmapped"),
        (3, "record_id", "record-id-missing"),
        (3, "role", "code-unknown"),
    ]


def test_the_mapping_gives_spellings_a_code():
    codes = {"sex": {"1": "M", "2": "F", "0": "_U"}, "role": {"Терпила ": "victim"}, "citizenship": {"Тоҷикистон": "TJK"}}
    rows = [{**GOOD, "sex": "1", "role": "ТЕРПИЛА", "citizenship": "тоҷикистон"}, {**GOOD, "record_id": "A2", "sex": "0"}]
    assert found(*rows, mapping=Mapping(codes=codes)) == []
    assert list(sex_codes(texts("1", "2", "0", "Ж", ""), Mapping(codes=codes))) == ["M", "F", "", "F", ""]


def test_codes_that_the_protocol_lacks_are_refused_without_quoting_an_entry():
    codes = {"role": {"Канареева": "Кенарь", "потерпевший": "victim"}, "sex": {"Желтушка": "X"}, "article": {"a": "b"}}
    with pytest.raises(SchemaError) as caught:
        found(GOOD, mapping=Mapping(codes=codes))
    message = str(caught.value)
    assert all(f"codes.{name}" in message for name in codes)
    assert not any(text in message for text in ("Канареева", "Кенарь", "Желтушка", "потерпевший"))


def test_region_is_free_text_where_it_is_only_an_identifier():
    assert "region" not in PERSONS.content
    assert found({"record_id": "1", "surname": "A", "region": "Atlantis"}, protocol=PERSONS) == []


def test_sex_is_checked_where_it_is_only_an_identifier():
    content = {name: spec for name, spec in PERSONS.content.items() if name != "sex"}
    protocol = dataclasses.replace(PERSONS, content=content)
    assert found({"record_id": "1", "surname": "A", "sex": "1"}, protocol=protocol) == [(2, "sex", "sex-unmapped")]


@pytest.mark.parametrize("text", ["F", "f", "Female", "Ж", "жен.", " Женский", "З", "зан", "А", "аёл", "ayol", "духтар", "girl"])
def test_spellings_of_female_need_no_mapping(text):
    assert list(sex_codes(texts(text), STANDARD)) == ["F"]


@pytest.mark.parametrize("text", ["M", "М", "male", "муж.", "мард", "Э", "эркек", "erkak", "писар", "boy"])
def test_spellings_of_male_need_no_mapping(text):
    assert list(sex_codes(texts(text), STANDARD)) == ["M"]


ARTICLE_130_1 = (
    *("130.1", "130-1", "130¹", "130 ¹", "130(1)", "130 (1)", "130 прим 1", "130 прим. 1", "0130.01"),
    *("ст.130.1", "ст. 130.1 ч.2", "ст.130(1)", "Статья 130.1 УК РТ", "моддаи 130.1"),
)


@pytest.mark.parametrize("text", ARTICLE_130_1)
def test_one_article_has_many_spellings(text):
    assert parse_article(text) == "130.1"


@pytest.mark.parametrize(
    ("text", "article"), [("132", "132"), ("ст. 132", "132"), ("130²", "130.2"), ("241.2", "241.2"), ("335.10", "335.10")]
)
def test_other_articles_stay_themselves(text, article):
    assert parse_article(text) == article


@pytest.mark.parametrize("text", ["", "130.1/167", "130 и 132", "прим 1", "13000", "статья", "130..1", "130 прим"])
def test_no_article_is_guessed(text):
    assert parse_article(text) is None


def test_a_protocol_spelling_is_found_whatever_its_case_and_blanks():
    coded = read_content("region", texts("  сОГД ", "tj-su", "Суғд", ""), TIP, STANDARD)
    assert list(coded.codes) == ["TJ-SU", "TJ-SU", "TJ-SU", ""]
    assert not coded.bad.any()


def test_countries_are_three_capitals_each():
    assert len(COUNTRIES) == 249 + 3
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in COUNTRIES)
    assert {"TJK", "KGZ", "UZB", "RUS", "KAZ", "AFG", "CHN", "ARE", "TUR"} <= COUNTRIES


def test_every_code_that_is_raised_is_explained_and_no_message_quotes_the_canary():
    canary = "Канареева"
    every = dict.fromkeys(
        ("birth_date", "birth_year", "age", "sex", "role", "region", "article", "event_date", "citizenship"), canary
    )
    rows = [{**every, "record_id": canary}, {**every, "record_id": canary}, {"record_id": ""}, {**GOOD, "stage": ""}]
    rows += [{**GOOD, "birth_date": "1999-01-01", "birth_year": "1998"}]
    issues = check_rows(extract(*rows), TIP, STANDARD)
    issues += check_rows(extract({"record_id": canary, "surname": canary}), TIP, STANDARD)
    issues += check_rows(replace(extract(GOOD), damaged=((2, "surname"),)), TIP, STANDARD)
    assert {issue.code for issue in issues} == set(ISSUE_CODES)
    assert canary.casefold() not in " ".join(map(repr, issues)).casefold()


@pytest.mark.skipif(not PRACTICE.is_dir(), reason="practice data is not here")
def test_harmonised_practice_lists_have_no_issue():
    paths = sorted(PRACTICE.glob("S_*_seed1/harmonised/*.csv"))
    assert len(paths) >= 12
    for path in paths:
        assert check_rows(read_extract(path), TIP, STANDARD) == ()
