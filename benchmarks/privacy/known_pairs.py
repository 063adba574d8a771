"""Known pairs: some people's encodings are known with their names; what do they tell of all the others?

Two attacks, and the better counts. *Regression*: ridge regression from grams to every bit that leaves, learnt on the known
pairs; each victim is taken for the person of a dictionary whose predicted bits fit best. *Landmarks*: the attacker encodes
known people and dictionary under a key of his own; a victim is taken for the person who resembles the known people, and
shares tokens with them, as the victim does.
Source: ridge regression, Hoerl & Kennard 1970; the attack after the security reference, section 4; landmarks after seeded
graph matching (Lyzinski, Fishkind & Priebe 2014).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.privacy.held import Held, bits_of, classes
from linkage.agency.encode import grams_of

Float = NDArray[np.float32]
_PENALTY = 1.0
_MOST_BITS = 8192


class Case(NamedTuple):
    """An attack.

    Attributes:
        frame: the dictionary's plaintext, the known people first, then the victims, then others.
        target: encodings of the known people and the victims, in that order.
        own: the attacker's encodings of the whole dictionary under a key of his own.
        known: how many are known.
        victims: how many are to be named.
    """

    frame: pd.DataFrame
    target: Held
    own: Held
    known: int
    victims: int


def share_named(case: Case) -> float:
    """Share of the victims that the better attack names rightly."""
    return max(_named(_by_regression(case), case), _named(_by_landmarks(case), case))


def _named(score: Float, case: Case) -> float:
    """Share of victims whose own entry, and no other, has the highest score; ties count for nothing."""
    best = score.max(axis=1, keepdims=True)
    alone = (score >= best).sum(axis=1) == 1
    right = score.argmax(axis=1) == np.arange(case.known, case.known + case.victims)
    return float((alone & right).mean())


def _by_regression(case: Case) -> Float:
    """(victims, dictionary) correlation of a victim's bits with those predicted of each person."""
    grams = gram_matrix(case.frame)
    bits = _some(bits_of(case.target.filters)).astype(np.float32)
    if not bits.size:
        return np.zeros((case.victims, len(grams)), np.float32)
    learnt, answers = grams[: case.known], bits[: case.known]
    mean = answers.mean(axis=0)
    kernel = learnt @ learnt.T + _PENALTY * np.eye(case.known, dtype=np.float32)
    predicted = grams @ (learnt.T @ np.linalg.solve(kernel, answers - mean))
    return _rows_scaled(bits[case.known :] - mean) @ _rows_scaled(predicted).T


def gram_matrix(frame: pd.DataFrame) -> Float:
    """(n, n_features) which grams of names and dates, and which other values, each person has, and a constant."""
    columns = []
    for name in frame.columns:
        kind = "digits" if name == "birth_date" else "bigrams" if name in ("surname", "given_name", "patronymic") else "value"
        rows = [grams_of(text.lower(), kind) for text in frame[name]]
        index = {gram: place for place, gram in enumerate(sorted({gram for row in rows for gram in row}))}
        one = np.zeros((len(frame), len(index)), np.float32)
        for number, row in enumerate(rows):
            one[number, [index[gram] for gram in row]] = 1.0
        columns.append(one)
    return np.concatenate([*columns, np.ones((len(frame), 1), np.float32)], axis=1)


def _some(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most `_MOST_BITS` columns, spread evenly."""
    step = max(1, -(-bits.shape[1] // _MOST_BITS))
    return bits[:, ::step]


def _rows_scaled(rows: Float) -> Float:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9), np.float32)


def _by_landmarks(case: Case) -> Float:
    """(victims, dictionary) how alike two profiles are: of the victim to the known people, and of each person to them."""
    victims, people = _profiles(case.target, case.known)[case.known :], _profiles(case.own, case.known)
    spread = people[case.known :].std(axis=0)
    useful = spread > 0
    if not useful.any():
        return np.zeros((len(victims), len(people)), np.float32)
    return _rows_scaled(victims[:, useful] / spread[useful]) @ _rows_scaled(people[:, useful] / spread[useful]).T


def _profiles(held: Held, known: int) -> Float:
    """(n, landmarks) of every record: Dice of all filters with each known record, and which values it shares with it."""
    bits = _some(bits_of(held.filters)).astype(np.float32)
    ones = bits.sum(axis=1)
    dice = 2.0 * (bits @ bits[:known].T) / np.maximum(ones[:, None] + ones[None, :known], 1.0)
    shared = np.zeros_like(dice)
    for column in classes(held).T:
        sizes = np.bincount(column[column >= 0], minlength=1)
        weight = np.where(column >= 0, np.log2(len(column) / np.maximum(sizes[np.maximum(column, 0)], 1)), 0.0)
        shared += (column[:, None] == column[None, :known]) * weight[:, None].astype(np.float32)
    return np.concatenate([dice, shared], axis=1)
