"""Lists to attack: Latin names, few of them common, and Central Asian ones, many of them so.

Skewed names make attacks easier: common values stand out, and whole families look alike. One record a person, so that
whatever two records share they share as strangers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator

from benchmarks.invented import people as invented
from benchmarks.quality.practice import febrl4, febrl_folder
from linkage.demo.names_data import DISTRICTS, FEMALE_NAMES, MALE_NAMES, SURNAME_STEMS

LISTS = ("latin", "central_asian")
LONG = "central_asian, without patronymics"
# The k-th name is k^-skew times as common as the first; two strangers then agree as often as in TIP-SIM's lists.
_SKEW = {"surname": 0.8, "given_name": 0.3, "district": 0.3}
_FIRST_DAY, _DAYS = np.datetime64("1970-01-01"), 38 * 365
_HAS_PATRONYMIC, _HAS_DISTRICT = 0.7, 0.9


class People(NamedTuple):
    """A list.

    Attributes:
        name: of `LISTS`.
        frame: standard identifier columns, all text, "" = missing.
        protocol: the ready protocol for these columns.
    """

    name: str
    frame: pd.DataFrame
    protocol: str


def people(name: str, n: int, seed: int) -> People:
    """`n` people of one of the `LISTS`, or of `LONG`: the same people as the second, for the protocol for long lists."""
    if name == "latin":
        return People(name, _latin(n, seed), "persons")
    frame = _central_asian(n, np.random.Generator(np.random.PCG64(seed)))
    return People(name, frame.drop(columns="patronymic"), "national") if name == LONG else People(name, frame, "tip")


def _latin(n: int, seed: int) -> pd.DataFrame:
    """People of FEBRL 4's first list, or invented ones where it is not installed."""
    folder = febrl_folder()
    if folder is None:
        originals = invented(4 * n, seed).drop_duplicates("person_id")
        return originals.head(n)[["surname", "given_name", "birth_date"]].reset_index(drop=True)
    records = febrl4(folder).records
    originals = records[records["agency"] == "a"]
    return originals.sample(n, random_state=seed)[["surname", "given_name", "birth_date"]].reset_index(drop=True)


def _central_asian(n: int, generator: Generator) -> pd.DataFrame:
    sex = np.array(["F", "M"])[generator.integers(2, size=n)]
    hers, his = (_drawn(names, n, _SKEW["given_name"], generator) for names in (FEMALE_NAMES, MALE_NAMES))
    given = np.where(sex == "F", hers, his)
    stem, father = _drawn(SURNAME_STEMS, n, _SKEW["surname"], generator), _drawn(MALE_NAMES, n, _SKEW["surname"], generator)
    day = (_FIRST_DAY + generator.integers(_DAYS, size=n)).astype(str)
    district = _drawn([entry[1] for entry in DISTRICTS], n, _SKEW["district"], generator)
    frame = pd.DataFrame(
        {
            "surname": [f"{one}ова" if who == "F" else f"{one}ов" for one, who in zip(stem, sex, strict=True)],
            "given_name": given,
            "patronymic": [f"{one}овна" if who == "F" else f"{one}ович" for one, who in zip(father, sex, strict=True)],
            "birth_date": day,
            "sex": sex,
            "district": district,
        }
    )
    frame.loc[generator.random(n) > _HAS_PATRONYMIC, "patronymic"] = ""
    frame.loc[generator.random(n) > _HAS_DISTRICT, "district"] = ""
    return frame


def _drawn(names: Sequence[str], n: int, skew: float, generator: Generator) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    chance = np.arange(1, len(names) + 1) ** -skew
    return np.array(names, dtype=object)[generator.choice(len(names), n, p=chance / chance.sum())]
