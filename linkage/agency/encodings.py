"""Which encoding a text file is in: its byte-order mark says, else UTF-8 if it can be, else what its words look like.

One byte means another letter in every Cyrillic code page, and each reads without an error. The wrong ones give rare
letters, rare pairs of letters and capitals inside words, so that the right one stands out after a few lines.
Source: names specification `norm/1`, step 1.
"""

from __future__ import annotations

import codecs
import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from linkage.errors import ExtractError

CANDIDATES = ("cp1251", "koi8_t", "cp866", "koi8_r", "mac_cyrillic")
_SAMPLE = 1 << 20  # bytes
_SCORED = 1 << 17  # bytes
_LETTERS = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяғӣқӯҳҷўңөү")
_LEGACY = frozenset("њљќѓї")  # the legacy Tajik font, a way of using cp1251
_PAIR_LIST = """
ов ва ев на ан ра ст ро но ал ни ко ли ар ам ер ор ир ат та то ма ми мо ша аб ул ад ин им ид он ри ен ия ло ла ле лу ом од
ск ая ий ич вн са си сы ру иё ой ти те да ди до ду бе бо ба бу за зо ис уз ус ге га гу фа фи ха хо ху хм ки ку ка ну не ец
ет ес ел ек ей ае аз ай ак ас ах ви во вс ве ив ик ил ио ие из ож ок ол ос от
"""
_PAIRS = frozenset(_PAIR_LIST.split())
_SIGNS = "№«»–—“”’‘… "
_LEGACY_WORTH = 0.9
_AS_RUSSIAN = str.maketrans("ғӣқӯҳҷњљќѓїў", "гикухчхчкгиу")
_WORD = re.compile(r"[^\W\d_]{2,}")


class Guess(NamedTuple):
    """An encoding and why.

    Attributes:
        name: as Python names it.
        reason: `mark`, `UTF-8`, `damaged UTF-8`, `UTF-16 without a mark` or `letters`.
    """

    name: str
    reason: str


def byte_order_mark(path: Path) -> str | None:
    """The encoding that the file's byte-order mark tells, or None."""
    start = _read(path, 4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else None


def guess_encoding(path: Path) -> Guess:
    """The encoding of a text file, from its first MiB.

    Raises:
        ExtractError: the file cannot be read.
    """
    marked = byte_order_mark(path)
    if marked:
        return Guess(marked, "mark")
    sample = _read(path, _SAMPLE)
    wide = _unmarked_utf_16(sample)
    if wide:
        return Guess(wide, "UTF-16 without a mark")
    lost, read = _undecodable(sample)
    if not lost:
        return Guess("utf-8-sig", "UTF-8")
    if lost * 10 <= read:
        return Guess("utf-8-sig", "damaged UTF-8")
    return Guess(max(CANDIDATES, key=lambda name: _likeness(sample[:_SCORED].decode(name, "replace"))), "letters")


def _read(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(count)
    except OSError:
        raise ExtractError("the file cannot be read", file=str(path), hint="check the path") from None


def _undecodable(sample: bytes) -> tuple[int, int]:
    """Bytes that are no UTF-8, and letters beyond ASCII that are; a character cut by the sample's end is neither."""
    whole = sample if len(sample) < _SAMPLE else sample[:-4]
    text = whole.decode("utf-8", "surrogateescape")
    lost = sum("\ud800" <= letter <= "\udfff" for letter in text)
    if len(sample) == _SAMPLE and lost <= 3 and all(letter < "\ud800" or letter > "\udfff" for letter in text[:-4]):
        lost = 0
    return lost, sum(letter > "\x7f" for letter in text) - lost


def _unmarked_utf_16(sample: bytes) -> str | None:
    """UTF-16 by its high bytes: 00 for Latin and 04 for Cyrillic, at every other place."""
    if len(sample) < 8:
        return None
    for name, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if high.count(0) and high.count(0) + high.count(4) >= 0.9 * len(high):
            return name
    return None


def _likeness(text: str) -> float:
    """How far the words look like the region's: share of known letters and pairs, less that of capitals inside words."""
    words: list[str] = _WORD.findall("".join(letter for letter in text if letter > "\x7f" or letter.isspace()))
    letters = "".join(words).lower()
    if not letters:
        return -float(text.count("\ufffd"))
    known: float = sum(letter in _LETTERS for letter in letters) + _LEGACY_WORTH * sum(letter in _LEGACY for letter in letters)
    pairs = [a + b for word in words for a, b in pairwise(word.lower().translate(_AS_RUSSIAN))]
    odd = sum(a.islower() and b.isupper() for word in words for a, b in pairwise(word))
    strange = sum(letter > "\x7f" and not letter.isalpha() and letter not in _SIGNS for letter in text)
    usual = sum(pair in _PAIRS for pair in pairs) / max(1, len(pairs))
    return (known - odd - 2 * strange) / len(letters) + usual
