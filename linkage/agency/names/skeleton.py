"""One small Latin alphabet for both scripts, in which `h` is х/ҳ, `j` is ҷ/ж, `c` is ч and `w` is ш/щ.

The *skeleton* keeps vowels and suffixes: similarity and sex are read from it. The *key* puts vowels that spellings
exchange into classes: equality is read from it.
Source: names specification `norm/1`, steps 8, 9 and (the scholarly scheme) the last rule of 8.
"""

from __future__ import annotations

import re
import unicodedata
from operator import itemgetter

from anyascii import anyascii

from linkage.agency.names.scripts import has_cyrillic

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "ѓ": "g", "д": "d", "е": "e", "э": "e", "є": "e", "ё": "yo",
    "ж": "j", "җ": "j", "ҷ": "j", "з": "z", "и": "i", "ӣ": "i", "ы": "i", "і": "i", "ї": "i", "й": "y", "к": "k", "қ": "k",
    "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ӯ": "u", "ў": "u", "ү": "u", "ф": "f", "х": "h", "ҳ": "h", "һ": "h", "ц": "ts", "ч": "c", "ш": "w", "щ": "w",
    "ю": "yu", "я": "ya", "?": "?",
}  # fmt: skip
_LATIN = {
    "shch": "w", "shh": "w", "sch": "w", "dzh": "j", "tch": "c", "dj": "j", "zh": "j", "kh": "h", "gh": "g", "ch": "c", "sh": "w",
    "g'": "g", "o'": "u", "tc": "ts", "x": "h", "q": "k", "ğ": "g", "ş": "w", "š": "w", "ç": "c", "č": "c", "ž": "j",
    "ĵ": "j", "õ": "u", "ö": "o", "ü": "u", "ŭ": "u", "ū": "u", "ī": "i", "í": "i", "ė": "e", "ë": "yo", "ı": "i",
    "ə": "a", "ŝ": "w",
}  # fmt: skip
_LATIN_PART = re.compile("|".join(sorted(map(re.escape, _LATIN), key=len, reverse=True)))
_SCHOLARLY = re.compile("ij(?=[aeu])|[čšž]")
_NOT_LETTER = re.compile("[^a-z?]")
_LETTER = itemgetter(1)  # of a match; a template would be looked up whenever it is asked for
_GLIDES = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        ("iy?(?=[aou])", "y"),
        ("[iy](?=e)", ""),
        ("(?:[iy]{2,}|y)$", "i"),
        ("(?<=[aeo])y(?![aeiou])", "i"),
        (r"([a-z])\1+", _LETTER),
    )
)
_ANY_GLIDE = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _GLIDES))
_GLIDED_VOWELS = tuple((re.compile(pattern), to) for pattern, to in (("i?ya$", "ia"), ("i?y[oae]", "i"), ("i?yu", "u")))
_VOWELS = str.maketrans("oey", "aii")
_DOUBLED = re.compile(r"([a-z])\1+")


def skeleton(token: str) -> str:
    """The folded, one-script token in the small alphabet `a-z`, with `?` for a lost letter."""
    if has_cyrillic(token):
        letters = "".join(_CYRILLIC.get(letter, "") for letter in token.replace("дж", "ҷ"))
    else:
        letters = _from_latin(token)
    return _without_glides(letters)


def _without_glides(letters: str) -> str:
    """Glides and doubled letters brought to one form, again and again as long as there are any: each pattern finds only these."""
    while _ANY_GLIDE.search(letters):
        for pattern, to in _GLIDES:
            letters = pattern.sub(to, letters)
    return letters


def key(skeleton_text: str) -> str:
    """The skeleton with exchanged vowels in classes: о/а, е/и/ы, yo/ya, yu/u; doubled letters single.

    A final -a stays a letter of its own after a glide too: Евгений and Евгения are two people.
    """
    if "y" in skeleton_text:
        for pattern, to in _GLIDED_VOWELS:
            skeleton_text = pattern.sub(to, skeleton_text)
    return _DOUBLED.sub(_LETTER, skeleton_text.translate(_VOWELS))


def _from_latin(token: str) -> str:
    if _SCHOLARLY.search(token):
        token = token.replace("j", "y")
    letters = _LATIN_PART.sub(lambda part: _LATIN[part.group()], token)
    if letters.isascii() and letters.isalpha() and letters.islower():
        return letters
    if not letters.isascii():
        bare = "".join(letter for letter in unicodedata.normalize("NFD", letters) if not unicodedata.combining(letter))
        letters = anyascii(bare).casefold()
    return _NOT_LETTER.sub("", letters)
