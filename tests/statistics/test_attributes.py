import numpy as np
import pytest

from linkage.protocol import ready_protocol
from linkage.statistics.attributes import coded, dimensions, lives, majority, settle

TIP = ready_protocol("tip")


def ints(*values):
    return np.array(values, np.int64)


def test_dimensions_are_those_of_the_protocol_that_get_a_table():
    assert dimensions(TIP) == ("region", "article", "form_of_exploitation", "citizenship")


def test_words_are_sorted_and_hold_unknown_and_total(records):
    found = coded(records(("ngo", "1", "Z", "victim", "DET", "2018", "F"), ("court", "1", "A", "victim", "", "", "")), TIP)
    assert found.words["stage"] == ("DET", "_T", "_U")
    assert found.words["agency"] == ("_T", "_U", "court", "ngo")
    assert found.persons.tolist() == ["A", "Z"]
    assert found.person.tolist() == [1, 0]
    assert [found.words["year"][code] for code in found.codes["year"]] == ["2018", "_U"]


@pytest.mark.parametrize(
    ("date", "year", "moment"),
    [("2018-03-01", "2018", 20180301), ("2018-03", "2018", 20180399), ("2018", "2018", 20189999), ("", "_U", 99999999)],
)
def test_an_imprecise_date_stands_at_the_end_of_what_it_can_mean(records, date, year, moment):
    found = coded(records(("ngo", "1", "Z", "victim", "DET", date)), TIP)
    assert found.words["year"][found.codes["year"][0]] == year
    assert found.moment.tolist() == [moment]


@pytest.mark.parametrize("date", ["18", "2018-3-1", "March", None, 2018])
def test_what_is_no_date_is_unknown(records, date):
    frame = records(("ngo", "1", "Z", "victim", "DET")).assign(event_date=[date])
    assert coded(frame, TIP).words["year"] == ("_T", "_U")


def test_a_missing_value_is_unknown(records):
    frame = records(("ngo", "1", "Z", "victim", "DET", "2018", "F")).assign(region=[None])
    found = coded(frame, TIP)
    assert found.words["region"][found.codes["region"][0]] == "_U"


def test_the_lives_are_those_of_each_year_and_of_all_years(records):
    found = coded(records(("ngo", "1", "Z", "victim", "DET", "2018"), ("ngo", "2", "Z", "victim", "DET", "2019")), TIP)
    lived = lives(found)
    assert [found.words["year"][code] for code in lived.year] == ["2018", "2019", "_T"]
    assert lived.of.tolist() == [0, 1, 2, 2]


def test_frequency_then_trust_then_code_settle_a_value():
    group, value = ints(0, 0, 0, 1, 1, 2, 2, 3), ints(1, 2, 2, 2, 1, 2, 1, 9)
    rank = ints(0, 5, 5, 0, 1, 3, 3, 0)
    assert majority(group, 5, value, 9, rank).tolist() == [2, 2, 1, 9, 9]


def test_what_leads_goes_before_frequency_and_a_value_has_the_best_of_its_records():
    group, value, rank = ints(0, 0, 0), ints(1, 2, 2), ints(0, 0, 0)
    assert majority(group, 1, value, 9, rank, lead=ints(0, 5, 7)).tolist() == [1]
    assert majority(group, 1, value, 9, rank, lead=ints(3, 5, 2)).tolist() == [2]


def test_the_principal_article_is_the_most_serious_on_its_day(records):
    def principal(*rows):
        found = coded(records(*rows), kyrgyz())
        return found.words["article"][settle(found, lives(found))["article"][-1]]

    def kyrgyz():
        from dataclasses import replace

        region = replace(TIP.content["region"], codes={"KG-B": ()})
        return replace(TIP, content={**TIP.content, "region": region})

    early = ("ngo", "1", "Z", "offender", "SUS", "2020-01-01", "F", "", "", "167")
    late = ("ngo", "1", "Z", "offender", "SUS", "2022-01-01", "F", "", "", "167")
    other = ("ngo", "2", "Z", "offender", "SUS", "2022-01-01", "F", "", "", "170")
    assert principal(early, other) == "170", "167 was no trafficking article yet"
    assert principal(late, other) == "167"
