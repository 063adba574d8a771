"""Dates are read once, as far as they are known."""

from datetime import date, timedelta

import numpy as np
import pytest

from linkage.agency.dates import Dates, distinct, fits, format_problem, iso, parse_dates


def texts(*values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def read(values, formats):
    dates, bad = parse_dates(texts(*values), formats)
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


@pytest.mark.parametrize("form", ["%d.%m.%y", "%d.%Y", "%d.%m", "%H %Y", "%Y %Y", "%Y%", "", "%B %Y"])
def test_formats_beyond_year_month_and_day_are_refused(form):
    assert format_problem(form)


@pytest.mark.parametrize("form", ["%Y", "%m.%Y", "%d.%m.%Y", "%Y%m%d", "%d. %m. %Y г."])
def test_formats_of_year_month_and_day_are_taken(form):
    assert format_problem(form) is None


def test_a_format_fits_only_what_it_reads_itself():
    assert fits("15.01.1999", "%d.%m.%Y")
    assert not fits("1999-01-15", "%d.%m.%Y")
    assert not fits("н/д", "%Y")


def test_distinct_values_point_back_at_every_row():
    values = texts("b", "a", "b", "")
    index, found = distinct(values)
    assert found == ["b", "a", ""]
    assert [found[at] for at in index] == list(values)
