import pytest

from linkage.statistics.page_facts import lines, sections
from linkage.statistics.page_words import page_words


@pytest.fixture(scope="module")
def words(protocol):
    return page_words("en", protocol)


def test_a_section_is_a_table_whose_columns_are_what_its_rows_name(words):
    (one,) = sections({"coverage": [{"name": "police", "records": 12}, {"name": "ngo", "persons": 7}]}, "quality", words)
    assert one.heading == "Coverage of the lists"
    assert one.heads == ("Measure", "Records", "Persons")
    assert one.rows == (("police", "12", ""), ("NGO", "", "7"))


def test_a_mapping_is_a_section_of_names_and_values(words):
    (one,) = sections({"errors": {"false_matches_permille": 13}}, "quality", words)
    assert one.rows == (("false matches (‰ of pairs)", "13"),)


def test_a_code_has_its_name_under_the_field_that_its_row_names(words):
    (one,) = sections({"linked": [{"name": "region", "value": "TJ-SU", "linked_permille": 655}]}, "quality", words)
    assert one.rows == (("region", "Sughd", "655"),)


def test_a_remark_is_a_code_too_and_a_name_without_a_word_is_printed_with_spaces(words):
    (one,) = sections({"drift": [{"name": "given_name_2", "note": "no_earlier_model"}]}, "quality", words)
    assert one.rows == (("given name 2", "there is no earlier model to compare with"),)


def test_what_stands_in_no_section_comes_first_and_nothing_makes_no_table(words):
    found = sections({"drift": [], "errors": {}, "note": "", "late": {"records": 1}, "seed": 7}, "quality", words)
    assert [(one.heading, one.rows) for one in found] == [("", (("seed", "7"),)), ("Late", (("records", "1"),))]


def test_fractions_ranges_and_truths_are_written_for_readers(words):
    (one,) = sections({"all": {"a": 0.123456, "b": [1, 2], "c": True, "d": {"x": 10000}}}, "quality", words)
    assert [value for _, value in one.rows] == ["0.1235", "1–2", "yes", "x: 10\u202f000"]


def test_origin_gives_a_line_to_each_bundle(words):
    told = list(
        lines({"run": "ab12", "bundles": [{"agency": "police", "sequence": 3}, {"agency": "ngo", "sequence": 1}]}, "origin", words)
    )
    assert told == [("Run", "ab12"), ("Bundles", "agency police, sequence 3"), ("Bundles", "agency ngo, sequence 1")]
