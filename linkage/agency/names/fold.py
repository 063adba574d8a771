"""Unicode brought down to what a name can mean: one form, one apostrophe, one kind of space, no case.

Source: names specification `norm/1`, steps 4 and 6.
"""

from __future__ import annotations

import re
import unicodedata

_SPACES = dict.fromkeys(map(ord, "\u200b\u00a0\u2007\u202f\t\r\n"), " ")
_DROPPED = dict.fromkeys(map(ord, "\u00ad\u200c\u200d\u2060\ufeff"))
_STRESS = dict.fromkeys((0x0300, 0x0301))
_APOSTROPHES = dict.fromkeys(map(ord, "'`´ʻʼʹ‘’‛′ˈ＇"), "'")
_SEPARATORS = re.compile(r"[\s,.\-‐‑‒–—/]+")
PLACEHOLDERS = frozenset(
    {
        "неизвестно",
        "неизвестен",
        "неизвестна",
        "номаълум",
        "номаълум аст",
        "нет данных",
        "нет",
        "н/д",
        "unknown",
        "none",
        "n/a",
        "-",
        "?",
    }
)


def fold(text: str) -> str:
    """The text in one Unicode form, without case, stress marks, odd spaces or kinds of apostrophe.

    The macron, breve and diaeresis stay: they make ӣ, ӯ, й and ё. Folding twice changes nothing.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SPACES).translate(_DROPPED)
    decomposed = unicodedata.normalize("NFD", plain.casefold()).translate(_STRESS)
    return " ".join(unicodedata.normalize("NFC", decomposed).translate(_APOSTROPHES).split())


def is_placeholder(folded: str) -> bool:
    """Whether the folded text says that nothing is known."""
    return not folded.strip("-–—.?/ '") or folded in PLACEHOLDERS


def split(folded: str) -> tuple[str, ...]:
    """The tokens of a folded name, in order."""
    return tuple(token for token in _SEPARATORS.split(folded) if token.strip("'"))
