"""Invented people as CLKs: every field's padded bigrams in one filter of 1,024 bits, for kernels and their peers.

Names are put together from syllables and drawn with Zipf's frequencies, so that common ones are common. A bigram sets
`positions` bits by HMAC-SHA256 under a key for its field; 8 fill a third of the filter and 15 a half. Three records in ten
are copies of an earlier one with spoilt fields.
"""

from __future__ import annotations

import functools
import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

BITS = 1024
COPIES = 0.3
_SYLLABLES = (
    "ma",
    "ru",
    "za",
    "fi",
    "sho",
    "di",
    "no",
    "bek",
    "ra",
    "khi",
    "lo",
    "gul",
    "na",
    "sa",
    "to",
    "mir",
    "ya",
    "ha",
    "ri",
    "da",
    "ba",
    "ko",
    "ni",
    "shu",
    "mo",
    "ki",
    "ju",
    "yo",
    "sul",
    "tan",
    "je",
    "vu",
    "pe",
    "cho",
    "gi",
    "wa",
    "li",
    "em",
    "ok",
    "ush",
)
_KEY = b"benchmark: these people are invented"


def clks(n: int, positions: int, seed: int = 1) -> NDArray[np.uint64]:
    """(n, 16) uint64 filters of n invented people, in random order."""
    draw = np.random.default_rng(seed)
    fresh = _people(n - int(COPIES * n), draw)
    copied = [_spoil(fresh[int(row)], draw) for row in draw.integers(0, max(len(fresh), 1), n - len(fresh))]
    people = [*fresh, *copied]
    bits = np.zeros((n, BITS), np.uint8)
    for row, place in enumerate(draw.permutation(n).tolist()):
        for field, value in enumerate(people[row]):
            bits[place, _places(field, value, positions)] = 1
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def _people(n: int, draw: np.random.Generator) -> list[tuple[str, ...]]:
    """Surname, given name, patronymic, birth date, district and document number."""
    born = np.datetime64("1945-01-01") + draw.integers(0, 23000, n)
    columns = [
        _ending(_zipf(4000, n, draw), ("ov", "ova", "zoda", "i"), draw),
        _zipf(1500, n, draw),
        _ending(_zipf(1500, n, draw), ("ovich", "ovna", "zod", ""), draw),
        [day.replace("-", "") for day in np.datetime_as_string(born).tolist()],
        _zipf(60, n, draw),
        [f"{number:06d}" for number in draw.integers(0, 1_000_000, n).tolist()],
    ]
    return list(zip(*columns, strict=True))


def _ending(names: list[str], endings: tuple[str, ...], draw: np.random.Generator) -> list[str]:
    return [name + ending for name, ending in zip(names, draw.choice(endings, len(names)).tolist(), strict=True)]


def _zipf(names: int, n: int, draw: np.random.Generator) -> list[str]:
    """(n,) of so many names, the k-th of which is drawn in proportion to 1/k."""
    known = ["".join(draw.choice(_SYLLABLES, int(size))) for size in draw.integers(2, 5, names)]
    weights = 1 / np.arange(1, names + 1)
    return [known[place] for place in draw.choice(names, n, p=weights / weights.sum()).tolist()]


def _spoil(person: tuple[str, ...], draw: np.random.Generator) -> tuple[str, ...]:
    """The same person, in each field a letter exchanged with probability one in four, or the field lost with one in thirty."""
    fate = draw.random(len(person))
    kept = ["" if luck > 0.967 else value for value, luck in zip(person, fate, strict=True)]
    return tuple(_exchange(value, draw) if value and luck < 0.25 else value for value, luck in zip(kept, fate, strict=True))


def _exchange(value: str, draw: np.random.Generator) -> str:
    place = int(draw.integers(0, len(value)))
    return value[:place] + chr(97 + int(draw.integers(0, 26))) + value[place + 1 :]


@functools.lru_cache(1 << 18)
def _places(field: int, value: str, positions: int) -> NDArray[np.int64]:
    """Positions that a field's value sets; an empty one sets none."""
    padded = f" {value} " if value else ""
    grams = [padded[start : start + 2] for start in range(len(padded) - 1)]
    return np.array([place for gram in grams for place in _gram_places(field, gram, positions)], np.int64)


@functools.lru_cache(1 << 16)
def _gram_places(field: int, gram: str, positions: int) -> tuple[int, ...]:
    digest = hmac.digest(_KEY + bytes([field]), gram.encode(), hashlib.sha256)
    return tuple((np.frombuffer(digest, "<u2")[:positions] % BITS).tolist())
