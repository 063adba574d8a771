"""How dates are written is found from the file: formats, century, spreadsheet numbers, calendar, and what stays open."""

import pytest

from linkage.agency.cells import Columns, objects
from linkage.agency.date_forms import guess_date_form
from linkage.agency.dates import DEFAULT_FORMATS, DateForm, parse_dates
from linkage.agency.extract import Extract
from linkage.protocol import ready_protocol

TIP = ready_protocol("tip")


def guess(births, events=()):
    columns = {"birth_date": objects([*births, *[""] * len(events)]), "event_date": objects([*[""] * len(births), *events])}
    return guess_date_form(Extract("list.csv", objects(range(len(births) + len(events))), Columns(columns)), TIP)


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["15.01.1999", "02.03.1985"], ("%d.%m.%Y", "%Y")),
        (["15/01/1999", "02/03/1985"], ("%d/%m/%Y", "%Y")),
        (["01/15/1999", "02/03/1985"], ("%m/%d/%Y", "%Y")),
        (["1999-01-15", "1985"], ("%Y-%m-%d", "%Y")),
        (["15.01.1999", "01/17/1997", "16.02.1990", "1985"], ("%d.%m.%Y", "%m/%d/%Y", "%Y")),
        (["01.1999", "03.1985"], ("%m.%Y", "%Y")),
        (["19990115"], ("%Y%m%d", "%Y")),
        (["00.00.1985", "15.01.1999"], ("%d.%m.%Y", "%Y")),
        (["весной", ""], DEFAULT_FORMATS),
        ([], DEFAULT_FORMATS),
    ],
)
def test_formats_are_those_that_read_the_most(texts, formats):
    assert guess(texts).form.formats == formats


def test_days_and_months_that_no_date_tells_apart_are_left_to_a_person():
    assert guess(["01/02/1999", "03/04/1985"]).undecided == ("%d/%m/%Y",)
    assert guess(["01/02/1999", "13/04/1985"]).undecided == ()


def test_one_order_of_day_and_month_holds_for_the_whole_file():
    found = guess(["01/15/1999", "02/16/1999", "25/12/1990"])
    assert "%d/%m/%Y" not in found.form.formats
    assert parse_dates(objects(["25/12/1990"]), found.form)[1].tolist() == [True]


def test_two_digit_years_end_with_the_latest_year_of_the_file_or_the_epoch():
    assert guess(["15.01.99", "16.02.85"], ["01.02.2024"]).form == DateForm(("%d.%m.%y", "%d.%m.%Y", "%Y"), pivot=2024)
    assert guess(["15.01.99"]).form.pivot == 2023  # the epoch of the protocol
    assert guess(["15.01.1999"]).form.pivot is None


def test_spreadsheet_numbers_are_found_beside_written_dates():
    found = guess(["15.01.1999", "36175", "31413"])
    assert (found.form.serials, found.counts["serials"]) == (True, 2)
    assert not guess(["15.01.1999", "1985"]).form.serials
    assert guess(["36175"]).form.serials


def test_solar_hijri_years_are_a_column_and_not_a_slip():
    assert guess(["1365-01-02", "1370-05-06", "1368"]).form.calendar == "solar-hijri"
    assert guess(["1365-01-02", "1370-05-06", "1368"]).lunar == 1
    assert guess([f"1985-01-{day:02d}" for day in range(1, 29)] + ["1385-01-01"]).form.calendar == "gregorian"
