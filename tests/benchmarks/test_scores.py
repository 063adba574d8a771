import numpy as np
import pandas as pd

from benchmarks.quality.peers import prepared
from benchmarks.quality.practice import Rows
from benchmarks.quality.scores import better_of, exact_equality, of_links, of_persons


def rows(*cells):
    """(person, surname, given name, birth date) each."""
    frame = pd.DataFrame(cells, columns=["person_id", "surname", "given_name", "birth_date"])
    frame.insert(0, "record_id", [str(place) for place in range(len(frame))])
    frame.insert(0, "agency", "police")
    return Rows(frame.drop(columns="person_id"), frame[["agency", "record_id", "person_id"]])


def truth(*persons):
    return rows(*((person, "", "", "") for person in persons)).truth


def test_links_are_scored_as_returned_and_persons_as_they_connect():
    left, right = np.array([0, 1, 3], np.int32), np.array([1, 2, 4], np.int32)
    score = of_links(left, right, truth("a", "a", "a", "b", "c"))
    assert score["pairs"]["all"] == {"precision": 0.666667, "recall": 0.666667, "f1": 0.666667}
    assert (score["persons"]["true"], score["persons"]["estimated"]) == (3, 2)


def test_of_links_and_the_persons_that_they_connect_the_pairs_with_the_higher_f1_count():
    left, right = np.array([0, 1], np.int32), np.array([1, 2], np.int32)
    closed, chained = better_of(left, right, truth("a", "a", "a")), better_of(left, right, truth("a", "a", "b"))
    assert (closed["scored"], closed["pairs"]["all"]["f1"]) == ("persons", 1.0)
    assert (chained["scored"], chained["pairs"]["all"]["f1"]) == ("links", 0.666667)
    assert chained["persons"]["estimated"] == 1


def test_no_links_have_no_precision_and_no_recall():
    none = np.array([], np.int32)
    score = of_links(none, none, truth("a", "a", "b"))
    assert score["pairs"]["all"] == {"precision": None, "recall": 0.0, "f1": 0.0}
    assert score["persons"]["error"] == 1


def test_the_count_by_hand_folds_case_and_joins_nothing_that_is_missing():
    made = rows(
        ("a", "Saidov", "Firuz", "1990-01-01"),
        ("a", "SAIDOV ", "firuz", "1990-01-01"),
        ("b", "Saidov", "Firuz", ""),
        ("c", "Saidov", "Firuz", ""),
        ("a", "Саидов", "Firuz", "1990-01-01"),
    )
    score = exact_equality(made)
    assert (score["persons"]["true"], score["persons"]["estimated"]) == (3, 4)
    assert score["pairs"]["all"]["precision"] == 1.0


def test_a_perfect_map_has_perfect_scores():
    perfect = truth("a", "a", "b")
    score = of_persons(perfect, perfect)
    assert score["pairs"]["all"]["f1"] == score["bcubed"]["f1"] == score["exact_clusters"]["all"] == 1.0
    assert score["persons"]["error"] == 0


def test_peers_get_latin_lower_case_and_names_out_of_one_cell():
    frame = pd.DataFrame(
        {
            "surname": ["Саидов", "", ""],
            "given_name": ["Фируз", "", "Мавҷуда"],
            "patronymic": ["", "", ""],
            "full_name": ["", "Зоирова Наргис Икромовна", ""],
            "birth_date": ["1990-02-01", "", ""],
            "birth_year": ["", "1985", ""],
        }
    )
    ready = prepared(frame)
    assert ready[["surname", "given_name", "patronymic"]].to_numpy().tolist() == [
        ["saidov", "firuz", ""],
        ["zoirova", "nargis", "ikromovna"],
        ["", "mavjuda", ""],
    ]
    assert ready["year"].tolist() == ["1990", "1985", ""]
    assert ready.loc[0, ["month", "day", "digits"]].tolist() == ["02", "01", "19900201"]


def test_peers_get_a_year_for_an_age_and_lists_without_birth_dates():
    frame = pd.DataFrame({"surname": ["a", "b"], "birth_year": ["1990", ""], "age": ["", "20"], "event_date": ["", "2018-05-01"]})
    ready = prepared(frame)
    assert ready["about"].tolist() == ["1990", "1998"]
    assert ready["year"].tolist() == ["1990", ""]
    assert ready["birth_date"].tolist() == ["", ""]
