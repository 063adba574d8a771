import csv as plain_csv
import io
from dataclasses import replace

import pytest

from linkage.statistics import questionnaire
from linkage.statistics.words import LANGUAGES, read_words

ENGLISH = read_words("en")


def lines(publication):
    return {(line.question, line.row): line for line in questionnaire.lines(publication, ENGLISH)}


def test_the_questionnaire_asks_its_eight_questions_in_order(several):
    asked = [line.question for line in questionnaire.lines(several, ENGLISH)]
    assert list(dict.fromkeys(asked)) == [f"Q{n}" for n in range(1, 9)]


def test_the_last_four_years_stand_across(several, exact):
    assert questionnaire.years(several) == ("2019", "2020", "2021", "2022")
    assert questionnaire.years(exact) == ("2015", "2016", "2017", "2018")


def test_years_are_asked_for_even_where_places_are_pooled_into_periods(several):
    cells = several.cells
    pooled = cells.assign(year=cells["year"].mask((cells["table"] == "region") & (cells["year"] == "2016"), "2016-2018"))
    assert questionnaire.years(replace(several, cells=pooled)) == ("2019", "2020", "2021", "2022")
    only = cells[cells["year"] == "2016"].assign(year="2016-2018")
    assert questionnaire.years(replace(several, cells=only)) == ("2016-2018",)


def test_a_year_of_which_nothing_was_published_is_not_available_and_not_zero(exact):
    assert lines(exact)["Q4", "Total"].values == ("[x]", "[x]", 0, 31)


def test_the_year_2018_answers_the_questions(exact):
    found = lines(exact)
    assert [found["Q4", row].values[-1] for row in ("Total", "Female", "Male")] == [31, 27, 4]
    assert [found["Q5", row].values[-1] for row in ("Total", "Boys", "Girls", "Men", "Women")] == [40, 6, 5, 15, 14]
    assert found["Q2", "Total"].values[-2:] == (5, 32)
    assert found["Q3", "Total"].values[-1] == 16
    assert found["Q6", "Forced labour: boys"].values[-1] == 6
    assert found["Q7", "Tajikistan"].values[-1] == 40
    assert found["Q8", "Own nationals, from all countries"].values[-1] == 40


def test_offences_are_not_available_and_the_row_says_why(exact):
    (line,) = [line for line in questionnaire.lines(exact, ENGLISH) if line.question == "Q1"]
    assert set(line.values) == {"[x]"}
    assert "Offences and cases are not counted" in line.note


def test_the_country_of_return_is_not_available_and_the_row_says_why(exact):
    line = lines(exact)["Q8", "By country"]
    assert set(line.values) == {"[x]"}
    assert "from which country" in line.note


def test_each_row_names_its_articles_and_sources(exact):
    line = lines(exact)["Q5", "Total"]
    assert line.articles == ("130.1",)
    assert line.sources == ("police",)


def test_citizens_and_foreigners_are_told_apart_with_what_that_assumes(several):
    found = lines(several)
    assert "domestic" in found["Q7", "Tajikistan"].note
    assert "cross-border" in found["Q7", "Uzbekistan"].note
    assert found["Q7", "Stateless"].note == found["Q7", "Citizenship unknown"].note == ""


def test_groups_of_known_and_unknown_sex_and_age_make_the_total(several):
    parts = ("Boys", "Girls", "Men", "Women", "Female, age not known", "Male, age not known", "Sex not known")
    found = lines(several)
    for total, *counts in zip(*(found["Q5", row].values for row in ("Total", *parts)), strict=True):
        assert total == sum(counts) > 0


def test_hidden_counts_are_marked(guarded):
    assert lines(guarded)["Q4", "Male"].values[-1] == "[c]"


def test_a_protocol_without_the_field_answers_not_available(exact):
    content = {name: field for name, field in exact.protocol.content.items() if name != "form_of_exploitation"}
    protocol = replace(exact.protocol, content=content, statistics=replace(exact.protocol.statistics, dimensions=("region",)))
    found = lines(replace(exact, protocol=protocol, cells=exact.cells[exact.cells["table"] == "sex_age"]))
    for question in ("Q6", "Q7", "Q8"):
        line = found[question, "Not available"]
        assert set(line.values) == {"[x]"}
        assert "no such field" in line.note


def test_a_table_that_was_left_out_or_made_coarser_is_not_available(exact):
    cells = exact.cells
    left_out = lines(replace(exact, cells=cells[cells["table"] != "form_of_exploitation"]))
    assert "too many counts would be small" in left_out["Q6", "Not available"].note
    coarse = lines(replace(exact, cells=cells[(cells["table"] != "form_of_exploitation") | (cells["sex"] == "_T")]))
    assert coarse["Q6", "Forced labour: total"].values[-1] == 40
    assert coarse["Q6", "Forced labour: boys"].values[-1] == "[x]"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_has_no_empty_cell_and_the_same_numbers_in_each_language(exact, language):
    head, *rows = plain_csv.reader(io.StringIO(questionnaire.csv(exact, language).decode()))
    assert all(all(row) for row in rows)
    english = list(plain_csv.reader(io.StringIO(questionnaire.csv(exact, "en").decode())))
    assert head[3:7] == ["2015", "2016", "2017", "2018"]
    assert [row[3:7] for row in rows] == [row[3:7] for row in english[1:]]
    assert (head == english[0]) == (language == "en")
