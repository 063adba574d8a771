"""Numbers as agencies type them: ages and years, and the numbers of documents and cases.

A document's number is letters and digits and nothing else: blanks, dashes and case come and go, a spreadsheet adds
`.0` or an apostrophe, and a series is typed in Cyrillic or in the Latin letters that look the same.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from linkage.agency.cells import Column, Text, distinct
from linkage.agency.names.fold import fold, is_placeholder

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_FRACTION = re.compile(r"(?<=[0-9])[.,]0+$")
_LABEL = re.compile(r"^(?:№|no\.?|n°|#|паспорт|шиноснома|passport|pasport|инн|рмс|пинфл|серия|series)[\s.:№#]*", re.IGNORECASE)
# Letters of a series: those of both scripts that look alike count as the Latin one.
_LOOK_ALIKES = str.maketrans("авекмнорстухіјѕ", "abekmhopctyxijs")
_NO_NUMBER = """
бн безномера беззномера отсутствует отсутств утерян утрачен утеряно неимеет неизвестен неизвестно нет надорад номаълум бепрақам
none nodocument nopassport lost unknown na
"""
_NOBODYS = frozenset(_NO_NUMBER.split())
_FEWEST_DIGITS = 3


def whole_numbers(values: Text | Column, lowest: int, highest: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(n,) numbers, -1 where missing or bad, and the bad rows."""
    index, texts = distinct(values)
    found = [_whole_number(text) for text in texts]
    bad = [number is None or not (number == -1 or lowest <= number <= highest) for number in found]
    numbers = [-1 if wrong or number is None else number for number, wrong in zip(found, bad, strict=True)]
    return np.array([*numbers, 0], np.int64)[index], np.array([*bad, False], np.bool_)[index]


def fold_number(text: str) -> str:
    """The number of a document or case as its letters and digits alone, "" where it is none.

    One digit repeated, a row of digits counted up from 1, and words such as `б/н` stand for no number.
    """
    folded = _FRACTION.sub("", fold(unicodedata.normalize("NFKC", text.replace("№", " "))))
    if is_placeholder(folded):
        return ""
    bare = _NOT_ALPHANUMERIC.sub("", _LABEL.sub("", folded))
    return "" if bare in _NOBODYS or _stands_for_none(bare) else bare.translate(_LOOK_ALIKES)


def _stands_for_none(bare: str) -> bool:
    digits = [letter for letter in bare if letter.isdigit()]
    if not digits:
        return True
    return len(digits) >= _FEWEST_DIGITS and (len(set(digits)) == 1 or "".join(digits) in ("123456789", "1234567890"))


def _whole_number(text: str) -> int | None:
    """The number, -1 where the text says nothing, None where it is no short whole number."""
    if is_placeholder(fold(text)):
        return -1
    bare = _FRACTION.sub("", text)
    return int(bare) if bare.isascii() and bare.isdecimal() and len(bare) <= 4 else None
