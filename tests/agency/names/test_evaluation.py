"""Figures on labelled pairs: what each means, and the floors that they must keep."""

from pathlib import Path

import pytest

from linkage.agency.names import person_name
from linkage.agency.names.evaluation import Pair, evaluate_names, names_per_second, read_pairs, same_keys, similarity
from linkage.errors import DataError, ExtractError

NAME_PAIRS = Path(__file__).parents[4] / "shared" / "data" / "name_pairs.tsv"
OWN_PAIRS = Path(__file__).with_name("pairs.tsv")


def read(full_name):
    return person_name("", "", "", full_name)


@pytest.mark.skipif(not NAME_PAIRS.exists(), reason="shared data are absent")
def test_quality_floor_on_the_shared_pairs():
    result = evaluate_names(read_pairs(NAME_PAIRS))
    assert result["auc"] >= 0.97
    assert result["exact_key_recall"] >= 0.80
    assert result["exact_key_false"] * 60 <= result["different"]


def test_quality_floor_on_our_own_pairs():
    """Written from the specification before the code was run on them; first run: AUC .9861, exact keys .8412 with 4 false."""
    result = evaluate_names(read_pairs(OWN_PAIRS))
    assert result["pairs"] >= 300
    assert result["different"] >= 0.35 * result["pairs"]
    assert result["auc"] >= 0.98
    assert result["exact_key_recall"] >= 0.82
    assert result["exact_key_false"] * 60 <= result["different"]


def test_better_agreement_is_more_similar():
    spellings = ["Саидов Карим", "Саидов Каримҷон", "Саидов Керим", "Саидов Комрон", "Одинаев Фаррух"]
    scores = [similarity(read("Саидов Карим"), read(other)) for other in spellings]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1.0


def test_what_is_missing_or_damaged_is_no_evidence():
    assert similarity(read("Ра?монов ?амшед"), read("Раҳмонов Ҷамшед")) == 0.5
    assert similarity(read("Саидов Карим"), read("Саидов Карим Рахмонович")) == 1.0


def test_names_with_suffixes_are_never_taken_as_exchanged():
    assert similarity(read("Иван Петров"), read("Пётр Иванов")) < 0.5
    assert not same_keys(read("Иван Петров"), read("Пётр Иванов"))
    assert same_keys(read("Эмомалӣ Раҳмон"), read("Раҳмон Эмомалӣ"))


def test_the_figures_count_pairs():
    a, b, c = "Саидов Карим", "Saidov Karim", "Одинаев Фаррух"
    result = evaluate_names([Pair(a, b, True, ""), Pair(a, c, False, ""), Pair(b, c, False, ""), Pair(a, a, False, "namesakes")])
    assert result["auc"] == round(2.5 / 3, 4)
    assert (result["exact_key_recall"], result["exact_key_false"]) == (1.0, 1)
    assert (result["recall_at_0_fp"], result["recall_at_3_fp"]) == (0.0, 1.0)
    assert result["worst"][0] == {"row": 5, "same": 0, "similarity": 1.0, "why": "namesakes"}


def test_names_are_read_by_the_ten_thousand():
    cached, uncached = names_per_second([pair.a for pair in read_pairs(OWN_PAIRS)])
    assert cached >= 10_000  # the aim is 30,000 on a quiet core; a shared machine must not fail the test
    assert uncached >= 1_000


@pytest.mark.parametrize(
    "text", ["", "a\tb\tsame\twhy\n", "a\tb\tsame\twhy\nx\ty\t2\t-\n", "a\tb\tsame\twhy\nx\ty\t1\t-\n", "a\tb\nx\ty\n"]
)
def test_a_file_that_is_no_list_of_labelled_pairs_is_refused(tmp_path, text):
    file = tmp_path / "pairs.tsv"
    file.write_text(text)
    with pytest.raises(DataError):
        read_pairs(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ExtractError):
        read_pairs(tmp_path / "none.tsv")
