"""What the normaliser does with one full name, step by step: for learning the rules and for finding a fault in them.

Shows nothing that it was not given, and keeps nothing. The steps are those of the specification, in its order.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from linkage.agency.names.fold import fold, is_placeholder, split
from linkage.agency.names.hypotheses import SCHEMES
from linkage.agency.names.person import Name, Tokens, by_schemes, person_name, read_cell, read_full_name
from linkage.agency.names.repair import from_legacy_font, from_mojibake
from linkage.agency.names.roles import Token
from linkage.agency.names.scripts import one_script
from linkage.agency.names.skeleton import skeleton


def explain(full_name: str) -> dict[str, Any]:
    """The steps of one full name as plain data, in order: text after each step, tokens, and the three names."""
    composed = unicodedata.normalize("NFC", full_name)
    decoded = from_mojibake(composed)
    repaired = from_legacy_font(decoded)
    folded = fold(repaired)
    parts = split(folded)
    tokens = read_cell(full_name)
    return {
        "mojibake": decoded,
        "legacy font": repaired,
        "unicode": folded,
        "placeholder": is_placeholder(folded),
        "tokens": [part.text for part in parts],
        "one script": [one_script(part.text) for part in parts],
        "skeletons": [skeleton(one_script(part.text)) for part in parts],
        "roles": [_token(token) for token in tokens],
        **_names(full_name, tokens),
    }


def _token(token: Token) -> dict[str, Any]:
    other = {scheme: reading for scheme, reading in zip(SCHEMES, by_schemes(token.latin), strict=False) if reading}
    return {
        "token": token.skeleton,
        "stem": token.stem,
        "role": "initial" if token.initial else token.role.value,
        "certain": token.strong,
        **({"other schemes": other} if other else {}),
        **({"damaged": True} if token.damaged else {}),
    }


def _names(full_name: str, tokens: Tokens) -> dict[str, Any]:
    person = person_name("", "", "", full_name)
    written = dict(zip(("surname", "given name", "patronymic"), read_full_name(tokens), strict=True))
    names = {"surname": person.surname, "given name": person.given_name, "patronymic": person.patronymic}
    return {
        "names": {role: {"of": [t.skeleton for t in written[role]], **_forms(name)} for role, name in names.items()},
        "joined": person.joined,
        "sex pair": person.unsexed,
    }


def _forms(name: Name) -> dict[str, Any]:
    forms = {
        "skeleton": name.skeleton,
        "key": name.key,
        "other keys": list(name.readings),
        "base": name.base,
        "initial": name.initial,
        "damaged": name.damaged,
        "certain": name.certain,
    }
    return {form: value for form, value in forms.items() if value}
