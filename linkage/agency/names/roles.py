"""What a token of a name is: surname, patronymic or given name, read from suffixes and marker words.

Suffixes are dropped from the stem, so that one family stays one through the reform (Раҳмонов, Раҳмонзода, Раҳмон).
Source: names specification `norm/1`, steps 7 and 10.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

_PATRONYMIC_MARKERS = frozenset(
    {"ugli", "ogli", "oglu", "uglu", "uli", "duhtar", "pisar", "kizi", "kizy", "kzi", "gizi", "uulu", "ulu", "uul"}
)
_TITLES = frozenset({"haji", "hoji", "mulo", "ustod", "ewon"})
_PATRONYMIC_SUFFIXES = ("inicna", "ovic", "evic", "yovic", "yevic", "ovna", "evna", "yovna")
_PATRONYMIC_COLUMN_SUFFIXES = ("zoda", "zade", "zod", "duhtar", "duht", "ugli", "ogli", "kizi", "ov", "ova", "ev", "eva")
_SURNAME_SUFFIXES = ("zoda", "zade", "yova", "yov", "ova", "eva", "ov", "ev")
_WEAK_SURNAME_SUFFIXES = ("zod", "iyon", "yon", "pur", "far")
# Given names that end as surnames do (Шерзод, Беҳзод, Нилуфар, Музаффар …): they are whole, in every column.
_WHOLE_NAMES = frozenset(
    {
        "werzod", "behzod", "bekzod", "farzod", "mirzod", "navzod", "ruhzod", "parizod", "odamzod", "hurwedzod",
        "nilufar", "muzafar", "gulafar", "davlatpur", "jamolpur", "yulpur",
    }
)  # fmt: skip
_SHORTEST_STEM = 3


class Role(Enum):
    """What a token is, as far as its form tells."""

    SURNAME = "surname"
    PATRONYMIC = "patronymic"
    GIVEN = "given name"


class Token(NamedTuple):
    """One token of a name.

    Attributes:
        skeleton: the token in the small alphabet.
        stem: the same without its role's suffix; at least three letters, or the whole token.
        role: what the form says; GIVEN where it says nothing.
        strong: whether the form alone may overrule the column that the token stands in.
    """

    skeleton: str
    stem: str
    role: Role
    strong: bool = False


def read_tokens(skeletons: tuple[str, ...]) -> tuple[Token, ...]:
    """Tokens with their roles; marker words give the token before them its role and disappear, as titles do."""
    tokens: list[Token] = []
    for text in skeletons:
        if text in _PATRONYMIC_MARKERS and tokens:
            tokens[-1] = Token(tokens[-1].skeleton, tokens[-1].stem, Role.PATRONYMIC, strong=True)
        elif text == "zoda" and tokens:
            tokens[-1] = Token(tokens[-1].skeleton + text, tokens[-1].skeleton, Role.SURNAME, strong=True)
        elif not (text in _TITLES and len(skeletons) > 2):
            tokens.append(read_token(text))
    return tuple(tokens)


def read_token(text: str) -> Token:
    """One token with the role that its suffix shows."""
    for suffixes, role in ((_PATRONYMIC_SUFFIXES, Role.PATRONYMIC), (_SURNAME_SUFFIXES, Role.SURNAME)):
        stem = _without(text, suffixes)
        if stem != text:
            return Token(text, stem, role, strong=True)
    stem = _without_in(_without(text, _WEAK_SURNAME_SUFFIXES))
    return Token(text, stem, Role.SURNAME if stem != text else Role.GIVEN)


def patronymic_stem(text: str) -> str:
    """The father's name in a token that stands in the patronymic's column, whatever its suffix."""
    stem = _without(text, _PATRONYMIC_SUFFIXES)
    return stem if stem != text else _without(text, _PATRONYMIC_COLUMN_SUFFIXES)


def surname_stem(token: Token) -> str:
    """The family's stem in a token that stands in the surname's column; a final -i (-ӣ) is of the suffix."""
    if token.role is Role.SURNAME:
        return token.stem
    ends_in_i = token.skeleton.endswith("i") and len(token.skeleton) >= 5
    return token.skeleton[:-1] if ends_in_i else token.skeleton


def _without(text: str, suffixes: tuple[str, ...]) -> str:
    if text in _WHOLE_NAMES:
        return text
    for suffix in sorted(suffixes, key=len, reverse=True):
        stem = text.removesuffix(suffix)
        if stem != text and len(stem) >= _SHORTEST_STEM:
            return stem.removesuffix("y") if len(stem) > _SHORTEST_STEM else stem
    return text


def _without_in(text: str) -> str:
    """-in/-ina is a surname's suffix only after l, t, k, n; -iddin never is."""
    for suffix in ("ina", "in"):
        stem = text.removesuffix(suffix)
        if stem != text and len(stem) >= _SHORTEST_STEM and stem[-1] in "ltkn":
            return stem
    return text
