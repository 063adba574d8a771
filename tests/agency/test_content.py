"""Content in the protocol's codes; the age group at the event, known or unknown and never guessed."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.agency.cells import Columns
from linkage.agency.content import age_groups, code_content
from linkage.agency.extract import Extract
from linkage.agency.mapping import DateForm, Mapping
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")
STANDARD = Mapping()


def extract(*rows):
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {}
    for name in names:
        columns[name] = np.empty(len(rows), dtype=object)
        columns[name][:] = [row.get(name, "") for row in rows]
    return Extract("list.csv", np.arange(2, len(rows) + 2), Columns(columns))


def group(**row):
    return age_groups(extract({"record_id": "1", **row}), STANDARD)[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"birth_date": "2000-09-02", "event_date": "2018-09-01"}, "Y0T17"),
        ({"birth_date": "2000-09-02", "event_date": "2018-09-02"}, "Y_GE18"),
        ({"birth_date": "2000-02-29", "event_date": "2018-02-28"}, "Y0T17"),
        ({"birth_date": "2000-02-29", "event_date": "2018-03-01"}, "Y_GE18"),
        ({"birth_date": "2000", "event_date": "2018-06-01"}, ""),
        ({"birth_year": "2000", "event_date": "2018-06-01"}, ""),
        ({"birth_year": "2000", "event_date": "2018-12-31"}, "Y_GE18"),
        ({"birth_year": "1999", "event_date": "2018-01-01"}, "Y_GE18"),
        ({"birth_year": "1999", "event_date": "2017"}, ""),
        ({"birth_year": "1998", "event_date": "2017"}, "Y_GE18"),
        ({"birth_year": "2001", "event_date": "2018-06-01"}, "Y0T17"),
        ({"birth_date": "2000-06", "event_date": "2018-05-31"}, "Y0T17"),
        ({"birth_date": "2000-06", "event_date": "2018-06-15"}, ""),
        ({"birth_date": "2000-06", "event_date": "2018-06-30"}, ""),
        ({"birth_date": "2000-06", "event_date": "2018-07-01"}, "Y_GE18"),
        ({"age": "17", "event_date": "2018-06-01"}, "Y0T17"),
        ({"age": "18"}, "Y_GE18"),
        ({"age": "0"}, "Y0T17"),
        ({"age": "130"}, ""),
        ({"birth_year": "2000", "event_date": "2018-06-01", "age": "17"}, "Y0T17"),
        ({"birth_date": "2000-09-02", "age": "20"}, "Y_GE18"),
        ({"birth_date": "1990-01-01"}, ""),
        ({"birth_date": "2019-01-01", "event_date": "2018-06-01"}, ""),
        ({}, ""),
    ],
)
def test_the_age_group_is_what_the_record_settles(row, expected):
    assert group(**row) == expected


def complete_years(born, event):
    return event.year - born.year - ((event.month, event.day) < (born.month, born.day))


@given(st.dates(date(1950, 1, 1), date(2010, 1, 1)), st.integers(0, 20_000))
def test_full_dates_agree_with_counting_birthdays_and_a_year_never_contradicts_them(born, days):
    event = min(born + timedelta(days), date(2099, 1, 1))
    expected = "Y_GE18" if complete_years(born, event) >= 18 else "Y0T17"
    assert group(birth_date=born.isoformat(), event_date=event.isoformat()) == expected
    assert group(birth_year=str(born.year), event_date=event.isoformat()) in {expected, ""}
    assert group(birth_date=born.isoformat(), event_date=str(event.year)) in {expected, ""}


def test_content_has_exactly_the_protocols_fields_in_codes():
    row = {
        **{"record_id": "1", "surname": "Канареева", "birth_date": "15.01.1999", "sex": "Ж", "citizenship": "TJK"},
        **{"role": "Потерпевшая", "stage": "identified", "event_date": "02.09.2018", "article": "ст. 130¹", "region": "РРП"},
        **{"form_of_exploitation": "CRM", "document_number": "1", "case_number": "2"},
    }
    content = code_content(extract(row), TIP, Mapping(dates=DateForm(("%d.%m.%Y",))))
    assert list(content) == list(TIP.content)
    assert {name: column[0] for name, column in content.items()} == {
        "role": "victim",
        "stage": "DET",
        "event_date": "2018-09-02",
        "sex": "F",
        "age_group": "Y_GE18",
        "citizenship": "TJK",
        "article": "130.1",
        "region": "TJ-RA",
        "form_of_exploitation": "CRI",
    }
    assert all(column.dtype == object and isinstance(column[0], str) for column in content.values())


def test_what_is_missing_is_the_empty_text_and_an_event_without_a_day_keeps_its_year():
    rows = [
        {"record_id": "1", "role": "victim", "stage": "DET", "event_date": text} for text in ("", "2018", "2018-05", "00.00.2018")
    ]
    content = code_content(extract(*rows), TIP, Mapping(dates=DateForm(("%Y", "%Y-%m", "%d.%m.%Y"))))
    assert list(content["event_date"]) == ["", "2018", "2018", "2018"]
    for name in ("sex", "age_group", "citizenship", "article", "region", "form_of_exploitation"):
        assert set(content[name]) == {""}


def test_no_identifier_value_is_in_the_content():
    row = {
        "record_id": "К1",
        "surname": "Канареева",
        "birth_date": "1999-01-15",
        "role": "victim",
        "stage": "DET",
        "event_date": "2018-09-02",
    }
    told = {text for column in code_content(extract(row), TIP, STANDARD).values() for text in column}
    assert told == {"victim", "DET", "2018-09-02", "", "Y_GE18"}
