"""A birth is read once: by date, by year, or by an age that leaves two years open; and everything rests on that."""

import pytest

from linkage.agency.births import likely_years, read_births
from linkage.agency.cells import Columns, objects
from linkage.agency.content import age_groups
from linkage.agency.dates import DateForm
from linkage.agency.extract import Extract
from linkage.agency.mapping import STANDARD, Mapping
from linkage.agency.normalise import features
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")
HIJRI = Mapping(dates=DateForm(("%Y-%m-%d", "%Y"), calendar="solar-hijri"))


def extract(*rows):
    names = dict.fromkeys(("record_id", *(name for row in rows for name in row)))
    columns = {name: objects([row.get(name, "") for row in rows]) for name in names}
    return Extract("list.csv", objects(list(range(2, len(rows) + 2))), Columns(columns))


def years(mapping, *rows):
    births = read_births(extract(*rows), mapping)
    return list(
        zip(births.first.tolist(), births.last.tolist(), likely_years(births, extract(*rows), mapping).tolist(), strict=True)
    )


@pytest.mark.parametrize(
    ("row", "span"),
    [
        ({"birth_date": "1985-03-04"}, (1985, 1985, 1985)),
        ({"birth_date": "1985"}, (1985, 1985, 1985)),
        ({"birth_year": "1985"}, (1985, 1985, 1985)),
        ({"age": "30", "event_date": "2018-10-05"}, (1987, 1988, 1988)),
        ({"age": "30", "event_date": "2018-02-05"}, (1987, 1988, 1987)),
        ({"age": "30", "event_date": "2018"}, (1987, 1988, 1988)),
        ({"age": "30"}, (0, 0, 0)),
        ({"birth_date": "1985-03-04", "age": "30", "event_date": "2018"}, (1985, 1985, 1985)),
        ({"birth_date": "1985", "birth_year": "1985", "age": "90", "event_date": "2018"}, (1985, 1985, 1985)),
        ({}, (0, 0, 0)),
    ],
)
def test_the_year_is_a_span_as_wide_as_the_row_leaves_it(row, span):
    assert years(STANDARD, row) == [span]


def test_an_age_never_excludes_the_true_year():
    for birth, event, age in (
        ("1988-12-31", "2018-01-01", "29"),
        ("1988-01-01", "2018-12-31", "30"),
        ("2018-05-05", "2018-06-05", "0"),
    ):
        ((first, last, likely),) = years(STANDARD, {"age": age, "event_date": event})
        assert first <= int(birth[:4]) <= last
        assert likely in (first, last)


def test_solar_hijri_years_leave_two_years_open_and_days_none():
    assert years(HIJRI, {"birth_date": "1370"}, {"birth_year": "1370"}, {"birth_date": "1370-01-01"}, {"birth_year": "1991"}) == [
        (1991, 1992, 1991),
        (1991, 1992, 1991),
        (1991, 1991, 1991),
        (1991, 1991, 1991),
    ]


def test_heaped_days_are_neither_dates_for_linkage_nor_birthdays_for_age_groups():
    rows = [{"record_id": str(n), "birth_date": f"{1980 + n % 20}-01-01", "event_date": "2018-06-01"} for n in range(20)]
    rows.append({"record_id": "x", "birth_date": "2000-01-01", "event_date": "2018-06-01"})
    told = features(extract(*rows), TIP, STANDARD)
    assert not any(told["birth_date"]) and not any(told["birth_date.digits"])
    assert told["birth_year"][-1] == "2000"
    groups = age_groups(extract(*rows), STANDARD)
    assert groups[-1] == ""  # 17 or 18: open
    assert groups[0] == "Y_GE18"
    kept = Mapping(dates=DateForm(heaped="keep"))
    assert features(extract(*rows), TIP, kept)["birth_date"][-1] == "2000-01-01"
    assert age_groups(extract(*rows), kept)[-1] == "Y_GE18"


def test_a_month_is_kept_where_the_day_is_not_known():
    told = features(extract({"birth_date": "1985-03"}), TIP, STANDARD)
    assert (told["birth_date"][0], told["birth_date.year_month"][0], told["birth_year"][0]) == ("", "1985-03", "1985")
