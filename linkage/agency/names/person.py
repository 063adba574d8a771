"""One person's names, from whatever columns the agency has, in the three roles.

Columns decide first; strong suffixes overrule a column (`Абдушариф | Хожаев | Сардор` has its surname in the middle);
a single cell with the full name is read by suffixes, and by the order surname, given name, patronymic where no suffix
speaks. Order alone is never evidence against: the unit also sees names exchanged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from linkage.agency.names.alternates import base
from linkage.agency.names.fold import Part, fold, is_placeholder, split
from linkage.agency.names.hypotheses import SCHEMES, readings
from linkage.agency.names.repair import repair
from linkage.agency.names.roles import (
    Role,
    Token,
    is_child_of,
    joined,
    patronymic_stem,
    read_token,
    surname_stem,
    with_markers,
)
from linkage.agency.names.scripts import has_cyrillic, one_script
from linkage.agency.names.skeleton import key, skeleton

MOST_READINGS = 3
_CACHED = 1 << 18
_SHORTEST_WITH_IZOFAT, _SHORTEST_UNSEXED = 5, 3
Tokens = tuple[Token, ...]


class Name(NamedTuple):
    """One of a person's names; an empty text is *missing*.

    Attributes:
        skeleton: the name in the small alphabet, suffix kept.
        key: its stem in vowel classes.
        base: the class of nicknames, affixes and families of spellings.
        initial: its first letter, also where only that is known.
        damaged: whether it was left out because a letter was lost.
        tokens: what it was read from.
        role: which of the names it is.
        bare: whether it is a given name that a father's name follows bare.
    """

    skeleton: str = ""
    key: str = ""
    base: str = ""
    initial: str = ""
    damaged: bool = False
    tokens: Tokens = ()
    role: Role = Role.GIVEN
    bare: bool = False

    @property
    def readings(self) -> tuple[str, ...]:
        """Keys by other Latin schemes and forms, at most `MOST_READINGS`, none equal to `key`; worked out when asked for."""
        return _other_keys(self)

    @property
    def certain(self) -> bool:
        """Whether a suffix or marker, and not only the column or the order, says which of the names it is."""
        return has(_whole(self.tokens), self.role)


class PersonName(NamedTuple):
    """The names of one person.

    Attributes:
        surname, given_name, patronymic: each with its forms.
        joined: base of the given name joined with the token after it (Муҳаммад Алӣ), where a full name leaves open
            whether that is a patronymic; "" = nothing to join.
        unsexed: key of the given name without a final -a: what brother and sister share (Карим, Карима).
    """

    surname: Name = Name()
    given_name: Name = Name()
    patronymic: Name = Name()
    joined: str = ""
    unsexed: str = ""


MISSING_NAME = PersonName()


def person_name(surname: str, given_name: str, patronymic: str, full_name: str) -> PersonName:
    """The person's names in their roles, from raw cells (an empty text = the cell is empty).

    A token with a lost letter (`?`) is left out: it must not be hashed.
    """
    cells = (read_cell(surname), read_cell(given_name), read_cell(patronymic))
    if any(cells):
        return _assemble(*reorder(*cells), "")
    roles = read_full_name(read_cell(full_name))
    return _assemble(*roles, joined_base(*roles))


@lru_cache(_CACHED)
def read_cell(cell: str) -> Tokens:
    """The tokens of one cell, with what their forms say; none where the cell says that nothing is known."""
    folded = fold(repair(unicodedata.normalize("NFC", cell)))
    if is_placeholder(folded):
        return ()
    tokens = [read_part(part) for part in split(folded)]
    return with_markers([token for token in tokens if token.skeleton])


@lru_cache(_CACHED)
def read_part(part: Part) -> Token:
    """One token, with what it was read from where that is Latin."""
    text = one_script(part.text)
    token = read_token(skeleton(text), () if part.initial or has_cyrillic(text) else (text,))
    return Token(token.skeleton[:1], token.skeleton[:1], Role.GIVEN, initial=True) if part.initial else token


@lru_cache(_CACHED)
def by_schemes(latin: tuple[str, ...]) -> tuple[str, ...]:
    """Skeletons of a token by other Latin schemes, in the order of `SCHEMES`; "" where a scheme reads it the same.

    Args:
        latin: of the token.
    """
    whole, others = "", [""] * len(SCHEMES if latin else ())
    for text in latin:
        usual, found = skeleton(text), readings(text)
        new = [skeleton(reading) if reading not in ("", text) else "" for reading in found]
        new = [reading if reading != usual else "" for reading in new]
        pairs = zip(others, new, strict=True)
        others = [(before or whole) + (after or usual) if before or after else "" for before, after in pairs]
        whole += usual
    return tuple(others)


def read_full_name(tokens: Tokens) -> tuple[Tokens, Tokens, Tokens]:
    """Tokens of one cell as (surname, given name, patronymic)."""
    if any(token.role is Role.EITHER for token in tokens):
        tokens = _settled(tokens)
    patronymic = tuple(token for token in tokens if token.role is Role.PATRONYMIC)
    rest = [token for token in tokens if token.role is not Role.PATRONYMIC]
    surname = _surname_of(rest)
    others = [token for token in rest if token is not surname]
    return (surname,) if surname else (), tuple(others[:1]), patronymic or tuple(others[1:])


def _settled(tokens: Tokens) -> Tokens:
    """`Асан кызы` is a surname where there is no other, and a patronymic where there is."""
    plain = [token for token in tokens if token.role not in {Role.EITHER, Role.PATRONYMIC} and not token.initial]
    alone = len(plain) < 2 and not any(token.role is Role.SURNAME and token.strong for token in plain)
    settled = Role.SURNAME if alone else Role.PATRONYMIC
    return tuple(token._replace(role=settled) if token.role is Role.EITHER else token for token in tokens)


def _surname_of(rest: Sequence[Token]) -> Token | None:
    """The surname among tokens that are no patronymic: by suffix, else the first; none of a single given name."""
    whole = [token for token in rest if not token.initial]
    marked = [token for token in whole if token.role is Role.SURNAME]
    ranked = sorted(marked, key=lambda token: (not token.strong, is_child_of(token)))
    if ranked and (ranked[0].strong or len(rest) > 1):
        return ranked[0]
    return whole[0] if whole and len(rest) > 1 else None


def joined_base(surname: Tokens, given: Tokens, patronymic: Tokens) -> str:
    """Base of the two tokens beside the surname of a full name, joined, where neither shows a suffix or marker."""
    if not (surname and given and patronymic):
        return ""
    first, second = given[0], patronymic[0]
    if second.role is not Role.GIVEN or first.initial or second.initial or first.damaged or second.damaged:
        return ""
    return base(key(joined(first, second).skeleton))


def reorder(surname: Tokens, given: Tokens, patronymic: Tokens) -> tuple[Tokens, Tokens, Tokens]:
    """Cells exchanged where suffixes show that they stand in one another's column."""
    if has(given, Role.PATRONYMIC) and not has(patronymic, Role.PATRONYMIC):
        given, patronymic = patronymic, given
    if has(given, Role.SURNAME) and surname and not has(surname, Role.SURNAME):
        surname, given = given, surname
    if stands_in(patronymic) and surname and given and not has(surname, Role.SURNAME) and not has(given, Role.SURNAME):
        surname, given, patronymic = patronymic, surname, given
    if not surname and has(patronymic, Role.EITHER):
        surname, patronymic = patronymic, ()
    return surname, given, patronymic


def has(tokens: Tokens, role: Role) -> bool:
    """Whether a suffix or marker in the cell says this role."""
    for token in tokens:  # noqa: SIM110  # asked so often that a generator would be felt
        if token.role is role and token.strong:
            return True
    return False


def stands_in(patronymic: Tokens) -> bool:
    """Whether the patronymic's column holds a surname; -зода stands in both."""
    return has(patronymic, Role.SURNAME) and not any(map(is_child_of, patronymic))


def _assemble(surname: Tokens, given: Tokens, patronymic: Tokens, joined: str) -> PersonName:
    given_name = name_of(given, Role.GIVEN, bare=is_bare(patronymic))
    return PersonName(
        surname=name_of(surname, Role.SURNAME),
        given_name=given_name,
        patronymic=name_of(patronymic, Role.PATRONYMIC),
        joined=joined,
        unsexed=unsexed(given_name.key),
    )


def unsexed(given_key: str) -> str:
    """The key without a final -a, as long as enough of it is left."""
    bare = given_key.removesuffix("a")
    return bare if len(bare) >= _SHORTEST_UNSEXED else given_key


def _with_final_i(surname: Tokens) -> str:
    """Key of a surname whose final -i may be the name's own (Эмомалӣ) and not a suffix (Шарифӣ); "" elsewhere."""
    whole = [token for token in surname if not token.initial]
    if len(whole) != 1 or whole[0].role is not Role.GIVEN or not whole[0].skeleton.endswith("i") or whole[0].damaged:
        return ""
    return key(whole[0].skeleton)


def is_bare(patronymic: Tokens) -> bool:
    """Whether the father's name stands there without a suffix."""
    return any(token.role is Role.GIVEN and not token.initial for token in patronymic)


def _without_izofat(given: Tokens) -> str:
    """Key of a given name before an izofat -и, as a father's name may follow it bare (Карими Раҳмон); "" elsewhere."""
    whole = [token for token in given if not token.initial]
    if len(whole) != 1 or len(whole[0].skeleton) < _SHORTEST_WITH_IZOFAT or not whole[0].skeleton.endswith("i"):
        return ""
    return key(whole[0].skeleton[:-1])


@lru_cache(_CACHED)
def name_of(tokens: Tokens, role: Role, *, bare: bool = False) -> Name:
    """The forms of one name; several tokens are one name written apart.

    Args:
        tokens: of the name.
        role: which of the names it is.
        bare: whether it is a given name that a father's name follows bare.
    """
    initial, damaged, whole = "", False, _whole(tokens)
    for token in tokens:
        initial = initial or token.skeleton[0].removeprefix("?")
        damaged = damaged or token.damaged
    if damaged or not whole:
        return Name(initial=initial, damaged=damaged)
    stem = _key(whole, role)
    return Name("".join([token.skeleton for token in whole]), stem, base(stem), initial, False, tokens, role, bare)


def _whole(tokens: Tokens) -> Tokens:
    """Those that do not stand for longer names."""
    return tuple([token for token in tokens if len(token.skeleton) > 1 and not token.initial])


@lru_cache(_CACHED)
def _other_keys(name: Name) -> tuple[str, ...]:
    """As `Name.readings`."""
    further = _with_final_i(name.tokens) if name.role is Role.SURNAME else _without_izofat(name.tokens) if name.bare else ""
    others = dict.fromkeys((further, *(_key(one, name.role) for one in _by_scheme(_whole(name.tokens)))))
    return tuple(other for other in others if len(other) > 1 and other != name.key)[:MOST_READINGS]


def _key(tokens: Sequence[Token], role: Role) -> str:
    """Vowel classes of the tokens' stems in that role."""
    if role is Role.SURNAME:
        return key("".join(map(surname_stem, tokens)))
    if role is Role.PATRONYMIC:
        return key("".join(patronymic_stem(token.skeleton) for token in tokens))
    return key("".join(token.skeleton for token in tokens))


def _by_scheme(tokens: Tokens) -> Iterator[list[Token]]:
    """The tokens as each scheme reads them, where it reads any of them differently."""
    several = [by_schemes(token.latin) or ("",) * len(SCHEMES) for token in tokens]
    for others in zip(*several, strict=True):
        if any(others):
            yield [read_token(other) if other else token for other, token in zip(others, tokens, strict=True)]
