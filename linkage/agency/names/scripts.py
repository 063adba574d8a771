"""Letters of one script that stand in a word of the other: repaired per token, before hashing makes them fatal.

In official lists 13.5 % of Cyrillic strings hold at least one Latin letter (measured; names reference, section 1).
Source: names specification `norm/1`, step 5.
"""

from __future__ import annotations

import re

_TO_CYRILLIC = str.maketrans("aeopcxykmhtbi03", "аеорсхукмнтвіоз")
_TO_LATIN = str.maketrans("аеорсхук", "aeopcxyk")
_ONLY_LATIN = frozenset("bdfghjlnqrstuvwz")
_CYRILLIC = re.compile("[\u0400-\u052f]")


def is_cyrillic(letter: str) -> bool:
    """Whether a letter stands in the Cyrillic block."""
    return "\u0400" <= letter <= "\u052f"


def has_cyrillic(text: str) -> bool:
    """Whether any letter stands in the Cyrillic block."""
    return not text.isascii() and _CYRILLIC.search(text) is not None


def is_latin(letter: str) -> bool:
    """Whether a letter is Latin, with or without marks."""
    return "a" <= letter <= "z" or ("\u00c0" <= letter <= "\u024f" and letter.isalpha())


def one_script(token: str) -> str:
    """The token with its look-alikes brought to one script.

    The majority decides; on a tie, or with Cyrillic in the minority, the token goes to Cyrillic unless it holds a
    Latin letter that no Cyrillic one looks like. Digits typed for letters are repaired in Cyrillic tokens.
    """
    if not has_cyrillic(token):
        return token
    cyrillic = sum(map(is_cyrillic, token))
    latin = sum(map(is_latin, token))
    if latin >= cyrillic and any(letter in _ONLY_LATIN for letter in token):
        return token.translate(_TO_LATIN)
    return token.translate(_TO_CYRILLIC)
