"""Invented people and their spoilt copies, by rule and from a seed: data of any size that belongs to nobody.

Names are syllables put together, frequent ones far more frequent than rare ones; a share of the rows are copies of
others with the faults that lists have: a wrong letter, a short form, names exchanged, another surname, a date with a
wrong digit or with day and month exchanged, cells left empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator

COPIES = 0.2
IDENTIFIERS = ("surname", "given_name", "birth_date", "sex", "region")
REGIONS = ("TJ-DU", "TJ-GB", "TJ-KT", "TJ-RA", "TJ-SU")
_STARTS = ("b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "sh", "kh", "ch", "br")
_VOWELS = ("a", "e", "i", "o", "u")
_LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
_DAYS = 60 * 365


class Row(NamedTuple):
    """What a list says of one person; an empty text is missing."""

    surname: str
    given_name: str
    birth_date: str
    sex: str
    region: str


def people(n: int, seed: int) -> pd.DataFrame:
    """(n rows) `record_id`, the identifiers and `person_id`, of which a fifth are spoilt copies, in no order.

    Args:
        n: number of rows, at least 10.
        seed: of the generator, PCG64.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    originals = _originals(n - int(n * COPIES), generator)
    sources = generator.integers(len(originals), size=n - len(originals))
    surnames = [row.surname for row in originals]
    rows = originals + [_spoilt(originals[source], surnames, generator) for source in sources]
    person = np.concatenate([np.arange(len(originals)), sources])
    order = generator.permutation(n)
    frame = pd.DataFrame([rows[place] for place in order])
    frame.insert(0, "record_id", [f"R{place:07d}" for place in range(n)])
    return frame.assign(person_id=[f"P{person[place]:07d}" for place in order])


def _originals(n: int, generator: Generator) -> list[Row]:
    surname = _drawn([f"{name}ov" for name in _names(max(50, n // 4), 3, generator)], n, generator)
    given = _drawn(_names(max(40, min(1500, n // 4)), 2, generator), n, generator)
    day = (np.datetime64("1950-01-01") + generator.integers(_DAYS, size=n)).astype(str)
    sex = np.array(["F", "M"])[generator.integers(2, size=n)]
    region = _drawn(REGIONS, n, generator)
    return [Row(*map(str, cells)) for cells in zip(surname, given, day, sex, region, strict=True)]


def _names(n: int, syllables: int, generator: Generator) -> list[str]:
    """`n` different names."""
    found: dict[str, None] = {}
    while len(found) < n:
        parts = zip(generator.choice(_STARTS, syllables), generator.choice(_VOWELS, syllables), strict=True)
        found["".join(start + vowel for start, vowel in parts) + str(generator.choice(_STARTS))] = None
    return list(found)


def _drawn(names: Sequence[str], n: int, generator: Generator) -> list[str]:
    """(n,) names, the k-th of the list drawn about k^-0.7 times as often as the first."""
    frequency = np.arange(1, len(names) + 1) ** -0.7
    return [names[place] for place in generator.choice(len(names), n, p=frequency / frequency.sum())]


def _spoilt(row: Row, surnames: Sequence[str], generator: Generator) -> Row:
    """A copy as another office would write it down: each fault by its own chance, so that some copies have none."""
    surname, given, day, sex, region = row
    chance = generator.random(9)
    if chance[0] < 0.2:
        surname = _mistyped(surname, generator)
    elif chance[0] < 0.24:
        surname = surnames[int(generator.integers(len(surnames)))]
    if chance[1] < 0.2:
        given = _mistyped(given, generator)
    elif chance[1] < 0.25:
        given = given[:4]
    if chance[2] < 0.03:
        surname, given = given, surname
    if chance[3] < 0.08:
        day = _another_digit(day, generator)
    elif chance[3] < 0.11:
        day = _exchanged(day)
    kept = Row(surname, given, day, "M" if sex == "F" and chance[4] < 0.01 else sex, region)
    if chance[5] < 0.15:
        kept = kept._replace(region=REGIONS[int(generator.integers(len(REGIONS)))])
    lost = IDENTIFIERS[int(generator.integers(len(IDENTIFIERS)))]
    return kept._replace(**{lost: ""}) if chance[6] < 0.1 else kept


def _mistyped(name: str, generator: Generator) -> str:
    """One letter changed, left out, doubled or exchanged with the next."""
    at, letter = int(generator.integers(len(name))), str(generator.choice(_LETTERS))
    ways = (
        name[:at] + letter + name[at + 1 :],
        name[:at] + name[at + 1 :],
        name[:at] + name[at] + name[at:],
        name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :],
    )
    return ways[int(generator.integers(len(ways)))]


def _another_digit(day: str, generator: Generator) -> str:
    """One digit of the year or the last of the day changed; 28 is the last day that every month has."""
    at = (2, 3, 9)[int(generator.integers(3))]
    changed = day[:at] + str(int(generator.integers(10))) + day[at + 1 :]
    return changed if "01" <= changed[8:] <= "28" else day[:8] + "01"


def _exchanged(day: str) -> str:
    return f"{day[:5]}{day[8:]}-{day[5:7]}" if day[8:] <= "12" else day
