"""One person's names, from whatever columns the agency has, in the three roles.

Columns decide first; strong suffixes overrule a column (`Абдушариф | Хожаев | Сардор` has its surname in the middle);
a single cell with the full name is read by suffixes, and by the order surname, given name, patronymic where no suffix
speaks. Order alone is never evidence against: the unit also sees names exchanged.
"""

from __future__ import annotations

from typing import NamedTuple

from linkage.agency.names.fold import fold, is_placeholder, split
from linkage.agency.names.roles import Role, Token, patronymic_stem, read_tokens, surname_stem
from linkage.agency.names.scripts import one_script
from linkage.agency.names.skeleton import key, skeleton


class PersonName(NamedTuple):
    """The names of one person; an empty text is *missing*.

    Attributes:
        surname, given_name, patronymic: skeletons, suffixes kept.
        surname_key, given_name_key, patronymic_key: stems in vowel classes.
        initial: first letter of the given name, also where only that is known.
    """

    surname: str
    given_name: str
    patronymic: str
    surname_key: str
    given_name_key: str
    patronymic_key: str
    initial: str


MISSING_NAME = PersonName("", "", "", "", "", "", "")


def person_name(surname: str, given_name: str, patronymic: str, full_name: str) -> PersonName:
    """The person's names in their roles, from raw cells (an empty text = the cell is empty).

    A token with a lost letter (`?`) is left out: it must not be hashed.
    """
    cells = (_tokens(surname), _tokens(given_name), _tokens(patronymic))
    if not any(cells):
        cells = _read_full_name(_tokens(full_name))
    return _assemble(*_reorder(*cells))


def _tokens(cell: str) -> tuple[Token, ...]:
    folded = fold(cell)
    if is_placeholder(folded):
        return ()
    return tuple(token for token in read_tokens(tuple(skeleton(one_script(part)) for part in split(folded))) if token.skeleton)


def _read_full_name(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], tuple[Token, ...], tuple[Token, ...]]:
    """Tokens of one cell as (surname, given name, patronymic)."""
    patronymic = tuple(token for token in tokens if token.role is Role.PATRONYMIC)
    rest = [token for token in tokens if token.role is not Role.PATRONYMIC]
    if len(rest) < 2:
        return (), tuple(rest), patronymic
    surname = next((token for token in rest if token.role is Role.SURNAME), rest[0])
    others = [token for token in rest if token is not surname]
    return (surname,), (others[0],), patronymic or tuple(others[1:])


def _reorder(
    surname: tuple[Token, ...], given: tuple[Token, ...], patronymic: tuple[Token, ...]
) -> tuple[tuple[Token, ...], tuple[Token, ...], tuple[Token, ...]]:
    """Cells exchanged where suffixes show that they stand in one another's column."""
    if _has(given, Role.PATRONYMIC) and not _has(patronymic, Role.PATRONYMIC):
        given, patronymic = patronymic, given
    if _has(given, Role.SURNAME) and surname and not _has(surname, Role.SURNAME):
        surname, given = given, surname
    if _has(patronymic, Role.SURNAME) and surname and given and not _has(surname, Role.SURNAME) and not _has(given, Role.SURNAME):
        surname, given, patronymic = patronymic, surname, given
    return surname, given, patronymic


def _has(tokens: tuple[Token, ...], role: Role) -> bool:
    return any(token.role is role and token.strong for token in tokens)


def _assemble(surname: tuple[Token, ...], given: tuple[Token, ...], patronymic: tuple[Token, ...]) -> PersonName:
    whole_surname, whole_given, whole_patronymic = _whole(surname), _whole(given), _whole(patronymic)
    return PersonName(
        surname="".join(token.skeleton for token in whole_surname),
        given_name="".join(token.skeleton for token in whole_given),
        patronymic="".join(token.skeleton for token in whole_patronymic),
        surname_key=key("".join(surname_stem(token) for token in whole_surname)),
        given_name_key=key("".join(token.skeleton for token in whole_given)),
        patronymic_key=key("".join(patronymic_stem(token.skeleton) for token in whole_patronymic)),
        initial=next((token.skeleton[0] for token in given if token.skeleton[0] != "?"), ""),
    )


def _whole(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Tokens that can be hashed: neither an initial nor damaged."""
    if any("?" in token.skeleton for token in tokens):
        return ()
    return tuple(token for token in tokens if len(token.skeleton) > 1)
