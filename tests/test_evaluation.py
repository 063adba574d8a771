import importlib.util
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import DataError, ExtractError
from linkage.evaluation import evaluate, read_columns, translate

TIPSIM = Path(__file__).parents[2] / "shared" / "data" / "tipsim"
COLUMNS = ["agency", "record_id", "person_id"]
needs_practice_data = pytest.mark.skipif(not (TIPSIM / "score.py").is_file(), reason="the practice data is not here")


def people(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


# Truth: A = {1, 2, 3}, B = {4, 5}, C = {6}; found: {1, 2} {3} {4, 5, 6}.
AGENCIES = ["police", "court", "ngo", "police", "police", "court"]
TRUTH = people(*zip(AGENCIES, "123456", "AAABBC", strict=True))
FOUND = people(*zip(AGENCIES, "123456", "112333", strict=True))


def test_a_worked_example_gives_the_figures_worked_out_by_hand():
    # true pairs 12 13 23 45; found 12 45 46 56; right 12 45
    result = evaluate(FOUND, TRUTH)
    half = {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    third = {"precision": 0.333333, "recall": 0.333333, "f1": 0.333333}
    whole = {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert result == {
        "records": 6,
        "records_without_person": 0,
        "records_outside_truth": 0,
        "pairs": {
            "all": {**half, "correct_pairs": 2, "estimated_pairs": 4, "true_pairs": 4},
            "within_lists": {**whole, "correct_pairs": 1, "estimated_pairs": 1, "true_pairs": 1},
            "across_lists": {**third, "correct_pairs": 1, "estimated_pairs": 3, "true_pairs": 3},
        },
        "bcubed": {"precision": 0.777778, "recall": 0.777778, "f1": 0.777778},
        "exact_clusters": {"all": 0.0, "size_2_plus": 0.0},
        "persons": {"true": 3, "estimated": 3, "error": 0, "relative_error": 0.0},
    }


def test_the_truth_itself_is_perfect_under_any_names():
    renamed = TRUTH.assign(person_id=TRUTH["person_id"].map({"A": "x", "B": "A", "C": "B"})).iloc[::-1]
    result = evaluate(renamed, TRUTH)
    assert result["pairs"]["all"]["f1"] == result["bcubed"]["f1"] == result["exact_clusters"]["all"] == 1.0
    assert result["persons"]["error"] == 0


def test_records_that_the_map_lacks_count_as_persons_of_their_own():
    result = evaluate(FOUND.iloc[:2], TRUTH)
    assert (result["records_without_person"], result["persons"]["estimated"]) == (4, 5)
    assert result["exact_clusters"]["all"] == 0.333333


def test_records_outside_the_truth_are_reported_and_change_nothing_else():
    more = pd.concat([FOUND, people(("ngo", "9", "3"), ("ngo", "8", "1"))])
    assert evaluate(more, TRUTH) == {**evaluate(FOUND, TRUTH), "records_outside_truth": 2}


def test_no_pairs_give_no_shares():
    alone = people(("police", "1", "A"), ("police", "2", "B"))
    result = evaluate(alone, alone)
    assert result["pairs"]["all"]["precision"] is None
    assert result["exact_clusters"] == {"all": 1.0, "size_2_plus": None}


@pytest.mark.parametrize("twice", ["found", "truth"])
def test_a_record_named_twice_is_refused_without_its_id(twice):
    doubled = {"found": FOUND, "truth": TRUTH}
    doubled[twice] = pd.concat([doubled[twice], people(("ngo", "3", "Z"))])
    with pytest.raises(DataError, match=r"names a record twice$"):
        evaluate(doubled["found"], doubled["truth"])


def test_an_empty_truth_is_refused():
    with pytest.raises(DataError):
        evaluate(FOUND, TRUTH.iloc[:0])


RECORDS = st.lists(st.tuples(st.sampled_from(["police", "court"]), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=14)


@given(RECORDS)
@settings(max_examples=40, deadline=None)
def test_group_sizes_give_what_listing_every_pair_gives(records):
    truth = people(*((agency, str(n), f"T{true}") for n, (agency, true, _) in enumerate(records)))
    found = people(*((agency, str(n), f"F{other}") for n, (agency, _, other) in enumerate(records)))
    result = evaluate(found, truth)
    for kind, chosen in (("all", {True, False}), ("within_lists", {True}), ("across_lists", {False})):
        listed = [(a, b) for a, b in combinations(records, 2) if (a[0] == b[0]) in chosen]
        true, estimated = ({i for i, (a, b) in enumerate(listed) if a[k] == b[k]} for k in (1, 2))
        numbers = [result["pairs"][kind][f"{name}_pairs"] for name in ("true", "estimated", "correct")]
        assert numbers == [len(true), len(estimated), len(true & estimated)]
    shares = [bcubed_of(one, records) for one in records]
    precision, recall = (float(sum(column) / len(records)) for column in zip(*shares, strict=True))
    assert result["bcubed"]["precision"] == pytest.approx(precision, abs=1e-6)
    assert result["bcubed"]["recall"] == pytest.approx(recall, abs=1e-6)


def bcubed_of(one, records):
    both = sum(one[1:] == other[1:] for other in records)
    return Fraction(both, sum(one[2] == other[2] for other in records)), Fraction(
        both, sum(one[1] == other[1] for other in records)
    )


@pytest.fixture(scope="module")
def oracle():
    spec = importlib.util.spec_from_file_location("tipsim_score", TIPSIM / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def agrees(result, expected):
    names = {"all": "all", "within_lists": "within_list", "across_lists": "across_lists"}
    for ours, theirs in names.items():
        for name in ("precision", "recall", "f1", "correct_pairs", "true_pairs"):
            assert result["pairs"][ours][name] == expected["pairs"][theirs][name]
        assert result["pairs"][ours]["estimated_pairs"] == expected["pairs"][theirs]["predicted_pairs"]
    assert result["bcubed"] == expected["bcubed"]
    assert result["exact_clusters"] == {
        "all": expected["exact_cluster_rate"],
        "size_2_plus": expected["exact_cluster_rate_size2plus"],
    }
    assert result["persons"] == expected["counts"]["unique_persons"]
    assert result["records_without_person"] == expected["records_without_prediction"]


@needs_practice_data
def test_the_independent_scorer_agrees_on_the_worked_example(oracle):
    details = {"role": "victim", "stage": "DET", "year": 2018, "sex": "F"}
    agrees(evaluate(FOUND, TRUTH), oracle.score(TRUTH.assign(**details), FOUND))
    agrees(evaluate(FOUND.iloc[:2], TRUTH), oracle.score(TRUTH.assign(**details), FOUND.iloc[:2]))


@needs_practice_data
@pytest.mark.parametrize("name", ["S_pipeline_seed1", "S_sparse_seed2"])
def test_the_independent_scorer_agrees_on_practice_data_with_every_kind_of_error(oracle, name):
    truth = oracle.load(TIPSIM / name / "truth" / "truth.csv")
    draw = np.random.default_rng(11)
    found = truth[COLUMNS].copy()
    wrong = draw.random(len(found)) < 0.2
    found.loc[wrong, "person_id"] = draw.permutation(found.loc[wrong, "person_id"].to_numpy())
    found = found[draw.random(len(found)) < 0.9]
    result = evaluate(found, truth)
    agrees(result, oracle.score(truth, found))
    assert 0 < result["pairs"]["all"]["f1"] < 1
    assert result["records_without_person"] > 0


REGISTER = pd.DataFrame({"record_id": ["7", "8"], "record": ["AAA", "BBB"]})


def test_registers_turn_pseudonyms_into_local_ids_agency_by_agency():
    persons = pd.DataFrame({"agency": ["court", "police"], "record": ["AAA", "AAA"], "person_id": ["x", "y"]})
    other = pd.DataFrame({"record_id": ["1"], "record": ["AAA"]})
    named = translate(persons, {"police": [REGISTER, REGISTER], "court": [other]})
    assert named.to_dict("list") == {"agency": ["court", "police"], "record_id": ["1", "7"], "person_id": ["x", "y"]}


def test_a_record_that_no_register_knows_is_told_by_agency_and_number():
    persons = pd.DataFrame({"agency": ["ngo", "police"], "record": ["AAA", "CCC"], "person_id": ["x", "y"]})
    with pytest.raises(DataError, match=r"in no register: ngo 1, police 1$"):
        translate(persons, {"police": [REGISTER]})


def test_registers_that_contradict_each_other_are_refused():
    persons = pd.DataFrame({"agency": ["police"], "record": ["AAA"], "person_id": ["x"]})
    with pytest.raises(DataError, match=r"two local ids in the registers: police 2$"):
        translate(persons, {"police": [REGISTER, REGISTER.assign(record_id=["8", "7"])]})


@pytest.mark.parametrize(
    "content", [b"", b"agency,record\na,b\n", b"\xff\xfe\x00", None], ids=["empty", "column missing", "not text", "no file"]
)
def test_a_file_that_is_not_the_table_is_refused_by_name(tmp_path, content):
    path = tmp_path / "persons.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExtractError) as caught:
        read_columns(path, ("agency", "record", "person_id"))
    assert caught.value.file == str(path)


def test_values_are_text_and_blanks_are_not_numbers(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("\ufeffperson_id,more,record_id,agency\n007,x,NA,\n".encode())
    assert read_columns(path, COLUMNS).to_dict("list") == {"agency": [""], "record_id": ["NA"], "person_id": ["007"]}
