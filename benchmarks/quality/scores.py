"""One form of score for every method: pairs, persons, and the seconds that it took.

A person map is scored by `linkage.evaluation`. Programs that return links and no persons are scored on their links as
they are; their persons are the records that links connect. Splink's users do either: of the pairs that it returns and the
pairs within the records that these connect, those with the higher F1 stand for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.quality.practice import Rows
from blocking import components
from linkage.evaluation import evaluate

Score = dict[str, Any]
# What else the truth says of a person map, `agency`, `record_id`, `person_id`.
Judge = Callable[[pd.DataFrame], dict[str, Any]]
_SHARES = ("precision", "recall", "f1")


def no_more(_: pd.DataFrame) -> dict[str, Any]:
    """The judge who says nothing."""
    return {}


def of_persons(persons: pd.DataFrame, truth: pd.DataFrame) -> Score:
    """Score of a person map, `agency`, `record_id`, `person_id`."""
    return shortened(evaluate(persons, truth))


def shortened(quality: dict[str, Any]) -> Score:
    """What of an evaluation is reported: shares of pairs, B³, exact persons, and the count."""
    pairs = {kind: {share: values[share] for share in _SHARES} for kind, values in quality["pairs"].items()}
    return {"pairs": pairs, "bcubed": quality["bcubed"], "exact_clusters": quality["exact_clusters"], "persons": quality["persons"]}


def of_links(left: NDArray[np.int32], right: NDArray[np.int32], truth: pd.DataFrame) -> Score:
    """Score of links between rows of the truth: pairs as they were returned, persons as they connect."""
    person = pd.factorize(truth["person_id"])[0]
    correct, estimated = int((person[left] == person[right]).sum()), len(left)
    sizes = np.bincount(person)
    true = int((sizes * (sizes - 1) // 2).sum())
    shares = (_share(correct, estimated), _share(correct, true), _share(2 * correct, estimated + true))
    persons = evaluate(connected(left, right, truth), truth)["persons"]
    return {"pairs": {"all": dict(zip(_SHARES, shares, strict=True))}, "persons": persons}


def connected(left: NDArray[np.int32], right: NDArray[np.int32], truth: pd.DataFrame) -> pd.DataFrame:
    """The person map that links between rows of the truth make: whoever they connect is one person."""
    return truth.assign(person_id=components(len(truth), left, right))


def better_of(left: NDArray[np.int32], right: NDArray[np.int32], truth: pd.DataFrame) -> Score:
    """Score of links as the persons that they connect, but with the pairs of the links where their F1 is higher.

    `scored` says which pairs they are.
    """
    persons, links = of_persons(connected(left, right, truth), truth), of_links(left, right, truth)
    of_both = {"persons": persons["pairs"], "links": links["pairs"]}
    scored = max(of_both, key=lambda kind: of_both[kind]["all"]["f1"] or 0)
    return {**persons, "pairs": of_both[scored], "scored": scored}


def exact_equality(rows: Rows) -> Score:
    """The count by hand: one person for each distinct surname, given name and birth date, as written but for case.

    A record that lacks one of the three is a person of its own.
    """
    cells = rows.records.reindex(columns=["surname", "given_name", "birth_date"], fill_value="")
    folded = cells.apply(lambda column: column.str.strip().str.casefold())
    person = folded.groupby(list(folded.columns), sort=False).ngroup().to_numpy()
    alone = (folded == "").any(axis=1).to_numpy()
    person = np.where(alone, len(person) + np.arange(len(person)), person)
    return {"method": "equal name and birth date", **of_persons(rows.truth.assign(person_id=person), rows.truth)}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None
