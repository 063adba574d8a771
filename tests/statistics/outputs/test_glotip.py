import csv as plain_csv
import io
from dataclasses import replace

import pytest

from linkage.statistics import glotip
from linkage.statistics.figures import HIDDEN, Figure

HEAD = "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source"


def read(publication):
    lines = list(plain_csv.reader(io.StringIO(glotip.csv(publication).decode())))
    return lines[:2], lines[2], [dict(zip(lines[2], line, strict=True)) for line in lines[3:]]


def values(rows, indicator, dimension="Total"):
    chosen = [row for row in rows if row["Indicator"] == indicator and row["Dimension"] == dimension and row["Year"] == "2018"]
    return {(row["Category"], row["Sex"], row["Age"]): row["txtVALUE"] for row in chosen}


def test_the_file_has_two_lines_of_what_it_is_and_then_thirteen_columns(exact):
    above, head, rows = read(exact)
    assert above[0][0] == exact.protocol.title
    assert "not for publication" in above[1][0]
    assert {len(line) for line in above} == {13}
    assert ",".join(head) == HEAD == ",".join(glotip.COLUMNS)
    assert len(rows) > 20


def test_the_totals_of_2018_are_the_rows_of_the_report(exact):
    _, _, rows = read(exact)
    convicted = values(rows, "Persons convicted")
    assert [convicted["Total", sex, "Total"] for sex in ("Total", "Female", "Male")] == ["31", "27", "4"]
    victims = values(rows, "Detected trafficking victims")
    assert victims["Total", "Total", "Total"] == "40"
    assert [victims["Total", "Male", age] for age in ("0 to 17 years", "18 years or over")] == ["6", "15"]
    assert [victims["Total", "Female", age] for age in ("0 to 17 years", "18 years or over")] == ["5", "14"]


def test_a_row_says_where_when_in_what_unit_and_by_whom(exact):
    row = next(row for row in read(exact)[2] if row["Indicator"] == "Persons convicted")
    assert [row[name] for name in ("Iso3_code", "Country", "Region", "Subregion")] == ["TJK", "Tajikistan", "Asia", "Central Asia"]
    assert (row["Year"], row["Unit of measurement"], row["Source"]) == ("2018", "Counts", "court")


def test_each_dimension_repeats_the_same_persons(exact):
    rows = read(exact)[2]
    totals = [
        sum(
            int(count)
            for (_, sex, age), count in values(rows, "Detected trafficking victims", dimension).items()
            if sex == age == "Total"
        )
        for dimension in ("Total", "by form of exploitation", "by citizenship")
    ]
    assert totals == [40, 40, 40]


@pytest.mark.parametrize(
    ("figure", "tier", "printed"),
    [
        (Figure(4), "public", "<5"),
        (Figure(1), "public", "<5"),
        (Figure(5), "public", "5"),
        (Figure(0), "public", "0"),
        (Figure(4), "restricted", "4"),
        (HIDDEN, "public", "[c]"),
        (HIDDEN, "restricted", "[c]"),
    ],
)
def test_one_to_four_are_printed_as_fewer_than_five_in_the_public_tier(figure, tier, printed):
    assert glotip.text_value(figure, tier) == printed


def test_a_hidden_count_is_never_said_to_be_small(guarded):
    convicted = values(read(guarded)[2], "Persons convicted")
    assert convicted["Total", "Male", "Total"] == "[c]"
    assert "<5" not in convicted.values()


def test_a_small_count_that_is_shown_is_printed_as_fewer_than_five(exact):
    convicted = values(read(replace(exact, tier="public"))[2], "Persons convicted")
    assert convicted["Total", "Male", "Total"] == "<5"
    assert convicted["Total", "Female", "Total"] == "27"


def test_citizenships_are_countries_and_neither_codes_nor_all_years_appear(several):
    rows = read(several)[2]
    of = {row["Category"] for row in rows if row["Dimension"] == "by citizenship"}
    assert {"Tajikistan", "Uzbekistan", "Unknown"} <= of
    assert not of & {"TJK", "UZB", "_U"}
    assert {row["Year"] for row in rows} == {str(year) for year in range(2016, 2023)}


def test_a_person_with_several_forms_stands_under_one(several):
    rows = read(several)[2]
    for year in ("2016", "2019"):
        chosen = [
            row
            for row in rows
            if row["Year"] == year and row["Indicator"].startswith("Detected") and row["Sex"] == row["Age"] == "Total"
        ]
        by_form = [int(row["txtVALUE"]) for row in chosen if row["Dimension"] == "by form of exploitation"]
        (total,) = [int(row["txtVALUE"]) for row in chosen if row["Dimension"] == "Total"]
        assert sum(by_form) == total > 1
        assert len(by_form) > 1
