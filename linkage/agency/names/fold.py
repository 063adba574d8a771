"""Unicode brought down to what a name can mean: one form, one apostrophe, one kind of space, no case.

Source: names specification `norm/1`, steps 4 and 6.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_STRESS = dict.fromkeys((0x0300, 0x0301))
_ACUTE = "´"  # NFKC would make a space of it
_PLAIN = {
    **dict.fromkeys(map(ord, "\u200b\u00a0\u2007\u202f\t\r\n"), " "),
    **dict.fromkeys(map(ord, "\u00ad\u200c\u200d\u2060\ufeff")),
    **dict.fromkeys(map(ord, "`ʻʼʹ‘’‛′ˈ＇"), "'"),
}
_PARTS = re.compile(r"[^\s,;.()/\-‐‑‒–—_]+\.?")
_SPELT_INITIALS = frozenset(("sh", "ch", "zh", "kh", "gh", "yu", "ya", "yo", "ye", "dj", "dz", "dzh", "ts", "iu", "ia", "дж"))
PLACEHOLDERS = frozenset(
    {
        "неизвестно", "неизвестен", "неизвестна", "неизв", "неизв.", "не известно", "не известен", "не установлено",
        "не установлен", "не установлена", "неустановлен", "неустановлена", "номаълум", "номаълум аст", "маълум нест",
        "маълум не", "нест", "нет данных", "нет", "отсутствует", "без отчества", "без имени", "аноним", "анонимно", "н/д",
        "белгисиз", "белгисиз шахс", "номаъ", "номаьлум", "номаълум шахс", "белгисиз адам", "unknown", "not known", "noma'lum",
        "none", "nan", "null", "n/a", "na", "no name", "fnu", "lnu", "anonymous", "-", "?", "xxx", "ххх",
    }
)  # fmt: skip


class Part(NamedTuple):
    """One token of a folded name.

    Attributes:
        text: without its full stop.
        initial: whether it stands for a longer name: one letter, or a digraph with a full stop (`Sh.`).
    """

    text: str
    initial: bool


def fold(text: str) -> str:
    """The text in one Unicode form, without case, stress marks, odd spaces or kinds of apostrophe.

    The macron, breve and diaeresis stay: they make ӣ, ӯ, й and ё. Folding twice changes nothing.
    """
    if text.isascii():  # has one Unicode form and no marks
        return " ".join(text.replace("`", "'").lower().split())
    plain = unicodedata.normalize("NFKC", text.replace(_ACUTE, "'")).translate(_PLAIN)
    decomposed = unicodedata.normalize("NFD", plain.casefold()).translate(_STRESS)
    return " ".join(unicodedata.normalize("NFC", decomposed).split())


def is_placeholder(folded: str) -> bool:
    """Whether the folded text says that nothing is known."""
    return not folded.strip("-–—.?/ '") or folded in PLACEHOLDERS


def split(folded: str) -> tuple[Part, ...]:
    """The tokens of a folded name, in order."""
    return tuple(_part(part) for part in _PARTS.findall(folded) if part.strip("'."))


def _part(written: str) -> Part:
    text = written.removesuffix(".")
    return Part(text, (len(text) == 1 and text.isalpha()) or (text != written and text in _SPELT_INITIALS))
