"""The texts that filters and tokens are made of, read off a person's names.

Each is one text per record, and an empty text is *missing*. What has several values (readings of a Latin spelling)
has several features, numbered; a level of the protocol then asks whether any of one record equals any of the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import jellyfish

from linkage.agency.names.person import MOST_READINGS, Name, PersonName

Read = Callable[[PersonName], str]
_COARSE = 3  # the first letter and two classes of consonants


def _bag(name: PersonName) -> str:
    both = name.surname.key and name.given_name.key
    return " ".join(sorted((name.surname.key, name.given_name.key))) if both else ""


def _sound(name: Name) -> str:
    return jellyfish.soundex(name.key) if name.key else ""


def _sounds(name: PersonName) -> str:
    """Coarser than one sound: a stem that lost its suffix in one order of the names and kept it in the other still fits."""
    both = name.surname.key and name.given_name.key
    return " ".join(sorted(_sound(one)[:_COARSE] for one in (name.surname, name.given_name))) if both else ""


def _damaged(name: PersonName) -> str:
    roles = (("surname", name.surname), ("given_name", name.given_name), ("patronymic", name.patronymic))
    return " ".join(role for role, one in roles if one.damaged)


def _reading(read: Callable[[PersonName], Name], number: int) -> Read:
    return lambda name: (*read(name).readings, *("",) * MOST_READINGS)[number]


def _forms(role: str, read: Callable[[PersonName], Name]) -> dict[str, Read]:
    return {
        role: lambda name: read(name).key,
        f"{role}.skeleton": lambda name: read(name).skeleton,
        f"{role}.base": lambda name: read(name).base,
        f"{role}.initial": lambda name: read(name).initial,
        f"{role}.sound": lambda name: _sound(read(name)),
        **{f"{role}.reading{number + 1}": _reading(read, number) for number in range(MOST_READINGS)},
    }


NAME_FEATURES: Mapping[str, Read] = MappingProxyType(
    {
        **_forms("surname", lambda name: name.surname),
        **_forms("given_name", lambda name: name.given_name),
        **_forms("patronymic", lambda name: name.patronymic),
        "given_name.joined": lambda name: name.joined,
        "given_name.unsexed": lambda name: name.unsexed,
        "names.bag": _bag,
        "names.sounds": _sounds,
        "names.damaged": _damaged,
    }
)
