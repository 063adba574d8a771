"""What a token of a name is: surname, patronymic or given name, read from suffixes and marker words.

Suffixes are dropped from the stem, so that one family stays one through the reform (Раҳмонов, Раҳмонзода, Раҳмон).
Source: names specification `norm/1`, steps 7 and 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple


def _longest_first(*suffixes: str) -> tuple[str, ...]:
    return tuple(sorted(suffixes, key=len, reverse=True))


_PATRONYMIC_MARKERS = frozenset(
    {"ugli", "ogli", "oglu", "oglo", "uglu", "uglo", "uli", "ugul", "ogul", "duhtar", "duht", "duhtari", "pisar", "pisari"}
)
_EITHER_MARKERS = frozenset({"kizi", "kizy", "kzi", "kyzi", "kyzy", "gizi", "gyzy", "uulu", "ulu", "uul"})
_SURNAME_MARKERS = frozenset({"zoda", "zade", "zada", "zod"})
_TITLES = frozenset({"haji", "hoji", "mulo", "mula", "ustod", "ewon"})
# Never a name alone: written apart, they belong to the token after them.
_FIRST_HALVES = frozenset({"abdul", "abdu", "abdur", "wo", "woh"})
_PATRONYMIC_SUFFIXES = _longest_first("inicna", "ovic", "evic", "yovic", "yevic", "ovna", "evna", "yovna", "yevna")
_PATRONYMIC_COLUMN_SUFFIXES = _longest_first(
    "zoda", "zade", "zada", "zod", "duhtar", "duht", "pur", "ugli", "ogli", "oglu", "kizi", "kyzi", "ova", "ov", "eva", "ev",
    "yova", "yov", "ic",
)  # fmt: skip
_SURNAME_SUFFIXES = _longest_first("zoda", "zade", "zada", "yova", "yov", "ova", "eva", "ov", "ev")
_WEAK_SURNAME_SUFFIXES = _longest_first("zod", "iyon", "yon", "pur", "far", "skaya", "ski")
# Names that end as surnames do: they are whole, in every column.
_WHOLE_NAMES = frozenset(
    {
        "werzod", "behzod", "bekzod", "farzod", "mirzod", "navzod", "ruhzod", "parizod", "odamzod", "hurwedzod", "bahzod",
        "begzod", "wahzod", "gulzod", "nurzod", "nilufar", "muzafar", "gulafar", "nulufar", "davlatpur", "jamolpur", "yulpur",
        "yakov", "iakov", "lev", "prokov", "valentin", "valentina", "konstantin", "konstantina", "martin", "martina", "kristina",
        "alina", "polina", "angelina", "evelina", "galina", "antonina", "yanina", "karolina", "akulina", "tina", "hristina",
        "sakina", "nozanin", "nozanina", "oltin", "avgustina", "benyamin", "vitalina", "paulina", "lina", "nelina",
    }
)  # fmt: skip
_SHORTEST_STEM = 3


class Role(Enum):
    """What a token is, as far as its form tells; caches of names ask for its hash, and `Enum`'s own takes a call of Python."""

    __hash__ = object.__hash__

    SURNAME = "surname"
    PATRONYMIC = "patronymic"
    EITHER = "patronymic or surname"
    GIVEN = "given name"


class Token(NamedTuple):
    """One token of a name.

    Attributes:
        skeleton: the token in the small alphabet; `?` for a lost letter.
        stem: the same without its role's suffix.
        role: what the form says; GIVEN where it says nothing.
        strong: whether the form alone may overrule the column that the token stands in.
        latin: the folded texts that it was read from, where all of them are Latin and whole: other schemes may read them
            otherwise (`person.by_schemes`).
        initial: whether it stands for a longer name.
    """

    skeleton: str
    stem: str
    role: Role
    strong: bool = False
    latin: tuple[str, ...] = ()
    initial: bool = False

    @property
    def damaged(self) -> bool:
        """Whether a letter was lost: the token is never hashed."""
        return "?" in self.skeleton


def with_markers(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Marker words give the token before them its role and disappear, as titles do; halves of names are joined."""
    if len(tokens) == 1:
        return tuple(tokens)
    out: list[Token] = []
    others = sum(token.skeleton not in _TITLES for token in tokens)
    for token in tokens:
        text, before = token.skeleton, out[-1] if out else None
        if before is not None and not before.initial and (role := _marked(text)):
            stem = before.stem if role is not Role.SURNAME else before.skeleton
            written = before.skeleton + text if role is Role.SURNAME else before.skeleton
            out[-1] = before._replace(skeleton=written, stem=stem, role=role, strong=True)
        elif before is not None and before.skeleton in _FIRST_HALVES:
            out[-1] = joined(before, token)
        elif not (text in _TITLES and others >= 2):
            out.append(token)
    return tuple(out)


def joined(first: Token, second: Token) -> Token:
    """Two tokens as one that was written apart; its role is the second's."""
    latin = first.latin + second.latin if first.latin and second.latin else ()
    return read_token(first.skeleton + second.skeleton, latin)


def _marked(text: str) -> Role | None:
    for words, role in (
        (_PATRONYMIC_MARKERS, Role.PATRONYMIC),
        (_EITHER_MARKERS, Role.EITHER),
        (_SURNAME_MARKERS, Role.SURNAME),
    ):
        if text in words:
            return role
    return None


def read_token(text: str, latin: tuple[str, ...] = ()) -> Token:
    """One token with the role that its suffix shows.

    Args:
        text: its skeleton.
        latin: as of `Token`.
    """
    for suffixes, role in ((_PATRONYMIC_SUFFIXES, Role.PATRONYMIC), (_SURNAME_SUFFIXES, Role.SURNAME)):
        stem = _without(text, suffixes)
        if stem != text:
            return Token(text, stem, role, True, latin)
    stem = _without_in(_without(text, _WEAK_SURNAME_SUFFIXES))
    return Token(text, stem, Role.SURNAME if stem != text else Role.GIVEN, False, latin)


def is_child_of(token: Token) -> bool:
    """Whether the suffix (-зода, -зод) stands in surnames and in patronymics alike."""
    return token.skeleton.endswith(("zoda", "zade", "zada", "zod"))


def patronymic_stem(text: str) -> str:
    """The father's name in a token that stands in the patronymic's column, whatever its suffix."""
    stem = _without(text, _PATRONYMIC_SUFFIXES)
    return stem if stem != text else _without(text, _PATRONYMIC_COLUMN_SUFFIXES)


def surname_stem(token: Token) -> str:
    """The family's stem in a token that stands in the surname's column; a final -i (-ӣ) is of the suffix.

    A stem that itself ends in -i (Валӣ, Валиев) loses it too, because the suffix has swallowed it.
    """
    text = token.stem if token.role is Role.SURNAME else token.skeleton
    ends_in_i = text.endswith("i") and len(text) >= _SHORTEST_STEM
    return text[:-1] if ends_in_i else text


def _without(text: str, suffixes: tuple[str, ...]) -> str:
    """The text without the longest of the suffixes, which stand longest first, that leaves enough of it."""
    if not text.endswith(suffixes) or text in _WHOLE_NAMES:
        return text
    for suffix in suffixes:
        stem = text.removesuffix(suffix)
        if stem != text and len(stem) >= _least(suffix):
            return stem.removesuffix("y") if len(stem) > _SHORTEST_STEM else stem
    return text


def _least(suffix: str) -> int:
    """Fewest letters of a stem: two where -ев or -зода follows, because it may have swallowed one (Алиев: al-ev)."""
    return 2 if suffix in {"ev", "eva", "zoda", "zade", "zada"} else _SHORTEST_STEM


def _without_in(text: str) -> str:
    """-in/-ina is a surname's suffix only after l, t, k, n; -iddin never is."""
    for suffix in ("ina", "in"):
        stem = text.removesuffix(suffix)
        if stem != text and len(stem) >= _SHORTEST_STEM and stem[-1] in "ltkn" and text not in _WHOLE_NAMES:
            return stem
    return text
