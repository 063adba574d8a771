"""Text that was read with the wrong table, or typed in a font that drew other letters: repaired before anything else.

Bytes are the reader's business. Here a *field* is repaired: cp1251 or utf-8 that somebody read as Western text, and the
legacy Tajik font, in which Serbian and Ukrainian letters of cp1251 were drawn as Tajik ones. Five of its six letters
exist in no alphabet of the region and prove the font for their field; `ў` alone is Uzbek, so that a whole column decides.
Source: names specification `norm/1`, steps 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterable

from linkage.agency.names.scripts import has_cyrillic, is_cyrillic

_FIRST_HIGH = "\u00c0"
# UTF-8 first: hardly any other bytes are valid UTF-8, while as cp1251 all are Cyrillic of a kind.
_ROUTES = (("latin-1", "utf-8"), ("cp1252", "utf-8"), ("cp1252", "cp1251"), ("latin-1", "cp1251"))
_LEAST_HIGH, _LEAST_HIGH_SHARE, _LEAST_CYRILLIC_SHARE = 3, 1 / 3, 0.7
_PROOF = frozenset("њљќѓїЊЉЌЃЇ")
_LEGACY = str.maketrans("њљќѓїўЊЉЌЃЇЎ", "ҳҷқғӣӯҲҶҚҒӢӮ")


def repair(text: str, *, legacy_column: bool = False) -> str:
    """The field's text with mojibake and the legacy Tajik font undone.

    Args:
        text: one cell.
        legacy_column: whether the cell's column is known to be typed in the legacy font, so that `ў` means ӯ.
    """
    return from_legacy_font(from_mojibake(text), legacy_column=legacy_column)


def from_mojibake(text: str) -> str:
    """Cyrillic that was read as Western text (`Ðàõìîíîâ`) as Cyrillic; any other text unchanged."""
    if text.isascii() or not _looks_misread(text):
        return text
    readings = (_reread(text, wrong, right) for wrong, right in _ROUTES)
    return next((reading for reading in readings if _is_cyrillic(reading)), text)


def shows_legacy_font(text: str) -> bool:
    """Whether the text holds a letter that only the legacy Tajik font explains."""
    return not text.isascii() and not _PROOF.isdisjoint(text)


def legacy_font_column(cells: Iterable[str]) -> bool:
    """Whether a column is typed in the legacy font: one proof is enough."""
    return any(map(shows_legacy_font, cells))


def from_legacy_font(text: str, *, legacy_column: bool = False) -> str:
    """Letters of the legacy Tajik font as the letters that they were drawn as."""
    if legacy_column or shows_legacy_font(text):
        return text.translate(_LEGACY)
    return text


def _looks_misread(text: str) -> bool:
    high = sum(letter >= _FIRST_HIGH for letter in text)
    return not has_cyrillic(text) and high >= _LEAST_HIGH and high >= _LEAST_HIGH_SHARE * len(text)


def _reread(text: str, wrong: str, right: str) -> str:
    try:
        return text.encode(wrong).decode(right)
    except UnicodeError:
        return ""


def _is_cyrillic(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    cyrillic = sum(map(is_cyrillic, letters))
    return bool(letters) and cyrillic >= _LEAST_CYRILLIC_SHARE * len(letters)
