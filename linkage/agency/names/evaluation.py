"""How well the normaliser tells names apart, on labelled pairs: with nothing but what the unit could see.

The similarity reads keys, sets of keys and the Dice of bigrams, role by role, and never the text itself. The weakest of
the names that both records have decides most: one brother differs from the other in one name of three.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from linkage.agency.encode import grams_of
from linkage.agency.names import person
from linkage.agency.names.alternates import base
from linkage.agency.names.person import Name, PersonName, person_name
from linkage.errors import DataError, ExtractError

_COLUMNS = ("a", "b", "same", "why")
_EXACT, _SAME_KEY, _OTHER_SCHEME, _SAME_BASE, _SEX_PAIR = 1.0, 0.98, 0.95, 0.85, 0.4
_MOST_BY_DICE, _SAME_INITIAL, _OTHER_INITIAL, _NO_EVIDENCE = 0.8, 0.8, 0.1, 0.5
_EXCHANGED = 0.97
_WEAKEST = 0.7
_LEAST_TIMED = 20_000
WORST = 20


class Pair(NamedTuple):
    """One labelled pair of full names."""

    a: str
    b: str
    same: bool
    why: str


def read_pairs(path: Path) -> list[Pair]:
    """Labelled pairs from a tab-separated file with the columns `a b same why`.

    Raises:
        ExtractError: the file cannot be read.
        DataError: a column is missing, a label is neither 0 nor 1, or one of the two labels never occurs.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError):
        raise ExtractError("the file cannot be read", file=str(path), hint="it must be tab-separated UTF-8") from None
    for number, row in enumerate(rows, start=2):
        if any(row.get(column) is None for column in _COLUMNS) or row["same"] not in {"0", "1"}:
            raise DataError(f"row {number} is not of the columns a, b, same (0 or 1), why", file=str(path))
    pairs = [Pair(row["a"], row["b"], row["same"] == "1", row["why"]) for row in rows]
    if {pair.same for pair in pairs} != {True, False}:
        raise DataError("there must be pairs of one person and pairs of two", file=str(path))
    return pairs


def evaluate_names(pairs: Sequence[Pair]) -> dict[str, Any]:
    """How well the pairs are told apart.

    Returns:
        `pairs`, `same`, `different`; `auc`: chance that a pair of one person is more similar than a pair of two;
        `recall_at_0_fp`, `recall_at_3_fp`: share of the former above all, or all but three, of the latter;
        `exact_key_recall`, `exact_key_false`: share of the former, and number of the latter, whose keys meet in every
        role; `names_per_second`, with every distinct cell read once, and `names_per_second_uncached`; `worst`: rows of
        the file, the most misleading first.
    """
    read = [(person_name("", "", "", pair.a), person_name("", "", "", pair.b)) for pair in pairs]
    scores = [similarity(a, b) for a, b in read]
    exact = [same_keys(a, b) for a, b in read]
    same = [score for score, pair in zip(scores, pairs, strict=True) if pair.same]
    different = sorted((score for score, pair in zip(scores, pairs, strict=True) if not pair.same), reverse=True)
    cached, uncached = names_per_second([name for pair in pairs for name in (pair.a, pair.b)])
    return {
        "pairs": len(pairs),
        "same": len(same),
        "different": len(different),
        "auc": round(_auc(same, different), 4),
        "recall_at_0_fp": _recall_above(same, different[0]),
        "recall_at_3_fp": _recall_above(same, different[3] if len(different) > 3 else -1.0),
        "exact_key_recall": round(sum(e for e, p in zip(exact, pairs, strict=True) if p.same) / len(same), 4),
        "exact_key_false": sum(e for e, p in zip(exact, pairs, strict=True) if not p.same),
        "names_per_second": cached,
        "names_per_second_uncached": uncached,
        "worst": _worst(pairs, scores),
    }


def similarity(a: PersonName, b: PersonName) -> float:
    """From 0 to 1, over the better of the two alignments of surname and given name; ½ = no evidence either way."""
    straight = (_alike(a.surname, b.surname), _given_alike(a, b), _alike(a.patronymic, b.patronymic))
    exchanged = (_alike(a.surname, b.given_name), _alike(a.given_name, b.surname), _alike(a.patronymic, b.patronymic))
    return max(_together(straight), _EXCHANGED * _together(exchanged) if _may_be_exchanged(a, b) else 0.0)


def same_keys(a: PersonName, b: PersonName) -> bool:
    """Whether the sets of keys meet in surname and given name, either way round, and no patronymics disagree."""
    straight = _meet(a.surname, b.surname) and _meet(a.given_name, b.given_name)
    exchanged = _may_be_exchanged(a, b) and _meet(a.surname, b.given_name) and _meet(a.given_name, b.surname)
    either_missing = not (a.patronymic.key and b.patronymic.key)
    return (straight or exchanged) and (either_missing or _meet(a.patronymic, b.patronymic))


def _may_be_exchanged(a: PersonName, b: PersonName) -> bool:
    """Where suffixes show both surnames, neither can be a given name (Пётр Иванов, Иван Петров)."""
    return not (a.surname.certain and b.surname.certain)


def names_per_second(names: Sequence[str]) -> tuple[int, int]:
    """Full names read in a second on one core: with each distinct cell read once, and from nothing."""
    first = _seconds(names)
    repeated = list(names) * (_LEAST_TIMED // len(names) + 1)
    return round(len(repeated) / _seconds(repeated)), round(len(names) / first)


def _seconds(names: Sequence[str]) -> float:
    for cache in (person.read_cell, person.read_part, person.name_of, base):
        cache.cache_clear()
    start = time.perf_counter()
    for name in names:
        person_name("", "", "", name)
    return max(time.perf_counter() - start, 1e-9)


def _given_alike(a: PersonName, b: PersonName) -> float | None:
    one, other = a.given_name, b.given_name
    bases = {base_ for base_ in (one.base, a.joined) if base_} & {base_ for base_ in (other.base, b.joined) if base_}
    if one.key and other.key and not _meet(one, other):
        if a.unsexed == b.unsexed:
            return _SEX_PAIR
        if bases:
            return _SAME_BASE
    return _alike(one, other)


def _alike(one: Name, other: Name) -> float | None:
    """Similarity of two names; None where one is missing or damaged."""
    if not (one.key and other.key):
        if one.damaged or other.damaged or not (one.initial and other.initial):
            return None
        return _SAME_INITIAL if one.initial == other.initial else _OTHER_INITIAL
    if one.skeleton == other.skeleton:
        return _EXACT
    if one.key == other.key:
        return _SAME_KEY
    if _meet(one, other):
        return _OTHER_SCHEME
    return _SAME_BASE if one.base == other.base else _MOST_BY_DICE * _dice(one.key, other.key)


def _meet(one: Name, other: Name) -> bool:
    return bool(one.key and other.key) and not {one.key, *one.readings}.isdisjoint((other.key, *other.readings))


def _dice(one: str, other: str) -> float:
    a, b = set(grams_of(one, "bigrams")), set(grams_of(other, "bigrams"))
    return 2 * len(a & b) / (len(a) + len(b))


def _together(alike: Sequence[float | None]) -> float:
    known = [one for one in alike if one is not None]
    return _WEAKEST * min(known) + (1 - _WEAKEST) * sum(known) / len(known) if known else _NO_EVIDENCE


def _auc(same: Sequence[float], different: Sequence[float]) -> float:
    wins = sum((one > other) + 0.5 * (one == other) for one in same for other in different)
    return wins / (len(same) * len(different))


def _recall_above(same: Sequence[float], score: float) -> float:
    return round(sum(one > score for one in same) / len(same), 4)


def _worst(pairs: Sequence[Pair], scores: Sequence[float]) -> list[dict[str, Any]]:
    """Rows of the file whose score misleads most, the header being row 1."""
    misled = [score if pair.same else 1 - score for pair, score in zip(pairs, scores, strict=True)]
    worst = sorted(range(len(pairs)), key=misled.__getitem__)[:WORST]
    return [
        {"row": place + 2, "same": int(pairs[place].same), "similarity": round(scores[place], 3), "why": pairs[place].why}
        for place in worst
    ]
