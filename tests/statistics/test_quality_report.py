"""What the quality report says, and what it must not."""

import json

import numpy as np
import pandas as pd
import pytest

from linkage.bundle.format import Summary
from linkage.protocol import ready_protocol
from linkage.statistics.cells import KEY
from linkage.statistics.content import Summarised
from linkage.statistics.partitions import Draws
from linkage.statistics.quality_report import Linkage, quality, redesigned
from linkage.statistics.redesign import EXACT, Plan
from linkage.statistics.words import LANGUAGES, read_words
from linkage.unit.workspace import PartitionsTable

TIP = ready_protocol("tip")
MANIFEST = {
    "quality": {
        **{"records": 5, "persons": 40, "persons_estimated": 38, "persons_low": 36, "persons_high": 41, "records_doubtful": 2},
        **{"estimated_precision_permille": 990, "estimated_recall_permille": 950, "blocking_kept_permille": 970},
        **{"joins_missing": 3, "pairs_compared": 200, "pairs_linked": 120},
    },
    "model": {"origin": "estimated", "converged": True, "iterations": 9},
    "inputs": {"tool": "0.1.0", "must": [1], "cannot": [1, 2]},
    "decisions": {"count": 4, "root": "0" * 64},
    "drift": {
        "since": "r0",
        "prior": 500_000,
        "comparisons": [{"name": "sex", "m": 1000, "u": 0, "candidates": 500, "weight": -1500}],
    },
    "passes": [{"name": "date", "pairs": 12, "blocks_left_out": 1, "records_left_out": 70, "pairs_left_out": 2415}],
}
CERTAINTY = {"draws": 2, "joins_missing": [1, 2], "cut": {"twins": 3}}
SUMMARIES = (
    Summarised("ngo", 10, Summary({"surname": 0, "birth_date": 9}, {"cyrillic": 2, "latin": 7, "mixed": 1, "none": 0}, 2, 1)),
    Summarised("police", 30, Summary({"surname": 3, "birth_date": 6}, {"cyrillic": 30, "latin": 0, "mixed": 0, "none": 0})),
)


@pytest.fixture
def frame(records):
    return records(
        ("police", "1", "A", "victim", "DET", "2018", "F", "Y_GE18", "TJ-DU"),
        ("ngo", "1", "A", "victim", "ASS", "", "F", "", "TJ-SU"),
        ("police", "2", "B", "victim", "DET", "2018", "M", "", ""),
        ("police", "3", "B", "victim", "DET", "2016", "M", "", ""),
        ("police", "4", "A", "offender", "SUS", "2018", "F", "", ""),
    )


@pytest.fixture
def draws():
    """In the first draw A's two victim records are together, as published, in the second they are apart."""
    table = PartitionsTable(
        np.array(["ngo", "police"], object),
        np.array(["1", "1"], object),
        np.zeros(2, np.int32),
        np.array([[0, 0], [0, 1]], np.int8),
    )
    return Draws(table, np.array([0, 1], np.int64), "")


@pytest.fixture
def told(frame, draws):
    return lambda tier="restricted", known=None: quality(
        frame, TIP, Linkage(MANIFEST, CERTAINTY, draws, SUMMARIES) if known is None else known, tier
    )


def named(rows, *keys, value="value"):
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row.get(value) for row in rows}


def test_sections_are_those_of_the_guidance(told):
    assert list(told()) == [
        *("population", "coverage", "cleaning", "linkage_variables", "missing", "scripts", "method", "linked", "errors"),
        *("interval", "blocking", "drift", "review"),
    ]
    assert all(row["name"] for rows in told().values() for row in rows)


def test_the_population_is_told_by_its_lists_and_years(told):
    found = named(told()["population"], "name")
    assert (found["agencies"], found["first_year"], found["last_year"], found["records"]) == ("ngo, police", "2016", "2018", 5)


def test_records_persons_and_their_ratio_stand_by_agency_and_role(told):
    assert told()["coverage"] == [
        {"name": "ngo", "role": "victim", "records": 1, "persons": 1, "records_per_hundred_persons": 100},
        {"name": "police", "role": "offender", "records": 1, "persons": 1, "records_per_hundred_persons": 100},
        {"name": "police", "role": "victim", "records": 3, "persons": 2, "records_per_hundred_persons": 150},
    ]


def test_what_is_missing_is_told_of_content_by_counting_and_of_identifiers_as_agencies_say(told):
    rows = told()["missing"]
    content = named([row for row in rows if row["kind"] == "content"], "name", value="all_agencies")
    assert (content["event_date"], content["age_group"], content["role"]) == (200, 800, 0)
    assert set(content) == set(TIP.content)
    identifiers = {row["name"]: row for row in rows if row["kind"] == "identifier"}
    assert identifiers["birth_date"] == {"name": "birth_date", "kind": "identifier", "ngo": 900, "police": 200}
    assert identifiers["surname"]["police"] == 100


def test_in_the_public_tier_agencies_are_taken_together(told):
    rows = [row for row in told("public")["missing"] if row["kind"] == "identifier"]
    assert named(rows, "name", value="all_agencies") == {"surname": 80, "birth_date": 380}
    assert [row["name"] for row in told("public")["scripts"]] == ["all_agencies"]


def test_shares_of_the_public_tier_do_not_tell_of_how_many_records_they_are(told):
    public = told("public")
    shares = [row["all_agencies"] for row in public["missing"]]
    shares += [share for row in public["scripts"] for name, share in row.items() if name != "name"]
    assert shares
    assert not [share for share in shares if share % 10]


def test_the_scripts_of_names_are_told_by_agency(told):
    ngo, police = told()["scripts"]
    assert (ngo["name"], ngo["cyrillic_permille"], ngo["latin_permille"], ngo["mixed_permille"]) == ("ngo", 200, 700, 100)
    assert police["cyrillic_permille"] == 1000


def test_what_was_blanked_and_left_out_is_told(told):
    assert told()["cleaning"][0] == {"name": "ngo", "records": 10, "left_out": 1, "blanked": 2}
    assert told("public")["cleaning"] == [{"name": "all_agencies", "blanked_per_thousand_records": 50}]


def test_linkage_rates_are_told_by_group_within_a_role(told):
    rates = {(row["name"], row["role"], row["value"]): row for row in told()["linked"]}
    police = rates["agency", "victim", "police"]
    assert (police["records"], police["linked_permille"], police["other_list_permille"]) == (3, 1000, 333)
    assert rates["sex", "victim", "M"]["other_list_permille"] == 0
    assert rates["sex", "victim", "M"]["records_per_hundred_persons"] == 200
    assert rates["region", "victim", "_U"]["records"] == 2


def test_for_whom_linkage_is_least_sure_is_told_by_group(told):
    """In one of two draws A loses the NGO's or the police's record: of the police's three, B's two never move."""
    rates = {(row["name"], row["role"], row["value"]): row for row in told()["linked"]}
    assert rates["agency", "victim", "ngo"]["unsure_permille"] == 500
    assert rates["agency", "victim", "police"]["unsure_permille"] == 167
    assert rates["sex", "victim", "M"]["unsure_permille"] == 0


def test_a_record_of_another_role_is_no_link_since_it_would_give_away_who_is_both(told):
    (offender,) = [row for row in told()["linked"] if row["role"] == "offender" and row["name"] == "agency"]
    assert (offender["linked_permille"], offender["other_list_permille"]) == (0, 0)


def test_estimated_errors_have_the_runs_estimate_and_the_draws_interval(told):
    """Published pairs: A's three and B's one. The second draw parts police 1 from A, and lacks one join."""
    found = {row["name"]: row for row in told()["errors"]}
    assert found["false_matches_permille"]["value"] == 10
    assert found["missed_matches_permille"]["value"] == 50
    assert found["false_matches_permille"]["low"] == 0
    assert found["false_matches_permille"]["high"] > 0
    assert found["missed_matches_permille"]["high"] > 0


def cell(role, count, low, high, hidden="", **named):
    whole = {**dict.fromkeys(KEY, "_T"), "table": "sex_age", "unit": "PERSON", "role": role}
    return {**whole, "count": count, "low": low, "high": high, "hidden": hidden, **named}


def test_the_linkage_interval_is_told_of_each_role_as_the_tables_have_it(frame):
    cells = [cell("victim", 9, 8, 10), cell("victim", 5, 5, 6, sex="F"), cell("offender", -1, -1, -1, "primary")]
    rows = quality(frame, TIP, Linkage(), "public", pd.DataFrame(cells))["interval"]
    assert rows == [{"name": "persons", "role": "victim", "value": 9, "low": 8, "high": 10}]
    assert quality(frame, TIP, Linkage(), "public")["interval"] == [{"name": "not_known", "note": "no_draws"}]


def test_a_coarser_plan_is_told_in_codes_of_which_each_language_has_words():
    plan = Plan(
        others=(("victim", "region", "TJ-GB"), ("victim", "region", "TJ-RA")),
        pools=(("2016-2018", ("2016", "2017", "2018")),),
        collapsed=(("article", "any", "victim", "sex"), ("cube", "_T", "victim", "sex")),
        dropped=(("cube", "victim"),),
    )
    rows = redesigned(plan)
    assert [(row["name"], row["note"], row.get("value")) for row in rows] == [
        ("region", "together", "TJ-GB, TJ-RA"),
        ("places", "pooled", "2016-2018"),
        ("article", "without_sex", None),
        ("cube", "dropped", None),
    ]
    assert all(row["note"] in read_words(language).codes["quality"] for row in rows for language in LANGUAGES)
    assert redesigned(EXACT) == []


def test_every_section_column_and_name_of_ours_has_a_word(told):
    words = read_words("en").codes
    known = {*words["quality"], *words["dimension"], *words["agency"], "name"}
    of_protocol = {*TIP.identifiers, *(one.name for one in TIP.comparisons), "date"}
    named_by_us = [row["name"] for section, rows in told().items() for row in rows]
    columns = [column for rows in told().values() for row in rows for column in row]
    assert not {*told(), *columns, *named_by_us} - known - of_protocol


def test_blocking_tells_what_it_lost_and_what_was_left_out(told):
    rows = told()["blocking"]
    assert named(rows, "name")["blocking_lost_permille"] == 30
    assert rows[-1] == {"name": "date", "pairs": 12, "blocks_left_out": 1, "records_left_out": 70, "pairs_left_out": 2415}
    assert [row["name"] for row in told("public")["blocking"]] == ["blocking_lost_permille"]


def test_drift_is_told_in_thousandths_of_a_bit(told):
    prior, sex = told()["drift"]
    assert prior == {"name": "prior", "weight_millibits": 500}
    assert sex == {"name": "sex", "m_millibits": 1, "u_millibits": 0, "candidates_millibits": 1, "weight_millibits": -1}


def test_a_first_run_has_nothing_to_drift_from(told):
    (row,) = told(known=Linkage({**MANIFEST, "drift": None}, CERTAINTY))["drift"]
    assert row["note"] == "no_earlier_model"


def test_clerical_review_is_told_as_a_rate_and_in_numbers(told):
    found = named(told()["review"], "name")
    assert (found["clerical_permille"], found["decisions"], found["decided_same"], found["decided_different"]) == (20, 4, 1, 2)
    assert {"name": "cut", "value": 3, "note": "twins"} in told()["review"]


def test_with_a_person_map_alone_it_is_said_what_is_not_known(told):
    alone, words = told(known=Linkage()), read_words("en").codes["quality"]
    for name in ("cleaning", "errors", "interval", "blocking", "drift", "review"):
        assert [row["name"] for row in alone[name]] == ["not_known"], name
        assert alone[name][0]["note"] in words
    assert "scripts" not in alone
    assert {row["kind"] for row in alone["missing"]} == {"content", "identifier"}
    assert alone["linked"] == [{k: v for k, v in row.items() if k != "unsure_permille"} for row in told()["linked"]]


def test_agencies_that_sealed_before_there_were_summaries_are_left_out_of_what_is_known(told):
    older = (Summarised("court", 7, None), *SUMMARIES)
    assert {row["name"] for row in told(known=Linkage(summaries=older))["scripts"]} == {"ngo", "police"}


def test_the_public_tier_has_shares_and_never_a_number_of_records_or_persons(told):
    public = told("public")
    assert not {"coverage", "linked"} & set(public)
    measures = {key for rows in public.values() for row in rows for key in row}
    assert not measures & {"records", "persons", "left_out", "blanked", "pairs"}
    assert not {row["name"] for rows in public.values() for row in rows} & {"records", "persons", "joins_missing", "decisions"}


@pytest.mark.parametrize("tier", ["restricted", "public"])
def test_the_number_of_persons_of_all_roles_is_never_told_since_it_gives_away_how_many_are_of_both(told, tier):
    text = json.dumps([row for name, rows in told(tier).items() if name != "coverage" for row in rows])
    assert '"persons"' not in text
    for number in ("40", "38", "36", "41"):
        assert f": {number}," not in text
        assert f": {number}}}" not in text


def test_all_numbers_are_whole_so_that_the_same_inputs_give_the_same_bytes(told, frame):
    kinds = {type(value) for rows in told().values() for row in rows for value in row.values()}
    assert kinds <= {str, int, bool}


def test_the_order_of_rows_changes_nothing(told, frame, draws):
    known = Linkage(MANIFEST, CERTAINTY, draws, SUMMARIES)
    assert quality(frame.iloc[::-1], TIP, known, "restricted") == told()
