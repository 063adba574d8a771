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
ReadName = Callable[[Name], str]
_COARSE = 3  # the first letter and two classes of consonants
_SOUND = "~"  # tells a sound without letters from a name that is missing


def bag(surname_key: str, given_key: str) -> str:
    """The keys of both names, whichever is which."""
    return " ".join(sorted((surname_key, given_key))) if surname_key and given_key else ""


def coarse(key: str) -> str:
    """Coarser than a sound: a stem that lost its suffix in one order of the names and kept it in the other still fits."""
    return f"{_SOUND}{_sound(key)[:_COARSE]}"


def both_sounds(surname: str, given_name: str) -> str:
    """The coarse sounds of both names, whichever is which."""
    return without_marks(bag(surname, given_name))


def without_marks(sounds: str) -> str:
    """Coarse sounds as they leave: both names are known to be there."""
    return sounds.replace(_SOUND, "")


def _sound(key: str) -> str:
    return jellyfish.soundex(key) if key else ""


def _sounds(name: PersonName) -> str:
    keys = name.surname.key, name.given_name.key
    return both_sounds(*map(coarse, keys)) if all(keys) else ""


def _damaged(name: PersonName) -> str:
    roles = (("surname", name.surname), ("given_name", name.given_name), ("patronymic", name.patronymic))
    return " ".join(role for role, one in roles if one.damaged)


def _reading(number: int) -> ReadName:
    return lambda name: (*name.readings, *("",) * MOST_READINGS)[number]


# What follows the role in the feature's name, and the text of a name that it is.
FORMS: Mapping[str, ReadName] = MappingProxyType(
    {
        "": lambda name: name.key,
        ".skeleton": lambda name: name.skeleton,
        ".base": lambda name: name.base,
        ".initial": lambda name: name.initial,
        ".sound": lambda name: _sound(name.key),
        **{f".reading{number + 1}": _reading(number) for number in range(MOST_READINGS)},
    }
)


def _forms(role: str, read: Callable[[PersonName], Name]) -> dict[str, Read]:
    def of_person(form: ReadName) -> Read:
        return lambda name: form(read(name))

    return {f"{role}{suffix}": of_person(form) for suffix, form in FORMS.items()}


NAME_FEATURES: Mapping[str, Read] = MappingProxyType(
    {
        **_forms("surname", lambda name: name.surname),
        **_forms("given_name", lambda name: name.given_name),
        **_forms("patronymic", lambda name: name.patronymic),
        "given_name.joined": lambda name: name.joined,
        "given_name.unsexed": lambda name: name.unsexed,
        "names.bag": lambda name: bag(name.surname.key, name.given_name.key),
        "names.sounds": _sounds,
        "names.damaged": _damaged,
    }
)
