"""What an office is tells what its list means: at the police a victim was detected, in court heard.

A list whose rows do not say their stage was kept by an office for which it goes without saying. The office is
recognised by words of its columns and of the file's name, or named by the user. All of it is a guess that a draft writes
down for a person to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from linkage.agency.names.fold import fold

VICTIM, OFFENDER = "victim", "offender"


class Kind(NamedTuple):
    """A kind of office.

    Attributes:
        headers: parts of column names that only such an office has.
        names: parts of names of files and agencies.
        stages: code of the role to the code of the stage at which the office meets such a person.
        alone: the role in lists that tell none; "" where such an office has both.
    """

    headers: tuple[str, ...]
    names: tuple[str, ...]
    stages: Mapping[str, str]
    alone: str = ""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "police": Kind(
            ("карточк", "дата регистрации", "дата выявления", "ркб", "санаи сабти ҷиноят"),
            ("police", "полици", "милици", "мвд", "вкд", "interior", "ички ишлар", "iib"),
            {VICTIM: "DET", OFFENDER: "SUS"},
        ),
        "prosecutor": Kind(
            ("направления в суд", "обвинительн", "процессуальный статус", "indictment", "ба суд фиристодан"),
            ("prosecut", "прокур", "прокуратура", "prokur"),
            {VICTIM: "INV", OFFENDER: "PRO"},
        ),
        "court": Kind(
            ("приговор", "ҳукм", "вазъи мурофиавӣ", "судья", "судя", "sentence", "judgment", "verdict", "hukm"),
            ("court", "суд", "додгоҳ", "sud"),
            {VICTIM: "HEA", OFFENDER: "CON"},
        ),
        "migration": Kind(
            ("return", "возвращени", "бозгашт", "border", "границ", "deport", "депортац"),
            ("migrat", "мигра", "муҳоҷират", "migrats"),
            {VICTIM: "REP", OFFENDER: "DEP"},
            VICTIM,
        ),
        "ombudsperson": Kind(
            ("муроҷиат", "заявител", "жалоб", "обращени", "complain"),
            ("ombuds", "омбудс", "уполномоченн", "ваколатдор"),
            {VICTIM: "COM"},
            VICTIM,
        ),
        "ngo": Kind(
            ("client", "клиент", "intake", "shelter", "приют", "beneficiar", "бенефициар", "мизоҷ", "консультац"),
            ("ngo", "нпо", "shelter", "приют", "hotline", "горячая", "фонд", "созмон", "nnt", "ннт", "centre", "center"),
            {VICTIM: "ASS"},
            VICTIM,
        ),
    }
)


def kind_of_name(name: str) -> str | None:
    """The kind of office that a name of an agency or file tells: the first whose word is in it."""
    folded = fold(name)
    return next((kind for kind, one in KINDS.items() if any(part in folded for part in one.names)), None)


def kind_of_headers(headers: Iterable[str]) -> str | None:
    """The kind of office that column names tell, None where none or several do alike."""
    folded = [fold(header).replace("_", " ") for header in headers]
    votes = {kind: sum(part in header for header in folded for part in one.headers) for kind, one in KINDS.items()}
    best = max(votes.values())
    winners = [kind for kind, count in votes.items() if count == best]
    return winners[0] if best and len(winners) == 1 else None
