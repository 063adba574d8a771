"""Dates are read once, as far as they are known."""

from datetime import date, timedelta

import numpy as np
import pytest

from linkage.agency.cells import distinct
from linkage.agency.dates import DateForm, Dates, fits, format_problem, iso, parse_dates


def texts(*values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def read(values, formats):
    dates, bad = parse_dates(texts(*values), formats if isinstance(formats, DateForm) else DateForm(tuple(formats)))
    return list(iso(dates)), bad.tolist()


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("15.01.1999", "%d.%m.%Y", "1999-01-15"),
        ("5.1.1999", "%d.%m.%Y", "1999-01-05"),
        ("15011999", "%d%m%Y", "1999-01-15"),
        ("01/15/1999", "%m/%d/%Y", "1999-01-15"),
        ("01.1999", "%m.%Y", "1999-01"),
        ("1999", "%Y", "1999"),
        ("1999 г.", "%Y", "1999"),
        ("15.01.1999 г.р.", "%d.%m.%Y", "1999-01-15"),
        ("15. 1. 1999 г.", "%d. %m. %Y г.", "1999-01-15"),
        ("00.00.1985", "%d.%m.%Y", "1985"),
        ("00.05.1985", "%d.%m.%Y", "1985-05"),
        ("1985-00-00", "%Y-%m-%d", "1985"),
        ("00.00.0000", "%d.%m.%Y", ""),
        ("29.02.2000", "%d.%m.%Y", "2000-02-29"),
        (" 1999-01-15 ", "%Y-%m-%d", "1999-01-15"),
        ("1999-01-15 00:00:00", "%d.%m.%Y", "1999-01-15"),
        ("1999-01-15T23:59", "%Y-%m-%d", "1999-01-15"),
        ("1999-01-15", "%d.%m.%Y", "1999-01-15"),
        ("", "%Y", ""),
        ("н/д", "%Y", ""),
        ("номаълум", "%Y", ""),
        ("-", "%Y", ""),
    ],
)
def test_a_date_is_read_as_far_as_it_is_known(text, form, expected):
    assert read([text], [form]) == ([expected], [False])


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("31.02.1999", "%d.%m.%Y"),
        ("29.02.1900", "%d.%m.%Y"),
        ("15.13.1999", "%d.%m.%Y"),
        ("15.00.1999", "%d.%m.%Y"),
        ("15.01.1899", "%d.%m.%Y"),
        ("15.01.2101", "%d.%m.%Y"),
        ("15.01.0000", "%d.%m.%Y"),
        ("15.01.99", "%d.%m.%Y"),
        ("1999", "%d.%m.%Y"),
        ("15.01.1999x", "%d.%m.%Y"),
        ("1511999", "%d%m%Y"),
        ("2023-00", "%Y-%m-%d"),
        ("весной", "%d.%m.%Y"),
        ("١٩٩٩", "%Y"),
    ],
)
def test_what_cannot_be_a_date_is_bad_and_missing(text, form):
    assert read([text], [form]) == ([""], [True])


def test_formats_are_tried_in_order_and_fall_through_impossible_days():
    assert read(["03/04/1999", "15/04/1999"], ["%m/%d/%Y", "%d/%m/%Y"])[0] == ["1999-03-04", "1999-04-15"]


def test_every_day_of_two_centuries_survives_writing_and_reading():
    days = [date(1900, 1, 1) + timedelta(step) for step in range(0, 73_400, 7)]
    written = [day.strftime("%d.%m.") + f"{day.year:04d}" for day in days]
    assert read(written, ["%d.%m.%Y"]) == ([day.isoformat() for day in days], [False] * len(days))


def test_no_rows_are_no_dates():
    dates, bad = parse_dates(texts())
    assert len(dates) == len(bad) == 0
    assert list(iso(dates)) == []


def test_parts_keep_their_types_and_the_repr_shows_no_date():
    dates, _ = parse_dates(texts("1987-06-05"))
    assert (dates.year.dtype, dates.month.dtype, dates.day.dtype) == (np.int16, np.int8, np.int8)
    assert "1987" not in repr(dates)
    assert isinstance(dates, Dates)


@pytest.mark.parametrize("form", ["%d.%m.%y.%Y", "%d.%Y", "%d.%m", "%H %Y", "%Y %Y", "%Y%", "", "%B %Y"])
def test_formats_beyond_year_month_and_day_are_refused(form):
    assert format_problem(form)


@pytest.mark.parametrize("form", ["%Y", "%m.%Y", "%d.%m.%Y", "%Y%m%d", "%d. %m. %Y г.", "%d.%m.%y"])
def test_formats_of_year_month_and_day_are_taken(form):
    assert format_problem(form) is None


def test_a_format_fits_only_what_it_reads_itself():
    assert fits("15.01.1999", DateForm(("%d.%m.%Y",)))
    assert not fits("1999-01-15", DateForm(("%d.%m.%Y",)))
    assert not fits("н/д", DateForm(("%Y",)))


def test_distinct_values_point_back_at_every_row():
    values = texts("b", "a", "b", "")
    index, found = distinct(values)
    assert found == ["b", "a", ""]
    assert [found[at] for at in index] == list(values)


@pytest.mark.parametrize(
    ("text", "pivot", "expected"),
    [
        ("15.01.99", 2025, "1999-01-15"),
        ("15.01.25", 2025, "2025-01-15"),
        ("15.01.26", 2025, "1926-01-15"),
        ("1.2.00", 2025, "2000-02-01"),
    ],
)
def test_two_digits_mean_the_last_such_year_up_to_the_pivot(text, pivot, expected):
    assert read([text], DateForm(("%d.%m.%y",), pivot=pivot)) == ([expected], [False])


def test_two_digits_without_a_pivot_are_no_date():
    assert read(["15.01.99"], DateForm(("%d.%m.%y",))) == ([""], [True])


@pytest.mark.parametrize(
    ("text", "expected"), [("36175", "1999-01-15"), ("36175.0", "1999-01-15"), ("43831", "2020-01-01"), ("10000", "1927-05-18")]
)
def test_a_spreadsheets_number_is_its_day(text, expected):
    assert read([text], DateForm(("%d.%m.%Y",), serials=True)) == ([expected], [False])
    assert read([text], DateForm(("%d.%m.%Y",))) == ([""], [True])


def test_years_are_never_taken_for_a_spreadsheets_number():
    assert read(["1999"], DateForm(("%Y",), serials=True)) == (["1999"], [False])
    assert read(["1999"], DateForm(("%d.%m.%Y",), serials=True)) == ([""], [True])


# Nowruz and other days of published calendars
@pytest.mark.parametrize(
    ("hijri", "gregorian"),
    [
        ("1300-01-01", "1921-03-21"), ("1357-11-22", "1979-02-11"), ("1358-01-01", "1979-03-21"), ("1375-12-30", "1997-03-20"),
        ("1399-12-30", "2021-03-20"), ("1400-01-01", "2021-03-21"), ("1403-01-01", "2024-03-20"), ("1403-12-30", "2025-03-20"),
        ("1380-06-31", "2001-09-22"), ("1380-07-01", "2001-09-23"),
    ],
)  # fmt: skip
def test_a_solar_hijri_day_is_its_gregorian_day(hijri, gregorian):
    assert read([hijri], DateForm(calendar="solar-hijri")) == ([gregorian], [False])
    assert read([hijri], DateForm()) == ([""], [True])


def test_days_follow_days_in_the_solar_hijri_calendar():
    form = DateForm(calendar="solar-hijri")
    lengths = [31] * 6 + [30] * 5 + [30]
    days = [
        f"{year}-{month:02d}-{day:02d}"
        for year in range(1300, 1411)
        for month in range(1, 13)
        for day in range(1, lengths[month - 1] + 1)
    ]
    dates, bad = parse_dates(texts(*days), form)
    known = [date.fromisoformat(day) for day in iso(dates)[~bad]]
    assert set(np.array(days)[bad]) == {day for day, wrong in zip(days, bad, strict=True) if wrong and day.endswith("-12-30")}
    assert known == [known[0] + timedelta(step) for step in range(len(known))]


@pytest.mark.parametrize(
    ("text", "year", "is_open"), [("1370", 1991, True), ("1370-05", 1991, False), ("1370-12", 1992, False), ("1370-10", 1991, True)]
)
def test_a_solar_hijri_year_without_a_day_is_two_years_unless_its_month_settles_it(text, year, is_open):
    dates, bad = parse_dates(texts(text), DateForm(("%Y", "%Y-%m"), calendar="solar-hijri"))
    assert (int(dates.year[0]), bool(dates.open[0]), int(dates.month[0]), bool(bad[0])) == (year, is_open, 0, False)


def test_gregorian_years_stay_themselves_in_a_column_of_both_calendars():
    assert read(["1370-01-01", "1991-04-05"], DateForm(calendar="solar-hijri"))[0] == ["1991-03-21", "1991-04-05"]
